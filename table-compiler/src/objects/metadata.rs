//! What stands before a packet in a copy for an analyzer that reads the Juniper header: fields, then their end.
//!
//! ```text
//!   type 1 | length 1 | value          ..          ff 00
//!   1 this node's IPv4 address   2 action: bit 0x40000000 where the packet comes from a guest
//!   3 source network's name      4 destination network's name
//! ```
//!
//! A copy for an interface says one network: as source what the guest sends, as destination what it is sent. A copy
//! for a flow says all four.

use std::net::IpAddr;

use super::hex::HexBytes;

/// Bytes of metadata that a copy may carry.
pub const LONGEST_METADATA: usize = 255;

const HOST: u8 = 1;
const ACTION: u8 = 2;
const SOURCE: u8 = 3;
const DESTINATION: u8 = 4;
const END: [u8; 2] = [0xff, 0];
/// The packet comes from a guest.
const INGRESS: u32 = 0x4000_0000;

/// The fields of one kind of copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metadata<'a> {
    /// Of what a guest of this network sends.
    FromGuest(&'a str),
    /// Of what a guest of this network is sent.
    ToGuest(&'a str),
    /// Of a flow's packets.
    Flow {
        /// This node; one with an IPv6 address leaves the field out.
        host: IpAddr,
        /// The packets come from a guest of this node, not from another node.
        ingress: bool,
        /// Name of the network that they come from.
        source: &'a str,
        /// Name of the network that they go to.
        destination: &'a str,
    },
}

impl Metadata<'_> {
    /// The bytes. `None` if they are more than [`LONGEST_METADATA`].
    #[must_use]
    pub fn bytes(&self) -> Option<HexBytes> {
        let mut bytes = Vec::new();
        let mut field = |kind: u8, value: &[u8]| {
            bytes.extend([kind, u8::try_from(value.len()).ok()?]);
            bytes.extend_from_slice(value);
            Some(())
        };
        match *self {
            Self::FromGuest(network) => field(SOURCE, network.as_bytes())?,
            Self::ToGuest(network) => field(DESTINATION, network.as_bytes())?,
            Self::Flow {
                host,
                ingress,
                source,
                destination,
            } => {
                if let IpAddr::V4(host) = host {
                    field(HOST, &host.octets())?;
                }
                let action = if ingress { INGRESS } else { 0 };
                field(ACTION, &action.to_be_bytes())?;
                field(SOURCE, source.as_bytes())?;
                field(DESTINATION, destination.as_bytes())?;
            }
        }
        bytes.extend(END);
        (bytes.len() <= LONGEST_METADATA).then_some(HexBytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The network of the published captures.
    const NAME: &str = "default-domain:tim:traffic-net";

    #[test]
    fn an_interface_says_its_network() {
        let hex = |metadata: Metadata| metadata.bytes().expect("short").to_string();
        assert_eq!(
            hex(Metadata::FromGuest(NAME)),
            "031e64656661756c742d646f6d61696e3a74696d3a747261666669632d6e6574ff00"
        );
        assert_eq!(hex(Metadata::ToGuest("a")), "040161ff00");
    }

    #[test]
    fn a_flow_says_node_direction_and_both_networks() {
        let flow = |host: &str, ingress| Metadata::Flow {
            host: host.parse().expect("an address"),
            ingress,
            source: "a",
            destination: "bc",
        };
        let hex = |metadata: Metadata| metadata.bytes().expect("short").to_string();
        assert_eq!(
            hex(flow("192.168.200.11", true)),
            "0104c0a8c80b02044000000003016104026263ff00"
        );
        assert_eq!(
            hex(flow("2001:db8::1", false)),
            "02040000000003016104026263ff00"
        );
    }

    #[test]
    fn metadata_has_an_end() {
        let name = |length: usize| "n".repeat(length);
        assert!(Metadata::FromGuest(&name(251)).bytes().is_some());
        for length in [252, 255, 256, 1000] {
            assert_eq!(Metadata::FromGuest(&name(length)).bytes(), None, "{length}");
        }
    }
}
