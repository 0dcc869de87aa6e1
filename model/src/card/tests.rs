mod pairs;
mod quotas;
mod rounds;

use super::*;
use registers::*;
use slow_registers::*;
use underpass_layout::hash::Split;
use underpass_layout::profile::SIM;
use underpass_layout::shim::{InjectCommand, InjectShim};
use underpass_layout::tables::{id, PortEntry, TrafficCounter, VifEntry, VifKind, TABLES};
use underpass_layout::Record;

const WIRE: u16 = port::WIRE0;
const HOST: u16 = port::HOST0;

fn write_row(card: &mut ModelCard, table: u32, row: u32, words: &[u32]) {
    card.write(TABLE_ADDRESS, table << ADDRESS_ROW_BITS | row);
    for word in 0..TABLE_DATA_WORDS {
        let value = words.get(word).copied().unwrap_or(0);
        card.write(TABLE_DATA + 4 * word as u32, value);
    }
    card.write(TABLE_COMMAND, COMMAND_WRITE);
}

fn read_row(card: &mut ModelCard, table: u32, row: u32) -> [u32; TABLE_DATA_WORDS] {
    card.write(TABLE_ADDRESS, table << ADDRESS_ROW_BITS | row);
    card.write(TABLE_COMMAND, COMMAND_READ);
    std::array::from_fn(|word| card.read(TABLE_DATA + 4 * word as u32))
}

/// A card whose wire and host are cross-connected: interfaces 0 and 1.
pub(super) fn card() -> ModelCard {
    let mut card = ModelCard::new(&SIM);
    for (vif, port, cross_port, kind) in [
        (0, WIRE, HOST, VifKind::Fabric),
        (1, HOST, WIRE, VifKind::Host),
    ] {
        let entry = PortEntry { valid: true, vif };
        write_row(&mut card, id::PORT, port.into(), &entry.pack());
        let entry = VifEntry {
            valid: true,
            kind,
            cross_connect: true,
            cross_vif: 1 - vif,
            cross_port,
            ..VifEntry::default()
        };
        write_row(&mut card, id::VIF, vif.into(), &entry.pack());
    }
    card.write(CONTROL, CONTROL_ENABLE);
    card
}

pub(super) fn arp() -> Vec<u8> {
    let mut frame = vec![0xff; 12];
    frame.extend([0x08, 0x06]);
    frame.resize(61, 0x5a);
    frame
}

pub(super) fn pop(card: &mut ModelCard) -> Vec<u8> {
    let length = (card.read(PUNT_STATUS) >> 16) as usize;
    let words = (0..length.div_ceil(4)).flat_map(|_| card.read(PUNT_DATA).to_le_bytes());
    let bytes: Vec<u8> = words.collect();
    assert!(bytes[length..].iter().all(|byte| *byte == 0));
    bytes[..length].to_vec()
}

#[test]
fn it_says_what_it_is() {
    let mut card = ModelCard::new(&SIM);
    assert_eq!(card.read(MAGIC).to_le_bytes(), *b"UNDP");
    let id = u64::from(card.read(LAYOUT_ID_HIGH)) << 32 | u64::from(card.read(LAYOUT_ID_LOW));
    assert_eq!(id, layout_id());
    assert_eq!(card.read(PROFILE).to_le_bytes(), *b"sim ");
    assert_eq!(card.read(IN_FLIGHT), 0);
    assert_eq!(card.read(0xffc), 0, "no register");
    assert_eq!(card.read(TABLE_DATA + 2), 0, "between two registers");
}

#[test]
fn seeding_is_done_at_once() {
    let mut card = ModelCard::new(&SIM);
    for word in 0..4 {
        card.write(SEED + 4 * word, 100 + word);
    }
    card.write(CONTROL, CONTROL_SEED);
    assert_eq!(card.read(CONTROL) & CONTROL_SEED, 0);
    assert_eq!(card.read(SEED + 12), 103);
    card.write(CONTROL, CONTROL_SEED | CONTROL_ENABLE);
    assert_eq!(card.read(CONTROL), CONTROL_ENABLE);
}

#[test]
fn a_row_is_read_as_it_was_written() {
    let mut card = ModelCard::new(&SIM);
    for table in underpass_layout::tables::TABLES {
        let last = SIM.addresses(table) as u32 - 1;
        write_row(&mut card, table.id, last, &[u32::MAX; TABLE_DATA_WORDS]);
        assert_eq!(card.read(TABLE_ROWS), SIM.rows(table) as u32);
        let counter = matches!(table.lookup, underpass_layout::tables::Lookup::Counter);
        let refused = if counter { STATUS_REFUSED } else { 0 };
        assert_eq!(card.read(TABLE_STATUS), refused, "{}", table.name);
        let found = read_row(&mut card, table.id, last);
        assert_eq!(card.read(TABLE_STATUS), 0, "{}", table.name);
        let ones: u32 = found.iter().map(|word| word.count_ones()).sum();
        let stored = if counter { 0 } else { table.row_width() };
        assert_eq!(ones as usize, stored, "{}", table.name);
    }
}

#[test]
fn every_lookup_has_its_split_and_nothing_else_has_one() {
    let split = Split {
        way: 2,
        pointer: 77,
        ..Split::RESET
    };
    for table in underpass_layout::tables::TABLES {
        for group in 0..7 {
            let mut card = ModelCard::new(&SIM);
            for (word, value) in (0..).zip(split.pack()) {
                card.write(TABLE_DATA + 4 * word, value);
            }
            card.write(TABLE_ADDRESS, table.id << ADDRESS_ROW_BITS | group);
            card.write(TABLE_COMMAND, COMMAND_SPLIT);
            let exact = matches!(table.lookup, underpass_layout::tables::Lookup::Exact { .. });
            let groups = match table.id {
                id::ROUTE_BANK => 6,
                _ => u32::from(exact),
            };
            let known = group < groups;
            assert_eq!(
                card.read(TABLE_STATUS) == 0,
                known,
                "{} {group}",
                table.name
            );
            let held = card.core().tables.split(table.id, group as usize);
            assert_eq!(held.ok(), known.then_some(split));
        }
    }
}

#[test]
fn the_seed_target_keeps_the_bits_that_it_has() {
    let mut card = ModelCard::new(&SIM);
    card.write(SEED_TARGET, u32::MAX);
    assert_eq!(card.read(SEED_TARGET), 0x3fff);
}

#[test]
fn a_row_that_is_none_is_refused() {
    let mut card = ModelCard::new(&SIM);
    card.write(TABLE_DATA, 77);
    for address in [
        id::VIF << ADDRESS_ROW_BITS | 64,
        (TABLES.len() as u32) << ADDRESS_ROW_BITS,
        0xff << ADDRESS_ROW_BITS,
    ] {
        for command in [COMMAND_WRITE, COMMAND_READ] {
            card.write(TABLE_ADDRESS, address);
            card.write(TABLE_COMMAND, command);
            assert_eq!(card.read(TABLE_STATUS), STATUS_REFUSED, "{address:#x}");
        }
    }
    assert_eq!(card.read(TABLE_ROWS), 0, "no table");
    assert_eq!(card.read(TABLE_DATA), 77, "a refused read leaves the data");
    read_row(&mut card, id::VIF, 63);
    assert_eq!(card.read(TABLE_STATUS), 0);
}

#[test]
fn frames_go_from_port_to_port_in_order_and_are_counted() {
    let mut card = card();
    let [mut a, mut b] = [arp(), arp()];
    (a[13], b[13]) = (0x01, 0x02);
    assert!(card.send(WIRE, &a));
    assert!(card.send(HOST, &b));
    assert_eq!(card.receive(), Some((HOST, a)));
    assert_eq!(card.receive(), Some((WIRE, b)));
    assert_eq!(card.receive(), None);
    let row = read_row(&mut card, id::COUNTER_RX, 0);
    let counter = TrafficCounter::unpack(&row).unwrap();
    assert_eq!((counter.packets, counter.bytes), (1, 61));
}

#[test]
fn a_card_that_is_off_takes_no_frame() {
    let mut card = card();
    card.write(CONTROL, 0);
    assert!(!card.send(WIRE, &arp()));
    card.write(CONTROL, CONTROL_ENABLE);
    assert_eq!(card.receive(), None);
    assert_eq!(card.read(PUNT_STATUS), 0);
}

#[test]
fn punted_frames_wait_in_order_behind_their_shims() {
    let mut card = card();
    let mut second = arp();
    second.truncate(60);
    assert!(card.send(WIRE, &arp()));
    assert!(card.send(WIRE, &second));
    assert_eq!(card.read(PUNT_STATUS), (64 + 61) << 16 | 2);
    assert_eq!(pop(&mut card)[64..], arp());
    assert_eq!(card.read(PUNT_STATUS), (64 + 60) << 16 | 1);
    assert_eq!(pop(&mut card)[64..], second);
    assert_eq!(card.read(PUNT_STATUS), 0);
    assert_eq!(card.read(PUNT_DATA), 0);
}

#[test]
fn what_finds_no_room_is_lost_and_counted() {
    let mut card = card();
    let mut long = arp();
    long.resize(16 * 1024 - 64, 0);
    for _ in 0..4 {
        assert!(card.send(WIRE, &long));
    }
    assert_eq!(card.read(PUNT_LOST), 0);
    assert!(card.send(WIRE, &arp()));
    assert_eq!(
        (card.read(PUNT_STATUS) & 0xffff, card.read(PUNT_LOST)),
        (4, 1)
    );
    pop(&mut card);
    assert!(card.send(WIRE, &arp()));
    assert_eq!(
        (card.read(PUNT_STATUS) & 0xffff, card.read(PUNT_LOST)),
        (4, 1)
    );
}

fn inject(card: &mut ModelCard, frame: &[u8]) {
    let shim = InjectShim {
        command: InjectCommand::Transmit,
        vif: 1,
        port: HOST,
        ..InjectShim::default()
    };
    let bytes = shim.pack().map(u32::to_le_bytes).concat();
    let bytes = [&bytes, frame].concat();
    for word in bytes.chunks(4) {
        let mut padded = [0xee; 4];
        padded[..word.len()].copy_from_slice(word);
        card.write(INJECT_DATA, u32::from_le_bytes(padded));
    }
    card.write(INJECT_COMMIT, bytes.len() as u32);
}

#[test]
fn an_injected_frame_goes_where_its_shim_says() {
    let mut card = card();
    inject(&mut card, &arp());
    assert_eq!(card.receive(), Some((HOST, arp())));
    assert_eq!(card.read(INJECT_STATUS), 0);
    inject(&mut card, &arp()[..60]);
    assert_eq!(card.receive(), Some((HOST, arp()[..60].to_vec())));
}

#[test]
fn an_injected_frame_waits_until_packets_are_accepted() {
    let mut card = card();
    card.write(CONTROL, 0);
    inject(&mut card, &arp());
    assert_eq!(card.read(INJECT_STATUS), INJECT_BUSY);
    assert!(!card.quiet());
    inject(&mut card, &arp()[..60]);
    card.write(CONTROL, CONTROL_ENABLE);
    assert_eq!(card.read(INJECT_STATUS), 0);
    assert!(card.quiet());
    assert_eq!(card.receive(), Some((HOST, arp())));
    assert_eq!(card.receive(), None, "the second one was refused");
}

#[test]
fn a_length_out_of_range_throws_the_words_away() {
    let mut card = card();
    for length in [0, 16 * 1024 + 1, u32::MAX] {
        card.write(INJECT_DATA, 1);
        card.write(INJECT_COMMIT, length);
        assert_eq!(card.read(INJECT_STATUS), 0);
        assert!(card.quiet());
    }
    inject(&mut card, &arp());
    assert_eq!(card.receive(), Some((HOST, arp())));
}
