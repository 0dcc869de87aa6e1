//! What a plan promises, tried on a card made of rows: after each of its writes, not only after the last.

mod card;
mod examples;
mod room;
mod several;
mod states;

use std::collections::BTreeSet;

use proptest::prelude::*;
use underpass_layout::profile::Profile;

use super::{hands, once, plan};
use crate::entries::{mask, Entries};
use crate::placed::Placed;
use card::{Answer, Card};
use states::{any_state, keys, Keys};

const SEED: u128 = 0x0123_4567_89ab_cdef_0f1e_2d3c_4b5a_6978;

/// Tables so small that entries have to move and banks run full.
const TINY: Profile = Profile {
    name: "tiny",
    rows: [
        1024,
        16,
        64,
        4,
        4,
        16,
        4,
        4,
        32,
        4,
        32,
        16,
        16,
        16 * 128,
        16,
        8,
        8,
        16,
        16,
        16,
        // flood learned member origin mirror text qos group
        16,
        4,
        96,
        8,
        12,
        12,
        256,
        32,
        // stitched quota punted
        4,
        32,
        16 * 32,
    ],
};

/// What each key answers on a card.
struct Seen {
    floods: Vec<Option<Answer>>,
    bridges: Vec<Option<Answer>>,
    stitched: Vec<Option<Answer>>,
    mpls: Vec<Option<Answer>>,
    vxlans: Vec<Option<Answer>>,
    ports: Vec<Option<Answer>>,
    addresses: Vec<Option<Answer>>,
}

impl Seen {
    fn new(card: &Card, keys: &Keys) -> Self {
        Seen {
            floods: keys.floods.iter().map(|vrf| card.flood(*vrf)).collect(),
            bridges: keys
                .bridges
                .iter()
                .map(|(vrf, mac)| card.bridge(*vrf, *mac))
                .collect(),
            stitched: keys
                .stitched
                .iter()
                .map(|(vrf, address)| card.stitched(*vrf, *address))
                .collect(),
            mpls: keys.mpls.iter().map(|label| card.mpls(*label)).collect(),
            vxlans: keys.vxlans.iter().map(|vni| card.vxlan(*vni)).collect(),
            ports: keys.ports.iter().map(|port| card.port(*port)).collect(),
            addresses: keys
                .addresses
                .iter()
                .map(|(vrf, v6, to)| card.route(*vrf, *v6, *to))
                .collect(),
        }
    }
}

/// An address of some family, in a VRF.
type Address = (u16, bool, u128);

/// Every answer to one address that some route of its VRF gives, the longest or not.
fn covering(card: &Card, entries: &Entries, (vrf, v6, to): Address) -> Vec<Answer> {
    let word = entries.vrfs.get(&vrf.into());
    if word.is_some_and(|word| word.punt_all) {
        return vec![Answer::PuntAll];
    }
    let routes = entries.routes.iter().filter(|(prefix, _)| {
        let own = prefix.vrf == vrf && prefix.v6 == v6;
        own && to & mask(v6, prefix.length) == prefix.address
    });
    let routes = routes.map(|(_, entry)| (entry.nexthop, entry.label, Card::arp(entry)));
    let default = word.and_then(|word| {
        if v6 {
            let says = (word.default6_nexthop, word.default6_label, 0);
            word.default6_valid.then_some(says)
        } else {
            let arp = word.default_arp.code() << 1;
            let says = (word.default_nexthop, word.default_label, arp);
            word.default_valid.then_some(says)
        }
    });
    routes
        .chain(default)
        .map(|(nexthop, label, arp)| card.at(nexthop, label, arp))
        .collect()
}

/// Runs one plan, write by write.
fn walk(card: &mut Card, old: &Placed, want: &Entries) -> Result<Option<Placed>, TestCaseError> {
    let Ok((plan, placed)) = plan(old, want) else {
        return Ok(None);
    };
    let keys = keys(old.entries(), placed.entries());
    let before = card.clone();
    let mut after = card.clone();
    plan.steps.iter().for_each(|step| after.write(step));
    let (first, last) = (Seen::new(&before, &keys), Seen::new(&after, &keys));
    // What changes hands is shut for a while: then a miss is right, a wrong answer still is not.
    let shut = hands::between(old.entries(), placed.entries()).is_some();
    let own: BTreeSet<u32> = placed.entries().vrfs.keys().copied().collect();
    // What fits only once the old entries are gone may be punted until then.
    let (_, half) = once(old, want).expect("there is a plan");
    let waits = |vrf: u16| {
        let word = half.entries().vrfs.get(&vrf.into());
        word.is_some_and(|word| word.punt_all)
    };

    for (number, step) in plan.steps.iter().enumerate() {
        card.write(step);
        let at = format!("after step {} of\n{plan}", number + 1);
        let now = Seen::new(card, &keys);
        for (now, first, last) in [
            (&now.floods, &first.floods, &last.floods),
            (&now.bridges, &first.bridges, &last.bridges),
            (&now.stitched, &first.stitched, &last.stitched),
            (&now.mpls, &first.mpls, &last.mpls),
            (&now.vxlans, &first.vxlans, &last.vxlans),
            (&now.ports, &first.ports, &last.ports),
        ] {
            for ((now, first), last) in now.iter().zip(first).zip(last) {
                let right: Vec<&Answer> = first.iter().chain(last).collect();
                let right = match now {
                    Some(now) => now.is_among(&right, [&before, &after]),
                    None => first.is_none() || last.is_none() || shut,
                };
                prop_assert!(right, "{now:?} is neither {first:?} nor {last:?} {at}");
            }
        }
        for (n, address) in keys.addresses.iter().enumerate() {
            let (vrf, v6, to) = *address;
            let (now, first, last) = (&now.addresses[n], &first.addresses[n], &last.addresses[n]);
            let Some(answer) = now else {
                let may_miss = shut || first.is_none() || last.is_none();
                prop_assert!(may_miss, "vrf {vrf} misses {to:#x} (v6 {v6}) {at}");
                continue;
            };
            let mut right = covering(&before, old.entries(), *address);
            if own.contains(&u32::from(vrf)) {
                right.extend(covering(&after, placed.entries(), *address));
            }
            right.extend(waits(vrf).then_some(Answer::PuntAll));
            let right: Vec<&Answer> = right.iter().collect();
            prop_assert!(
                answer.is_among(&right, [&before, &after]),
                "{answer:?} in vrf {vrf} for {to:#x} {at}"
            );
        }
        card.dangles(&at)?;
        isolated(
            card,
            &keys,
            (&before, old.entries()),
            (&after, placed.entries()),
            (&waits, &at),
        )?;
    }
    let rows = placed
        .rows()
        .map(|(table, address, row)| ((table, address), row));
    prop_assert_eq!(card.rows(), rows.collect());
    for (vrf, word) in &want.vrfs {
        let is = &placed.entries().vrfs[vrf];
        prop_assert!(is == word || is.punt_all);
    }
    let (again, same) = super::plan(&placed, want).expect("what fits once fits again");
    prop_assert_eq!(again.steps, vec![]);
    prop_assert_eq!(same.entries(), placed.entries());
    Ok(Some(placed))
}

/// What comes in at a port is answered by the port's own VRF, before or after, and by no other's.
fn isolated(
    card: &Card,
    keys: &Keys,
    (before, old): (&Card, &Entries),
    (after, new): (&Card, &Entries),
    (waits, at): (&impl Fn(u16) -> bool, &str),
) -> Result<(), TestCaseError> {
    let home = |entries: &Entries, port: u32| {
        let vif = entries.ports.get(&port)?.vif;
        Some(entries.vifs.get(&vif.into())?.vrf)
    };
    let doors = |entries: &Entries, vrf: u16| -> BTreeSet<u32> {
        let ports = entries.ports.keys().copied();
        ports
            .filter(|port| home(entries, *port) == Some(vrf))
            .collect()
    };
    let vnis = |entries: &Entries, vrf: u16| -> BTreeSet<u32> {
        let vxlans = entries.vxlans.iter();
        vxlans
            .filter(|(_, entry)| entry.vrf == vrf)
            .map(|(vni, _)| *vni)
            .collect()
    };
    let labels = |entries: &Entries, vrf: u16| -> BTreeSet<u32> {
        let mpls = entries.mpls.iter();
        mpls.filter(|(_, entry)| states::routes(entry) && entry.vrf == vrf)
            .map(|(label, _)| *label)
            .collect()
    };
    let stays = |vrf: u16| {
        !doors(old, vrf).is_disjoint(&doors(new, vrf))
            || !vnis(old, vrf).is_disjoint(&vnis(new, vrf))
            || !labels(old, vrf).is_disjoint(&labels(new, vrf))
    };
    for port in &keys.ports {
        let Some(vrf) = card.home(*port) else {
            continue;
        };
        let ends = keys.addresses.iter().map(|(_, v6, to)| (*v6, *to));
        for (v6, to) in ends.collect::<BTreeSet<_>>() {
            let Some(answer) = card.route(vrf, v6, to) else {
                continue;
            };
            let covering = |card, entries, vrf| covering(card, entries, (vrf, v6, to));
            let mut right = Vec::new();
            right.extend(waits(vrf).then_some(Answer::PuntAll));
            if let Some(vrf) = home(old, *port) {
                right.extend(covering(before, old, vrf));
                right.extend(
                    stays(vrf)
                        .then(|| covering(after, new, vrf))
                        .into_iter()
                        .flatten(),
                );
            }
            if let Some(vrf) = home(new, *port) {
                right.extend(covering(after, new, vrf));
                right.extend(
                    stays(vrf)
                        .then(|| covering(before, old, vrf))
                        .into_iter()
                        .flatten(),
                );
            }
            let right: Vec<&Answer> = right.iter().collect();
            prop_assert!(
                answer.is_among(&right, [before, after]),
                "port {port}, {to:#x}: {answer:?} {at}"
            );
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_write_of_every_plan_keeps_the_promises(states in prop::collection::vec(any_state(), 1..5)) {
        let mut placed = Placed::empty(&TINY, SEED);
        let mut card = Card::new(&TINY, SEED);
        for want in &states {
            if let Some(next) = walk(&mut card, &placed, want)? {
                placed = next;
            }
        }
        // And down to nothing.
        let placed = walk(&mut card, &placed, &Entries::default())?.expect("nothing always fits");
        prop_assert_eq!(placed.rows().count(), 0);
    }
}
