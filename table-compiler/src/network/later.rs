//! What the file may say and this version cannot do yet.
//!
//! A value that asks for such a feature is refused, never ignored.

use super::error::Fault;
use super::yaml::{Value, Yaml};

/// The underlay's `port`: several would be several ways to the same tunnel ends.
pub(super) fn in_underlay(port: &Yaml) -> Result<(), Fault> {
    match &port.value {
        Value::List(_) => Err(Fault::not_supported(
            port.at,
            "a list of underlay ports",
            "one port",
        )),
        _ => Ok(()),
    }
}
