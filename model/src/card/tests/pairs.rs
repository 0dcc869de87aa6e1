//! Flow pairs as the host sees them: times, events and the rows of `tcp` and `age`.

use super::*;
use underpass_layout::tables::{
    AgeEntry, FlowAction, FlowEntry, FlowKey, SourceEntry, SourceKind, TcpEntry,
};

const VF0: u16 = port::VF0;
/// The flow's pair, its generation, and the row of its reports.
const PAIR: u32 = 5;
const GENERATION: u8 = 3;

fn packed<E: Record>(entry: &E) -> Vec<u32> {
    let mut words = vec![0; underpass_layout::words_for(E::WIDTH)];
    entry.pack_into(&mut words);
    words
}

/// A card with a VM and one TCP flow of it, which goes nowhere but is seen.
fn card_with_flow() -> ModelCard {
    let mut card = card();
    let vif = VifEntry {
        valid: true,
        kind: VifKind::Vm,
        policy: true,
        nexthop: 23,
        ..VifEntry::default()
    };
    let port = PortEntry {
        valid: true,
        vif: 3,
    };
    let any = SourceEntry {
        kind: SourceKind::Any,
        ..SourceEntry::default()
    };
    let flow = FlowEntry {
        valid: true,
        key: FlowKey {
            v6: false,
            nexthop: 23,
            protocol: 6,
            src_port: 1000,
            dst_port: 80,
            src: 0x0a01_0103,
            dst: 0x0a01_0109,
        },
        action: FlowAction::Drop,
        flow_id: 2 * PAIR,
        source: 0,
        source_moves: false,
        generation: GENERATION,
        spare: 0,
    };
    write_row(&mut card, id::PORT, VF0.into(), &packed(&port));
    write_row(&mut card, id::VIF, 3, &packed(&vif));
    write_row(&mut card, id::SOURCE, 0, &packed(&any));
    write_row(&mut card, id::FLOW, 0, &packed(&flow));
    card
}

/// A segment of that flow with these flags.
fn segment(flags: &str) -> Vec<u8> {
    crate::testing::hex(&format!(
        "020000000012 020000000011 0800 45000028000100004006 0000 0a010103 0a010109 \
         03e80050 00000001 00000000 50{flags}2000 00000000"
    ))
}

fn send(card: &mut ModelCard, flags: &str) {
    assert!(card.send(VF0, &segment(flags)));
}

#[test]
fn an_idle_pair_is_reported_once() {
    let mut card = card_with_flow();
    card.write(AGE_LIMIT, 10);
    card.write(AGE_NOW, 7);
    send(&mut card, "10");
    let age = AgeEntry::unpack(&read_row(&mut card, id::AGE, PAIR)).unwrap();
    assert_eq!((age.generation, age.seen), (GENERATION, 7));
    card.write(AGE_NOW, 16);
    assert_eq!(card.read(AGE_EVENT), 0);
    card.write(AGE_NOW, 17);
    let idle = EVENT_VALID | u32::from(GENERATION) << EVENT_GENERATION | PAIR;
    assert_eq!((card.read(AGE_EVENT), card.read(AGE_EVENT)), (idle, idle));
    card.write(AGE_TAKE, 1);
    assert_eq!(card.read(AGE_EVENT), 0);
    card.write(AGE_NOW, 100);
    assert_eq!(card.read(AGE_EVENT), 0, "told already");
}

#[test]
fn a_reset_counts_as_the_host_wants() {
    let mut card = card_with_flow();
    send(&mut card, "04");
    assert_eq!(card.read(AGE_EVENT), 0, "out of sequence");
    assert_eq!(card.read(TCP_CONTROL), 0);
    card.write(TCP_CONTROL, u32::MAX);
    assert_eq!(card.read(TCP_CONTROL), ANY_RESET);
    send(&mut card, "04");
    let dead = EVENT_VALID | EVENT_DEAD | u32::from(GENERATION) << EVENT_GENERATION | PAIR;
    assert_eq!(card.read(AGE_EVENT), dead);
    let tcp = TcpEntry::unpack(&read_row(&mut card, id::TCP, PAIR)).unwrap();
    assert_eq!(
        (tcp.generation, tcp.reset, tcp.dead),
        (GENERATION, true, true)
    );
}

#[test]
fn the_card_alone_writes_these_rows() {
    let mut card = card_with_flow();
    for table in [id::TCP, id::AGE] {
        write_row(&mut card, table, PAIR, &[u32::MAX; 16]);
        assert_eq!(card.read(TABLE_STATUS), STATUS_REFUSED);
        assert_eq!(read_row(&mut card, table, PAIR), [0; 16]);
    }
}

#[test]
fn a_host_that_waits_for_two_rounds_gets_them() {
    let mut card = card_with_flow();
    card.write(AGE_LIMIT, 1);
    let before = card.read(AGE_SWEEPS);
    while card.read(AGE_SWEEPS) < before + 2 {}
    card.write(AGE_LIMIT, u32::MAX);
    assert_eq!(card.read(AGE_LIMIT), 0x3fff);
    card.write(AGE_NOW, u32::MAX);
    assert_eq!(card.read(AGE_NOW), 0x3fff);
}
