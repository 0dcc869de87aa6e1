//! s1_parse: the outermost headers, and the tunnel header that may follow.  Writes: `parse`.
//!
//! ```text
//!   | Ethernet | tag? | IPv4 | GRE        | MPLS  | tenant's packet
//!                     | IPv6 | UDP 6635   | MPLS  |
//!                     |      | UDP 4789   | VXLAN |
//!                     |      | GRE with a key     |
//!                     |      | TCP 7471: STT, which the slow path takes off
//!                     at     behind               offset
//! ```
//! An ICMP error to the node may be about one of these tunnels: then it quotes as much of such a header as fits.
//! Behind IPv6 extension headers there is no tunnel: no router that ends or starts one of ours writes any. Of a tenant's
//! packet that goes round, the tunnel that it came through is known.

use crate::headers::ethernet::{self, Ethernet};
use crate::headers::ipv4::{self, Ipv4};
use crate::headers::ipv6::{self, Ipv6};
use crate::headers::mpls::{self, Label};
use crate::headers::{gre, icmp, tcp, udp, vxlan};
use crate::window::Window;
use underpass_layout::meta::{Meta, Parse, RoundKind, WINDOW_BYTES};
use underpass_layout::tables::TunnelKind;

/// A tunnel header: its kind, and where the word with its label starts, bytes.
type Found = (TunnelKind, usize);

/// What the IP header says of the bytes behind it.
struct Payload {
    /// Where they start.
    at: usize,
    /// How many there are.
    length: usize,
    /// Of which protocol; none in a part of a packet: only the first part would have a tunnel header, and it would not be
    /// whole.
    protocol: Option<u8>,
}

/// Reads the outer headers. It decides nothing: whether they matter is the interface's business.
pub fn parse(window: &Window<'_>, meta: &mut Meta) {
    let round = &meta.arrival.round;
    if matches!(
        round.kind,
        RoundKind::Tenant | RoundKind::Member | RoundKind::Transmit
    ) {
        meta.parse.v6 = round.outer_v6;
        meta.parse.src = round.outer_src;
        meta.parse.tunnel = round.tunnel;
        meta.parse.label = round.outer_label;
        meta.parse.label_ttl = round.outer_ttl;
        return;
    }
    let length = usize::from(meta.arrival.length);
    let ethernet = Ethernet::read(window, 0);
    let parse = &mut meta.parse;
    if length < ethernet.length() {
        parse.runt = true;
        return;
    }
    parse.ethertype = ethernet.ethertype;
    let at = ethernet.length();
    let payload = match ethernet.ethertype {
        ethernet::IPV4 => read_ipv4(window, at, length - at, parse),
        ethernet::IPV6 => read_ipv6(window, at, length - at, parse),
        _ => return,
    };
    let Some(payload) = payload else {
        parse.malformed = true;
        return;
    };
    parse.about_tunnel = is_about_tunnel(window, &payload, parse.v6);
    let Some((kind, label_at)) = find_tunnel(window, &payload) else {
        return;
    };
    if kind == TunnelKind::Stt {
        parse.tunnel = kind;
        return;
    }
    let offset = match kind {
        TunnelKind::Vxlan => label_at + vxlan::LENGTH,
        _ => label_at + mpls::LENGTH,
    };
    if payload.at + payload.length < offset {
        parse.malformed = true;
        return;
    }
    parse.tunnel = kind;
    parse.offset = offset as u8;
    // Bytes behind the IP packet are not its own.
    let whole = payload.at + payload.length >= offset + 4;
    parse.zeros = whole && window.be32(offset) == 0;
    match kind {
        TunnelKind::Vxlan => {
            (parse.label, parse.label_valid) = vxlan::read(window, label_at);
            parse.alert = vxlan::has_alert(window, label_at);
        }
        TunnelKind::Nvgre => {
            (parse.label, parse.label_valid) = (window.be32(label_at) >> 8, true);
        }
        _ => {
            let label = Label::read(window, label_at);
            parse.label = label.label;
            parse.label_valid = label.bottom;
            parse.label_ttl = label.ttl;
        }
    }
}

fn read_ipv4(window: &Window<'_>, at: usize, room: usize, parse: &mut Parse) -> Option<Payload> {
    let ip = Ipv4::read(window, at, room)?;
    parse.src = ip.src.into();
    parse.dst = ip.dst.into();
    Some(Payload {
        at: at + ip.header_length,
        length: ip.total_length - ip.header_length,
        protocol: (!ip.fragment).then_some(ip.protocol),
    })
}

fn read_ipv6(window: &Window<'_>, at: usize, room: usize, parse: &mut Parse) -> Option<Payload> {
    let ip = Ipv6::read(window, at, room)?;
    parse.v6 = true;
    parse.src = ip.src;
    parse.dst = ip.dst;
    let behind = at + ipv6::LENGTH;
    parse.neighbor = ip.next_header == icmp::V6
        && ip.payload_length >= icmp::LENGTH
        && icmp::is_neighbor(window, behind);
    Some(Payload {
        at: behind,
        length: ip.payload_length,
        protocol: Some(ip.next_header),
    })
}

/// The tunnel header behind the IP header. A GRE, UDP or TCP header that is itself cut short is no header: the packet is
/// the host's to judge.
fn find_tunnel(window: &Window<'_>, payload: &Payload) -> Option<Found> {
    let behind = payload.at;
    match payload.protocol? {
        ipv4::GRE if payload.length >= gre::LENGTH => {
            if gre::is_nvgre(window, behind) {
                return Some((TunnelKind::Nvgre, behind + gre::LENGTH));
            }
            let length = gre::length_before_mpls(window, behind)?;
            Some((TunnelKind::MplsGre, behind + length))
        }
        ipv4::UDP if payload.length >= udp::LENGTH => {
            let kind = match udp::dst_port(window, behind) {
                udp::MPLS | udp::MPLS_OLD => TunnelKind::MplsUdp,
                udp::VXLAN => TunnelKind::Vxlan,
                _ => return None,
            };
            Some((kind, behind + udp::LENGTH))
        }
        ipv4::TCP if payload.length >= tcp::LENGTH => {
            let is_stt = udp::dst_port(window, behind) == tcp::STT;
            is_stt.then_some((TunnelKind::Stt, behind))
        }
        _ => None,
    }
}

/// Is it an ICMP error that quotes a packet of a tunnel that we may have sent? Only as much of the quote counts as is there.
fn is_about_tunnel(window: &Window<'_>, payload: &Payload, v6: bool) -> bool {
    let is_error = match (v6, payload.protocol) {
        (false, Some(icmp::V4)) => icmp::is_about_a_packet(window, payload.at),
        (true, Some(icmp::V6)) => icmp::is_about_a_packet6(window, payload.at),
        _ => false,
    };
    let end = (payload.at + payload.length).min(WINDOW_BYTES);
    let quote = payload.at + icmp::LENGTH;
    let (version, protocol_at, header) = match v6 {
        false => (4, ipv4::PROTOCOL_OFFSET, ipv4::header_length(window, quote)),
        true => (6, ipv6::NEXT_HEADER_OFFSET, ipv6::LENGTH),
    };
    if !is_error || quote + protocol_at >= end || window.byte(quote) >> 4 != version {
        return false;
    }
    match window.byte(quote + protocol_at) {
        ipv4::GRE => true,
        ipv4::UDP => {
            let port = udp::dst_port(window, quote + header);
            let is_whole = header >= ipv4::LENGTH && quote + header + udp::PORTS_LENGTH <= end;
            is_whole && matches!(port, udp::MPLS | udp::MPLS_OLD | udp::VXLAN)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
