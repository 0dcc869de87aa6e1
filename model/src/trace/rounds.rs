//! What is told of what goes round: of `gather`, `s11_member`, and of the errand in `s14_encap`.

use super::names::{target, Port};
use underpass_layout::meta::{Errand, Meta, RoundKind};
use underpass_layout::tables::Leg;

/// As what a packet comes that went round.
pub(super) fn came(meta: &Meta) -> String {
    let round = &meta.arrival.round;
    let of = format!("vif {} on {}", round.vif, Port(round.port));
    match round.kind {
        RoundKind::First => "received".to_string(),
        RoundKind::Again => format!("as it came, {of}"),
        RoundKind::Tenant if round.quiet => format!("copy for an analyzer, {of}"),
        RoundKind::Tenant => format!("tenant's packet, {of}"),
        RoundKind::Member => format!("copy for member {}, {of}", round.position),
        RoundKind::Transmit => format!("to be sent, {of}"),
        RoundKind::Punt => format!("copy to learn from, {of}"),
    }
}

/// One of several, each of several, or the copy for one of them.
pub(super) fn member(meta: &Meta) -> (String, String) {
    let (member, route) = (&meta.member, &meta.route);
    let to = target(route.nexthop, route.label);
    if member.list {
        let last = member.first.wrapping_add(member.count.wrapping_sub(1));
        let seen = format!("list {}, {}", route.nexthop, origin(member.origin));
        return (seen, format!("members {} to {last}", member.first));
    }
    if meta.arrival.round.kind != RoundKind::Member {
        return ("one of several".into(), to);
    }
    let seen = format!("{} leg, {}", leg(member.leg), origin(member.origin));
    let result = match member.skip {
        true => "no copy for it".to_string(),
        false => to,
    };
    (seen, result)
}

fn leg(leg: Leg) -> &'static str {
    match leg {
        Leg::None => "no",
        Leg::Local => "local",
        Leg::Tree => "tree",
        Leg::Evpn => "head-end",
        Leg::Tor => "switch",
    }
}

fn origin(origin: Leg) -> String {
    match origin {
        Leg::None => "from here".to_string(),
        other => format!("from {}", leg(other)),
    }
}

/// Why it goes round.
pub(super) fn errand(errand: &Errand) -> String {
    let mirrors: Vec<String> = [errand.mirror, errand.second, errand.third]
        .iter()
        .filter(|mirror| **mirror != 0)
        .map(u16::to_string)
        .collect();
    let mut parts = Vec::new();
    if !mirrors.is_empty() {
        parts.push(format!("mirror {}", mirrors.join(", ")));
    }
    if errand.learn {
        parts.push("learn".into());
    }
    if errand.members > 0 {
        parts.push(format!("{} members", errand.members));
    }
    if parts.is_empty() {
        parts.push(format!("on in vrf {}", errand.round.vrf));
    }
    format!("round: {}", parts.join(", "))
}
