//! The walk of one packet.
use underpass_layout::meta::{Edit, Meta};

/// What each stage made of a packet.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Each stage with what was known after it.
    pub steps: Vec<(&'static str, Meta)>,
    /// What was done with the bytes.
    pub edit: Edit,
}
