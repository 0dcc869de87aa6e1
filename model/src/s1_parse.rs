//! s1_parse: the outermost headers, and the tunnel header that may follow.  Writes: `parse`.
//!
//! ```text
//!   | Ethernet | tag? | IPv4 | GRE        | MPLS  | tenant's packet
//!                     |      | UDP 6635   | MPLS  |
//!                     |      | UDP 4789   | VXLAN |
//!                     e                           offset
//! ```

use crate::headers::ethernet::{self, Ethernet};
use crate::headers::ipv4::{self, Ipv4};
use crate::headers::mpls::{self, Label};
use crate::headers::{gre, udp, vxlan};
use crate::window::Window;
use underpass_layout::meta::Meta;
use underpass_layout::tables::TunnelKind;

/// A tunnel header: its kind, and where the word with its label starts, bytes.
type Found = (TunnelKind, usize);

/// Reads the outer headers. It decides nothing: whether they matter is the interface's business.
pub fn parse(window: &Window, meta: &mut Meta) {
    let length = usize::from(meta.arrival.length);
    let ethernet = Ethernet::read(window, 0);
    let parse = &mut meta.parse;
    if length < ethernet.length() {
        parse.runt = true;
        return;
    }
    parse.ethertype = ethernet.ethertype;
    if ethernet.ethertype != ethernet::IPV4 {
        return;
    }

    let at = ethernet.length();
    let Some(ip) = Ipv4::read(window, at, length - at) else {
        parse.malformed = true;
        return;
    };
    parse.src = ip.src;
    parse.dst = ip.dst;
    let Some((kind, label_at)) = find_tunnel(window, at, &ip) else {
        return;
    };
    let offset = match kind {
        TunnelKind::Vxlan => label_at + vxlan::LENGTH,
        _ => label_at + mpls::LENGTH,
    };
    if at + ip.total_length < offset {
        parse.malformed = true;
        return;
    }
    parse.tunnel = kind;
    parse.offset = offset as u8;
    if kind == TunnelKind::Vxlan {
        (parse.label, parse.label_valid) = vxlan::read(window, label_at);
    } else {
        let label = Label::read(window, label_at);
        parse.label = label.label;
        parse.label_valid = label.bottom;
        parse.label_ttl = label.ttl;
    }
}

/// The tunnel header behind the IPv4 header at `at`. Only the first part of a packet would have one, and it would
/// not be whole: a fragment has none. A GRE or UDP header that is itself cut short is no header: the packet is the
/// host's to judge.
fn find_tunnel(window: &Window, at: usize, ip: &Ipv4) -> Option<Found> {
    if ip.fragment {
        return None;
    }
    let behind = at + ip.header_length;
    let payload = ip.total_length - ip.header_length;
    match ip.protocol {
        ipv4::GRE if payload >= gre::LENGTH => {
            let length = gre::length_before_mpls(window, behind)?;
            Some((TunnelKind::MplsGre, behind + length))
        }
        ipv4::UDP if payload >= udp::LENGTH => {
            let kind = match udp::dst_port(window, behind) {
                udp::MPLS | udp::MPLS_OLD => TunnelKind::MplsUdp,
                udp::VXLAN => TunnelKind::Vxlan,
                _ => return None,
            };
            Some((kind, behind + udp::LENGTH))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
