//! `rt --dump VRF --family inet` and `inet6`.

use std::io::{self, Write};
use std::net::IpAddr;

use super::{legend, line, Short};

/// Routes of a VRF and a family.
#[derive(Clone, Debug, Default)]
pub struct RouteTable {
    /// The VRF.
    pub vrf: u16,
    /// IPv6.
    pub v6: bool,
    /// The routes, by address.
    pub routes: Vec<Route>,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The prefix.
    pub prefix: IpAddr,
    /// Its length.
    pub length: u8,
    /// The length that holds when this route goes.
    pub replaced: u8,
    /// The letters of its flags.
    pub flags: String,
    /// Label or VNI.
    pub label: Option<u32>,
    /// Nexthop.
    pub nexthop: u32,
    /// What ARP is answered with, and the place of that MAC in the bridge table.
    pub stitched: Option<([u8; 6], u32)>,
}

impl RouteTable {
    /// Writes what `rt --dump` writes.
    ///
    /// # Errors
    /// `out` takes no more.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let family = if self.v6 { '6' } else { '4' };
        line(out, legend::ROUTE)?;
        line(
            out,
            format_args!("vRouter inet{family} routing table 0/{}/unicast", self.vrf),
        )?;
        line(out, "Destination           PPL        Flags        Label         Nexthop    Stitched MAC(Index)")?;
        self.routes.iter().try_for_each(|route| route.print(out))
    }
}

impl Route {
    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let prefix = format!("{}/{:<2}", self.prefix, self.length);
        let label = self.label.map_or("-".to_owned(), |label| label.to_string());
        let stitched = self.stitched.map_or("-".to_owned(), |(mac, index)| {
            format!("{}({index})", Short(mac))
        });
        line(
            out,
            format_args!(
                "{prefix:<21}{:>4}{:8}{:>5}{:6}{label:>5}{:8}{:>7}{:8}{stitched}",
                self.replaced, "", self.flags, "", "", self.nexthop, ""
            ),
        )
    }
}
