//! Where source MACs were seen.

pub(super) mod learn;
pub(super) mod learning;
