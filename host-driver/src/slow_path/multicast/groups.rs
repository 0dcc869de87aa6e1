//! Membership of the underlay's multicast groups, by which networks flood over VXLAN: the routers on the way are told.
//!
//! ```text
//!   at the start, then every 60 s:   IGMPv2 report (RFC 2236)   or   MLD report (RFC 2710)   ─▶ underlay
//! ```
//! Queries are answered by nobody: a report comes again before a router with the default interval of 125 s would miss it
//! twice.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use underpass_table_compiler::objects::VifType;
use underpass_table_compiler::Mac;

use crate::slow_path::ethernet;
use crate::slow_path::reaction::Reaction;
use crate::slow_path::SlowPath;

/// How often groups are reported.
const PERIOD: Duration = Duration::from_secs(60);
/// IP protocols.
const IGMP: u8 = 2;
const ICMPV6: u8 = 58;
/// Types of reports.
const IGMP_REPORT: u8 = 0x16;
const MLD_REPORT: u8 = 131;

/// When groups are reported next.
#[derive(Debug, Default)]
pub struct Reports {
    next: Duration,
}

impl Reports {
    fn is_due(&mut self, now: Duration) -> bool {
        let due = now >= self.next;
        if due {
            self.next = now + PERIOD;
        }
        due
    }
}

impl SlowPath {
    /// Reports the groups of all networks, if it is time to.
    pub(in crate::slow_path) fn report_groups(&mut self, now: Duration) -> Vec<Reaction> {
        let networks = self.world.network().networks.iter();
        let mut groups: Vec<IpAddr> = networks
            .filter_map(|network| network.multicast_group)
            .collect();
        groups.sort_unstable();
        groups.dedup();
        if groups.is_empty() || !self.reports.is_due(now) {
            return Vec::new();
        }
        let Some(fabric) = self.world.vif_of(VifType::Fabric) else {
            return Vec::new();
        };
        let (mac, own) = (self.world.underlay().mac, self.world.tunnel_address());
        let frames = groups
            .into_iter()
            .filter_map(|group| report(mac, own, group));
        frames
            .filter_map(|frame| Reaction::transmit(fabric, frame))
            .collect()
    }
}

/// The frame that says that `own` is in a group. None: they are of two families.
fn report(mac: Mac, own: IpAddr, group: IpAddr) -> Option<Vec<u8>> {
    match (own, group) {
        (IpAddr::V4(own), IpAddr::V4(group)) => Some(igmp(mac, own, group)),
        (IpAddr::V6(own), IpAddr::V6(group)) => Some(mld(mac, own, group)),
        _ => None,
    }
}

fn igmp(mac: Mac, own: Ipv4Addr, group: Ipv4Addr) -> Vec<u8> {
    let [_, second, third, fourth] = group.octets();
    let mut frame = vec![0x01, 0x00, 0x5e, second & 0x7f, third, fourth];
    frame.extend(mac.0);
    frame.extend(ethernet::IPV4.to_be_bytes());
    // Precedence of network control, TTL 1, and the option that has routers look at it (RFC 2113).
    let mut ip = vec![0x46, 0xc0, 0, 32, 0, 0, 0, 0, 1, IGMP, 0, 0];
    ip.extend(own.octets());
    ip.extend(group.octets());
    ip.extend([0x94, 4, 0, 0]);
    fill(&mut ip, 10, 0);
    frame.extend(ip);
    let mut message = vec![IGMP_REPORT, 0, 0, 0];
    message.extend(group.octets());
    fill(&mut message, 2, 0);
    frame.extend(message);
    frame
}

fn mld(mac: Mac, own: Ipv6Addr, group: Ipv6Addr) -> Vec<u8> {
    let [.., a, b, c, d] = group.octets();
    let mut frame = vec![0x33, 0x33, a, b, c, d];
    frame.extend(mac.0);
    frame.extend(ethernet::IPV6.to_be_bytes());
    // Hop-by-hop options come first, hop limit 1; the option has routers look at it (RFC 2711).
    frame.extend([0x60, 0, 0, 0, 0, 32, 0, 1]);
    frame.extend(own.octets());
    frame.extend(group.octets());
    frame.extend([ICMPV6, 0, 5, 2, 0, 0, 1, 0]);
    let mut message = vec![MLD_REPORT, 0, 0, 0, 0, 0, 0, 0];
    message.extend(group.octets());
    let ends = [own.octets(), group.octets()].concat();
    let pseudo = sum(&ends) + u32::from(ICMPV6) + message.len() as u32;
    fill(&mut message, 2, pseudo);
    frame.extend(message);
    frame
}

/// Writes the checksum over `bytes`, and over what `more` is the sum of, to `place`.
fn fill(bytes: &mut [u8], place: usize, more: u32) {
    let sum = sum(bytes) + more;
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
    if let Some(field) = bytes.get_mut(place..place + 2) {
        field.copy_from_slice(&sum.to_be_bytes());
    }
}

/// Sum of 16-bit words, of an even number of bytes.
fn sum(bytes: &[u8]) -> u32 {
    bytes
        .chunks_exact(2)
        .map(|half| u32::from(u16::from_be_bytes([half[0], half[1]])))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::{Icmpv6Slice, Ipv4Slice, Ipv6Slice};

    const NODE: Mac = Mac([2, 0, 0, 0, 0, 1]);

    #[test]
    fn an_igmp_report_goes_to_its_group() {
        let frame = igmp(
            NODE,
            Ipv4Addr::new(192, 0, 2, 1),
            Ipv4Addr::new(239, 129, 2, 3),
        );
        assert_eq!(frame[..6], [0x01, 0x00, 0x5e, 0x01, 0x02, 0x03]);
        let ip = Ipv4Slice::from_slice(&frame[14..]).expect("IPv4");
        let header = ip.header().to_header();
        assert_eq!(header.calc_header_checksum(), header.header_checksum);
        assert_eq!(header.time_to_live, 1);
        assert_eq!(header.protocol.0, IGMP);
        let message = &frame[14 + 24..];
        assert_eq!(message[0], IGMP_REPORT);
        assert_eq!(message[4..], [239, 129, 2, 3]);
        let sum = sum(message);
        assert_eq!((sum & 0xffff) + (sum >> 16), 0xffff);
    }

    #[test]
    fn an_mld_report_goes_to_its_group() {
        let own: Ipv6Addr = "fe80::1".parse().expect("an address");
        let group: Ipv6Addr = "ff05::1:2:3".parse().expect("an address");
        let frame = mld(NODE, own, group);
        assert_eq!(frame[..6], [0x33, 0x33, 0, 2, 0, 3]);
        let ip = Ipv6Slice::from_slice(&frame[14..]).expect("IPv6");
        assert_eq!(ip.header().hop_limit(), 1);
        let icmp = Icmpv6Slice::from_slice(ip.payload().payload).expect("ICMPv6");
        assert!(icmp.is_checksum_valid(own.octets(), group.octets()));
        assert_eq!(icmp.type_u8(), MLD_REPORT);
    }

    #[test]
    fn families_do_not_mix() {
        let own = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        assert_eq!(
            report(NODE, own, "ff05::1".parse().expect("an address")),
            None
        );
    }

    #[test]
    fn reports_come_at_once_and_every_minute() {
        let mut reports = Reports::default();
        let due = [0, 1, 59, 60, 61, 300].map(|second| reports.is_due(Duration::from_secs(second)));
        assert_eq!(due, [true, false, false, true, false, true]);
    }
}
