//! Packets that go to the host: they are read for their last hop alone.

use super::*;
use underpass_layout::{DropReason, Verdict};

#[test]
fn a_packet_for_the_host_needs_a_hop() {
    let mut bench = Bench::new();
    bench.host(true);
    for ttl in [0, 1, 2, 255] {
        let mut packet = ipv4(1, 17, &ports(5, 6, 8));
        packet[8] = ttl;
        let (verdict, inner) = bench.judged(&ethernet(true, &packet));
        let expected = match ttl {
            0 => Verdict::Drop(DropReason::TtlExceeded),
            _ => Verdict::Deliver,
        };
        assert_eq!(verdict, expected, "{ttl} hops");
        assert_eq!((inner.ipv4, inner.ttl, inner.l3_offset), (true, ttl, 18));
    }
}

#[test]
fn what_is_behind_its_header_does_not_matter() {
    let mut bench = Bench::new();
    bench.host(true);
    let mut packet = ipv4(0, 6, &[0; 4]);
    packet[8] = 0;
    let (verdict, inner) = bench.judged(&ethernet(false, &packet));
    assert_eq!((verdict, inner.ipv4), (Verdict::Deliver, false));
}

#[test]
fn a_tenants_packet_without_a_hop_is_for_its_route_to_judge() {
    let mut bench = Bench::new();
    let mut packet = ipv4(0, 17, &ports(5, 6, 8));
    packet[8] = 0;
    let (verdict, inner) = bench.judged(&ethernet(false, &packet));
    assert_eq!((verdict, inner.ipv4), (Verdict::Continue, true));
}
