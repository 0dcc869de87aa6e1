//! The Verilog of a card built into a model, once for all who ask.

use std::path::Path;

use super::{coverage, waves};
use underpass_hdl::shells::{emit, Shell};
use underpass_layout::profile::Profile;
use underpass_verilator::{Library, Port, Source};

/// The Verilog of a card as Verilator takes it.
pub fn source(profile: &'static Profile, shell: Shell) -> Source {
    let rtl = emit(profile, shell).unwrap_or_else(|error| panic!("{error}"));
    let ports = rtl.ports.into_iter().map(|port| match port.input {
        true => Port::input(port.name, port.width),
        false => Port::output(port.name, port.width),
    });
    Source::new(rtl.top, rtl.verilog, ports.collect())
}

/// A source built in a cache directory, or in the usual one.
pub fn build(source: &Source, cache: Option<&Path>) -> Library {
    underpass_verilator::build(source, cache).unwrap_or_else(|error| panic!("{error}"))
}

/// The tapped core of this profile, with waveforms or counted lines where they are asked for.
pub fn library(profile: &'static Profile) -> Library {
    let source = source(profile, Shell::TappedCore).trace(waves::asked());
    build(&coverage::counted(source), None)
}
