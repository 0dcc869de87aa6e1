//! The captures of examples/mirror: two pings of 98 bytes, asked and answered.
//!
//! | file      | enters | what is in it |
//! |-----------|--------|---------------|
//! | vnf1.pcap | vf0    | echo to vnf2  |
//! | vnf2.pcap | vf1    | its answers   |

use std::net::Ipv6Addr;
use std::path::Path;

use crate::frames::*;
use crate::Outcome;

const VNF1: Host = vnf(3, 0x11);
const VNF2: Host = vnf(4, 0x12);

const fn vnf(host: u8, last: u8) -> Host {
    Host {
        mac: [2, 0xf8, 0x65, 0x91, 0x36, last],
        ip: [4, 4, 4, host],
        ip6: Ipv6Addr::UNSPECIFIED,
    }
}

/// Writes them all.
pub fn write(to: &Path) -> Outcome<()> {
    let asked = |seq| echo(VNF1, VNF2.mac, VNF2.ip, 7, seq);
    let answered = |seq| echo_reply(VNF2, VNF1.mac, VNF1.ip, 7, seq);
    let vnf1 = [(0, asked(1)?), (20, asked(2)?)];
    let vnf2 = [(10, answered(1)?), (30, answered(2)?)];
    crate::frames::write(to, "vnf1.pcap", &vnf1)?;
    crate::frames::write(to, "vnf2.pcap", &vnf2)
}
