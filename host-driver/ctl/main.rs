//! The `underpass` program: what was typed, turned into calls of the library, and how it ended.
//!
//! Exit status: 0 done; 1 not found, or a comparison differs; 2 refused or failed. Errors go to stderr as
//! `error: ` with all their causes, then `hint: ` with what may help. A reader that went away is no error.
#![forbid(unsafe_code)]

mod card;
mod compile;
mod conform;
mod daemon;
mod end;
mod progress;
mod replay;
mod sim;
mod stop;
mod table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use end::{End, Failure};

/// An overlay network's data path in an FPGA SmartNIC.
#[derive(Parser)]
#[command(name = "underpass", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Replay(replay::Arguments),
    Conform(conform::Arguments),
    Compile(compile::Arguments),
    #[command(subcommand)]
    Table(table::Command),
    #[command(subcommand)]
    Card(card::Command),
    Daemon(daemon::Arguments),
    Sim(sim::Arguments),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return end::of_clap(&error),
    };
    let ended = match &arguments.command {
        Command::Replay(arguments) => replay::run(arguments),
        Command::Conform(arguments) => conform::run(arguments),
        Command::Compile(arguments) => compile::run(arguments),
        Command::Table(command) => table::run(command),
        Command::Card(command) => card::run(command),
        Command::Daemon(arguments) => daemon::run(arguments),
        Command::Sim(arguments) => sim::run(arguments),
    };
    end::exit(ended)
}

/// How a command ends.
type Ended = Result<End, Failure>;
