//! `mpls --dump` and `vxlan --dump`.

use std::io::{self, Write};

use super::line;

/// Labels of this node.
#[derive(Clone, Debug, Default)]
pub struct LabelTable {
    /// Label and nexthop, by label.
    pub labels: Vec<(u32, u32)>,
}

/// VNIs.
#[derive(Clone, Debug, Default)]
pub struct VniTable {
    /// VNI and nexthop, by VNI.
    pub vnis: Vec<(u32, u32)>,
}

impl LabelTable {
    /// Writes what `mpls --dump` writes.
    ///
    /// # Errors
    /// `out` takes no more.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "MPLS Input Label Map\n")?;
        line(out, "   Label    NextHop")?;
        line(out, "-".repeat(19))?;
        let mut rows = self.labels.iter();
        rows.try_for_each(|(label, nexthop)| line(out, format_args!("{label:>8}    {nexthop:>6}")))
    }
}

impl VniTable {
    /// Writes what `vxlan --dump` writes.
    ///
    /// # Errors
    /// `out` takes no more.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "VXLAN Table\n")?;
        line(out, " VNID    NextHop")?;
        line(out, "-".repeat(16))?;
        let mut rows = self.vnis.iter();
        rows.try_for_each(|(vni, nexthop)| line(out, format_args!("{vni:>7}    {nexthop}")))
    }
}
