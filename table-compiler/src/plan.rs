//! entries -> plan: the ordered writes that take a card from what it holds to what it shall hold.
//!
//! ```text
//!   new first      fat qos stitched ─▶ member, group, origin, nexthop ─▶ source ─▶ bridge route flood ─▶ vrf
//!                  ─▶ mirror ─▶ mpls vxlan ─▶ vif learned ─▶ port                             targets before users
//!   then the old   port learned mpls vxlan vif ─▶ vrf ─▶ route flood bridge ─▶ source mirror
//!                  ─▶ nexthop, group, origin, member ─▶ stitched fat qos                      users before targets
//! ```
//! Make before break: after every single write no packet meets a row that is not there, and no key that is in both
//! states ever misses; it answers as it did or as it shall. A plan is made as a whole or not at all.
//!
//! Where numbers are used again, `hand_over` takes care of nexthops, `lasting` of groups of such, and `hands` of VRFs and
//! interfaces. Sets of rules (`fat_sets`) and mirrors (`mirrors`) get other numbers than the entries say where those are
//! taken, and members of groups (`groups`) lie where there is room.
//!
//! What came while packets passed, such as learned MACs (`at_run_time`), stays for as long as what it leads to does.

mod at_run_time;
mod fat_sets;
mod groups;
mod hand_over;
mod hands;
mod lasting;
mod mirrors;
mod planner;
mod routes;
mod spread;
mod step;
#[cfg(test)]
mod tests;
mod users;

pub use at_run_time::AtRunTimeError;
pub use step::Step;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use underpass_layout::tables::{by_name, id, ArpAnswer, StitchedEntry, Table, VrfEntry};

use crate::entries::{Entries, Prefix};
use crate::placed::{Placed, TableFull};
use planner::{Planner, Which};
use routes::Routes;

/// Writes in the order in which they are to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Plan {
    /// The writes.
    pub steps: Vec<Step>,
}

/// One line a write, numbered from 1.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.steps.len().to_string().len();
        let mut steps = self.steps.iter().enumerate();
        steps.try_for_each(|(number, step)| writeln!(f, "{:>width$} {step}", number + 1))
    }
}

/// Why there is no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Something does not fit, and nothing else can stand in for it.
    #[error(transparent)]
    Full(#[from] TableFull),
}

/// The writes that make a card that holds `old` say what is wanted, and what it holds then.
///
/// Where routes find no room, the VRF that has most of them is punted as a whole, until the others fit; one that is punted
/// already goes first. Where MACs for ARP find none, the slow path answers in their place, likewise. What fits only once the
/// old entries are gone comes then, so that the same plan once more is no write.
///
/// # Errors
/// A table other than those is full; then nothing has been planned.
pub fn plan(old: &Placed, want: &Entries) -> Result<(Plan, Placed), PlanError> {
    let (mut plan, mut placed) = once(old, want)?;
    // Each time fewer are left out: those that are in stay in.
    while !left_out(&placed.entries, want).is_empty() {
        match once(&placed, want) {
            Ok((more, next)) if !more.steps.is_empty() => {
                plan.steps.extend(more.steps);
                placed = next;
            }
            _ => break,
        }
    }
    Ok((plan, placed))
}

/// A plan that leaves out what does not fit beside what the card still holds.
fn once(old: &Placed, want: &Entries) -> Result<(Plan, Placed), PlanError> {
    let mut want = Cow::Borrowed(want);
    fat_sets::renumber(&old.entries, &mut want, old.profile())?;
    mirrors::renumber(old, &mut want)?;
    let kept = at_run_time::keep(old, &mut want);
    let out = left_out(&old.entries, &want);
    loop {
        match attempt(old, &want) {
            Ok((steps, mut placed)) => {
                placed.at_run_time = kept;
                return Ok((Plan { steps }, placed));
            }
            Err(full) if full.table == StitchedEntry::TABLE.name => {
                let largest = most_stitched(&want, &out).ok_or(full)?;
                ask(want.to_mut(), largest);
            }
            Err(full) => {
                let largest = largest(&want, full.table, &out).ok_or(full)?;
                punt(want.to_mut(), largest);
            }
        }
    }
}

fn attempt(old: &Placed, want: &Entries) -> Result<(Vec<Step>, Placed), TableFull> {
    let mut planner = Planner::new(old);
    if let Some(between) = hands::between(&old.entries, want) {
        advance(&mut planner, &between)?;
    }
    advance(&mut planner, want)?;
    Ok(planner.finish())
}

/// From what the card holds to `want`, in the order that makes before it breaks.
fn advance(planner: &mut Planner, want: &Entries) -> Result<(), TableFull> {
    fat_sets::bring(planner, want);
    planner.bring(id::QOS, |e| &mut e.qos, &want.qos, Which::Both);
    let quotas = &want.punt_quotas;
    planner.bring(id::PUNT_QUOTA, |e| &mut e.punt_quotas, quotas, Which::Both);
    planner.bring_exact(id::STITCHED, |e| &mut e.stitched, &want.stitched)?;
    let nexthops = mirrors::without_new(&planner.now.entries, want);
    planner.bring_if(
        id::NEXTHOP,
        |e| &mut e.nexthops,
        &nexthops,
        |row| !want.groups.contains_key(row),
    );
    planner.bring(id::SOURCE, |e| &mut e.sources, &want.sources, Which::New);
    hand_over::hand_over(planner, want, &nexthops)?;
    planner.bring_exact(id::ORIGIN, |e| &mut e.origins, &want.origins)?;
    planner.bring(
        id::SOURCE,
        |e| &mut e.sources,
        &want.sources,
        Which::Changed,
    );
    planner.bring_exact(id::BRIDGE, |e| &mut e.bridges, &want.bridges)?;
    planner.bring(id::FLOOD, |e| &mut e.floods, &want.floods, Which::Both);
    let routes = Routes::bring(planner, want)?;
    routes.turn(planner);
    mirrors::bring(planner, want);
    planner.bring(
        id::NEXTHOP,
        |e| &mut e.nexthops,
        &want.nexthops,
        Which::Changed,
    );
    planner.bring(id::MPLS, |e| &mut e.mpls, &want.mpls, Which::Both);
    planner.bring_exact(id::VXLAN, |e| &mut e.vxlans, &want.vxlans)?;
    planner.bring(id::VIF, |e| &mut e.vifs, &want.vifs, Which::Both);
    planner.bring_exact(id::LEARNED, |e| &mut e.learned, &want.learned)?;
    planner.bring(id::PORT, |e| &mut e.ports, &want.ports, Which::Both);

    planner.take(id::PORT, |e| &mut e.ports, &want.ports);
    planner.take_exact(id::LEARNED, |e| &mut e.learned, &want.learned);
    planner.take(id::MPLS, |e| &mut e.mpls, &want.mpls);
    planner.take_exact(id::VXLAN, |e| &mut e.vxlans, &want.vxlans);
    planner.take(id::VIF, |e| &mut e.vifs, &want.vifs);
    routes.take(planner, want);
    planner.take(id::FLOOD, |e| &mut e.floods, &want.floods);
    planner.take_exact(id::BRIDGE, |e| &mut e.bridges, &want.bridges);
    planner.take(id::SOURCE, |e| &mut e.sources, &want.sources);
    mirrors::take(planner, want);
    groups::take_nexthops(planner, want);
    groups::take(planner, want);
    planner.take(id::NEXTHOP, |e| &mut e.nexthops, &want.nexthops);
    planner.take_exact(id::STITCHED, |e| &mut e.stitched, &want.stitched);
    fat_sets::take(planner, want);
    planner.take(id::PUNT_QUOTA, |e| &mut e.punt_quotas, quotas);
    planner.take(id::QOS, |e| &mut e.qos, &want.qos);
    Ok(())
}

/// VRFs that the card leaves something to the slow path of which is wanted on it.
fn left_out(now: &Entries, want: &Entries) -> BTreeSet<u16> {
    let punted = now.vrfs.iter().filter(|(vrf, word)| {
        let wanted = want.vrfs.get(vrf);
        word.punt_all && wanted.is_some_and(|wanted| !wanted.punt_all)
    });
    let punted = punted.map(|(vrf, _)| *vrf as u16);
    let asked = want.stitched.keys().filter(|(vrf, address)| {
        let route = now.routes.get(&Prefix::host(*vrf, *address));
        route.is_some_and(|route| route.arp == ArpAnswer::Ask)
    });
    punted.chain(asked.map(|(vrf, _)| *vrf)).collect()
}

/// The VRF with most routes in a table of routes, of those that are out already if there are any. `None` for other tables:
/// nothing stands in for what is in them.
fn largest(want: &Entries, table: &str, out: &BTreeSet<u16>) -> Option<u16> {
    let host = match by_name(table)?.id {
        id::ROUTE_HOST => true,
        id::ROUTE_BANK => false,
        _ => return None,
    };
    let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
    for prefix in want.routes.keys().filter(|prefix| prefix.is_host() == host) {
        *counts.entry(prefix.vrf).or_default() += 1;
    }
    most(counts, out)
}

/// Who has most, of those that are out already if there are any.
fn most(counts: BTreeMap<u16, usize>, out: &BTreeSet<u16>) -> Option<u16> {
    let counts = counts.into_iter();
    let most = counts.max_by_key(|(vrf, count)| (out.contains(vrf), *count));
    most.map(|(vrf, _)| vrf)
}

/// Hands everything that wants a route of this VRF to the slow path.
fn punt(want: &mut Entries, vrf: u16) {
    want.routes.retain(|prefix, _| prefix.vrf != vrf);
    let word = VrfEntry {
        valid: true,
        punt_all: true,
        ..VrfEntry::default()
    };
    want.vrfs.insert(vrf.into(), word);
    want.stitched.retain(|key, _| key.0 != vrf);
}

/// The VRF with most MACs for ARP, likewise.
fn most_stitched(want: &Entries, out: &BTreeSet<u16>) -> Option<u16> {
    let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
    for (vrf, _) in want.stitched.keys() {
        *counts.entry(*vrf).or_default() += 1;
    }
    most(counts, out)
}

/// Has the slow path answer ARP that this VRF has MACs for.
fn ask(want: &mut Entries, vrf: u16) {
    want.stitched.retain(|key, _| key.0 != vrf);
    let own = want.routes.iter_mut().filter(|(key, _)| key.vrf == vrf);
    for (_, route) in own.filter(|(_, route)| route.arp == ArpAnswer::Stitched) {
        route.arp = ArpAnswer::Ask;
    }
}
