//! `port`: which interface a port belongs to, and which number a port has on the card.

use std::collections::BTreeMap;

use underpass_layout::port::{HOST0, SLOW, VF0, WIRE0};
use underpass_layout::tables::PortEntry;

use super::error::EntryError;
use super::index::Index;
use crate::objects::{Vif, VifType};
use crate::port::{PortKind, PortName};

pub(super) fn entries(index: &Index<'_>) -> Result<BTreeMap<u32, PortEntry>, EntryError> {
    let mut entries = BTreeMap::new();
    let vifs = index.vifs.values();
    for vif in vifs.filter(|vif| vif.vif_type != VifType::Agent) {
        let Some(name) = vif.port else { continue };
        let entry = PortEntry {
            valid: true,
            vif: vif.idx as u16,
        };
        if let Some(other) = entries.insert(number(name)?.into(), entry) {
            let (first, second) = (other.vif.into(), vif.idx);
            return Err(EntryError::PortTwice {
                port: name,
                first,
                second,
            });
        }
    }
    Ok(entries)
}

/// The port of an interface; `None` where nothing is plugged in. The agent has the slow port.
pub(super) fn of(vif: &Vif) -> Result<Option<u16>, EntryError> {
    match (vif.vif_type, vif.port) {
        (VifType::Agent, _) => Ok(Some(SLOW)),
        (_, Some(name)) => number(name).map(Some),
        (_, None) => Ok(None),
    }
}

/// The number of a port on the card.
fn number(name: PortName) -> Result<u16, EntryError> {
    let (first, behind) = match name.kind {
        PortKind::Wire => (WIRE0, HOST0),
        PortKind::Host => (HOST0, VF0),
        PortKind::Vf => (VF0, SLOW),
    };
    let most = u32::from(behind - first - 1);
    EntryError::limit(
        || format!("the number of port {name}"),
        name.number.into(),
        most,
    )?;
    Ok(first + name.number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_layout::port::SIM_PORTS;

    #[test]
    fn names_have_the_numbers_of_the_simulated_card() {
        for (name, port) in SIM_PORTS {
            assert_eq!(
                number(name.parse().expect("a port's name")),
                Ok(*port),
                "{name}"
            );
        }
    }

    #[test]
    fn no_kind_runs_into_the_next() {
        for name in ["wire256", "host1", "vf255"] {
            let error = number(name.parse().expect("a port's name")).expect_err(name);
            assert!(error
                .to_string()
                .starts_with(&format!("the number of port {name} is ")));
        }
    }
}
