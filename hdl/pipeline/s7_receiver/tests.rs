use super::*;
use crate::pipeline::records::{record, slot};
use underpass_layout::meta;
use underpass_layout::{tables, Verdict};
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

/// A VM's packet without policy, on an interface that has its sources checked.
fn checked() -> meta::Meta {
    let mut packet = meta::Meta::default();
    packet.classify.entry.kind = VifKind::Vm;
    packet.classify.entry.check_source = true;
    packet.classify.entry.nexthop = 25;
    packet.decap.frame = true;
    packet.inner.ipv6 = true;
    packet
}

#[test]
fn only_unicast_ip_of_vms_without_policy_has_its_source_checked() {
    let mut sim = Sim::new(&build("checked", Ports::Packed, Blocks::Inline, || {
        output("checked", source_checked(input::<Slot>("slot").meta));
    }));
    let changes: [fn(&mut meta::Meta); 9] = [
        |_| (),
        |packet| packet.classify.entry.check_source = false,
        |packet| packet.classify.entry.kind = VifKind::Fabric,
        |packet| packet.bridge.flow_first = true,
        |packet| packet.inner.ipv6 = false,
        |packet| packet.inner.tagged = true,
        |packet| packet.inner.neighbor = true,
        |packet| packet.inner.dst_mac = 0x0100_5e00_0001,
        |packet| packet.arrival.round.kind = RoundKind::Tenant,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut packet = checked();
        change(&mut packet);
        sim.set("slot", &slot(&packet));
        let expected = u128::from(number == 0);
        assert_eq!(sim.get_int("checked"), expected, "change {number}");
    }
}

#[test]
fn a_source_leads_home_or_the_packet_ends() {
    let mut sim = Sim::new(&build("said", Ports::Packed, Blocks::Inline, || {
        let found = Found {
            valid: input("valid"),
            punt_all: input("punt_all"),
            hit: input("hit"),
            nexthop: input("nexthop"),
            label: zero(),
        };
        output("said", said_of_source(input::<Slot>("slot").meta, found));
    }));
    sim.set("slot", &slot(&checked()));
    let (foreign, passes) = (Verdict::Drop(DropReason::InvalidSource), Verdict::Continue);
    let software = Verdict::Punt(PuntReason::VrfInSoftware);
    for (valid, punt_all, hit, nexthop, expected) in [
        (1, 0, 1, 25, passes),
        (1, 0, 1, 26, foreign),
        (1, 0, 0, 25, foreign),
        (0, 0, 1, 25, foreign),
        (1, 1, 1, 26, software),
        (0, 1, 1, 25, foreign),
    ] {
        sim.set_int("valid", valid);
        sim.set_int("punt_all", punt_all);
        sim.set_int("hit", hit);
        sim.set_int("nexthop", nexthop);
        let said: underpass_layout::VerdictBits = record(&mut sim, "said");
        let case = (valid, punt_all, hit, nexthop);
        assert_eq!(Verdict::from(said), expected, "{case:?}");
    }
}

#[test]
fn a_nexthop_asks_for_flows_of_what_it_hands_over() {
    let mut sim = Sim::new(&build("asks", Ports::Packed, Blocks::Inline, || {
        output("flow", asks(input("nexthop")).flow);
    }));
    let mut asked = |nexthop: tables::NexthopEntry| {
        let words = nexthop.pack();
        let pairs = words.chunks(2).map(|two| {
            let high = two.get(1).copied().unwrap_or(0);
            u64::from(two[0]) | u64::from(high) << 32
        });
        sim.set("nexthop", &pairs.collect::<Vec<_>>());
        sim.get_int("flow") == 1
    };
    for kind in NexthopKind::ALL {
        let nexthop = tables::NexthopEntry {
            valid: true,
            policy: true,
            kind: *kind,
            ..Default::default()
        };
        let expected = matches!(kind, NexthopKind::Encap | NexthopKind::Ecmp);
        assert_eq!(asked(nexthop), expected, "{kind:?}");
        let (valid, policy) = (false, false);
        assert!(!asked(tables::NexthopEntry { policy, ..nexthop }));
        assert!(!asked(tables::NexthopEntry { valid, ..nexthop }));
    }
}
