use super::*;
use crate::testing::{put, tables};
use underpass_layout::tables::id;

const VM: u128 = 0x0a0a_0001;
const FAR: u128 = 0x0808_0808;
const NETWORK6: u128 = 0x2001_0db8 << 96;
const TCP: u8 = 6;
const PORT: u16 = 40_000;

fn rule(port: u16) -> FatRuleEntry {
    FatRuleEntry {
        family: FatFamily::Any,
        protocol: TCP,
        port,
        source_keep: 128,
        destination_keep: 128,
        ..FatRuleEntry::default()
    }
}

/// A TCP packet from the VM, 10.10.0.1, to 8.8.8.8.
fn sent(src_port: u16, dst_port: u16) -> Key {
    Key {
        protocol: TCP,
        src: VM,
        dst: FAR,
        src_port,
        dst_port,
    }
}

/// The answer to a packet.
fn answer(key: Key) -> Key {
    Key {
        protocol: key.protocol,
        src: key.dst,
        dst: key.src,
        src_port: key.dst_port,
        dst_port: key.src_port,
    }
}

/// The key of a packet of the VM; that of the answer must be the answer's of it.
fn both_ways(rules: &[FatRuleEntry], v6: bool, plain: Key) -> Key {
    let there = key(rules, &[], v6, Guest::Source, plain);
    let back = key(rules, &[], v6, Guest::Destination, answer(plain));
    assert_eq!(back, answer(there), "{rules:?}");
    there
}

fn fat(rules: &[FatRuleEntry], plain: Key) -> Key {
    both_ways(rules, false, plain)
}

#[test]
fn the_peers_six_rules() {
    let ignore = |port, ignore_source, ignore_destination| FatRuleEntry {
        ignore_source,
        ignore_destination,
        ..rule(port)
    };
    for (rule, src, dst, dst_port) in [
        (ignore(0, false, false), VM, FAR, 0),
        (ignore(22, false, false), VM, FAR, 22),
        (ignore(0, true, false), 0, FAR, 0),
        (ignore(22, true, false), 0, FAR, 22),
        (ignore(0, false, true), VM, 0, 0),
        (ignore(22, false, true), VM, 0, 22),
    ] {
        let expected = Key {
            protocol: TCP,
            src,
            dst,
            src_port: 0,
            dst_port,
        };
        assert_eq!(fat(&[rule], sent(PORT, 22)), expected, "{rule:?}");
        let other = fat(&[rule], sent(PORT, 23));
        let plain = match rule.port {
            0 => expected,
            _ => sent(PORT, 23),
        };
        assert_eq!(other, plain, "{rule:?}");
    }
}

#[test]
fn the_first_rule_that_matches_counts_and_keeps_its_port() {
    let rules = [rule(22), rule(80), rule(0)];
    assert_eq!(fat(&rules, sent(80, 22)), sent(0, 22));
    assert_eq!(fat(&rules, sent(22, 80)), sent(22, 0));
    assert_eq!(fat(&rules, sent(PORT, 80)), sent(0, 80));
    for guest in [Guest::Source, Guest::Destination] {
        let found = key(&rules, &[], false, guest, sent(22, 22));
        assert_eq!(found, sent(0, 22), "the destination's, as the peer");
    }
    assert_eq!(fat(&rules, sent(PORT, 81)), sent(0, 0));
    assert_eq!(fat(&rules[..2], sent(PORT, 81)), sent(PORT, 81));
}

#[test]
fn unused_rules_and_other_protocols_do_not_match() {
    let unused = FatRuleEntry {
        family: FatFamily::None,
        ..rule(0)
    };
    assert_eq!(fat(&[unused], sent(1, 2)), sent(1, 2));
    for protocol in [1, 17, 132, 47] {
        let plain = Key {
            protocol,
            ..sent(7, 0)
        };
        assert_eq!(key(&[rule(0)], &[], false, Guest::Source, plain), plain);
    }
}

#[test]
fn of_other_protocols_nothing_stays_but_addresses() {
    let icmp = FatRuleEntry {
        protocol: 1,
        ..rule(0)
    };
    let of = |rule, v6, protocol| {
        let plain = Key {
            protocol,
            ..sent(0x470, 8)
        };
        key(&[rule], &[], v6, Guest::Source, plain)
    };
    let cleared = |protocol| Key {
        protocol,
        ..sent(0, 0)
    };
    assert_eq!(of(icmp, false, 1), cleared(1));
    assert_eq!(of(icmp, true, 58), cleared(58), "ICMPv6 counts as ICMP");
    assert_eq!(of(icmp, false, 58).src_port, 0x470, "not in IPv4");
    let with_port = FatRuleEntry { port: 8, ..icmp };
    assert_eq!(of(with_port, false, 1).src_port, 0x470);
    let icmpv6 = FatRuleEntry {
        protocol: 58,
        ..icmp
    };
    assert_eq!(of(icmpv6, true, 58).src_port, 0x470);
}

#[test]
fn prefixes_say_of_whom_a_rule_is_and_what_stays() {
    let aggregated = FatRuleEntry {
        family: FatFamily::V4,
        source_prefix: 0x0a0a_0000 << 96,
        source_length: 16,
        source_keep: 24,
        ..rule(0)
    };
    let from = |src| fat(&[aggregated], Key { src, ..sent(1, 2) });
    assert_eq!(from(0x0a0a_0307).src, 0x0a0a_0300);
    assert_eq!(from(0x0a0a_0307).src_port, 0);
    let elsewhere = Key {
        src: 0x0a0b_0307,
        ..sent(1, 2)
    };
    assert_eq!(from(0x0a0b_0307), elsewhere);

    let both = FatRuleEntry {
        destination_prefix: 0x0808_0800 << 96,
        destination_length: 24,
        destination_keep: 28,
        ..aggregated
    };
    let expected = Key {
        src: 0x0a0a_0000,
        dst: 0x0808_0800,
        ..sent(0, 0)
    };
    assert_eq!(fat(&[both], sent(1, 2)), expected);
    let outside = Key {
        dst: 0x0808_0908,
        ..sent(1, 2)
    };
    assert_eq!(fat(&[both], outside), outside, "both must match");
}

#[test]
fn a_specific_rule_may_ignore_one_side_and_aggregate_the_other() {
    let rule = FatRuleEntry {
        ignore_source: true,
        destination_prefix: 0x0808_0000 << 96,
        destination_length: 16,
        destination_keep: 28,
        ..rule(80)
    };
    let expected = Key {
        src: 0,
        dst: 0x0808_0800,
        ..sent(0, 80)
    };
    assert_eq!(fat(&[rule], sent(PORT, 80)), expected);
}

#[test]
fn ipv6_has_all_bits() {
    let plain = Key {
        src: NETWORK6 | 0xa << 64 | 1,
        dst: NETWORK6 | 0xb << 64 | 2,
        ..sent(PORT, 22)
    };
    let rule = FatRuleEntry {
        family: FatFamily::V6,
        source_prefix: NETWORK6,
        source_length: 32,
        source_keep: 64,
        ..rule(22)
    };
    let expected = Key {
        src: NETWORK6 | 0xa << 64,
        dst: plain.dst,
        ..sent(0, 22)
    };
    assert_eq!(both_ways(&[rule], true, plain), expected);
    let v4 = FatRuleEntry {
        family: FatFamily::V4,
        ..rule
    };
    assert_eq!(both_ways(&[v4], true, plain), plain);
    assert_eq!(fat(&[rule], sent(PORT, 22)), sent(PORT, 22));
}

#[test]
fn an_excluded_address_has_plain_keys() {
    let exclude = |family, prefix, length| FatExcludeEntry {
        family,
        prefix,
        length,
    };
    for (exclude, excluded) in [
        (exclude(FatFamily::V4, FAR << 96, 32), true),
        (exclude(FatFamily::V4, VM << 96, 32), true),
        (exclude(FatFamily::Any, 0x0800_0000 << 96, 8), true),
        (exclude(FatFamily::V4, 0, 0), true),
        (exclude(FatFamily::None, 0, 0), false),
        (exclude(FatFamily::V6, 0, 0), false),
        (exclude(FatFamily::V4, (FAR + 1) << 96, 32), false),
    ] {
        for guest in [Guest::Source, Guest::Destination] {
            let found = key(&[rule(0)], &[exclude], false, guest, sent(1, 2));
            assert_eq!(found == sent(1, 2), excluded, "{exclude:?}");
        }
    }
}

#[test]
fn lengths_beyond_an_address_are_all_of_it() {
    assert_eq!((mask(0), mask(128), mask(255)), (0, u128::MAX, u128::MAX));
    assert_eq!(mask(1), 1 << 127);
}

/// A packet of that flow and an error about the VM's packet to it.
fn meta() -> Meta {
    let mut meta = Meta::default();
    meta.receiver.wanted = true;
    meta.inner.ipv4 = true;
    meta.inner.protocol = 1;
    meta.inner.dst_port = 3;
    meta.inner.src = 0x0909_0909;
    meta.inner.dst = VM;
    meta.quoted = Quoted {
        error: true,
        protocol: 17,
        src: VM,
        dst: FAR,
        src_port: 1000,
        dst_port: 2000,
        ..Quoted::default()
    };
    meta
}

fn derived(mut meta: Meta) -> Key {
    derive(&tables(), &mut meta);
    meta.key
}

#[test]
fn an_error_belongs_to_the_answers_flow() {
    let expected = Key {
        protocol: 17,
        src: FAR,
        dst: VM,
        src_port: 2000,
        dst_port: 1000,
    };
    assert_eq!(derived(meta()), expected);
    let mut echo = meta();
    echo.quoted.protocol = 1;
    (echo.quoted.src_port, echo.quoted.dst_port) = (0x470, 0);
    let expected = Key {
        protocol: 1,
        src_port: 0x470,
        dst_port: 0,
        ..expected
    };
    assert_eq!(derived(echo), expected);
    let its_own = Key {
        protocol: 1,
        src: 0x0909_0909,
        dst: VM,
        src_port: 0,
        dst_port: 3,
    };
    let changes: [fn(&mut Quoted); 3] = [
        |quoted| quoted.error = false,
        |quoted| quoted.unreadable = true,
        |quoted| quoted.nested = true,
    ];
    for change in changes {
        let mut meta = meta();
        change(&mut meta.quoted);
        assert_eq!(derived(meta), its_own);
    }
    let mut unwanted = meta();
    unwanted.receiver.wanted = false;
    assert_eq!(derived(unwanted), Key::default());
}

#[test]
fn the_receivers_set_is_read_from_its_side() {
    let mut tables = tables();
    let rule = FatRuleEntry {
        ignore_source: true,
        ..rule(0)
    };
    put(&mut tables, id::FAT_RULE, 5, &rule);
    let mut meta = meta();
    meta.quoted.error = false;
    meta.inner.protocol = TCP;
    (meta.inner.src, meta.inner.dst) = (VM, FAR);
    meta.receiver.fat_set = 5;
    meta.bridge.flow_first = true;
    let mut from_guest = meta;
    derive(&tables, &mut from_guest);
    assert_eq!((from_guest.key.src, from_guest.key.dst), (0, FAR));
    let mut to_guest = meta;
    to_guest.bridge.flow_first = false;
    derive(&tables, &mut to_guest);
    assert_eq!((to_guest.key.src, to_guest.key.dst), (VM, 0));
    let exclude = FatExcludeEntry {
        family: FatFamily::Any,
        ..FatExcludeEntry::default()
    };
    put(&mut tables, id::FAT_EXCLUDE, 5, &exclude);
    derive(&tables, &mut to_guest);
    assert_eq!(to_guest.key.dst, FAR);
}
