//! The card's edges: AXI4-Lite, the registers, the chain to the tables, the hash words.

pub mod axil;
pub mod ends;
pub mod host_bus;
pub mod registers;
pub mod seed;
mod table_access;
pub mod within;
