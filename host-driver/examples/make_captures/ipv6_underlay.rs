//! The captures of examples/ipv6-underlay.
//!
//! | file       | enters        | what is in it                                                                   |
//! |------------|---------------|---------------------------------------------------------------------------------|
//! | red1.pcap  | compute-1 vf0 | echo to red3 in both families; to a host behind the gateway, twice; TCP to blue1 |
//! | wire0.pcap | compute-1     | compute-2 asks for our MAC, the gateway tells its own; answers in tunnels        |
//! | red3.pcap  | compute-2 vf0 | the answers to red1's echo                                                      |
//! | blue1.pcap | compute-2 vf1 | the answer to red1's connection                                                 |

use std::net::Ipv6Addr;
use std::path::Path;

use crate::frames::*;
use crate::Outcome;

const RED1: Host = guest(1, 3);
const RED3: Host = guest(1, 5);
const BLUE1: Host = guest(2, 3);
/// Behind the gateway.
const CLOUD: Host = Host {
    mac: [0; 6],
    ip: [0; 4],
    ip6: Ipv6Addr::new(0x2001, 0xdb8, 0x64, 0, 0, 0, 0, 1),
};
const COMPUTE1: Host = node([0x0c, 0xc4, 0x7a, 0x4c, 0x67, 0x93], 3);
const COMPUTE2: Host = node([0x0c, 0xc4, 0x7a, 0x59, 0x62, 0x5c], 4);
const GATEWAY: Host = node([0x2c, 0x6b, 0xf5, 0x12, 0x34, 0x01], 1);

const fn node(mac: [u8; 6], host: u16) -> Host {
    Host {
        mac,
        ip: [0; 4],
        ip6: Ipv6Addr::new(0xfd00, 0x100, 0, 0, 0, 0, 0, host),
    }
}

/// Writes them all.
pub fn write(to: &Path) -> Outcome<()> {
    let file = |name, frames: &[(u64, Vec<u8>)]| crate::frames::write(to, name, frames);
    let red1 = [
        (10, echo6(RED1, RED3.mac, RED3.ip6, 1, 1)?),
        (20, echo(RED1, RED3.mac, RED3.ip, 2, 1)?),
        (30, syn6(RED1, BLUE1.ip6, (40001, 443))?),
        (40, echo6(RED1, ROUTER, CLOUD.ip6, 3, 1)?),
        (50, echo6(RED1, ROUTER, CLOUD.ip6, 3, 2)?),
    ];
    file("red1.pcap", &red1)?;
    let red3 = [
        (15, echo_reply6(RED3, RED1.mac, RED1.ip6, 1, 1)?),
        (25, echo_reply(RED3, RED1.mac, RED1.ip, 2, 1)?),
    ];
    file("red3.pcap", &red3)?;
    let blue1 = [(35, syn_ack6(BLUE1, RED1.ip6, (443, 40001))?)];
    file("blue1.pcap", &blue1)?;
    let bridged = |frame: &[u8]| over_udp6(COMPUTE2, COMPUTE1, 4789, &vxlan(5001, frame));
    let routed = |frame: &[u8]| over_udp6(COMPUTE2, COMPUTE1, 6635, &mpls(25, packet(frame)));
    let cloud = |seq| {
        let reply = echo_reply6(CLOUD, ROUTER, RED1.ip6, 3, seq)?;
        over_gre6(GATEWAY, COMPUTE1, &mpls(25, packet(&reply)))
    };
    let wire0 = [
        (5, solicit(COMPUTE2, COMPUTE1.ip6)?),
        (15, bridged(&red3[0].1)?),
        (25, bridged(&red3[1].1)?),
        (35, routed(&blue1[0].1)?),
        (45, advertise(GATEWAY, COMPUTE1)?),
        (46, cloud(1)?),
        (55, cloud(2)?),
    ];
    file("wire0.pcap", &wire0)
}
