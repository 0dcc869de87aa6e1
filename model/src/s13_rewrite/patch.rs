//! What is replaced within the packet, and what becomes of the checksums over it.
//!
//! ```text
//!   | IP: ttl, checksum, src, dst | TCP, UDP, SCTP: ports, checksum
//!   | IP: ttl, checksum, src, dst | ICMP error: checksum | IP: checksum, dst, src | ports dst, src
//! ```
//! An error quotes a packet of the other direction, so there the ends change places. Its source is the flow's only where
//! the other end itself sent the error: a router between keeps its own address. Checksums are updated, not made anew (RFC
//! 1624): a wrong one stays wrong. Of a part of a packet that is not the first only addresses are replaced.

use super::segment;
use crate::headers::checksum::Update;
use crate::headers::{icmp, ipv4, tcp, udp};
use crate::s12_nexthop::hop_counts;
use underpass_layout::meta::{Inner, Meta, Patch};

/// The packet stays as it is.
pub(crate) const NOTHING: Patch = Patch {
    on: false,
    v6: false,
    l3_offset: 0,
    ttl: false,
    new_ttl: 0,
    new_checksum: 0,
    src: false,
    dst: false,
    new_src: 0,
    new_dst: 0,
    l4_offset: 0,
    src_port: false,
    dst_port: false,
    new_src_port: 0,
    new_dst_port: 0,
    l4_checksum: false,
    l4_checksum_offset: 0,
    new_l4_checksum: 0,
    quoted_dst: false,
    quoted_src: false,
    quoted_dst_port: false,
    quoted_src_port: false,
    quoted_l3_offset: 0,
    quoted_l4_offset: 0,
    new_quoted_checksum: 0,
    mss: false,
    mss_offset: 0,
    new_mss: 0,
};

/// Writes the patch of a packet that goes on, where there was none.
pub(super) fn write(meta: &mut Meta) {
    let ttl =
        hop_counts(meta) && (meta.inner.ipv4 || meta.inner.ipv6 && meta.classify.entry.hop_limit);
    let limit = segment::limit(meta);
    if meta.flow.goes_onward || limit.is_some() {
        meta.rewrite.patch = translated(meta, ttl, limit);
    } else if ttl {
        // Most packets have one hop less and nothing else.
        write_hop(meta);
    }
}

/// Writes the patch of a packet that has one hop less and nothing else.
pub(super) fn write_hop(meta: &mut Meta) {
    let (inner, patch) = (&meta.inner, &mut meta.rewrite.patch);
    patch.on = true;
    patch.v6 = inner.ipv6;
    patch.l3_offset = inner.l3_offset;
    less_one_hop(inner, patch);
    if inner.ipv4 {
        patch.new_checksum = ip_checksum(inner, patch);
    }
}

fn less_one_hop(inner: &Inner, patch: &mut Patch) {
    patch.ttl = true;
    patch.new_ttl = inner.ttl.wrapping_sub(1);
}

/// The patch of a packet that goes on with what its flow says, perhaps with one hop less, or with smaller segments.
fn translated(meta: &Meta, ttl: bool, limit: Option<u16>) -> Patch {
    let mut patch = NOTHING;
    if ttl {
        less_one_hop(&meta.inner, &mut patch);
    }
    translate(meta, &mut patch);
    if let Some(limit) = limit {
        patch.mss = true;
        patch.mss_offset = meta.syn.offset;
        patch.new_mss = limit;
    }
    let quoted_address = patch.quoted_src || patch.quoted_dst;
    let quoted_port = patch.quoted_src_port || patch.quoted_dst_port;
    let port = patch.src_port || patch.dst_port;
    patch.on = ttl || patch.src || patch.dst || port || quoted_address || quoted_port || patch.mss;
    if !patch.on {
        return patch;
    }
    let (inner, quoted) = (&meta.inner, &meta.quoted);
    patch.v6 = inner.ipv6;
    patch.l3_offset = inner.l3_offset;
    if port {
        patch.l4_offset = inner.l4_offset;
    }
    if quoted_address {
        patch.quoted_l3_offset = quoted.l3_offset;
    }
    if quoted_port {
        patch.quoted_l4_offset = quoted.l4_offset;
    }
    update_checksums(meta, &mut patch);
    patch
}

/// The addresses and ports that the flow replaces.
fn translate(meta: &Meta, patch: &mut Patch) {
    let (inner, quoted, onward) = (&meta.inner, &meta.quoted, &meta.flow.onward);
    patch.src = onward.snat && inner.src == meta.key.src;
    patch.dst = onward.dnat;
    patch.quoted_dst = onward.snat && quoted.error;
    patch.quoted_src = onward.dnat && quoted.error;
    // The ports of a part of a packet are in its first part.
    let port = !quoted.error && ipv4::has_ports(inner.protocol) && inner.l4_offset != 0;
    let quoted_port = quoted.error && ipv4::has_ports(quoted.protocol);
    patch.src_port = onward.spat && port;
    patch.dst_port = onward.dpat && port;
    patch.quoted_dst_port = onward.spat && quoted_port;
    patch.quoted_src_port = onward.dpat && quoted_port;
    if patch.src || patch.quoted_dst {
        patch.new_src = onward.src;
    }
    if patch.dst || patch.quoted_src {
        patch.new_dst = onward.dst;
    }
    if patch.src_port || patch.quoted_dst_port {
        patch.new_src_port = onward.src_port;
    }
    if patch.dst_port || patch.quoted_src_port {
        patch.new_dst_port = onward.dst_port;
    }
}

fn update_checksums(meta: &Meta, patch: &mut Patch) {
    let inner = &meta.inner;
    if inner.ipv4 {
        patch.new_checksum = ip_checksum(inner, patch);
        if patch.quoted_src || patch.quoted_dst {
            let mut update = Update::of(meta.quoted.checksum);
            quoted_addresses(meta, patch, &mut update);
            patch.new_quoted_checksum = update.checksum();
        }
    }
    if let Some((offset, checksum)) = upper_checksum(meta, patch) {
        patch.l4_checksum = true;
        patch.l4_checksum_offset = inner.l4_offset.wrapping_add(offset as u8);
        patch.new_l4_checksum = checksum;
    }
}

/// That of the IPv4 header. The TTL is the upper half of the word it shares with the protocol.
fn ip_checksum(inner: &Inner, patch: &Patch) -> u16 {
    let mut update = Update::of(inner.checksum);
    if patch.ttl {
        let word = |ttl| u16::from_be_bytes([ttl, inner.protocol]);
        update.word(word(inner.ttl), word(patch.new_ttl));
    }
    addresses(inner, patch, &mut update);
    update.checksum()
}

/// That of the upper layer, if it has one over what changes, and where it stands in its header. Over IPv4, UDP may have
/// none; a sum of zero is sent as its other form (RFC 768). Over ICMP there are no addresses, and what changes of a
/// quoted IPv4 address changes the other way in the quoted header's checksum.
fn upper_checksum(meta: &Meta, patch: &Patch) -> Option<(usize, u16)> {
    let inner = &meta.inner;
    if inner.l4_offset == 0 {
        return None;
    }
    let mut update = Update::of(inner.l4_checksum);
    let address = patch.src || patch.dst;
    let port = patch.src_port || patch.dst_port;
    let quoted_port = patch.quoted_src_port || patch.quoted_dst_port;
    match (inner.ipv6, inner.protocol) {
        (_, ipv4::TCP) if address || port || patch.mss => {
            addresses(inner, patch, &mut update);
            ports(inner, patch, &mut update);
            if patch.mss {
                segment::update(&meta.syn, inner.l4_offset, patch.new_mss, &mut update);
            }
            Some((tcp::CHECKSUM_OFFSET, update.checksum()))
        }
        (v6, ipv4::UDP) if (address || port) && (v6 || inner.l4_checksum != 0) => {
            addresses(inner, patch, &mut update);
            ports(inner, patch, &mut update);
            let checksum = match update.checksum() {
                0 => u16::MAX,
                checksum => checksum,
            };
            Some((udp::CHECKSUM_OFFSET, checksum))
        }
        (true, icmp::V6) if address || patch.quoted_src || patch.quoted_dst || quoted_port => {
            addresses(inner, patch, &mut update);
            quoted_addresses(meta, patch, &mut update);
            quoted_ports(meta, patch, &mut update);
            Some((icmp::CHECKSUM_OFFSET, update.checksum()))
        }
        (false, icmp::V4) if quoted_port => {
            quoted_ports(meta, patch, &mut update);
            Some((icmp::CHECKSUM_OFFSET, update.checksum()))
        }
        _ => None,
    }
}

fn addresses(inner: &Inner, patch: &Patch, update: &mut Update) {
    if patch.src {
        update.address(patch.v6, inner.src, patch.new_src);
    }
    if patch.dst {
        update.address(patch.v6, inner.dst, patch.new_dst);
    }
}

fn ports(inner: &Inner, patch: &Patch, update: &mut Update) {
    if patch.src_port {
        update.word(inner.src_port, patch.new_src_port);
    }
    if patch.dst_port {
        update.word(inner.dst_port, patch.new_dst_port);
    }
}

fn quoted_addresses(meta: &Meta, patch: &Patch, update: &mut Update) {
    if patch.quoted_dst {
        update.address(patch.v6, meta.quoted.dst, patch.new_src);
    }
    if patch.quoted_src {
        update.address(patch.v6, meta.quoted.src, patch.new_dst);
    }
}

fn quoted_ports(meta: &Meta, patch: &Patch, update: &mut Update) {
    if patch.quoted_dst_port {
        update.word(meta.quoted.dst_port, patch.new_src_port);
    }
    if patch.quoted_src_port {
        update.word(meta.quoted.src_port, patch.new_dst_port);
    }
}
