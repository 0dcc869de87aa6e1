//! The captures of examples/bum.
//!
//! | file       | enters | what is in it                                                                          |
//! |------------|--------|----------------------------------------------------------------------------------------|
//! | red1.pcap  | vf0    | a broadcast, a multicast, and a broadcast that is not IP                               |
//! | blue1.pcap | vf3    | a broadcast; frames to a MAC behind the VTEP, before and after that has shown itself   |
//! | wire0.pcap | wire0  | broadcasts in red along the tree, by label and by VNI; one in blue to the group        |

use std::net::Ipv6Addr;
use std::path::Path;

use crate::frames::*;
use crate::Outcome;

const RED1: Host = guest(1, 3);
const BLUE1: Host = guest(2, 3);
const COMPUTE1: Host = node([0x0c, 0xc4, 0x7a, 0x4c, 0x67, 0x93], 3);
/// The other nodes have their last byte in the MAC too.
const TREE: Host = node([0x0c, 0xc4, 0x7a, 0x59, 0x62, 4], 4);
const BY_LABEL: Host = node([0x0c, 0xc4, 0x7a, 0x59, 0x62, 5], 5);
const BY_VNI: Host = node([0x0c, 0xc4, 0x7a, 0x59, 0x62, 6], 6);
const VTEP: Host = node([0x0c, 0xc4, 0x7a, 0x59, 0x62, 7], 7);
/// Blue's group and its MAC (RFC 1112).
const GROUP: Host = Host {
    mac: [1, 0, 0x5e, 1, 1, 100],
    ip: [239, 1, 1, 100],
    ip6: Ipv6Addr::UNSPECIFIED,
};
const TREE_LABEL: u32 = 4650;
const FLOOD_LABEL: u32 = 651;
const VXLAN: u16 = 4789;
const MPLS: u16 = 6635;

const fn node(mac: [u8; 6], last: u8) -> Host {
    Host {
        mac,
        ip: [192, 168, 100, last],
        ip6: Ipv6Addr::UNSPECIFIED,
    }
}

/// Writes them all.
pub fn write(to: &Path) -> Outcome<()> {
    let red1 = [
        (0, broadcast(RED1)?),
        (10, multicast(RED1)?),
        (20, local_experimental(RED1)),
    ];
    // Behind the VTEP.
    let blue3 = guest(2, 5);
    let blue1 = [
        (100, broadcast(BLUE1)?),
        (110, echo(BLUE1, blue3.mac, blue3.ip, 1, 1)?),
        (130, echo(BLUE1, blue3.mac, blue3.ip, 1, 2)?),
    ];
    let red = |last: u8| broadcast(guest(1, last));
    let along_the_tree = {
        // The VNI is the sender's business; the frame goes where the label says.
        let inner = over_udp(TREE, COMPUTE1, VXLAN, &vxlan(5001, &red(6)?))?;
        let control = [&[0; 4][..], packet(&inner)].concat();
        over_gre(TREE, COMPUTE1, &mpls(TREE_LABEL, &control))?
    };
    let by_label = over_udp(BY_LABEL, COMPUTE1, MPLS, &mpls(FLOOD_LABEL, &red(7)?))?;
    let by_vni = over_udp(BY_VNI, COMPUTE1, VXLAN, &vxlan(5001, &red(8)?))?;
    let to_the_group = over_udp(VTEP, GROUP, VXLAN, &vxlan(5002, &broadcast(blue3)?))?;
    let wire0 = [
        (30, along_the_tree),
        (40, by_label),
        (50, by_vni),
        (120, to_the_group),
    ];
    crate::frames::write(to, "red1.pcap", &red1)?;
    crate::frames::write(to, "blue1.pcap", &blue1)?;
    crate::frames::write(to, "wire0.pcap", &wire0)
}

fn broadcast(from: Host) -> Outcome<Vec<u8>> {
    datagram(from, [0xff; 6], [255; 4], b"who is there?")
}

fn multicast(from: Host) -> Outcome<Vec<u8>> {
    datagram(from, GROUP.mac, GROUP.ip, b"to all who listen")
}

/// IEEE 802's ethertype for experiments.
fn local_experimental(from: Host) -> Vec<u8> {
    let header = [&[0xff; 6][..], &from.mac, &[0x88, 0xb5]].concat();
    [&header[..], b"a frame that is not IP"].concat()
}
