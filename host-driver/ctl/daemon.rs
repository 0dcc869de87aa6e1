//! `underpass daemon`

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;

use underpass_host_driver::access::CardName;
use underpass_host_driver::daemon;
use underpass_host_driver::driver::random_seed;
use underpass_host_driver::network_file;
use underpass_host_driver::session::Session;
use underpass_layout::profile::SIM;

use crate::end::{End, Failure};
use crate::progress::Bar;
use crate::stop::Stop;
use crate::table::failed;
use crate::Ended;

/// Own a card: program a network into it and run the slow path until SIGINT or SIGTERM.
///
/// Packets come and go by the card's own ports: those of a real one, or those that `underpass sim --port` plugs in. The
/// card takes no more packets when the daemon ends.
#[derive(clap::Args)]
pub struct Arguments {
    /// The card: vfio-user:PATH or vfio:DDDD:BB:DD.F.
    #[arg(long)]
    card: CardName,
    /// The network that the card shall carry.
    #[arg(long, value_name = "NETWORK.yaml")]
    network: PathBuf,
}

/// A card that nothing can be plugged into.
#[derive(Debug, thiserror::Error)]
#[error("found card `{card}`, expected vfio-user:PATH or vfio:DDDD:BB:DD.F: one within this program has no ports outside")]
struct NoPortsOutside {
    card: CardName,
}

impl NoPortsOutside {
    fn hint(&self) -> String {
        let inside = match self.card {
            CardName::Model => "model",
            _ => "rtl",
        };
        format!(
            "underpass sim --card {inside} --socket /tmp/card.sock --port vf0=tap:vm1 .., \
             then: underpass daemon --card vfio-user:/tmp/card.sock --network NETWORK.yaml"
        )
    }
}

pub fn run(arguments: &Arguments) -> Ended {
    let name = &arguments.card;
    if matches!(name, CardName::Model | CardName::Rtl) {
        let error = NoPortsOutside { card: name.clone() };
        let hint = error.hint();
        return Err(Failure::new(error, Some(hint)));
    }
    let network = network_file::read(&arguments.network, name.ports()).map_err(|error| {
        let hint = error.hint();
        Failure::new(error, Some(hint))
    })?;
    let (networks, interfaces) = (network.networks.len(), network.interfaces.len());
    let bar = Bar::new();
    let card = name
        .open(&SIM, &mut |step| bar.step(step))
        .map_err(failed)?;
    drop(bar);
    let seed = random_seed().map_err(failed)?;
    let mut session = Session::start(card, network, seed).map_err(failed)?;
    // Before there is something to end in order, the signal itself ends the wait for a card that another host has.
    let stop = Stop::new()?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{name} carries {}: {}, {}",
        arguments.network.display(),
        counted(networks, "network"),
        counted(interfaces, "interface")
    )?;
    out.flush()?;
    let tally = daemon::run(&mut session, stop.as_fd()).map_err(|error| {
        let hint = error.hint();
        Failure::new(error, hint)
    })?;
    tell(&mut out, &tally, &session)?;
    writeln!(out, "{name} takes no more packets")?;
    Ok(End::Done)
}

/// What it did, by reason; reasons that never occurred are absent.
fn tell<C>(out: &mut dyn Write, tally: &daemon::Tally, session: &Session<C>) -> io::Result<()>
where
    C: underpass_host_driver::access::Card,
{
    let handed: u64 = tally.punts.values().sum();
    let punts = tally
        .punts
        .iter()
        .map(|(reason, count)| (reason.name(), *count));
    writeln!(out, "{handed} packets were handed over{}", listed(punts))?;
    let mut drops = std::collections::BTreeMap::<_, u64>::new();
    for ((_, reason), count) in session.software_drops() {
        *drops.entry(reason.name()).or_default() += count;
    }
    let dropped: u64 = drops.values().sum();
    writeln!(
        out,
        "{dropped} of them were dropped{}",
        listed(drops.into_iter())
    )
}

/// `1 network`, `2 networks`.
fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// `: one 3, other 5`, or nothing.
fn listed<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> String {
    let words: Vec<_> = counts
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    match words.is_empty() {
        true => String::new(),
        false => format!(": {}", words.join(", ")),
    }
}
