//! Whether a flow may start: rules between networks, first match wins, no match is deny.

use std::net::IpAddr;

use underpass_table_compiler::network::{Action, PortRange, Rule};
use underpass_table_compiler::objects::Policy;

use super::key::{ICMP, ICMPV6};

/// The first packet of a flow, as rules see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstPacket {
    /// IP protocol.
    pub protocol: u8,
    /// Where it comes from.
    pub src: IpAddr,
    /// Where it goes.
    pub dst: IpAddr,
    /// Source port, of a protocol with ports.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
}

/// What the policies that join two networks say about a flow between them.
pub fn judge<'a>(policies: impl Iterator<Item = &'a Policy>, packet: &FirstPacket) -> Action {
    let mut rules = policies.flat_map(|policy| &policy.rules);
    let first = rules.find(|rule| matches(rule, packet));
    first.map_or(Action::Deny, |rule| rule.action)
}

fn matches(rule: &Rule, packet: &FirstPacket) -> bool {
    let within = |ports: &[PortRange], port: u16| {
        ports.is_empty()
            || has_ports(packet.protocol)
                && ports
                    .iter()
                    .any(|range| (range.first..=range.last).contains(&port))
    };
    rule.protocol
        .is_none_or(|protocol| is_protocol(protocol, packet))
        && rule
            .source
            .is_none_or(|prefix| prefix.contains(&packet.src))
        && rule
            .destination
            .is_none_or(|prefix| prefix.contains(&packet.dst))
        && within(&rule.source_ports, packet.src_port)
        && within(&rule.destination_ports, packet.dst_port)
}

/// The word `icmp` of a rule means the one of the packet's family.
fn is_protocol(protocol: u8, packet: &FirstPacket) -> bool {
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

    fn policy(rules: &str) -> Policy {
        Policy {
            name: "p".to_owned(),
            vrfs: vec![1, 2],
            rules: serde_json::from_str(rules).unwrap(),
        }
    }

    fn tcp(dst_port: u16) -> FirstPacket {
        FirstPacket {
            protocol: 6,
            src: IpAddr::from([10, 1, 1, 3]),
            dst: IpAddr::from([10, 2, 2, 3]),
            src_port: 40000,
            dst_port,
        }
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let policy = policy(
            r#"[{"action": "deny", "protocol": 6, "destination_ports": ["80"]},
                {"action": "pass", "protocol": 6, "destination_ports": ["0-1023"]}]"#,
        );
        assert_eq!(judge([&policy].into_iter(), &tcp(80)), Action::Deny);
        assert_eq!(judge([&policy].into_iter(), &tcp(443)), Action::Pass);
    }

    #[test]
    fn no_match_is_deny() {
        let policy = policy(r#"[{"action": "pass", "protocol": 17}]"#);
        assert_eq!(judge([&policy].into_iter(), &tcp(80)), Action::Deny);
        assert_eq!(judge([].into_iter(), &tcp(80)), Action::Deny);
    }

    #[test]
    fn addresses_count() {
        let policy = policy(
            r#"[{"action": "pass", "source": "10.1.1.0/24", "destination": "10.2.2.3/32"}]"#,
        );
        let packet = tcp(80);
        assert_eq!(judge([&policy].into_iter(), &packet), Action::Pass);
        let back = FirstPacket {
            src: packet.dst,
            dst: packet.src,
            ..packet
        };
        assert_eq!(judge([&policy].into_iter(), &back), Action::Deny);
    }

    #[test]
    fn a_rule_with_ports_does_not_match_what_has_none() {
        let policy = policy(r#"[{"action": "pass", "destination_ports": ["0-65535"]}]"#);
        assert_eq!(judge([&policy].into_iter(), &tcp(80)), Action::Pass);
        let echo = FirstPacket {
            protocol: 1,
            dst_port: 0,
            ..tcp(0)
        };
        assert_eq!(judge([&policy].into_iter(), &echo), Action::Deny);
    }

    #[test]
    fn prefixes_are_of_a_family_and_icmp_is_of_both() {
        let policy = policy(
            r#"[{"action": "deny", "source": "0.0.0.0/0"},
                {"action": "pass", "protocol": 1, "source": "2001:db8:1::/64"}]"#,
        );
        let echo = FirstPacket {
            protocol: ICMPV6,
            src: "2001:db8:1::3".parse().unwrap(),
            dst: "2001:db8:2::3".parse().unwrap(),
            src_port: 7,
            dst_port: 0,
        };
        assert_eq!(judge([&policy].into_iter(), &echo), Action::Pass);
        let elsewhere = FirstPacket {
            src: echo.dst,
            ..echo
        };
        assert_eq!(judge([&policy].into_iter(), &elsewhere), Action::Deny);
        // Protocol 58 over IPv4 is not ICMP.
        let odd = FirstPacket {
            protocol: ICMPV6,
            ..tcp(0)
        };
        let icmp = self::policy(r#"[{"action": "pass", "protocol": 1}]"#);
        assert_eq!(judge([&icmp].into_iter(), &odd), Action::Deny);
    }

    #[test]
    fn policies_are_asked_in_their_order() {
        let one = policy(r#"[{"action": "pass", "destination_ports": ["80"]}]"#);
        let other = policy(r#"[{"action": "deny"}]"#);
        assert_eq!(judge([&one, &other].into_iter(), &tcp(80)), Action::Pass);
        assert_eq!(judge([&other, &one].into_iter(), &tcp(80)), Action::Deny);
    }
}
