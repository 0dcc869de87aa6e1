//! VERSION: the first message of each side, with the limits each one sets.
//!
//! ```text
//!   ┌───────┬───────┬──────────────────────────────────────────────┐
//!   │ major │ minor │ {"capabilities":{"max_msg_fds":16, ...}}  \0  │
//!   └───────┴───────┴──────────────────────────────────────────────┘
//! ```
//!
//! The text is optional, and so is each entry of it: what is absent has the default of the specification. Unknown
//! entries are passed over, since a later minor version may add some.

use serde_json::{json, Value};

use super::wire::{Reader, Writer};
use super::DecodeError;

/// Version and limits of the sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Both sides must have the same.
    pub major: u16,
    /// The lower one of both sides counts.
    pub minor: u16,
    /// The sender's limits.
    pub capabilities: Capabilities,
}

impl Version {
    /// The major version spoken here.
    pub const MAJOR: u16 = 0;
    /// The highest minor version spoken here.
    pub const MINOR: u16 = 1;
}

/// Limits that one side sets for the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// File descriptors that the sender takes with one message. QEMU refuses a server that says more than 16.
    pub max_msg_fds: u32,
    /// Bytes of data that the sender takes in one read or write.
    pub max_data_xfer_size: u32,
    /// DMA mappings that may exist at the same time.
    pub max_dma_maps: u32,
    /// Whether several writes may be put into one message.
    pub write_multiple: bool,
}

/// What the specification says of a side that is silent.
impl Default for Capabilities {
    fn default() -> Self {
        Self {
            max_msg_fds: 1,
            max_data_xfer_size: 1 << 20,
            max_dma_maps: 65_535,
            write_multiple: false,
        }
    }
}

impl Capabilities {
    fn to_json(&self) -> String {
        let mut entries = json!({
            "max_msg_fds": self.max_msg_fds,
            "max_data_xfer_size": self.max_data_xfer_size,
            "max_dma_maps": self.max_dma_maps,
        });
        // Said only when true: QEMU warns of entries that it does not know.
        if self.write_multiple {
            entries["write_multiple"] = Value::Bool(true);
        }
        json!({ "capabilities": entries }).to_string()
    }

    fn from_json(text: &[u8]) -> Result<Self, DecodeError> {
        let bad = |problem: String| DecodeError::BadCapabilities { problem };
        let value: Value =
            serde_json::from_slice(text).map_err(|error| bad(format!("are not JSON: {error}")))?;
        if !value.is_object() {
            return Err(bad(format!("should be a JSON object, found {value}")));
        }
        let Some(entries) = value.get("capabilities") else {
            return Ok(Self::default());
        };
        if !entries.is_object() {
            return Err(bad(format!(
                "should hold an object named capabilities, found {entries}"
            )));
        }
        let number = |name: &str, default: u32| match entries.get(name) {
            None => Ok(default),
            Some(value) => value.as_u64().map_or_else(
                || {
                    Err(bad(format!(
                        "entry {name} should be a number from 0, found {value}"
                    )))
                },
                // No limit here comes near 32 bits; a peer that takes more takes this much.
                |number| Ok(u32::try_from(number).unwrap_or(u32::MAX)),
            ),
        };
        let default = Self::default();
        Ok(Self {
            max_msg_fds: number("max_msg_fds", default.max_msg_fds)?,
            max_data_xfer_size: number("max_data_xfer_size", default.max_data_xfer_size)?,
            max_dma_maps: number("max_dma_maps", default.max_dma_maps)?,
            write_multiple: match entries.get("write_multiple") {
                None => default.write_multiple,
                Some(Value::Bool(said)) => *said,
                Some(other) => {
                    return Err(bad(format!(
                        "entry write_multiple should be true or false, found {other}"
                    )))
                }
            },
        })
    }
}

impl Version {
    pub(super) fn write(&self) -> Vec<u8> {
        let text = self.capabilities.to_json();
        Writer::default()
            .u16(self.major)
            .u16(self.minor)
            .bytes(text.as_bytes())
            .bytes(&[0])
            .done()
    }

    pub(super) fn read(mut body: Reader<'_>) -> Result<Self, DecodeError> {
        let (major, minor) = (body.u16()?, body.u16()?);
        let text = body.rest();
        let text = text.split(|&byte| byte == 0).next().unwrap_or(text);
        let capabilities = if text.is_empty() {
            Capabilities::default()
        } else {
            Capabilities::from_json(text)?
        };
        Ok(Self {
            major,
            minor,
            capabilities,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Command;

    fn read(text: &[u8]) -> Result<Version, DecodeError> {
        let body = Writer::default().u16(0).u16(1).bytes(text).done();
        Version::read(Reader::new(Command::Version, &body))
    }

    #[test]
    fn absent_text_means_the_defaults() {
        for text in [
            &b""[..],
            b"\0",
            b"{}\0",
            b"{\"capabilities\":{}}",
            b"{\"capabilities\":{\"later\":[1]}}\0",
        ] {
            assert_eq!(
                read(text).map(|version| version.capabilities),
                Ok(Capabilities::default()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn takes_what_qemu_sends() {
        let text = br#"{"capabilities": {"migration": {"max_bitmap_size": 268435456, "pgsize": 4096},
            "max_dma_maps": 65535, "max_msg_fds": 8, "max_data_xfer_size": 1048576, "pgsizes": 4096}}"#;
        let capabilities = read(text).map(|version| version.capabilities);
        assert_eq!(
            capabilities,
            Ok(Capabilities {
                max_msg_fds: 8,
                ..Capabilities::default()
            })
        );
    }

    #[test]
    fn text_that_is_no_capabilities_is_an_error() {
        let deep = "[".repeat(100_000);
        for text in [
            "nonsense",
            "[]",
            "7",
            "{\"capabilities\":7}",
            "{\"capabilities\":{\"max_msg_fds\":-1}}",
            &deep,
        ] {
            assert!(
                matches!(
                    read(text.as_bytes()),
                    Err(DecodeError::BadCapabilities { .. })
                ),
                "{text:.40}"
            );
        }
        assert!(matches!(
            read(b"\xff\xfe"),
            Err(DecodeError::BadCapabilities { .. })
        ));
    }
}
