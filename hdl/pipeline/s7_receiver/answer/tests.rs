use super::*;
use crate::pipeline::records::{record, slot};
use crate::pipeline::slot::Slot;
use crate::stream::frames::Noise;
use std::collections::BTreeMap;
use underpass_layout::{meta, Verdict};
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

const ROUTER: u64 = 0x0200_5e00_0001;
const STITCHED: u64 = 0x0200_0000_0055;

/// ARP that asks or tells, and what the tables say of the address.
#[derive(Clone, Copy, Debug)]
struct Case {
    meta: meta::Meta,
    /// It asks or tells, and the VRF has its routes here.
    asked: bool,
    code: ArpAnswer,
    trap: bool,
    here: bool,
    unresolved: bool,
    gateway: bool,
    vif: u16,
    known: bool,
}

/// What becomes of it.
#[derive(Debug, PartialEq)]
enum Fate {
    Answer(u64),
    Flood,
    End(Verdict),
}

/// The rules, one after the other: those of the interface, those of the route, and what the flood needs.
fn fate(case: &Case) -> Fate {
    let (meta, vif) = (&case.meta, &case.meta.classify.entry);
    let guest = vif.kind == VifKind::Vm && !meta.decap.tunnelled;
    let ask = || Fate::End(Verdict::Punt(PuntReason::Arp));
    let end = || Fate::End(Verdict::Drop(DropReason::InvalidArp));
    let flood = || match meta.bridge.floods {
        true => Fate::Flood,
        false => Fate::End(Verdict::Drop(DropReason::L2NoRoute)),
    };
    let stitched = || match case.known {
        true => Fate::Answer(STITCHED),
        false => ask(),
    };
    if meta.bridge.arp == ArpStep::Announce {
        return flood();
    }
    if guest {
        if vif.arp == VifArp::Proxy {
            return Fate::Answer(ROUTER);
        }
        if case.code == ArpAnswer::Flood {
            return flood();
        }
        if vif.arp == VifArp::Gateway && !case.gateway {
            return end();
        }
        if (case.here || case.unresolved) && case.vif == meta.classify.vif {
            return flood();
        }
        match case.code {
            ArpAnswer::Router => Fate::Answer(ROUTER),
            ArpAnswer::Stitched => stitched(),
            ArpAnswer::Ask | ArpAnswer::Flood => ask(),
        }
    } else {
        match case.code {
            ArpAnswer::Flood => flood(),
            _ if case.gateway => end(),
            ArpAnswer::Ask => ask(),
            ArpAnswer::Stitched if case.here => stitched(),
            ArpAnswer::Stitched | ArpAnswer::Router => flood(),
        }
    }
}

fn random(noise: &mut Noise) -> Case {
    let mut meta = meta::Meta::default();
    let mut odds = |one_in: usize| noise.below(one_in) == 0;
    meta.decap.tunnelled = odds(3);
    meta.arrival.injected = odds(4);
    meta.bridge.floods = !odds(4);
    let (asked, trap, known) = (!odds(6), odds(2), odds(2));
    let vif = &mut meta.classify.entry;
    vif.kind = if odds(4) {
        VifKind::Fabric
    } else {
        VifKind::Vm
    };
    vif.router_mac = ROUTER;
    vif.arp = VifArp::ALL[noise.below(3)];
    meta.classify.vif = 5;
    meta.bridge.arp = [ArpStep::Query, ArpStep::Query, ArpStep::Announce][noise.below(3)];
    meta.arrival.round.kind =
        [RoundKind::First, RoundKind::Again, RoundKind::Tenant][noise.below(3)];
    let place = noise.below(4);
    Case {
        meta,
        asked,
        code: ArpAnswer::ALL[noise.below(4)],
        trap,
        here: place == 1,
        gateway: place == 2,
        unresolved: place == 3,
        vif: 5 + noise.below(2) as u16,
        known,
    }
}

#[test]
fn whoever_asks_is_answered_as_the_route_and_the_interface_say() {
    let mut sim = Sim::new(&build("answer", Ports::Packed, Blocks::Inline, || {
        let meta = input::<Slot>("slot").meta;
        let asks: Bit = input("asked");
        let is = |step: ArpStep| asks & meta.bridge.arp.eq(step.code());
        let asked = Asked {
            query: is(ArpStep::Query),
            announce: is(ArpStep::Announce),
            answer: input("code"),
            trap: input("trap"),
        };
        let site = Site {
            here: input("here"),
            unresolved: input("unresolved"),
            gateway: input("gateway"),
            vif: input("vif"),
        };
        let outcome = outcome(meta, asked, site, (input("known"), input("stitched")));
        output("answer", outcome.answer);
        output("floods", outcome.floods);
        output("verdict", outcome.verdict);
    }));
    let mut noise = Noise(17);
    let mut met = BTreeMap::new();
    for _ in 0..20_000 {
        let case = random(&mut noise);
        sim.set("slot", &slot(&case.meta));
        sim.set_int("asked", case.asked.into());
        sim.set_int("code", case.code.code().into());
        sim.set_int("trap", case.trap.into());
        sim.set_int("here", case.here.into());
        sim.set_int("unresolved", case.unresolved.into());
        sim.set_int("gateway", case.gateway.into());
        sim.set_int("vif", case.vif.into());
        sim.set_int("known", case.known.into());
        sim.set_int("stitched", STITCHED.into());
        sim.settle();
        let answer: meta::Answer = record(&mut sim, "answer");
        let verdict: Verdict = record::<underpass_layout::VerdictBits>(&mut sim, "verdict").into();
        let found = match verdict {
            Verdict::Continue if answer.on => Fate::Answer(answer.mac),
            Verdict::Continue if sim.get_int("floods") == 1 => Fate::Flood,
            other => Fate::End(other),
        };
        let expected = match case.asked {
            true => fate(&case),
            false => Fate::End(Verdict::Continue),
        };
        assert_eq!(found, expected, "{case:#?}");
        let arrival = &case.meta.arrival;
        let first = arrival.round.kind == RoundKind::First && !arrival.injected;
        let tells = case.asked && case.meta.bridge.arp == ArpStep::Announce;
        assert_eq!(answer.shown, tells && case.trap && first, "{case:#?}");
        *met.entry(format!("{found:?}")).or_insert(0) += 1;
    }
    // Both MACs, the flood, and what is not asked, punted, or dropped for either reason.
    assert_eq!(met.len(), 7, "{met:#?}");
    assert!(met.values().all(|count| *count > 100), "{met:#?}");
}
