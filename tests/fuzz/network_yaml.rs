//! Network files: taken, or refused with line and column; what is taken compiles or says why not.

use underpass_layout::profile::SIM;
use underpass_table_compiler::{compile, parse, Network, NetworkError, Placed};

/// Takes one file.
///
/// # Panics
/// A refusal without a place in the file, or without what was expected there.
pub fn run(data: &[u8]) {
    // What is not UTF-8 is refused by whoever reads the file.
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match parse("n.yaml", text) {
        Ok(network) => compiles(&network),
        Err(error) => refused(text, &error),
    }
}

fn compiles(network: &Network) {
    if let Err(error) = compile(network, &Placed::empty(&SIM, 1)) {
        assert!(!error.to_string().is_empty());
    }
}

fn refused(text: &str, error: &NetworkError) {
    // To YAML a carriage return ends a line too; the end may be on a line of its own.
    let lines = text.matches(['\n', '\r']).count() + 2;
    assert!((1..=lines).contains(&error.place.line), "{error}");
    assert!(error.place.col >= 1, "{error}");
    assert!(error.to_string().contains("expected"), "{error}");
}
