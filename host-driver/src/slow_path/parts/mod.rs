//! Parts of packets: the ports of their first ones, and packets that are cut.

pub(super) mod cut;
pub(super) mod deadlines;
pub(super) mod fragmented;
pub(super) mod fragments;
pub(super) mod part;
pub(super) mod reframe;
