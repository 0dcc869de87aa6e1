//! The frames that left against those that should have: byte for byte, but for what the peer leaves to chance.
//!
//! | free                                        | what is asked instead                                           |
//! |---------------------------------------------|-----------------------------------------------------------------|
//! | a tunnel's UDP source port                  | 49152 to 65535, and one for all packets of an inner flow        |
//! | a tunnel's UDP checksum                     | none, or as wanted                                              |
//! | a tunnel's IPv4 identification              | nothing; for GRE only where it carries no IPv4 packet           |
//! | the header checksum that covers that        | that it is right                                                |
//! | flow index and generation for the agent     | nothing                                                         |
//! | the order of frames                         | nothing, unless the step says that it counts                    |

use std::collections::HashMap;
use std::fmt;

use super::case::Out;
use super::fields::{fields, Field};
use crate::agent_face::{Command, Header};

/// Source ports of tunnels (RFC 6335 section 6, dynamic ports).
const DYNAMIC_PORTS: std::ops::RangeInclusive<u16> = 49152..=65535;
/// The flow index of a packet that has no flow.
const NO_FLOW: u32 = u32::MAX;

/// What stands at the other end of an interface, as far as frames go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The underlay: tunnels leave here.
    Fabric,
    /// The agent: frames have its header.
    Agent,
    /// Anyone else.
    Plain,
}

/// Where two frames part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A frame that should have left did not.
    Missing {
        /// Its length.
        length: usize,
    },
    /// A frame left that should not have.
    Surplus {
        /// Its length.
        length: usize,
    },
    /// A byte is another.
    Byte {
        /// Its place in the frame.
        byte: usize,
        /// The header field that it belongs to.
        field: String,
        /// As it should be.
        want: u8,
        /// As it is.
        got: u8,
    },
    /// All bytes agree as far as both go.
    Length {
        /// As it should be.
        want: usize,
        /// As it is.
        got: usize,
    },
    /// A field that is free in bounds is out of these.
    Field {
        /// Its place in the frame.
        byte: usize,
        /// Its name.
        field: String,
        /// What it should be.
        want: String,
        /// What it is.
        got: u16,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Missing { length } => write!(f, "want a frame of {length} bytes, got none"),
            Difference::Surplus { length } => write!(f, "want no frame, got one of {length} bytes"),
            Difference::Byte {
                byte,
                field,
                want,
                got,
            } => write!(f, "byte {byte} ({field}) want {want:02x} got {got:02x}"),
            Difference::Length { want, got } => write!(f, "length want {want} got {got}"),
            Difference::Field {
                byte,
                field,
                want,
                got,
            } => write!(f, "byte {byte} ({field}) want {want} got {got}"),
        }
    }
}

/// Compares what leaves over the steps of a case.
#[derive(Debug, Default)]
pub struct Frames {
    /// Source port of its tunnel by inner flow.
    ports: HashMap<Vec<u8>, u16>,
}

impl Frames {
    /// Compares all frames of a step, each with its interface. `side` says what stands behind an interface.
    pub fn compare(
        &mut self,
        want: &[Out],
        got: &[Out],
        in_order: bool,
        side: impl Fn(u32) -> Side,
    ) -> Vec<(u32, Difference)> {
        let mut vifs: Vec<u32> = want.iter().chain(got).map(|out| out.vif).collect();
        vifs.sort_unstable();
        vifs.dedup();
        let mut differences = Vec::new();
        for vif in vifs {
            let of = |outs: &[Out]| -> Vec<Vec<u8>> {
                let outs = outs.iter().filter(|out| out.vif == vif);
                outs.map(|out| out.frame.clone()).collect()
            };
            let found = self.one_vif(&of(want), &of(got), in_order, side(vif));
            differences.extend(found.into_iter().map(|difference| (vif, difference)));
        }
        differences
    }

    fn one_vif(
        &mut self,
        want: &[Vec<u8>],
        got: &[Vec<u8>],
        in_order: bool,
        side: Side,
    ) -> Vec<Difference> {
        let mut left: Vec<&Vec<u8>> = got.iter().collect();
        let mut unmet = Vec::new();
        for want in want {
            let twin = left
                .iter()
                .position(|got| self.difference(want, got, side).is_none())
                .filter(|place| !in_order || *place == 0);
            match twin {
                Some(place) => {
                    let got = left.remove(place);
                    self.note_port(want, got, side);
                }
                None if in_order && !left.is_empty() => unmet.push((want, Some(left.remove(0)))),
                None => unmet.push((want, None)),
            }
        }
        // What found no twin is paired by position: the nearest thing to what was meant.
        let mut left = left.into_iter();
        let mut differences: Vec<Difference> = unmet
            .into_iter()
            .filter_map(|(want, got)| match got.or_else(|| left.next()) {
                Some(got) => self.difference(want, got, side),
                None => Some(Difference::Missing { length: want.len() }),
            })
            .collect();
        differences.extend(left.map(|got| Difference::Surplus { length: got.len() }));
        differences
    }

    /// The first difference between two frames.
    fn difference(&self, want: &[u8], got: &[u8], side: Side) -> Option<Difference> {
        let fields = fields(want, side == Side::Agent);
        let freedom = Freedom::of(want, side, &fields);
        for field in &fields {
            let (want, got) = match (
                want.get(field.start..field.end),
                got.get(field.start..field.end.min(got.len())),
            ) {
                (Some(want), Some(got)) => (want, got),
                _ => break,
            };
            let found = match freedom.rule(&field.name) {
                _ if got.len() < want.len() => first_byte(field, want, got),
                Rule::Exact => first_byte(field, want, got),
                Rule::Free => None,
                Rule::ZeroOr if got.iter().all(|byte| *byte == 0) => None,
                Rule::ZeroOr => first_byte(field, want, got),
                Rule::Checksum => None,
                Rule::Port => None,
            };
            if found.is_some() {
                return found;
            }
        }
        if want.len() != got.len() {
            return Some(Difference::Length {
                want: want.len(),
                got: got.len(),
            });
        }
        fields.iter().find_map(|field| {
            let value = || half(got.get(field.start..field.end)?);
            match freedom.rule(&field.name) {
                Rule::Checksum => checksum(got, &fields, field),
                Rule::Port => self.port(want, &fields, field, value()?),
                Rule::Exact | Rule::Free | Rule::ZeroOr => None,
            }
        })
    }

    fn port(&self, want: &[u8], fields: &[Field], field: &Field, got: u16) -> Option<Difference> {
        let known = self.ports.get(&flow(want, fields));
        let want = match known {
            Some(port) if *port != got => format!("{port} as before"),
            None if !DYNAMIC_PORTS.contains(&got) => "49152 to 65535".to_owned(),
            _ => return None,
        };
        Some(Difference::Field {
            byte: field.start,
            field: field.name.clone(),
            want,
            got,
        })
    }

    /// Remembers the source port of a flow's tunnel.
    fn note_port(&mut self, want: &[u8], got: &[u8], side: Side) {
        let fields = fields(want, side == Side::Agent);
        if Freedom::of(want, side, &fields).tunnel != Tunnel::Udp {
            return;
        }
        let field = fields.iter().find(|field| field.name == "udp.src_port");
        let port = field.and_then(|field| half(got.get(field.start..field.end)?));
        if let Some(port) = port {
            self.ports.entry(flow(want, &fields)).or_insert(port);
        }
    }
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Exact,
    Free,
    /// Zero, or as wanted.
    ZeroOr,
    /// A checksum of an IPv4 header, whatever it covers.
    Checksum,
    /// The source port of a tunnel.
    Port,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tunnel {
    None,
    Udp,
    /// GRE whose identification is a counter.
    Gre,
}

/// What is free in a frame.
struct Freedom {
    tunnel: Tunnel,
    /// The flow index and the generation of an agent's header, and where the former is.
    flow_param: Option<&'static str>,
}

impl Freedom {
    fn of(want: &[u8], side: Side, fields: &[Field]) -> Freedom {
        let has = |name: &str| fields.iter().any(|field| field.name == name);
        let tunnelled = side == Side::Fabric && (has("mpls.label") || has("vxlan.vni"));
        let tunnel = match tunnelled {
            true if has("udp.src_port") => Tunnel::Udp,
            true if has("gre.flags") && !has("inner.ip.id") => Tunnel::Gre,
            true if has("gre.flags") && has("inner.eth.type") => Tunnel::Gre,
            _ => Tunnel::None,
        };
        let header = Header::read(want).filter(|_| side == Side::Agent);
        let flow_param = header.and_then(|(header, _)| match Command::from_code(header.command)? {
            Command::FlowMiss | Command::FlowHold => Some("agent.param"),
            Command::DontFragment if header.params[1] != NO_FLOW => Some("agent.param1"),
            _ => None,
        });
        Freedom { tunnel, flow_param }
    }

    fn rule(&self, field: &str) -> Rule {
        match (field, self.tunnel) {
            ("udp.src_port", Tunnel::Udp) => Rule::Port,
            ("udp.checksum", Tunnel::Udp) => Rule::ZeroOr,
            ("ip.id", Tunnel::Udp | Tunnel::Gre) => Rule::Free,
            ("ip.checksum", Tunnel::Udp | Tunnel::Gre) => Rule::Checksum,
            ("agent.param5", _) if self.flow_param == Some("agent.param") => Rule::Free,
            (field, _) if self.flow_param == Some(field) => Rule::Free,
            _ => Rule::Exact,
        }
    }
}

/// Where a field parts; a field that is cut short parts by its length, which is seen later.
fn first_byte(field: &Field, want: &[u8], got: &[u8]) -> Option<Difference> {
    let place = want.iter().zip(got).position(|(want, got)| want != got)?;
    Some(Difference::Byte {
        byte: field.start + place,
        field: field.name.clone(),
        want: want[place],
        got: got[place],
    })
}

/// A header checksum that is wrong for the header it is in.
fn checksum(got: &[u8], fields: &[Field], field: &Field) -> Option<Difference> {
    let start = fields
        .iter()
        .find(|field| field.name == "ip.version")?
        .start;
    let words = usize::from(got.get(start)? & 0xf);
    let header = got.get(start..start + words * 4)?;
    let sum = |skip: usize| {
        let halves = header.chunks_exact(2).enumerate();
        let sum: u32 = halves
            .filter(|(place, _)| start + 2 * place != skip)
            .map(|(_, half)| u32::from(u16::from_be_bytes([half[0], half[1]])))
            .sum();
        let sum = (sum & 0xffff) + (sum >> 16);
        !((sum & 0xffff) + (sum >> 16)) as u16
    };
    let (right, found) = (sum(field.start), half(got.get(field.start..field.end)?)?);
    (right != found).then(|| Difference::Field {
        byte: field.start,
        field: field.name.clone(),
        want: format!("{right} for this header"),
        got: found,
    })
}

/// What tells an inner flow from others: addresses, protocol and ports, or without IP the Ethernet header.
fn flow(frame: &[u8], fields: &[Field]) -> Vec<u8> {
    const IP: [&str; 8] = [
        "inner.ip.src",
        "inner.ip.dst",
        "inner.ip.protocol",
        "inner.ipv6.src",
        "inner.ipv6.dst",
        "inner.ipv6.next_header",
        "inner.icmp.rest",
        "inner.icmpv6.rest",
    ];
    let named = |field: &&Field| {
        let port = field.name.ends_with(".src_port") || field.name.ends_with(".dst_port");
        IP.contains(&field.name.as_str()) || (port && field.name.starts_with("inner."))
    };
    let mut found: Vec<&Field> = fields.iter().filter(named).collect();
    if found.is_empty() {
        let ethernet = |field: &&Field| field.name.starts_with("inner.eth.");
        found = fields.iter().filter(ethernet).collect();
    }
    let bytes = found
        .iter()
        .filter_map(|field| frame.get(field.start..field.end));
    bytes.flatten().copied().collect()
}

fn half(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.first_chunk()?))
}

#[cfg(test)]
mod tests;
