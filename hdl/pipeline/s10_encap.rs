//! s10_encap: the headers in front, and where the packet leaves. Reads everything. Writes `edit`.
//!
//! ```text
//!   clock 0: which headers, how long       clock 1: IPv4 identification, checksum       clock 2: the header's bytes
//!
//!   MplsGre      | Ethernet 14 | IPv4 20 | GRE 4 | MPLS 4 |
//!   MplsUdp      | Ethernet 14 | IPv4 20 | UDP 8 | MPLS 4 |
//!   Vxlan        | Ethernet 14 | IPv4 20 | UDP 8 | VXLAN 8 |
//!   VxlanRouted  | Ethernet 14 | IPv4 20 | UDP 8 | VXLAN 8 | Ethernet 14 |
//!   Ethernet     | Ethernet 14 |
//!   Shim         | PuntShim 64 |
//! ```

use super::s1_parse::{GRE, GRE_MPLS, IPV4, MPLS_PORT, UDP, VXLAN_PORT};
use super::s9_rewrite::{ETHERNET, GRE_OVERHEAD, UDP_OVERHEAD, VXLAN_OVERHEAD};
use super::slot::Slot;
use crate::buses::{DecidedOut, SlotIn};
use crate::hardware::{Edit, Meta, PuntShim, VerdictBits};
use underpass_layout::meta::{HeaderKind, BEAT_BYTES};
use underpass_layout::port::SLOW;
use underpass_layout::shim::InjectCommand;
use underpass_layout::tables::{NexthopKind, TunnelKind};
use underpass_layout::VerdictKind;
use underpass_wires::{
    bundle, first, k, leaf, mux, one_of, only, packet, select, state_from, wire, zero, Bit,
    BundleExt, U,
};

/// Clocks from slot to slot.
pub const LATENCY: usize = 3;

bundle! {
    /// A packet that is decided: what `deliver` does with its bytes, and what the counters learn.
    pub struct Decided {
        /// There is a packet in this clock.
        valid: Bit,
        /// What is known of it.
        meta: Meta,
        /// What is done with its bytes.
        edit: Edit,
    }

    /// What clock 0 finds out.
    struct Shape {
        kind: U<3>,
        add: U<8>,
        strip: U<8>,
        /// IPv4 length of the tunnel packet.
        outer: U<16>,
        protocol: U<8>,
        /// The inner packet's identification is taken.
        inner_id: Bit,
        counts_id: Bit,
        /// Sum of the fixed half of the outer IPv4 header.
        partial: U<18>,
    }
}

leaf!(
    /// The stage as a block. `tap` is `decided` once more: a RustHDL port leads to one place only.
    pub EncapStage { slot_in: SlotIn } -> { decided: DecidedOut, tap: DecidedOut },
    |slot: Slot| -> (Decided, Decided) {
        let decided = encap(slot);
        (decided, decided)
    }
);

/// The stage.
pub fn encap(slot: Slot) -> Decided {
    let mut slot = slot;
    slot.meta.verdict = slot
        .meta
        .verdict
        .or_first(&[(k(1), VerdictBits::deliver())]);
    let by_nexthop = slot.meta.verdict.is(VerdictKind::Deliver)
        & !cross_connected(slot.meta)
        & !transmitted(slot.meta);
    let shape = shape(slot.meta, by_nexthop).reg("shape");
    let by_nexthop = by_nexthop.reg("by_nexthop");
    let slot = slot.later("shaped", 1);

    // The identification: the inner packet's in GRE, else a counter (vrouter.md 2.9).
    let counter = state_from::<U<16>>("identification", k(1));
    counter.next(
        slot.valid.timeless() & shape.counts_id.timeless(),
        counter.q + 1,
    );
    let id = mux(shape.inner_id, slot.meta.inner.id, counter.q);
    let checksum = checksum(shape.partial, shape.outer, id);
    let (shape, by_nexthop, id, checksum) = (
        shape.reg("shape_id"),
        by_nexthop.reg("by_nexthop"),
        id.reg("id"),
        checksum.reg("checksum"),
    );
    let slot = slot.later("identified", 1);

    let meta = slot.meta;
    let header = header(meta, shape, id, checksum);
    let edit = edit(meta, shape, by_nexthop, header);
    let out = slot.later("out", 1);
    Decided {
        valid: out.valid,
        meta: out.meta,
        edit: edit.reg("edit"),
    }
}

/// It goes from the fabric to the host or back, as it came.
fn cross_connected(meta: Meta) -> Bit {
    use underpass_layout::tables::VifKind;
    !meta.classify.entry.kind.eq(VifKind::Vm.code()) & !meta.decap.tunnelled
}

/// The slow path sends it, as it is.
fn transmitted(meta: Meta) -> Bit {
    meta.arrival.injected & meta.arrival.command.eq(InjectCommand::Transmit.code())
}

/// Which headers, and how much of the packet stays. Combinational.
fn shape(meta: Meta, by_nexthop: Bit) -> Shape {
    let (nexthop, l3) = (meta.nexthop, meta.bridge.l3);
    wire!(punted = meta.verdict.is(VerdictKind::Punt));
    wire!(tunnel = by_nexthop & nexthop.kind.eq(NexthopKind::Tunnel.code()));
    let wraps = |kind: TunnelKind| tunnel & nexthop.tunnel.eq(kind.code());
    wire!(gre = wraps(TunnelKind::MplsGre));
    wire!(udp = wraps(TunnelKind::MplsUdp));
    wire!(routed = wraps(TunnelKind::Vxlan) & l3 & nexthop.l3_vxlan);
    wire!(vxlan = wraps(TunnelKind::Vxlan) & !routed);
    wire!(ethernet = by_nexthop & !tunnel & l3);
    let cases = |values: [u32; 6]| -> Vec<(Bit, U<8>)> {
        [punted, gre, udp, vxlan, routed, ethernet]
            .into_iter()
            .zip(values.map(|value| k(value)))
            .collect()
    };
    let kinds = [
        HeaderKind::Shim,
        HeaderKind::MplsGre,
        HeaderKind::MplsUdp,
        HeaderKind::Vxlan,
        HeaderKind::VxlanRouted,
        HeaderKind::Ethernet,
    ];
    let overheads = [
        0,
        GRE_OVERHEAD,
        UDP_OVERHEAD,
        VXLAN_OVERHEAD,
        VXLAN_OVERHEAD + ETHERNET,
        0,
    ];
    let overhead: U<8> = one_of(&cases(overheads));
    let add: U<8> = one_of(&cases([
        BEAT_BYTES as u32,
        ETHERNET + overheads[1],
        ETHERNET + overheads[2],
        ETHERNET + overheads[3],
        ETHERNET + overheads[4],
        ETHERNET,
    ]));
    let protocol = mux(gre, k::<8>(GRE), k(UDP));
    // 45 00, flags 00 00, TTL 40 and protocol, both addresses.
    let words = [
        k::<18>(0x4500),
        mux(gre, k::<18>(0x4000 | GRE), k(0x4000 | UDP)),
        nexthop.tunnel_src.slice::<16>(16).ext(),
        nexthop.tunnel_src.slice::<16>(0).ext(),
    ];
    let destination = nexthop.tunnel_dst.slice::<16>(16).ext::<17>()
        + nexthop.tunnel_dst.slice::<16>(0).ext::<17>();
    let folded = destination.trunc::<16>() + destination.slice::<1>(16).ext();
    // The sum of the two halves with the carry brought round cannot carry again.
    let source = words[2] + words[3];
    let fixed = words[0] + words[1];
    let fold = |sum: U<18>| -> U<18> { sum.trunc::<16>().ext::<18>() + sum.slice::<2>(16).ext() };
    let start = mux(l3, meta.inner.l3_offset, meta.decap.offset);
    Shape {
        kind: one_of(&cases(kinds.map(|kind| kind.code()))).trunc(),
        add,
        strip: only(by_nexthop, start) + meta.arrival.shim_bytes(),
        outer: meta.rewrite.payload + overhead.ext(),
        protocol,
        inner_id: gre & meta.inner.ipv4,
        counts_id: tunnel & !(gre & meta.inner.ipv4),
        partial: fold(fixed + fold(source) + folded.ext()),
    }
}

/// The outer header's checksum, from the sum of its fixed words and the two that change. Combinational.
fn checksum(partial: U<18>, length: U<16>, id: U<16>) -> U<16> {
    let sum = partial + length.ext() + id.ext();
    let once = sum.trunc::<16>().ext::<17>() + sum.slice::<2>(16).ext();
    !(once.trunc::<16>() + once.slice::<1>(16).ext())
}

/// The bytes in front, the first one lowest. Combinational.
fn header(meta: Meta, shape: Shape, id: U<16>, checksum: U<16>) -> U<768> {
    let nexthop = meta.nexthop;
    let label = meta.route.label;
    let ethernet: U<112> = packet!(
        nexthop.dst_mac,
        nexthop.src_mac,
        mux(
            shape.kind.eq(HeaderKind::Ethernet.code()),
            meta.inner.ethertype,
            k(IPV4)
        )
    );
    // RFC 791: version 4, 5 words; ToS 0; flags and offset 0; TTL 64.
    let ip: U<160> = packet!(
        k::<16>(0x4500),
        shape.outer,
        id,
        k::<16>(0),
        k::<8>(64),
        shape.protocol,
        checksum,
        nexthop.tunnel_src,
        nexthop.tunnel_dst
    );
    let gre: U<32> = packet!(k::<16>(0), k::<16>(GRE_MPLS));
    // RFC 3032: label, EXP 0, bottom of stack, TTL.
    let mpls: U<32> = packet!(label.trunc::<20>(), k::<3>(0), k::<1>(1), meta.rewrite.ttl);
    let udp = |port: u32| -> U<64> {
        packet!(
            meta.rewrite.entropy,
            k::<16>(port),
            shape.outer - 20,
            k::<16>(0)
        )
    };
    // RFC 7348 section 5: the I bit, the VNI, everything else zero.
    let vxlan: U<64> = packet!(k::<32>(0x0800_0000), label, k::<8>(0));
    let inner: U<112> = packet!(nexthop.router_mac, nexthop.src_mac, k::<16>(IPV4));
    let mpls_gre = (ethernet, ip, gre, mpls).pack_ext::<768>();
    let mpls_udp = (ethernet, ip, udp(MPLS_PORT), mpls).pack_ext::<768>();
    let vxlan = (
        ethernet,
        ip,
        udp(VXLAN_PORT),
        vxlan,
        only(shape.kind.eq(HeaderKind::VxlanRouted.code()), inner),
    )
        .pack_ext::<768>();
    // In the order of the codes of `HeaderKind`.
    select(
        shape.kind,
        &[
            zero(),
            ethernet.ext(),
            mpls_gre,
            mpls_udp,
            vxlan,
            vxlan,
            shim(meta).pack_ext::<768>(),
            zero(),
        ],
    )
}

/// What the slow path learns of a punted packet. Combinational.
fn shim(meta: Meta) -> PuntShim {
    let tunnelled = meta.decap.tunnelled;
    PuntShim {
        reason: meta.verdict.reason.ext(),
        tunnel: only(tunnelled, meta.parse.tunnel).ext(),
        vif: meta.classify.vif.ext(),
        port: meta.arrival.port.ext(),
        vrf: meta.decap.vrf.ext(),
        offset: meta.decap.offset,
        l3_offset: meta.inner.l3_offset,
        length: meta.arrival.length,
        flow_nexthop: meta.flow.nexthop.ext(),
        nexthop: meta.route.nexthop.ext(),
        label: only(tunnelled, meta.parse.label).ext(),
        outer_src: only(tunnelled, meta.parse.src),
        ..zero()
    }
}

/// What is done with the packet's bytes. Combinational.
fn edit(meta: Meta, shape: Shape, by_nexthop: Bit, header: U<768>) -> Edit {
    wire!(dropped = meta.verdict.is(VerdictKind::Drop));
    wire!(punted = meta.verdict.is(VerdictKind::Punt));
    let (vif, port) = first(
        &[
            (punted, (meta.classify.vif, k(SLOW))),
            (
                transmitted(meta),
                (meta.arrival.inject_vif, meta.arrival.inject_port),
            ),
            (by_nexthop, (meta.nexthop.vif, meta.nexthop.port)),
        ],
        (
            meta.classify.entry.cross_vif,
            meta.classify.entry.cross_port,
        ),
    );
    let whole = meta.arrival.length + meta.arrival.shim_bytes().ext();
    let edit = Edit {
        drop: zero(),
        port,
        vif,
        strip: shape.strip,
        patch: by_nexthop & meta.bridge.l3 & meta.rewrite.decrement,
        kind: shape.kind,
        add: shape.add,
        header,
        length: whole - shape.strip.ext() + shape.add.ext(),
    };
    mux(
        dropped,
        Edit {
            drop: k(1),
            vif: meta.classify.vif,
            ..zero()
        },
        edit,
    )
}
