//! What is around the core.
pub mod slow_fifo;
