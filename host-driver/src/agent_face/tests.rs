use super::*;
use crate::driver::REPLAY_SEED;
use underpass_layout::port::SIM_PORTS;
use underpass_layout::profile::SIM;
use underpass_layout::shim::PuntShim;
use underpass_layout::tables::TunnelKind;
use underpass_table_compiler::objects::{HexBytes, Object};

/// Two guests, vifs 3 and 4 of VRF 2, with an underlay, a host and an agent.
const NODE: &str = r#"[
    {"object": "vif", "idx": 0, "type": "fabric", "mac": "00:1b:21:bb:f9:48", "port": "wire0", "vrf": 0,
        "flags": {"value": "0x2c0", "names": []}, "mtu": 1500},
    {"object": "vif", "idx": 1, "type": "host", "mac": "00:1b:21:bb:f9:48", "ip": "8.0.0.2", "port": "host0", "vrf": 0,
        "flags": {"value": "0x40", "names": []}, "mtu": 1514, "cross_connect_vif": 0},
    {"object": "vif", "idx": 2, "type": "agent", "mac": "00:00:5e:00:01:00", "vrf": 65535,
        "flags": {"value": "0x40", "names": []}, "mtu": 1514},
    {"object": "vif", "idx": 3, "type": "vm", "mac": "00:00:5e:00:01:00", "port": "vf0", "vrf": 2, "nh_id": 23,
        "flags": {"value": "0x2000140", "names": []}, "mtu": 9160},
    {"object": "vif", "idx": 4, "type": "vm", "mac": "00:00:5e:00:01:00", "port": "vf1", "vrf": 2, "nh_id": 24,
        "flags": {"value": "0x40040", "names": []}, "mtu": 9160},
    {"object": "nexthop", "id": 3, "type": "l2_rcv", "family": "bridge", "flags": {"value": "0x0", "names": []}},
    {"object": "nexthop", "id": 23, "type": "encap", "vrf": 2, "family": "inet", "out_vif": 3,
        "flags": {"value": "0x0", "names": []}, "rewrite_hex": "02000000001100005e0001000800"},
    {"object": "nexthop", "id": 24, "type": "encap", "vrf": 2, "family": "inet", "out_vif": 4,
        "flags": {"value": "0x0", "names": []}, "rewrite_hex": "02000000001200005e0001000800"},
    {"object": "nexthop", "id": 30, "type": "tunnel", "sip": "8.0.0.2", "dip": "8.0.0.3", "family": "inet", "out_vif": 0,
        "flags": {"value": "0x40", "names": []}, "rewrite_hex": "001b21bbf946001b21bbf9480800"},
    {"object": "bridge", "vrf": 2, "mac": "00:00:5e:00:01:00", "nh": 3, "flags": []},
    {"object": "route", "vrf": 2, "prefix": "10.1.1.4/32", "nh": 24, "flags": ["proxy(P)", "trap(T)"]}
]"#;

fn face() -> AgentFace {
    let objects: Vec<Object> = serde_json::from_str(NODE).expect("objects");
    let mut face = AgentFace::new(&SIM, REPLAY_SEED);
    let objects: Objects = objects.into_iter().collect();
    assert!(objects.vifs.iter().all(|vif| vif
        .port
        .is_none_or(|port| SIM_PORTS.iter().any(|(name, _)| *name == port.to_string()))));
    face.program(&objects).expect("they fit");
    face
}

fn bytes(hex: &str) -> Vec<u8> {
    let hex: String = hex.split_whitespace().collect();
    hex.parse::<HexBytes>().expect("hexadecimal").0
}

/// A TCP SYN of 54 bytes to the router's MAC, from the port given.
fn syn(port: u8) -> Vec<u8> {
    let mut frame = bytes(
        "00005e000100020000000011 0800 4500002800010000400664cc0a0101030a010104 \
         047001f400000001000000005002200072740000",
    );
    frame[35] = port;
    frame
}

fn punt(reason: PuntReason, vif: u16, frame: Vec<u8>) -> Punt {
    Punt {
        shim: PuntShim {
            reason,
            vif,
            vrf: 2,
            l3_offset: 14,
            length: frame.len() as u16,
            ..PuntShim::default()
        },
        frame,
    }
}

fn miss(vif: u16, frame: Vec<u8>) -> Punt {
    let mut punt = punt(PuntReason::FlowMiss, vif, frame);
    punt.shim.flow_nexthop = 23;
    punt
}

/// Acts in short: `trap CMD`, `to VIF`, `receive VIF`, `drop REASON`, `write TABLE`, `consume`.
fn said(acts: &[Act]) -> Vec<String> {
    acts.iter()
        .map(|act| match act {
            Act::Trap(frame) => {
                let (header, _) = Header::read(frame).expect("a header");
                format!("trap {}", header.command)
            }
            Act::React(Reaction::Inject(shim, _)) => match shim.command {
                InjectCommand::Receive => format!("receive {}", shim.vif),
                _ => format!("to {}", shim.vif),
            },
            Act::React(Reaction::Drop(_, reason)) => format!("drop {reason}"),
            Act::React(Reaction::Write(row)) => format!("write {}", row.table.name),
            Act::React(Reaction::Consume(_)) => "consume".to_owned(),
            Act::React(Reaction::Retire(_)) => "retire".to_owned(),
        })
        .collect()
}

fn react(reactions: Vec<Reaction>) -> Vec<String> {
    said(&reactions.into_iter().map(Act::React).collect::<Vec<_>>())
}

#[test]
fn a_flow_waits_for_the_agent_and_then_goes_on_in_order() {
    let mut face = face();
    let then: Vec<_> = (0..4)
        .flat_map(|_| said(&face.take(miss(3, syn(7)))))
        .collect();
    assert_eq!(
        then,
        [
            "trap 6",
            "consume",
            "consume",
            "drop FLOW_QUEUE_LIMIT_EXCEEDED"
        ]
    );
    let word = Word {
        source: 23,
        answer_nexthop: 24,
        answer_source: 24,
    };
    let done = face.reply(word).expect("it waits");
    let done = react(done);
    let (rows, packets) = done.split_at(done.len() - 3);
    assert!(rows.iter().all(|row| row == "write flow"), "{rows:?}");
    assert_eq!(packets, ["receive 3"; 3]);
    let flows = face.flows();
    let keys: Vec<_> = flows.iter().map(|flow| flow.side.to_string()).collect();
    assert_eq!(
        keys,
        [
            "10.1.1.3:1031 to 10.1.1.4:500 of protocol 6 under nexthop 23",
            "10.1.1.4:500 to 10.1.1.3:1031 of protocol 6 under nexthop 24"
        ]
    );
    // Four came; three of them the card counts when they come again.
    let counted = Traffic {
        packets: 3,
        bytes: 162,
    };
    let all = Traffic {
        packets: 4,
        bytes: 216,
    };
    assert_eq!(face.traffic(&flows[0], counted), all);
    assert_eq!(
        face.traffic(&flows[1], Traffic::default()),
        Traffic::default()
    );
    assert_eq!(face.reply(word).err(), Some(ProgramError::NothingWaits));
}

#[test]
fn a_guest_that_may_have_no_new_flows_gets_none() {
    let mut face = face();
    assert_eq!(said(&face.take(miss(4, syn(7)))), ["drop NEW_FLOWS"]);
    assert!(face.held().is_empty());
}

#[test]
fn the_agent_sends_and_has_packets_received() {
    let mut face = face();
    let mut ask = |command, vif, vrf| {
        let frame = Header::new(command, vif, vrf).frame(&syn(7));
        said(&face.from_agent(&frame))
    };
    assert_eq!(ask(Command::Transmit, 3, 2), ["to 3"]);
    assert_eq!(ask(Command::Transmit, 0, 0), ["to 0"]);
    assert_eq!(ask(Command::Transmit, 9, 2), ["drop INVALID_IF"]);
    assert_eq!(ask(Command::Receive, 3, 2), ["receive 3"]);
    assert_eq!(ask(Command::Receive, 3, 5), ["drop INVALID_IF"]);
    assert_eq!(ask(Command::FlowMiss, 3, 2), ["drop INVALID_PACKET"]);
    assert_eq!(said(&face.from_agent(&[0; 43])), ["drop INVALID_PACKET"]);
}

#[test]
fn what_does_not_fit_is_told_with_the_mtu_that_would() {
    let mut face = face();
    let mut frame = syn(7);
    frame[20] = 0x40;
    frame.resize(1502, 0);
    let mut too_big = punt(PuntReason::TooBig, 3, frame);
    too_big.shim.nexthop = 30;
    let acts = face.take(too_big.clone());
    let [Act::Trap(told)] = &acts[..] else {
        panic!("{acts:?}");
    };
    let (header, packet) = Header::read(told).expect("a header");
    assert_eq!((header.command, header.params[0]), (11, 1468));
    assert_eq!(header.params[1], NO_FLOW);
    // Routed before it was too long: its TTL was 64.
    assert_eq!((packet.len(), packet[22]), (190, 63));
    too_big.frame[20] = 0;
    assert_ne!(said(&face.take(too_big)), ["trap 11"]);
}

#[test]
fn arp_that_tells_is_the_agents_too() {
    let mut face = face();
    let arp = |operation: u8, sender: &str, target: &str| {
        bytes(&format!(
            "ffffffffffff 020000000012 0806 0001080006040{operation:03x} 020000000012 {sender} 000000000000 {target}"
        ))
    };
    let gratuitous = punt(PuntReason::Arp, 4, arp(1, "0a010104", "0a010104"));
    // The card sends the frame on and hands over a copy; without routes of the VRF it hands over the frame.
    let mut copy = gratuitous.clone();
    copy.shim.round = RoundKind::Punt;
    assert_eq!(said(&face.take(copy)), ["trap 2"]);
    assert_eq!(said(&face.take(gratuitous)), ["trap 2", "to 4"]);
    let to_the_router = arp(2, "0a010104", "0a010101");
    assert_eq!(
        said(&face.take(punt(PuntReason::Arp, 4, to_the_router))),
        ["trap 2"]
    );
    let asks = arp(1, "08000009", "08000002");
    assert_eq!(said(&face.take(punt(PuntReason::Arp, 0, asks))), ["to 1"]);
    let answers = arp(2, "08000009", "08000002");
    let mut underlay = punt(PuntReason::Arp, 0, answers);
    assert_eq!(said(&face.take(underlay.clone())), ["to 1", "trap 2"]);
    underlay.shim.tunnel = TunnelKind::Vxlan;
    assert!(!said(&face.take(underlay)).contains(&"trap 2".to_owned()));
}

#[test]
fn a_group_has_its_agent_where_the_interface_traps_it() {
    let mut face = face();
    let igmp = bytes(
        "01005e000016 020000000011 0800 4600002000010000010244010a010103e0000016 94040000 \
         16000904e0000016",
    );
    assert_eq!(
        said(&face.take(punt(PuntReason::L3Protocol, 3, igmp))),
        ["trap 7"]
    );
}

#[test]
fn each_reason_has_its_command() {
    let mut face = face();
    for (reason, vif, trapped) in [
        (PuntReason::TunnelError, 0, "trap 13"),
        (PuntReason::RouterAlert, 0, "trap 16"),
        (PuntReason::Receive, 3, "trap 4"),
        (PuntReason::ZeroTtl, 3, "trap 12"),
    ] {
        let acts = face.take(punt(reason, vif, syn(7)));
        assert_eq!(said(&acts), [trapped], "{reason:?}");
    }
}

#[test]
fn bfd_is_told_with_the_state_of_its_session() {
    let mut face = face();
    let mut control = bytes(
        "00005e000100020000000011 0800 4500003400010000ff11a5ad0a0101030a010101 \
         c0000ec800200000 20c003180000000700000000000f4240000f424000000000",
    );
    let mut told = |frame: &[u8]| {
        let acts = face.take(punt(PuntReason::Receive, 3, frame.to_vec()));
        let [Act::Trap(frame)] = &acts[..] else {
            panic!("{acts:?}");
        };
        let (header, packet) = Header::read(frame).expect("a header");
        (header.command, header.params[0], packet.len())
    };
    assert_eq!(told(&control), (20, 0xc0, 66));
    control[43] = 0x40;
    assert_eq!(told(&control), (20, 0x40, 66));
    // To another port it is not for BFD.
    control[37] = 0xc7;
    assert_eq!(told(&control), (4, 0, 66));
    // Cut short, it has no state.
    control[37] = 0xc8;
    assert_eq!(told(&control[..43]).0, 4);
}

#[test]
fn everything_goes_when_it_is_forgotten() {
    let mut face = face();
    face.take(miss(3, syn(7)));
    face.reply(Word {
        source: 23,
        answer_nexthop: 24,
        answer_source: 24,
    })
    .expect("it waits");
    face.take(miss(3, syn(8)));
    let done = react(face.forget());
    assert_eq!(done.iter().filter(|act| *act == "retire").count(), 1);
    assert!(face.flows().is_empty() && face.held().is_empty());
    let writes = face.program(&Objects::default()).expect("nothing fits");
    assert!(!writes.is_empty());
    assert_eq!(face.placed.rows().count(), 1, "source 0 alone stays");
}
