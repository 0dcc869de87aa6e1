//! What a random packet carries.

/// What is behind the IP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Tcp,
    Udp,
    /// Without a checksum where that is allowed.
    UdpUnsummed,
    Sctp,
    /// An echo.
    Icmp,
    ErrorOfTcp,
    ErrorOfUdp,
    ErrorOfSctp,
    ErrorOfIcmp,
}

impl Kind {
    pub const ALL: [Kind; 9] = [
        Kind::Tcp,
        Kind::Udp,
        Kind::UdpUnsummed,
        Kind::Sctp,
        Kind::Icmp,
        Kind::ErrorOfTcp,
        Kind::ErrorOfUdp,
        Kind::ErrorOfSctp,
        Kind::ErrorOfIcmp,
    ];

    /// What it quotes.
    pub fn quotes(self) -> Option<Kind> {
        match self {
            Kind::ErrorOfTcp => Some(Kind::Tcp),
            Kind::ErrorOfUdp => Some(Kind::Udp),
            Kind::ErrorOfSctp => Some(Kind::Sctp),
            Kind::ErrorOfIcmp => Some(Kind::Icmp),
            _ => None,
        }
    }

    pub fn protocol(self, v6: bool) -> u8 {
        match self {
            Kind::Tcp => 6,
            Kind::Udp | Kind::UdpUnsummed => 17,
            Kind::Sctp => 132,
            _ if v6 => 58,
            _ => 1,
        }
    }

    pub fn has_ports(self) -> bool {
        matches!(self, Kind::Tcp | Kind::Udp | Kind::UdpUnsummed | Kind::Sctp)
    }

    /// Where the checksum is in the upper layer, where there is one.
    pub fn checksum_at(self) -> Option<usize> {
        match self {
            Kind::Tcp => Some(16),
            Kind::Udp | Kind::UdpUnsummed => Some(6),
            Kind::Sctp => None,
            _ => Some(2),
        }
    }
}
