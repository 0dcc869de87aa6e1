//! Segment sizes of SYNs, against limits in plain Rust and checksums computed anew.

use super::kind::Kind;
use super::packet::Case;
use super::run_as;
use crate::stream::frames::Noise;
use underpass_layout::meta::{Meta, RoundKind};
use underpass_layout::tables::{NexthopKind, TunnelKind, VifKind};
use underpass_layout::{DropReason, PuntReason, Verdict};

/// How a packet leaves.
#[derive(Clone, Copy, Debug)]
struct Path {
    l3: bool,
    l3_vxlan: bool,
    v6: bool,
    mtu: u16,
}

impl Path {
    fn random(noise: &mut Noise) -> Path {
        let mut coin = || noise.below(2) == 1;
        let (l3, l3_vxlan, v6) = (coin(), coin(), coin());
        let mtu = [
            noise.below(200),
            1400 + noise.below(200),
            noise.below(1 << 14),
        ];
        Path {
            l3,
            l3_vxlan,
            v6,
            mtu: mtu[noise.below(3)] as u16,
        }
    }

    /// The largest segment behind so many bytes of headers.
    fn limit(self, headers: usize) -> u16 {
        let overlay = if self.l3 && !self.l3_vxlan { 40 } else { 62 };
        let outer = overlay + if self.v6 { 20 } else { 0 };
        usize::from(self.mtu).saturating_sub(outer + headers) as u16
    }

    fn of(self, case: &Case) -> Meta {
        let mut meta = case.meta();
        meta.bridge.l3 = self.l3;
        meta.nexthop.kind = NexthopKind::Tunnel;
        meta.nexthop.tunnel = TunnelKind::Vxlan;
        meta.nexthop.l3_vxlan = self.l3_vxlan;
        meta.nexthop.tunnel_v6 = self.v6;
        meta.nexthop.mtu = self.mtu;
        meta
    }
}

/// What is replaced beside the size: nothing, or the ends, or the hop.
const WHAT: [u32; 5] = [0x20, 0x30, 0x0f, 0x1f, 0x05];

fn syn(noise: &mut Noise, size: impl Fn(u16) -> u16) -> (Meta, Case) {
    let (path, v6) = (Path::random(noise), noise.below(2) == 1);
    let what = WHAT[noise.below(WHAT.len())];
    let case = Case::random(noise, Kind::Tcp, v6, what);
    let limit = path.limit(case.headers());
    let says = size(limit);
    let announces = if path.mtu == 0 { says } else { says.min(limit) };
    let case = case.with_segment(20 + noise.below(20), says, announces);
    (path.of(&case), case)
}

#[test]
fn a_guest_announces_no_more_than_its_tunnel_takes() {
    let mut noise = Noise(92);
    let mut cases = Vec::new();
    for _ in 0..400 {
        cases.push(syn(&mut noise, |limit| limit));
        cases.push(syn(&mut noise, |limit| limit.saturating_add(1)));
        cases.push(syn(&mut noise, |limit| limit.saturating_sub(1)));
        let any = noise.below(1 << 16) as u16;
        cases.push(syn(&mut noise, |_| any));
    }
    run_as(&cases);
}

/// A packet of another kind: its name, and what makes it one.
type Other = (&'static str, fn(&mut Meta));

#[test]
fn without_a_tunnels_limit_a_segment_stays_as_it_is() {
    let others: [Other; 9] = [
        ("no limit", |meta| meta.nexthop.mtu = 0),
        ("no tunnel", |meta| meta.nexthop.kind = NexthopKind::Encap),
        ("no guest", |meta| {
            meta.classify.entry.kind = VifKind::Fabric;
        }),
        ("a tunnel's", |meta| meta.decap.tunnelled = true),
        ("a copy", |meta| {
            meta.arrival.round.kind = RoundKind::Member;
        }),
        ("an analyzer's", |meta| meta.arrival.round.quiet = true),
        ("dropped", |meta| {
            meta.verdict = Verdict::Drop(DropReason::Discard).bits();
        }),
        ("punted", |meta| {
            meta.verdict = Verdict::Punt(PuntReason::FlowMiss).bits();
        }),
        ("no SYN", |meta| meta.syn.offset = 0),
    ];
    let path = Path {
        l3: false,
        l3_vxlan: false,
        v6: false,
        mtu: 1500,
    };
    for (name, change) in others {
        let mut noise = Noise(93);
        // Neither flow nor hop.
        let case = Case::random(&mut noise, Kind::Tcp, false, 0x20).with_segment(22, 9000, 9000);
        let mut meta = path.of(&case);
        change(&mut meta);
        println!("{name}");
        run_as(&[(meta, case)]);
    }
    let mut noise = Noise(93);
    let limit = 1500 - 62 - Case::random(&mut noise, Kind::Tcp, false, 0x20).headers();
    let mut noise = Noise(93);
    let case = Case::random(&mut noise, Kind::Tcp, false, 0x20);
    let case = case.with_segment(22, 9000, limit as u16);
    run_as(&[(path.of(&case), case)]);
}
