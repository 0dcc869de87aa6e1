//! A subnet on a wire, through the card: ARP on both sides of the node, and packets between guests, the wire and its router.
//!
//! ```text
//!   guest 192.0.2.10 ── vf0 ── the card ── wire1 ──┬── 192.0.2.1   router, 02:..:99
//!                       MAC towards guests 00:00:5e:00:01:00      ├── 192.0.2.50  heard, 02:..:50
//!                       MAC towards the wire 02:00:00:00:01:00    └── 192.0.2.77  never heard
//! ```

use std::net::Ipv4Addr;

use underpass_layout::port::{SLOW, VF0, WIRE0};
use underpass_layout::profile::SIM;
use underpass_layout::{DropReason, PuntReason, Verdict};
use underpass_model::{Core, Output};
use underpass_table_compiler::{compile, parse, Mac, Placed};

const WIRE: u16 = WIRE0 + 1;
const VRF: u16 = 1;
const GUEST: Mac = Mac([2, 0, 0, 0, 0, 1]);
const GATEWAY: Mac = Mac([2, 0, 0, 0, 1, 0]);
const ROUTER: Mac = Mac([0, 0, 0x5e, 0, 1, 0]);
const UPSTREAM: Mac = Mac([2, 0, 0, 0, 0, 0x99]);
const HEARD: Mac = Mac([2, 0, 0, 0, 0, 0x50]);

const NETWORK: &str = "\
node: {name: n1}
underlay: {port: wire0, mac: 0c:c4:7a:59:62:5c, address: 192.168.200.11/24}
networks: [{name: out, mode: l3, subnets: [{prefix: 192.0.2.0/24, gateway: 192.0.2.1}]}]
gateways:
- {name: uplink, port: wire1, network: out, mac: 02:00:00:00:01:00, addresses: [192.0.2.254], routers: [192.0.2.1]}
interfaces:
- {name: i, port: vf0, network: out, mac: 02:00:00:00:00:01, addresses: [192.0.2.10], mode: packet}
";

/// The card, once the slow path has heard the router and a neighbor.
fn card() -> Core {
    let mut network = parse("n.yaml", NETWORK).unwrap_or_else(|error| panic!("{error}"));
    let first = compile(&network, &Placed::empty(&SIM, 7)).expect("a small network fits");
    let mut core = Core::new(&SIM);
    let mut write = |plan: &underpass_table_compiler::Plan| {
        for step in &plan.steps {
            let written = core.write_row(step.table, step.address as usize, &step.words);
            written.expect("a row of the card");
        }
    };
    write(&first.plan);
    assert!(network.hear(VRF, Ipv4Addr::new(192, 0, 2, 1).into(), UPSTREAM));
    assert!(network.hear(VRF, Ipv4Addr::new(192, 0, 2, 50).into(), HEARD));
    let second = compile(&network, &first.placed).expect("two more fit");
    write(&second.plan);
    core
}

fn address(last: u8) -> [u8; 4] {
    [192, 0, 2, last]
}

/// Who has the address? The sender is that of the frame.
fn question(from: Mac, sender: u8, target: u8) -> Vec<u8> {
    let mut frame = [
        &Mac::BROADCAST.0[..],
        &from.0,
        &[8, 6, 0, 1, 8, 0, 6, 4, 0, 1],
    ]
    .concat();
    frame.extend(from.0);
    frame.extend(address(sender));
    frame.extend([0; 6]);
    frame.extend(address(target));
    frame
}

/// The MAC that a question is answered with.
fn answered(output: &Output, port: u16, target: u8) -> Mac {
    assert_eq!(
        (output.verdict, output.port),
        (Verdict::Deliver, Some(port))
    );
    assert_eq!(output.frame[12..22], [8, 6, 0, 1, 8, 0, 6, 4, 0, 2]);
    assert_eq!(output.frame[28..32], address(target));
    Mac(output.frame[22..28].try_into().expect("six bytes"))
}

fn packet(to: Mac, from: Mac, source: [u8; 4], destination: [u8; 4]) -> Vec<u8> {
    let mut frame = [&to.0[..], &from.0, &[8, 0]].concat();
    frame.extend([0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0]);
    frame.extend(source);
    frame.extend(destination);
    frame.extend([0x04, 0x00, 0x00, 0x35, 0, 8, 0, 0]);
    frame
}

fn macs(output: &Output) -> (Mac, Mac) {
    let mac = |at: usize| Mac(output.frame[at..at + 6].try_into().expect("six bytes"));
    (mac(0), mac(6))
}

#[test]
fn guests_are_answered_with_the_routers_mac_whatever_they_ask_for() {
    let mut core = card();
    for target in [1, 50, 77, 254] {
        let output = core.process(&question(GUEST, 10, target), VF0);
        assert_eq!(answered(&output, VF0, target), ROUTER, "{target}");
    }
    let output = core.process(&question(GUEST, 11, 1), VF0);
    assert_eq!(
        output.verdict,
        Verdict::Punt(PuntReason::Arp),
        "a sender that is not the guest"
    );
}

#[test]
fn the_wire_is_answered_for_guests_and_the_node_and_for_nobody_on_it() {
    let mut core = card();
    for target in [10, 254] {
        let output = core.process(&question(UPSTREAM, 1, target), WIRE);
        assert_eq!(answered(&output, WIRE, target), GATEWAY, "{target}");
    }
    for target in [1, 50, 77] {
        let output = core.process(&question(HEARD, 50, target), WIRE);
        assert_eq!(
            output.verdict,
            Verdict::Drop(DropReason::L2NoRoute),
            "{target}"
        );
    }
}

#[test]
fn answers_of_the_wire_are_the_slow_paths() {
    let mut frame = question(HEARD, 50, 254);
    frame[..6].copy_from_slice(&GATEWAY.0);
    frame[21] = 2;
    let output = card().process(&frame, WIRE);
    assert_eq!(output.verdict, Verdict::Punt(PuntReason::Arp));
}

#[test]
fn guests_reach_the_wire_and_what_is_behind_its_router() {
    let mut core = card();
    for (to, mac) in [
        (address(1), UPSTREAM),
        (address(50), HEARD),
        ([198, 51, 100, 9], UPSTREAM),
    ] {
        let output = core.process(&packet(ROUTER, GUEST, address(10), to), VF0);
        assert_eq!(
            (output.verdict, output.port),
            (Verdict::Deliver, Some(WIRE)),
            "{to:?}"
        );
        assert_eq!(macs(&output), (mac, GATEWAY));
        assert_eq!(output.frame[22], 63, "the time to live is one less");
    }
    let output = core.process(&packet(ROUTER, GUEST, address(10), address(77)), VF0);
    assert_eq!(output.verdict, Verdict::Punt(PuntReason::Resolve));
    assert_eq!(output.port, Some(SLOW));
}

#[test]
fn the_wire_reaches_guests() {
    let mut core = card();
    for from in [address(50), [198, 51, 100, 9]] {
        let output = core.process(&packet(GATEWAY, UPSTREAM, from, address(10)), WIRE);
        assert_eq!((output.verdict, output.port), (Verdict::Deliver, Some(VF0)));
        assert_eq!(macs(&output), (GUEST, ROUTER));
    }
    // Frames between others on the wire are not this node's.
    let output = core.process(&packet(HEARD, UPSTREAM, address(1), address(50)), WIRE);
    assert!(
        matches!(output.verdict, Verdict::Drop(_)),
        "{:?}",
        output.verdict
    );
}
