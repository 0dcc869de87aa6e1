//! The tenant's headers as `s4_inner` reads them, and as another crate's parser does.

mod common;

use common::packets::{any_tenant, Tenant};
use common::{port, Network};
use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use underpass_layout::meta::Inner;
use underpass_layout::{DropReason, Verdict};

/// What the model reads of a frame; none where it takes it for broken.
fn ours(frame: &[u8]) -> Option<Inner> {
    let mut network = Network::new();
    network.vm(3, 2, false);
    let output = network.core.process(frame, port("vf0"));
    let broken = output.verdict == Verdict::Drop(DropReason::InvalidPacket);
    (!broken).then_some(output.meta.inner)
}

/// The fields on which both can have a say.
#[derive(Debug, PartialEq)]
struct Read {
    src: u128,
    dst: u128,
    ttl: u8,
    fragment: bool,
    protocol: u8,
    ports: (u16, u16),
}

fn of_inner(inner: &Inner) -> Read {
    Read {
        src: inner.src,
        dst: inner.dst,
        ttl: inner.ttl,
        fragment: inner.fragment,
        protocol: inner.protocol,
        ports: (inner.src_port, inner.dst_port),
    }
}

/// What the other parser reads; none where it refuses the frame.
fn theirs(frame: &[u8]) -> Option<Read> {
    let sliced = SlicedPacket::from_ethernet(frame).ok()?;
    let net = sliced.net.as_ref()?;
    let payload = net.ip_payload_ref()?;
    let v4 = |address: [u8; 4]| u32::from_be_bytes(address).into();
    let (src, dst, ttl) = match net {
        NetSlice::Ipv4(ip) => {
            let header = ip.header();
            (v4(header.source()), v4(header.destination()), header.ttl())
        }
        NetSlice::Ipv6(ip) => {
            let header = ip.header();
            let of = u128::from_be_bytes;
            (
                of(header.source()),
                of(header.destination()),
                header.hop_limit(),
            )
        }
        NetSlice::Arp(_) => return None,
    };
    let read = Read {
        src,
        dst,
        ttl,
        fragment: payload.fragmented,
        protocol: payload.ip_number.0,
        ports: ports(net, sliced.transport.as_ref(), payload.payload),
    };
    Some(read)
}

/// As flow keys have them. The other parser also reads ICMP of the wrong family; to the card that is a protocol like any.
fn ports(net: &NetSlice<'_>, transport: Option<&TransportSlice<'_>>, payload: &[u8]) -> (u16, u16) {
    let identifier = || u16::from_be_bytes([payload[4], payload[5]]);
    match transport {
        Some(TransportSlice::Udp(udp)) => (udp.source_port(), udp.destination_port()),
        Some(TransportSlice::Tcp(tcp)) => (tcp.source_port(), tcp.destination_port()),
        Some(TransportSlice::Icmpv4(icmp)) if net.is_ipv4() => match icmp.type_u8() {
            0 | 8 => (identifier(), 0),
            other => (0, other.into()),
        },
        Some(TransportSlice::Icmpv6(icmp)) if net.is_ipv6() => match icmp.type_u8() {
            128 | 129 => (identifier(), 129),
            other => (0, other.into()),
        },
        _ => (0, 0),
    }
}

const SCTP: u8 = 132;

/// Compares where both have read something. True: they have.
fn agree(frame: &[u8]) -> Result<bool, TestCaseError> {
    let (Some(inner), Some(theirs)) = (ours(frame), theirs(frame)) else {
        return Ok(false);
    };
    // Behind headers that the card does not read over there is nothing to compare; SCTP has no ports over there.
    if inner.extension || inner.tagged || !(inner.ipv4 || inner.ipv6) {
        return Ok(false);
    }
    let mut ours = of_inner(&inner);
    // A first fragment header that says that there is but one part makes a fragment for the card only.
    let whole_in_a_fragment = inner.ipv6 && inner.fragment && !theirs.fragment;
    if inner.protocol == SCTP || whole_in_a_fragment {
        ours.ports = theirs.ports;
        ours.fragment = theirs.fragment;
    }
    prop_assert_eq!(ours, theirs);
    Ok(true)
}

/// A good packet with some bytes changed and perhaps cut.
fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((14..100_usize, any::<u8>()), 0..3);
    let cut = prop::option::weighted(0.2, 14..120_usize);
    (any_tenant(), changes, cut).prop_map(|(tenant, changes, cut)| {
        let mut frame = in_frame(&tenant);
        for (at, byte) in changes {
            if let Some(old) = frame.get_mut(at) {
                *old = byte;
            }
        }
        frame.truncate(cut.unwrap_or(frame.len()));
        frame
    })
}

fn in_frame(tenant: &Tenant) -> Vec<u8> {
    tenant.frame(0x0200_0000_0012, 0x0200_0000_0011)
}

proptest! {
    #[test]
    fn both_read_the_same(frame in any_frame()) {
        agree(&frame)?;
    }

    #[test]
    fn a_good_packet_is_not_broken(tenant in any_tenant()) {
        prop_assert!(ours(&in_frame(&tenant)).is_some());
    }
}

/// The properties above are about something.
#[test]
fn most_packets_are_compared() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut compared = 0;
    for _ in 0..1000 {
        let frame = any_frame().new_tree(&mut runner).expect("a frame");
        compared += u32::from(agree(&frame.current()).expect("both agree"));
    }
    assert!(compared > 400, "{compared} of 1000");
}
