//! What is told of each stage.

use super::changes::patch;
use super::flows::{flow, flow_ends, key, quoted, receiver, route};
use super::names::{ip, label_word, target, tunnel, vif_kind, Mac, Port};
use super::rounds::{came, errand, member};
use super::Line;
use crate::headers::ethernet;
use underpass_layout::meta::{ArpKind, ArpStep, Edit, HeaderKind, Inner, Meta, RoundKind};
use underpass_layout::tables::{NexthopKind, TunnelKind};

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
        "s11_member" => member(meta),
        "s12_nexthop" => nexthop(meta),
        "s13_rewrite" => rewrite(meta),
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
        came(meta)
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
        0 if parse.tunnel != TunnelKind::None => {
            let from = ip(parse.v6, parse.src);
            return (format!("came from {from}"), tunnel_and_label(meta));
        }
        ethernet::IPV4 | ethernet::IPV6 => {
            format!("{} > {}", ip(parse.v6, parse.src), ip(parse.v6, parse.dst))
        }
        other => format!("ethertype {other:#06x}"),
    };
    let result = match parse.tunnel {
        TunnelKind::None if parse.neighbor => "neighbour discovery".to_string(),
        TunnelKind::None => "no tunnel".to_string(),
        TunnelKind::Stt => "stt".to_string(),
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
    } else if meta.arrival.round.kind != RoundKind::First {
        "as before".to_string()
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
        _ if inner.arp != ArpKind::None => return arp(inner),
        _ => {
            let seen = format!("ethertype {:#06x}", inner.ethertype);
            return (seen, format!("payload at {at}"));
        }
    };
    let part = if inner.fragment { " fragment" } else { "" };
    (format!("{}{part}", flow_ends(inner)), result)
}

fn arp(inner: &Inner) -> (String, String) {
    let (src, dst) = (ip(false, inner.src), ip(false, inner.dst));
    let seen = match inner.arp {
        ArpKind::Request => format!("{src} asks for {dst}"),
        ArpKind::Other => format!("{src} answers {dst}"),
        ArpKind::Malformed | ArpKind::None => "malformed".to_string(),
    };
    (seen, format!("arp at {}", inner.l3_offset))
}

fn bridge(meta: &Meta) -> (String, String) {
    let bridge = &meta.bridge;
    let seen = match (meta.decap.frame, meta.decap.direct) {
        (true, false) => format!("{} in vrf {}", Mac(meta.inner.dst_mac), meta.decap.vrf),
        (true, true) => "frame with a nexthop".to_string(),
        (false, _) => "no frame".to_string(),
    };
    let result = match (bridge.l3, meta.decap.direct) {
        _ if bridge.arp == ArpStep::Query => "asks".to_string(),
        _ if bridge.arp == ArpStep::Announce => "tells".to_string(),
        (true, false) => "routed".to_string(),
        _ => target(bridge.nexthop, bridge.label),
    };
    let learn = if bridge.learn { ", new source" } else { "" };
    (seen, result + learn)
}

fn nexthop(meta: &Meta) -> (String, String) {
    let nexthop = &meta.nexthop;
    let seen = format!("nexthop {}", meta.route.nexthop);
    let to = format!("vif {} on {}", nexthop.vif, Port(nexthop.port));
    let result = match nexthop.kind {
        _ if meta.member.skip => "no copy for it".to_string(),
        NexthopKind::Tunnel => {
            let far = ip(nexthop.tunnel_v6, nexthop.tunnel_dst);
            format!("{} to {far}, {to}", tunnel(nexthop.tunnel))
        }
        NexthopKind::List => "each of its members".to_string(),
        NexthopKind::Translate => format!("vrf {}", nexthop.vrf),
        _ => to,
    };
    let mark = match meta.qos.valid {
        true => format!(", marked {}", meta.qos.dscp),
        false => String::new(),
    };
    (seen, result + &mark)
}

fn rewrite(meta: &Meta) -> (String, String) {
    let rewrite = &meta.rewrite;
    let result = patch(&rewrite.patch);
    (format!("{} bytes", rewrite.payload), result)
}

fn encap(meta: &Meta, edit: &Edit) -> (String, String) {
    let seen = match edit.kind {
        _ if edit.errand.on => errand(&edit.errand),
        HeaderKind::Bare => "no header".to_string(),
        HeaderKind::Shim => format!("punt shim, {} bytes", edit.add),
        HeaderKind::Ethernet => format!("ethernet, {} bytes", edit.add),
        HeaderKind::Arp => format!("arp answer, {} bytes", edit.add),
        _ => {
            let kind = meta.nexthop.tunnel;
            let (name, word) = (tunnel(kind), label_word(kind));
            format!("{name} {word} {}, {} bytes", meta.route.label, edit.add)
        }
    };
    let (length, port, vif) = (edit.length, Port(edit.port), edit.vif);
    (seen, format!("{length} bytes on {port} (vif {vif})"))
}
