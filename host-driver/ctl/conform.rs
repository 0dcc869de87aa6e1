//! `underpass conform`

use std::io::{self, BufWriter, LineWriter, Write};
use std::path::PathBuf;

use underpass_host_driver::access::CardName;
use underpass_host_driver::conform::{conform, ConformError, Options};
use underpass_layout::profile::SIM;

use crate::end::{End, Failure};
use crate::progress::Bar;
use crate::Ended;

/// Run behaviour cases: what a data plane of this kind was observed to do, against what this card does.
#[derive(clap::Args)]
pub struct Arguments {
    /// The cases.
    #[arg(value_name = "CASES.json")]
    file: PathBuf,
    /// Run this case alone.
    #[arg(long = "case", value_name = "ID")]
    case: Option<String>,
    /// The card: sim:model, sim:rtl, vfio-user:PATH or vfio:DDDD:BB:DD.F.
    #[arg(long, default_value_t = CardName::Rtl)]
    card: CardName,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Ended {
    let options = Options {
        file: arguments.file.clone(),
        case: arguments.case.clone(),
        json: arguments.json,
    };
    // Each line as soon as it is known: on RTL a case takes a while.
    let mut out = LineWriter::new(BufWriter::new(io::stdout().lock()));
    let mut open = || {
        let bar = Bar::new();
        arguments.card.open(&SIM, &mut |step| bar.step(step))
    };
    match conform(&options, &mut open, &mut out) {
        Ok(report) => {
            out.flush()?;
            Ok(match report.failed {
                0 => End::Done,
                _ => End::Differs,
            })
        }
        Err(error) => {
            let (hint, found) = (error.hint(), !matches!(error, ConformError::NoCase { .. }));
            let failure = Failure::new(error, hint);
            Err(if found { failure } else { failure.not_found() })
        }
    }
}
