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

/// What the figures come from.
const WHY: &str = "
With the limit B loses nothing, and at most A's share of a window stands in front of its packets in the ring. That share
costs its beats on the way out once a window; where A leaves no clock of the input free, nothing after it can catch up, and
C's packets come those clocks later, as many as ever. Without it A's punts are two beats each on the way out: they fill the
ring, B finds no room in it, and C's packets wait for the output.
";

/// The chapter.
pub fn chapter() -> String {
    let mut text = format!(
        "\
## A tenant that keeps the slow path busy

The whole card with its rings, three tenants, packets of {BYTES} bytes, {} clocks. A sends nothing but packets that are
punted: ARP requests that only the slow path can answer. B asks the same every {} clocks. C's packets hit their flow, one
in each {HIT} clocks; A and C take turns at the input where both have something. The slow path takes a punt in {} clocks
({} a second at 250 MHz, not placed), in the order in which they came; its ring has room for 1,024. Limit: packets that each
interface may hand over for one reason in a window of {} clocks (a millisecond); {QUOTA} is that of a network that names
none. Clocks of B and C are from the first beat of a packet in: median and most; -: none was before the end.

| A sends | limit | A's sent | A's handed over | B's asked | B's lost | B: clocks until in the ring | B: until the slow path has it | C: clocks a packet | C: latency |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|
",
        grouped(clocks() as f64),
        grouped(ASKED as f64),
        grouped(SERVED as f64),
        grouped((NOMINAL_HZ / SERVED) as f64),
        grouped(PUNT_WINDOW_CLOCKS.into()),
    );
    let library = traffic::library();
    for storm in [None, Some(4), Some(1)] {
        for quota in [QUOTA, 0] {
            let setting = Setting {
                storm,
                quota,
                window: PUNT_WINDOW_CLOCKS,
                clocks: clocks(),
            };
            line(&mut text, setting, &tenants::run(&library, setting));
        }
    }
    text.push_str(WHY);
    text
}

fn clocks() -> u64 {
    WINDOWS * u64::from(PUNT_WINDOW_CLOCKS)
}

fn line(text: &mut String, setting: Setting, seen: &Seen) {
    let lost = seen.asked - seen.to_ring.len() as u64;
    let per_hit = seen.hit_clocks as f64 / (seen.hits.len() - 1) as f64;
    let storm = match setting.storm {
        None => "nothing".into(),
        Some(1) => "all it can".into(),
        Some(clocks) => format!("one in {clocks} clocks"),
    };
    let limit = match setting.quota {
        0 => "none".into(),
        quota => quota.to_string(),
    };
    let _ = writeln!(
        text,
        "| {storm} | {limit} | {} | {} | {} | {lost} | {} | {} | {per_hit:.2} | {} |",
        grouped(seen.storm as f64),
        grouped(seen.storm_punted as f64),
        seen.asked,
        spread(&seen.to_ring),
        spread(&seen.to_slow_path),
        spread(&seen.hits),
    );
}

/// Median and most.
fn spread(clocks: &[u64]) -> String {
    let mut sorted = clocks.to_vec();
    sorted.sort_unstable();
    match (sorted.get(sorted.len() / 2), sorted.last()) {
        (Some(median), Some(most)) => {
            let [median, most] = [median, most].map(|clocks| grouped(*clocks as f64));
            format!("{median}, {most}")
        }
        _ => "-".into(),
    }
}
