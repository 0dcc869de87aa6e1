//! Networks by name, while the rest of the file is read.

use std::collections::HashMap;

use super::error::{Fault, NetworkErrorKind};
use super::virtual_network::{Mode, Tenant, VirtualNetwork};
use super::yaml::Yaml;

/// A network's position in [`Network::networks`](super::Network::networks).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NetworkIndex(pub usize);

/// What the sections after `networks` refer to.
pub(super) struct Networks {
    by_name: HashMap<String, NetworkIndex>,
    by_vni: HashMap<u32, NetworkIndex>,
    tenants: Vec<Tenant>,
    said: Vec<Said>,
}

/// What a network says of itself that other sections must fit.
struct Said {
    name: String,
    vni: Option<u32>,
    learns: bool,
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
            said: networks
                .iter()
                .map(|network| Said {
                    name: network.name.clone(),
                    vni: network.vni,
                    learns: network.learn_macs,
                })
                .collect(),
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

    pub fn name(&self, index: NetworkIndex) -> &str {
        &self.said[index.0].name
    }

    pub fn vni(&self, index: NetworkIndex) -> Option<u32> {
        self.said[index.0].vni
    }

    /// True if the network learns MACs.
    pub fn learns(&self, index: NetworkIndex) -> bool {
        self.said[index.0].learns
    }

    pub fn mode(&self, index: NetworkIndex) -> Mode {
        self.tenants[index.0].mode
    }

    /// What is taken within a network.
    pub fn tenant(&mut self, index: NetworkIndex) -> &mut Tenant {
        &mut self.tenants[index.0]
    }
}
