//! Flows of a network do on the card what they say: packets through compiled tables and the rows of flow pairs.
//!
//! ```text
//!   network.yaml ──entries, plan──▶ rows ─┐
//!   FlowPair ──ResolvedPair──▶ onward, flow ─▶ model ──▶ port, addresses of the frame that leaves
//! ```

use std::net::{IpAddr, Ipv4Addr};

use serde_json::{json, Value};
use underpass_layout::port::VF0;
use underpass_layout::profile::SIM;
use underpass_layout::tables::id;
use underpass_layout::{PuntReason, Verdict};
use underpass_model::{Core, Output};
use underpass_table_compiler::entries::{flow_entries, flow_entry, FlowPlace};
use underpass_table_compiler::objects::{FlowPair, FlowSide};
use underpass_table_compiler::{compile, parse, Compiled, Placed};

const SEED: u128 = 0x5eed;
const ROUTER: [u8; 6] = [0, 0, 0x5e, 0, 1, 0];
const HEAD: &str = "\
node: {name: n1}
underlay: {port: wire0, mac: 0c:c4:7a:59:62:5c, address: 192.168.200.11/24}
";

/// A card that carries a network, and flows.
struct Card {
    core: Core,
    compiled: Compiled,
    pairs: u32,
}

impl Card {
    fn new(network: &str) -> Self {
        let network = parse("n.yaml", &format!("{HEAD}{network}"));
        let network = network.unwrap_or_else(|error| panic!("{error}"));
        let compiled = compile(&network, &Placed::empty(&SIM, SEED));
        let compiled = compiled.unwrap_or_else(|error| panic!("{error}"));
        let mut core = Core::new(&SIM);
        for step in &compiled.plan.steps {
            let written = core.write_row(step.table, step.address as usize, &step.words);
            written.expect("a row of the card");
        }
        Card {
            core,
            compiled,
            pairs: 0,
        }
    }

    /// K(nh) of the guest with that name.
    fn nexthop(&self, name: &str) -> u32 {
        let mut vifs = self.compiled.objects.vifs.iter();
        let vif = vifs.find(|vif| vif.name.as_deref() == Some(name));
        vif.and_then(|vif| vif.nh_id).expect("a guest")
    }

    fn insert(&mut self, flow: underpass_table_compiler::entries::Flow) {
        let mut writes = Vec::new();
        let flows = self.compiled.placed.flows_mut();
        flows.insert(&flow.entry(), &mut writes).expect("room");
        for write in writes {
            let written = self
                .core
                .write_row(id::FLOW, write.address as usize, &write.row);
            written.expect("a row of flow");
        }
    }

    fn set_up(&mut self, pair: Value) {
        let pair: FlowPair = serde_json::from_value(pair).expect("a flow pair");
        let place = FlowPlace {
            pair: self.pairs,
            generation: 1,
            onward: [2 * self.pairs, 2 * self.pairs + 1],
            ..FlowPlace::default()
        };
        self.pairs += 1;
        let entries = flow_entries(&pair, &self.compiled.objects, &place);
        let entries = entries.unwrap_or_else(|error| panic!("{error}"));
        for (row, onward) in place.onward.into_iter().zip(entries.onward) {
            if let Some(onward) = onward {
                let written = self
                    .core
                    .write_row(id::ONWARD, row as usize, &onward.pack());
                written.expect("a row of onward");
            }
        }
        entries.flows.into_iter().for_each(|flow| self.insert(flow));
    }

    fn send(&mut self, from: u16, src: (&str, u16), dst: (&str, u16)) -> Output {
        self.core.process(&packet(src, dst), VF0 + from)
    }
}

/// TCP by way of the router, checksums left zero: the card changes checksums, it does not check them.
fn packet((src, sport): (&str, u16), (dst, dport): (&str, u16)) -> Vec<u8> {
    let address = |text: &str| text.parse::<Ipv4Addr>().expect("an address").octets();
    let mut frame = [&ROUTER[..], &[2, 0, 0, 0, 0, 1, 0x08, 0x00]].concat();
    frame.extend([0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0]);
    frame.extend([address(src), address(dst)].concat());
    frame.extend([sport.to_be_bytes(), dport.to_be_bytes()].concat());
    frame.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0, 0, 0, 0, 0, 0]);
    frame
}

/// Source and destination of a frame that leaves towards a guest.
fn addresses(output: &Output) -> (IpAddr, IpAddr) {
    let at = |at: usize| {
        let bytes: [u8; 4] = output.frame[at..at + 4].try_into().expect("four bytes");
        IpAddr::from(bytes)
    };
    (at(26), at(30))
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

const NETWORKS: &str = "\
networks:
- {name: red, vrf: 1, subnets: [{prefix: 10.1.1.0/24, gateway: 10.1.1.1}]}
- {name: green, vrf: 2, subnets: [{prefix: 10.2.0.0/16, gateway: 10.2.0.1}]}
";

fn guests(i: &str, j: &str) -> String {
    format!(
        "{NETWORKS}interfaces:\n\
         - {{name: i, port: vf0, network: red, mac: 02:00:00:00:00:01, addresses: [10.1.1.3], {i}}}\n\
         - {{name: j, port: vf1, network: red, mac: 02:00:00:00:00:02, addresses: [10.1.1.4], {j}}}\n\
         - {{name: k, port: vf2, network: green, mac: 02:00:00:00:00:03, addresses: [10.2.0.9]}}\n\
         - {{name: l, port: vf3, network: red, mac: 02:00:00:00:00:04, addresses: [10.1.1.5]}}\n"
    )
}

#[test]
fn flows_of_a_fat_rule_share_an_entry() {
    let rules = "fat_flows: [{protocol: tcp, port: 22, ignore: destination}], fat_flow_exclude: [10.1.1.5/32]";
    let mut card = Card::new(&guests(rules, "mode: flow"));
    let side: FlowSide = serde_json::from_value(json!({
        "sip": "10.1.1.3", "dip": "0.0.0.0", "sport": 0, "dport": 22, "proto": 6, "key_nh": card.nexthop("i"),
        "rpf_nh": card.nexthop("i"), "vrf": 1, "action": "forward", "flags": ["active"]}))
    .expect("a direction");
    let flow = flow_entry(&side, &card.compiled.objects, 0, 1).expect("an entry");
    card.insert(flow);
    for port in [1000, 2000] {
        let said = card.send(0, ("10.1.1.3", port), ("10.1.1.4", 22));
        assert_eq!((said.verdict, said.port), (Verdict::Deliver, Some(VF0 + 1)));
    }
    for other in [("10.1.1.4", 23), ("10.1.1.5", 22)] {
        let said = card.send(0, ("10.1.1.3", 1000), other);
        assert_eq!(
            said.verdict,
            Verdict::Punt(PuntReason::FlowMiss),
            "{other:?}"
        );
    }
}

#[test]
fn a_guest_is_reached_under_its_floating_address() {
    let floating = "floating_ips: [{interface: i, address: 10.2.7.7, network: green}]\n";
    let mut card = Card::new(&(guests("mode: flow", "mode: flow") + floating));
    let (i, k) = (card.nexthop("i"), card.nexthop("k"));
    card.set_up(json!({
        "fwd": {"sip": "10.1.1.3", "dip": "10.2.0.9", "sport": 1000, "dport": 80, "proto": 6, "key_nh": i, "rpf_nh": i,
            "vrf": 1, "dvrf": 2, "action": "nat", "flags": ["active", "snat", "rflow_valid", "vrf_translate"]},
        "rev": {"sip": "10.2.0.9", "dip": "10.2.7.7", "sport": 80, "dport": 1000, "proto": 6, "key_nh": k, "rpf_nh": k,
            "vrf": 2, "dvrf": 1, "action": "nat", "flags": ["active", "dnat", "rflow_valid", "vrf_translate"]},
    }));
    let there = card.send(0, ("10.1.1.3", 1000), ("10.2.0.9", 80));
    assert_eq!(
        (there.verdict, there.port),
        (Verdict::Deliver, Some(VF0 + 2))
    );
    assert_eq!(addresses(&there), (ip("10.2.7.7"), ip("10.2.0.9")));
    let back = card.send(2, ("10.2.0.9", 80), ("10.2.7.7", 1000));
    assert_eq!((back.verdict, back.port), (Verdict::Deliver, Some(VF0)));
    assert_eq!(addresses(&back), (ip("10.2.0.9"), ip("10.1.1.3")));
}

#[test]
fn a_flow_keeps_to_one_of_an_active_active_pair() {
    let pair = "allowed_address_pairs: [{address: 10.1.1.254, mode: active-active}]";
    let mut card = Card::new(&guests(pair, pair));
    let l = card.nexthop("l");
    for (index, member) in [(0, "i"), (1, "j")] {
        let nexthop = card.nexthop(member);
        let port = 1000 + index as u16;
        card.set_up(json!({
            "fwd": {"sip": "10.1.1.5", "dip": "10.1.1.254", "sport": port, "dport": 80, "proto": 6, "key_nh": l,
                "rpf_nh": l, "vrf": 1, "action": "forward", "flags": ["active", "rflow_valid"], "ecmp_index": index},
            "rev": {"sip": "10.1.1.254", "dip": "10.1.1.5", "sport": 80, "dport": port, "proto": 6, "key_nh": nexthop,
                "rpf_nh": nexthop, "vrf": 1, "action": "forward", "flags": ["active", "rflow_valid"]},
        }));
        let said = card.send(3, ("10.1.1.5", port), ("10.1.1.254", 80));
        assert_eq!(
            (said.verdict, said.port),
            (Verdict::Deliver, Some(VF0 + index as u16)),
            "to {member}"
        );
    }
    let other = card.send(3, ("10.1.1.5", 999), ("10.1.1.254", 80));
    assert_eq!(
        other.verdict,
        Verdict::Punt(PuntReason::FlowMiss),
        "somebody has to choose"
    );
}

#[test]
fn packet_mode_checks_sources_by_route() {
    let mut card = Card::new(&guests(
        "mode: packet, check_source: true, check_mac: true",
        "mode: packet",
    ));
    let own = card.send(0, ("10.1.1.3", 1), ("10.1.1.4", 2));
    assert_eq!((own.verdict, own.port), (Verdict::Deliver, Some(VF0 + 1)));
    let spoofed = card.send(0, ("10.1.1.9", 1), ("10.1.1.4", 2));
    let why = underpass_layout::DropReason::InvalidSource;
    assert_eq!(spoofed.verdict, Verdict::Drop(why));
    let mut frame = packet(("10.1.1.3", 1), ("10.1.1.4", 2));
    frame[11] = 9;
    assert_eq!(
        card.core.process(&frame, VF0).verdict,
        Verdict::Drop(why),
        "another MAC"
    );
}
