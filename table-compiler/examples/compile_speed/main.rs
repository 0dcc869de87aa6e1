//! How long a large network takes, form by form, how many flows a second find their place and their way into a ring, how
//! long a change of the seed takes, and how much memory all of it.
//!
//! `cargo run --release -p underpass-table-compiler --example compile_speed`

mod flows;
mod network;
mod stopwatch;

use std::error::Error;

use flows::{set_up, side, NullCard};
use stopwatch::{print_peak_memory, Stopwatch};
use underpass_layout::profile::U250;
use underpass_layout::tables::{id, TABLES};
use underpass_table_compiler::entries::entries;
use underpass_table_compiler::objects::VifType;
use underpass_table_compiler::placed::Seed;
use underpass_table_compiler::plan::plan;
use underpass_table_compiler::reseed::{self, Command};
use underpass_table_compiler::{objects, parse, Placed};

/// What the peer holds.
const FLOWS: u32 = 629_760;
/// Flows that come, each after another one has gone.
const CHURN: u32 = 500_000;

fn main() -> Result<(), Box<dyn Error>> {
    println!(
        "network of {} guests here, {} elsewhere",
        network::INTERFACES,
        network::REMOTES
    );
    a_network()?;
    println!("\nflows on a u250, from what the slow path decides to the command ring");
    let slots = U250.entries(&TABLES[id::FLOW as usize]) as f64;
    let fits = |percent: u32, load: f64| (slots * load / (1.0 + f64::from(percent) / 100.0)) as u32;
    some_flows("IPv4", FLOWS, 0)?;
    some_flows("IPv4, fuller", fits(0, 0.961), 0)?;
    for percent in [30, 70, 100] {
        some_flows(&format!("{percent} % IPv6"), fits(percent, 0.90), percent)?;
    }
    Ok(())
}

fn a_network() -> Result<(), Box<dyn Error>> {
    let lap =
        |what: &str, from: Stopwatch| println!("{what:<32}{:>29.1} ms", from.lap().seconds() * 1e3);
    let text = network::text()?;
    let start = Stopwatch::start();
    let network = parse("speed.yaml", &text)?;
    lap("parse", start);
    let start = Stopwatch::start();
    let mut objects = objects(&network);
    lap("objects", start);
    // The rest is there in every table but `port`.
    let guests = objects
        .vifs
        .iter_mut()
        .filter(|vif| vif.vif_type == VifType::Vm);
    guests
        .skip(network::PLUGGED)
        .for_each(|vif| vif.port = None);
    let start = Stopwatch::start();
    let entries = entries(&objects, &U250)?;
    lap("entries", start);
    let start = Stopwatch::start();
    let empty = Placed::empty(&U250, 0x5eed);
    lap("an empty card", start);
    let start = Stopwatch::start();
    let (first, placed) = plan(&empty, &entries)?;
    lap("plan onto an empty card", start);
    let start = Stopwatch::start();
    let (again, _) = plan(&placed, &entries)?;
    lap("plan once more", start);
    println!("{} writes, then {}", first.steps.len(), again.steps.len());
    print_peak_memory();
    Ok(())
}

/// Fills an empty card, lets flows come and go, and changes the seed.
fn some_flows(what: &str, count: u32, percent: u32) -> Result<(), Box<dyn Error>> {
    let mut placed = Placed::empty(&U250, 0x5eed);
    let mut card = NullCard::new();
    let sides: Vec<_> = (0..count).map(|n| side(n, percent)).collect();
    let filling = set_up(placed.flows_mut(), &mut card, &sides, 0, |_| None)?;
    filling.print(&format!("{what}, filling"), placed.flows());

    // Which flow goes next: each once, in an order that has nothing to do with their places.
    let gone = |id: u32| {
        let nth = u64::from(id - count) * 48_271 % u64::from(count);
        Some(side(nth as u32, percent))
    };
    let sides: Vec<_> = (count..count + CHURN.min(count))
        .map(|n| side(n, percent))
        .collect();
    let churn = set_up(placed.flows_mut(), &mut card, &sides, count, gone)?;
    churn.print(&format!("{what}, coming and going"), placed.flows());
    drop(sides);

    let start = Stopwatch::start();
    reseed::begin(&mut placed, id::FLOW, 0, &Seed::new(0xd15c))?;
    let (mut commands, mut total, mut splits) = (Vec::new(), 0, 0);
    let mut more = true;
    while more {
        commands.clear();
        more = reseed::advance(&mut placed, id::FLOW, 0, &mut commands)?;
        total += commands.len();
        let is_split = |command: &&Command| matches!(command, Command::WriteSplit { .. });
        splits += commands.iter().filter(is_split).count();
    }
    println!(
        "{:<32}{:>29.3} s   {total} commands, {splits} of them splits, {:.2} writes a flow",
        format!("{what}, another seed"),
        start.lap().seconds(),
        (total - splits) as f64 / placed.flows().len() as f64,
    );
    print_peak_memory();
    Ok(())
}
