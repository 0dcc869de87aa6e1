//! entries -> plan: the ordered writes that take a card from what it holds to what it shall hold.
//!
//! ```text
//!   new first      fat ─▶ nexthop source ─▶ bridge route ─▶ vrf ─▶ mpls vxlan ─▶ vif ─▶ port      targets before users
//!   then the old   port mpls vxlan vif ─▶ vrf ─▶ route bridge ─▶ source nexthop ─▶ fat            users before targets
//! ```
//! Make before break: after every single write no packet meets a row that is not there, and no key that is in both
//! states ever misses; it answers as it did or as it shall. A plan is made as a whole or not at all.
//!
//! Three things take care where numbers are used again: `hand_over` for nexthops, `hands` for VRFs and interfaces,
//! `fat_sets` for sets of rules, which get other numbers than the entries say where those are taken.

mod fat_sets;
mod hand_over;
mod hands;
mod planner;
mod routes;
mod step;
#[cfg(test)]
mod tests;

pub use step::Step;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use underpass_layout::tables::{by_name, id, VrfEntry};

use crate::entries::Entries;
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
/// Where routes find no room, the VRF that has most of them is punted as a whole, until the others fit.
///
/// # Errors
/// A table other than those of routes is full; then nothing has been planned.
pub fn plan(old: &Placed, want: &Entries) -> Result<(Plan, Placed), PlanError> {
    let mut want = Cow::Borrowed(want);
    fat_sets::renumber(&old.entries, &mut want, old.profile())?;
    loop {
        match attempt(old, &want) {
            Ok((steps, placed)) => return Ok((Plan { steps }, placed)),
            Err(full) => {
                let largest = largest(&want, full.table).ok_or(full)?;
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
    planner.bring(id::NEXTHOP, |e| &mut e.nexthops, &want.nexthops, Which::New);
    planner.bring(id::SOURCE, |e| &mut e.sources, &want.sources, Which::New);
    hand_over::hand_over(planner, want)?;
    planner.bring(
        id::SOURCE,
        |e| &mut e.sources,
        &want.sources,
        Which::Changed,
    );
    planner.bring_exact(id::BRIDGE, |e| &mut e.bridges, &want.bridges)?;
    let routes = Routes::bring(planner, want)?;
    routes.turn(planner);
    planner.bring(id::MPLS, |e| &mut e.mpls, &want.mpls, Which::Both);
    planner.bring_exact(id::VXLAN, |e| &mut e.vxlans, &want.vxlans)?;
    planner.bring(id::VIF, |e| &mut e.vifs, &want.vifs, Which::Both);
    planner.bring(id::PORT, |e| &mut e.ports, &want.ports, Which::Both);

    planner.take(id::PORT, |e| &mut e.ports, &want.ports);
    planner.take(id::MPLS, |e| &mut e.mpls, &want.mpls);
    planner.take_exact(id::VXLAN, |e| &mut e.vxlans, &want.vxlans);
    planner.take(id::VIF, |e| &mut e.vifs, &want.vifs);
    routes.take(planner, want);
    planner.take_exact(id::BRIDGE, |e| &mut e.bridges, &want.bridges);
    planner.take(id::SOURCE, |e| &mut e.sources, &want.sources);
    planner.take(id::NEXTHOP, |e| &mut e.nexthops, &want.nexthops);
    fat_sets::take(planner, want);
    Ok(())
}

/// The VRF with most routes in a table of routes. `None` for other tables: nothing stands in for what is in them.
fn largest(want: &Entries, table: &str) -> Option<u16> {
    let host = match by_name(table)?.id {
        id::ROUTE_HOST => true,
        id::ROUTE_BANK => false,
        _ => return None,
    };
    let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
    for prefix in want.routes.keys().filter(|prefix| prefix.is_host() == host) {
        *counts.entry(prefix.vrf).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|(_, count)| *count)
        .map(|(vrf, _)| vrf)
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
}
