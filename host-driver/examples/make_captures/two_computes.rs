//! The captures of examples/two-computes: IPv4 first, then the same walk in IPv6.
//!
//! | file       | enters        | what is in it                                                             |
//! |------------|---------------|---------------------------------------------------------------------------|
//! | red1.pcap  | compute-1 vf0 | ARP or ND; echo to red2, the gateway and red3; TCP to blue1 and blue2     |
//! | red2.pcap  | compute-1 vf1 | answers to red1                                                           |
//! | blue1.pcap | compute-1 vf2 | the answers to red1's connections                                         |
//! | edge1.pcap | compute-1 vf3 | ARP; echo to the host behind the SDN gateway                              |
//! | wire0.pcap | compute-1     | answers of red3, blue2 and the host behind the gateway; a wrong label     |
//! | red3.pcap  | compute-2 vf0 | the answers to red1's echo                                                |
//! | blue2.pcap | compute-2 vf1 | the answers to red1's connections                                         |

use std::net::Ipv6Addr;
use std::path::Path;

use crate::frames::*;
use crate::Outcome;

const RED1: Host = guest(1, 3);
const RED2: Host = guest(1, 4);
const RED3: Host = guest(1, 5);
const BLUE1: Host = guest(2, 3);
const BLUE2: Host = guest(2, 4);
const EDGE1: Host = Host {
    mac: [2, 0, 0xc0, 0xa8, 1, 3],
    ip: [192, 168, 1, 3],
    ip6: Ipv6Addr::UNSPECIFIED,
};
/// Behind the SDN gateway.
const CLOUD: Host = Host {
    mac: [0; 6],
    ip: [100, 100, 100, 100],
    ip6: Ipv6Addr::UNSPECIFIED,
};
const COMPUTE1: Host = Host {
    mac: [0x0c, 0xc4, 0x7a, 0x4c, 0x67, 0x93],
    ip: [192, 168, 100, 3],
    ip6: Ipv6Addr::UNSPECIFIED,
};
const COMPUTE2: Host = Host {
    mac: [0x0c, 0xc4, 0x7a, 0x59, 0x62, 0x5c],
    ip: [192, 168, 100, 4],
    ip6: Ipv6Addr::UNSPECIFIED,
};
const GATEWAY: Host = Host {
    mac: [0x2c, 0x6b, 0xf5, 0x12, 0x34, 0x01],
    ip: [192, 168, 100, 1],
    ip6: Ipv6Addr::UNSPECIFIED,
};

/// Writes them all.
pub fn write(to: &Path) -> Outcome<()> {
    let file = |name, frames: &[(u64, Vec<u8>)]| crate::frames::write(to, name, frames);
    file("red1.pcap", &[red1()?, red1_in_ipv6()?].concat())?;
    file("red2.pcap", &red2()?)?;
    let blue1 = [
        (52, syn_ack(BLUE1, RED1.ip, (80, 40001))?),
        (242, syn_ack6(BLUE1, RED1.ip6, (80, 40005))?),
    ];
    file("blue1.pcap", &blue1)?;
    let edge1 = [
        (110, arp(EDGE1, [192, 168, 1, 1])?),
        (120, echo(EDGE1, ROUTER, CLOUD.ip, 4, 1)?),
        (130, echo(EDGE1, ROUTER, CLOUD.ip, 4, 2)?),
    ];
    file("edge1.pcap", &edge1)?;
    elsewhere(to)
}

fn red1() -> Outcome<Vec<(u64, Vec<u8>)>> {
    Ok(vec![
        (0, arp(RED1, RED2.ip)?),
        (10, echo(RED1, RED2.mac, RED2.ip, 1, 1)?),
        (20, echo(RED1, RED2.mac, RED2.ip, 1, 2)?),
        (30, arp(RED1, [10, 1, 1, 1])?),
        (40, echo(RED1, ROUTER, [10, 1, 1, 1], 2, 1)?),
        (50, syn(RED1, BLUE1.ip, (40001, 80))?),
        (60, syn(RED1, BLUE1.ip, (40002, 22))?),
        (70, arp(RED1, RED3.ip)?),
        (80, echo(RED1, RED3.mac, RED3.ip, 3, 1)?),
        (90, syn(RED1, BLUE2.ip, (40003, 443))?),
        (100, syn(RED1, CLOUD.ip, (40004, 443))?),
    ])
}

fn red1_in_ipv6() -> Outcome<Vec<(u64, Vec<u8>)>> {
    let gateway = address6(1, 1);
    Ok(vec![
        (200, solicit(RED1, RED2.ip6)?),
        (210, echo6(RED1, RED2.mac, RED2.ip6, 5, 1)?),
        (220, solicit(RED1, gateway)?),
        (230, echo6(RED1, ROUTER, gateway, 6, 1)?),
        (240, syn6(RED1, BLUE1.ip6, (40005, 80))?),
        (250, syn6(RED1, BLUE1.ip6, (40006, 22))?),
        (260, solicit(RED1, RED3.ip6)?),
        (270, echo6(RED1, RED3.mac, RED3.ip6, 7, 1)?),
        (280, syn6(RED1, BLUE2.ip6, (40007, 443))?),
    ])
}

fn red2() -> Outcome<Vec<(u64, Vec<u8>)>> {
    Ok(vec![
        (12, echo_reply(RED2, RED1.mac, RED1.ip, 1, 1)?),
        (22, echo_reply(RED2, RED1.mac, RED1.ip, 1, 2)?),
        (212, echo_reply6(RED2, RED1.mac, RED1.ip6, 5, 1)?),
    ])
}

/// What the other node's guests and the SDN gateway send, and how it arrives on the first node's wire.
fn elsewhere(to: &Path) -> Outcome<()> {
    let red3 = [
        (85, echo_reply(RED3, RED1.mac, RED1.ip, 3, 1)?),
        (275, echo_reply6(RED3, RED1.mac, RED1.ip6, 7, 1)?),
    ];
    let blue2 = [
        (95, syn_ack(BLUE2, RED1.ip, (443, 40003))?),
        (285, syn_ack6(BLUE2, RED1.ip6, (443, 40007))?),
    ];
    let bridged = |frame: &[u8]| over_udp(COMPUTE2, COMPUTE1, 4789, &vxlan(5001, frame));
    let routed = |frame: &[u8]| over_udp(COMPUTE2, COMPUTE1, 6635, &mpls(25, packet(frame)));
    let cloud = |label, seq| {
        let reply = echo_reply(CLOUD, ROUTER, EDGE1.ip, 4, seq)?;
        over_gre(GATEWAY, COMPUTE1, &mpls(label, packet(&reply)))
    };
    let wire0 = [
        (85, bridged(&red3[0].1)?),
        (95, routed(&blue2[0].1)?),
        (125, cloud(17, 1)?),
        (135, cloud(17, 2)?),
        (140, cloud(4000, 3)?),
        (275, bridged(&red3[1].1)?),
        (285, routed(&blue2[1].1)?),
    ];
    crate::frames::write(to, "wire0.pcap", &wire0)?;
    crate::frames::write(to, "red3.pcap", &red3)?;
    crate::frames::write(to, "blue2.pcap", &blue2)
}
