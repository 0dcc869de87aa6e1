use super::*;
use crate::testing::{from_vif, put, tables, verdict};
use underpass_layout::meta::Bridge;
use underpass_layout::tables::{id, BridgeEntry, BridgeKey};
use underpass_layout::Verdict;

const VM: u64 = 0x0200_0000_0012;
const ROUTER: u64 = 0x0000_5e00_0100;
const UNKNOWN: u64 = 0x0200_0000_00ee;

fn bridged(meta: Meta) -> Meta {
    let mut tables = tables();
    for (row, (mac, receive)) in [(VM, false), (ROUTER, true)].into_iter().enumerate() {
        let entry = BridgeEntry {
            valid: true,
            key: BridgeKey { vrf: 2, mac },
            receive,
            nexthop: 124,
            label: 128,
        };
        put(&mut tables, id::BRIDGE, row, &entry);
    }
    let mut meta = meta;
    bridge(&tables, &mut meta);
    meta
}

/// A frame of a VM in VRF 2 that carries UDP.
fn frame(dst_mac: u64) -> Meta {
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

fn verdict_of(meta: Meta) -> Verdict {
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
fn arp_and_groups_are_the_slow_paths() {
    let mut arp = frame(VM);
    arp.inner.ipv4 = false;
    arp.inner.ethertype = ethernet::ARP;
    assert_eq!(verdict_of(arp), Verdict::Punt(PuntReason::Arp));
    arp.inner.dst_mac = ethernet::BROADCAST;
    assert_eq!(verdict_of(arp), Verdict::Punt(PuntReason::Arp));
    for group in [ethernet::BROADCAST, 0x0100_5e00_0001] {
        assert_eq!(
            verdict_of(frame(group)),
            Verdict::Punt(PuntReason::Multicast)
        );
    }
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
        |meta| meta.inner.dst_mac = 0x0100_5e00_0001,
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let mut other = meta;
        change(&mut other);
        assert_eq!(
            verdict_of(other),
            Verdict::Punt(PuntReason::Multicast),
            "change {i}"
        );
    }
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
    assert_eq!(verdict_of(meta), Verdict::Punt(PuntReason::Multicast));
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
