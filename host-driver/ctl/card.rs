//! `underpass card show | reset`

use std::io::{self, BufWriter, Write};

use underpass_host_driver::access::CardName;
use underpass_host_driver::driver::{Driver, Identity};
use underpass_host_driver::{print, tables};
use underpass_layout::profile::SIM;

use crate::end::{End, Failure};
use crate::progress::Bar;
use crate::table::{failed, print_json};
use crate::Ended;

/// Look at a card, or reset it.
#[derive(clap::Subcommand)]
pub enum Command {
    /// What the card says it is: layout, profile, build, ports, and the sizes of its tables. It is reset for that.
    Show {
        /// The card: sim:model, sim:rtl, vfio-user:PATH or vfio:DDDD:BB:DD.F.
        #[arg(long, default_value_t = CardName::Rtl)]
        card: CardName,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take a card back to what it was when power came: empty tables, rings stopped, no packets accepted.
    Reset {
        /// The card: vfio-user:PATH or vfio:DDDD:BB:DD.F; one that is simulated in this program is new each time.
        #[arg(long)]
        card: CardName,
    },
}

pub fn run(command: &Command) -> Ended {
    let (card, json) = match command {
        Command::Show { card, json } => (card, json),
        Command::Reset { card } => return reset(card),
    };
    let identity = identity(card)?;
    let mut out = BufWriter::new(io::stdout().lock());
    match json {
        true => show_json(&mut out, card, &identity)?,
        false => show(&mut out, card, &identity)?,
    }
    out.flush()?;
    Ok(End::Done)
}

/// A card is reset by being opened; then it must say what it is.
fn reset(card: &CardName) -> Ended {
    identity(card)?;
    writeln!(io::stdout(), "{card} was reset")?;
    Ok(End::Done)
}

/// Opens a card and asks it what it is.
pub fn identity(card: &CardName) -> Result<Identity, Failure> {
    let bar = Bar::new();
    let card = card
        .open(&SIM, &mut |step| bar.step(step))
        .map_err(failed)?;
    let driver = Driver::open(card).map_err(failed)?;
    Ok(*driver.identity())
}

fn show(out: &mut dyn Write, card: &CardName, identity: &Identity) -> Result<(), Failure> {
    let ports: Vec<_> = card.ports().iter().map(|(name, _)| *name).collect();
    writeln!(out, "card     {card}")?;
    writeln!(out, "layout   {:016x}", identity.layout_id)?;
    writeln!(out, "profile  {}", identity.profile.name)?;
    writeln!(out, "build    {:08x}", identity.build)?;
    writeln!(out, "ports    {}", ports.join(" "))?;
    writeln!(out)?;
    let rows = tables::list(identity.profile, None)
        .into_iter()
        .map(|table| {
            [
                table.table.to_owned(),
                table.rows.to_string(),
                table.entries.to_string(),
            ]
        });
    print::table(out, &["TABLE", "ROWS", "ENTRIES"], rows)?;
    Ok(())
}

fn show_json(out: &mut dyn Write, card: &CardName, identity: &Identity) -> Result<(), Failure> {
    let ports: serde_json::Map<_, _> = card
        .ports()
        .iter()
        .map(|(name, number)| ((*name).to_owned(), (*number).into()))
        .collect();
    let value = serde_json::json!({
        "card": card.to_string(),
        "layout": format!("{:016x}", identity.layout_id),
        "profile": identity.profile.name,
        "build": format!("{:08x}", identity.build),
        "ports": ports,
        "tables": tables::list(identity.profile, None),
    });
    print_json(out, &value)
}
