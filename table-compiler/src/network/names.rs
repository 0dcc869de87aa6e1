//! Networks by name, while the rest of the file is read.

use std::collections::HashMap;

use super::error::{Fault, NetworkErrorKind};
use super::virtual_network::{Tenant, VirtualNetwork};
use super::yaml::Yaml;

/// A network's position in [`Network::networks`](super::Network::networks).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NetworkIndex(pub usize);

/// What the sections after `networks` refer to.
pub(super) struct Networks {
    by_name: HashMap<String, NetworkIndex>,
    by_vni: HashMap<u32, NetworkIndex>,
    tenants: Vec<Tenant>,
}

impl Networks {
    pub fn new(networks: &[VirtualNetwork], tenants: Vec<Tenant>) -> Self {
        let indexed = || {
            networks
                .iter()
                .enumerate()
                .map(|(i, network)| (NetworkIndex(i), network))
        };
        Self {
            by_name: indexed()
                .map(|(index, network)| (network.name.clone(), index))
                .collect(),
            by_vni: indexed()
                .filter_map(|(index, n)| Some((n.vni?, index)))
                .collect(),
            tenants,
        }
    }

    /// The network that a value names.
    pub fn find(&self, yaml: &Yaml) -> Result<NetworkIndex, Fault> {
        let name = yaml.name()?;
        match self.by_name.get(&name) {
            Some(index) => Ok(*index),
            None => {
                let name = super::read::shown(&name);
                Err(Fault::new(
                    yaml.at,
                    NetworkErrorKind::UnknownNetwork { name },
                ))
            }
        }
    }

    pub fn with_vni(&self, vni: u32) -> Option<NetworkIndex> {
        self.by_vni.get(&vni).copied()
    }

    /// What is taken within a network.
    pub fn tenant(&mut self, index: NetworkIndex) -> &mut Tenant {
        &mut self.tenants[index.0]
    }
}
