//! Frames for many.

pub(super) mod copies;
pub(super) mod flood;
pub(super) mod groups;
