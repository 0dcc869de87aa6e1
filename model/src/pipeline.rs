//! The stages in their order, and nothing else.

use crate::s14_encap::quota::Punted;
use crate::s14_encap::Identification;
use crate::tables::Tables;
use crate::{
    gather, s10_route, s11_member, s12_nexthop, s13_rewrite, s14_encap, s1_parse, s2_classify,
    s3_decap, s4_inner, s5_quoted, s6_bridge, s7_receiver, s8_key, s9_flow,
};
use underpass_layout::meta::{Edit, Meta, Round, STAGES};

/// How many of [`STAGES`] come before the flow is looked up.
const BEFORE_FLOW: usize = 9;

/// From where a packet comes to the stages.
#[derive(Clone, Copy, Debug)]
pub enum Entrance<'a> {
    /// From outside, on this port.
    Port(u16),
    /// From an earlier round, with what is known of it.
    Round(&'a Round),
}

/// Takes a packet through the stages up to the key of its flow. `meta` is all zero; `watch` sees each stage's name, as
/// [`STAGES`] has it, and what is known after it.
pub fn to_flow(
    tables: &Tables,
    frame: &[u8],
    from: Entrance<'_>,
    meta: &mut Meta,
    mut watch: impl FnMut(&'static str, &Meta),
) {
    let mut stage = 0;
    let mut passed = |meta: &Meta| {
        watch(STAGES[stage].0, meta);
        stage += 1;
    };
    let window = match from {
        Entrance::Port(port) => gather::gather(frame, port, meta),
        Entrance::Round(round) => gather::again(frame, round, meta),
    };
    passed(meta);
    s1_parse::parse(&window, meta);
    passed(meta);
    s2_classify::classify(tables, meta);
    passed(meta);
    s3_decap::decap(tables, meta);
    passed(meta);
    s4_inner::inner(&window, meta);
    passed(meta);
    s5_quoted::quoted(&window, meta);
    passed(meta);
    s6_bridge::bridge(tables, meta);
    passed(meta);
    s7_receiver::receiver(tables, meta);
    passed(meta);
    s8_key::derive(tables, meta);
    passed(meta);
}

/// Takes it through the others. What becomes of its bytes is written to `edit`.
pub(crate) fn from_flow(
    tables: &Tables,
    ids: &mut Identification,
    punted: &mut Punted,
    meta: &mut Meta,
    edit: &mut Edit,
    mut watch: impl FnMut(&'static str, &Meta),
) {
    let mut stage = BEFORE_FLOW;
    let mut passed = |meta: &Meta| {
        watch(STAGES[stage].0, meta);
        stage += 1;
    };
    s9_flow::flow(tables, meta);
    passed(meta);
    s10_route::route(tables, meta);
    passed(meta);
    s11_member::member(tables, meta);
    passed(meta);
    s12_nexthop::nexthop(tables, meta);
    passed(meta);
    s13_rewrite::rewrite(meta);
    passed(meta);
    s14_encap::encap_into(ids, meta, edit);
    punted.limit(tables, meta, edit);
    passed(meta);
}
