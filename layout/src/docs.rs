//! The reference pages under `docs/generated/`, rendered from the declarations.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::bits::{FieldSpec, Record};
use crate::hash::{SeedTarget, Split};
use crate::meta::{Edit, Meta, STAGES};
use crate::pci::port_access;
use crate::profile::PROFILES;
use crate::reason::{DropReason, PuntReason, PUNT_BASE};
use crate::registers::{rings, slow, RegisterSpec, REGISTERS};
use crate::rings::{ring, CommandKind, RingCommand, RingStatus};
use crate::shim::{InjectShim, PuntShim};
use crate::tables::{Lookup, TableSpec, TABLES};

const NOTE: &str = "<!-- Generated from the layout crate by `cargo xtask gen`. -->\n\n";

/// Every page: its path below `docs/generated/` and its text.
pub fn render() -> Vec<(String, String)> {
    let mut pages: Vec<(String, String)> = TABLES
        .iter()
        .map(|table| (format!("tables/{}.md", table.name), table_page(table)))
        .collect();
    pages.push(("tables/README.md".to_string(), table_index()));
    pages.push(("registers.md".to_string(), registers()));
    pages.push(("reasons.md".to_string(), reasons()));
    pages.push(("metadata.md".to_string(), metadata()));
    pages.push(("shims.md".to_string(), shims()));
    pages.push(("rings.md".to_string(), ring_page()));
    pages
}

/// A doc comment as one line.
fn line(doc: &str) -> String {
    doc.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}

fn fields(of: &[FieldSpec], prefix: &str, at: &mut usize, out: &mut String) {
    for field in of {
        let name = format!("{prefix}{}", field.name);
        if field.fields.is_empty() {
            let codes: Vec<String> = field
                .codes
                .iter()
                .map(|(name, code)| format!("{code} {name}"))
                .collect();
            let codes = if codes.is_empty() {
                String::new()
            } else {
                format!(" ({})", codes.join(", "))
            };
            let bits = if field.width == 1 {
                at.to_string()
            } else {
                format!("{}:{}", *at + field.width - 1, at)
            };
            *out += &format!(
                "| `{name}` | {bits} | {} | {}{codes} |\n",
                field.width,
                line(field.doc)
            );
            *at += field.width;
        } else {
            fields(field.fields, &format!("{name}."), at, out);
        }
    }
}

fn field_table(of: &[FieldSpec]) -> String {
    let mut out = "| field | bits | width | meaning |\n|---|---|---|---|\n".to_string();
    fields(of, "", &mut 0, &mut out);
    out
}

fn search(table: &TableSpec) -> String {
    match table.lookup {
        Lookup::Direct => "by index".to_string(),
        Lookup::Exact {
            ways,
            slots,
            key_width,
            wide,
        } => {
            let or = wide.map_or(String::new(), |wide| {
                format!(" or one with a key of {} bits", wide.key_width)
            });
            format!("exact match on a key of {key_width} bits, {ways} ways, {slots} to a row{or}")
        }
        Lookup::Set { ways } => format!("by index, all {ways} ways at once"),
        Lookup::Counter => "by index, written by the card alone".to_string(),
    }
}

fn table_page(table: &TableSpec) -> String {
    let mut out = format!(
        "{NOTE}# Table `{}`\n\n{}\n\nId {}, searched {}.\n\n",
        table.name,
        line(table.doc),
        table.id,
        search(table)
    );
    out += &field_table(table.entry);
    if let Lookup::Exact {
        wide: Some(wide), ..
    } = table.lookup
    {
        out += "\n## The entry that takes a whole row\n\n";
        out += &field_table(wide.entry);
    }
    out += "\n| profile | rows of a way | entries |\n|---|---|---|\n";
    for profile in PROFILES {
        out += &format!(
            "| {} | {} | {} |\n",
            profile.name,
            profile.rows(table),
            profile.entries(table)
        );
    }
    out
}

fn table_index() -> String {
    let mut out = format!("{NOTE}# Tables\n\n| id | table | searched | entry, bits | question |\n|---|---|---|---|---|\n");
    for table in TABLES {
        out += &format!(
            "| {} | [{}]({}.md) | {} | {} | {} |\n",
            table.id,
            table.name,
            table.name,
            search(table),
            table.entry_width,
            line(table.doc)
        );
    }
    out
}

fn register_rows(of: &[RegisterSpec], out: &mut String) {
    for register in of {
        let name = match register.count {
            1 => register.name.to_string(),
            count => format!("{}\\[0..{count}\\]", register.name),
        };
        *out += &format!(
            "| {:#06x} | {name} | {:?} | {} |\n",
            register.offset,
            register.access,
            line(register.doc)
        );
    }
}

fn registers() -> String {
    let mut out = format!(
        "{NOTE}# Registers\n\nByte offsets in the AXI4-Lite window; all are 32 bits wide.\n\n"
    );
    out += "## Core\n\n| offset | register | access | meaning |\n|---|---|---|---|\n";
    register_rows(REGISTERS, &mut out);
    out += "\n## Slow-port FIFO, beside the core\n\n| offset | register | access | meaning |\n|---|---|---|---|\n";
    register_rows(slow::REGISTERS, &mut out);
    out += "\n## Rings in host memory\n\n";
    for (number, name) in ring::NAMES.iter().enumerate() {
        out += &format!(
            "Ring {number} is the {name} ring; its registers are {:#x} bytes further on.\n",
            rings::STRIDE as usize * number
        );
    }
    out += "\n| offset | register | access | meaning |\n|---|---|---|---|\n";
    register_rows(rings::REGISTERS, &mut out);
    out += "\n## Port access of a simulated card, in BAR2\n\n| offset | register | access | meaning |\n|---|---|---|---|\n";
    register_rows(port_access::REGISTERS, &mut out);
    out += &format!(
        "\n## What `SEED_TARGET` holds\n\n{}",
        field_table(SeedTarget::SPEC)
    );
    out += &format!(
        "\n## What the data of a split holds\n\n{}",
        field_table(Split::SPEC)
    );
    out
}

fn ring_page() -> String {
    let mut out = format!(
        "{NOTE}# Rings in host memory\n\nEach record is one beat of 64 bytes, little-endian.\n\n"
    );
    out += &format!("## Command\n\n{}\n", field_table(RingCommand::SPEC));
    out += "| kind | name | meaning |\n|---|---|---|\n";
    for kind in CommandKind::ALL {
        out += &format!("| {} | {kind:?} | {} |\n", kind.code(), line(kind.doc()));
    }
    out += &format!("\n## Status\n\n{}", field_table(RingStatus::SPEC));
    out
}

fn reasons() -> String {
    let mut out = format!(
        "{NOTE}# Reasons\n\nThe code is the place among an interface's outcome counters.\n\n"
    );
    out += "## Drops\n\n| code | reason | peer's counter | meaning |\n|---|---|---|---|\n";
    for reason in DropReason::ALL {
        out += &format!(
            "| {} | {reason:?} | {} | {} |\n",
            reason.code(),
            reason.name(),
            line(reason.doc())
        );
    }
    out += "\n## Punts\n\n| code | reason | shown as | meaning |\n|---|---|---|---|\n";
    for reason in PuntReason::ALL {
        out += &format!(
            "| {} | {reason:?} | {} | {} |\n",
            PUNT_BASE + reason.code(),
            reason.name(),
            line(reason.doc())
        );
    }
    out
}

fn metadata() -> String {
    let mut out =
        format!("{NOTE}# What one stage tells the next\n\n| stage | writes |\n|---|---|\n");
    for (stage, field) in STAGES {
        out += &format!("| {stage} | `{field}` |\n");
    }
    out += &format!(
        "\n{} bits in all.\n\n{}",
        Meta::WIDTH,
        field_table(Meta::SPEC)
    );
    out += &format!("\n## `edit`, for `deliver`\n\n{}", field_table(Edit::SPEC));
    out
}

fn shims() -> String {
    let mut out =
        format!("{NOTE}# Shims of the slow port\n\nOne beat of 64 bytes, little-endian.\n\n");
    out += &format!("## Punt\n\n{}\n", field_table(PuntShim::SPEC));
    out += &format!("## Inject\n\n{}", field_table(InjectShim::SPEC));
    out
}
