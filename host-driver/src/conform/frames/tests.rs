use super::super::checksum::sum;
use super::*;
use underpass_table_compiler::objects::HexBytes;

/// MPLS over UDP to 8.0.0.4 with an IPv4 packet from port 1000 inside.
const UDP: &str =
    "001b21bbf946001b21bbf9480800450000480001000040116a9f0800000208000004c71919eb003400000006613f\
    4500002c000100003f1165b30a0101030a01010903e807d00018b5be616263646566676861626364";

fn bytes(hex: &str) -> Vec<u8> {
    let hex: String = hex.split_whitespace().collect();
    hex.parse::<HexBytes>().expect("hexadecimal").0
}

fn out(vif: u32, frame: &[u8]) -> Out {
    Out {
        vif,
        frame: frame.to_vec(),
    }
}

fn side(vif: u32) -> Side {
    match vif {
        0 => Side::Fabric,
        2 => Side::Agent,
        _ => Side::Plain,
    }
}

/// What is said of a frame that leaves interface `vif` after `change`.
fn said(vif: u32, want: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<String> {
    let mut got = want.to_vec();
    change(&mut got);
    let found = Frames::default().compare(&[out(vif, want)], &[out(vif, &got)], false, side);
    found
        .into_iter()
        .map(|(vif, difference)| format!("vif {vif}: {difference}"))
        .collect()
}

#[test]
fn a_difference_has_its_place_and_its_field() {
    let frame = bytes(UDP);
    assert_eq!(said(0, &frame, |_| ()), [""; 0]);
    assert_eq!(
        said(0, &frame, |got| got[22] = 0x3f),
        ["vif 0: byte 22 (ip.ttl) want 40 got 3f"]
    );
    assert_eq!(
        said(3, &frame, |got| got[54] = 1),
        ["vif 3: byte 54 (inner.ip.ttl) want 3f got 01"]
    );
    assert_eq!(
        said(0, &frame, |got| got.truncate(80)),
        [format!("vif 0: length want {} got 80", frame.len())]
    );
}

#[test]
fn a_tunnel_may_choose_port_and_identification() {
    let frame = bytes(UDP);
    let valid = |got: &mut Vec<u8>| {
        // Identification 5, checksum 4 less; source port 0xf000; no UDP checksum.
        got[19] = 5;
        got[25] = 0x9b;
        got[34] = 0xf0;
        got[35] = 0;
    };
    assert_eq!(said(0, &frame, valid), [""; 0]);
    assert_eq!(
        said(3, &frame, valid),
        ["vif 3: byte 19 (ip.id) want 01 got 05"]
    );
    assert_eq!(
        said(0, &frame, |got| got[19] = 5),
        ["vif 0: byte 24 (ip.checksum) want 27291 for this header got 27295"]
    );
    assert_eq!(
        said(0, &frame, |got| got[34] = 0x10),
        ["vif 0: byte 34 (udp.src_port) want 49152 to 65535 got 4121"]
    );
}

#[test]
fn one_flow_keeps_its_port() {
    let (first, mut other) = (bytes(UDP), bytes(UDP));
    other[35] = 0x20;
    let mut frames = Frames::default();
    let want = [out(0, &first)];
    assert_eq!(frames.compare(&want, &want, false, side), []);
    let found = frames.compare(&want, &[out(0, &other)], false, side);
    let said: Vec<_> = found.iter().map(|(_, one)| one.to_string()).collect();
    assert_eq!(
        said,
        ["byte 34 (udp.src_port) want 50969 as before got 50976"]
    );
    // Another flow may have another port.
    other[67] = 0xe9;
    let want = [out(0, &other)];
    assert_eq!(frames.compare(&want, &want, false, side), []);
}

#[test]
fn gre_carries_the_identification_of_ipv4_out() {
    let gre =
        "001b21bbf946001b21bbf94808004500004c00070000402f6a780800000208000003000088470003013f\
        45000030000700003f1165a90a0101030a01010903e807d0001cb5be61626364";
    let frame = bytes(gre);
    assert_eq!(
        said(0, &frame, |got| got[19] = 8),
        ["vif 0: byte 19 (ip.id) want 07 got 08"]
    );
    // A bridged frame has none that the tunnel could take.
    let frame = bytes(
        "001b21bbf946001b21bbf9480800450000460007000040 2f6a7e0800000208000003000088470003013f\
         ffffffffffff02000000001188b56162636465666768696a6b6c6d6e6f7071727374",
    );
    let counted = |got: &mut Vec<u8>| {
        got[19] = 8;
        got[25] = 0x7d;
    };
    assert_eq!(said(0, &frame, counted), [""; 0]);
}

/// A copy of a 16-byte frame for the analyzer at 7.7.7.3, port 8888, behind metadata `ff 00`; its checksums are right.
fn copy() -> Vec<u8> {
    let mut frame =
        bytes("020000000013 00005e000100 0800 4500002e 0001 0000 3f11 0000 04040403 07070703");
    let header = !sum(&[&frame[14..]]);
    frame[24..26].copy_from_slice(&header.to_be_bytes());
    let mut udp = bytes("c719 22b8 001a 0000 ff00 ffffffffffff 020000000011 88b5 6162");
    let pseudo = bytes("04040403 07070703 0011 001a");
    let checksum = !sum(&[&pseudo, &udp]);
    udp[6..8].copy_from_slice(&checksum.to_be_bytes());
    frame.extend(udp);
    frame
}

fn said_of_copy(change: impl FnOnce(&mut Vec<u8>)) -> Vec<String> {
    let (want, mut got) = (copy(), copy());
    change(&mut got);
    let mut frames = Frames::default();
    frames.analyzers_at([8888]);
    let found = frames.compare(&[out(3, &want)], &[out(3, &got)], false, side);
    found.iter().map(|(_, one)| one.to_string()).collect()
}

#[test]
fn a_copy_may_choose_port_and_identification_and_keeps_right_checksums() {
    assert_eq!(said_of_copy(|_| ()), [""; 0]);
    // One more in a word is one less in its checksum.
    let valid = |got: &mut Vec<u8>| {
        got[19] += 1;
        got[25] -= 1;
        got[35] += 1;
        got[41] -= 1;
    };
    assert_eq!(said_of_copy(valid), [""; 0]);
    let of_port = said_of_copy(|got| got[35] += 1);
    assert!(
        of_port[0].starts_with("byte 40 (udp.checksum) want "),
        "{of_port:?}"
    );
    let of_id = said_of_copy(|got| got[19] += 1);
    assert!(
        of_id[0].starts_with("byte 24 (ip.checksum) want "),
        "{of_id:?}"
    );
    assert_eq!(
        said_of_copy(|got| got[58] = 0x62),
        ["byte 58 (payload) want 61 got 62"]
    );
    // Where no analyzer is known, it is a packet like others.
    let mut got = copy();
    valid(&mut got);
    let found = Frames::default().compare(&[out(3, &copy())], &[out(3, &got)], false, side);
    assert_eq!(found.len(), 1);
}

#[test]
fn a_copy_along_a_tree_may_choose_twice() {
    let frame = bytes(
        "001b21bbf946001b21bbf94808004500006a0004000040116a7a0800000208000004e1c319eb00560000\
         0125d140000000004500004600030000401 16a9f0800000208000004e1c312b50032000008000000000005 00\
         ffffffffffff02000000001188b56162636465666768696a6b6c6d6e6f7071727374",
    );
    let valid = |got: &mut Vec<u8>| {
        got[55] += 1;
        got[61] -= 1;
    };
    assert_eq!(said(0, &frame, valid), [""; 0]);
    let of_id = said(0, &frame, |got| got[55] += 1);
    assert!(of_id[0].contains("(tree.ip.checksum) want"), "{of_id:?}");
    let of_port = said(0, &frame, |got| got[70] = 0x10);
    assert!(
        of_port[0].contains("(tree.udp.src_port) want 49152"),
        "{of_port:?}"
    );
    let of_vni = said(0, &frame, |got| got[84] = 6);
    assert!(
        of_vni[0].contains("(tree.vxlan.vni) want 05 got 06"),
        "{of_vni:?}"
    );
}

#[test]
fn the_agent_is_told_any_flow_index() {
    let miss = Header {
        params: [5, 23, 0, 0, 0],
        param5: 1,
        ..Header::new(Command::FlowMiss, 3, 2)
    };
    let frame = miss.frame(&bytes(UDP));
    let other = |got: &mut Vec<u8>| {
        got[23] = 9;
        got[40] = 3;
    };
    assert_eq!(said(2, &frame, other), [""; 0]);
    assert_eq!(
        said(2, &frame, |got| got[27] = 24),
        ["vif 2: byte 27 (agent.param1) want 17 got 18"]
    );
    let too_big = Header {
        params: [1468, u32::MAX, 0, 0, 0],
        ..Header::new(Command::DontFragment, 3, 2)
    };
    let frame = too_big.frame(&bytes(UDP));
    assert_eq!(
        said(2, &frame, |got| got[24..28].fill(0)),
        ["vif 2: byte 24 (agent.param1) want ff got 00"]
    );
    assert_eq!(
        said(2, &frame, |got| got[57] = 1),
        ["vif 2: byte 57 (packet.eth.type) want 00 got 01"]
    );
}

#[test]
fn order_counts_where_a_step_says_so() {
    let want = [out(3, &[1]), out(3, &[2]), out(4, &[3])];
    let got = [out(4, &[3]), out(3, &[2]), out(3, &[1])];
    let mut frames = Frames::default();
    assert_eq!(frames.compare(&want, &got, false, side), []);
    assert_eq!(frames.compare(&want, &got, true, side).len(), 2);
    assert_eq!(frames.compare(&want, &want, true, side), []);
}

#[test]
fn every_frame_is_asked_for() {
    let mut frames = Frames::default();
    assert_eq!(
        frames.compare(&[out(3, &[1, 2])], &[], false, side),
        [(3, Difference::Missing { length: 2 })]
    );
    assert_eq!(
        frames.compare(&[out(3, &[1])], &[out(3, &[1]), out(4, &[1])], false, side),
        [(4, Difference::Surplus { length: 1 })]
    );
    // Two that are alike need two.
    assert_eq!(
        frames.compare(&[out(3, &[1]), out(3, &[1])], &[out(3, &[1])], false, side),
        [(3, Difference::Missing { length: 1 })]
    );
}
