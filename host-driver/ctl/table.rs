//! `underpass table list|dump|diff`

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use underpass_host_driver::access::{Card, CardName};
use underpass_host_driver::driver::REPLAY_SEED;
use underpass_host_driver::session::{Session, SessionError};
use underpass_host_driver::{network_file, tables};
use underpass_layout::profile::SIM;
use underpass_layout::tables::{by_name, TableSpec, TABLES};

use crate::end::{End, Failure};
use crate::progress::Bar;
use crate::Ended;

/// Look at the card's tables.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Which tables there are, how large they are, and how much of them a network uses.
    List(Arguments),
    /// The rows of tables as the card holds them, after a network was programmed.
    Dump {
        #[command(flatten)]
        arguments: Arguments,
        /// Which tables; all that the host fills where none is named.
        #[arg(value_parser = table, value_name = "TABLE")]
        tables: Vec<&'static TableSpec>,
    },
    /// Compare what was compiled with what the card holds; exit status 1 if they differ.
    Diff {
        #[command(flatten)]
        arguments: Arguments,
        /// Which tables; all that the host fills where none is named.
        #[arg(value_parser = table, value_name = "TABLE")]
        tables: Vec<&'static TableSpec>,
    },
}

/// What all of them take.
#[derive(clap::Args)]
pub struct Arguments {
    /// The network that the card shall carry.
    #[arg(value_name = "NETWORK.yaml")]
    network: Option<PathBuf>,
    /// The card: sim:model, sim:rtl, vfio-user:PATH or vfio:DDDD:BB:DD.F.
    #[arg(long, default_value_t = CardName::Rtl)]
    card: CardName,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn table(name: &str) -> Result<&'static TableSpec, String> {
    by_name(name).ok_or_else(|| {
        let names: Vec<_> = TABLES.iter().map(|table| table.name).collect();
        format!("expected one of {}", names.join(", "))
    })
}

/// A simulated card after a reset is empty: without a network there is nothing in it.
#[derive(Debug, thiserror::Error)]
#[error(
    "found no network file, expected one: a simulated card is empty until it is given a network"
)]
struct NoNetwork;

type Opened = Session<Box<dyn Card>>;

pub fn run(command: &Command) -> Ended {
    let mut out = BufWriter::new(io::stdout().lock());
    let end = match command {
        Command::List(arguments) => list(&mut out, arguments)?,
        Command::Dump { arguments, tables } => dump(&mut out, arguments, &chosen(tables))?,
        Command::Diff { arguments, tables } => diff(&mut out, arguments, &chosen(tables))?,
    };
    out.flush()?;
    Ok(end)
}

fn list(out: &mut dyn Write, arguments: &Arguments) -> Ended {
    let tables = match &arguments.network {
        Some(network) => {
            let mut session = open(&arguments.card, network)?;
            let profile = session.driver().profile();
            tables::list(profile, Some(session.slow_path().placed()))
        }
        None => {
            let profile = crate::card::identity(&arguments.card)?.profile;
            tables::list(profile, None)
        }
    };
    match arguments.json {
        true => print_json(out, &serde_json::to_value(&tables)?)?,
        false => tables::print_list(out, &tables)?,
    }
    Ok(End::Done)
}

fn dump(out: &mut dyn Write, arguments: &Arguments, tables: &[&'static TableSpec]) -> Ended {
    let mut session = open(&arguments.card, needed(arguments, "dump")?)?;
    let rows = tables::dump(&mut session, tables).map_err(failed)?;
    match arguments.json {
        true => print_json(out, &tables::json_dump(&rows))?,
        false => tables::print_dump(out, &rows)?,
    }
    let profile = session.driver().profile();
    let all: usize = tables
        .iter()
        .map(|table| tables::rows(profile, table))
        .sum();
    let _ = writeln!(io::stderr(), "{} of {all} rows", rows.len());
    Ok(End::Done)
}

fn diff(out: &mut dyn Write, arguments: &Arguments, tables: &[&'static TableSpec]) -> Ended {
    let mut session = open(&arguments.card, needed(arguments, "diff")?)?;
    let placed = session.slow_path().placed().clone();
    let differences = tables::diff(&mut session, &placed, tables).map_err(failed)?;
    match arguments.json {
        true => print_json(out, &tables::json_diff(&differences))?,
        false => tables::print_diff(out, &differences)?,
    }
    let _ = writeln!(io::stderr(), "{} rows differ", differences.len());
    match differences.is_empty() {
        true => Ok(End::Done),
        false => Ok(End::Differs),
    }
}

/// Counters are read only when they are asked for.
fn chosen(tables: &[&'static TableSpec]) -> Vec<&'static TableSpec> {
    match tables.is_empty() {
        true => tables::filled().collect(),
        false => tables.to_vec(),
    }
}

fn needed<'a>(arguments: &'a Arguments, verb: &str) -> Result<&'a Path, Failure> {
    let network = arguments.network.as_deref();
    network.ok_or_else(|| {
        let hint = format!("underpass table {verb} examples/two-computes/compute-1.yaml");
        Failure::new(NoNetwork, Some(hint))
    })
}

/// A card that carries a network.
fn open(card: &CardName, network: &Path) -> Result<Opened, Failure> {
    let network = network_file::read(network, card.ports()).map_err(|error| {
        let hint = error.hint();
        Failure::new(error, Some(hint))
    })?;
    let bar = Bar::new();
    let card = card
        .open(&SIM, &mut |step| bar.step(step))
        .map_err(failed)?;
    Session::start(card, network, REPLAY_SEED).map_err(failed)
}

/// What the library says about a card, with its hint.
pub fn failed(error: impl Into<SessionError>) -> Failure {
    let error = error.into();
    let hint = error.hint();
    Failure::new(error, hint)
}

pub fn print_json(out: &mut dyn Write, value: &serde_json::Value) -> Result<(), Failure> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)?;
    Ok(())
}
