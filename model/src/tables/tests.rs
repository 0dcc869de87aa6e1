use super::*;
use crate::testing::{put, tables};
use underpass_layout::profile::{SIM, U250};
use underpass_layout::tables::{FatFamily, FlowAction, NexthopKind};
use underpass_layout::Record;

fn bridge_entry(mac: u64, nexthop: u32) -> BridgeEntry {
    BridgeEntry {
        valid: true,
        key: BridgeKey { vrf: 3, mac },
        receive: false,
        nexthop,
        ..BridgeEntry::default()
    }
}

fn found(tables: &Tables, mac: u64) -> Option<u32> {
    tables.bridge(3, mac).map(|entry| entry.nexthop)
}

#[test]
fn an_entry_is_found_in_whatever_row_it_lies() {
    let mut tables = tables();
    for row in [0, 255, 256, 1023] {
        put(&mut tables, id::BRIDGE, row, &bridge_entry(9, 77));
        assert_eq!(found(&tables, 9), Some(77), "row {row}");
        assert_eq!(found(&tables, 8), None);
        assert!(tables.bridge(4, 9).is_none());
        put(&mut tables, id::BRIDGE, row, &BridgeEntry::default());
        assert_eq!(found(&tables, 9), None, "row {row}");
    }
}

#[test]
fn one_of_two_copies_can_go() {
    for (first, second) in [(10, 700), (700, 10)] {
        let mut tables = tables();
        put(&mut tables, id::BRIDGE, 10, &bridge_entry(9, 1));
        put(&mut tables, id::BRIDGE, 700, &bridge_entry(9, 1));
        put(&mut tables, id::BRIDGE, first, &BridgeEntry::default());
        assert_eq!(found(&tables, 9), Some(1));
        put(&mut tables, id::BRIDGE, second, &BridgeEntry::default());
        assert_eq!(found(&tables, 9), None);
    }
}

#[test]
fn of_two_values_the_newer_counts_and_the_older_comes_back() {
    let mut tables = tables();
    put(&mut tables, id::BRIDGE, 10, &bridge_entry(9, 1));
    put(&mut tables, id::BRIDGE, 700, &bridge_entry(9, 2));
    assert_eq!(found(&tables, 9), Some(2));
    put(&mut tables, id::BRIDGE, 10, &bridge_entry(9, 3));
    assert_eq!(found(&tables, 9), Some(3));
    put(&mut tables, id::BRIDGE, 10, &BridgeEntry::default());
    assert_eq!(found(&tables, 9), Some(2));
}

#[test]
fn a_row_that_is_written_over_forgets_its_old_key() {
    let mut tables = tables();
    put(&mut tables, id::BRIDGE, 10, &bridge_entry(9, 1));
    put(&mut tables, id::BRIDGE, 10, &bridge_entry(8, 2));
    assert_eq!((found(&tables, 9), found(&tables, 8)), (None, Some(2)));
}

#[test]
fn thousands_of_entries_come_and_go() {
    let mut tables = tables();
    for row in 0..1024 {
        put(
            &mut tables,
            id::BRIDGE,
            row,
            &bridge_entry(row as u64 * 64, row as u32),
        );
    }
    for row in (0..1024).step_by(2) {
        put(&mut tables, id::BRIDGE, row, &BridgeEntry::default());
    }
    for row in 0..1024_u64 {
        let expected = (row % 2 == 1).then_some(row as u32);
        assert_eq!(found(&tables, row * 64), expected);
    }
}

proptest::proptest! {
    /// Few keys in few rows, so that chains are long and change in the middle.
    #[test]
    fn the_newest_copy_of_a_key_is_found(
        writes in proptest::collection::vec((0..24_usize, 0..6_u64), 1..200),
    ) {
        let mut tables = tables();
        let mut rows: [Option<(u64, u32)>; 24] = [None; 24];
        for (time, (row, mac)) in (0..).zip(writes) {
            let entry = match mac {
                0 => BridgeEntry::default(),
                mac => bridge_entry(mac, time),
            };
            put(&mut tables, id::BRIDGE, row, &entry);
            rows[row] = entry.valid.then_some((mac, time));
            for mac in 1..6 {
                let copies = rows.iter().flatten().filter(|(key, _)| *key == mac);
                let newest = copies.map(|(_, time)| *time).max();
                proptest::prop_assert_eq!(found(&tables, mac), newest);
            }
        }
    }
}

#[test]
fn a_route_counts_only_in_its_bank() {
    let mut tables = tables();
    let entry = RouteEntry {
        valid: true,
        key: RouteKey {
            vrf: 3,
            v6: false,
            length: 24,
            prefix: 0x0a01_0100,
        },
        nexthop: 5,
        ..RouteEntry::default()
    };
    let rows_of_bank = SIM.rows[id::ROUTE_BANK as usize] * 4;
    put(&mut tables, id::ROUTE_BANK, 2 * rows_of_bank + 17, &entry);
    for bank in 0..BANKS {
        let found = tables.route_bank(bank, 3, false, 24, 0x0a01_01ff);
        assert_eq!(found.is_some(), bank == 2, "bank {bank}");
    }
    assert!(tables.route_bank(2, 3, false, 23, 0x0a01_01ff).is_none());
    assert!(tables.route_host(3, false, 0x0a01_0100).is_none());
}

fn flow_entry(src_port: u16) -> FlowEntry {
    FlowEntry {
        valid: true,
        key: FlowKey {
            v6: false,
            nexthop: 23,
            protocol: 6,
            src_port,
            dst_port: 80,
            src: 1,
            dst: 2,
        },
        action: FlowAction::Forward,
        flow_id: src_port.into(),
        ..FlowEntry::default()
    }
}

#[test]
fn both_flows_of_a_row_are_found() {
    let mut tables = tables();
    let (low, high) = (flow_entry(1000), flow_entry(2000));
    let mut row = [0; 14];
    let mut writer = underpass_layout::Writer::new(&mut row);
    underpass_layout::Field::put(&low, &mut writer, FlowEntry::WIDTH);
    underpass_layout::Field::put(&high, &mut writer, FlowEntry::WIDTH);
    tables.write_row(id::FLOW, 2047, &row).unwrap();
    assert_eq!(tables.flow(&low.key), Some(&low));
    assert_eq!(tables.flow(&high.key), Some(&high));
    put(&mut tables, id::FLOW, 2047, &low);
    assert_eq!(
        (tables.flow(&low.key), tables.flow(&high.key)),
        (Some(&low), None)
    );
    assert_eq!(tables.read_row(id::FLOW, 2047).unwrap()[..6], low.pack());
}

fn flow6_entry(src_port: u16) -> FlowEntry6 {
    FlowEntry6 {
        valid: true,
        key: FlowKey6 {
            nexthop: 23,
            protocol: 6,
            src_port,
            dst_port: 80,
            ..FlowKey6::default()
        }
        .between(1, 2),
        action: FlowAction::Forward,
        flow_id: src_port.into(),
        // All bits of the upper half's start: as a slot of its own it would be in use.
        source: 0xffff,
        source_moves: true,
        generation: 7,
    }
}

#[test]
fn an_ipv6_flow_takes_the_whole_row() {
    let mut tables = tables();
    let (short, wide) = (flow_entry(1000), flow6_entry(1000));
    put(&mut tables, id::FLOW, 5, &wide);
    assert_eq!(tables.flow6(&wide.key), Some(&wide));
    assert_eq!(tables.flow(&short.key), None, "the family counts");
    let mut row = [0; 14];
    let mut writer = underpass_layout::Writer::new(&mut row);
    underpass_layout::Field::put(&FlowEntry::default(), &mut writer, FlowEntry::WIDTH);
    underpass_layout::Field::put(&short, &mut writer, FlowEntry::WIDTH);
    tables.write_row(id::FLOW, 5, &row).unwrap();
    assert_eq!(tables.flow6(&wide.key), None);
    assert_eq!(tables.flow(&short.key), Some(&short));
    for valid in [0, 1] {
        row[0] = row[0] & !1 | 1 << 1 | valid;
        tables.write_row(id::FLOW, 5, &row).unwrap();
        assert_eq!(tables.flow(&short.key), None, "the row is one IPv6 entry");
    }
    put(&mut tables, id::FLOW, 5, &wide);
    put(&mut tables, id::FLOW, 5, &FlowEntry::default());
    assert_eq!(tables.flow6(&wide.key), None);
}

#[test]
fn copies_of_an_ipv6_flow_come_and_go() {
    let mut tables = tables();
    let older = flow6_entry(7);
    let newer = FlowEntry6 {
        flow_id: 70,
        ..older
    };
    let id_of = |tables: &Tables| tables.flow6(&older.key).map(|entry| entry.flow_id);
    put(&mut tables, id::FLOW, 9, &older);
    put(&mut tables, id::FLOW, 2000, &newer);
    assert_eq!(id_of(&tables), Some(70));
    put(&mut tables, id::FLOW, 2000, &flow_entry(7));
    assert_eq!(id_of(&tables), Some(7));
    put(&mut tables, id::FLOW, 9, &FlowEntry::default());
    assert_eq!(id_of(&tables), None);
}

#[test]
fn the_family_and_the_length_are_part_of_a_route() {
    let mut tables = tables();
    let net: u128 = 0x2001_0db8 << 96;
    for (row, (v6, length, prefix)) in [
        (false, 24, 0x0a01_0100),
        (true, 120, 0x0a01_0100),
        (true, 64, net | 5 << 64),
        (true, 1, 1 << 127),
    ]
    .into_iter()
    .enumerate()
    {
        let key = RouteKey {
            vrf: 3,
            v6,
            length,
            prefix,
        };
        let entry = RouteEntry {
            valid: true,
            key,
            nexthop: row as u32,
            ..RouteEntry::default()
        };
        put(&mut tables, id::ROUTE_BANK, row, &entry);
    }
    let found = |v6, length, address| {
        let entry = tables.route_bank(0, 3, v6, length, address);
        entry.map(|entry| entry.nexthop)
    };
    assert_eq!(found(false, 24, 0x0a01_01ff), Some(0));
    assert_eq!(found(true, 120, 0x0a01_01ff), Some(1));
    assert_eq!(found(true, 24, 0x0a01_0100), None);
    assert_eq!(found(true, 64, net | 5 << 64 | 77), Some(2));
    assert_eq!(found(true, 64, net | 6 << 64), None);
    assert_eq!(found(true, 1, u128::MAX), Some(3));
    assert_eq!(found(true, 1, u128::MAX >> 1), None);
}

#[test]
fn a_nexthop_of_no_known_kind_is_none() {
    let mut tables = tables();
    let mut row = NexthopEntry {
        valid: true,
        kind: NexthopKind::Resolve,
        ..NexthopEntry::default()
    }
    .pack();
    row[0] |= 0b1111 << 1;
    tables.write_row(id::NEXTHOP, 4, &row).unwrap();
    assert!(!tables.nexthop(4).valid);
    assert_eq!(
        tables.read_row(id::NEXTHOP, 4).unwrap(),
        row,
        "it is still read back"
    );
}

#[test]
fn missing_words_are_zero() {
    let mut tables = tables();
    tables.write_row(id::NEXTHOP, 4, &[u32::MAX; 40]).unwrap();
    tables.write_row(id::NEXTHOP, 4, &[1]).unwrap();
    let row = tables.read_row(id::NEXTHOP, 4).unwrap();
    assert_eq!(row.iter().map(|word| word.count_ones()).sum::<u32>(), 1);
}

#[test]
fn what_is_no_row_is_told() {
    let mut tables = tables();
    let refused = tables.write_row(31, 0, &[]).unwrap_err();
    assert_eq!(refused.to_string(), "no table has id 31, expected 0 to 30");
    let refused = tables.read_row(id::VIF, 64).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "table vif has no row at 64, expected 1 times 0 to 63, 64 apart"
    );
    let refused = tables.write_row(id::COUNTER_TX, 0, &[]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "table counter_tx is written by the card alone"
    );
    let refused = tables.write_row(id::AGE, 0, &[]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "table age is written by the card alone"
    );
    assert!(tables.mpls(5120).is_none());
}

#[test]
fn a_number_beyond_the_table_stands_for_its_low_bits_or_for_nobody() {
    for (rows, vif, row) in [
        (64, 63, 63),
        (64, 64, 0),
        (64, 0x1003, 3),
        (4608, 4607, 4607),
        (4608, 4608, 4607),
        (4608, 8191, 4607),
        (4608, 8192, 0),
    ] {
        assert_eq!(counted(rows, vif), row, "{vif} of {rows}");
    }
    let mut tables = Tables::new(&U250);
    for (row, vrf) in [(0, 8), (4607, 9)] {
        let entry = VifEntry {
            valid: true,
            vrf,
            ..VifEntry::default()
        };
        put(&mut tables, id::VIF, row, &entry);
    }
    assert_eq!((tables.vif(0x2000).vrf, tables.vif(4607).vrf), (8, 9));
    assert_eq!(*tables.vif(4608), VifEntry::default());
}

#[test]
fn ways_that_are_no_power_of_two_deep_leave_gaps() {
    let mut tables = Tables::new(&U250);
    let (rows, depth) = (18 * 4096, 1 << 17);
    for (address, exists) in [
        (0, true),
        (rows - 1, true),
        (rows, false),
        (depth - 1, false),
        (depth, true),
        (3 * depth + rows - 1, true),
        (3 * depth + rows, false),
        (4 * depth, false),
    ] {
        let written = tables.write_row(id::BRIDGE, address, &bridge_entry(9, 5).pack());
        assert_eq!(written.is_ok(), exists, "{address}");
        assert_eq!(tables.read_row(id::BRIDGE, address).is_ok(), exists);
        assert_eq!(found(&tables, 9), exists.then_some(5));
        if exists {
            put(&mut tables, id::BRIDGE, address, &BridgeEntry::default());
        }
    }
    let refused = tables.read_row(id::BRIDGE, rows).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "table bridge has no row at 73728, expected 4 times 0 to 73727, 131072 apart"
    );
}

#[test]
fn a_set_is_the_rows_of_an_index_that_are_in_use() {
    let mut tables = tables();
    let rule = |port| FatRuleEntry {
        family: FatFamily::Any,
        protocol: 6,
        port,
        ..FatRuleEntry::default()
    };
    let address = |way| SIM.address(&TABLES[id::FAT_RULE as usize], way, 5);
    put(&mut tables, id::FAT_RULE, address(7), &rule(80));
    put(&mut tables, id::FAT_RULE, address(2), &rule(22));
    put(&mut tables, id::FAT_RULE, address(15), &rule(0));
    assert_eq!(tables.fat_rules(5), [rule(22), rule(80), rule(0)]);
    assert_eq!(
        tables.fat_rules(64 + 5).len(),
        3,
        "numbers beyond the table"
    );
    assert_eq!(tables.fat_rules(4), []);
    let unused = FatRuleEntry {
        family: FatFamily::None,
        ..rule(80)
    };
    put(&mut tables, id::FAT_RULE, address(7), &unused);
    assert_eq!(tables.fat_rules(5), [rule(22), rule(0)]);
    let read = tables.read_row(id::FAT_RULE, address(2)).unwrap();
    assert_eq!(read[..], rule(22).pack());
    assert!(tables.read_row(id::FAT_RULE, 16 * 64).is_err());
    let exclude = FatExcludeEntry {
        family: FatFamily::V6,
        prefix: 9,
        length: 128,
    };
    put(&mut tables, id::FAT_EXCLUDE, 7 * 64 + 5, &exclude);
    assert_eq!(tables.fat_excludes(5), [exclude]);
}

#[test]
fn entries_stay_in_their_order_when_there_are_many() {
    let mut tables = tables();
    put(&mut tables, id::BRIDGE, 1000, &bridge_entry(7, 70));
    put(&mut tables, id::BRIDGE, 1001, &bridge_entry(7, 71));
    for row in 0..900 {
        let mac = 100 + row as u64;
        put(&mut tables, id::BRIDGE, row, &bridge_entry(mac, row as u32));
    }
    for row in 0..900_u32 {
        let found = tables.bridge(3, 100 + u64::from(row));
        assert_eq!(found.map(|entry| entry.nexthop), Some(row));
    }
    let of_copies = |tables: &Tables| tables.bridge(3, 7).map(|entry| entry.nexthop);
    assert_eq!(of_copies(&tables), Some(71), "the newer one");
    put(&mut tables, id::BRIDGE, 1001, &BridgeEntry::default());
    assert_eq!(of_copies(&tables), Some(70));
    put(&mut tables, id::BRIDGE, 1000, &BridgeEntry::default());
    assert_eq!(of_copies(&tables), None);
}
