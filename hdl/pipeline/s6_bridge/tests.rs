use super::*;
use crate::pipeline::records::{record, slot, words};
use crate::stream::frames::Noise;
use underpass_layout::meta::ArpStep;
use underpass_layout::tables::VifArp;
use underpass_layout::{meta, tables, Verdict};
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

/// A packet and what the tables have for it.
#[derive(Clone, Debug)]
struct Case {
    meta: meta::Meta,
    bridge: Option<tables::BridgeEntry>,
    flood: tables::FloodEntry,
    learned: Option<tables::LearnedEntry>,
}

/// The stage without its tables.
struct Bench(Sim);

impl Bench {
    fn new() -> Self {
        Bench(Sim::new(&build(
            "bridge",
            Ports::Packed,
            Blocks::Inline,
            || {
                let meta = input::<Slot>("slot").meta;
                let before = before(meta);
                let found = (input("hit"), input("entry"));
                let (mut bridge, verdict) = decide(meta, before, found, input("flood"));
                let known = input::<Bit>("seen") & unmoved(meta, input("learned"));
                bridge.learn = before.watched & !known;
                output("bridge", bridge);
                output("verdict", verdict);
            },
        )))
    }

    fn of(&mut self, case: &Case) -> (meta::Bridge, Verdict) {
        let sim = &mut self.0;
        sim.set("slot", &slot(&case.meta));
        sim.set_int("hit", case.bridge.is_some().into());
        sim.set("entry", &words(&case.bridge.unwrap_or_default()));
        sim.set("flood", &words(&case.flood));
        sim.set_int("seen", case.learned.is_some().into());
        sim.set("learned", &words(&case.learned.unwrap_or_default()));
        sim.settle();
        let verdict: underpass_layout::VerdictBits = record(sim, "verdict");
        (record(sim, "bridge"), verdict.into())
    }
}

/// What becomes of the frame, said the way a switch would say it: one question after the other.
fn verdict(case: &Case) -> Verdict {
    use meta::RoundKind::*;
    let (packet, kind) = (&case.meta, case.meta.arrival.round.kind);
    let (decap, inner) = (&packet.decap, &packet.inner);
    let vif = &packet.classify.entry;
    let vm = vif.kind == VifKind::Vm;
    let drop = Verdict::Drop;
    let punt = Verdict::Punt;
    if packet.verdict.kind != underpass_layout::VerdictKind::Continue {
        return packet.verdict.into();
    }
    if kind == Punt {
        return punt(match inner.arp {
            ArpKind::None => PuntReason::Learn,
            _ => PuntReason::Arp,
        });
    }
    let as_it_came = matches!(kind, First | Again);
    if as_it_came && vm && vif.check_mac && decap.frame && inner.src_mac != vif.mac {
        return drop(DropReason::InvalidSource);
    }
    let asks = asks(packet);
    if let Some(arp) = arp(case) {
        return match (arp, way(case)) {
            (Arp::Refused, _) => drop(DropReason::InvalidArp),
            (_, Way::Own(_) | Way::Flooded) | (Arp::Query | Arp::Announce, _) => Verdict::Continue,
            (Arp::Frame, _) => drop(DropReason::L2NoRoute),
        };
    }
    if asks {
        if decap.frame && inner.neighbor {
            return punt(PuntReason::NeighborDiscovery);
        }
        let ports = (inner.src_port, inner.dst_port);
        let dhcp4 = inner.ipv4 && ports.0 == 68 && inner.dst_mac == (1 << 48) - 1;
        let dhcp6 = inner.ipv6 && ports == (546, 547) && inner.dst_mac >> 40 & 1 == 1;
        let dhcp = inner.protocol == 17 && !inner.fragment && (dhcp4 || dhcp6);
        let igmp = inner.ipv4 && inner.protocol == 2;
        if decap.frame && vm && (vif.dhcp && dhcp || vif.igmp && igmp) {
            return punt(PuntReason::L3Protocol);
        }
    }
    let ip = inner.ipv4 || inner.ipv6;
    if !decap.frame {
        return if ip {
            Verdict::Continue
        } else {
            drop(DropReason::InvalidProtocol)
        };
    }
    match (decap.direct, way(case)) {
        (true, _) | (false, Way::Own(_) | Way::Flooded) => Verdict::Continue,
        (false, Way::Lost) => drop(DropReason::L2NoRoute),
        (false, Way::Router) if asks && inner.arp == ArpKind::Other => punt(PuntReason::Arp),
        (false, Way::Router) if inner.tagged => punt(PuntReason::Tagged),
        (false, Way::Router) if !ip => drop(DropReason::InvalidProtocol),
        (false, Way::Router) => Verdict::Continue,
    }
}

/// Whether it may ask something of this node.
fn asks(packet: &meta::Meta) -> bool {
    use meta::RoundKind::*;
    let (arrival, round) = (&packet.arrival, &packet.arrival.round);
    let flooding = arrival.injected && arrival.command == InjectCommand::Flood;
    let own = matches!(round.kind, First | Again);
    !flooding && (own || round.kind == Tenant && !round.direct && !round.quiet)
}

/// What ARP is to the router.
#[derive(Debug, PartialEq)]
enum Arp {
    Refused,
    /// No more than a frame.
    Frame,
    Announce,
    Query,
}

/// What this is, if the router is told or asked anything.
fn arp(case: &Case) -> Option<Arp> {
    let (packet, inner) = (&case.meta, &case.meta.inner);
    let vif = &packet.classify.entry;
    let guests = vif.kind == VifKind::Vm && !packet.decap.tunnelled;
    let tells = inner.src == inner.dst;
    if !asks(packet) {
        return None;
    }
    match inner.arp {
        ArpKind::None => None,
        ArpKind::Malformed => Some(Arp::Refused),
        ArpKind::Request if inner.tagged => Some(Arp::Frame),
        ArpKind::Request if !tells => Some(Arp::Query),
        ArpKind::Request if guests && vif.arp == VifArp::Proxy => Some(Arp::Refused),
        ArpKind::Request if packet.decap.tunnelled => Some(Arp::Frame),
        ArpKind::Request => Some(Arp::Announce),
        ArpKind::Other => {
            let to_all = tells && inner.dst_mac >> 40 & 1 == 1 && !inner.tagged;
            (to_all && guests).then_some(Arp::Announce)
        }
    }
}

/// Where the bridge of its VRF would send a frame.
#[derive(Debug, PartialEq)]
enum Way {
    Own(tables::BridgeEntry),
    Flooded,
    Router,
    Lost,
}

fn way(case: &Case) -> Way {
    let (packet, inner) = (&case.meta, &case.meta.inner);
    let many = inner.dst_mac >> 40 & 1 == 1;
    let floods = case.flood.valid && (many || packet.decap.flood_unknown);
    let of_group = inner.ipv4 && (packet.decap.tunnelled || packet.classify.entry.igmp);
    match case.bridge {
        Some(entry) if !many && entry.receive => Way::Router,
        Some(entry) if !entry.receive && (!many || of_group) => Way::Own(entry),
        Some(_) | None if floods && (many || case.bridge.is_none()) => Way::Flooded,
        Some(_) | None => Way::Lost,
    }
}

/// Whether the slow path is shown where the source MAC is.
fn learns(case: &Case) -> bool {
    let (packet, decap) = (&case.meta, &case.meta.decap);
    let vif = &packet.classify.entry;
    let foreign = vif.kind == VifKind::Vm && vif.check_mac && packet.inner.src_mac != vif.mac;
    let fresh = packet.arrival.round.kind == meta::RoundKind::First && !packet.arrival.injected;
    let open = packet.verdict.kind == underpass_layout::VerdictKind::Continue;
    let one = packet.inner.src_mac >> 40 & 1 == 0;
    let known = case.learned.is_some_and(|learned| {
        learned.tunnelled == decap.tunnelled
            && match decap.tunnelled {
                true => (learned.v6, learned.address) == (packet.parse.v6, packet.parse.src),
                false => learned.vif == packet.classify.vif,
            }
    });
    open && fresh && decap.learn && decap.frame && !foreign && one && !known
}

/// Whether a VM's own flow is asked before all else.
fn flow_first(case: &Case) -> bool {
    use meta::RoundKind::*;
    let (packet, inner, vif) = (&case.meta, &case.meta.inner, &case.meta.classify.entry);
    let round = &packet.arrival.round;
    let own_mac = !matches!(round.kind, First | Again)
        || !packet.decap.frame
        || !vif.check_mac
        || inner.src_mac == vif.mac;
    let one = !packet.decap.frame || inner.dst_mac >> 40 & 1 == 0;
    packet.verdict.kind == underpass_layout::VerdictKind::Continue
        && vif.kind == VifKind::Vm
        && vif.policy
        && own_mac
        && (inner.ipv4 || inner.ipv6)
        && !inner.tagged
        && one
        && !inner.neighbor
        && !round.judged
        && !round.quiet
        && !matches!(round.kind, Member | Punt)
}

const KINDS: [meta::RoundKind; 5] = [
    meta::RoundKind::First,
    meta::RoundKind::Again,
    meta::RoundKind::Tenant,
    meta::RoundKind::Member,
    meta::RoundKind::Punt,
];

/// A packet in which everything that matters is set now and then.
fn random(noise: &mut Noise) -> Case {
    let mut meta = meta::Meta::default();
    let mac = [
        0x0200_0000_0001,
        0x0200_0000_0002,
        0x0100_5e00_0001,
        (1 << 48) - 1,
    ];
    let mut odds = |one_in: usize| noise.below(one_in) == 0;
    let arrival = &mut meta.arrival;
    arrival.injected = odds(8);
    arrival.round.judged = odds(4);
    arrival.round.quiet = odds(4);
    arrival.round.direct = odds(3);
    let vif = &mut meta.classify.entry;
    vif.kind = if odds(2) {
        VifKind::Vm
    } else {
        VifKind::Fabric
    };
    (vif.check_mac, vif.policy) = (odds(3), odds(2));
    (vif.dhcp, vif.igmp) = (odds(2), odds(2));
    let decap = &mut meta.decap;
    (decap.tunnelled, decap.frame, decap.direct) = (odds(2), !odds(4), odds(4));
    (decap.flood_unknown, decap.learn) = (odds(2), odds(2));
    let inner = &mut meta.inner;
    (inner.tagged, inner.neighbor, inner.fragment) = (odds(6), odds(10), odds(6));
    if odds(20) {
        meta.verdict = Verdict::Drop(DropReason::InvalidLabel).bits();
    }
    let injected = meta.arrival.injected;
    let arrival = &mut meta.arrival;
    if injected {
        arrival.command = [InjectCommand::Receive, InjectCommand::Flood][noise.below(2)];
    } else {
        arrival.round.kind = KINDS[noise.below(KINDS.len())];
    }
    let inner = &mut meta.inner;
    (inner.dst_mac, inner.src_mac) = (mac[noise.below(4)], mac[noise.below(3)]);
    inner.ethertype = [0x0806, 0x0800, 0x86dd][noise.below(3)];
    (inner.ipv4, inner.ipv6) = [(true, false), (false, true), (false, false)][noise.below(3)];
    inner.protocol = [2, 17, 6][noise.below(3)];
    inner.src_port = [68, 546, 67][noise.below(3)];
    inner.dst_port = [547, 547, 67][noise.below(3)];
    if !meta.decap.frame {
        (inner.dst_mac, inner.src_mac) = (0, 0);
    } else if inner.ethertype == 0x0806 {
        (inner.ipv4, inner.ipv6, inner.neighbor) = (false, false, false);
        inner.arp = ArpKind::ALL[1 + noise.below(3)];
        (inner.src, inner.dst) = (1, 1 + noise.below(2) as u128);
        meta.classify.entry.arp = VifArp::ALL[noise.below(3)];
    }
    meta.decap.nexthop = 11;
    meta.decap.label = 12;
    meta.classify.vif = noise.below(2) as u16;
    meta.classify.entry.mac = mac[0];
    meta.parse.src = noise.below(2) as u128;
    meta.parse.v6 = noise.below(2) == 0;
    let some = |noise: &mut Noise| noise.below(2) == 0;
    Case {
        bridge: some(noise).then(|| tables::BridgeEntry {
            valid: true,
            receive: some(noise),
            nexthop: 21,
            label: 22,
            control: some(noise),
            ..Default::default()
        }),
        flood: tables::FloodEntry {
            valid: some(noise),
            nexthop: 31,
            label: 32,
        },
        learned: some(noise).then(|| tables::LearnedEntry {
            valid: true,
            tunnelled: some(noise),
            vif: noise.below(2) as u16,
            v6: some(noise),
            address: noise.below(2) as u128,
            ..Default::default()
        }),
        meta,
    }
}

#[test]
fn every_frame_goes_where_a_switch_sends_it_in_all_kinds_of_rounds() {
    let mut bench = Bench::new();
    let mut noise = Noise(6);
    let mut met = std::collections::BTreeMap::new();
    for _ in 0..60_000 {
        let case = random(&mut noise);
        let (bridge, said) = bench.of(&case);
        assert_eq!(said, verdict(&case), "{case:#?}");
        assert_eq!(bridge.flow_first, flow_first(&case), "{case:#?}");
        assert_eq!(bridge.learn, learns(&case), "{case:#?}");
        *met.entry(format!("{said} {}", bridge.learn)).or_insert(0) += 1;
        let (way, arp) = (way(&case), arp(&case));
        let heard = !matches!(arp, None | Some(Arp::Refused));
        let labelled = case.meta.decap.direct && !heard;
        let looked_up = case.meta.decap.frame && !labelled;
        *met.entry(format!("{arp:?}, open: {}", said == Verdict::Continue))
            .or_insert(0) += 1;
        if said != Verdict::Continue && heard {
            continue;
        }
        let leads = matches!(way, Way::Own(_) | Way::Flooded);
        let (step, floods) = match arp {
            Some(Arp::Query) => (ArpStep::Query, leads),
            Some(Arp::Announce) => (ArpStep::Announce, leads),
            _ => (ArpStep::None, false),
        };
        assert_eq!((bridge.arp, bridge.floods), (step, floods), "{case:#?}");
        if arp == Some(Arp::Refused) {
            continue;
        }
        assert_eq!(
            bridge.l3,
            !case.meta.decap.frame || looked_up && !heard && way == Way::Router
        );
        let (nexthop, label, control) = match way {
            _ if labelled => (11, 12, false),
            Way::Own(entry) if looked_up => (21, 22, entry.control),
            Way::Flooded if looked_up => (31, 32, false),
            _ => (0, 0, false),
        };
        let found = (bridge.nexthop, bridge.label, bridge.control);
        assert_eq!(found, (nexthop, label, control), "{case:#?}");
    }
    // 11 verdicts, learning or not but for a foreign MAC, a copy to the slow path and a packet that is lost already; ARP that
    // ends or goes on, but for what is refused.
    assert_eq!(met.len(), 19 + 9, "{met:#?}");
    assert!(met.values().all(|count| *count > 10), "{met:#?}");
}
