//! The network between nodes: a bridge with the card's wire and a cable to each peer.

use crate::card::Card;
use crate::namespace::Namespace;

/// Bytes of an IP packet that fit into VXLAN: outer headers and the inner Ethernet header go off.
pub const VXLAN_MTU: u32 = 1500 - 20 - 8 - 8 - 14;

/// The bridge.
pub struct Underlay {
    namespace: Namespace,
}

impl Underlay {
    /// A bridge with the card's `wire0`.
    pub fn new(card: &Card) -> Underlay {
        let namespace = Namespace::new("underlay");
        namespace.ip("link add br0 type bridge mcast_snooping 0");
        namespace.ip("link set br0 up");
        card.hand_over("wire0", &namespace);
        namespace.ip("link set wire0 master br0 up");
        Underlay { namespace }
    }

    /// A namespace whose `eth0` is plugged into the bridge.
    pub fn peer(&self, name: &str) -> Namespace {
        let peer = Namespace::new(name);
        self.namespace.ip(&format!(
            "link add to-{name} type veth peer name eth0 netns {}",
            peer.name()
        ));
        self.namespace
            .ip(&format!("link set to-{name} master br0 up"));
        peer.ip("link set eth0 up");
        peer
    }

    /// The kernel's VXLAN device, with a guest's address on it.
    pub fn vxlan_peer(&self) -> Namespace {
        let peer = self.peer("vxlan");
        peer.ip("address add 192.168.100.12/24 dev eth0");
        peer.ip("link add vx0 type vxlan id 5001 local 192.168.100.12 remote 192.168.100.3 dstport 4789");
        peer.ip(&format!(
            "link set vx0 address 02:00:00:01:01:05 mtu {VXLAN_MTU}"
        ));
        peer.ip("link set vx0 up");
        peer.ip("address add 10.1.1.5/24 dev vx0");
        peer.ip("address add 2001:db8:1::5/64 dev vx0 nodad");
        peer
    }
}
