//! `rt --dump VRF --family bridge`.

use std::io::{self, Write};

use super::{legend, line, Short};

/// MACs of a VRF.
#[derive(Clone, Debug, Default)]
pub struct BridgeTable {
    /// The VRF.
    pub vrf: u16,
    /// The MACs, by their places.
    pub entries: Vec<Bridge>,
}

/// A MAC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// Its place.
    pub index: u32,
    /// The MAC.
    pub mac: [u8; 6],
    /// The letters of its flags.
    pub flags: String,
    /// Label or VNI.
    pub label: Option<u32>,
    /// Nexthop.
    pub nexthop: u32,
    /// Packets to it.
    pub packets: u64,
}

impl BridgeTable {
    /// Writes what `rt --dump` writes.
    ///
    /// # Errors
    /// `out` takes no more.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        line(out, legend::BRIDGE)?;
        line(out, format_args!("vRouter bridge table 0/{}", self.vrf))?;
        line(out, "Index       DestMac                  Flags           Label/VNID      Nexthop           Stats")?;
        self.entries.iter().try_for_each(|entry| entry.print(out))
    }
}

impl Bridge {
    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let label = self.label.map_or("-".to_owned(), |label| label.to_string());
        line(
            out,
            format_args!(
                "{:<12}{:<20} {:>9}{:11} {label:>9}{:6}{:>7}{:4}{:>12}",
                self.index,
                Short(self.mac),
                self.flags,
                "",
                "",
                self.nexthop,
                "",
                self.packets
            ),
        )
    }
}
