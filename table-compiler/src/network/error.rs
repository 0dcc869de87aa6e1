//! Why a network file was refused: the place, what was found there and what was expected.
//!
//! Every refusal reads `FILE:LINE:COL: found ..., expected ...`, which editors and terminals turn into
//! a link. Of two things that exclude each other the later one in the file is named, with the place of
//! the first.

use std::fmt;

use super::place::Place;

/// A network file was refused. Nothing of it takes effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkError {
    /// The file's name, as the caller gave it.
    pub file: String,
    /// Where in the file.
    pub place: Place,
    /// What stood there.
    pub kind: NetworkErrorKind,
}

/// What was found and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkErrorKind {
    /// The text is not YAML.
    #[error("found text that is not YAML ({problem}), expected YAML")]
    Syntax {
        /// The YAML reader's own words.
        problem: String,
    },
    /// A value of the wrong type, form or range, or one that contradicts another.
    #[error("found {found}, expected {expected}")]
    Unexpected {
        /// What stands in the file.
        found: String,
        /// What may stand there.
        expected: String,
    },
    /// A key that means nothing here.
    #[error(
        "found unknown key `{key}` in {within}, expected one of {}",
        Words(known)
    )]
    UnknownKey {
        /// The key.
        key: String,
        /// What the key stands in.
        within: &'static str,
        /// The keys that mean something there.
        known: &'static [&'static str],
    },
    /// A required key is absent or empty.
    #[error("found {within} without `{key}`, expected the key `{key}`")]
    MissingKey {
        /// What the key is missing from.
        within: &'static str,
        /// The key.
        key: &'static str,
    },
    /// A thing that may be there once is there twice.
    #[error("found {what} `{value}` a second time, expected it once")]
    Duplicate {
        /// What kind of thing.
        what: &'static str,
        /// Which one.
        value: String,
        /// Where it was first.
        first: Place,
    },
    /// A range of addresses reaches into another.
    #[error("found subnet {found} overlapping {other}, expected subnets apart")]
    Overlap {
        /// The later subnet.
        found: String,
        /// The one it reaches into.
        other: String,
        /// Where that one stands.
        first: Place,
    },
    /// A network that nobody defined.
    #[error("found network `{name}`, expected the name of one in `networks`")]
    UnknownNetwork {
        /// The name.
        name: String,
    },
    /// An interface that nobody defined.
    #[error("found interface `{name}`, expected the name of one in `interfaces`")]
    UnknownInterface {
        /// The name.
        name: String,
    },
    /// A name that nobody defined.
    #[error("found {what} `{name}`, expected the name of one in `{section}`")]
    UnknownName {
        /// What kind of thing.
        what: &'static str,
        /// The name.
        name: String,
        /// The section that defines such things.
        section: &'static str,
    },
    /// One allowed address pair in two modes.
    #[error("found allowed address {address} in another mode than before, expected one mode")]
    PairMode {
        /// The addresses.
        address: String,
        /// Where the other mode stands.
        first: Place,
    },
    /// A feature that later versions bring.
    #[error("found {asked}, which is not supported yet, expected {instead}")]
    NotSupported {
        /// What the file asks for.
        asked: String,
        /// What can be written today.
        instead: &'static str,
    },
}

impl NetworkErrorKind {
    /// The place of the first of two duplicates.
    #[must_use]
    pub const fn first(&self) -> Option<Place> {
        match self {
            Self::Duplicate { first, .. }
            | Self::Overlap { first, .. }
            | Self::PairMode { first, .. } => Some(*first),
            _ => None,
        }
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, place, kind } = self;
        write!(f, "{file}:{place}: {kind}")?;
        match kind.first() {
            Some(first) => write!(f, ", first at {file}:{first}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for NetworkError {}

/// Prints words in backticks with commas.
struct Words<'a>(&'a [&'static str]);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}`{word}`")?;
        }
        Ok(())
    }
}

/// A refusal before the file's name is known: what the readers below return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub place: Place,
    pub kind: NetworkErrorKind,
}

impl Fault {
    pub fn new(place: Place, kind: NetworkErrorKind) -> Self {
        Self { place, kind }
    }

    pub fn unexpected(place: Place, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::new(
            place,
            NetworkErrorKind::Unexpected {
                found: found.into(),
                expected: expected.into(),
            },
        )
    }

    pub fn not_supported(place: Place, asked: impl Into<String>, instead: &'static str) -> Self {
        Self::new(
            place,
            NetworkErrorKind::NotSupported {
                asked: asked.into(),
                instead,
            },
        )
    }

    pub fn in_file(self, file: &str) -> NetworkError {
        NetworkError {
            file: file.to_owned(),
            place: self.place,
            kind: self.kind,
        }
    }
}
