use super::*;
use crate::testing::{put, tables, verdict};
use underpass_layout::meta::{Arrival, Round};
use underpass_layout::profile::SIM;
use underpass_layout::tables::{PortEntry, VifEntry};

/// Port 5 belongs to interface 3, which exists; port 6 to interface 4, which does not.
fn classified(arrival: Arrival, runt: bool) -> Meta {
    let mut tables = tables();
    put(
        &mut tables,
        id::PORT,
        5,
        &PortEntry {
            valid: true,
            vif: 3,
        },
    );
    put(
        &mut tables,
        id::PORT,
        6,
        &PortEntry {
            valid: true,
            vif: 4,
        },
    );
    let vif = VifEntry {
        valid: true,
        vrf: 77,
        ..VifEntry::default()
    };
    put(&mut tables, id::VIF, 3, &vif);
    let mut meta = Meta {
        arrival,
        ..Meta::default()
    };
    meta.parse.runt = runt;
    classify(&tables, &mut meta);
    meta
}

fn on_port(port: u16) -> Arrival {
    Arrival {
        port,
        ..Arrival::default()
    }
}

fn injected(command: InjectCommand, inject_vif: u16) -> Arrival {
    Arrival {
        port: underpass_layout::port::SLOW,
        injected: true,
        command,
        inject_vif,
        ..Arrival::default()
    }
}

const INVALID_INTERFACE: Verdict = Verdict::Drop(DropReason::InvalidInterface);
const INVALID_PACKET: Verdict = Verdict::Drop(DropReason::InvalidPacket);

#[test]
fn a_port_has_its_interface() {
    let meta = classified(on_port(5), false);
    assert_eq!((meta.classify.vif, meta.classify.entry.vrf), (3, 77));
    assert_eq!(verdict(&meta), Verdict::Continue);
}

#[test]
fn an_unknown_port_counts_on_the_last_row() {
    let meta = classified(on_port(7), false);
    assert_eq!(usize::from(meta.classify.vif), SIM.no_vif());
    assert_eq!(verdict(&meta), INVALID_INTERFACE);
}

#[test]
fn an_interface_that_does_not_exist_is_still_named() {
    let meta = classified(on_port(6), true);
    assert_eq!((meta.classify.vif, verdict(&meta)), (4, INVALID_INTERFACE));
}

#[test]
fn runts_end_here() {
    assert_eq!(verdict(&classified(on_port(5), true)), INVALID_PACKET);
    let transmit = injected(InjectCommand::Transmit, 3);
    assert_eq!(verdict(&classified(transmit, true)), INVALID_PACKET);
}

#[test]
fn the_slow_path_names_the_interface_itself() {
    let received = classified(injected(InjectCommand::Receive, 3), false);
    assert_eq!(
        (received.classify.vif, verdict(&received)),
        (3, Verdict::Continue)
    );
    let sent = classified(injected(InjectCommand::Transmit, 3), false);
    assert_eq!((sent.classify.vif, verdict(&sent)), (3, Verdict::Deliver));
    let none = classified(injected(InjectCommand::None, 3), true);
    assert_eq!(
        (none.classify.entry.vrf, verdict(&none)),
        (77, INVALID_INTERFACE)
    );
    let nowhere = classified(injected(InjectCommand::Transmit, 4), false);
    assert_eq!(verdict(&nowhere), INVALID_INTERFACE);
}

#[test]
fn a_number_beyond_the_table_stands_for_its_low_bits() {
    let meta = classified(injected(InjectCommand::Receive, 0x1003), false);
    assert_eq!((meta.classify.vif, verdict(&meta)), (3, Verdict::Continue));
}

#[test]
fn what_goes_round_has_the_interface_that_it_had() {
    let came = |kind, vif| {
        let arrival = Arrival {
            port: underpass_layout::port::ROUND,
            round: Round {
                kind,
                vif,
                ..Round::default()
            },
            ..Arrival::default()
        };
        let meta = classified(arrival, false);
        (meta.classify.vif, verdict(&meta))
    };
    assert_eq!(came(RoundKind::Again, 3), (3, Verdict::Continue));
    assert_eq!(came(RoundKind::Member, 0x1003), (3, Verdict::Continue));
    assert_eq!(came(RoundKind::Transmit, 3), (3, Verdict::Deliver));
    assert_eq!(came(RoundKind::Tenant, 4), (4, INVALID_INTERFACE));
    assert_eq!(came(RoundKind::Transmit, 4), (4, INVALID_INTERFACE));
}
