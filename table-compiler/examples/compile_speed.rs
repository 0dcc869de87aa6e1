//! How long a large network takes, form by form, and how many flows a second find their place.
//!
//! `cargo run --release -p underpass-table-compiler --example compile_speed`

use std::error::Error;
use std::fmt::Write as _;
use std::time::Instant;

use underpass_layout::profile::U250;
use underpass_layout::tables::{FlowEntry, FlowKey};
use underpass_table_compiler::entries::entries;
use underpass_table_compiler::objects::VifType;
use underpass_table_compiler::plan::plan;
use underpass_table_compiler::{objects, parse, Placed};

/// Guests, with an interface each.
const INTERFACES: usize = 4_000;
/// Guests elsewhere, with a tunnel route and a MAC each.
const REMOTES: usize = 8_000;
/// Virtual functions that a port number can name.
const PLUGGED: usize = 255;
/// Networks that they share.
const NETWORKS: usize = 100;
/// What the peer holds.
const FLOWS: u32 = 629_760;

fn main() -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let lap = |what: &str, from: Instant| {
        println!("{what:<28}{:>9.1} ms", from.elapsed().as_secs_f64() * 1e3)
    };
    let text = text()?;
    lap("write the file", start);

    let start = Instant::now();
    let network = parse("speed.yaml", &text)?;
    lap("parse", start);
    let start = Instant::now();
    let mut objects = objects(&network);
    lap("objects", start);
    // The rest is there in every table but `port`.
    let guests = objects
        .vifs
        .iter_mut()
        .filter(|vif| vif.vif_type == VifType::Vm);
    guests.skip(PLUGGED).for_each(|vif| vif.port = None);
    let start = Instant::now();
    let entries = entries(&objects, &U250)?;
    lap("entries", start);
    let start = Instant::now();
    let empty = Placed::empty(&U250, 0x5eed);
    lap("an empty card", start);
    let start = Instant::now();
    let (first, placed) = plan(&empty, &entries)?;
    lap("plan onto an empty card", start);
    let start = Instant::now();
    let (again, mut placed) = plan(&placed, &entries)?;
    lap("plan once more", start);
    println!("{} writes, then {}", first.steps.len(), again.steps.len());

    let flows: Vec<FlowEntry> = (0..FLOWS).map(flow).collect();
    let shadow = placed.flows_mut();
    let mut writes = Vec::new();
    let (mut moves, mut longest) = (0, 0);
    let start = Instant::now();
    for flow in &flows {
        let (key, value) = shadow.parts(flow);
        writes.clear();
        shadow.insert(key, value, &mut writes)?;
        moves += writes.len() - 1;
        longest = longest.max(writes.len());
    }
    let elapsed = start.elapsed().as_secs_f64();
    let load = shadow.used() as f64 / shadow.capacity() as f64;
    println!(
        "{FLOWS} flows at {:.2} M/s to a load of {load:.3}: {:.3} moves each, at most {longest} writes",
        f64::from(FLOWS) / elapsed / 1e6,
        moves as f64 / f64::from(FLOWS),
    );
    Ok(())
}

/// Flows of eight servers with sequential client ports: what a dispatcher sees.
fn flow(n: u32) -> FlowEntry {
    let key = FlowKey {
        nexthop: 6 + 2 * (n % 8),
        protocol: 6,
        src_port: (n / 8 % 32_768) as u16 + 32_768,
        dst_port: 443,
        src: 0x0a00_0000 + n / (8 * 32_768),
        dst: 0x0a01_0000 + n % 8,
    };
    FlowEntry {
        valid: true,
        key,
        flow_id: n,
        ..FlowEntry::default()
    }
}

fn text() -> Result<String, std::fmt::Error> {
    let mut text = String::from(
        "node: {name: speed}\nunderlay: {port: wire0, mac: \"0c:c4:7a:59:62:5c\", address: 192.168.0.1/16}\nnetworks:\n",
    );
    for n in 0..NETWORKS {
        writeln!(
            text,
            "  - {{name: n{n}, subnets: [{{prefix: 10.{n}.0.0/16, gateway: 10.{n}.0.1}}]}}"
        )?;
    }
    text.push_str("interfaces:\n");
    for n in 0..INTERFACES {
        let (network, [a, b]) = (n % NETWORKS, ((n / NETWORKS + 256) as u16).to_be_bytes());
        writeln!(
            text,
            "  - {{name: i{n}, port: vf{n}, network: n{network}, mac: \"02:00:00:{network:02x}:{a:02x}:{b:02x}\", addresses: [10.{network}.{a}.{b}]}}",
        )?;
    }
    text.push_str("remote:\n");
    for n in 0..REMOTES {
        let (network, [a, b]) = (n % NETWORKS, ((n / NETWORKS + 0x8000) as u16).to_be_bytes());
        let node = n % 200 + 2;
        writeln!(
            text,
            "  - {{network: n{network}, mac: \"02:00:01:{network:02x}:{a:02x}:{b:02x}\", addresses: [10.{network}.{a}.{b}], next_hops: [{{address: 192.168.1.{node}, encapsulation: mpls-udp, label: {}}}]}}",
            n + 16,
        )?;
    }
    Ok(text)
}
