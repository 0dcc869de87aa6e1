//! `underpass compile`

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use underpass_host_driver::access::CardName;
use underpass_host_driver::driver::REPLAY_SEED;
use underpass_host_driver::network_file;
use underpass_host_driver::session::SessionError;
use underpass_layout::profile::{Profile, PROFILES, SIM};
use underpass_table_compiler::placed::Placed;
use underpass_table_compiler::{compile, Compiled};

use crate::end::{End, Failure};
use crate::Ended;

/// What is printed.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Emit {
    /// What a vRouter agent would program.
    Objects,
    /// What the card's tables shall say.
    Entries,
    /// The writes, in the order in which they are made.
    #[default]
    Plan,
}

/// Print what a network would program; no card is touched.
#[derive(clap::Args)]
pub struct Arguments {
    /// The network.
    #[arg(value_name = "NETWORK.yaml")]
    network: PathBuf,
    /// Which form of it.
    #[arg(long, value_enum, default_value_t)]
    emit: Emit,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// The sizes of the card's tables.
    #[arg(long, default_value = SIM.name, value_parser = profile, value_name = "sim|u250")]
    profile: &'static Profile,
}

fn profile(name: &str) -> Result<&'static Profile, String> {
    Profile::by_name(name).ok_or_else(|| {
        let names: Vec<_> = PROFILES.iter().map(|profile| profile.name).collect();
        format!("expected one of {}", names.join(", "))
    })
}

pub fn run(arguments: &Arguments) -> Ended {
    let network =
        network_file::read(&arguments.network, CardName::Rtl.ports()).map_err(|error| {
            let hint = error.hint();
            Failure::new(error, Some(hint))
        })?;
    let empty = Placed::empty(arguments.profile, REPLAY_SEED);
    let compiled = compile(&network, &empty).map_err(|error| {
        let error = SessionError::from(error);
        let hint = error.hint();
        Failure::new(error, hint)
    })?;
    let mut out = BufWriter::new(io::stdout().lock());
    match arguments.json {
        true => json(&mut out, arguments.emit, &compiled)?,
        false => text(&mut out, arguments.emit, &compiled)?,
    }
    out.flush()?;
    Ok(End::Done)
}

fn text(out: &mut dyn Write, emit: Emit, compiled: &Compiled) -> Result<(), Failure> {
    match emit {
        // Objects have one form that people and programs know: the peer's.
        Emit::Objects => json(out, emit, compiled)?,
        Emit::Entries => write!(out, "{}", compiled.entries)?,
        Emit::Plan => write!(out, "{}", compiled.plan)?,
    }
    Ok(())
}

fn json(out: &mut dyn Write, emit: Emit, compiled: &Compiled) -> Result<(), Failure> {
    let value = match emit {
        Emit::Objects => serde_json::to_value(&compiled.objects)?,
        Emit::Entries => serde_json::to_value(&compiled.entries)?,
        Emit::Plan => serde_json::to_value(&compiled.plan)?,
    };
    serde_json::to_writer_pretty(&mut *out, &value)?;
    writeln!(out)?;
    Ok(())
}
