use super::reference::Connections;
use super::*;

/// Random packets of a few pairs, however close; every row and every event is the reference's.
fn as_the_reference_says(any_reset: bool, seed: u64) -> Connections {
    let mut bench = Bench::new();
    bench.sim.set_int("orders_any_reset", any_reset.into());
    let mut noise = Noise(seed);
    let mut expected = Connections::default();
    let mut dead = Vec::new();
    let mut generations = [1; 16];
    for clock in 0..12_000 {
        // One pair, two, a few, more; dense, and with gaps.
        let pairs = [1, 2, 3, 16][clock / 3000];
        if noise.below(5) < 1 + clock / 600 % 5 {
            let pair = noise.below(pairs);
            if noise.below(40) == 0 {
                generations[pair] = generations[pair] % 7 + 1;
            }
            // Few numbers, on both sides of where they wrap.
            let numbers = [0, 1, 2, u32::MAX - 1, u32::MAX];
            let flags = one_of(
                &mut noise,
                &[
                    SYN,
                    SYN | ACK,
                    ACK,
                    ACK,
                    FIN | ACK,
                    FIN,
                    RST,
                    RST | ACK,
                    0,
                    31,
                ],
            );
            let packet = Packet {
                generation: generations[pair],
                ..Packet::tcp(
                    pair as u32,
                    noise.below(2) as u32,
                    flags,
                    one_of(&mut noise, &numbers),
                    one_of(&mut noise, &numbers),
                )
            };
            bench.packet(Some(packet));
            dead.extend(expected.segment(packet, any_reset));
        } else {
            bench.packet(None);
        }
        bench.step();
    }
    bench.rest(10);
    assert_eq!(bench.told, dead);
    for pair in 0..16 {
        assert_eq!(bench.tcp(pair), expected.row(pair), "pair {pair}");
    }
    expected
}

#[test]
fn connections_are_followed_however_close_their_packets() {
    let seen = as_the_reference_says(false, 5);
    let counts = [seen.refused, seen.reset, seen.closed, seen.established];
    assert!(counts.iter().all(|count| *count > 30), "{counts:?}");
}

#[test]
fn any_reset_counts_where_the_host_says_so() {
    let seen = as_the_reference_says(true, 6);
    assert!(seen.refused == 0 && seen.reset > 300);
}

/// The flags of a pair as the peer shows them: of the flow that began, then of its answers.
fn shown(bench: &mut Bench, pair: u32) -> [Vec<&'static str>; 2] {
    let row = bench.tcp(pair);
    let of = |me: TcpSide, other: TcpSide| {
        let flags = [
            (me.syn, "SYN"),
            (other.syn, "SYN_R"),
            (me.established, "EST"),
            (other.established, "EST_R"),
            (me.fin, "FIN"),
            (other.fin, "FIN_R"),
            (me.half_close, "HC"),
            (row.reset, "RST"),
            (row.dead, "DEAD"),
        ];
        let set = flags.into_iter().filter(|(set, _)| *set);
        set.map(|(_, name)| name).collect()
    };
    [of(row.forward, row.reverse), of(row.reverse, row.forward)]
}

/// SYN, SYN-ACK, ACK: both sides start at these numbers.
fn open(bench: &mut Bench, pair: u32, begins: u32, answers: u32) {
    let (a, b) = (begins.wrapping_add(1), answers.wrapping_add(1));
    bench.send(Packet::tcp(pair, 0, SYN, begins, 0));
    assert_eq!(shown(bench, pair), [vec!["SYN"], vec!["SYN_R"]]);
    bench.send(Packet::tcp(pair, 1, SYN | ACK, answers, a));
    assert_eq!(
        shown(bench, pair),
        [vec!["SYN", "SYN_R", "EST"], vec!["SYN", "SYN_R", "EST_R"]]
    );
    bench.send(Packet::tcp(pair, 0, ACK, a, b));
    let both = vec!["SYN", "SYN_R", "EST", "EST_R"];
    assert_eq!(shown(bench, pair), [both.clone(), both]);
}

#[test]
fn a_reset_closes_only_if_it_fits() {
    let mut bench = Bench::new();
    open(&mut bench, 9, 1, 100);
    // The one that began has acknowledged 101.
    bench.send(Packet::tcp(9, 1, RST, 103, 0));
    let both = vec!["SYN", "SYN_R", "EST", "EST_R"];
    assert_eq!(shown(&mut bench, 9), [both.clone(), both]);
    assert_eq!(bench.told, []);
    bench.send(Packet::tcp(9, 1, RST, 101, 0));
    let both = vec!["SYN", "SYN_R", "EST", "EST_R", "RST", "DEAD"];
    assert_eq!(shown(&mut bench, 9), [both.clone(), both]);
    let dead = Told {
        dead: true,
        generation: 1,
        pair: 9,
    };
    assert_eq!(bench.told, [dead]);
    bench.send(Packet::tcp(9, 1, RST, 101, 0));
    assert_eq!(bench.told, [dead], "told once");
}

#[test]
fn a_refused_connection_is_dead() {
    let mut bench = Bench::new();
    bench.send(Packet::tcp(2, 0, SYN, u32::MAX, 0));
    bench.send(Packet::tcp(2, 1, RST | ACK, 7, 1));
    assert_eq!(bench.told, [], "1 does not acknowledge the SYN");
    bench.send(Packet::tcp(2, 1, RST | ACK, 7, 0));
    assert_eq!(bench.told.len(), 1, "0 does");
    assert!(bench.tcp(2).reset);
}

#[test]
fn two_acknowledged_fins_close() {
    let mut bench = Bench::new();
    open(&mut bench, 3, u32::MAX - 1, 100);
    // The FIN comes with data: its number is that of the FIN itself.
    bench.send(Packet::tcp(3, 0, FIN | ACK, 9, 101));
    bench.send(Packet::tcp(3, 1, ACK, 101, 9));
    assert!(!bench.tcp(3).forward.half_close, "all but the FIN");
    bench.send(Packet::tcp(3, 1, ACK, 101, 10));
    assert!(bench.tcp(3).forward.half_close);
    bench.send(Packet::tcp(3, 1, FIN | ACK, 101, 10));
    assert_eq!(bench.told, []);
    bench.send(Packet::tcp(3, 0, ACK, 10, 102));
    let row = bench.tcp(3);
    assert!(row.reverse.half_close && row.dead && !row.reset);
    assert_eq!(bench.told.len(), 1);
}

#[test]
fn a_new_generation_knows_nothing_of_the_one_before() {
    let mut bench = Bench::new();
    open(&mut bench, 5, 1, 100);
    bench.send(Packet::tcp(5, 1, RST, 101, 0));
    assert_eq!(bench.told.len(), 1);
    // Nothing was acknowledged yet: only a reset that starts at 0 fits.
    for (seq, generation) in [(101, 2), (0, 3)] {
        bench.send(Packet {
            generation,
            ..Packet::tcp(5, 1, RST, seq, 0)
        });
        let expected = TcpEntry {
            generation,
            reset: seq == 0,
            dead: seq == 0,
            ..TcpEntry::default()
        };
        assert_eq!(bench.tcp(5), expected);
    }
    assert_eq!(bench.told.len(), 2);
    assert_eq!(bench.told[1].generation, 3);
}

#[test]
fn only_tcp_between_two_known_ports_is_followed() {
    let syn = Packet::tcp(4, 0, SYN, 1, 0);
    let others = [
        Packet {
            protocols: (17, 6),
            ..syn
        },
        Packet {
            protocols: (6, 17),
            ..syn
        },
        Packet {
            ports: (0, 500),
            ..syn
        },
        Packet {
            ports: (1136, 0),
            ..syn
        },
        Packet { error: true, ..syn },
    ];
    let mut bench = Bench::new();
    for packet in others {
        bench.send(packet);
        assert_eq!(bench.tcp(4), TcpEntry::default(), "{packet:?}");
        assert_eq!(bench.age(4).generation, 1, "but it was seen");
    }
    bench.send(syn);
    assert!(bench.tcp(4).forward.syn);
}
