//! The tables in the shapes of the tools that Contrail's people and their scripts read: `flow`, `vif`, `nh`, `rt`, `mirror`.
//!
//! ```text
//!   objects, flows, counters ──views──▶ Flow, Interface, Nexthop, ... ──print──▶ any `impl Write`
//! ```
//! A shape is a type here that holds what is printed and nothing else; [`views`] makes them from what a session knows. Columns,
//! spacing and words are the tools' own (those of the release that prints `FatFlows (Protocol/Port)`), with one difference:
//! blanks at the end of a line are left out.

mod bridge;
mod drops;
mod flow;
mod interface;
mod labels;
mod legend;
mod mirror;
mod nexthop;
mod route;
pub mod views;

pub use bridge::{Bridge, BridgeTable};
pub use drops::DropTable;
pub use flow::{Flow, FlowAction, FlowTable, Matching, TcpState};
pub use interface::{FatFlow, Interface, InterfaceTable};
pub use labels::{LabelTable, VniTable};
pub use mirror::{Mirror, MirrorTable};
pub use nexthop::{Nexthop, NexthopShape};
pub use route::{Route, RouteTable};

use std::fmt;
use std::io::{self, Write};

/// Blanks in front of the lines below an interface's or a nexthop's first one.
const INDENT: usize = 12;

/// Writes a line without the blanks at its end.
fn line(out: &mut impl Write, text: impl fmt::Display) -> io::Result<()> {
    writeln!(out, "{}", text.to_string().trim_end())
}

/// A MAC as `ether_ntoa` writes it: bytes without leading zeros.
struct Short([u8; 6]);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, last] = self.0;
        f.pad(&format!("{a:x}:{b:x}:{c:x}:{d:x}:{e:x}:{last:x}"))
    }
}

/// A MAC with two digits to a byte.
struct Long([u8; 6]);

impl fmt::Display for Long {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, last] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{last:02x}")
    }
}

/// Bytes in hex, a blank behind each.
struct Spaced<'a>(&'a [u8]);

impl fmt::Display for Spaced<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x} "))
    }
}

#[cfg(test)]
mod tests;
