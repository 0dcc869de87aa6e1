//! Floating addresses: out and in, here and through tunnels, with every checksum right.

use std::net::{IpAddr, Ipv4Addr};

use etherparse::{ArpOperation, SlicedPacket, TransportSlice};
use underpass_host_driver::describe;
use underpass_host_driver::summary::Summary;
use underpass_layout::port::WIRE0;
use underpass_layout::DropReason;

use crate::six::{self, ip6};
use crate::support::*;

/// red1 is 10.9.0.100 in `public`, where pub1 is; 8.8.8.0/24 is behind the other node there.
const PUBLIC: &str = r#"
node: {name: one}
underlay:
  port: wire0
  mac: "0c:c4:7a:00:00:01"
  address: 192.168.0.1/24
  neighbors: {192.168.0.2: "0c:c4:7a:00:00:02"}
networks:
  - {name: red, vrf: 1, subnets: [{prefix: 10.1.0.0/24, gateway: 10.1.0.1}, {prefix: "2001:db8:1::/64", gateway: "2001:db8:1::1"}]}
  - {name: public, vrf: 9, subnets: [{prefix: 10.9.0.0/24, gateway: 10.9.0.1}, {prefix: "2001:db8:9::/64", gateway: "2001:db8:9::1"}]}
interfaces:
  - {name: red1, port: vf0, network: red, mac: "02:00:00:00:01:01", addresses: [10.1.0.11, "2001:db8:1::11"], label: 21}
  - {name: red2, port: vf1, network: red, mac: "02:00:00:00:01:02", addresses: [10.1.0.12], label: 22}
  - {name: pub1, port: vf2, network: public, mac: "02:00:00:00:09:01", addresses: [10.9.0.11, "2001:db8:9::11"]}
floating_ips:
  - {interface: red1, address: 10.9.0.100, network: public}
  - {interface: red1, address: "2001:db8:9::100", network: public}
  - {interface: red2, address: 10.9.0.102, network: public}
remote:
  - {network: public, prefix: 8.8.8.0/24, next_hops: [{address: 192.168.0.2, encapsulation: mpls-udp, label: 99}]}
"#;

const PUB1: Guest = Guest {
    port: BLUE1.port,
    mac: [2, 0, 0, 0, 9, 1],
    ip: [10, 9, 0, 11],
};
const FLOATING: [u8; 4] = [10, 9, 0, 100];
const OTHER: [u8; 4] = [10, 9, 0, 102];
const GOOGLE: [u8; 4] = [8, 8, 8, 8];

/// The ends of a frame whose checksums are all right: `10.9.0.100:1000 > 10.9.0.11:53`.
pub fn ends(frame: &[u8]) -> String {
    let packet = SlicedPacket::from_ethernet(frame).unwrap();
    let ip = packet.net.unwrap();
    let ip = ip.ipv4_ref().expect("IPv4").header();
    assert_eq!(ip.header_checksum(), ip.to_header().calc_header_checksum());
    let (src, dst) = (ip.source_addr(), ip.destination_addr());
    let ports = match packet.transport.unwrap() {
        TransportSlice::Tcp(tcp) => {
            let expected =
                tcp.to_header()
                    .calc_checksum_ipv4_raw(src.octets(), dst.octets(), tcp.payload());
            assert_eq!(tcp.checksum(), expected.unwrap(), "TCP");
            (tcp.source_port(), tcp.destination_port())
        }
        TransportSlice::Udp(udp) => {
            let header = udp.to_header();
            let expected = header.calc_checksum_ipv4_raw(src.octets(), dst.octets(), udp.payload());
            assert_eq!(udp.checksum(), expected.unwrap(), "UDP");
            (udp.source_port(), udp.destination_port())
        }
        _ => (0, 0),
    };
    format!("{src}:{} > {dst}:{}", ports.0, ports.1)
}

#[test]
fn a_guest_goes_out_under_its_floating_address_and_answers_come_in() {
    let mut card = card_of(PUBLIC);
    for make in [tcp, udp] {
        let outcome = card
            .send(RED1.port, &make(RED1, ROUTER, PUB1.ip, (1000, 53)))
            .unwrap();
        let (port, frame) = left(&outcome);
        assert_eq!((port, outcome.punts.len()), (PUB1.port, 1));
        assert_eq!(ends(frame), "10.9.0.100:1000 > 10.9.0.11:53");
        let outcome = card
            .send(PUB1.port, &make(PUB1, ROUTER, FLOATING, (53, 1000)))
            .unwrap();
        let (port, frame) = left(&outcome);
        assert_eq!((port, outcome.punts.len()), (RED1.port, 0));
        assert_eq!(ends(frame), "10.9.0.11:53 > 10.1.0.11:1000");
        assert_eq!(frame[..6], RED1.mac);
    }
    let outcome = card
        .send(RED1.port, &echo(RED1, ROUTER, PUB1.ip, 3))
        .unwrap();
    let echoed = describe::frame(left(&outcome).1);
    assert_eq!(
        echoed,
        "ICMP echo request 10.9.0.100 > 10.9.0.11 id 7 seq 3"
    );
    let outcome = card
        .send(PUB1.port, &echo_reply(PUB1, ROUTER, FLOATING, 3))
        .unwrap();
    let answered = describe::frame(left(&outcome).1);
    assert_eq!(answered, "ICMP echo reply 10.9.0.11 > 10.1.0.11 id 7 seq 3");
}

#[test]
fn the_flows_are_as_the_peer_has_them() {
    let mut card = card_of(PUBLIC);
    card.send(RED1.port, &udp(RED1, ROUTER, PUB1.ip, (1000, 2000)))
        .unwrap();
    // red1's nexthops are 6 and 7, red2's 8 and 9, pub1's 10 and 11.
    let summary = Summary::read(&mut card).unwrap();
    assert_eq!(
        serde_json::to_value(&summary.flows).unwrap(),
        serde_json::json!([
            {"key": {"nh": 6, "sip": "10.1.0.11", "sport": 1000, "dip": "10.9.0.11", "dport": 2000, "proto": 17},
             "vrf": 1, "action": "nat", "packets": 1, "bytes": 50, "tcp_state": [], "ecmp_index": null},
            {"key": {"nh": 10, "sip": "10.9.0.11", "sport": 2000, "dip": "10.9.0.100", "dport": 1000, "proto": 17},
             "vrf": 9, "action": "nat", "packets": 0, "bytes": 0, "tcp_state": [], "ecmp_index": null},
        ])
    );
    let flows = card.slow_path().flows();
    assert_eq!([flows[0].side.dvrf, flows[1].side.dvrf], [Some(9), Some(1)]);
    assert_eq!([flows[0].side.rpf_nh, flows[1].side.rpf_nh], [6, 10]);
}

#[test]
fn a_guest_is_reached_at_its_floating_address_and_answers_under_it() {
    let mut card = card_of(PUBLIC);
    let outcome = card
        .send(PUB1.port, &tcp(PUB1, ROUTER, FLOATING, (1000, 80)))
        .unwrap();
    let (port, frame) = left(&outcome);
    assert_eq!(port, RED1.port);
    assert_eq!(ends(frame), "10.9.0.11:1000 > 10.1.0.11:80");
    let outcome = card
        .send(RED1.port, &tcp(RED1, ROUTER, PUB1.ip, (80, 1000)))
        .unwrap();
    let (port, frame) = left(&outcome);
    assert_eq!((port, outcome.punts.len()), (PUB1.port, 0));
    assert_eq!(ends(frame), "10.9.0.100:80 > 10.9.0.11:1000");
}

#[test]
fn answers_from_afar_come_behind_the_guests_label() {
    let mut card = card_of(PUBLIC);
    let outcome = card
        .send(RED1.port, &udp(RED1, ROUTER, GOOGLE, (1000, 53)))
        .unwrap();
    let (port, frame) = left(&outcome);
    assert_eq!(port, WIRE0);
    // Behind Ethernet, IPv4, UDP and one label.
    let inner = [&[0; 12][..], &[8, 0], &frame[46..]].concat();
    assert_eq!(ends(&inner), "10.9.0.100:1000 > 8.8.8.8:53");
    let google = Guest { ip: GOOGLE, ..RED9 };
    let outcome = card
        .send(WIRE0, &mpls(21, &udp(google, ROUTER, FLOATING, (53, 1000))))
        .unwrap();
    let (port, frame) = left(&outcome);
    assert_eq!((port, outcome.punts.len()), (RED1.port, 0));
    assert_eq!(ends(frame), "8.8.8.8:53 > 10.1.0.11:1000");
    // And so may what begins there.
    let outcome = card
        .send(WIRE0, &mpls(21, &tcp(google, ROUTER, FLOATING, (999, 80))))
        .unwrap();
    assert_eq!(ends(left(&outcome).1), "8.8.8.8:999 > 10.1.0.11:80");
    let outcome = card
        .send(RED1.port, &tcp(RED1, ROUTER, GOOGLE, (80, 999)))
        .unwrap();
    assert_eq!((outcome.punts.len(), left(&outcome).0), (0, WIRE0));
}

#[test]
fn two_guests_meet_under_the_floating_addresses_of_both() {
    let mut card = card_of(PUBLIC);
    let outcome = card
        .send(RED1.port, &udp(RED1, ROUTER, OTHER, (1000, 53)))
        .unwrap();
    let (port, frame) = left(&outcome);
    assert_eq!(port, RED2.port);
    assert_eq!(ends(frame), "10.9.0.100:1000 > 10.1.0.12:53");
    let outcome = card
        .send(RED2.port, &udp(RED2, ROUTER, FLOATING, (53, 1000)))
        .unwrap();
    let (port, frame) = left(&outcome);
    assert_eq!((port, outcome.punts.len()), (RED1.port, 0));
    assert_eq!(ends(frame), "10.9.0.102:53 > 10.1.0.11:1000");
}

#[test]
fn ipv6_is_translated_alike() {
    let mut card = card_of(PUBLIC);
    let out = six::echo6(RED1, ROUTER, ip6(PUB1), 3);
    let outcome = card.send(RED1.port, &out).unwrap();
    let echoed = describe::frame(left(&outcome).1);
    assert_eq!(
        echoed,
        "ICMPv6 echo request 2001:db8:9::100 > 2001:db8:9::11 id 7 seq 3"
    );
    let back = six::echo_reply6(PUB1, ROUTER, "2001:db8:9::100".parse().unwrap(), 3);
    let outcome = card.send(PUB1.port, &back).unwrap();
    assert_eq!(outcome.punts.len(), 0);
    let answered = describe::frame(left(&outcome).1);
    assert_eq!(
        answered,
        "ICMPv6 echo reply 2001:db8:9::11 > 2001:db8:1::11 id 7 seq 3"
    );
}

#[test]
fn the_floating_address_is_answered_for_in_its_network_alone() {
    let mut card = card_of(PUBLIC);
    let outcome = card.send(PUB1.port, &who_has(PUB1, FLOATING)).unwrap();
    let (port, frame) = left(&outcome);
    assert_eq!((port, &frame[22..28]), (PUB1.port, &ROUTER[..]));
    assert_eq!(frame[20..22], ArpOperation::REPLY.0.to_be_bytes());
    let outcome = card.send(RED2.port, &who_has(RED2, FLOATING)).unwrap();
    assert_eq!(ports(&outcome), [RED1.port], "flooded");
}

#[test]
fn who_has_no_floating_address_stays_at_home() {
    let text = PUBLIC.replace(
        "  - {interface: red2, address: 10.9.0.102, network: public}\n",
        "",
    );
    let mut card = card_of(&text);
    let outcome = card
        .send(RED2.port, &tcp(RED2, ROUTER, GOOGLE, (1, 2)))
        .unwrap();
    assert_eq!(outcome.drops, [DropReason::FlowActionDrop]);
    // What the own network has a route to needs none.
    let outcome = card
        .send(RED1.port, &tcp(RED1, ROUTER, RED2.ip, (1, 2)))
        .unwrap();
    assert_eq!(ends(left(&outcome).1), "10.1.0.11:1 > 10.1.0.12:2");
    // Nor does the public network lead into the other.
    let outcome = card
        .send(PUB1.port, &tcp(PUB1, ROUTER, RED1.ip, (1, 2)))
        .unwrap();
    assert_eq!(outcome.drops, [DropReason::FlowActionDrop]);
}

#[test]
fn flows_that_share_an_entry_are_not_translated() {
    let text = PUBLIC.replace(
        "label: 21}",
        "label: 21, fat_flows: [{protocol: tcp, port: 80}]}",
    );
    let mut card = card_of(&text);
    let outcome = card
        .send(RED1.port, &tcp(RED1, ROUTER, PUB1.ip, (1000, 80)))
        .unwrap();
    assert_eq!(outcome.drops, [DropReason::FlowActionDrop]);
    let flows = card.slow_path().flows();
    assert_eq!(flows[0].denied.unwrap().name(), "FatFlowNatConflict");
    assert_eq!(flows[0].side.dip, IpAddr::from(Ipv4Addr::from(PUB1.ip)));
    let outcome = card
        .send(RED1.port, &tcp(RED1, ROUTER, PUB1.ip, (1000, 81)))
        .unwrap();
    assert_eq!(ports(&outcome), [PUB1.port]);
}
