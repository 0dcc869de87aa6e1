//! With what ARP is answered, and how much may be handed over.

use super::*;
use underpass_layout::tables::{ArpAnswer, VifArp};
use underpass_layout::PuntReason;

fn with_flags(mut route: Value, flags: &[&str], mac: Option<&str>) -> Value {
    route["flags"] = json!(flags);
    if let Some(mac) = mac {
        route["stitched_mac"] = json!(mac);
    }
    route
}

const MAC: &str = "02:00:00:00:00:09";
const PROXY: &str = "proxy(P)";
const FLOOD: &str = "flood(F)";

/// What one route of VRF 2 says of ARP, and the MACs that there are then.
fn told(prefix: &str, flags: &[&str], mac: Option<&str>) -> (ArpAnswer, bool, Vec<(u32, u64)>) {
    let route = with_flags(route(2, prefix, 4), flags, mac);
    let entries = compiled(json!([nexthop(4, "discard", json!({})), route]));
    let arp = match entries.routes.values().next() {
        Some(route) => (route.arp, route.trap),
        None => (entries.vrfs[&2].default_arp, false),
    };
    let macs = entries.stitched.values();
    let macs = macs.map(|entry| (entry.key.address, entry.mac));
    (arp.0, arp.1, macs.collect())
}

#[test]
fn flags_of_routes_say_with_what_arp_is_answered() {
    let none = Vec::new;
    let host = vec![(0x0a00_0009, 0x0200_0000_0009)];
    let cases: [(&str, &[&str], Option<&str>, _, _); 12] = [
        (
            "10.0.0.9/32",
            &[PROXY],
            Some(MAC),
            ArpAnswer::Stitched,
            host.clone(),
        ),
        // As in the peer, a MAC counts more than the flag that floods.
        (
            "10.0.0.9/32",
            &[PROXY, FLOOD],
            Some(MAC),
            ArpAnswer::Stitched,
            host,
        ),
        ("10.0.0.9/32", &[PROXY], None, ArpAnswer::Router, none()),
        (
            "10.0.0.9/32",
            &[PROXY, FLOOD],
            None,
            ArpAnswer::Flood,
            none(),
        ),
        ("10.0.0.9/32", &[], Some(MAC), ArpAnswer::Flood, none()),
        ("10.0.0.8/29", &[PROXY], Some(MAC), ArpAnswer::Ask, none()),
        ("10.0.0.0/24", &[PROXY], None, ArpAnswer::Router, none()),
        ("10.0.0.0/24", &[FLOOD], None, ArpAnswer::Flood, none()),
        ("0.0.0.0/0", &[PROXY], None, ArpAnswer::Router, none()),
        ("0.0.0.0/0", &[PROXY], Some(MAC), ArpAnswer::Ask, none()),
        ("0.0.0.0/0", &[], None, ArpAnswer::Flood, none()),
        // Neighbor solicitations are the slow path's.
        (
            "2001:db8::9/128",
            &[PROXY],
            Some(MAC),
            ArpAnswer::Flood,
            none(),
        ),
    ];
    for (prefix, flags, mac, answer, macs) in cases {
        let found = told(prefix, flags, mac);
        assert_eq!(found, (answer, false, macs), "{prefix} {flags:?}");
    }
    let trap = ["trap(T)", FLOOD];
    assert!(told("10.0.0.9/32", &trap, None).1);
    assert!(!told("2001:db8::9/128", &trap, None).1);
}

#[test]
fn the_last_route_to_an_address_says_which_mac_it_has() {
    let host = |mac| with_flags(route(2, "10.0.0.9/32", 4), &[PROXY], mac);
    let discard = nexthop(4, "discard", json!({}));
    let other = "02:00:00:00:00:0a";
    let entries = compiled(json!([discard.clone(), host(Some(MAC)), host(Some(other))]));
    let macs: Vec<u64> = entries.stitched.values().map(|entry| entry.mac).collect();
    assert_eq!(macs, [0x0200_0000_000a]);
    let entries = compiled(json!([discard, host(Some(MAC)), host(None)]));
    assert!(entries.stitched.is_empty());
}

#[test]
fn a_vrf_in_software_has_no_macs() {
    let many = (0..257).map(|n| route(2, &format!("10.{}.{}.0/24", n / 256, n % 256), 4));
    let stitched = |vrf| with_flags(route(vrf, "10.0.0.9/32", 4), &[PROXY], Some(MAC));
    let mut list = vec![nexthop(4, "discard", json!({})), stitched(2), stitched(3)];
    list.extend(many);
    let entries = compiled(list.into());
    assert!(entries.vrfs[&2].punt_all);
    let keys: Vec<_> = entries.stitched.keys().copied().collect();
    assert_eq!(keys, [(3, 0x0a00_0009)]);
}

#[test]
fn flags_of_interfaces_say_whom_arp_is_answered_for() {
    let arp = |flags: &str| {
        let vif = &compiled(json!([vif(
            3,
            "vm",
            json!({"flags": {"value": flags, "names": []}})
        )]))
        .vifs[&3];
        (vif.arp, vif.router_mac, vif.check_arp)
    };
    let router = 0x0000_5e00_0100;
    assert_eq!(arp("0x0"), (VifArp::Routes, router, false));
    assert_eq!(arp("0x100000"), (VifArp::Proxy, router, false));
    assert_eq!(arp("0x1000"), (VifArp::Gateway, router, false));
    assert_eq!(arp("0x101000"), (VifArp::Proxy, router, false));
    let checked = compiled(json!([vif(3, "vm", json!({"check_arp": true}))]));
    assert!(checked.vifs[&3].check_arp);
}

#[test]
fn what_is_not_limited_has_no_row() {
    let limit = |reason: &str, quota: u16| json!({"object": "punt_quota", "reason": reason, "quota": quota});
    let entries = compiled(json!([
        limit("arp", 8),
        limit("nd", 8),
        limit("flow_miss", 0),
        limit("nd", 0)
    ]));
    let quotas: Vec<_> = entries.punt_quotas.iter().collect();
    let arp = tables::PuntQuotaEntry { quota: 8 };
    assert_eq!(quotas, [(&PuntReason::Arp.code(), &arp)]);
    let unknown = serde_json::from_value::<Objects>(json!([limit("none", 8)]));
    let error = unknown.expect_err("no reason").to_string();
    assert!(error.starts_with(
        "`none` is no reason to hand a packet to the slow path, expected one of `arp`, "
    ));
}
