//! The names of cards, as `--card` takes them.

use std::fmt;
use std::str::FromStr;

/// Which card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardName {
    /// The tables and stages in plain Rust.
    Model,
    /// The RTL under Verilator.
    Rtl,
}

/// The text names no card that this program can reach.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("found card `{found}`, expected one of {}", expected())]
pub struct UnknownCard {
    /// What was read.
    pub found: String,
}

impl CardName {
    /// Every card.
    pub const ALL: [CardName; 2] = [CardName::Model, CardName::Rtl];

    /// The name.
    pub const fn text(self) -> &'static str {
        match self {
            CardName::Model => "sim:model",
            CardName::Rtl => "sim:rtl",
        }
    }
}

fn expected() -> String {
    CardName::ALL.map(|card| format!("`{card}`")).join(", ")
}

impl FromStr for CardName {
    type Err = UnknownCard;

    fn from_str(text: &str) -> Result<Self, UnknownCard> {
        let found = CardName::ALL.into_iter().find(|card| card.text() == text);
        found.ok_or_else(|| UnknownCard {
            found: text.to_owned(),
        })
    }
}

impl fmt::Display for CardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_as_written() {
        for card in CardName::ALL {
            assert_eq!(card.to_string().parse(), Ok(card));
        }
    }

    #[test]
    fn another_name_is_refused_with_those_that_exist() {
        let error = "vfio:0000:3b:00.0".parse::<CardName>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "found card `vfio:0000:3b:00.0`, expected one of `sim:model`, `sim:rtl`"
        );
    }
}
