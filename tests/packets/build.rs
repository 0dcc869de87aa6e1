//! Bytes in wire order.

use crate::tables::Address;

/// A packet under construction.
#[derive(Clone, Debug, Default)]
pub struct Bytes(Vec<u8>);

impl Bytes {
    /// Appends bytes.
    pub fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Appends a 48-bit address.
    pub fn mac(&mut self, mac: u64) -> &mut Self {
        self.put(&mac.to_be_bytes()[2..])
    }

    /// Appends 16 bits.
    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.put(&value.to_be_bytes())
    }

    /// Appends 32 bits.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.put(&value.to_be_bytes())
    }

    /// Appends an IP address: 4 or 16 bytes.
    pub fn address(&mut self, address: Address) -> &mut Self {
        let bytes = address.bits.to_be_bytes();
        self.put(&bytes[if address.v6 { 0 } else { 12 }..])
    }

    /// Appends bytes that tell where they belong.
    pub fn fill(&mut self, count: usize) -> &mut Self {
        self.0.extend((0..count).map(|i| i as u8 ^ 0x5a));
        self
    }

    /// The bytes.
    pub fn done(self) -> Vec<u8> {
        self.0
    }
}

/// An IPv4 header (RFC 791).
#[derive(Clone, Copy, Debug)]
pub struct Ipv4 {
    /// Words of options.
    pub options: usize,
    /// Identification.
    pub id: u16,
    /// Flags and offset.
    pub fragment: u16,
    /// Time to live.
    pub ttl: u8,
    /// Protocol.
    pub protocol: u8,
    /// Source.
    pub src: u32,
    /// Destination.
    pub dst: u32,
}

impl Ipv4 {
    /// The packet with this payload, its length and checksum right.
    pub fn with(&self, payload: &[u8]) -> Vec<u8> {
        let header = 20 + 4 * self.options;
        let mut out = Bytes::default();
        out.put(&[0x40 | (header / 4) as u8, 0])
            .u16((header + payload.len()) as u16)
            .u16(self.id)
            .u16(self.fragment);
        out.put(&[self.ttl, self.protocol])
            .u16(0)
            .u32(self.src)
            .u32(self.dst);
        // Option 1 does nothing.
        out.put(&vec![1; 4 * self.options]);
        let mut bytes = out.done();
        let sum: u32 = bytes
            .chunks(2)
            .map(|two| u32::from(u16::from_be_bytes([two[0], two[1]])))
            .sum();
        let folded = (sum & 0xffff) + (sum >> 16);
        let checksum = !((folded & 0xffff) + (folded >> 16)) as u16;
        bytes[10..12].copy_from_slice(&checksum.to_be_bytes());
        bytes.extend_from_slice(payload);
        bytes
    }
}

/// An IPv6 header (RFC 8200).
#[derive(Clone, Copy, Debug)]
pub struct Ipv6 {
    /// Traffic class and flow label.
    pub label: u32,
    /// What is behind it.
    pub next: u8,
    /// Hop limit.
    pub hop_limit: u8,
    /// Source.
    pub src: u128,
    /// Destination.
    pub dst: u128,
}

impl Ipv6 {
    /// The packet with this payload, its length right.
    pub fn with(&self, payload: &[u8]) -> Vec<u8> {
        let mut out = Bytes::default();
        out.u32(0x6000_0000 | self.label & 0x0fff_ffff)
            .u16(payload.len() as u16)
            .put(&[self.next, self.hop_limit])
            .address(Address::v6(self.src))
            .address(Address::v6(self.dst))
            .put(payload);
        out.done()
    }
}
