//! `mirror --dump`.

use std::io::{self, Write};

use super::{legend, line};

/// All mirrors.
#[derive(Clone, Debug, Default)]
pub struct MirrorTable {
    /// They, by index.
    pub mirrors: Vec<Mirror>,
}

/// A mirror.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// Its index.
    pub index: u32,
    /// Where copies go.
    pub nexthop: u32,
    /// A header with metadata stands before them.
    pub dynamic: bool,
    /// VNI of copies over VXLAN.
    pub vni: Option<u32>,
}

impl MirrorTable {
    /// Writes what `mirror --dump` writes.
    ///
    /// # Errors
    /// `out` takes no more.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "Mirror Table\n\n{}\n", legend::MIRROR)?;
        line(out, "Index    NextHop    Flags       VNI    Vlan")?;
        line(out, "-".repeat(48))?;
        for mirror in &self.mirrors {
            let flags = if mirror.dynamic { "D" } else { "" };
            line(
                out,
                format_args!(
                    "{:>5}    {:>7}    {flags:>4}    {:>7}    {:>4}",
                    mirror.index,
                    mirror.nexthop,
                    mirror.vni.unwrap_or(0),
                    0
                ),
            )?;
        }
        Ok(())
    }
}
