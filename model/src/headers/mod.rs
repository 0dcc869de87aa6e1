//! Headers as the RFCs have them: one file a protocol, reading from the [`Window`](crate::window::Window) and writing
//! to a [`Header`].

pub mod arp;
pub mod checksum;
pub mod ethernet;
pub mod extension;
pub mod gre;
pub mod icmp;
pub mod ipv4;
pub mod ipv6;
pub mod mpls;
pub mod tcp;
pub mod udp;
pub mod vxlan;

use underpass_layout::meta::HEADER_BYTES;

/// The bytes that will stand in front of a packet, outermost first.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// The bytes; those behind `length` are zero.
    pub bytes: [u8; HEADER_BYTES],
    /// How many there are.
    pub length: usize,
}

impl Header {
    /// No header.
    pub const EMPTY: Header = Header {
        bytes: [0; HEADER_BYTES],
        length: 0,
    };

    /// Appends bytes. What does not fit in [`HEADER_BYTES`] is a mistake of the caller.
    pub fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    /// The bytes so far.
    pub fn written(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}
