use super::*;
use underpass_layout::tables::TcpEntry;

/// Sequence numbers that both ends start with: the first one's wraps.
const THERE: u32 = 0xffff_fff0;
const BACK: u32 = 5_000;

/// A connection, packet by packet.
struct Connection {
    entry: TcpEntry,
    any_reset: bool,
}

impl Connection {
    fn new() -> Self {
        Connection {
            entry: TcpEntry::default(),
            any_reset: false,
        }
    }

    /// After its handshake.
    fn established() -> Self {
        let mut connection = Connection::new();
        connection.there(SYN, 0, 0);
        connection.back(SYN | ACK, 0, 1);
        connection.there(ACK, 1, 1);
        connection
    }

    fn there(&mut self, flags: u8, seq: u32, ack: u32) {
        self.send(
            false,
            flags,
            THERE.wrapping_add(seq),
            BACK.wrapping_add(ack),
        );
    }

    fn back(&mut self, flags: u8, seq: u32, ack: u32) {
        self.send(true, flags, BACK.wrapping_add(seq), THERE.wrapping_add(ack));
    }

    fn send(&mut self, reverse: bool, flags: u8, seq: u32, ack: u32) {
        let segment = Segment {
            reverse,
            flags,
            seq,
            ack,
        };
        segment.seen_by(&mut self.entry, self.any_reset);
    }

    /// The peer's letters for each direction: S SYN, E established, F FIN, H half closed; then R reset, D dead.
    fn flags(&self) -> String {
        let side = |side: &TcpSide| {
            let letters = [
                ('S', side.syn),
                ('E', side.established),
                ('F', side.fin),
                ('H', side.half_close),
            ];
            letters
                .iter()
                .filter_map(|(letter, set)| set.then_some(*letter))
                .collect::<String>()
        };
        let (there, back) = (side(&self.entry.forward), side(&self.entry.reverse));
        let reset = if self.entry.reset { " R" } else { "" };
        let dead = if self.entry.dead { " D" } else { "" };
        format!("{there}/{back}{reset}{dead}")
    }
}

#[test]
fn a_handshake_establishes_one_direction_after_the_other() {
    let mut connection = Connection::new();
    connection.there(SYN, 0, 0);
    assert_eq!(connection.flags(), "S/");
    connection.back(SYN | ACK, 0, 1);
    assert_eq!(connection.flags(), "SE/S");
    connection.there(ACK, 1, 1);
    assert_eq!(connection.flags(), "SE/SE");
    let entry = connection.entry;
    assert_eq!((entry.forward.seq, entry.forward.ack), (THERE, BACK + 1));
    assert_eq!(
        (entry.reverse.seq, entry.reverse.ack),
        (BACK, THERE.wrapping_add(1))
    );
}

#[test]
fn a_syn_that_answers_another_number_establishes_once_any_ack_follows() {
    let mut connection = Connection::new();
    connection.there(SYN, 0, 0);
    connection.back(SYN | ACK, 0, 9);
    assert_eq!(connection.flags(), "SE/S", "any number behind its SYN");
    let mut connection = Connection::new();
    connection.there(SYN, 0, 0);
    connection.back(SYN | ACK, 0, 0);
    assert_eq!(connection.flags(), "S/S", "its SYN has not arrived");
    connection.there(SYN, 0, 0);
    assert_eq!(connection.flags(), "S/S", "it comes again");
}

#[test]
fn closing_takes_both_fins_and_both_answers() {
    for first_there in [true, false] {
        let mut connection = Connection::established();
        let mut step = |from_first: bool, flags, seq, ack| {
            match from_first == first_there {
                true => connection.there(flags, seq, ack),
                false => connection.back(flags, seq, ack),
            }
            connection.flags()
        };
        // The FIN stands at 11, behind ten bytes; the other side answers it, then sends its own.
        let show = |there: &str, back: &str, end: &str| match first_there {
            true => format!("{there}/{back}{end}"),
            false => format!("{back}/{there}{end}"),
        };
        assert_eq!(step(true, FIN | ACK, 11, 1), show("SEF", "SE", ""));
        assert_eq!(step(false, ACK, 1, 11), show("SEF", "SE", ""), "data");
        assert_eq!(step(false, ACK, 1, 12), show("SEFH", "SE", ""));
        assert_eq!(step(false, FIN | ACK, 1, 12), show("SEFH", "SEF", ""));
        assert_eq!(step(true, ACK, 12, 2), show("SEFH", "SEFH", " D"));
    }
}

#[test]
fn a_fin_that_answers_a_fin_closes_half() {
    let mut connection = Connection::established();
    connection.there(FIN | ACK, 1, 1);
    connection.back(FIN | ACK, 1, 2);
    assert_eq!(connection.flags(), "SEFH/SEF");
    connection.there(ACK, 2, 2);
    assert_eq!(connection.flags(), "SEFH/SEFH D");
}

#[test]
fn a_reset_counts_where_it_fits() {
    for (flags, seq, ack, fits) in [
        (RST, 1, 0, true),
        (RST, 2, 0, false),
        (RST, 0, 0, false),
        // With an answer, it must be the one to the SYN.
        (RST | ACK, 77, 1, true),
        (RST | ACK, 1, 2, false),
    ] {
        let mut connection = Connection::established();
        connection.there(flags, seq, ack);
        let expected = if fits { "SE/SE R D" } else { "SE/SE" };
        assert_eq!(connection.flags(), expected, "{flags} {seq} {ack}");
        let mut any = Connection::established();
        any.any_reset = true;
        any.there(flags, seq, ack);
        assert_eq!(any.flags(), "SE/SE R D");
    }
}

#[test]
fn a_reset_that_does_not_fit_still_acknowledges() {
    let mut connection = Connection::established();
    connection.there(RST | ACK, 1, 500);
    assert_eq!(connection.entry.forward.ack, BACK + 500);
    assert_eq!(connection.flags(), "SE/SE");
}

#[test]
fn a_refused_connection_is_reset_by_the_answer_to_its_syn() {
    for (ack, flags) in [(1, "S/ R D"), (2, "S/")] {
        let mut connection = Connection::new();
        connection.there(SYN, 0, 0);
        connection.back(RST | ACK, 0, ack);
        assert_eq!(connection.flags(), flags);
    }
}

#[test]
fn a_connection_seen_from_its_middle_can_close() {
    let mut connection = Connection::new();
    connection.there(ACK, 100, 100);
    assert_eq!(connection.flags(), "/");
    connection.there(FIN | ACK, 100, 100);
    assert_eq!(connection.flags(), "F/");
    connection.back(ACK, 100, 99);
    assert_eq!(
        connection.flags(),
        "EF/",
        "as the peer, by any other number"
    );
    connection.back(FIN | ACK, 100, 101);
    connection.there(ACK, 101, 101);
    assert_eq!(connection.flags(), "EFH/FH D");
}
