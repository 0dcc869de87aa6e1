//! The frames that left against those that should have: byte for byte, but for what the peer leaves to chance.
//!
//! | free                                        | what is asked instead                                           |
//! |---------------------------------------------|-----------------------------------------------------------------|
//! | a tunnel's UDP source port                  | 49152 to 65535, and one for all packets of an inner flow        |
//! | a tunnel's UDP checksum                     | none, or as wanted                                              |
//! | a tunnel's IPv4 identification              | nothing; for GRE only where it carries no IPv4 packet           |
//! | that of the headers within a tree's copy    | nothing; their source port is as a tunnel's                     |
//! | that of a copy for an analyzer              | nothing; its source port is as a tunnel's                       |
//! | the UDP checksum of such a copy             | that it is right                                                |
//! | the flow id of NVGRE                        | nothing                                                         |
//! | the header checksum that covers that        | that it is right                                                |
//! | flow index and generation for the agent     | nothing                                                         |
//! | the order of frames                         | nothing, unless the step says that it counts                    |

use std::collections::HashMap;
use std::fmt;

use super::case::Out;
use super::checksum;
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
    /// Source port by what was asked of it: the name of its field, and the inner flow.
    ports: HashMap<(String, Vec<u8>), u16>,
    /// UDP ports at which analyzers take copies.
    analyzers: Vec<u16>,
}

impl Frames {
    /// Says at which UDP ports analyzers take copies.
    pub fn analyzers_at(&mut self, ports: impl IntoIterator<Item = u16>) {
        self.analyzers = ports.into_iter().collect();
    }

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
        let fields = fields(want, side == Side::Agent, &self.analyzers);
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
                Rule::Checksum | Rule::UdpChecksum | Rule::Port => None,
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
                Rule::Checksum => checksum::header(got, &fields, field),
                Rule::UdpChecksum => checksum::udp(got, &fields, field),
                Rule::Port => self.port(want, &fields, field, value()?),
                Rule::Exact | Rule::Free | Rule::ZeroOr => None,
            }
        })
    }

    fn port(&self, want: &[u8], fields: &[Field], field: &Field, got: u16) -> Option<Difference> {
        let known = self.ports.get(&(field.name.clone(), flow(want, fields)));
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

    /// Remembers the source ports that a flow's tunnel and its copies have.
    fn note_port(&mut self, want: &[u8], got: &[u8], side: Side) {
        let fields = fields(want, side == Side::Agent, &self.analyzers);
        let freedom = Freedom::of(want, side, &fields);
        for field in &fields {
            let port = half(got.get(field.start..field.end).unwrap_or_default());
            if let (Rule::Port, Some(port)) = (freedom.rule(&field.name), port) {
                let flow = (field.name.clone(), flow(want, &fields));
                self.ports.entry(flow).or_insert(port);
            }
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
    /// A checksum of a UDP packet, whatever it covers.
    UdpChecksum,
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

/// Stands in front of the names of fields within a copy along a tree.
const TREE: &str = "tree.";
/// Stands in front of the names of fields of a frame that was copied for an analyzer.
const MIRRORED: &str = "mirrored.";

/// What is free in a frame.
struct Freedom {
    tunnel: Tunnel,
    /// The flow index and the generation of an agent's header, and where the former is.
    flow_param: Option<&'static str>,
    /// It is a copy for an analyzer: what the names of its IP and UDP fields begin with.
    copy: Option<String>,
}

impl Freedom {
    fn of(want: &[u8], side: Side, fields: &[Field]) -> Freedom {
        let has = |name: &str| fields.iter().any(|field| field.name == name);
        let copy = fields.iter().find_map(|field| {
            let (before, _) = field.name.split_once(MIRRORED)?;
            Some(before.to_owned())
        });
        let tunnelled = side == Side::Fabric
            && ["mpls.label", "vxlan.vni", "gre.subnet"]
                .iter()
                .any(|name| has(name));
        let tunnel = match tunnelled {
            true if has("udp.src_port") => Tunnel::Udp,
            true if has("gre.flags") && !has("inner.ip.id") => Tunnel::Gre,
            true if has("gre.flags") && (has("inner.eth.type") || copy.is_some()) => Tunnel::Gre,
            _ => Tunnel::None,
        };
        let header = Header::read(want).filter(|_| side == Side::Agent);
        let flow_param = header.and_then(|(header, _)| match Command::from_code(header.command)? {
            Command::FlowMiss | Command::FlowHold => Some("agent.param"),
            Command::DontFragment if header.params[1] != NO_FLOW => Some("agent.param1"),
            Command::MacLearn | Command::MacMove => Some("agent.param"),
            _ => None,
        });
        Freedom {
            tunnel,
            flow_param,
            copy,
        }
    }

    fn rule(&self, field: &str) -> Rule {
        let of_copy = self
            .copy
            .as_ref()
            .and_then(|copy| field.strip_prefix(copy.as_str()));
        match of_copy {
            Some("ip.id") => return Rule::Free,
            Some("ip.checksum") => return Rule::Checksum,
            Some("udp.src_port") => return Rule::Port,
            Some("udp.checksum") => return Rule::UdpChecksum,
            _ => {}
        }
        match field.strip_prefix(TREE) {
            Some("ip.id") => return Rule::Free,
            Some("ip.checksum") => return Rule::Checksum,
            Some("udp.src_port") => return Rule::Port,
            Some("udp.checksum") => return Rule::ZeroOr,
            _ => {}
        }
        match (field, self.tunnel) {
            ("udp.src_port", Tunnel::Udp) => Rule::Port,
            ("udp.checksum", Tunnel::Udp) => Rule::ZeroOr,
            ("ip.id", Tunnel::Udp | Tunnel::Gre) => Rule::Free,
            ("ip.checksum", Tunnel::Udp | Tunnel::Gre) => Rule::Checksum,
            ("gre.flow_id", _) => Rule::Free,
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

/// What tells an inner flow from others: addresses, protocol and ports, or without IP the Ethernet header. The inner
/// flow of a copy for an analyzer is that of the frame that was copied.
fn flow(frame: &[u8], fields: &[Field]) -> Vec<u8> {
    const IP: [&str; 8] = [
        "ip.src",
        "ip.dst",
        "ip.protocol",
        "ipv6.src",
        "ipv6.dst",
        "ipv6.next_header",
        "icmp.rest",
        "icmpv6.rest",
    ];
    let copied = fields.iter().any(|field| field.name.contains(MIRRORED));
    let within = |field: &Field| -> Option<String> {
        let marks = if copied { MIRRORED } else { "inner." };
        field
            .name
            .split_once(marks)
            .map(|(_, name)| name.to_owned())
    };
    // Copies of one packet may go to several analyzers, or come from several addresses.
    let of_copy = |field: &Field| {
        let own = ["ip.src", "ip.dst", "ipv6.src", "ipv6.dst"];
        copied
            && own
                .iter()
                .any(|own| field.name == *own || field.name == format!("inner.{own}"))
    };
    let named = |field: &&Field| {
        of_copy(field)
            || within(field).is_some_and(|name| {
                IP.contains(&name.as_str())
                    || name.ends_with(".src_port")
                    || name.ends_with(".dst_port")
            })
    };
    let mut found: Vec<&Field> = fields.iter().filter(named).collect();
    if found.is_empty() {
        let ethernet = |field: &&Field| within(field).is_some_and(|name| name.starts_with("eth."));
        found = fields.iter().filter(ethernet).collect();
    }
    let bytes = found
        .iter()
        .filter_map(|field| frame.get(field.start..field.end));
    let mut bytes: Vec<u8> = bytes.flatten().copied().collect();
    bytes.push(copied.into());
    bytes
}

pub(super) fn half(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.first_chunk()?))
}

#[cfg(test)]
mod tests;
