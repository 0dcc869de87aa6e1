//! The stages in their order, and nothing else.

use crate::s10_encap::Identification;
use crate::tables::Tables;
use crate::{
    gather, s10_encap, s1_parse, s2_classify, s3_decap, s4_inner, s5_bridge, s6_route, s7_nexthop,
    s8_flow, s9_rewrite,
};
use underpass_layout::meta::{Edit, Meta, STAGES};

/// Takes a packet through all stages. `meta` is all zero; `watch` sees each stage's name, as [`STAGES`] has it, and
/// what is known after it.
pub fn run(
    tables: &Tables,
    ids: &mut Identification,
    frame: &[u8],
    port: u16,
    meta: &mut Meta,
    mut watch: impl FnMut(&'static str, &Meta),
) -> Edit {
    let mut stages = STAGES.iter().map(|(name, _)| *name);
    let mut passed = |meta: &Meta| {
        if let Some(name) = stages.next() {
            watch(name, meta);
        }
    };
    let window = gather::gather(frame, port, meta);
    passed(meta);
    s1_parse::parse(&window, meta);
    passed(meta);
    s2_classify::classify(tables, meta);
    passed(meta);
    s3_decap::decap(tables, meta);
    passed(meta);
    s4_inner::inner(&window, meta);
    passed(meta);
    s5_bridge::bridge(tables, meta);
    passed(meta);
    s6_route::route(tables, meta);
    passed(meta);
    s7_nexthop::nexthop(tables, meta);
    passed(meta);
    s8_flow::flow(tables, meta);
    passed(meta);
    s9_rewrite::rewrite(meta);
    passed(meta);
    let edit = s10_encap::encap(ids, meta);
    passed(meta);
    edit
}
