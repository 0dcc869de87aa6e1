//! What holds for all three rings.

use super::*;

#[test]
fn a_ring_starts_only_where_it_can_be() {
    type Case = (u32, u32, bool);
    let cases: [Case; 9] = [
        (SIZE, 6, true),
        (SIZE, 20, true),
        (SIZE, 5, false),
        (SIZE, 21, false),
        (SIZE, 6 | 1 << 31, false),
        (BASE_LOW, 0x1000, true),
        (BASE_LOW, 0x1800, false),
        (STATUS_LOW, 0x40, true),
        (STATUS_LOW, 0x60, false),
    ];
    for ring in RINGS {
        for (register, value, starts) in cases {
            let mut host = Host::new();
            host.set(ring, CONTROL, 0);
            host.set(ring, register, value);
            host.set(ring, CONTROL, ENABLE);
            assert_eq!(host.get(ring, CONTROL) == ENABLE, starts, "{value:#x}");
            assert_eq!(host.get(ring, REFUSED), u32::from(!starts));
        }
    }
}

#[test]
fn where_a_ring_lies_does_not_change_while_it_runs() {
    for ring in RINGS {
        let mut host = Host::new();
        for register in (BASE_LOW..BASE_LOW + STRIDE).step_by(4) {
            let before = host.get(ring, register);
            if ![CONTROL, PRODUCER, CONSUMER, MODERATION].contains(&register) {
                host.set(ring, register, 0x1357_9bdf);
                assert_eq!(host.get(ring, register), before, "{register:#x}");
            }
        }
        host.set(ring, CONTROL, ENABLE);
        assert_eq!(host.get(ring, REFUSED), 1, "it runs already");
        host.set(ring, CONTROL, 0);
        host.set(ring, STATUS_HIGH, 7);
        assert_eq!(host.get(ring, STATUS_HIGH), 7);
    }
}

#[test]
fn starting_again_starts_at_zero_and_forgets_no_refusal() {
    let mut host = Host::new();
    host.label(1, 1);
    host.command(&write_row(TABLES.len() as u32, 0), &[]);
    host.bell(COMMAND);
    assert_eq!(host.run(), [COMMAND]);
    host.set(COMMAND, CONTROL, 0);
    let kept = (host.get(COMMAND, CONSUMER), host.get(COMMAND, CONTROL));
    assert_eq!(kept, (4, 0));
    host.set(COMMAND, CONTROL, ENABLE);
    let counts = [PRODUCER, CONSUMER, REFUSED].map(|register| host.get(COMMAND, register));
    assert_eq!(counts, [0, 0, 1]);
    assert_eq!(host.run(), [], "no news");
}

#[test]
fn the_cards_own_count_can_not_be_written() {
    for (ring, register) in [(COMMAND, CONSUMER), (PUNT, PRODUCER), (INJECT, CONSUMER)] {
        let mut host = Host::new();
        host.set(ring, register, 2);
        assert_eq!((host.get(ring, register), host.get(ring, REFUSED)), (0, 0));
        assert_eq!(host.run(), []);
    }
}

#[test]
fn doorbells_that_lie_change_nothing() {
    for (ring, step) in [(COMMAND, 2), (INJECT, 1)] {
        for filled in [0, 20, 64] {
            // Counts about to wrap. The card is off, so that nothing moves.
            let mut host = Host::new();
            let start = 0_u32.wrapping_sub(16);
            let held = if ring == COMMAND {
                &mut host.card.rings.command
            } else {
                &mut host.card.rings.inject
            };
            (held.consumer, held.producer) = (start, start.wrapping_add(filled));
            for bell in 0..80 {
                let mut host = Host {
                    card: host.card.clone(),
                    ..Host::new()
                };
                host.set(ring, PRODUCER, start.wrapping_add(bell));
                let good = bell >= filled && bell <= 64 && bell % step == 0;
                let after = if good { bell } else { filled };
                let found = host.get(ring, PRODUCER).wrapping_sub(start);
                let refused = u32::from(!good);
                assert_eq!((found, host.get(ring, REFUSED)), (after, refused));
            }
        }
    }
    let mut host = Host::new();
    let held = &mut host.card.rings.punt.ring;
    let start = 0_u32.wrapping_sub(5);
    (held.consumer, held.producer) = (start, start.wrapping_add(9));
    for bell in 0..80 {
        let mut host = Host {
            card: host.card.clone(),
            ..Host::new()
        };
        host.set(PUNT, CONSUMER, start.wrapping_add(bell));
        let good = bell <= 9;
        let after = if good { bell } else { 0 };
        let found = host.get(PUNT, CONSUMER).wrapping_sub(start);
        assert_eq!((found, host.get(PUNT, REFUSED)), (after, u32::from(!good)));
    }
}

#[test]
fn a_ring_that_is_off_hears_no_bell() {
    for ring in RINGS {
        let mut host = Host::new();
        host.set(ring, CONTROL, 0);
        host.set(ring, SIZE, u32::MAX);
        host.bell(ring);
        assert_eq!(host.get(ring, REFUSED), 1);
        assert_eq!(host.run(), [], "and tells nothing");
        assert_eq!(host.memory.written, []);
    }
}

#[test]
fn a_refused_doorbell_is_told() {
    for ring in RINGS {
        let mut host = Host::new();
        let register = if ring == PUNT { CONSUMER } else { PRODUCER };
        host.set(ring, register, 1000);
        assert_eq!(host.run(), [ring]);
        assert_eq!(host.status(ring).refused, 1);
        assert_eq!(host.memory.written, [status(ring)]);
    }
}

#[test]
fn without_moderation_there_is_no_interrupt() {
    let mut host = Host::new();
    host.set(COMMAND, MODERATION, 0);
    host.label(1, 1);
    host.bell(COMMAND);
    assert_eq!(host.run(), []);
    assert_eq!(host.status(COMMAND).index, 2);
}

#[test]
fn there_are_three_rings() {
    let mut card = ModelCard::new(&SIM);
    for offset in [0x2000 + 3 * STRIDE, 0x202c, 0x2001, 0xffff_fffc] {
        card.write(offset, 1);
        assert_eq!(card.read(offset), 0, "{offset:#x}");
    }
}
