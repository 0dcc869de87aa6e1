//! Packets through the whole system: captures in, a network between, captures out.
//!
//! ```text
//!   vf0=a.pcap ──┐                                                        ┌─▶ DIR/vf0.pcap
//!   wire0=b.pcap ├─▶ by time stamp ─▶ Session: card and slow path ─▶ left ├─▶ DIR/wire0.pcap
//!   ...        ──┘                          │                             └─▶ ...
//!                                           └─▶ counters ─▶ DIR/summary.json
//! ```
//! Each packet waits until card and slow path are quiet, so what leaves, and in which order, does not depend on how
//! fast a card is. Time stamps are the clock: what waits for time to pass waits until a later packet brings that time.
//! Everything is checked before the first packet enters, and nothing is written unless the run comes to its end.

mod input;
mod output;
mod pcapng;
mod report;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

pub use input::{
    read as read_captures, Input, InputError, InputErrorKind, InvalidInput, Packet, Packets,
    MAX_FRAME_BYTES,
};
pub use output::OutputError;
pub use report::{Departed, PacketReport};

use crate::access::{AccessError, Card, CardName, PortAccess, Step, Traced};
use crate::driver::{DriverError, Identity, REPLAY_SEED};
use crate::network_file::{self, NetworkFileError};
use crate::session::{Outcome, Session, SessionError};
use crate::show::{self, Format, Show};
use crate::summary::Summary;
use output::Output;
use underpass_layout::port;
use underpass_layout::profile::Profile;

/// Packets that are sent back to back before the slow path is served, at `--pace line`.
const BURST_PACKETS: usize = 32;
/// Their bytes: all of them may be punted, and the FIFO of the slow port holds 64 KiB with a shim each.
const BURST_BYTES: usize = 32 * 1024;

/// How packets follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Pace {
    /// Each waits until card and slow path are quiet.
    #[default]
    Quiet,
    /// Back to back; a packet that leaves carries the time stamp of the last one that had entered by then.
    Line,
}

/// What to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// The network file.
    pub network: PathBuf,
    /// What enters.
    pub inputs: Vec<Input>,
    /// Where the output goes.
    pub out: PathBuf,
    /// Which card.
    pub card: CardName,
    /// The size of one that is simulated in this process.
    pub profile: &'static Profile,
    /// How packets follow each other.
    pub pace: Pace,
    /// Print the walk of each packet.
    pub trace: bool,
    /// Tables to print at the end.
    pub show: Vec<Show>,
    /// In which shape.
    pub format: Format,
    /// Print JSON instead of tables.
    pub json: bool,
}

/// How far a replay is.
#[derive(Clone, Copy, Debug)]
pub enum Progress {
    /// The card is being built.
    Building(Step),
    /// So many packets of so many have entered.
    Packets(usize, usize),
}

/// A replay was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The network file.
    #[error(transparent)]
    Network(#[from] NetworkFileError),
    /// A capture.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A port that the card has not.
    #[error("found port `{found}` in --in, expected one of the card's: {}", expected.join(", "))]
    NoSuchPort {
        /// The port.
        found: String,
        /// The card's.
        expected: Vec<&'static str>,
    },
    /// A port that the network does not use.
    #[error("found port `{found}` in --in, expected one that {} uses: {}", network.display(), expected.join(", "))]
    UnusedPort {
        /// The port.
        found: String,
        /// The network file.
        network: PathBuf,
        /// Those that it uses.
        expected: Vec<String>,
    },
    /// The output.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The card, or the network on it.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// What was to be printed.
    #[error("the result cannot be printed")]
    Print(#[from] io::Error),
}

impl ReplayError {
    /// What may help.
    pub fn hint(&self) -> Option<String> {
        match self {
            ReplayError::Network(error) => Some(error.hint()),
            ReplayError::Input(error) => Some(error.kind.hint().to_owned()),
            ReplayError::NoSuchPort { .. } => {
                Some("see the ports with `underpass card show`".to_owned())
            }
            ReplayError::UnusedPort { found, network, .. } => Some(format!(
                "give an interface `port: {found}` in {}, or name another port",
                network.display()
            )),
            ReplayError::Output(OutputError::Occupied { .. } | OutputError::NoDirectory { .. }) => {
                Some("name another directory with --out".to_owned())
            }
            ReplayError::Session(error) => error.hint(),
            ReplayError::Output(_) | ReplayError::Print(_) => None,
        }
    }
}

impl From<AccessError> for ReplayError {
    fn from(error: AccessError) -> Self {
        ReplayError::Session(SessionError::Driver(DriverError::Access(error)))
    }
}

/// What is printed with `--json`.
#[derive(Serialize)]
struct Report<'a> {
    packets: &'a [PacketReport],
    summary: &'a Summary,
    #[serde(flatten)]
    tables: BTreeMap<&'static str, serde_json::Value>,
}

/// Runs packets through a network and prints what happened to each.
pub fn replay(
    options: &Options,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), ReplayError> {
    let network = network_file::read(&options.network, options.card.ports())?;
    let used = network_file::port_names(&network);
    let ports = check_ports(options, &used)?;
    let packets = input::read(&options.inputs)?;
    output::check(&options.out)?;

    let mut card = options.card.open(options.profile, &mut |step| {
        progress(Progress::Building(step))
    })?;
    if card.ports().is_empty() {
        return Err(AccessError::NoPorts.into());
    }
    let card: Box<dyn Card> = match options.trace {
        true => {
            // A card that is served or in the machine has a size of its own.
            let identity = Identity::read(&mut card).map_err(SessionError::from)?;
            Box::new(Traced::new(card, identity.profile))
        }
        false => card,
    };
    let mut session = Session::start(card, network, REPLAY_SEED)?;
    let mut output = Output::create(&options.out, used, packets.nanoseconds)?;
    let mut run = Run {
        options,
        ports,
        session: &mut session,
        output: &mut output,
        out,
        reports: Vec::new(),
    };
    run.all(&packets.list, progress)?;
    let reports = run.reports;

    session.finish()?;
    let summary = Summary::read(&mut session)?;
    // The summary is plain data: numbers, names and lists of them.
    let text = serde_json::to_string_pretty(&summary).map_err(io::Error::from)?;
    output.commit(&(text + "\n"))?;

    if options.json {
        let tables = show::json(&options.show, &mut session, &summary)?;
        let report = Report {
            packets: &reports,
            summary: &summary,
            tables,
        };
        serde_json::to_writer_pretty(&mut *out, &report).map_err(io::Error::from)?;
        writeln!(out)?;
        return Ok(());
    }
    match options.pace {
        Pace::Quiet => report::print_packets(out, &reports)?,
        Pace::Line => report::print_ports(out, &summary)?,
    }
    let flows = session.flows()?;
    for what in &options.show {
        writeln!(out)?;
        match options.format {
            Format::Table => show::print(*what, out, &mut session, &summary)?,
            Format::Classic => {
                show::print_classic(*what, out, &mut session, &summary, &flows)?;
            }
        }
    }
    Ok(())
}

/// The port numbers of the inputs.
fn check_ports(options: &Options, used: &[String]) -> Result<Vec<u16>, ReplayError> {
    let card = options.card.ports();
    let inputs = options.inputs.iter();
    inputs
        .map(|Input { port: found, .. }| {
            let number = port::number(found).ok_or_else(|| ReplayError::NoSuchPort {
                found: found.clone(),
                expected: card.iter().map(|(name, _)| *name).collect(),
            })?;
            if used.contains(found) {
                return Ok(number);
            }
            Err(ReplayError::UnusedPort {
                found: found.clone(),
                network: options.network.clone(),
                expected: used.to_vec(),
            })
        })
        .collect()
}

/// A replay under way.
struct Run<'a> {
    options: &'a Options,
    /// By input.
    ports: Vec<u16>,
    session: &'a mut Session<Box<dyn Card>>,
    output: &'a mut Output,
    out: &'a mut dyn Write,
    reports: Vec<PacketReport>,
}

impl Run<'_> {
    fn all(
        &mut self,
        packets: &[Packet],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), ReplayError> {
        let mut done = 0;
        while let Some(rest) = packets.get(done..).filter(|rest| !rest.is_empty()) {
            let burst = match self.options.pace {
                Pace::Quiet => &rest[..1],
                Pace::Line => &rest[..burst(rest)],
            };
            self.burst(done, burst)?;
            done += burst.len();
            progress(Progress::Packets(done, packets.len()));
        }
        Ok(())
    }

    fn burst(&mut self, before: usize, packets: &[Packet]) -> Result<(), ReplayError> {
        let Some(last) = packets.last() else {
            return Ok(());
        };
        for packet in packets {
            self.session.advance(packet.time)?;
            if self.options.pace == Pace::Quiet {
                // What time made the slow path send has left before the packet comes.
                self.session.rest()?;
            }
            self.session.push(self.ports[packet.input], &packet.frame)?;
        }
        let outcome = self.session.serve()?;
        for (port, frame) in &outcome.departures {
            let port = report::port_name(*port);
            self.output.write(&port, last.time, frame)?;
        }
        let reports: Vec<PacketReport> = match (self.options.pace, packets) {
            (Pace::Quiet, [packet]) => vec![self.report(before + 1, packet, &outcome)],
            _ => Vec::new(),
        };
        if self.options.trace && !self.options.json {
            match &reports[..] {
                [report] => writeln!(
                    self.out,
                    "packet {}  {}  {}",
                    report.number, report.port, report.packet
                )?,
                _ => writeln!(
                    self.out,
                    "packets {} to {}",
                    before + 1,
                    before + packets.len()
                )?,
            }
            self.print_walks()?;
        }
        self.reports.extend(reports);
        Ok(())
    }

    fn report(&self, number: usize, packet: &Packet, outcome: &Outcome) -> PacketReport {
        let port = &self.options.inputs[packet.input].port;
        PacketReport::new(number, port, packet, outcome)
    }

    /// One block for each time that a packet entered the pipeline.
    fn print_walks(&mut self) -> io::Result<()> {
        for walk in self.session.driver().card().take_walks() {
            let from_slow_path = walk
                .steps
                .first()
                .is_some_and(|(_, meta)| meta.arrival.injected);
            if from_slow_path {
                writeln!(self.out, "  from the slow path")?;
            }
            for line in walk.to_string().lines() {
                writeln!(self.out, "  {line}")?;
            }
        }
        writeln!(self.out)
    }
}

/// How many packets go back to back.
fn burst(packets: &[Packet]) -> usize {
    let mut bytes = 0;
    let fits = packets.iter().take(BURST_PACKETS).take_while(|packet| {
        bytes += packet.frame.len();
        bytes <= BURST_BYTES
    });
    fits.count().max(1)
}
