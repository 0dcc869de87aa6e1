//! The walk of one packet, for people: one line a stage, with the names that the tree has.
//!
//! ```text
//! s2_classify  port vf0                            -> vif 3 (vm)
//! s6_bridge    00:00:5e:00:01:00 in vrf 3          -> routed
//! s10_route    10.2.2.4 in vrf 3                   -> nexthop 24
//! ```
//! Stages that a packet did not pass are left out. What goes round for it follows behind an empty line, a pass after the
//! other.

mod changes;
mod flows;
mod lines;
mod names;
mod rounds;

use crate::s7_receiver::is_routed_later;
use std::fmt;
use underpass_layout::meta::{Edit, Meta, RoundKind};
use underpass_layout::tables::TunnelKind;
use underpass_layout::Verdict;

/// Columns for what was seen; more where IPv6 addresses need them.
const SEEN_WIDTH: usize = 44;

/// What each stage made of a packet.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Each stage with what was known after it.
    pub steps: Vec<(&'static str, Meta)>,
    /// What was done with the bytes.
    pub edit: Edit,
    /// What each pass of what went round for it made of that, one after the other.
    pub rounds: Vec<Trace>,
}

/// Did `s10_route` find the nexthop, or was it known before?
fn is_routed_here(meta: &Meta) -> bool {
    let onward = &meta.flow.onward;
    is_routed_later(meta) || onward.steer || onward.translate && onward.vrf != meta.receiver.vrf
}

/// Has `s1_parse` something to tell? Not of a tenant's packet that came through no tunnel and goes round.
fn has_outside(meta: &Meta) -> bool {
    let kind = meta.arrival.round.kind;
    let bare = matches!(
        kind,
        RoundKind::Tenant | RoundKind::Member | RoundKind::Transmit
    );
    !bare || meta.parse.tunnel != TunnelKind::None
}

/// Is the nexthop one of several, or several?
fn is_member(before: Option<&Meta>, meta: &Meta) -> bool {
    let chosen = before.is_some_and(|before| before.route != meta.route);
    chosen || meta.member.list || meta.arrival.round.kind == RoundKind::Member
}

/// What a stage looked at, and what came of it.
struct Line {
    seen: String,
    result: String,
}

impl Trace {
    /// Of one pass.
    pub(crate) fn of(steps: Vec<(&'static str, Meta)>, edit: Edit) -> Self {
        Trace {
            steps,
            edit,
            rounds: Vec::new(),
        }
    }

    /// The lines of the stages that had to do with the packet.
    fn lines(&self) -> impl Iterator<Item = (&'static str, Line)> + '_ {
        let mut before = Verdict::Continue;
        let mut known: Option<&Meta> = None;
        self.steps.iter().filter_map(move |(stage, meta)| {
            let earlier = known.replace(meta);
            let after = Verdict::from(meta.verdict);
            let open = before == Verdict::Continue;
            let passed = match *stage {
                "s1_parse" => has_outside(meta),
                "s5_quoted" => meta.quoted.error || meta.syn.offset != 0,
                "s7_receiver" => open || meta.receiver.wanted,
                "s8_key" => meta.receiver.wanted,
                "s9_flow" => open || meta.flow.looked_up,
                "s10_route" => open && is_routed_here(meta),
                "s11_member" => open && is_member(earlier, meta),
                "s14_encap" => !self.edit.drop,
                "s12_nexthop" => open && !meta.answer.on,
                "s13_rewrite" => open || meta.rewrite.patch.on,
                _ => open,
            };
            let changed = before != after;
            before = after;
            let mut line = passed.then(|| lines::line(stage, meta, &self.edit))?;
            if changed && *stage != "s14_encap" && !meta.member.skip {
                line.result = after.to_string();
            }
            Some((*stage, line))
        })
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.lines().collect();
        let longest = lines
            .iter()
            .map(|(_, line)| line.seen.chars().count())
            .max();
        let width = longest.unwrap_or(0).max(SEEN_WIDTH);
        for (stage, Line { seen, result }) in lines {
            writeln!(f, "{stage:<12} {seen:<width$} -> {result}")?;
        }
        self.rounds
            .iter()
            .try_for_each(|round| write!(f, "\n{round}"))
    }
}
