//! Chapter: how fast the card is simulated, and what limits it.

use std::fmt::Write;

use crate::stopwatch::{best, Lap};
use crate::{grouped, tools};
use underpass_hdl::shells::Shell;
use underpass_layout::profile::SIM;
use underpass_tests::packets::Packet;
use underpass_tests::paths::{self, Path};
use underpass_tests::rtl::{self, Rtl};

/// Simulated clocks of one measurement.
const CLOCKS: u64 = 100_000;
/// What the design wants, clocks a second.
const GOAL: f64 = 300_000.0;

/// What limits the speed, as a profile shows it.
const LIMITS: &str = "
What limits it: in every clock in which packets pass, every register of the pipeline is assigned once, by straight code that
is several times as long as the first cache; where none passes, the stages rest (`hdl/wires/src/rest.rs`), and a memory that
is written in parts is one write to the simulator. The goal was reached, with 330,000, while the core carried IPv4 alone.
Addresses of 128 bits in every stage, keys of up to 317 bits, a fifth column of hash words for the change of a seed, and the
host's bus in step with the packets have halved it: seven route lookups hash 17 pieces of 120 bits each in every clock. Flows
between two routes have halved it again. Settling the inputs before each edge, and the bench with its streams and checks,
take little. A profile, with the model built by a first run: `export CXX='g++ -g1'
UNDERPASS_CACHE=$(mktemp -d)`, `cargo xtask perf simulation`, `perf record cargo xtask perf simulation`, `perf report
--dsos model.so --sort srcline`.
";

/// The chapter.
pub fn chapter() -> String {
    let mut text = format!(
        "\
## Simulation

One thread, release build, the bench with streams, registers and all its checks attached; the core with its tap tells
tests what every stage decided, the shell is what stands behind a simulated card. Best of three; by the time that the
thread was running, and on the wall. The goal is {} clocks a second. {}.

| card | traffic | clocks/s | on the wall | packets/s | goal |
|---|---|---:|---:|---:|---|
",
        grouped(GOAL),
        tools()
    );
    for (name, shell) in [
        ("core with tap", Shell::TappedCore),
        ("sim shell", Shell::Sim),
    ] {
        let library = rtl::build(&rtl::source(&SIM, shell), None);
        let mut card = paths::core(&library, &SIM);
        let idle = best(|| {
            (0..CLOCKS).for_each(|_| card.clock());
            CLOCKS
        });
        row(&mut text, name, "idle", idle, None);
        for (path, bytes) in [
            ("VM, bridged, to VM", 64),
            ("VM, routed, to MPLSoGRE", 64),
            ("VM, routed, to MPLSoGRE", 1500),
        ] {
            let packet = Path::named(path).packet(bytes);
            let mut packets = 0;
            let lap = best(|| {
                packets = busy(&mut card, &packet);
                CLOCKS
            });
            let traffic = format!("{path}, {bytes} B");
            row(&mut text, name, &traffic, lap, Some(packets));
        }
    }
    text.push_str(LIMITS);
    text
}

/// So many clocks with packets back to back; how many left.
fn busy(card: &mut Rtl, packet: &Packet) -> u64 {
    let mut left = 0;
    for _ in 0..CLOCKS {
        if card.s.queued() < 2 {
            card.send(packet.bytes.clone(), packet.port);
        }
        card.clock();
        card.forget_decided();
        while card.m.collect().is_some() {
            left += 1;
        }
    }
    left
}

fn row(text: &mut String, card: &str, traffic: &str, lap: Lap, packets: Option<u64>) {
    let rate = 1.0 / lap.busy_s;
    let packets = packets.map_or("-".into(), |packets| {
        grouped(packets as f64 / CLOCKS as f64 * rate)
    });
    let reached = if rate >= GOAL { "reached" } else { "missed" };
    let (rate, wall) = (grouped(rate), grouped(1.0 / lap.wall_s));
    let _ = writeln!(
        text,
        "| {card} | {traffic} | {rate} | {wall} | {packets} | {reached} |"
    );
}
