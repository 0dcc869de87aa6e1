//! Chapter: what a flow hit costs, among how many flows, beside how many misses, and the search for idle flows.

use std::fmt::Write;
use std::ops::RangeInclusive;

use crate::{grouped, sweep};
use underpass_hdl::stream::gather::HEADER_CLOCKS;
use underpass_layout::profile::SIM;
use underpass_tests::packets::Packet;
use underpass_tests::paths::{self, FlowTable, Path};
use underpass_tests::rtl::{self, Rtl};
use underpass_verilator::Library;

/// Packets of one line of the first table, at least.
const PACKETS: usize = 4_000;
/// Hits of one line of the second.
const HITS: usize = 400;

/// The chapter.
pub fn chapter() -> String {
    let library = rtl::library(&SIM);
    let mut text = String::from("## Flows\n");
    among_many(&mut text, &library);
    beside_misses(&mut text, &library);
    sweep::write(&mut text, &library);
    text
}

fn among_many(text: &mut String, library: &Library) {
    text.push_str(
        "
Packets of 64 bytes from VM to VM back to back, one beat in and one beat out, each of the flows in a random order.
Latency as in the chapter on clocks, of every packet. Least and most are told where they differ. `cargo test -p
underpass-tests --test cycles flows` holds them to be equal. A table is full when the compiler finds no place for one flow
more, whatever it moves.

| table of profile sim | flows | slots taken | clocks a packet | latency |
|---|---:|---:|---:|---:|
",
    );
    for (family, v6) in [("IPv4", false), ("IPv6", true)] {
        for (name, most) in [("one", 1), ("1,000", 1_000), ("full", u16::MAX)] {
            let table = FlowTable::new(&SIM, v6, most);
            let hits = table.hits(&mut table.core(library), PACKETS);
            let _ = writeln!(
                text,
                "| {family}, {name} | {} | {:.1} % | {} | {} |",
                grouped(table.flows().into()),
                100.0 * table.load(),
                span(&hits.clocks),
                span(&hits.latency)
            );
        }
    }
}

/// A number, or from where to where.
fn span(of: &RangeInclusive<u64>) -> String {
    match of.start() == of.end() {
        true => of.start().to_string(),
        false => format!("{} to {}", of.start(), of.end()),
    }
}

fn beside_misses(text: &mut String, library: &Library) {
    text.push_str(
        "
Hits of 64 bytes of one VM alone, and with a second port whose packets all miss and are punted: the ports take turns,
packet by packet, both back to back. Measured are the clocks of a hit and a miss together, at the output, and of misses
alone: what is left is what the hit costs. A punted frame is a beat longer on its way out than on its way in, for its shim.
To verdict: clocks from a hit's whole header to what was decided about it, least and most.

| hits, and of the second port | clocks a turn | of which the miss | left for the hit | to verdict |
|---|---:|---:|---:|---:|
",
    );
    let mut core = paths::core(library, &SIM);
    let hit = Path::named("VM, flow hit, to VM");
    let miss = Path::named("punt: flow miss behind MPLSoGRE");
    let alone = turns(&mut core, &[(hit, 64)], hit);
    let mut row = |what: &str, turn: u64, miss: u64, verdict: &RangeInclusive<u64>| {
        let left = turn - miss;
        let miss = match miss {
            0 => "-".into(),
            clocks => clocks.to_string(),
        };
        let verdict = span(verdict);
        let _ = writeln!(text, "| {what} | {turn} | {miss} | {left} | {verdict} |");
    };
    row("nothing", alone.clocks, 0, &alone.verdict);
    for bytes in [64, 128, 1500] {
        let both = turns(&mut core, &[(hit, 64), (miss, bytes)], hit);
        let misses = paths::clocks(&mut core, miss, bytes);
        let what = format!("misses of {bytes} bytes");
        row(&what, both.clocks, misses, &both.verdict);
    }
}

/// What the packets of one path cost among others.
struct Turns {
    /// Clocks from one of them to the next.
    clocks: u64,
    /// Clocks from header to verdict.
    verdict: RangeInclusive<u64>,
}

/// Packets of these paths in turn; of `asked` it is told what they cost.
fn turns(rtl: &mut Rtl, paths: &[(&Path, usize)], asked: &Path) -> Turns {
    let turn: Vec<Packet> = paths
        .iter()
        .map(|(path, bytes)| path.packet(*bytes))
        .collect();
    let packets: Vec<Packet> = (0..HITS).flat_map(|_| turn.clone()).collect();
    let ran = paths::run(rtl, &packets, |_| ());
    let left = ran.left.iter().filter(|one| Some(one.port) == asked.out);
    let ends: Vec<u64> = left.map(|one| one.last_beat_at).collect();
    let steps: Vec<u64> = ends.windows(2).map(|two| two[1] - two[0]).collect();
    let settled = &steps[steps.len() / 2..];
    assert!(
        settled.iter().all(|step| *step == settled[0]),
        "turns take {settled:?} clocks"
    );
    let decided = ran.sent.iter().zip(&ran.decided).zip(&packets);
    let verdicts =
        decided
            .filter(|(_, packet)| packet.port == asked.port)
            .map(|((sent, decided), _)| {
                assert!(decided.meta.flow.hit, "a packet found no flow");
                decided.at - (sent.first_beat_at + u64::from(HEADER_CLOCKS))
            });
    let verdicts: Vec<u64> = verdicts.collect();
    let (least, most) = (verdicts.iter().min(), verdicts.iter().max());
    Turns {
        clocks: settled[0],
        verdict: least.copied().unwrap_or(0)..=most.copied().unwrap_or(0),
    }
}
