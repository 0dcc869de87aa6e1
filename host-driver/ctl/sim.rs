//! `underpass sim`

use std::io::{self, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use underpass_bench::AxiTiming;
use underpass_layout::profile::{Profile, PROFILES, SIM};
use underpass_sim_card::card::PciCard;
use underpass_sim_card::engine::{Engine, EngineError, ModelEngine, RtlEngine};
use underpass_sim_card::serve::serve;
use underpass_vfio_user::{Config, Event, Gone, Server};

use crate::end::{End, Failure};
use crate::progress::Bar;
use crate::Ended;

/// Serve a simulated PCIe card at a socket (vfio-user), for `--card vfio-user:PATH` or a virtual machine.
///
/// It runs until it is killed. One host at a time; one that goes away leaves a card as after a reset.
#[derive(clap::Args)]
pub struct Arguments {
    /// What is inside the card.
    #[arg(long, value_enum, default_value_t = Inside::Rtl)]
    card: Inside,
    /// How large its tables are.
    #[arg(long, default_value = SIM.name, value_parser = profile)]
    profile: &'static Profile,
    /// The socket.
    #[arg(long, value_name = "PATH", default_value_os_t = socket())]
    socket: PathBuf,
}

/// What is inside a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Inside {
    /// The model.
    Model,
    /// The RTL under Verilator.
    Rtl,
}

fn profile(name: &str) -> Result<&'static Profile, String> {
    Profile::by_name(name).ok_or_else(|| {
        let names: Vec<_> = PROFILES.iter().map(|profile| profile.name).collect();
        format!(
            "found profile `{name}`, expected one of {}",
            names.join(", ")
        )
    })
}

fn socket() -> PathBuf {
    std::env::temp_dir().join("underpass-card.sock")
}

pub fn run(arguments: &Arguments) -> Ended {
    // Whether there can be a server is known at once; the RTL may take a minute.
    let mut server = Server::bind(&arguments.socket, Config::default()).map_err(failed)?;
    let mut card = card(arguments)?;
    let mut out = io::stdout().lock();
    writeln!(out, "listening at {}", arguments.socket.display())?;
    out.flush()?;
    let mut told = Ok(());
    let served = serve(&mut server, &mut card, |event| {
        told = tell(&mut out, event);
        told.is_ok()
    });
    served.map_err(failed)?;
    told?;
    Ok(End::Done)
}

/// A refusal, which says by itself what is wrong.
fn failed(error: impl std::error::Error + 'static) -> Failure {
    Failure::new(error, None)
}

fn card(arguments: &Arguments) -> Result<PciCard, Failure> {
    let bar = Bar::new();
    let card = PciCard::new(|memory| -> Result<Box<dyn Engine>, EngineError> {
        Ok(match arguments.card {
            Inside::Model => Box::new(ModelEngine::new(arguments.profile, memory)),
            Inside::Rtl => {
                let timing = AxiTiming::default();
                let on_step = &mut |step| bar.step(step);
                Box::new(RtlEngine::build(
                    arguments.profile,
                    memory,
                    timing,
                    on_step,
                )?)
            }
        })
    });
    card.map_err(failed)
}

/// One line for what somebody who watches wants to know.
fn tell(out: &mut dyn Write, event: &Event) -> io::Result<()> {
    match event {
        Event::Connected => writeln!(out, "a host came")?,
        Event::Disconnected(Gone::Socket(_)) => writeln!(out, "the host went")?,
        Event::Disconnected(gone) => writeln!(out, "the host was put out: {gone}")?,
        Event::Refused { command, errno } => {
            writeln!(out, "refused a message, command {command}: {errno}")?;
        }
        Event::Idle | Event::Done(_) => return Ok(()),
    }
    out.flush()
}
