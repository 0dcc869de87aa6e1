//! Whether a flow may start: rules between networks, first match wins, no match is deny.
//!
//! Packets that share an entry are judged together, as one that may have any of the ports that their key leaves out: a
//! rule lets them pass only if it lets all of them pass, and one that denies some denies all. Of their addresses those
//! of the first packet count.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use underpass_table_compiler::network::{Action, PortRange, Rule};
use underpass_table_compiler::objects::Policy;

use crate::slow_path::key::{ICMP, ICMPV6};
use crate::slow_path::keys::Keys;

/// The packets of a flow, as rules see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packets {
    /// IP protocol.
    pub protocol: u8,
    /// Where they come from.
    pub src: IpAddr,
    /// Where they go.
    pub dst: IpAddr,
    /// Source ports, of a protocol with ports.
    pub src_ports: RangeInclusive<u16>,
    /// Destination ports.
    pub dst_ports: RangeInclusive<u16>,
}

impl Packets {
    /// Those that share an entry with the first packet, which goes from `src` to `dst`.
    pub fn sharing(keys: &Keys, src: IpAddr, dst: IpAddr) -> Packets {
        let Keys { plain, card } = keys;
        let ports = |plain: u16, card: u16| match plain == card {
            // A port of 0 that stays and one that is left out look the same.
            true if plain != 0 || !keys.is_fat() => plain..=plain,
            _ => 0..=u16::MAX,
        };
        Packets {
            protocol: plain.protocol,
            src,
            dst,
            src_ports: ports(plain.src_port, card.src_port),
            dst_ports: ports(plain.dst_port, card.dst_port),
        }
    }
}

/// What a rule says about packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    None,
    Some,
    All,
}

/// What a rule said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged<'a> {
    /// Whether the flow may start.
    pub action: Action,
    /// Where copies of its packets go, whether it may or not.
    pub mirrors: &'a [u32],
}

/// What the policies that join two networks say about a flow between them.
pub fn judge<'a>(policies: impl Iterator<Item = &'a Policy>, packets: &Packets) -> Judged<'a> {
    let mut rules = policies.flat_map(|policy| &policy.rules);
    let first = rules.find(|rule| match matches(rule, packets) {
        Match::None => false,
        Match::Some => rule.action == Action::Deny,
        Match::All => true,
    });
    match first {
        Some(rule) => Judged {
            action: rule.action,
            mirrors: &rule.mirrors,
        },
        None => Judged {
            action: Action::Deny,
            mirrors: &[],
        },
    }
}

fn matches(rule: &Rule, packets: &Packets) -> Match {
    let fits = rule
        .protocol
        .is_none_or(|protocol| is_protocol(protocol, packets))
        && rule
            .source
            .is_none_or(|prefix| prefix.contains(&packets.src))
        && rule
            .destination
            .is_none_or(|prefix| prefix.contains(&packets.dst));
    if !fits {
        return Match::None;
    }
    let within = |rule, ports| within(rule, packets.protocol, ports);
    let source = within(&rule.source_ports, &packets.src_ports);
    source.min(within(&rule.destination_ports, &packets.dst_ports))
}

fn within(rule: &[PortRange], protocol: u8, ports: &RangeInclusive<u16>) -> Match {
    let covers = |range: &PortRange| range.first <= *ports.start() && *ports.end() <= range.last;
    let meets = |range: &PortRange| range.first <= *ports.end() && *ports.start() <= range.last;
    if rule.is_empty() {
        Match::All
    } else if !has_ports(protocol) {
        Match::None
    } else if rule.iter().any(covers) {
        Match::All
    } else if rule.iter().any(meets) {
        Match::Some
    } else {
        Match::None
    }
}

/// The word `icmp` of a rule means the one of the packet's family.
fn is_protocol(protocol: u8, packet: &Packets) -> bool {
    protocol == packet.protocol
        || protocol == ICMP && packet.protocol == ICMPV6 && packet.src.is_ipv6()
}

/// TCP, UDP and SCTP: what flow keys hold for other protocols are no ports.
const fn has_ports(protocol: u8) -> bool {
    matches!(protocol, 6 | 17 | 132)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action<'a>(policies: impl Iterator<Item = &'a Policy>, packets: &Packets) -> Action {
        judge(policies, packets).action
    }

    fn policy(rules: &str) -> Policy {
        Policy {
            name: "p".to_owned(),
            vrfs: vec![1, 2],
            rules: serde_json::from_str(rules).unwrap(),
        }
    }

    fn tcp(dst_port: u16) -> Packets {
        Packets {
            protocol: 6,
            src: IpAddr::from([10, 1, 1, 3]),
            dst: IpAddr::from([10, 2, 2, 3]),
            src_ports: 40000..=40000,
            dst_ports: dst_port..=dst_port,
        }
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let policy = policy(
            r#"[{"action": "deny", "protocol": 6, "destination_ports": ["80"]},
                {"action": "pass", "protocol": 6, "destination_ports": ["0-1023"]}]"#,
        );
        assert_eq!(action([&policy].into_iter(), &tcp(80)), Action::Deny);
        assert_eq!(action([&policy].into_iter(), &tcp(443)), Action::Pass);
    }

    #[test]
    fn no_match_is_deny() {
        let policy = policy(r#"[{"action": "pass", "protocol": 17}]"#);
        assert_eq!(action([&policy].into_iter(), &tcp(80)), Action::Deny);
        assert_eq!(action([].into_iter(), &tcp(80)), Action::Deny);
    }

    #[test]
    fn addresses_count() {
        let policy = policy(
            r#"[{"action": "pass", "source": "10.1.1.0/24", "destination": "10.2.2.3/32"}]"#,
        );
        let packet = tcp(80);
        assert_eq!(action([&policy].into_iter(), &packet), Action::Pass);
        let back = Packets {
            src: packet.dst,
            dst: packet.src,
            ..packet.clone()
        };
        assert_eq!(action([&policy].into_iter(), &back), Action::Deny);
    }

    #[test]
    fn a_rule_with_ports_does_not_match_what_has_none() {
        let policy = policy(r#"[{"action": "pass", "destination_ports": ["0-65535"]}]"#);
        assert_eq!(action([&policy].into_iter(), &tcp(80)), Action::Pass);
        let echo = Packets {
            protocol: 1,
            dst_ports: 0..=0,
            ..tcp(0)
        };
        assert_eq!(action([&policy].into_iter(), &echo), Action::Deny);
    }

    #[test]
    fn prefixes_are_of_a_family_and_icmp_is_of_both() {
        let policy = policy(
            r#"[{"action": "deny", "source": "0.0.0.0/0"},
                {"action": "pass", "protocol": 1, "source": "2001:db8:1::/64"}]"#,
        );
        let echo = Packets {
            protocol: ICMPV6,
            src: "2001:db8:1::3".parse().unwrap(),
            dst: "2001:db8:2::3".parse().unwrap(),
            src_ports: 7..=7,
            dst_ports: 0..=0,
        };
        assert_eq!(action([&policy].into_iter(), &echo), Action::Pass);
        let elsewhere = Packets {
            src: echo.dst,
            ..echo.clone()
        };
        assert_eq!(action([&policy].into_iter(), &elsewhere), Action::Deny);
        // Protocol 58 over IPv4 is not ICMP.
        let odd = Packets {
            protocol: ICMPV6,
            ..tcp(0)
        };
        let icmp = self::policy(r#"[{"action": "pass", "protocol": 1}]"#);
        assert_eq!(action([&icmp].into_iter(), &odd), Action::Deny);
    }

    #[test]
    fn packets_that_share_an_entry_pass_together_or_not_at_all() {
        let any = Packets {
            src_ports: 0..=u16::MAX,
            ..tcp(22)
        };
        let all = Packets {
            dst_ports: 0..=u16::MAX,
            ..any.clone()
        };
        let judged = |rules: &str| {
            let policy = policy(rules);
            [&any, &all].map(|packets| action([&policy].into_iter(), packets))
        };
        let (pass, deny) = (Action::Pass, Action::Deny);
        let one_port = r#"[{"action": "pass", "destination_ports": ["22"]}]"#;
        assert_eq!(judged(one_port), [pass, deny]);
        let but_one = r#"[{"action": "deny", "destination_ports": ["23"]}, {"action": "pass"}]"#;
        assert_eq!(judged(but_one), [pass, deny]);
        assert_eq!(judged(r#"[{"action": "pass", "protocol": 6}]"#), [pass; 2]);
        assert_eq!(
            judged(r#"[{"action": "pass", "source_ports": ["1-9"]}]"#),
            [deny; 2]
        );
    }

    #[test]
    fn the_rule_that_decides_says_where_copies_go() {
        let policy = policy(
            r#"[{"action": "deny", "destination_ports": ["80"], "mirrors": [1]},
                {"action": "pass", "mirrors": [0, 2]}]"#,
        );
        let judged = |port| judge([&policy].into_iter(), &tcp(port));
        assert_eq!(judged(80).mirrors, [1]);
        assert_eq!(
            (judged(81).action, judged(81).mirrors),
            (Action::Pass, &[0, 2][..])
        );
    }

    #[test]
    fn policies_are_asked_in_their_order() {
        let one = policy(r#"[{"action": "pass", "destination_ports": ["80"]}]"#);
        let other = policy(r#"[{"action": "deny"}]"#);
        assert_eq!(action([&one, &other].into_iter(), &tcp(80)), Action::Pass);
        assert_eq!(action([&other, &one].into_iter(), &tcp(80)), Action::Deny);
    }
}
