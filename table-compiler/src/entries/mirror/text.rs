//! The bytes in front of a copy that is a UDP packet of its own, and their sums.
//!
//! ```text
//!   | IPv4 20 or IPv6 40 | UDP 8 | metadata | Ethernet 14, where the packet has lost its own |  packet ..
//!     TTL 64, ToS 0, DF 0; length, identification, source port and checksums zero: the card fills them in
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// UDP's number (RFC 768).
const UDP: u8 = 17;
/// TTL and hop limit.
const TTL: u8 = 64;
/// Bytes of a UDP header.
const UDP_BYTES: usize = 8;

/// The headers, and what stands behind them.
#[derive(Clone, Debug)]
pub(super) struct Text {
    bytes: Vec<u8>,
    /// Bytes of the IP header.
    ip: usize,
    /// Where its addresses start.
    addresses: usize,
}

impl Text {
    /// The headers of UDP packets from one address to a port of another; `None` for addresses of two families.
    pub fn udp(source: IpAddr, destination: IpAddr, port: u16) -> Option<Self> {
        let mut text = match (source, destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => ipv4(source, destination),
            (IpAddr::V6(source), IpAddr::V6(destination)) => ipv6(source, destination),
            _ => return None,
        };
        text.bytes.extend([0, 0]);
        text.bytes.extend(port.to_be_bytes());
        text.bytes.extend([0; 4]);
        Some(text)
    }

    /// The text with more bytes behind it.
    pub fn with(mut self, more: &[u8]) -> Self {
        self.bytes.extend_from_slice(more);
        self
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// One's complement sum of the pseudo header's addresses and protocol, the destination port, and what stands behind
    /// the UDP header.
    pub fn sum(&self) -> u16 {
        let addresses = &self.bytes[self.addresses..self.ip];
        let behind = &self.bytes[self.ip + UDP_BYTES..];
        let port = &self.bytes[self.ip + 2..self.ip + 4];
        sum([addresses, &[0, UDP], port, behind])
    }

    /// One's complement sum of the IPv4 header; 0 of IPv6, which has no checksum.
    pub fn header_sum(&self) -> u16 {
        match self.bytes[0] >> 4 {
            4 => sum([&self.bytes[..self.ip]]),
            _ => 0,
        }
    }
}

fn ipv4(source: Ipv4Addr, destination: Ipv4Addr) -> Text {
    let mut bytes = vec![0x45, 0, 0, 0, 0, 0, 0, 0, TTL, UDP, 0, 0];
    let addresses = bytes.len();
    bytes.extend(source.octets());
    bytes.extend(destination.octets());
    Text {
        ip: bytes.len(),
        addresses,
        bytes,
    }
}

fn ipv6(source: Ipv6Addr, destination: Ipv6Addr) -> Text {
    let mut bytes = vec![0x60, 0, 0, 0, 0, 0, UDP, TTL];
    let addresses = bytes.len();
    bytes.extend(source.octets());
    bytes.extend(destination.octets());
    Text {
        ip: bytes.len(),
        addresses,
        bytes,
    }
}

/// The one's complement sum of 16-bit words (RFC 1071); an odd last byte of a part is filled up with zero.
fn sum<const PARTS: usize>(parts: [&[u8]; PARTS]) -> u16 {
    let words = parts.into_iter().flat_map(|part| part.chunks(2));
    let word = |pair: &[u8]| {
        let low = pair.get(1).copied().unwrap_or(0);
        u32::from(u16::from_be_bytes([pair[0], low]))
    };
    let mut sum: u32 = words.map(word).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let byte = |pair: &[u8]| {
            let pair = std::str::from_utf8(pair).expect("digits");
            u8::from_str_radix(pair, 16).expect("digits")
        };
        digits.chunks(2).map(byte).collect()
    }

    /// The card's part: what it adds to the sums.
    fn finished(sum: u16, more: &[u32]) -> u16 {
        let mut all = u32::from(sum) + more.iter().sum::<u32>();
        while all > 0xffff {
            all = (all & 0xffff) + (all >> 16);
        }
        !(all as u16)
    }

    /// The copy that the peer was seen to make of a 62-byte frame: IPv4, UDP, metadata, frame. Of the UDP checksum it gave
    /// the pseudo header's sum, for the interface to finish.
    const COPY: &str = "4500007c000100004011 0000 0404040307070703 ffe422b80068168a\
        031e64656661756c742d646f6d61696e3a74696d3a747261666669632d6e6574ff00\
        0200000000120200000000110800450000300001000040116aae040404030404040403e807d0001cbbbd\
        6162636465666768696a6b6c6d6e6f7071727374";

    #[test]
    fn the_sums_make_the_checksums_of_a_copy() {
        let copy = bytes(COPY);
        let ip = |text: &str| text.parse().expect("an address");
        let metadata = &copy[28..62];
        let frame = &copy[62..];
        let text = Text::udp(ip("4.4.4.3"), ip("7.7.7.3"), 8888).expect("one family");
        let text = text.with(metadata);
        assert_eq!(text.bytes().len(), 62);
        assert_eq!(text.bytes()[20..24], [0, 0, 0x22, 0xb8]);
        let udp_length = 8 + 34 + 62;
        let body = sum([frame]);
        let checksum = finished(text.sum(), &[2 * udp_length, 0xffe4, body.into()]);
        assert_eq!(checksum, 0x2567);
        assert_eq!(sum([&copy[12..20], &[0, UDP], &[0, 0x68]]), 0x168a);
        // The header's, as the peer has it one hop later: its TTL is 63 then.
        let checksum = finished(text.header_sum(), &[0x7c, 1]);
        assert_eq!(checksum, 0x6560 - 0x100);
    }

    #[test]
    fn ipv6_has_the_sum_of_its_addresses() {
        let ip = |text: &str| text.parse().expect("an address");
        let text = Text::udp(ip("2001:db8::1"), ip("2001:db8::2"), 1).expect("one family");
        assert_eq!(text.bytes().len(), 48);
        assert_eq!(text.header_sum(), 0);
        let addresses = 2 * (0x2001 + 0xdb8) + 3;
        assert_eq!(text.with(&[0x12]).sum(), addresses + 17 + 1 + 0x1200);
        assert!(Text::udp(ip("1.1.1.1"), ip("::1"), 1).is_none());
    }
}
