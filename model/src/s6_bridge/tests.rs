use super::*;
use crate::testing::{from_vif, put, tables, verdict, Change};
use underpass_layout::meta::Bridge;
use underpass_layout::tables::{id, BridgeEntry, BridgeKey, FloodEntry, LearnedEntry, LearnedKey};
use underpass_layout::Verdict;

pub(super) const VM: u64 = 0x0200_0000_0012;
pub(super) const ROUTER: u64 = 0x0000_5e00_0100;
pub(super) const UNKNOWN: u64 = 0x0200_0000_00ee;
/// A group with members that IGMP told of.
const GROUP: u64 = 0x0100_5e01_0203;
/// A group without.
const OTHER_GROUP: u64 = 0x0100_5e00_0001;

pub(super) fn bridged(meta: Meta) -> Meta {
    let mut tables = tables();
    for (row, (mac, receive)) in [(VM, false), (ROUTER, true)].into_iter().enumerate() {
        let entry = BridgeEntry {
            valid: true,
            key: BridgeKey { vrf: 2, mac },
            receive,
            nexthop: 124,
            label: 128,
            ..BridgeEntry::default()
        };
        put(&mut tables, id::BRIDGE, row, &entry);
    }
    let floods = FloodEntry {
        valid: true,
        nexthop: 90,
        label: 5002,
    };
    put(&mut tables, id::FLOOD, 2, &floods);
    let group = BridgeEntry {
        valid: true,
        key: BridgeKey { vrf: 2, mac: GROUP },
        nexthop: 91,
        label: 5003,
        ..BridgeEntry::default()
    };
    put(&mut tables, id::BRIDGE, 7, &group);
    for (row, (mac, tunnelled)) in [(VM, false), (ROUTER, true)].into_iter().enumerate() {
        let entry = LearnedEntry {
            valid: true,
            key: LearnedKey { vrf: 2, mac },
            tunnelled,
            vif: 3,
            v6: false,
            address: 0x0800_0003,
        };
        put(&mut tables, id::LEARNED, row, &entry);
    }
    let mut meta = meta;
    bridge(&tables, &mut meta);
    meta
}

/// A frame of a VM in VRF 2 that carries UDP.
pub(super) fn frame(dst_mac: u64) -> Meta {
    let mut meta = from_vif(VifKind::Vm);
    meta.decap.frame = true;
    meta.decap.vrf = 2;
    meta.inner.dst_mac = dst_mac;
    meta.inner.ethertype = ethernet::IPV4;
    meta.inner.ipv4 = true;
    meta.inner.protocol = ipv4::UDP;
    meta
}

fn ipv6(dst_mac: u64) -> Meta {
    let mut meta = frame(dst_mac);
    meta.inner.ethertype = ethernet::IPV6;
    (meta.inner.ipv4, meta.inner.ipv6) = (false, true);
    meta
}

pub(super) fn verdict_of(meta: Meta) -> Verdict {
    verdict(&bridged(meta))
}

#[test]
fn a_known_mac_is_bridged_whatever_it_carries() {
    let expected = Bridge {
        nexthop: 124,
        label: 128,
        ..Bridge::default()
    };
    let mut other = frame(VM);
    other.inner.ipv4 = false;
    other.inner.tagged = true;
    for meta in [frame(VM), ipv6(VM), other] {
        let meta = bridged(meta);
        assert_eq!((meta.bridge, verdict(&meta)), (expected, Verdict::Continue));
    }
}

#[test]
fn an_unknown_mac_goes_nowhere() {
    assert_eq!(
        verdict_of(frame(UNKNOWN)),
        Verdict::Drop(DropReason::L2NoRoute)
    );
    let mut elsewhere = frame(VM);
    elsewhere.decap.vrf = 3;
    assert_eq!(verdict_of(elsewhere), Verdict::Drop(DropReason::L2NoRoute));
}

#[test]
fn of_what_the_router_gets_ip_is_routed() {
    for packet in [frame(ROUTER), ipv6(ROUTER)] {
        let meta = bridged(packet);
        let expected = Bridge {
            l3: true,
            ..Bridge::default()
        };
        assert_eq!((meta.bridge, verdict(&meta)), (expected, Verdict::Continue));
    }
    let mut tagged = ipv6(ROUTER);
    tagged.inner.tagged = true;
    assert_eq!(verdict_of(tagged), Verdict::Punt(PuntReason::Tagged));
    let mut other = frame(ROUTER);
    other.inner.ipv4 = false;
    assert_eq!(
        verdict_of(other),
        Verdict::Drop(DropReason::InvalidProtocol)
    );
}

#[test]
fn neighbour_discovery_is_the_slow_paths_and_no_flow() {
    for dst_mac in [VM, ROUTER, UNKNOWN, 0x3333_ff00_0001] {
        let mut meta = ipv6(dst_mac);
        meta.inner.neighbor = true;
        meta.classify.entry.policy = true;
        for direct in [false, true] {
            meta.decap.direct = direct;
            let after = bridged(meta);
            let expected = Verdict::Punt(PuntReason::NeighborDiscovery);
            assert_eq!(verdict(&after), expected);
            assert_eq!(after.bridge, Bridge::default());
        }
    }
}

#[test]
fn dhcp_is_trapped_where_the_interface_says_so() {
    let mut meta = frame(ethernet::BROADCAST);
    meta.inner.src_port = 68;
    meta.classify.entry.dhcp = true;
    assert_eq!(verdict_of(meta), Verdict::Punt(PuntReason::L3Protocol));
    let changes: [fn(&mut Meta); 6] = [
        |meta| meta.classify.entry.dhcp = false,
        |meta| meta.classify.entry.kind = VifKind::Fabric,
        |meta| meta.inner.src_port = 67,
        |meta| meta.inner.protocol = ipv4::TCP,
        |meta| meta.inner.fragment = true,
        |meta| meta.inner.dst_mac = OTHER_GROUP,
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let mut other = meta;
        change(&mut other);
        assert_eq!(verdict_of(other), Verdict::Continue, "change {i}");
    }
}

#[test]
fn so_is_that_of_ipv6() {
    let mut meta = ipv6(0x3333_0001_0002);
    (meta.inner.src_port, meta.inner.dst_port) = (546, 547);
    meta.classify.entry.dhcp = true;
    assert_eq!(verdict_of(meta), Verdict::Punt(PuntReason::L3Protocol));
    let changes: [fn(&mut Meta); 6] = [
        |meta| meta.classify.entry.dhcp = false,
        |meta| meta.inner.src_port = 68,
        |meta| meta.inner.dst_port = 546,
        |meta| meta.inner.fragment = true,
        |meta| meta.inner.dst_mac = VM,
        |meta| (meta.inner.ipv4, meta.inner.ipv6) = (true, false),
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let mut other = meta;
        change(&mut other);
        assert_eq!(verdict_of(other), Verdict::Continue, "change {i}");
    }
}

#[test]
fn igmp_is_trapped_where_the_interface_says_so() {
    let mut meta = frame(GROUP);
    meta.inner.protocol = ipv4::IGMP;
    assert_eq!(verdict_of(meta), Verdict::Continue);
    meta.classify.entry.igmp = true;
    assert_eq!(verdict_of(meta), Verdict::Punt(PuntReason::L3Protocol));
    meta.classify.entry.kind = VifKind::Fabric;
    assert_eq!(verdict_of(meta), Verdict::Continue);
}

#[test]
fn a_label_that_names_a_nexthop_needs_no_mac() {
    let mut meta = frame(UNKNOWN);
    meta.classify.entry.kind = VifKind::Fabric;
    meta.decap.direct = true;
    meta.decap.nexthop = 123;
    let expected = Bridge {
        nexthop: 123,
        ..Bridge::default()
    };
    assert_eq!(bridged(meta).bridge, expected);
    meta.inner.dst_mac = ethernet::BROADCAST;
    assert_eq!(bridged(meta).bridge, expected, "whoever it is for");
}

#[test]
fn a_packet_without_a_frame_is_l3() {
    let mut meta = frame(0);
    meta.decap.frame = false;
    meta.decap.direct = true;
    meta.decap.nexthop = 23;
    let after = bridged(meta);
    assert_eq!((after.bridge.l3, after.bridge.nexthop), (true, 23));
    assert_eq!(verdict(&after), Verdict::Continue);
    (meta.inner.ipv4, meta.inner.ipv6) = (false, true);
    assert_eq!(bridged(meta).bridge, after.bridge);
    assert_eq!(verdict_of(meta), Verdict::Continue);
    meta.inner.neighbor = true;
    assert_eq!(verdict_of(meta), Verdict::Continue, "no link of ours");
}

#[test]
fn a_vms_unicast_packet_under_policy_has_its_flow_first() {
    let flow_first = |meta: Meta| bridged(meta).bridge.flow_first;
    for mac in [VM, ROUTER, UNKNOWN] {
        for mut meta in [frame(mac), ipv6(mac)] {
            assert!(!flow_first(meta), "no policy");
            meta.classify.entry.policy = true;
            assert!(flow_first(meta));
        }
    }
    let mut under_policy = frame(VM);
    under_policy.classify.entry.policy = true;
    let changes: [fn(&mut Meta); 5] = [
        |meta| meta.classify.entry.kind = VifKind::Fabric,
        |meta| meta.inner.tagged = true,
        |meta| meta.inner.ipv4 = false,
        |meta| meta.inner.dst_mac = ethernet::BROADCAST,
        |meta| meta.drop(DropReason::InvalidPacket),
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let mut other = under_policy;
        change(&mut other);
        assert!(!flow_first(other), "change {i}");
    }
}

#[test]
fn a_vm_sends_from_its_own_mac_alone_where_that_is_asked() {
    let mut arp = frame(ethernet::BROADCAST);
    arp.inner.ipv4 = false;
    arp.inner.ethertype = ethernet::ARP;
    for mut meta in [frame(VM), arp, frame(ethernet::BROADCAST), frame(UNKNOWN)] {
        meta.classify.entry.policy = true;
        meta.classify.entry.check_mac = true;
        meta.classify.entry.mac = VM;
        meta.inner.src_mac = VM;
        let mut unchecked = meta;
        unchecked.classify.entry.check_mac = false;
        assert_eq!(verdict_of(meta), verdict_of(unchecked));
        meta.inner.src_mac ^= 1;
        let after = bridged(meta);
        let dropped = Verdict::Drop(DropReason::InvalidSource);
        assert_eq!(
            (verdict(&after), after.bridge),
            (dropped, Bridge::default())
        );
        let mut fabric = meta;
        fabric.classify.entry.kind = VifKind::Fabric;
        assert_ne!(verdict_of(fabric), dropped);
    }
}

/// Nexthop and label of flooded frames.
const FLOODED: (u32, u32) = (90, 5002);

fn sent_to(meta: Meta) -> (u32, u32) {
    let bridge = bridged(meta).bridge;
    (bridge.nexthop, bridge.label)
}

#[test]
fn what_is_for_many_is_flooded() {
    for mac in [ethernet::BROADCAST, OTHER_GROUP, GROUP] {
        let mut meta = frame(mac);
        assert_eq!(sent_to(meta), FLOODED);
        assert_eq!(verdict_of(meta), Verdict::Continue);
        meta.decap.vrf = 3;
        assert_eq!(verdict_of(meta), Verdict::Drop(DropReason::L2NoRoute));
    }
}

#[test]
fn a_group_with_members_has_its_own_list() {
    let of_group = (91, 5003);
    let mut meta = frame(GROUP);
    meta.classify.entry.igmp = true;
    assert_eq!(sent_to(meta), of_group, "from an interface with IGMP");
    meta.classify.entry.igmp = false;
    meta.decap.tunnelled = true;
    assert_eq!(sent_to(meta), of_group, "from a tunnel");
    meta.inner.dst_mac = OTHER_GROUP;
    assert_eq!(sent_to(meta), FLOODED, "a group that nobody joined");
    assert_eq!(sent_to(ipv6(GROUP)), FLOODED, "no IPv4");
}

#[test]
fn an_unknown_mac_is_flooded_where_that_is_asked() {
    let mut meta = frame(UNKNOWN);
    meta.decap.flood_unknown = true;
    assert_eq!(sent_to(meta), FLOODED);
    meta.inner.dst_mac = VM;
    assert_eq!(sent_to(meta), (124, 128), "a known one is not");
    meta.inner.dst_mac = ROUTER;
    assert!(bridged(meta).bridge.l3);
}

#[test]
fn a_mac_that_is_new_or_came_from_elsewhere_is_shown_to_the_slow_path() {
    let learns = |mac, vif| {
        let mut meta = frame(UNKNOWN);
        meta.inner.src_mac = mac;
        meta.classify.vif = vif;
        meta.decap.learn = true;
        (meta, bridged(meta).bridge.learn)
    };
    assert!(!learns(VM, 3).1);
    assert!(learns(VM, 4).1, "another interface");
    assert!(learns(UNKNOWN, 3).1, "a new one");
    assert!(!learns(GROUP, 3).1, "no station has such an address");
    assert!(learns(ROUTER, 3).1, "last seen behind a tunnel");
    let (known, _) = learns(ROUTER, 3);
    let changes: [(Change, bool); 6] = [
        (|_| (), false),
        (|meta| meta.parse.src += 1, true),
        (|meta| meta.parse.v6 = true, true),
        (|meta| meta.decap.vrf = 3, true),
        (|meta| meta.decap.tunnelled = false, true),
        (|meta| meta.classify.vif = 9, false),
    ];
    for (i, (change, expected)) in changes.into_iter().enumerate() {
        let mut meta = known;
        meta.classify.entry.kind = VifKind::Fabric;
        meta.decap.tunnelled = true;
        meta.parse.src = 0x0800_0003;
        change(&mut meta);
        assert_eq!(bridged(meta).bridge.learn, expected, "change {i}");
    }
    let nothing_to_learn: [fn(&mut Meta); 5] = [
        |meta| meta.decap.learn = false,
        |meta| meta.decap.frame = false,
        |meta| meta.arrival.injected = true,
        |meta| meta.arrival.round.kind = RoundKind::Again,
        |meta| meta.classify.entry.check_mac = true,
    ];
    for (i, change) in nothing_to_learn.into_iter().enumerate() {
        let (mut meta, _) = learns(UNKNOWN, 3);
        change(&mut meta);
        assert!(!bridged(meta).bridge.learn, "change {i}");
    }
}

#[test]
fn a_copy_to_learn_from_is_for_the_slow_path_and_nothing_else() {
    let mut meta = frame(VM);
    meta.classify.entry.policy = true;
    meta.classify.entry.check_mac = true;
    meta.arrival.round.kind = RoundKind::Punt;
    let after = bridged(meta);
    assert_eq!(verdict(&after), Verdict::Punt(PuntReason::Learn));
    assert_eq!(after.bridge, Bridge::default());
    for kind in [ArpKind::Malformed, ArpKind::Request, ArpKind::Other] {
        meta.inner.arp = kind;
        assert_eq!(verdict_of(meta), Verdict::Punt(PuntReason::Arp), "{kind}");
    }
}

#[test]
fn what_goes_round_meets_its_flow_once() {
    let mut meta = frame(VM);
    meta.classify.entry.policy = true;
    let rounds: [(Change, bool); 5] = [
        (|meta| meta.arrival.round.kind = RoundKind::Again, true),
        (|meta| meta.arrival.round.kind = RoundKind::Tenant, true),
        (|meta| meta.arrival.round.kind = RoundKind::Member, false),
        (|meta| meta.arrival.round.judged = true, false),
        (|meta| meta.arrival.round.quiet = true, false),
    ];
    for (i, (change, expected)) in rounds.into_iter().enumerate() {
        let mut other = meta;
        change(&mut other);
        assert_eq!(bridged(other).bridge.flow_first, expected, "change {i}");
    }
}

#[test]
fn a_control_word_goes_where_the_mac_is_known_to_want_it() {
    let mut tables = tables();
    let entry = BridgeEntry {
        valid: true,
        key: BridgeKey { vrf: 2, mac: VM },
        control: true,
        ..BridgeEntry::default()
    };
    put(&mut tables, id::BRIDGE, 0, &entry);
    let mut meta = frame(VM);
    bridge(&tables, &mut meta);
    assert!(meta.bridge.control);
}

#[test]
fn a_label_that_names_a_list_keeps_its_own() {
    let mut meta = frame(UNKNOWN);
    meta.decap.direct = true;
    (meta.decap.nexthop, meta.decap.label) = (90, 5002);
    assert_eq!(sent_to(meta), (90, 5002));
}
