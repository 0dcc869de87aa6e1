//! What the way to a tunnel's end carries, where that is less than the link here (RFC 1191, RFC 8201).
//!
//! ```text
//!   a router says: too long ─▶ nexthops to that end carry no more than it says ─▶ ten minutes later as before
//! ```
//! Never more than the link here carries, and over IPv4 never so little that guests have less than 1280 bytes, which
//! IPv6 needs (RFC 8200 section 5): our tunnels allow routers to cut their packets, so that one that says less is wrong
//! or forged, and does little harm. Over IPv6 never less than every link carries. The network is carried anew once a
//! second at most, however many errors say something else each time.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use underpass_layout::tables::NexthopKind;
use underpass_layout::DropReason;
use underpass_table_compiler::objects::VifType;
use underpass_table_compiler::Entries;

use crate::driver::Punt;
use crate::slow_path::key::address;
use crate::slow_path::reaction::Reaction;
use crate::slow_path::tunnel_error::TooLong;
use crate::slow_path::SlowPath;

/// How long a router is believed (RFC 1191 section 6.3).
const BELIEVED: Duration = Duration::from_secs(600);
/// What every link of IPv6 carries, and the least that is believed there.
const LEAST6: u16 = 1280;
/// The least that is believed over IPv4: that, and in front of it IPv4, UDP, VXLAN or a label with its control word, and
/// Ethernet with a tag.
const LEAST: u16 = LEAST6 + 20 + 8 + 8 + 18;
/// Ends that are known at most.
const ENDS: usize = 4096;
/// How long until nexthops change again: all of the network is compiled for that, which takes the slow path's time from
/// everybody.
const PAUSE: Duration = Duration::from_secs(1);

/// Tunnel ends to which less goes than the link here carries.
#[derive(Debug, Default)]
pub struct PathMtus {
    /// By end: what it carries, and until when that is believed.
    ends: BTreeMap<IpAddr, (u16, Duration)>,
    /// Nexthops do not say yet what is known.
    behind: bool,
    /// When they may change again.
    next: Duration,
}

impl PathMtus {
    /// A router has said so. True: nexthops are to change.
    pub fn told(&mut self, end: IpAddr, mtu: u32, now: Duration) -> bool {
        let least = if end.is_ipv4() { LEAST } else { LEAST6 };
        let mtu = u16::try_from(mtu).unwrap_or(u16::MAX).max(least);
        let known = self.ends.get(&end).map(|(mtu, _)| *mtu);
        if known.is_none() && self.ends.len() >= ENDS {
            return false;
        }
        // What is larger than was known is old, or a forgery: time alone makes it larger.
        let mtu = known.map_or(mtu, |known| known.min(mtu));
        self.ends.insert(end, (mtu, now + BELIEVED));
        self.behind |= known != Some(mtu);
        known != Some(mtu)
    }

    /// Forgets what was said long ago. True: nexthops are to change.
    pub fn expire(&mut self, now: Duration) -> bool {
        let before = self.ends.len();
        self.ends.retain(|_, (_, end)| *end > now);
        self.behind |= self.ends.len() != before;
        self.ends.len() != before
    }

    /// Whether nexthops change now.
    fn is_due(&mut self, now: Duration) -> bool {
        let is_due = self.behind && now >= self.next;
        if is_due {
            self.behind = false;
            self.next = now + PAUSE;
        }
        is_due
    }

    /// Lets no nexthop carry more than its way does.
    pub fn limit(&self, entries: &mut Entries) {
        if self.ends.is_empty() {
            return;
        }
        let nexthops = entries.nexthops.values_mut();
        for nexthop in nexthops.filter(|nexthop| nexthop.kind == NexthopKind::Tunnel) {
            let end = address(nexthop.tunnel_dst, nexthop.tunnel_v6);
            if let Some((mtu, _)) = self.ends.get(&end) {
                nexthop.mtu = match nexthop.mtu {
                    0 => *mtu,
                    configured => configured.min(*mtu),
                };
            }
        }
    }
}

impl SlowPath {
    /// An ICMP error about a packet of a tunnel.
    pub(in crate::slow_path) fn tunnel_error(
        &mut self,
        punt: &Punt,
        now: Duration,
    ) -> Vec<Reaction> {
        let told = TooLong::read(&punt.frame).filter(|told| self.is_ours(told));
        if let Some(told) = told {
            self.path_mtus.told(told.to, told.mtu, now);
        }
        let mut reactions = self.carry_path_mtus(now);
        let host = self.world.vif_of(VifType::Host);
        let to_host = host.and_then(|host| Reaction::transmit(host, punt.frame.clone()));
        if to_host.is_none() && told.is_none() {
            return vec![Reaction::drop(punt, DropReason::TrapNoInterface)];
        }
        reactions.extend(to_host);
        reactions.push(Reaction::Consume(punt.shim.vif));
        reactions
    }

    /// Time has passed: tunnels carry more again, or what was said meanwhile.
    pub(in crate::slow_path) fn expire_path_mtus(&mut self, now: Duration) -> Vec<Reaction> {
        self.path_mtus.expire(now);
        self.carry_path_mtus(now)
    }

    /// It is about a packet that this node sent to the end of one of its tunnels.
    fn is_ours(&self, told: &TooLong) -> bool {
        let mut nexthops = self.placed.entries().nexthops.values();
        nexthops.any(|nexthop| {
            let ends = [nexthop.tunnel_src, nexthop.tunnel_dst];
            let ends = ends.map(|end| address(end, nexthop.tunnel_v6));
            nexthop.kind == NexthopKind::Tunnel && ends == [told.from, told.to]
        })
    }

    /// Carries the same network, if its tunnels carry something else by now.
    fn carry_path_mtus(&mut self, now: Duration) -> Vec<Reaction> {
        if !self.path_mtus.is_due(now) {
            return Vec::new();
        }
        let network = self.world.network().clone();
        self.carry(network).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_layout::tables::NexthopEntry;

    const END: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 0, 2));

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// The MTU of a nexthop to the end, and of one to another.
    fn limited(mtus: &PathMtus, configured: u16) -> [u16; 2] {
        let mut entries = Entries::default();
        for (row, dst) in [(1, 0xc0a8_0002), (2, 0xc0a8_0003)] {
            let nexthop = NexthopEntry {
                kind: NexthopKind::Tunnel,
                tunnel_dst: dst,
                mtu: configured,
                ..NexthopEntry::default()
            };
            entries.nexthops.insert(row, nexthop);
        }
        mtus.limit(&mut entries);
        [1, 2].map(|row| entries.nexthops[&row].mtu)
    }

    #[test]
    fn tunnels_to_that_end_carry_less_for_ten_minutes() {
        let mut mtus = PathMtus::default();
        assert!(mtus.told(END, 1400, at(0)));
        assert_eq!(limited(&mtus, 1500), [1400, 1500]);
        assert_eq!(limited(&mtus, 0), [1400, 0]);
        assert!(!mtus.expire(at(599)));
        assert!(mtus.expire(at(600)));
        assert_eq!(limited(&mtus, 1500), [1500, 1500]);
    }

    #[test]
    fn never_less_than_guests_need_and_never_more_than_the_link() {
        let mut mtus = PathMtus::default();
        mtus.told(END, 68, at(0));
        assert_eq!(limited(&mtus, 1500)[0], 1334);
        assert_eq!(limited(&mtus, 1300)[0], 1300);
        let mut mtus = PathMtus::default();
        mtus.told(END, 9000, at(0));
        assert_eq!(limited(&mtus, 1500)[0], 1500);
        let mut mtus = PathMtus::default();
        let six: IpAddr = "2001:db8::2".parse().unwrap();
        mtus.told(six, 0, at(0));
        assert_eq!(mtus.ends[&six].0, 1280);
    }

    #[test]
    fn nexthops_change_once_a_second_at_most() {
        let mut mtus = PathMtus::default();
        assert!(!mtus.is_due(at(0)));
        mtus.told(END, 1400, at(0));
        assert!(mtus.is_due(at(0)));
        for mtu in (1350..1400).rev() {
            assert!(mtus.told(END, mtu, at(0)));
            assert!(!mtus.is_due(at(0)));
        }
        assert!(mtus.is_due(at(1)));
        assert_eq!(limited(&mtus, 1500)[0], 1350);
        assert!(!mtus.is_due(at(2)));
        mtus.expire(at(601));
        assert!(mtus.is_due(at(601)));
    }

    #[test]
    fn what_is_heard_again_is_believed_longer_and_never_more() {
        let mut mtus = PathMtus::default();
        assert!(mtus.told(END, 1400, at(0)));
        assert!(!mtus.told(END, 1450, at(300)));
        assert!(!mtus.expire(at(600)));
        assert_eq!(limited(&mtus, 1500)[0], 1400);
        assert!(mtus.told(END, 1350, at(600)));
        assert_eq!(limited(&mtus, 1500)[0], 1350);
    }
}
