//! The names of cards, as `--card` takes them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::bdf::{BadBdf, Bdf};

/// Which card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardName {
    /// The tables and stages in plain Rust.
    Model,
    /// The RTL under Verilator.
    Rtl,
    /// A card behind a vfio-user socket.
    VfioUser(PathBuf),
    /// A card in this machine, by the kernel's VFIO.
    Vfio(Bdf),
}

/// The text names no card that this program can reach.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownCard {
    /// Nothing that is known.
    #[error("found card `{found}`, expected `sim:model`, `sim:rtl`, `vfio-user:PATH` or `vfio:DDDD:BB:DD.F`")]
    Kind {
        /// What was read.
        found: String,
    },
    /// A place that is none.
    #[error(transparent)]
    Bdf(#[from] BadBdf),
}

impl FromStr for CardName {
    type Err = UnknownCard;

    fn from_str(text: &str) -> Result<Self, UnknownCard> {
        match text.split_once(':') {
            Some(("sim", "model")) => Ok(CardName::Model),
            Some(("sim", "rtl")) => Ok(CardName::Rtl),
            Some(("vfio-user", path)) if !path.is_empty() => Ok(CardName::VfioUser(path.into())),
            Some(("vfio", place)) => Ok(CardName::Vfio(place.parse()?)),
            _ => Err(UnknownCard::Kind {
                found: text.to_owned(),
            }),
        }
    }
}

impl fmt::Display for CardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CardName::Model => f.pad("sim:model"),
            CardName::Rtl => f.pad("sim:rtl"),
            CardName::VfioUser(path) => write!(f, "vfio-user:{}", path.display()),
            CardName::Vfio(bdf) => write!(f, "vfio:{bdf}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_as_written() {
        for name in [
            "sim:model",
            "sim:rtl",
            "vfio-user:/run/a:b.sock",
            "vfio:0000:3b:00.0",
        ] {
            let card: CardName = name.parse().unwrap();
            assert_eq!(card.to_string(), name);
        }
    }

    #[test]
    fn another_name_is_refused_with_those_that_exist() {
        for name in ["", "sim:", "sim:modell", "vfio-user:", "vfiouser:/x"] {
            let error = name.parse::<CardName>().unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("found card `{name}`, expected `sim:model`, `sim:rtl`, `vfio-user:PATH` or `vfio:DDDD:BB:DD.F`")
            );
        }
        let error = "vfio:3b:00.0".parse::<CardName>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "found PCI address `3b:00.0`, expected DDDD:BB:DD.F as `lspci -D` prints it"
        );
    }
}
