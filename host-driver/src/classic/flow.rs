//! `flow -l`.
//!
//! ```text
//!    131252<=>202092       8.8.8.8:22                                          6 (8)
//!                          10.10.0.1:64165
//! (Gen: 1, K(nh):122, Action:F, Flags:, TCP:SSrEEr, QOS:-1, S(nh):20,  Stats:12/2765,
//!  SPort 56468, TTL 0, Sinfo 192.168.200.12)
//! ```

use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};

use super::{legend, line};

/// Columns that an address with its port takes.
const ADDRESS: usize = 46;
/// A line that has become as long as this goes on in the next.
const WIDTH: usize = 70;
/// TCP, of which the connection's state is shown.
const TCP: u8 = 6;

/// All flows, or some.
#[derive(Clone, Debug, Default)]
pub struct FlowTable {
    /// Bytes of the table.
    pub bytes: u64,
    /// Places in the table.
    pub places: u64,
    /// Flows set up so far.
    pub created: u64,
    /// Entries that the agent added.
    pub added: u64,
    /// Entries that it took out.
    pub deleted: u64,
    /// Entries that it changed.
    pub changed: u64,
    /// First packets that were decided about.
    pub processed: u64,
    /// Which of them are listed; none: all.
    pub matching: Option<Matching>,
    /// Those, in the order of the table.
    pub flows: Vec<Flow>,
}

/// Which flows are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matching {
    /// With this address at either end.
    pub address: Option<IpAddr>,
    /// With this port at either end.
    pub port: Option<u16>,
    /// Of this protocol.
    pub protocol: Option<u8>,
    /// Of this VRF.
    pub vrf: Option<u16>,
}

/// One direction of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Its place.
    pub index: u32,
    /// The place of the other direction.
    pub reverse: Option<u32>,
    /// How often its place was used.
    pub generation: u8,
    /// Source address.
    pub source: IpAddr,
    /// Source port.
    pub source_port: u16,
    /// Destination address.
    pub destination: IpAddr,
    /// Destination port.
    pub destination_port: u16,
    /// IP protocol.
    pub protocol: u8,
    /// VRF.
    pub vrf: u16,
    /// The VRF that its packets go on in.
    pub into_vrf: Option<u16>,
    /// K(nh).
    pub key_nexthop: u32,
    /// What is done.
    pub action: FlowAction,
    /// How far its connection is.
    pub tcp: TcpState,
    /// The member of an ECMP nexthop that it keeps to.
    pub ecmp_index: Option<u32>,
    /// S(nh).
    pub source_nexthop: u32,
    /// Packets.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Mirrors that its packets are copied to.
    pub mirrors: Vec<u8>,
    /// How they are marked in tunnels.
    pub qos_map: Option<u8>,
    /// UDP source port of its tunnel; 0: not known.
    pub udp_source_port: u16,
    /// Where its packets come from: a tunnel's end, or an interface's index in the first byte.
    pub seen_from: Ipv4Addr,
}

/// What is done with a flow's packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowAction {
    /// They wait.
    Hold,
    /// They pass.
    Forward,
    /// They end here, for this reason.
    Drop(&'static str),
    /// They pass with other addresses or ports.
    Nat {
        /// The source address.
        snat: bool,
        /// The source port.
        spat: bool,
        /// The destination address.
        dnat: bool,
        /// The destination port.
        dpat: bool,
    },
}

/// How far a connection is, as one direction sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpState {
    /// This direction sent a SYN.
    pub syn: bool,
    /// The other one did.
    pub syn_reverse: bool,
    /// This direction is established.
    pub established: bool,
    /// The other one is.
    pub established_reverse: bool,
    /// This direction sent a FIN.
    pub fin: bool,
    /// The other one did.
    pub fin_reverse: bool,
    /// A reset was accepted.
    pub reset: bool,
    /// This direction's FIN was acknowledged.
    pub half_close: bool,
    /// The connection is over.
    pub dead: bool,
}

impl TcpState {
    fn letters(self) -> String {
        let flags = [
            (self.syn, "S"),
            (self.syn_reverse, "Sr"),
            (self.established, "E"),
            (self.established_reverse, "Er"),
            (self.fin, "F"),
            (self.fin_reverse, "Fr"),
            (self.reset, "R"),
            (self.half_close, "C"),
            (self.dead, "D"),
        ];
        flags
            .iter()
            .filter(|(set, _)| *set)
            .map(|(_, letter)| *letter)
            .collect()
    }
}

impl FlowAction {
    fn letters(self) -> String {
        match self {
            FlowAction::Hold => "H".to_owned(),
            FlowAction::Forward => "F".to_owned(),
            FlowAction::Drop(reason) => format!("D({reason})"),
            FlowAction::Nat {
                snat,
                spat,
                dnat,
                dpat,
            } => {
                // In the order of the peer's flag bits.
                let kinds = [(snat, "S"), (spat, "Ps"), (dnat, "D"), (dpat, "Pd")];
                let kinds: String = kinds
                    .iter()
                    .filter(|(set, _)| *set)
                    .map(|(_, letter)| *letter)
                    .collect();
                format!("N({kinds})")
            }
        }
    }
}

impl FlowTable {
    /// Writes what `flow -l` writes.
    ///
    /// # Errors
    /// `out` takes no more.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "Flow table(size {}, entries {})\n",
            self.bytes, self.places
        )?;
        writeln!(
            out,
            "Entries: Created {} Added {} Deleted {} Changed {} Processed {} Used Overflow entries 0",
            self.created, self.added, self.deleted, self.changed, self.processed
        )?;
        writeln!(out, "(Created Flows/CPU: {})(oflows 0)\n", self.created)?;
        writeln!(out, "{}\n", legend::FLOW)?;
        if let Some(matching) = &self.matching {
            writeln!(out, "Listing flows matching ({})\n", matching.words())?;
        }
        line(
            out,
            "    Index                Source:Port/Destination:Port                      Proto(V)",
        )?;
        line(out, "-".repeat(83))?;
        self.flows.iter().try_for_each(|flow| flow.print(out))
    }
}

impl Matching {
    fn words(&self) -> String {
        let mut words = Vec::new();
        if self.address.is_some() || self.port.is_some() {
            let address = self
                .address
                .map_or("*".to_owned(), |address| address.to_string());
            let port = self.port.map_or("*".to_owned(), |port| port.to_string());
            words.push(format!("[{address}]:{port}"));
        }
        words.extend(
            self.protocol
                .map(|protocol| format!("Protocol {}", protocol_word(protocol))),
        );
        words.extend(self.vrf.map(|vrf| format!("VRF {vrf}")));
        words.join(", ")
    }

    /// Whether a flow is one of them.
    pub fn takes(&self, flow: &Flow) -> bool {
        let at_an_end = |address: IpAddr, port: u16| {
            self.address.is_none_or(|wanted| wanted == address)
                && self.port.is_none_or(|wanted| wanted == port)
        };
        (at_an_end(flow.source, flow.source_port)
            || at_an_end(flow.destination, flow.destination_port))
            && self
                .protocol
                .is_none_or(|protocol| protocol == flow.protocol)
            && self.vrf.is_none_or(|vrf| vrf == flow.vrf)
    }
}

fn protocol_word(protocol: u8) -> String {
    match protocol {
        1 => "ICMP".to_owned(),
        TCP => "TCP".to_owned(),
        17 => "UDP".to_owned(),
        58 => "ICMPv6".to_owned(),
        132 => "SCTP".to_owned(),
        other => other.to_string(),
    }
}

impl Flow {
    /// Writes the flow's lines and an empty one.
    ///
    /// # Errors
    /// `out` takes no more.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let reverse = self
            .reverse
            .map_or(String::new(), |reverse| format!("<=>{reverse}"));
        let from = format!("{}:{}", self.source, self.source_port);
        let into = self
            .into_vrf
            .map_or(String::new(), |vrf| format!("->{vrf}"));
        line(
            out,
            format_args!(
                "{:>9}{reverse:<12}    {from:<ADDRESS$}    {:>3} ({}{into})",
                self.index, self.protocol, self.vrf
            ),
        )?;
        line(
            out,
            format_args!("{:25}{}:{}", "", self.destination, self.destination_port),
        )?;
        self.details()
            .lines()
            .try_for_each(|text| line(out, text))?;
        writeln!(out)
    }

    /// What stands in parentheses; a part that makes a line too long is its last.
    fn details(&self) -> String {
        let mut text = String::new();
        let mut start = 0;
        let mut add = |part: String| {
            text += &part;
            if text.len() - start >= WIDTH {
                text.push('\n');
                start = text.len();
            }
        };
        add(self.what());
        add(format!(" Stats:{}/{}, ", self.packets, self.bytes));
        if !self.mirrors.is_empty() {
            let mirrors: Vec<String> = self.mirrors.iter().map(u8::to_string).collect();
            add(format!(" Mirror Index : {},", mirrors.join(", ")));
        }
        add(format!(" SPort {},", self.udp_source_port));
        add(" TTL 0,".to_owned());
        add(format!(" Sinfo {})", self.seen_from));
        text
    }

    fn what(&self) -> String {
        let mut text = format!(
            "(Gen: {}, K(nh):{}, Action:{}, Flags:, ",
            self.generation,
            self.key_nexthop,
            self.action.letters()
        );
        // Writing to a string cannot fail.
        if self.protocol == TCP {
            let _ = write!(text, "TCP:{}, ", self.tcp.letters());
        }
        if let Some(index) = self.ecmp_index {
            let _ = write!(text, "E:{index}, ");
        }
        let qos = self.qos_map.map_or(-1, i16::from);
        let _ = write!(text, "QOS:{qos}, S(nh):{}, ", self.source_nexthop);
        text
    }
}
