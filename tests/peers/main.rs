//! Real peers: the card between network stacks and tunnel ends that others wrote.
//!
//! ```text
//!   namespace vm1 ── TAP ── vf0 ┐                  ┌─ veth ── namespace vxlan: kernel VXLAN device, guest address on it
//!   namespace vm2 ── TAP ── vf1 ┤ underpass sim    │
//!                               └ wire0 ── TAP ── bridge (namespace underlay)
//!      underpass daemon ── vfio-user ─┘            │
//!                                                  └─ veth ── namespace ovs: Open vSwitch, MPLS in GRE, guest address
//! ```
//! From vm1 to each of the three others, IPv4 and IPv6: ping, what the sender of too long a packet is told, ping in
//! fragments, a TCP transfer whose SHA-256 both ends say, and traceroute. Guests may send as much as the underlay carries,
//! which is more than a tunnel leaves.
//! Everything lives in namespaces of this test's own and goes with it. It takes root, `/dev/net/tun`, and the programs of
//! [`needs::PROGRAMS`]; where one is missing it says so and is skipped. `cargo xtask peers` runs it alone, with the card
//! in RTL or as a model (`UNDERPASS_CARD`).
#![forbid(unsafe_code)]

mod card;
mod checks;
mod namespace;
mod needs;
mod ovs;
mod process;
mod report;
mod underlay;

use card::Card;
use checks::{flood, mtu, ping, tcp, trace};
use namespace::Namespace;
use ovs::OpenVSwitch;
use report::Report;
use std::net::IpAddr;
use underlay::Underlay;

/// Bytes of an IP packet that guests send: as many as the underlay carries, so with a tunnel's headers too many.
const GUEST_MTU: u32 = 1500;
/// The gateway of vm1's network, of either family.
const GATEWAYS: [&str; 2] = ["10.1.1.1", "2001:db8:1::1"];

/// Somebody whom vm1 reaches.
struct Peer<'a> {
    name: &'static str,
    /// Its addresses, IPv4 and IPv6.
    addresses: [&'static str; 2],
    namespace: &'a Namespace,
    /// Bytes of an IP packet that fit on the way there.
    mtu: u32,
    /// The gateway routes, rather than the network bridges.
    routed: bool,
}

/// A guest of the card: a TAP device in a namespace of its own.
fn guest(name: &str, port: &str, host: u32, card: &Card) -> Namespace {
    let guest = Namespace::new(name);
    card.hand_over(port, &guest);
    guest.ip(&format!(
        "link set {port} address 02:00:00:01:01:0{host} mtu {GUEST_MTU}"
    ));
    guest.ip(&format!("link set {port} up"));
    guest.ip(&format!("address add 10.1.1.{host}/24 dev {port}"));
    guest.ip(&format!(
        "address add 2001:db8:1::{host}/64 dev {port} nodad"
    ));
    guest.ip(&format!("route add default via {}", GATEWAYS[0]));
    guest.ip(&format!("-6 route add default via {}", GATEWAYS[1]));
    guest
}

#[test]
fn real_peers_are_reached() {
    if let Some(missing) = needs::missing() {
        println!("SKIPPED: real peers: {missing}");
        return;
    }
    namespace::sweep();
    let mut card = Card::start();
    let vm1 = guest("vm1", "vf0", 3, &card);
    let vm2 = guest("vm2", "vf1", 4, &card);
    let underlay = Underlay::new(&card);
    let vxlan = underlay.vxlan_peer();
    let ovs = OpenVSwitch::start(underlay.peer("ovs"));
    card.carry();

    let mut report = Report::new(card.inside());
    for peer in [
        Peer {
            name: "VM",
            addresses: ["10.1.1.4", "2001:db8:1::4"],
            namespace: &vm2,
            mtu: GUEST_MTU,
            routed: false,
        },
        Peer {
            name: "kernel VXLAN",
            addresses: ["10.1.1.5", "2001:db8:1::5"],
            namespace: &vxlan,
            mtu: underlay::VXLAN_MTU,
            routed: false,
        },
        Peer {
            name: "OVS MPLSoGRE",
            addresses: ["10.9.9.2", "2001:db8:9::2"],
            namespace: ovs.namespace(),
            mtu: ovs::MTU,
            routed: true,
        },
    ] {
        for (address, gateway) in peer.addresses.into_iter().zip(GATEWAYS) {
            let address: IpAddr = address.parse().unwrap();
            let hops = match peer.routed {
                true => vec![gateway.parse().unwrap(), address],
                false => vec![address],
            };
            report.add(
                peer.name,
                "ping",
                address,
                ping::check(&vm1, address, ping::SHORT),
            );
            let path = || mtu::check(&vm1, address, gateway.parse().unwrap(), peer.mtu);
            let fragments = || ping::check(&vm1, address, ping::LONG);
            // Too long fragments of IPv4 the gateway cuts, as long as their sender has not heard of the path; of IPv6
            // nobody may.
            let (path, fragments) = match address {
                IpAddr::V4(_) => {
                    let fragments = fragments();
                    (path(), fragments)
                }
                IpAddr::V6(_) => (path(), fragments()),
            };
            report.add(peer.name, "path MTU", address, path);
            report.add(peer.name, "fragments", address, fragments);
            let transfer = tcp::check(&vm1, peer.namespace, address);
            report.add(peer.name, "TCP", address, transfer);
            report.add(peer.name, "traceroute", address, trace::check(&vm1, &hops));
        }
    }
    for (address, gateway) in ["10.1.1.5", "2001:db8:1::5"].into_iter().zip(GATEWAYS) {
        let (address, gateway) = (address.parse().unwrap(), gateway.parse().unwrap());
        let ping = flood::check(&vm1, address, &vm2, gateway);
        report.add("kernel VXLAN", "flooded", address, ping);
    }
    print!("{report}");
    for line in card.end() {
        println!("{line}");
    }
    assert!(report.is_good(), "not everything works: see the table");
}
