//! `nh --get`.

use std::io::{self, Write};
use std::net::IpAddr;

use super::{line, Long, Spaced};

/// Blanks in front of the lines below the first.
const INDENT: usize = 14;

/// A nexthop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nexthop {
    /// Its id.
    pub id: u32,
    /// `AF_INET`, `AF_INET6`, `AF_BRIDGE` or `AF_UNSPEC`.
    pub family: &'static str,
    /// What refers to it.
    pub references: u32,
    /// Its VRF; -1: none.
    pub vrf: i32,
    /// The words of its flags.
    pub flags: Vec<&'static str>,
    /// What it does.
    pub shape: NexthopShape,
}

/// What a nexthop does, with what is printed of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NexthopShape {
    /// Drops.
    Drop,
    /// Hands to the node.
    Receive {
        /// The host's interface.
        interface: u32,
    },
    /// Hands to the router.
    L2Receive,
    /// Waits for a MAC.
    Resolve,
    /// To an interface.
    Encap {
        /// That interface.
        interface: u32,
        /// The Ethernet header.
        header: Vec<u8>,
    },
    /// To another node.
    Tunnel {
        /// The outgoing interface.
        interface: u32,
        /// The Ethernet header.
        header: Vec<u8>,
        /// Our address.
        source: IpAddr,
        /// The other node's.
        destination: IpAddr,
        /// UDP ports of a plain UDP tunnel.
        ports: Option<(u16, u16)>,
        /// The router MAC of VXLAN with routed packets.
        l3_vxlan_mac: Option<[u8; 6]>,
    },
    /// To one of several or to all.
    Composite {
        /// What the hash is made of, where one is chosen.
        hash: Option<String>,
        /// They, with their labels.
        members: Vec<(u32, Option<u32>)>,
    },
    /// On in its VRF.
    VrfTranslate,
}

impl NexthopShape {
    fn word(&self) -> &'static str {
        match self {
            NexthopShape::Drop => "Drop",
            NexthopShape::Receive { .. } => "Receive",
            NexthopShape::L2Receive => "L2 Receive",
            NexthopShape::Resolve => "Resolve",
            NexthopShape::Encap { .. } => "Encap",
            NexthopShape::Tunnel { .. } => "Tunnel",
            NexthopShape::Composite { .. } => "Composite",
            NexthopShape::VrfTranslate => "Vrf_Translate",
        }
    }
}

impl Nexthop {
    /// Writes the nexthop's lines and an empty one.
    ///
    /// # Errors
    /// `out` takes no more.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        line(
            out,
            format_args!(
                "Id:{:<9}  Type:{:<13}  Fmly:{:>8}  Rid:0  Ref_cnt:{:<10} Vrf:{}",
                self.id,
                self.shape.word(),
                self.family,
                self.references,
                self.vrf
            ),
        )?;
        let flags: String = self.flags.iter().map(|flag| format!("{flag}, ")).collect();
        below(out, format_args!("Flags:{flags}"))?;
        self.print_shape(out)?;
        writeln!(out)
    }

    fn print_shape(&self, out: &mut impl Write) -> io::Result<()> {
        match &self.shape {
            NexthopShape::Drop | NexthopShape::L2Receive | NexthopShape::Resolve => Ok(()),
            NexthopShape::Receive { interface } => below(out, format_args!("Oif:{interface}")),
            NexthopShape::Encap { interface, header } => {
                // The peer shows the family that the nexthop was made for ARP with, whatever it carries.
                below(
                    out,
                    format_args!("EncapFmly:0806 Oif:{interface} Len:{}", header.len()),
                )?;
                below(out, format_args!("Encap Data: {}", Spaced(header)))
            }
            NexthopShape::Tunnel {
                interface,
                header,
                source,
                destination,
                ports,
                l3_vxlan_mac,
            } => {
                below(
                    out,
                    format_args!(
                        "Oif:{interface} Len:{} Data:{}",
                        header.len(),
                        Spaced(header)
                    ),
                )?;
                let blank = if source.is_ipv6() { " " } else { "" };
                let mac = l3_vxlan_mac
                    .map_or(String::new(), |mac| format!(" L3_Vxlan_Mac: {}", Long(mac)));
                below(
                    out,
                    format_args!("Sip:{blank}{source} Dip:{blank}{destination}{mac}"),
                )?;
                match ports {
                    Some((source, destination)) => {
                        below(out, format_args!("Sport:{source} Dport:{destination}"))
                    }
                    None => Ok(()),
                }
            }
            NexthopShape::Composite { hash, members } => {
                if let Some(hash) = hash {
                    below(out, format_args!("Valid Hash Key Parameters: {hash}"))?;
                }
                let members: String = members
                    .iter()
                    .map(|(nexthop, label)| match label {
                        Some(label) => format!(" {nexthop}({label})"),
                        None => format!(" {nexthop}"),
                    })
                    .collect();
                below(out, format_args!("Sub NH(label):{members}"))
            }
            NexthopShape::VrfTranslate => below(out, format_args!("Vrf:{}", self.vrf)),
        }
    }
}

fn below(out: &mut impl Write, text: std::fmt::Arguments<'_>) -> io::Result<()> {
    line(out, format_args!("{:INDENT$}{text}", ""))
}
