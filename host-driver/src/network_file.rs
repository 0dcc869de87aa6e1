//! The network file as commands take it: read, checked, and every port of it on the card.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use underpass_table_compiler::{parse, Network, NetworkError};

/// A network file was refused.
#[derive(Debug, thiserror::Error)]
pub enum NetworkFileError {
    /// It cannot be read.
    #[error("{}: the network file cannot be read", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It contradicts itself, or asks for what there is not.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// It wants a port that the card has not.
    #[error("{place}: found port `{found}`, expected one of the card's: {}", expected.join(", "))]
    Port {
        /// File, and line and column where they can be told.
        place: String,
        /// The port.
        found: String,
        /// The card's ports.
        expected: Vec<&'static str>,
    },
}

impl NetworkFileError {
    /// What may help.
    pub fn hint(&self) -> String {
        match self {
            NetworkFileError::Io { .. } => {
                "name a network file, such as examples/two-computes/compute-1.yaml".to_owned()
            }
            NetworkFileError::Network(error) => {
                format!("mend it and try `underpass compile {}`", error.file)
            }
            NetworkFileError::Port { .. } => "see the ports with `underpass card show`".to_owned(),
        }
    }
}

/// Reads a network for a card with these ports.
pub fn read(path: &Path, ports: &[(&'static str, u16)]) -> Result<Network, NetworkFileError> {
    let text = fs::read_to_string(path).map_err(|source| NetworkFileError::Io {
        path: path.to_owned(),
        source,
    })?;
    let file = path.display().to_string();
    let network = parse(&file, &text)?;
    let missing = port_names(&network)
        .into_iter()
        .find(|name| !ports.iter().any(|(port, _)| port == name));
    match missing {
        Some(found) => Err(NetworkFileError::Port {
            place: match place(&text, &found) {
                Some((line, column)) => format!("{file}:{line}:{column}"),
                None => file,
            },
            found,
            expected: ports.iter().map(|(name, _)| *name).collect(),
        }),
        None => Ok(network),
    }
}

/// The names of the ports that a network uses, the underlay's first.
pub fn port_names(network: &Network) -> Vec<String> {
    let underlay = &network.underlay;
    let gateways = network.gateways.iter().map(|gateway| gateway.port);
    let guests = network.interfaces.iter().map(|interface| interface.port);
    let ports = [underlay.port]
        .into_iter()
        .chain(underlay.host_port)
        .chain(gateways)
        .chain(guests);
    ports.map(|port| port.to_string()).collect()
}

/// Line and column of a port's name behind the key `port` or `host_port`. The reader of the file has no card to ask, so
/// it keeps no places of ports.
fn place(text: &str, port: &str) -> Option<(usize, usize)> {
    text.lines().enumerate().find_map(|(line, words)| {
        let (start, _) = words.match_indices("port:").find(|(start, key)| {
            let value = words[start + key.len()..].trim_start_matches([' ', '"', '\'']);
            let rest = value.strip_prefix(port);
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
        })?;
        let at = start + words[start..].find(port)?;
        Some((line + 1, words[..at].chars().count() + 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_port_is_that_of_its_name() {
        let text = "underlay:\n  port: wire0\ninterfaces:\n  - {name: vf1, port: vf12}\n  - {port: \"vf1\"}\n";
        assert_eq!(place(text, "wire0"), Some((2, 9)));
        assert_eq!(place(text, "vf12"), Some((4, 23)));
        assert_eq!(place(text, "vf1"), Some((5, 13)));
        assert_eq!(place(text, "vf3"), None);
    }
}
