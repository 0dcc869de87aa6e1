//! What stands in front of a packet between the data plane and an agent.
//!
//! ```text
//!   0         14                                            44
//!   | Ethernet | ifindex vrf cmd param param1..4 param5 pad | the packet, from its own Ethernet header on |
//!     14 bytes   30 bytes, big-endian
//! ```
//! Both directions have it. What the parameters mean depends on the command; 0 where it has none.

/// Bytes of the Ethernet header in front.
const ETHERNET: usize = 14;
/// Bytes behind it.
const AGENT: usize = 30;
/// Bytes of both.
pub const LENGTH: usize = ETHERNET + AGENT;
/// Longest packet behind the header, bytes, with commands that cut it ([`Command::is_cut`]).
pub const CUT: usize = 190;

/// Both MACs are the router's, and the Ethertype is that of IPv4, whatever follows.
const FRAME: [u8; ETHERNET] = [
    0x00, 0x00, 0x5e, 0x00, 0x01, 0x00, 0x00, 0x00, 0x5e, 0x00, 0x01, 0x00, 0x08, 0x00,
];

/// Why a packet is handed over, or what an agent wants done with one. The numbers are the peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// From the agent: send it on the interface. The peer's name is switch.
    Transmit = 0,
    /// From the agent: treat it as received. The peer's name is route.
    Receive = 1,
    /// ARP.
    Arp = 2,
    /// A frame for protocols below IP.
    L2Protocols = 3,
    /// The route leads to the agent.
    Nexthop = 4,
    /// The underlay next hop's MAC is not known.
    Resolve = 5,
    /// No flow.
    FlowMiss = 6,
    /// DHCP, IGMP, router solicitation.
    L3Protocols = 7,
    /// The source is one of several, and has moved.
    EcmpResolve = 9,
    /// Too long, and not to be fragmented.
    DontFragment = 11,
    /// Its time to live ran out.
    ZeroTtl = 12,
    /// An ICMP error about a tunnel.
    IcmpError = 13,
    /// A flow that was set up, and then made to wait again.
    FlowHold = 15,
    /// A tunnelled packet that asks for routers' attention.
    RouterAlert = 16,
    /// A source MAC that is new.
    MacLearn = 17,
    /// A source MAC that comes from elsewhere.
    MacMove = 18,
    /// Bidirectional forwarding detection. The first parameter is the session's state.
    Bfd = 20,
}

impl Command {
    /// The command of a number.
    pub fn from_code(code: u16) -> Option<Command> {
        const ALL: [Command; 17] = [
            Command::Transmit,
            Command::Receive,
            Command::Arp,
            Command::L2Protocols,
            Command::Nexthop,
            Command::Resolve,
            Command::FlowMiss,
            Command::L3Protocols,
            Command::EcmpResolve,
            Command::DontFragment,
            Command::ZeroTtl,
            Command::IcmpError,
            Command::FlowHold,
            Command::RouterAlert,
            Command::MacLearn,
            Command::MacMove,
            Command::Bfd,
        ];
        ALL.into_iter().find(|command| *command as u16 == code)
    }

    /// Only the first `CUT` bytes of the packet are handed over.
    pub fn is_cut(self) -> bool {
        matches!(
            self,
            Command::Nexthop
                | Command::Resolve
                | Command::FlowMiss
                | Command::EcmpResolve
                | Command::DontFragment
                | Command::ZeroTtl
                | Command::FlowHold
                | Command::MacLearn
                | Command::MacMove
        )
    }
}

/// The header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The interface: the one it came in on, or for the agent's commands the one it goes out on or counts as received on.
    pub ifindex: u16,
    /// The VRF.
    pub vrf: u16,
    /// The number of a [`Command`].
    pub command: u16,
    /// `param`, then `param1` to `param4`.
    pub params: [u32; 5],
    /// `param5`.
    pub param5: u8,
}

impl Header {
    /// A header without parameters.
    pub fn new(command: Command, ifindex: u16, vrf: u16) -> Header {
        Header {
            ifindex,
            vrf,
            command: command as u16,
            params: [0; 5],
            param5: 0,
        }
    }

    /// The frame on the agent's interface: this header and the packet, cut where the command says so.
    pub fn frame(&self, packet: &[u8]) -> Vec<u8> {
        let cut = Command::from_code(self.command).is_some_and(Command::is_cut);
        let length = if cut {
            packet.len().min(CUT)
        } else {
            packet.len()
        };
        let mut frame = Vec::with_capacity(LENGTH + length);
        frame.extend(FRAME);
        for half in [self.ifindex, self.vrf, self.command] {
            frame.extend(half.to_be_bytes());
        }
        for param in self.params {
            frame.extend(param.to_be_bytes());
        }
        frame.extend([self.param5, 0, 0, 0]);
        frame.extend(&packet[..length]);
        frame
    }

    /// Reads a frame of the agent's interface: the header, and the packet behind it. None: it is cut short.
    pub fn read(frame: &[u8]) -> Option<(Header, &[u8])> {
        let (header, packet) = frame.split_at_checked(LENGTH)?;
        let half = |at: usize| Some(u16::from_be_bytes(*header.get(at..)?.first_chunk()?));
        let word = |at: usize| Some(u32::from_be_bytes(*header.get(at..)?.first_chunk()?));
        let mut params = [0; 5];
        for (place, param) in params.iter_mut().enumerate() {
            *param = word(ETHERNET + 6 + 4 * place)?;
        }
        let header = Header {
            ifindex: half(ETHERNET)?,
            vrf: half(ETHERNET + 2)?,
            command: half(ETHERNET + 4)?,
            params,
            param5: *header.get(ETHERNET + 26)?,
        };
        Some((header, packet))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header of a flow miss as the peer wrote it: vif 3, vrf 8, flow 327368, K(nh) 23, generation 1.
    const MISS: [u8; LENGTH] = [
        0x00, 0x00, 0x5e, 0x00, 0x01, 0x00, 0x00, 0x00, 0x5e, 0x00, 0x01, 0x00, 0x08, 0x00, 0x00,
        0x03, 0x00, 0x08, 0x00, 0x06, 0x00, 0x04, 0xfe, 0xc8, 0x00, 0x00, 0x00, 0x17, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0, 0, 0,
    ];

    fn miss() -> Header {
        Header {
            params: [327_368, 23, 0, 0, 0],
            param5: 1,
            ..Header::new(Command::FlowMiss, 3, 8)
        }
    }

    #[test]
    fn reads_and_writes_as_the_peer() {
        assert_eq!(miss().frame(&[]), MISS);
        assert_eq!(Header::read(&MISS), Some((miss(), &[][..])));
        let frame = miss().frame(&[1, 2, 3]);
        assert_eq!(Header::read(&frame), Some((miss(), &[1, 2, 3][..])));
        assert_eq!(Header::read(&MISS[..LENGTH - 1]), None);
    }

    #[test]
    fn only_some_commands_cut_the_packet() {
        for (command, length) in [
            (Command::FlowMiss, 190),
            (Command::DontFragment, 190),
            (Command::L3Protocols, 300),
            (Command::Arp, 300),
        ] {
            let frame = Header::new(command, 3, 2).frame(&[7; 300]);
            assert_eq!(frame.len(), LENGTH + length, "{command:?}");
        }
    }

    #[test]
    fn numbers_are_the_peers() {
        for (code, command) in [
            (0, Some(Command::Transmit)),
            (6, Some(Command::FlowMiss)),
            (8, None),
            (11, Some(Command::DontFragment)),
        ] {
            assert_eq!(Command::from_code(code), command);
        }
    }
}
