//! Chapter: what a tenant that keeps the slow path busy takes from the others.

use std::fmt::Write;

use crate::grouped;
use underpass_layout::profile::NOMINAL_HZ;
use underpass_table_compiler::objects::PUNT_WINDOW_CLOCKS;
use underpass_tests::traffic;
use underpass_tests::traffic::tenants::{self, Seen, Setting, ASKED, BYTES, HIT, SERVED};

/// What a network has that says nothing else.
const QUOTA: u16 = 64;
/// Windows that are counted.
const WINDOWS: u64 = 3;

/// The chapter.
pub fn chapter() -> String {
    let mut text = format!(
        "\
## A tenant that keeps the slow path busy

The whole card with its rings, three tenants, packets of {BYTES} bytes, for {} clocks. A sends nothing but packets that are
punted, whenever the input is free: ARP requests that only the slow path can answer. B asks the same every {} clocks. C's
packets hit their flow, one in each {HIT} clocks; A and C take turns at the input. The slow path takes a punt in {} clocks
({} a second at 250 MHz, not placed), in the order in which they came; its ring has room for 1,024. Limit: packets that each
interface may hand over for one reason in a window of {} clocks (a millisecond); {QUOTA} is what a network has that names
none. B's clocks are from the first beat of its packet in: median, most.

| A sends | limit | A's, sent | handed over | B's, asked | lost | until in the ring | until the slow path has it | C, clocks a packet | latency, median | most |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
",
        grouped(clocks() as f64),
        grouped(ASKED as f64),
        grouped(SERVED as f64),
        grouped((NOMINAL_HZ / SERVED) as f64),
        grouped(PUNT_WINDOW_CLOCKS.into()),
    );
    let library = traffic::library();
    for (storm, quota) in [(false, QUOTA), (false, 0), (true, QUOTA), (true, 0)] {
        let seen = tenants::run(
            &library,
            Setting {
                storm,
                quota,
                window: PUNT_WINDOW_CLOCKS,
                clocks: clocks(),
            },
        );
        line(&mut text, storm, quota, &seen);
    }
    text
}

fn clocks() -> u64 {
    WINDOWS * u64::from(PUNT_WINDOW_CLOCKS)
}

fn line(text: &mut String, storm: bool, quota: u16, seen: &Seen) {
    let lost = seen.asked - seen.to_ring.len() as u64;
    let per_hit = seen.hit_clocks as f64 / (seen.hits.len() - 1) as f64;
    let [median, most] = spread(&seen.hits);
    let _ = writeln!(
        text,
        "| {} | {} | {} | {} | {} | {lost} | {} | {} | {per_hit:.2} | {median} | {most} |",
        if storm { "all it can" } else { "nothing" },
        if quota == 0 {
            "none".into()
        } else {
            quota.to_string()
        },
        grouped(seen.storm as f64),
        grouped(seen.storm_punted as f64),
        seen.asked,
        spread(&seen.to_ring).join(", "),
        spread(&seen.to_slow_path).join(", "),
    );
}

/// Median and most.
fn spread(clocks: &[u64]) -> [String; 2] {
    let mut sorted = clocks.to_vec();
    sorted.sort_unstable();
    let middle = sorted.get(sorted.len() / 2);
    [middle, sorted.last()]
        .map(|clocks| clocks.map_or("-".into(), |clocks| grouped(*clocks as f64)))
}
