//! What every bit of the card means, declared once.
//!
//! Tables, registers, packet metadata, verdicts with their reasons and the shims of the slow port stand here and
//! nowhere else. The HDL takes its bundles from here, the model and the compiler their types, the driver its
//! addresses, the documents their tables, and the card its [layout id](id::layout_id).
//!
//! ```
//! use underpass_layout::{Record, tables::{PortEntry, Table}};
//! let entry = PortEntry { valid: true, vif: 3 };
//! assert_eq!(entry.pack(), [0b111]);
//! assert_eq!(PortEntry::unpack(&[0b111]), Ok(entry));
//! assert_eq!(PortEntry::TABLE.name, "port");
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod bits;
pub mod docs;
pub mod hash;
pub mod id;
pub mod meta;
pub mod pci;
pub mod port;
pub mod profile;
mod reason;
mod record;
pub mod registers;
pub mod rings;
pub mod shim;
pub mod tables;

pub use bits::{words_for, BadCode, Field, FieldSpec, Reader, Record, Writer};
pub use reason::{DropReason, PuntReason, Verdict, VerdictBits, VerdictKind, OUTCOMES, PUNT_BASE};
