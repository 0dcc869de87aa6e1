//! The captures of examples/fat-flows.
//!
//! | file             | enters | what is in it                                                                        |
//! |------------------|--------|--------------------------------------------------------------------------------------|
//! | subscribers.pcap | vf0    | two SSH and a telnet of 10.10.0.1, SSH of 10.10.0.2, 10.10.5.7, 10.10.5.9, to 8.8.8.8 |
//! | servers.pcap     | wire0  | the answers, in MPLS over UDP                                                         |

use std::net::Ipv6Addr;
use std::path::Path;

use crate::frames::*;
use crate::Outcome;

const US: Host = node([0x0c, 0xc4, 0x7a, 0x59, 0x62, 0x5c], 11);
const PEER: Host = node([0x0c, 0xc4, 0x7a, 0x59, 0x62, 0x6e], 12);
/// The MAC is that of the guest that routes for all subscribers.
const SERVER: Host = host([0; 6], [8, 8, 8, 8]);
/// What the guest's packets are labelled with.
const LABEL: u32 = 42;
/// MPLS in UDP (RFC 7510).
const MPLS_PORT: u16 = 6635;

/// Last two bytes of the subscriber, its port, the service.
const SESSIONS: [([u8; 2], u16, u16); 6] = [
    ([0, 1], 64165, 22),
    ([0, 1], 64228, 22),
    ([0, 1], 52986, 23),
    ([0, 2], 64170, 22),
    ([5, 7], 50001, 22),
    ([5, 9], 50002, 22),
];

const fn host(mac: [u8; 6], ip: [u8; 4]) -> Host {
    Host {
        mac,
        ip,
        ip6: Ipv6Addr::UNSPECIFIED,
    }
}

const fn node(mac: [u8; 6], last: u8) -> Host {
    host(mac, [192, 168, 200, last])
}

/// Writes them all.
pub fn write(to: &Path) -> Outcome<()> {
    let mut subscribers = Vec::new();
    let mut servers = Vec::new();
    for (number, ([third, last], port, service)) in (0..).zip(SESSIONS) {
        let from = host([2, 0, 0, 0, 8, 3], [10, 10, third, last]);
        let start = 100 * number;
        let asked = |part| segment(from, SERVER.ip, (port, service), part);
        let answered = |part| {
            let frame = segment(SERVER, from.ip, (service, port), part)?;
            over_udp(PEER, US, MPLS_PORT, &mpls(LABEL, packet(&frame)))
        };
        subscribers.push((start + 10, asked(Part::Syn)?));
        servers.push((start + 20, answered(Part::SynAck)?));
        subscribers.push((start + 30, asked(Part::Ack)?));
        subscribers.push((start + 40, asked(Part::Data(b"SSH-2.0-subscriber\r\n"))?));
        servers.push((start + 50, answered(Part::Data(b"SSH-2.0-server\r\n"))?));
    }
    crate::frames::write(to, "subscribers.pcap", &subscribers)?;
    crate::frames::write(to, "servers.pcap", &servers)
}
