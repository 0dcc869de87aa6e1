//! Where the interfaces of a case are plugged in: a case numbers them, a card has ports.
//!
//! ```text
//!   fabric ─▶ wire0, wire1, ..     host ─▶ host0     vm ─▶ vf0, vf1, ..     agent ─▶ none: the agent's face
//! ```
//! Within a type the order is that in which the case names them first; a later object of the same interface keeps the
//! port.

use std::collections::HashMap;

use underpass_table_compiler::objects::{Objects, VifType};
use underpass_table_compiler::{PortKind, PortName};

/// An interface for which the card has no port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("vif {vif} would need port {port}, expected one that the card has")]
pub struct NoPort {
    /// The interface.
    pub vif: u32,
    /// The port.
    pub port: PortName,
}

/// The ports that are given out.
#[derive(Clone, Debug, Default)]
pub struct Ports {
    given: HashMap<u32, PortName>,
}

impl Ports {
    /// Gives every interface of the objects its port, of those that the card has.
    pub fn give(
        &mut self,
        objects: &mut Objects,
        card: &[(&'static str, u16)],
    ) -> Result<(), NoPort> {
        for vif in &mut objects.vifs {
            let kind = match vif.vif_type {
                VifType::Fabric | VifType::Gateway => PortKind::Wire,
                VifType::Host => PortKind::Host,
                VifType::Vm => PortKind::Vf,
                VifType::Agent => continue,
            };
            let taken = self.given.values().filter(|port| port.kind == kind).count();
            let next = PortName {
                kind,
                number: taken as u16,
            };
            let port = *self.given.entry(vif.idx).or_insert(next);
            if !card.iter().any(|(name, _)| *name == port.to_string()) {
                return Err(NoPort { vif: vif.idx, port });
            }
            vif.port = Some(port);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_layout::port::SIM_PORTS;
    use underpass_table_compiler::objects::{Object, Vif};

    fn vifs(list: &[(u32, VifType)]) -> Objects {
        let vif = |(idx, vif_type): &(u32, VifType)| {
            let json = serde_json::json!({
                "object": "vif", "idx": idx, "type": vif_type, "mac": "02:00:00:00:00:01", "vrf": 2,
                "flags": {"value": "0x0", "names": []}, "mtu": 1500,
            });
            serde_json::from_value::<Object>(json).expect("a vif")
        };
        list.iter().map(vif).collect()
    }

    fn given(ports: &mut Ports, list: &[(u32, VifType)]) -> Result<Vec<String>, NoPort> {
        let mut objects = vifs(list);
        ports.give(&mut objects, SIM_PORTS)?;
        let name = |vif: &Vif| vif.port.map_or("none".to_owned(), |port| port.to_string());
        Ok(objects.vifs.iter().map(name).collect())
    }

    #[test]
    fn each_type_has_its_ports_and_an_interface_keeps_its_own() {
        let mut ports = Ports::default();
        let first = [
            (0, VifType::Fabric),
            (1, VifType::Host),
            (2, VifType::Agent),
            (7, VifType::Vm),
            (3, VifType::Vm),
        ];
        assert_eq!(
            given(&mut ports, &first),
            Ok(["wire0", "host0", "none", "vf0", "vf1"]
                .map(str::to_owned)
                .to_vec())
        );
        let later = [(3, VifType::Vm), (5, VifType::Vm), (7, VifType::Vm)];
        assert_eq!(
            given(&mut ports, &later),
            Ok(["vf1", "vf2", "vf0"].map(str::to_owned).to_vec())
        );
    }

    #[test]
    fn a_card_has_only_so_many() {
        let guests: Vec<_> = (3..12).map(|idx| (idx, VifType::Vm)).collect();
        let error = given(&mut Ports::default(), &guests).expect_err("nine guests");
        assert_eq!(
            error.to_string(),
            "vif 11 would need port vf8, expected one that the card has"
        );
    }
}
