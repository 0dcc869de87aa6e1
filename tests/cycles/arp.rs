//! ARP that the card answers: a request in every clock, and an answer.

use crate::core;
use underpass_layout::Verdict;
use underpass_tests::packets::Packet;
use underpass_tests::paths::{self, back_to_back, Path};

/// The shortest frame without its check sequence.
const SHORTEST: usize = 60;
/// What an answer starts with, its padding aside.
const ANSWER: usize = 42;

const ANSWERED: [&str; 3] = [
    "ARP of a VM, answered for the router",
    "ARP of a VM, answered with a stitched MAC",
    "ARP of a VM whose address is checked, answered",
];

#[test]
fn a_request_in_every_clock_is_an_answer_in_every_clock() {
    let mut rtl = core();
    for name in ANSWERED {
        let path = Path::named(name);
        let ran = back_to_back(&mut rtl, path, SHORTEST, 500);
        assert!(ran.steps().iter().all(|step| *step == 1), "{name}");
        let taken = ran.sent.windows(2);
        let taken = taken.map(|two| two[1].first_beat_at - two[0].first_beat_at);
        assert!(taken.into_iter().all(|clocks| clocks == 1), "{name}");
        assert_eq!(ran.left.len(), 500, "{name}");
        let request = path.packet(SHORTEST).bytes;
        for frame in &ran.left {
            assert_eq!((Some(frame.port), frame.bytes.len()), (path.out, SHORTEST));
            is_the_answer(&frame.bytes, &request);
        }
    }
}

/// Who asked is told, with the address that was asked for and a MAC that is not the asker's.
fn is_the_answer(answer: &[u8], request: &[u8]) {
    let (mac, address) = (&answer[22..28], &answer[28..32]);
    assert_eq!(answer[..6], request[6..12], "to who asked");
    assert_eq!(answer[6..12], *mac, "from who answers");
    assert_eq!(answer[12..20], request[12..20]);
    assert_eq!(answer[20..22], [0, 2], "an answer");
    assert_eq!(*address, request[38..42], "about what was asked for");
    assert_eq!(answer[32..ANSWER], request[22..32], "for who asked");
    assert_eq!(answer[ANSWER..], request[ANSWER..], "padding");
    assert_ne!(*mac, request[22..28]);
}

/// Between requests each packet of a flow leaves as if it were alone.
#[test]
fn answers_cost_others_nothing() {
    let mut rtl = core();
    let flow = Path::named("VM, flow hit, to VM");
    let asks = ANSWERED.map(Path::named);
    let packets: Vec<Packet> = (0..400)
        .flat_map(|i| [flow.packet(64), asks[i % asks.len()].packet(SHORTEST)])
        .collect();
    let ran = paths::run(&mut rtl, &packets, |_| ());
    let decided = |one: &paths::Ran| {
        one.decided
            .iter()
            .all(|decided| Verdict::from(decided.meta.verdict) == Verdict::Deliver)
    };
    assert!(decided(&ran));
    assert_eq!(ran.left.len(), packets.len());
    assert!(ran.steps().iter().all(|step| *step == 1));
}
