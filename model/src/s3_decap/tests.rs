use super::*;
use crate::testing::{from_vif, put, tables, verdict};
use underpass_layout::tables::{id, MplsEntry, VxlanEntry, VxlanKey};

const OURS: u128 = 0x0800_0002;

/// Labels 40 to 42 name a nexthop, a VRF and a frame's nexthop; VNI 50 is known.
fn decapped(meta: Meta) -> Meta {
    let mut tables = tables();
    let actions = [LabelAction::Nexthop, LabelAction::Route, LabelAction::Frame];
    for (label, action) in (40..).zip(actions) {
        let entry = MplsEntry {
            action,
            vrf: 7,
            nexthop: 23,
        };
        put(&mut tables, id::MPLS, label, &entry);
    }
    let entry = VxlanEntry {
        valid: true,
        key: VxlanKey { vni: 50 },
        vrf: 8,
    };
    put(&mut tables, id::VXLAN, 9, &entry);
    let mut meta = meta;
    decap(&tables, &mut meta);
    meta
}

fn tunnelled(tunnel: TunnelKind, label: u32) -> Meta {
    let mut meta = from_vif(VifKind::Fabric);
    meta.classify.entry.address = OURS;
    meta.parse.dst = OURS;
    meta.parse.ethertype = ethernet::IPV4;
    meta.parse.tunnel = tunnel;
    meta.parse.label = label;
    meta.parse.label_valid = true;
    meta.parse.label_ttl = 64;
    meta.parse.offset = 46;
    meta
}

#[test]
fn a_label_names_a_nexthop_or_a_vrf() {
    let under = |label| decapped(tunnelled(TunnelKind::MplsUdp, label)).decap;
    let nexthop = Decap {
        tunnelled: true,
        frame: false,
        offset: 46,
        vrf: 7,
        direct: true,
        nexthop: 23,
    };
    assert_eq!(under(40), nexthop);
    let route = under(41);
    assert_eq!((route.frame, route.direct, route.vrf), (false, false, 7));
    assert_eq!(
        under(42),
        Decap {
            frame: true,
            ..nexthop
        }
    );
}

#[test]
fn a_vni_names_a_vrf() {
    let mut meta = tunnelled(TunnelKind::Vxlan, 50);
    meta.parse.label_ttl = 0;
    let meta = decapped(meta);
    let expected = Decap {
        tunnelled: true,
        frame: true,
        offset: 46,
        vrf: 8,
        direct: false,
        nexthop: 0,
    };
    assert_eq!((meta.decap, verdict(&meta)), (expected, Verdict::Continue));
}

/// The drop, and that nothing is told of the tenant.
fn refused(meta: Meta) -> Verdict {
    let meta = decapped(meta);
    assert_eq!(meta.decap, Decap::default());
    verdict(&meta)
}

#[test]
fn unknown_labels_and_vnis_are_dropped() {
    let with = |change: fn(&mut Meta), tunnel, label| {
        let mut meta = tunnelled(tunnel, label);
        change(&mut meta);
        refused(meta)
    };
    let invalid_label = Verdict::Drop(DropReason::InvalidLabel);
    let no_change: fn(&mut Meta) = |_| ();
    assert_eq!(with(no_change, TunnelKind::MplsGre, 43), invalid_label);
    assert_eq!(with(no_change, TunnelKind::MplsGre, 5120), invalid_label);
    assert_eq!(
        with(no_change, TunnelKind::MplsGre, 0xf_ffff),
        invalid_label
    );
    let unmarked: fn(&mut Meta) = |meta| meta.parse.label_valid = false;
    assert_eq!(with(unmarked, TunnelKind::MplsUdp, 40), invalid_label);
    let invalid_vnid = Verdict::Drop(DropReason::InvalidVnid);
    assert_eq!(with(no_change, TunnelKind::Vxlan, 51), invalid_vnid);
    assert_eq!(with(unmarked, TunnelKind::Vxlan, 50), invalid_vnid);
}

#[test]
fn a_label_whose_time_is_up_is_dropped_if_it_is_known() {
    let with_ttl = |label, ttl| {
        let mut meta = tunnelled(TunnelKind::MplsUdp, label);
        meta.parse.label_ttl = ttl;
        verdict(&decapped(meta))
    };
    let exceeded = Verdict::Drop(DropReason::TtlExceeded);
    assert_eq!(with_ttl(40, 0), exceeded);
    assert_eq!(with_ttl(40, 1), exceeded);
    assert_eq!(with_ttl(40, 2), Verdict::Continue);
    assert_eq!(with_ttl(43, 1), Verdict::Drop(DropReason::InvalidLabel));
}

#[test]
fn what_is_not_for_our_tunnels_goes_to_the_other_side() {
    for cross_connect in [true, false] {
        let expected = match cross_connect {
            true => Verdict::Deliver,
            false => Verdict::Drop(DropReason::NowhereToGo),
        };
        let mut elsewhere = tunnelled(TunnelKind::Vxlan, 50);
        elsewhere.parse.dst += 1;
        let plain = tunnelled(TunnelKind::None, 0);
        for mut meta in [
            elsewhere,
            plain,
            from_vif(VifKind::Host),
            from_vif(VifKind::Agent),
        ] {
            meta.classify.entry.cross_connect = cross_connect;
            assert_eq!(refused(meta), expected);
        }
    }
}

#[test]
fn the_underlays_arp_is_punted_and_its_broken_packets_are_dropped() {
    let mut meta = from_vif(VifKind::Fabric);
    meta.classify.entry.cross_connect = true;
    meta.parse.ethertype = ethernet::ARP;
    assert_eq!(refused(meta), Verdict::Punt(PuntReason::Arp));
    meta.parse.ethertype = ethernet::IPV4;
    meta.parse.malformed = true;
    assert_eq!(refused(meta), Verdict::Drop(DropReason::InvalidPacket));
}

#[test]
fn a_tenants_packet_is_left_alone() {
    let mut meta = from_vif(VifKind::Vm);
    meta.classify.entry.vrf = 5;
    meta.parse = tunnelled(TunnelKind::Vxlan, 50).parse;
    meta.parse.malformed = true;
    let meta = decapped(meta);
    let expected = Decap {
        frame: true,
        vrf: 5,
        ..Decap::default()
    };
    assert_eq!((meta.decap, verdict(&meta)), (expected, Verdict::Continue));
}

#[test]
fn a_packet_that_is_decided_stays_so() {
    let mut meta = tunnelled(TunnelKind::Vxlan, 50);
    meta.decide(Verdict::Deliver);
    assert_eq!(refused(meta), Verdict::Deliver);
}

#[test]
fn our_address_is_of_one_family() {
    for (entry_v6, packet_v6) in [(false, true), (true, false), (true, true)] {
        let mut meta = tunnelled(TunnelKind::MplsUdp, 40);
        meta.classify.entry.address_v6 = entry_v6;
        meta.classify.entry.cross_connect = true;
        meta.parse.v6 = packet_v6;
        let meta = decapped(meta);
        let ours = entry_v6 == packet_v6;
        let expected = if ours {
            Verdict::Continue
        } else {
            Verdict::Deliver
        };
        assert_eq!((meta.decap.tunnelled, verdict(&meta)), (ours, expected));
    }
    let mut meta = tunnelled(TunnelKind::MplsUdp, 40);
    meta.classify.entry.cross_connect = true;
    meta.parse.dst |= 1 << 32;
    assert_eq!(refused(meta), Verdict::Deliver, "all bits count");
}

#[test]
fn the_underlays_neighbour_discovery_is_punted_unless_it_is_broken() {
    let mut meta = from_vif(VifKind::Fabric);
    meta.classify.entry.cross_connect = true;
    meta.parse.ethertype = ethernet::IPV6;
    meta.parse.v6 = true;
    meta.parse.neighbor = true;
    assert_eq!(refused(meta), Verdict::Punt(PuntReason::NeighborDiscovery));
    meta.parse.malformed = true;
    assert_eq!(refused(meta), Verdict::Drop(DropReason::InvalidPacket));
    meta.parse.malformed = false;
    meta.classify.entry.kind = VifKind::Host;
    assert_eq!(refused(meta), Verdict::Deliver, "the host's own leaves");
}
