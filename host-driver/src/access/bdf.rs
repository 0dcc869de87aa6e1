//! Where a card is on PCI Express: domain, bus, device, function.

use std::fmt;
use std::str::FromStr;

/// `DDDD:BB:DD.F`, as `lspci -D` prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bdf {
    domain: u16,
    bus: u8,
    device: u8,
    function: u8,
}

/// The text is no address on PCI Express.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("found PCI address `{found}`, expected DDDD:BB:DD.F as `lspci -D` prints it")]
pub struct BadBdf {
    /// What was read.
    pub found: String,
}

impl FromStr for Bdf {
    type Err = BadBdf;

    fn from_str(text: &str) -> Result<Self, BadBdf> {
        let hex = |digits: &str, width: usize| {
            let whole =
                digits.len() == width && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            whole
                .then(|| u16::from_str_radix(digits, 16).ok())
                .flatten()
        };
        let read = || {
            let (rest, function) = text.split_once('.')?;
            let mut parts = rest.split(':');
            let bdf = Bdf {
                domain: hex(parts.next()?, 4)?,
                bus: hex(parts.next()?, 2)? as u8,
                device: hex(parts.next()?, 2)? as u8,
                function: hex(function, 1)? as u8,
            };
            (parts.next().is_none() && bdf.device < 32 && bdf.function < 8).then_some(bdf)
        };
        read().ok_or_else(|| BadBdf {
            found: text.to_owned(),
        })
    }
}

impl fmt::Display for Bdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Bdf {
            domain,
            bus,
            device,
            function,
        } = self;
        write!(f, "{domain:04x}:{bus:02x}:{device:02x}.{function}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_back_as_written() {
        for text in ["0000:3b:00.0", "ffff:ff:1f.7"] {
            assert_eq!(text.parse::<Bdf>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "3b:00.0",
            "0000:3b:00",
            "0000:3b:20.0",
            "0000:3b:00.8",
            "0000:3b:00.0:1",
            "+000:3b:00.0",
        ] {
            let error = text.parse::<Bdf>().unwrap_err();
            assert_eq!(error.found, text);
        }
    }
}
