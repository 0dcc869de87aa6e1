//! The layout id: a hash over every table, record, register and code. The card carries it, the driver compares it.

use crate::bits::{FieldSpec, Record};
use crate::hash::{SeedTarget, Split};
use crate::meta::Meta;
use crate::pci::port_access;
use crate::reason::{DropReason, PuntReason};
use crate::registers::{rings, slow, REGISTERS};
use crate::rings::{RingCommand, RingStatus};
use crate::shim::{InjectShim, PuntShim};
use crate::tables::{Lookup, TABLES};

/// 64-bit FNV-1a: no secret is involved, two layouts shall only not look alike by chance.
struct Fnv(u64);

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
        self.bytes(&[0]);
    }

    fn number(&mut self, number: usize) {
        self.bytes(&(number as u64).to_le_bytes());
    }

    fn fields(&mut self, fields: &[FieldSpec]) {
        self.number(fields.len());
        for field in fields {
            self.text(field.name);
            self.number(field.width);
            for (name, code) in field.codes {
                self.text(name);
                self.number(*code as usize);
            }
            self.fields(field.fields);
        }
    }
}

/// The id of the layout that this crate declares.
pub fn layout_id() -> u64 {
    let mut fnv = Fnv(0xcbf2_9ce4_8422_2325);
    for table in TABLES {
        fnv.text(table.name);
        fnv.number(table.id as usize);
        fnv.number(table.ways());
        fnv.fields(table.entry);
        if let Lookup::Exact {
            wide: Some(wide), ..
        } = table.lookup
        {
            fnv.fields(wide.entry);
        }
    }
    let all = [
        REGISTERS,
        slow::REGISTERS,
        rings::REGISTERS,
        port_access::REGISTERS,
    ];
    for register in all.into_iter().flatten() {
        fnv.text(register.name);
        fnv.number(register.offset as usize);
        fnv.number(register.count);
    }
    fnv.fields(PuntShim::SPEC);
    fnv.fields(InjectShim::SPEC);
    fnv.fields(RingCommand::SPEC);
    fnv.fields(RingStatus::SPEC);
    fnv.fields(Split::SPEC);
    fnv.fields(SeedTarget::SPEC);
    fnv.fields(Meta::SPEC);
    DropReason::ALL
        .iter()
        .for_each(|reason| fnv.text(reason.name()));
    PuntReason::ALL
        .iter()
        .for_each(|reason| fnv.text(reason.name()));
    fnv.number(crate::hash::PIECE_BITS);
    fnv.number(crate::hash::PIECES);
    fnv.0
}
