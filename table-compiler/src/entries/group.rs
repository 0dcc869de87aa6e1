//! `group`, `member`: nexthops that stand for several others.
//!
//! ```text
//!   composite, one is chosen ────▶ [choice]  its members, and those of members that are such a choice themselves
//!   composite for a packet's copies ▶ [list]  the members of its lists, one behind the other, each with its leg
//!   tunnel with several uplinks ─▶ [uplinks]  a nexthop of its own for each uplink, one is chosen
//! ```
//! Here a group has no place yet: where its rows lie, and how many rows each member of a choice has, is a matter of room
//! and of what was there before (see [`plan`](mod@crate::plan)).

mod choice;
mod list;
mod uplinks;
mod within;

pub(super) use list::leg;
pub(super) use uplinks::Uplinks;
pub(super) use within::check_apart;

use std::collections::BTreeMap;

use underpass_layout::tables::{id, GroupEntry, GroupKind, MemberEntry, TABLES};

use super::error::EntryError;
use super::flow::is_ecmp;
use super::index::Index;
use crate::objects::{Nexthop, NexthopFlags, NexthopKind};

/// Rows that a choice takes for each member at least, so that the members' shares are nearly alike; fewer where these
/// would be more than [`most_rows`].
const ROWS_A_MEMBER: usize = 8;
/// Rows of a choice at most.
const MOST_ROWS: usize = 1 << 10;
/// Copies of a list at most: 12 bits.
const MOST_COPIES: usize = (1 << 12) - 1;

/// Of which members a nexthop that stands for several consists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// The row of `group` but for its place: `first` is zero. Of a choice `count` is the power of two of rows that it
    /// shall have at least.
    pub entry: GroupEntry,
    /// The members; those of a list in the order in which copies are made.
    pub members: Vec<MemberEntry>,
}

/// What a composite is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// One of its members is chosen.
    Choice,
    /// Every member has a copy.
    List,
    /// It is a part of a list: nothing leads to it but the list.
    Part,
}

/// What a nexthop is for, if it is a composite.
pub(super) fn purpose(nexthop: &Nexthop) -> Option<Purpose> {
    let NexthopKind::Composite { .. } = nexthop.kind else {
        return None;
    };
    Some(if is_ecmp(nexthop) {
        Purpose::Choice
    } else if nexthop.flags.contains(NexthopFlags::MCAST) {
        Purpose::List
    } else {
        Purpose::Part
    })
}

pub(super) fn entries(index: &Index<'_>) -> Result<BTreeMap<u32, Group>, EntryError> {
    let mut groups = BTreeMap::new();
    for nexthop in index.nexthops.values() {
        let group = match purpose(nexthop) {
            Some(Purpose::Choice) => choice::group(nexthop, index)?,
            Some(Purpose::List) => list::group(nexthop, index)?,
            Some(Purpose::Part) => continue,
            None => match index.uplinks.of(nexthop.id) {
                [] => continue,
                uplinks => choice::among_uplinks(nexthop, uplinks, index)?,
            },
        };
        groups.insert(nexthop.id, group);
    }
    Ok(groups)
}

/// The group of a choice among these.
fn of_choice(
    nexthop: &Nexthop,
    members: Vec<MemberEntry>,
    entry: GroupEntry,
    index: &Index<'_>,
) -> Result<Group, EntryError> {
    let most = most_rows(index);
    limit(nexthop, members.len(), most)?;
    let rows = (members.len() * ROWS_A_MEMBER).next_power_of_two();
    let rows = rows.min(most);
    let entry = GroupEntry {
        kind: GroupKind::Ecmp,
        count: rows.ilog2() as u16,
        ..entry
    };
    Ok(Group { entry, members })
}

/// Rows that a choice takes at most on this card: a power of two, so that several find room.
fn most_rows(index: &Index<'_>) -> usize {
    let rows = index.profile.rows(&TABLES[id::MEMBER as usize]) / 8;
    1 << rows.clamp(1, MOST_ROWS).ilog2()
}

fn limit(nexthop: &Nexthop, found: usize, most: usize) -> Result<(), EntryError> {
    match found {
        0 => Err(EntryError::NoMembers {
            nexthop: nexthop.id,
        }),
        _ if found > most => Err(EntryError::TooManyMembers {
            nexthop: nexthop.id,
            found,
            most,
        }),
        _ => Ok(()),
    }
}
