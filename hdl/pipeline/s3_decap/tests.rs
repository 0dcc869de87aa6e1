use super::*;
use crate::pipeline::records::{record, slot, words};
use crate::stream::frames::Noise;
use underpass_layout::{meta, tables, Verdict, VerdictKind};
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

/// Labels that the table has.
const LABELS: usize = 1000;

/// A packet and what the tables have for it.
#[derive(Clone, Debug)]
struct Case {
    meta: meta::Meta,
    mpls: tables::MplsEntry,
    vxlan: Option<tables::VxlanEntry>,
}

/// The stage without its tables.
struct Bench(Sim);

impl Bench {
    fn new() -> Self {
        Bench(Sim::new(&build(
            "decap",
            Ports::Packed,
            Blocks::Inline,
            || {
                let meta = input::<HeadSlot>("slot").meta;
                let found = Found {
                    mpls: input("mpls"),
                    vni_known: input("vni_known"),
                    vxlan: input("vxlan"),
                };
                let (decap, verdict) = decide(meta, before(meta), found, LABELS);
                output("decap", decap);
                output("verdict", verdict);
            },
        )))
    }

    fn of(&mut self, case: &Case) -> (meta::Decap, Verdict) {
        let sim = &mut self.0;
        sim.set("slot", &slot(&case.meta));
        sim.set("mpls", &words(&case.mpls));
        sim.set_int("vni_known", case.vxlan.is_some().into());
        sim.set("vxlan", &words(&case.vxlan.unwrap_or_default()));
        sim.settle();
        let verdict: underpass_layout::VerdictBits = record(sim, "verdict");
        (record(sim, "decap"), verdict.into())
    }
}

/// What becomes of the packet, one question after the other.
fn expected(case: &Case) -> (meta::Decap, Verdict) {
    use meta::RoundKind::{Member, Tenant};
    let (parse, vif) = (&case.meta.parse, &case.meta.classify.entry);
    let none = meta::Decap::default();
    let (drop, punt) = (Verdict::Drop, Verdict::Punt);
    if case.meta.verdict.kind != VerdictKind::Continue {
        return (none, case.meta.verdict.into());
    }
    let round = &case.meta.arrival.round;
    if matches!(round.kind, Tenant | Member) {
        let again = meta::Decap {
            tunnelled: round.tunnelled,
            frame: round.frame,
            offset: 36 * u8::from(round.tree),
            vrf: round.vrf,
            direct: round.direct,
            nexthop: round.nexthop,
            label: round.label,
            flood_unknown: round.flood_unknown,
            tree: round.tree,
            ..none
        };
        return (again, Verdict::Continue);
    }
    if vif.kind == VifKind::Vm {
        let decap = meta::Decap {
            frame: true,
            vrf: vif.vrf,
            flood_unknown: vif.flood_unknown,
            learn: vif.learn,
            ..none
        };
        return (decap, Verdict::Continue);
    }
    let crossed = match vif.cross_connect {
        true => Verdict::Deliver,
        false => drop(DropReason::NowhereToGo),
    };
    if vif.kind != VifKind::Fabric {
        return (none, crossed);
    }
    let is_at = |address: u128| (parse.v6, parse.dst) == (vif.address_v6, address);
    if parse.ethertype == 0x0806 {
        return (none, punt(PuntReason::Arp));
    }
    if parse.malformed {
        return (none, drop(DropReason::InvalidPacket));
    }
    if parse.neighbor {
        return (none, punt(PuntReason::NeighborDiscovery));
    }
    let network = case.vxlan.filter(|_| parse.label_valid);
    if parse.about_tunnel && is_at(vif.address) {
        return (none, punt(PuntReason::TunnelError));
    }
    let ours = is_at(vif.address)
        || parse.tunnel == TunnelKind::Vxlan
            && network.is_some_and(|network| network.group && is_at(network.group_address));
    if parse.tunnel == TunnelKind::None || !ours {
        let host = vif.cross_connect && is_at(vif.address) && parse.ethertype == 0x0800;
        let decap = meta::Decap {
            frame: host,
            host,
            ..none
        };
        return (decap, crossed);
    }
    match parse.tunnel {
        TunnelKind::Stt => (none, punt(PuntReason::Stt)),
        TunnelKind::Vxlan | TunnelKind::Nvgre => match network {
            None => (none, drop(DropReason::InvalidVnid)),
            Some(network) => {
                let decap = meta::Decap {
                    tunnelled: true,
                    frame: true,
                    offset: parse.offset,
                    vrf: network.vrf,
                    flood_unknown: network.flood_unknown,
                    learn: network.learn,
                    ..none
                };
                match parse.alert {
                    true => (decap, punt(PuntReason::RouterAlert)),
                    false => (decap, Verdict::Continue),
                }
            }
        },
        _ => under_label(case),
    }
}

fn under_label(case: &Case) -> (meta::Decap, Verdict) {
    let (parse, mpls) = (&case.meta.parse, &case.mpls);
    let none = meta::Decap::default();
    let drop = |why: DropReason| (none, Verdict::Drop(why));
    if !parse.label_valid || parse.label as usize >= LABELS || mpls.action == LabelAction::None {
        return drop(DropReason::InvalidLabel);
    }
    if parse.label_ttl < 2 {
        return drop(DropReason::TtlExceeded);
    }
    let in_front = match (mpls.tree, mpls.control) {
        (true, _) => 40,
        (false, true) => 4,
        (false, false) => 0,
    };
    if in_front > 0 && !parse.zeros {
        return drop(DropReason::InvalidPacket);
    }
    let frame = mpls.action == LabelAction::Frame;
    let decap = meta::Decap {
        tunnelled: true,
        frame,
        offset: parse.offset + in_front,
        vrf: mpls.vrf,
        direct: mpls.action != LabelAction::Route,
        nexthop: mpls.nexthop,
        label: 0,
        flood_unknown: frame && mpls.flood_unknown,
        learn: frame && mpls.learn,
        tree: mpls.tree,
        ..none
    };
    (decap, Verdict::Continue)
}

/// A packet in which everything that matters is set now and then.
fn random(noise: &mut Noise) -> Case {
    let mut meta = meta::Meta::default();
    let mut odds = |one_in: usize| noise.below(one_in) == 0;
    let round = &mut meta.arrival.round;
    (round.tunnelled, round.frame, round.direct) = (odds(2), odds(2), odds(2));
    (round.tree, round.flood_unknown) = (odds(2), odds(2));
    let parse = &mut meta.parse;
    (parse.malformed, parse.neighbor, parse.v6) = (odds(12), odds(12), odds(6));
    (parse.label_valid, parse.zeros) = (!odds(5), odds(2));
    let vif = &mut meta.classify.entry;
    (vif.cross_connect, vif.flood_unknown, vif.learn) = (odds(2), odds(2), odds(2));
    vif.address_v6 = odds(6);
    if odds(20) {
        meta.verdict = Verdict::Drop(DropReason::InvalidInterface).bits();
    }
    let mut mpls = tables::MplsEntry {
        vrf: 7,
        nexthop: 8,
        control: odds(3),
        tree: odds(3),
        flood_unknown: odds(2),
        learn: odds(2),
        ..Default::default()
    };
    let vxlan = tables::VxlanEntry {
        valid: true,
        vrf: 9,
        flood_unknown: odds(2),
        learn: odds(2),
        group: odds(2),
        group_address: 2,
        ..Default::default()
    };
    let vxlan = (!odds(3)).then_some(vxlan);

    let round = &mut meta.arrival.round;
    round.kind = meta::RoundKind::ALL[noise.below(6)];
    (round.vrf, round.nexthop, round.label) = (3, 4, 5);
    let parse = &mut meta.parse;
    parse.ethertype = [0x0806, 0x0800, 0x0800, 0x0800, 0x86dd][noise.below(5)];
    parse.dst = noise.below(3) as u128;
    parse.tunnel = TunnelKind::ALL[noise.below(6)];
    let plain = parse.ethertype != 0x0806 && !parse.malformed && !parse.neighbor;
    match parse.tunnel {
        TunnelKind::None => parse.about_tunnel = noise.below(3) == 0,
        TunnelKind::Vxlan => parse.alert = plain && noise.below(3) == 0,
        _ => (),
    }
    parse.label = [10, LABELS as u32 - 1, LABELS as u32][noise.below(3)];
    parse.label_ttl = [64, 64, 2, 1, 0][noise.below(5)];
    parse.offset = 42 + 4 * noise.below(14) as u8;
    let vif = &mut meta.classify.entry;
    vif.kind = [
        VifKind::Fabric,
        VifKind::Fabric,
        VifKind::Fabric,
        VifKind::Vm,
        VifKind::Host,
    ][noise.below(5)];
    vif.address = 1;
    vif.vrf = 6;
    mpls.action = LabelAction::ALL[noise.below(4)];
    Case { meta, mpls, vxlan }
}

#[test]
fn every_packet_leaves_its_tunnel_or_is_told_why_not() {
    let mut bench = Bench::new();
    let mut noise = Noise(3);
    let mut met = std::collections::BTreeMap::new();
    for _ in 0..60_000 {
        let case = random(&mut noise);
        let expected = expected(&case);
        assert_eq!(bench.of(&case), expected, "{case:#?}");
        let (decap, verdict) = expected;
        let how = (
            verdict.to_string(),
            decap.offset > 0,
            decap.tree,
            decap.host,
        );
        *met.entry(how).or_insert(0) += 1;
    }
    // Eleven verdicts and that of an earlier stage; of those that pass: no offset, one, one with a tree; of those that
    // cross: for the host itself.
    assert_eq!(met.len(), 16, "{met:#?}");
    assert!(met.values().all(|count| *count > 20), "{met:#?}");
}
