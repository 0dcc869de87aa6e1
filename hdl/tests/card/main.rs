//! The card with its rings under Verilator, as a driver meets it.

mod commands;
mod faults;
mod fuzz;
mod harness;
mod injects;
mod pairs;
mod punts;
mod rounds;
mod shell;
