//! What is asked of every peer. Each check gives a figure, or says what is wrong.

pub mod flood;
pub mod mtu;
pub mod ping;
pub mod tcp;
pub mod trace;

/// A figure, or what is wrong.
pub type Found = Result<String, String>;
