use super::*;
use crate::testing::{from_vif, put, tables, verdict};
use underpass_layout::meta::Round;
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
            ..MplsEntry::default()
        };
        put(&mut tables, id::MPLS, label, &entry);
    }
    let entry = VxlanEntry {
        valid: true,
        key: VxlanKey { vni: 50 },
        vrf: 8,
        ..VxlanEntry::default()
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
        ..Decap::default()
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
        ..Decap::default()
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
        let mut plain = tunnelled(TunnelKind::None, 0);
        plain.parse.dst += 1;
        let mut ipv6 = tunnelled(TunnelKind::None, 0);
        ipv6.parse.ethertype = ethernet::IPV6;
        (ipv6.parse.v6, ipv6.classify.entry.address_v6) = (true, true);
        for mut meta in [
            ipv6,
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

/// What a frame under a label with those flags becomes.
fn labelled(entry: MplsEntry, zeros: bool) -> Meta {
    let mut tables = tables();
    put(&mut tables, id::MPLS, 40, &entry);
    let mut meta = tunnelled(TunnelKind::MplsUdp, 40);
    meta.parse.zeros = zeros;
    decap(&tables, &mut meta);
    meta
}

#[test]
fn four_zero_bytes_are_taken_off_where_the_label_says_so() {
    let frame = MplsEntry {
        action: LabelAction::Frame,
        flood_unknown: true,
        learn: true,
        ..MplsEntry::default()
    };
    for (control, tree, offset) in [
        (false, false, 46),
        (true, false, 50),
        (false, true, 86),
        (true, true, 86),
    ] {
        let entry = MplsEntry {
            control,
            tree,
            ..frame
        };
        let decap = labelled(entry, true).decap;
        assert_eq!((decap.offset, decap.tree), (offset, tree));
        assert!(decap.flood_unknown && decap.learn);
        let without = labelled(entry, false);
        let broken = Verdict::Drop(DropReason::InvalidPacket);
        assert_eq!(verdict(&without) == broken, control || tree);
    }
    let packet = MplsEntry {
        action: LabelAction::Nexthop,
        ..frame
    };
    let decap = labelled(packet, false).decap;
    assert!(!decap.flood_unknown && !decap.learn, "no frame");
}

#[test]
fn a_subnet_of_nvgre_is_a_vni() {
    let of = |kind| decapped(tunnelled(kind, 50));
    assert_eq!(of(TunnelKind::Nvgre).decap, of(TunnelKind::Vxlan).decap);
    let unknown = decapped(tunnelled(TunnelKind::Nvgre, 51));
    assert_eq!(verdict(&unknown), Verdict::Drop(DropReason::InvalidVnid));
}

#[test]
fn stt_is_the_slow_paths_where_it_is_for_us() {
    let mut meta = tunnelled(TunnelKind::Stt, 0);
    meta.classify.entry.cross_connect = true;
    assert_eq!(refused(meta), Verdict::Punt(PuntReason::Stt));
    meta.parse.dst += 1;
    assert_eq!(refused(meta), Verdict::Deliver);
}

#[test]
fn vxlan_is_taken_from_the_group_of_its_network() {
    let group = 0xef01_0203;
    let entry = VxlanEntry {
        valid: true,
        key: VxlanKey { vni: 50 },
        vrf: 8,
        flood_unknown: true,
        learn: true,
        group: true,
        group_address: group,
    };
    let to_group = |entry: VxlanEntry, change: fn(&mut Meta)| {
        let mut tables = tables();
        put(&mut tables, id::VXLAN, 9, &entry);
        let mut meta = tunnelled(TunnelKind::Vxlan, 50);
        meta.classify.entry.cross_connect = true;
        meta.parse.dst = group;
        change(&mut meta);
        decap(&tables, &mut meta);
        (meta.decap, verdict(&meta))
    };
    let expected = Decap {
        tunnelled: true,
        frame: true,
        offset: 46,
        vrf: 8,
        flood_unknown: true,
        learn: true,
        ..Decap::default()
    };
    assert_eq!(to_group(entry, |_| ()), (expected, Verdict::Continue));
    let passed = (Decap::default(), Verdict::Deliver);
    let alone = VxlanEntry {
        group: false,
        ..entry
    };
    assert_eq!(to_group(alone, |_| ()), passed);
    let others: [fn(&mut Meta); 5] = [
        |meta| meta.parse.label = 51,
        |meta| meta.parse.label_valid = false,
        |meta| meta.parse.dst += 1,
        |meta| meta.parse.v6 = true,
        |meta| meta.parse.tunnel = TunnelKind::Nvgre,
    ];
    for (i, change) in others.into_iter().enumerate() {
        assert_eq!(to_group(entry, change), passed, "change {i}");
    }
}

#[test]
fn what_goes_round_is_what_it_was() {
    let round = Round {
        kind: RoundKind::Tenant,
        tunnelled: true,
        frame: true,
        vrf: 8,
        direct: true,
        nexthop: 90,
        label: 5002,
        flood_unknown: true,
        ..Round::default()
    };
    let came = |round| {
        let mut meta = from_vif(VifKind::Vm);
        meta.classify.entry.vrf = 3;
        meta.classify.entry.learn = true;
        meta.arrival.round = round;
        decapped(meta).decap
    };
    let expected = Decap {
        tunnelled: true,
        frame: true,
        vrf: 8,
        direct: true,
        nexthop: 90,
        label: 5002,
        flood_unknown: true,
        ..Decap::default()
    };
    assert_eq!(came(round), expected);
    let member = Round {
        kind: RoundKind::Member,
        tree: true,
        ..round
    };
    let behind_tree = Decap {
        tree: true,
        offset: 36,
        ..expected
    };
    assert_eq!(came(member), behind_tree);
    let again = Round {
        kind: RoundKind::Again,
        ..round
    };
    let as_it_came = Decap {
        frame: true,
        vrf: 3,
        learn: true,
        ..Decap::default()
    };
    assert_eq!(came(again), as_it_came);
}

#[test]
fn the_node_itself_gets_ipv4_with_one_hop_less() {
    let mut meta = tunnelled(TunnelKind::None, 0);
    assert_eq!(refused(meta), Verdict::Drop(DropReason::NowhereToGo));
    meta.classify.entry.cross_connect = true;
    let after = decapped(meta);
    let expected = Decap {
        frame: true,
        host: true,
        ..Decap::default()
    };
    assert_eq!((after.decap, verdict(&after)), (expected, Verdict::Deliver));
    let mut other = meta;
    other.parse.ethertype = 0x88cc;
    (other.parse.dst, other.classify.entry.address) = (0, 0);
    assert_eq!(refused(other), Verdict::Deliver);
}

#[test]
fn an_error_about_a_tunnel_of_ours_is_the_slow_paths() {
    let mut meta = tunnelled(TunnelKind::None, 0);
    meta.parse.about_tunnel = true;
    for cross_connect in [true, false] {
        meta.classify.entry.cross_connect = cross_connect;
        assert_eq!(refused(meta), Verdict::Punt(PuntReason::TunnelError));
    }
    meta.parse.dst += 1;
    assert_eq!(refused(meta), Verdict::Drop(DropReason::NowhereToGo));
    meta.parse.dst -= 1;
    meta.parse.neighbor = true;
    assert_eq!(refused(meta), Verdict::Punt(PuntReason::NeighborDiscovery));
}

#[test]
fn router_alert_is_looked_at_in_a_network_that_is_known() {
    let alert = |vni| {
        let mut meta = tunnelled(TunnelKind::Vxlan, vni);
        meta.parse.alert = true;
        meta
    };
    let after = decapped(alert(50));
    assert_eq!(verdict(&after), Verdict::Punt(PuntReason::RouterAlert));
    let mut plain = alert(50);
    plain.parse.alert = false;
    assert_eq!(after.decap, decapped(plain).decap);
    assert_eq!(refused(alert(51)), Verdict::Drop(DropReason::InvalidVnid));
}
