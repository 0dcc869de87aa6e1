//! What is told of each stage.

use super::names::{end, ip, label_word, protocol, tunnel, vif_kind, Mac, Port};
use super::Line;
use crate::headers::ethernet;
use crate::s7_receiver::is_routed_later;
use crate::s8_key::plain;
use underpass_layout::meta::{Edit, HeaderKind, Inner, Key, Meta, Patch, Receiver};
use underpass_layout::tables::{NexthopKind, OnwardEntry, TunnelKind};

/// The line of a stage, by the stage's name; the verdict, if the stage set one, is the caller's to tell.
pub(super) fn line(stage: &str, meta: &Meta, edit: &Edit) -> Line {
    let (seen, result) = match stage {
        "gather" => gather(meta),
        "s1_parse" => parse(meta),
        "s2_classify" => classify(meta),
        "s3_decap" => decap(meta),
        "s4_inner" => inner(meta),
        "s5_quoted" => quoted(meta),
        "s6_bridge" => bridge(meta),
        "s7_receiver" => receiver(meta),
        "s8_key" => key(meta),
        "s9_flow" => flow(meta),
        "s10_route" => route(meta),
        "s11_nexthop" => nexthop(meta),
        "s12_rewrite" => rewrite(meta),
        _ => encap(meta, edit),
    };
    Line { seen, result }
}

fn gather(meta: &Meta) -> (String, String) {
    let arrival = &meta.arrival;
    let seen = format!("{} bytes on {}", arrival.length, Port(arrival.port));
    let result = if arrival.injected {
        format!("injected, {} vif {}", arrival.command, arrival.inject_vif)
    } else {
        "received".to_string()
    };
    (seen, result)
}

fn parse(meta: &Meta) -> (String, String) {
    let parse = &meta.parse;
    if parse.runt {
        return ("shorter than an Ethernet header".into(), "unchanged".into());
    }
    if parse.malformed {
        return ("malformed IP".into(), "no tunnel".into());
    }
    let seen = match parse.ethertype {
        ethernet::IPV4 | ethernet::IPV6 => {
            format!("{} > {}", ip(parse.v6, parse.src), ip(parse.v6, parse.dst))
        }
        other => format!("ethertype {other:#06x}"),
    };
    let result = match parse.tunnel {
        TunnelKind::None if parse.neighbor => "neighbour discovery".to_string(),
        TunnelKind::None => "no tunnel".to_string(),
        _ => format!("{}, packet at {}", tunnel_and_label(meta), parse.offset),
    };
    (seen, result)
}

fn tunnel_and_label(meta: &Meta) -> String {
    let parse = &meta.parse;
    let word = label_word(parse.tunnel);
    format!("{} {word} {}", tunnel(parse.tunnel), parse.label)
}

fn classify(meta: &Meta) -> (String, String) {
    let classify = &meta.classify;
    let seen = if meta.arrival.injected {
        format!("injected for vif {}", meta.arrival.inject_vif)
    } else {
        format!("port {}", Port(meta.arrival.port))
    };
    let kind = vif_kind(classify.entry.kind);
    (seen, format!("vif {} ({kind})", classify.vif))
}

fn decap(meta: &Meta) -> (String, String) {
    let decap = &meta.decap;
    let seen = if meta.parse.tunnel == TunnelKind::None {
        "no tunnel".to_string()
    } else {
        tunnel_and_label(meta)
    };
    let what = if decap.frame { "frame" } else { "packet" };
    let mut result = format!("{what} at {}, vrf {}", decap.offset, decap.vrf);
    if decap.direct {
        result += &format!(", nexthop {}", decap.nexthop);
    }
    (seen, result)
}

fn inner(meta: &Meta) -> (String, String) {
    let inner = &meta.inner;
    let (at, ttl) = (inner.l3_offset, inner.ttl);
    let result = match (inner.ipv4, inner.ipv6) {
        (true, _) => format!("ipv4 at {at}, ttl {ttl}"),
        (_, true) => format!("ipv6 at {at}, hop limit {ttl}"),
        _ => {
            let seen = format!("ethertype {:#06x}", inner.ethertype);
            return (seen, format!("payload at {at}"));
        }
    };
    let part = if inner.fragment { " fragment" } else { "" };
    (format!("{}{part}", flow_ends(inner)), result)
}

fn flow_ends(inner: &Inner) -> String {
    if inner.extension {
        let (src, dst) = (ip(true, inner.src), ip(true, inner.dst));
        return format!("{src} > {dst}, unknown extension");
    }
    let (addresses, ports) = ([inner.src, inner.dst], [inner.src_port, inner.dst_port]);
    ends(inner.ipv6, inner.protocol, addresses, ports)
}

fn ends(v6: bool, number: u8, addresses: [u128; 2], ports: [u16; 2]) -> String {
    let [src, dst] = addresses;
    let [src_port, dst_port] = ports;
    let (src, dst) = (end(v6, src, src_port), end(v6, dst, dst_port));
    format!("{} {src} > {dst}", protocol(number))
}

fn bridge(meta: &Meta) -> (String, String) {
    let bridge = &meta.bridge;
    let seen = match (meta.decap.frame, meta.decap.direct) {
        (true, false) => format!("{} in vrf {}", Mac(meta.inner.dst_mac), meta.decap.vrf),
        (true, true) => "frame of that label".to_string(),
        (false, _) => "no frame".to_string(),
    };
    let result = match (bridge.l3, meta.decap.direct) {
        (true, false) => "routed".to_string(),
        _ => target(bridge.nexthop, bridge.label),
    };
    (seen, result)
}

/// What is shown of an address that is routed.
fn routed(v6: bool, address: u128, vrf: u16) -> String {
    format!("{} in vrf {vrf}", ip(v6, address))
}

fn receiver(meta: &Meta) -> (String, String) {
    let (inner, receiver, vrf) = (&meta.inner, &meta.receiver, meta.decap.vrf);
    if meta.bridge.flow_first {
        let seen = format!("policy of vif {}", meta.classify.vif);
        return (seen, k_nh(receiver));
    }
    if is_routed_later(meta) {
        let seen = format!("from {}", routed(inner.ipv6, inner.src, vrf));
        return (seen, "its own interface".into());
    }
    let seen = match meta.route.routed {
        true => routed(inner.ipv6, inner.dst, vrf),
        false => "not routed".to_string(),
    };
    let mut result = target(meta.route.nexthop, meta.route.label);
    if receiver.wanted {
        result += &format!(", {}", k_nh(receiver));
    }
    (seen, result)
}

fn k_nh(receiver: &Receiver) -> String {
    let set = match receiver.fat_set {
        0 => String::new(),
        set => format!(", fat flows {set}"),
    };
    format!("K(nh) {}{set}", receiver.nexthop)
}

fn quoted(meta: &Meta) -> (String, String) {
    let (quoted, v6) = (&meta.quoted, meta.inner.ipv6);
    if quoted.unreadable {
        return ("an ICMP error".into(), "quotes no packet".into());
    }
    if quoted.nested {
        return ("an ICMP error".into(), "quotes another".into());
    }
    let seen = ends(
        v6,
        quoted.protocol,
        [quoted.src, quoted.dst],
        [quoted.src_port, quoted.dst_port],
    );
    let at = quoted.l3_offset;
    (format!("error about {seen}"), format!("quoted at {at}"))
}

fn key(meta: &Meta) -> (String, String) {
    let (key, inner) = (&meta.key, &meta.inner);
    let result = match *key == plain(inner, &meta.quoted) {
        true => "its own key".to_string(),
        false => "shares a fat flow".to_string(),
    };
    (key_ends(key, inner.ipv6), result)
}

fn key_ends(key: &Key, v6: bool) -> String {
    let (addresses, ports) = ([key.src, key.dst], [key.src_port, key.dst_port]);
    ends(v6, key.protocol, addresses, ports)
}

fn route(meta: &Meta) -> (String, String) {
    let (route, onward, inner) = (&meta.route, &meta.flow.onward, &meta.inner);
    let seen = if onward.steer {
        "steered by its flow".to_string()
    } else if route.routed {
        let vrf = if onward.translate {
            onward.vrf
        } else {
            meta.decap.vrf
        };
        let dst = if onward.dnat { onward.dst } else { inner.dst };
        routed(inner.ipv6, dst, vrf)
    } else {
        "not routed".to_string()
    };
    (seen, target(route.nexthop, route.label))
}

fn target(nexthop: u32, label: u32) -> String {
    match label {
        0 => format!("nexthop {nexthop}"),
        label => format!("nexthop {nexthop}, label {label}"),
    }
}

fn nexthop(meta: &Meta) -> (String, String) {
    let nexthop = &meta.nexthop;
    let seen = format!("nexthop {}", meta.route.nexthop);
    let to = format!("vif {} on {}", nexthop.vif, Port(nexthop.port));
    let result = match nexthop.kind {
        NexthopKind::Tunnel => {
            let far = ip(nexthop.tunnel_v6, nexthop.tunnel_dst);
            format!("{} to {far}, {to}", tunnel(nexthop.tunnel))
        }
        _ => to,
    };
    (seen, result)
}

fn flow(meta: &Meta) -> (String, String) {
    let flow = &meta.flow;
    if !flow.looked_up {
        return ("no flow needed".into(), "unchanged".into());
    }
    let seen = format!(
        "K(nh) {} {}",
        flow.nexthop,
        key_ends(&meta.key, meta.inner.ipv6)
    );
    let result = match (flow.hit, flow.goes_onward) {
        (true, false) => format!("passes, flow {}", flow.flow_id),
        (true, true) => format!(
            "flow {}: {}",
            flow.flow_id,
            onward(&flow.onward, meta.inner.ipv6)
        ),
        (false, _) => "none, passes".to_string(),
    };
    (seen, result)
}

/// What a flow changes.
fn onward(onward: &OnwardEntry, v6: bool) -> String {
    let mut parts = Vec::new();
    if onward.snat {
        parts.push(format!("from {}", ip(v6, onward.src)));
    }
    if onward.spat {
        parts.push(format!("from port {}", onward.src_port));
    }
    if onward.dnat {
        parts.push(format!("to {}", ip(v6, onward.dst)));
    }
    if onward.dpat {
        parts.push(format!("to port {}", onward.dst_port));
    }
    if onward.translate {
        parts.push(format!("in vrf {}", onward.vrf));
    }
    if onward.steer {
        parts.push(target(onward.nexthop, onward.label));
    }
    parts.join(", ")
}

fn rewrite(meta: &Meta) -> (String, String) {
    let rewrite = &meta.rewrite;
    let result = patch(&rewrite.patch);
    (format!("{} bytes", rewrite.payload), result)
}

fn patch(patch: &Patch) -> String {
    if !patch.on {
        return "unchanged".into();
    }
    let v6 = patch.v6;
    let mut parts = Vec::new();
    if patch.ttl {
        let word = if v6 { "hop limit" } else { "ttl" };
        parts.push(format!("{word} {}", patch.new_ttl));
    }
    if patch.src {
        parts.push(format!("from {}", ip(v6, patch.new_src)));
    }
    if patch.src_port {
        parts.push(format!("from port {}", patch.new_src_port));
    }
    if patch.dst {
        parts.push(format!("to {}", ip(v6, patch.new_dst)));
    }
    if patch.dst_port {
        parts.push(format!("to port {}", patch.new_dst_port));
    }
    if patch.quoted_src || patch.quoted_dst || patch.quoted_src_port || patch.quoted_dst_port {
        parts.push("likewise in the quote".into());
    }
    if !v6 {
        parts.push(format!("checksum {:#06x}", patch.new_checksum));
    }
    parts.join(", ")
}

fn encap(meta: &Meta, edit: &Edit) -> (String, String) {
    let seen = match edit.kind {
        HeaderKind::Bare => "no header".to_string(),
        HeaderKind::Shim => format!("punt shim, {} bytes", edit.add),
        HeaderKind::Ethernet => format!("ethernet, {} bytes", edit.add),
        _ => {
            let kind = meta.nexthop.tunnel;
            let (name, word) = (tunnel(kind), label_word(kind));
            format!("{name} {word} {}, {} bytes", meta.route.label, edit.add)
        }
    };
    let (length, port, vif) = (edit.length, Port(edit.port), edit.vif);
    (seen, format!("{length} bytes on {port} (vif {vif})"))
}
