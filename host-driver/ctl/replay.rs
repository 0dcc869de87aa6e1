//! `underpass replay`

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use underpass_host_driver::access::CardName;
use underpass_host_driver::replay::{replay, Input, Options, Pace};
use underpass_host_driver::show::{Format, Show};
use underpass_layout::profile::SIM;

use crate::end::{End, Failure};
use crate::progress::Bar;
use crate::Ended;

/// Run packets through the whole system: captures in, captures and counters out.
#[derive(clap::Args)]
pub struct Arguments {
    /// The network that the card shall carry.
    #[arg(value_name = "NETWORK.yaml")]
    network: PathBuf,
    /// Packets that enter a port, a pcap or pcapng capture; may be given for several ports.
    #[arg(long = "in", value_name = "PORT=FILE.pcap", required = true, num_args = 1..)]
    inputs: Vec<Input>,
    /// Directory for what left each port and for summary.json.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The card: sim:model, sim:rtl, vfio-user:PATH or vfio:DDDD:BB:DD.F.
    #[arg(long, default_value_t = CardName::Rtl)]
    card: CardName,
    /// Print what each stage makes of each packet.
    #[arg(long)]
    trace: bool,
    /// Tables to print at the end.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "TABLE,..")]
    show: Vec<Show>,
    /// The shape of those tables.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Print JSON.
    #[arg(long, conflicts_with_all = ["format", "trace"])]
    json: bool,
    /// Let each packet wait until all is quiet, or send back to back.
    #[arg(long, value_enum, default_value_t)]
    pace: Pace,
}

pub fn run(arguments: &Arguments) -> Ended {
    let options = Options {
        network: arguments.network.clone(),
        inputs: arguments.inputs.clone(),
        out: arguments.out.clone(),
        card: arguments.card.clone(),
        profile: &SIM,
        pace: arguments.pace,
        trace: arguments.trace,
        show: arguments.show.clone(),
        format: arguments.format,
        json: arguments.json,
    };
    let bar = Bar::new();
    let mut out = BufWriter::new(io::stdout().lock());
    replay(&options, &mut out, &mut |progress| bar.replay(progress)).map_err(|error| {
        let hint = error.hint();
        Failure::new(error, hint)
    })?;
    drop(bar);
    out.flush()?;
    Ok(End::Done)
}
