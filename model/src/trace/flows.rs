//! What is told of flows and routes: `s5_quoted` and `s7_receiver` to `s10_route`.

use super::changes::onward;
use super::names::{ends, ip, target, Mac};
use crate::s7_receiver::is_routed_later;
use crate::s8_key::plain;
use underpass_layout::meta::{ArpStep, Inner, Meta, Receiver};

pub(super) fn flow_ends(inner: &Inner) -> String {
    if inner.extension {
        let (src, dst) = (ip(true, inner.src), ip(true, inner.dst));
        return format!("{src} > {dst}, unknown extension");
    }
    let (addresses, ports) = ([inner.src, inner.dst], [inner.src_port, inner.dst_port]);
    ends(inner.ipv6, inner.protocol, addresses, ports)
}

pub(super) fn quoted(meta: &Meta) -> (String, String) {
    let (quoted, v6) = (&meta.quoted, meta.inner.ipv6);
    if !quoted.error {
        let syn = &meta.syn;
        return (
            format!("segments of {}", syn.mss),
            format!("announced at {}", syn.offset),
        );
    }
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

pub(super) fn receiver(meta: &Meta) -> (String, String) {
    let (inner, receiver, vrf) = (&meta.inner, &meta.receiver, meta.decap.vrf);
    if meta.bridge.flow_first {
        let seen = format!("policy of vif {}", meta.classify.vif);
        return (seen, k_nh(receiver));
    }
    if meta.bridge.arp != ArpStep::None {
        return answer(meta);
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

/// Who answers a request for an address.
fn answer(meta: &Meta) -> (String, String) {
    let (inner, answer, route) = (&meta.inner, &meta.answer, &meta.route);
    let seen = match meta.bridge.arp {
        ArpStep::Announce => format!("tells {}", ip(false, inner.dst)),
        _ => format!("asks for {}", ip(false, inner.dst)),
    };
    let result = match (answer.on, answer.shown) {
        (true, _) => format!("answered with {}", Mac(answer.mac)),
        (false, true) => format!("{}, shown", target(route.nexthop, route.label)),
        (false, false) => target(route.nexthop, route.label),
    };
    (format!("{seen} in vrf {}", meta.decap.vrf), result)
}

fn k_nh(receiver: &Receiver) -> String {
    let set = match receiver.fat_set {
        0 => String::new(),
        set => format!(", fat flows {set}"),
    };
    format!("K(nh) {}{set}", receiver.nexthop)
}

pub(super) fn key(meta: &Meta) -> (String, String) {
    let (key, inner) = (&meta.key, &meta.inner);
    if inner.extension {
        return (flow_ends(inner), "unknown".into());
    }
    let result = match *key == plain(inner, &meta.quoted) {
        true if meta.quoted.error => "that of the answer".to_string(),
        true => "its own key".to_string(),
        false => "that of a fat flow".to_string(),
    };
    let (addresses, ports) = ([key.src, key.dst], [key.src_port, key.dst_port]);
    (ends(inner.ipv6, key.protocol, addresses, ports), result)
}

pub(super) fn flow(meta: &Meta) -> (String, String) {
    let flow = &meta.flow;
    if !flow.looked_up {
        return ("no flow needed".into(), "unchanged".into());
    }
    let seen = format!("K(nh) {}", flow.nexthop);
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

pub(super) fn route(meta: &Meta) -> (String, String) {
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

/// What is shown of an address that is routed.
fn routed(v6: bool, address: u128, vrf: u16) -> String {
    format!("{} in vrf {vrf}", ip(v6, address))
}
