//! The card's edges: AXI4-Lite, the registers, the chain to the tables, the hash words, the rings in host memory.

pub mod axil;
pub mod ends;
pub mod host_bus;
pub mod registers;
pub mod rings;
pub mod seed;
mod table_access;
pub mod within;
