//! What `--port` takes: which port of the card is plugged into which interface.

use std::fmt;
use std::str::FromStr;

use underpass_layout::port;

use super::ioctl::NAME_BYTES;

/// A port of the card and the TAP device that it is plugged into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plug {
    /// The port's number.
    pub port: u16,
    /// The TAP device.
    pub interface: String,
}

/// The text plugs nothing into anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPlug {
    /// It is not of this form.
    #[error("found `{found}`, expected PORT=tap:INTERFACE, such as vf0=tap:vm1")]
    Form {
        /// What was read.
        found: String,
    },
    /// The card has no such port.
    #[error("found port `{found}`, expected one of the card's: {}", names())]
    Port {
        /// The port.
        found: String,
    },
    /// No interface can be called so.
    #[error(
        "found interface `{found}`, expected a name of 1 to 15 letters, digits, `-`, `_` or `.`"
    )]
    Interface {
        /// The name.
        found: String,
    },
    /// A port or an interface is plugged in twice.
    #[error("found {what} twice in --port, expected each port and each interface once")]
    Twice {
        /// Which.
        what: String,
    },
}

fn names() -> String {
    let names = port::SIM_PORTS.iter().map(|(name, _)| *name);
    names.collect::<Vec<_>>().join(", ")
}

impl FromStr for Plug {
    type Err = BadPlug;

    fn from_str(text: &str) -> Result<Plug, BadPlug> {
        let parts = text.split_once('=');
        let parts = parts.and_then(|(port, kind)| Some((port, kind.strip_prefix("tap:")?)));
        let Some((name, interface)) = parts else {
            return Err(BadPlug::Form {
                found: text.to_owned(),
            });
        };
        let port = port::number(name).ok_or_else(|| BadPlug::Port {
            found: name.to_owned(),
        })?;
        // The kernel takes more, a pattern among it: `vm%d` would make a device of another name.
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let fits = (1..NAME_BYTES).contains(&interface.len()) && interface.chars().all(plain);
        match fits && interface != "." && interface != ".." {
            true => Ok(Plug {
                port,
                interface: interface.to_owned(),
            }),
            false => Err(BadPlug::Interface {
                found: interface.to_owned(),
            }),
        }
    }
}

impl fmt::Display for Plug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = port::name(self.port).unwrap_or("?");
        write!(f, "{port}=tap:{}", self.interface)
    }
}

/// Makes sure that no port and no interface stands twice.
pub fn check(plugs: &[Plug]) -> Result<(), BadPlug> {
    for (place, plug) in plugs.iter().enumerate() {
        let before = &plugs[..place];
        let what = if before.iter().any(|one| one.port == plug.port) {
            format!("port `{}`", port::name(plug.port).unwrap_or("?"))
        } else if before.iter().any(|one| one.interface == plug.interface) {
            format!("interface `{}`", plug.interface)
        } else {
            continue;
        };
        return Err(BadPlug::Twice { what });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plug_is_read_as_it_is_written() {
        let plug: Plug = "vf0=tap:vm1".parse().unwrap();
        assert_eq!((plug.port, &*plug.interface), (port::VF0, "vm1"));
        assert_eq!(plug.to_string(), "vf0=tap:vm1");
        let longest: Plug = "wire0=tap:fifteen-letters".parse().unwrap();
        assert_eq!(longest.port, port::WIRE0);
    }

    #[test]
    fn what_plugs_nothing_is_refused_with_what_is_expected() {
        for (text, words) in [
            ("vf0", "expected PORT=tap:INTERFACE"),
            ("vf0=vm1", "expected PORT=tap:INTERFACE"),
            ("vf0=tun:vm1", "expected PORT=tap:INTERFACE"),
            (
                "vf9=tap:vm1",
                "found port `vf9`, expected one of the card's: wire0, ",
            ),
            ("vf0=tap:", "found interface ``"),
            ("vf0=tap:sixteen-letters-", "1 to 15"),
            ("vf0=tap:vm%d", "found interface `vm%d`"),
            ("vf0=tap:a/b", "found interface `a/b`"),
        ] {
            let error = text.parse::<Plug>().unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn nothing_is_plugged_in_twice() {
        let plugs = |texts: &[&str]| -> Vec<Plug> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        assert_eq!(check(&plugs(&["vf0=tap:a", "vf1=tap:b"])), Ok(()));
        let port = check(&plugs(&["vf0=tap:a", "vf0=tap:b"])).unwrap_err();
        assert!(port.to_string().starts_with("found port `vf0` twice"));
        let interface = check(&plugs(&["vf0=tap:a", "vf1=tap:a"])).unwrap_err();
        assert!(interface
            .to_string()
            .starts_with("found interface `a` twice"));
    }
}
