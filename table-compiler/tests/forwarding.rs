//! The tables say what the objects mean: packets through compiled tables go where the objects, read plainly, send them.
//!
//! ```text
//!   objects ──entries, plan──▶ rows ──▶ model ──▶ port        the card may ask (punt), but it may not say anything else
//!       └──────── longest match, read off the list ──▶ port
//! ```

use std::net::Ipv4Addr;

use ipnet::IpNet;
use proptest::prelude::*;
use serde_json::{json, Value};
use underpass_layout::port::VF0;
use underpass_layout::profile::SIM;
use underpass_layout::{DropReason, PuntReason, Verdict};
use underpass_model::Core;
use underpass_table_compiler::entries::entries;
use underpass_table_compiler::plan::plan;
use underpass_table_compiler::{Objects, Placed};

const SEED: u128 = 0x5eed;
const ROUTER: [u8; 6] = [0, 0, 0x5e, 0, 1, 0];
/// Guests that routes lead to.
const GUESTS: u16 = 6;

/// A sender behind vf0 in VRF 1, and guests behind vf1 and on; guest `n` has nexthop `10 + n`.
fn objects(routes: &[(u8, u32, u16)]) -> Objects {
    let none = json!({"value": "0x0", "names": []});
    let vif = |n: u16| {
        json!({"object": "vif", "idx": 3 + n, "type": "vm", "port": format!("vf{n}"), "mac": "00:00:5e:00:01:00",
            "flags": none, "vrf": 1 + n, "mtu": 9160, "nh_id": 10 + n})
    };
    let nexthop = |n: u16| {
        json!({"object": "nexthop", "id": 10 + n, "type": "encap", "family": "inet", "flags": none, "vrf": 1 + n,
            "out_vif": 3 + n, "rewrite_hex": format!("0200000000{n:02x}00005e0001000800")})
    };
    let route = |(length, address, to): &(u8, u32, u16)| {
        let prefix = ipnet::Ipv4Net::new((*address).into(), *length)
            .expect("at most 32")
            .trunc();
        json!({"object": "route", "vrf": 1, "prefix": prefix.to_string(), "nh": 11 + to % GUESTS, "flags": []})
    };
    let fixed = [
        json!({"object": "nexthop", "id": 3, "type": "l2_rcv", "family": "bridge", "flags": none}),
        json!({"object": "bridge", "vrf": 1, "mac": "00:00:5e:00:01:00", "nh": 3, "flags": []}),
    ];
    let guests = 0..=GUESTS;
    let all = guests
        .clone()
        .map(vif)
        .chain(guests.map(nexthop))
        .chain(fixed)
        .chain(routes.iter().map(route));
    serde_json::from_value(Value::Array(all.collect())).expect("objects")
}

/// The card with these objects.
fn card(objects: &Objects) -> Core {
    let entries = entries(objects, &SIM).expect("objects that refer to what exists");
    let (plan, _) = plan(&Placed::empty(&SIM, SEED), &entries).expect("routes make way");
    let mut core = Core::new(&SIM);
    for step in plan.steps {
        core.write_row(step.table, step.address as usize, &step.words)
            .expect("a row of the card");
    }
    core
}

/// Where a packet of VRF 1 goes, by the list of routes: of the longest prefix, the route that stands last.
fn port_of(objects: &Objects, to: u32) -> Option<u16> {
    let covering = objects.routes.iter().filter(|route| match route.prefix {
        IpNet::V4(prefix) => prefix.contains(&Ipv4Addr::from(to)),
        IpNet::V6(_) => false,
    });
    covering
        .max_by_key(|route| route.prefix.prefix_len())
        .map(|route| VF0 + route.nh as u16 - 10)
}

/// UDP from the sender, by way of the router.
fn packet(to: u32) -> Vec<u8> {
    let mut frame = [&ROUTER[..], &[2, 0, 0, 0, 0, 1, 0x08, 0x00]].concat();
    frame.extend([0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1]);
    frame.extend(to.to_be_bytes());
    frame.extend([0x04, 0x00, 0x00, 0x35, 0, 8, 0, 0]);
    frame
}

/// Routes of any length that lie in each other, often.
fn any_routes(most: usize) -> impl Strategy<Value = Vec<(u8, u32, u16)>> {
    let address =
        (0u32..8, 0u32..8).prop_map(|(high, low)| high << 29 | low.reverse_bits() >> 20 | low);
    prop::collection::vec((0u8..=32, address, any::<u16>()), 0..most)
}

proptest! {
    #[test]
    fn tables_mean_what_the_objects_mean(routes in any_routes(60), others in prop::collection::vec(any::<u32>(), 8)) {
        let objects = objects(&routes);
        let mut core = card(&objects);
        let ends = routes.iter().flat_map(|(_, address, _)| [*address, address ^ 1, address ^ 1 << 9]);
        for to in ends.chain(others) {
            let said = core.process(&packet(to), VF0);
            let meant = port_of(&objects, to);
            match said.verdict {
                Verdict::Punt(why) => prop_assert_eq!(why, PuntReason::VrfInSoftware),
                Verdict::Deliver => prop_assert_eq!(said.port, meant, "{:#x}", to),
                Verdict::Drop(why) => prop_assert_eq!((why, meant), (DropReason::Discard, None), "{:#x}", to),
                Verdict::Continue => prop_assert!(false, "no verdict"),
            }
        }
    }

    /// Asking is for VRFs that do not fit: thirty routes of any lengths do.
    #[test]
    fn small_vrfs_are_never_punted(routes in any_routes(30)) {
        let mut core = card(&objects(&routes));
        for (_, to, _) in routes {
            let said = core.process(&packet(to), VF0);
            prop_assert_eq!(said.verdict, Verdict::Deliver, "{:#x}", to);
        }
    }
}
