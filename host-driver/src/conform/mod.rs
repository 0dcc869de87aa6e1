//! Behaviour cases: what a data plane of this kind was observed to do, and whether this one does it.
//!
//! ```text
//!   CASES.json ──file──▶ cases ──run──▶ Station: card and agent's face ──▶ frames, drops, flows
//!                          │                                                      │
//!                          └─ needs: skipped            compared: frames, flows ◀─┘──▶ report: ok, FAIL, skip
//! ```
//! A case programs objects straight into an empty card, as the peer's agent would, then injects frames and says what
//! leaves, which drop counters rise and how flows change. All cases run on one card, which is emptied in between.

mod case;
mod checksum;
mod drop_names;
mod fields;
mod file;
mod flows;
mod frames;
mod needs;
mod ports;
mod report;
mod run;
mod station;

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

pub use case::{Case, Change, Expect, FlowKey, FlowState, Inject, Out, Reply, Step};
pub use file::{parse, FileError, Place, Reason};
pub use needs::missing;
pub use report::{Ended, Found, Line, Report};

use crate::access::{AccessError, Card};
use crate::driver::DriverError;
use station::Station;

/// What to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// The case file.
    pub file: PathBuf,
    /// The one case to run; else all.
    pub case: Option<String>,
    /// Print JSON.
    pub json: bool,
}

/// The cases could not be run.
#[derive(Debug, thiserror::Error)]
pub enum ConformError {
    /// The file cannot be read.
    #[error("{}: the case file cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file was refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is no such case.
    #[error("{}: found no case `{case}`, expected one of its {cases}", path.display())]
    NoCase {
        /// The file.
        path: PathBuf,
        /// The case.
        case: String,
        /// How many there are.
        cases: usize,
    },
    /// The card or the way to it.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// What was to be printed.
    #[error("the result cannot be printed")]
    Print(#[from] io::Error),
}

impl ConformError {
    /// What may help.
    pub fn hint(&self) -> Option<String> {
        match self {
            ConformError::Read { .. } => {
                Some("name a case file, such as tests/conformance/given.json".to_owned())
            }
            ConformError::File(_) => {
                Some("the form of case files is told in tests/conformance/README.md".to_owned())
            }
            ConformError::NoCase { path, .. } => Some(format!(
                "see the cases with `underpass conform {}`",
                path.display()
            )),
            ConformError::Driver(error) => error.hint(),
            ConformError::Print(_) => None,
        }
    }
}

impl From<AccessError> for ConformError {
    fn from(error: AccessError) -> Self {
        ConformError::Driver(error.into())
    }
}

/// Reads a case file and runs what was asked for, a line each. `open` opens the card once it is sure that it is needed.
pub fn conform(
    options: &Options,
    open: &mut dyn FnMut() -> Result<Box<dyn Card>, AccessError>,
    out: &mut dyn Write,
) -> Result<Report, ConformError> {
    let path = &options.file;
    let text = fs::read_to_string(path).map_err(|source| ConformError::Read {
        path: path.clone(),
        source,
    })?;
    let mut cases = parse(&path.display().to_string(), &text)?;
    if let Some(asked) = &options.case {
        let all = cases.len();
        cases.retain(|case| case.id == *asked);
        if cases.is_empty() {
            return Err(ConformError::NoCase {
                path: path.clone(),
                case: asked.clone(),
                cases: all,
            });
        }
    }
    let mut lines = |line: &Line| match options.json {
        true => Ok(()),
        false => writeln!(out, "{line}"),
    };
    let report = run_all(&cases, open()?, &mut lines)?;
    match options.json {
        true => {
            serde_json::to_writer_pretty(&mut *out, &report).map_err(io::Error::from)?;
            writeln!(out)?;
        }
        false => report.write_sums(out)?,
    }
    Ok(report)
}

/// Runs cases on a card that is as after a reset; `each` is told what became of each as soon as that is known.
pub fn run_all(
    cases: &[Case],
    card: impl Card,
    each: &mut dyn FnMut(&Line) -> io::Result<()>,
) -> Result<Report, ConformError> {
    let mut station = Station::open(card)?;
    let mut report = Report::default();
    for case in cases {
        let line = Line {
            id: case.id.clone(),
            ended: run::run(&mut station, case)?,
        };
        each(&line)?;
        report.add(line);
    }
    Ok(report)
}
