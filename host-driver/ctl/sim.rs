//! `underpass sim`

use std::io::{self, Write};
use std::path::PathBuf;

use clap::ValueEnum;
use underpass_bench::AxiTiming;
use underpass_layout::profile::{Profile, PROFILES, SIM};
use underpass_sim_card::cables::{check, Cabled, Count, Counts, Plug, Tap, TapError};
use underpass_sim_card::card::PciCard;
use underpass_sim_card::engine::{Engine, EngineError, ModelEngine, RtlEngine};
use underpass_sim_card::serve::serve;
use underpass_vfio_user::{Config, Event, Gone, Server};

use crate::end::{End, Failure};
use crate::progress::Bar;
use crate::stop::Stop;
use crate::Ended;

/// Serve a simulated PCIe card at a socket (vfio-user), for `--card vfio-user:PATH` or a virtual machine.
///
/// It runs until SIGINT or SIGTERM. One host at a time; one that goes away leaves a card as after a reset.
#[derive(clap::Args)]
pub struct Arguments {
    /// What is inside the card.
    #[arg(long, value_enum, default_value_t = Inside::Rtl)]
    card: Inside,
    /// How large its tables are.
    #[arg(long, default_value = SIM.name, value_parser = profile, value_name = "sim|u250")]
    profile: &'static Profile,
    /// The socket.
    #[arg(long, value_name = "PATH", default_value_os_t = socket())]
    socket: PathBuf,
    /// Plug a TAP device into a port of the card; may be given for several ports. A device that is not there is made.
    #[arg(long = "port", value_name = "PORT=tap:INTERFACE")]
    plugs: Vec<Plug>,
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
    let listen = || Server::bind(&arguments.socket, Config::default()).map_err(failed);
    // Whether there can be a server is known at once. There is none before there is a card, and the RTL may take minutes:
    // a host would wait in vain, and whoever ends this program meanwhile would leave a socket behind.
    drop(listen()?);
    let taps = attach(&arguments.plugs)?;
    let (mut card, counts) = card(arguments, taps)?;
    let stop = Stop::new()?;
    let mut server = listen()?;
    let mut out = io::stdout().lock();
    writeln!(out, "listening at {}", arguments.socket.display())?;
    out.flush()?;
    let (mut told, mut last) = (Ok(()), counts.borrow().clone());
    let mut here = false;
    let served = serve(&mut server, &mut card, |event| {
        told = tell(&mut out, event, &mut here);
        if told.is_ok() && matches!(event, Event::Disconnected(_)) {
            told = tell_counts(&mut out, &counts.borrow(), &mut last);
        }
        told.is_ok() && !stop.is_asked()
    });
    served.map_err(failed)?;
    told?;
    tell_counts(&mut out, &counts.borrow(), &mut last)?;
    Ok(End::Done)
}

/// A refusal, which says by itself what is wrong.
fn failed(error: impl std::error::Error + 'static) -> Failure {
    Failure::new(error, None)
}

/// Plugs in what there is to plug in.
fn attach(plugs: &[Plug]) -> Result<Vec<(u16, Tap)>, Failure> {
    check(plugs).map_err(|error| {
        let hint = "such as: --port vf0=tap:vm1 --port vf1=tap:vm2".to_owned();
        Failure::new(error, Some(hint))
    })?;
    let taps = plugs
        .iter()
        .map(|plug| Ok((plug.port, Tap::attach(&plug.interface)?)));
    taps.collect::<Result<_, TapError>>().map_err(|error| {
        let hint = error.hint();
        Failure::new(error, hint)
    })
}

fn card(arguments: &Arguments, taps: Vec<(u16, Tap)>) -> Result<(PciCard, Counts), Failure> {
    let bar = Bar::new();
    let mut counts = Counts::default();
    let card = PciCard::new(|memory| -> Result<Box<dyn Engine>, EngineError> {
        let engine: Box<dyn Engine> = match arguments.card {
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
        };
        let cabled = Cabled::new(engine, taps);
        counts = cabled.counts();
        Ok(Box::new(cabled))
    });
    Ok((card.map_err(failed)?, counts))
}

/// One line for what somebody who watches wants to know. `here`: a host came and has not gone.
fn tell(out: &mut dyn Write, event: &Event, here: &mut bool) -> io::Result<()> {
    let was_here = match event {
        Event::Connected => std::mem::replace(here, true),
        Event::Disconnected(_) => std::mem::take(here),
        _ => *here,
    };
    match event {
        Event::Connected => writeln!(out, "a host came")?,
        Event::Disconnected(Gone::Socket(_)) if was_here => writeln!(out, "the host went")?,
        // It looked whether somebody listens, as another server does that wants this socket.
        Event::Disconnected(Gone::Socket(_)) => return Ok(()),
        Event::Disconnected(gone) => writeln!(out, "the host was put out: {gone}")?,
        Event::Refused { command, errno } => {
            writeln!(out, "refused a message, command {command}: {errno}")?;
        }
        Event::Idle | Event::Done(_) => return Ok(()),
    }
    out.flush()
}

/// One line a cable, unless nothing went over any since it was last told.
fn tell_counts(out: &mut dyn Write, counts: &[Count], last: &mut Vec<Count>) -> io::Result<()> {
    if counts == last {
        return Ok(());
    }
    for count in counts {
        writeln!(
            out,
            "{}=tap:{}: {} frames entered, {} left; lost: {} that the card and {} that the device did not take",
            count.port, count.interface, count.entered, count.left, count.refused, count.lost
        )?;
    }
    *last = counts.to_vec();
    out.flush()
}
