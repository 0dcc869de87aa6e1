//! `vif --list`.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{legend, line, Long, INDENT};

/// All interfaces, or some.
#[derive(Clone, Debug, Default)]
pub struct InterfaceTable {
    /// Those, by index.
    pub interfaces: Vec<Interface>,
}

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its index.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// What is behind it: `Virtual`, `Physical`, `Host` or `Agent`.
    pub kind: &'static str,
    /// Its MAC.
    pub mac: [u8; 6],
    /// Its IPv4 address; 0.0.0.0: none.
    pub address: Ipv4Addr,
    /// Its IPv6 address.
    pub address6: Option<Ipv6Addr>,
    /// The VRF of its packets; 65535: none.
    pub vrf: u16,
    /// The letters of its flags.
    pub flags: String,
    /// What refers to it.
    pub references: u32,
    /// How its packets are marked in tunnels.
    pub qos_map: Option<u8>,
    /// Its mirror.
    pub mirror: Option<u8>,
    /// Packets and bytes from behind it.
    pub received: (u64, u64),
    /// Packets and bytes to it.
    pub sent: (u64, u64),
    /// Packets that ended here.
    pub drops: u64,
    /// What is put before a copy of a packet from it.
    pub ingress_metadata: Vec<u8>,
    /// What is put before a copy of a packet to it.
    pub egress_metadata: Vec<u8>,
    /// Which of its flows share an entry.
    pub fat_flows: Vec<FatFlow>,
    /// Addresses whose flows never do.
    pub fat_flow_excludes: Vec<IpAddr>,
}

/// A rule of fat flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FatFlow {
    /// IP protocol.
    pub protocol: u8,
    /// Port; 0 is any.
    pub port: u16,
    /// The guest's address is left out.
    pub ignore_source: bool,
    /// The other address is left out.
    pub ignore_destination: bool,
    /// The guest's prefix, its length, and the bits that are kept.
    pub source: Option<(IpAddr, u8, u8)>,
    /// Likewise for the other side.
    pub destination: Option<(IpAddr, u8, u8)>,
}

impl FatFlow {
    fn words(&self) -> String {
        let port = match self.port {
            0 => "*".to_owned(),
            port => format!("{port} "),
        };
        let aggregate = |word: &str, of: Option<(IpAddr, u8, u8)>| {
            of.map_or(String::new(), |(prefix, length, keep)| {
                format!(" {word} {prefix}/{length} {keep}")
            })
        };
        format!(
            "{}:{port}{}{}{}{}",
            self.protocol,
            if self.ignore_source { " - Sip" } else { "" },
            if self.ignore_destination {
                " - Dip"
            } else {
                ""
            },
            aggregate("AggrSrc", self.source),
            aggregate("AggrDst", self.destination),
        )
    }
}

impl InterfaceTable {
    /// Writes what `vif --list` writes.
    ///
    /// # Errors
    /// `out` takes no more.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "Vrouter Interface Table\n\n{}\n", legend::INTERFACE)?;
        self.interfaces
            .iter()
            .try_for_each(|interface| interface.print(out))
    }
}

impl Interface {
    /// Writes the interface's lines and an empty one.
    ///
    /// # Errors
    /// `out` takes no more.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let number = format!("vif0/{}", self.index);
        line(out, format_args!("{number:<INDENT$}OS: {}", self.name))?;
        below(
            out,
            format_args!(
                "Type:{} HWaddr:{} IPaddr:{}",
                self.kind,
                Long(self.mac),
                self.address
            ),
        )?;
        if let Some(address) = self.address6 {
            below(out, format_args!("IP6addr:{address}"))?;
        }
        let vrf = self.vrf;
        let mirror = self
            .mirror
            .map_or(String::new(), |mirror| format!(" Mirror index {mirror}"));
        below(
            out,
            format_args!(
                "Vrf:{vrf} Mcast Vrf:{vrf} Flags:{} QOS:{} Ref:{}{mirror}",
                self.flags,
                self.qos_map.map_or(-1, i16::from),
                self.references
            ),
        )?;
        for (word, (packets, bytes)) in [("RX", self.received), ("TX", self.sent)] {
            below(
                out,
                format_args!("{word} packets:{packets}  bytes:{bytes} errors:0"),
            )?;
        }
        below(out, format_args!("Drops:{}", self.drops))?;
        metadata(out, "Ingress Mirror Metadata: ", &self.ingress_metadata)?;
        metadata(out, "Egress Mirror Metadata: ", &self.egress_metadata)?;
        self.print_fat_flows(out)?;
        writeln!(out)
    }

    fn print_fat_flows(&self, out: &mut impl Write) -> io::Result<()> {
        const WORDS: &str = "FatFlows (Protocol/Port): ";
        let mut rules = self.fat_flows.iter();
        if let Some(first) = rules.next() {
            below(out, format_args!("{WORDS}{}", first.words()))?;
        }
        for rule in rules {
            below(
                out,
                format_args!("{:width$}{}", "", rule.words(), width = WORDS.len()),
            )?;
        }
        for (family, wanted) in [("IPv4", false), ("IPv6", true)] {
            let excludes = self
                .fat_flow_excludes
                .iter()
                .filter(|address| address.is_ipv6() == wanted);
            for (number, address) in excludes.enumerate() {
                if number == 0 {
                    writeln!(out)?;
                    below(out, format_args!("FatFlows {family} exclude prefix list:"))?;
                }
                below(out, format_args!("    {address}"))?;
            }
        }
        Ok(())
    }
}

fn below(out: &mut impl Write, text: std::fmt::Arguments<'_>) -> io::Result<()> {
    line(out, format_args!("{:INDENT$}{text}", ""))
}

/// Bytes without leading zeros, a new line where one has become long.
fn metadata(out: &mut impl Write, words: &str, bytes: &[u8]) -> io::Result<()> {
    const WIDTH: usize = 68;
    if bytes.is_empty() {
        return Ok(());
    }
    let mut text = words.to_owned();
    for byte in bytes {
        text += &format!("{byte:x} ");
        if INDENT + text.len() > WIDTH {
            below(out, format_args!("{text}"))?;
            text = " ".repeat(words.len());
        }
    }
    below(out, format_args!("{text}"))
}
