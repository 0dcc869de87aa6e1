//! To which other nodes the frames of a network that are for many go: an item of `remote` with `flood: true`.
//!
//! ```text
//!   kind evpn  each of them gets a copy from the node where the frame began (head-end replication)
//!        tree  the frame goes along a tree: what comes from one neighbor in it goes on to the others
//!        tor   hardware VTEPs of which the node is the replicator: they get what comes from anyone else
//! ```

use std::net::IpAddr;

use super::error::Fault;
use super::interface::Surroundings;
use super::names::NetworkIndex;
use super::next_hop::{self, Behind, NextHop};
use super::read::Fields;

/// Other nodes that get copies of a network's frames for many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flood {
    /// The network.
    pub network: NetworkIndex,
    /// What they are in its replication.
    pub kind: FloodKind,
    /// They.
    pub next_hops: Vec<NextHop>,
}

/// What other nodes are in a network's replication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FloodKind {
    /// Ends of head-end replication.
    Evpn,
    /// Neighbors in a multicast tree.
    Tree,
    /// Hardware VTEPs.
    Tor,
}

impl FloodKind {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("evpn", Self::Evpn),
        ("tree", Self::Tree),
        ("tor", Self::Tor),
    ];
}

/// Says what `kind` an item that does not flood has, which is one key too many.
pub(super) fn absent(fields: Fields<'_>) -> Result<(), Fault> {
    match fields.entry("kind") {
        None => Ok(()),
        Some(kind) => {
            kind.value.word(FloodKind::WORDS)?;
            let found = "`kind` without `flood: true`";
            Err(Fault::unexpected(kind.key_at, found, "no `kind`"))
        }
    }
}

pub(super) fn read(
    fields: Fields<'_>,
    network: NetworkIndex,
    around: &mut Surroundings<'_>,
) -> Result<Flood, Fault> {
    for key in ["prefix", "mac", "addresses"] {
        if let Some(entry) = fields.entry(key) {
            let found = format!("`{key}` with `flood: true`");
            return Err(Fault::unexpected(entry.key_at, found, "one of them"));
        }
    }
    if !around.networks.mode(network).bridges() {
        let network = fields.required("network")?;
        return Err(network.unexpected("a network that bridges: mode l2-l3 or l2"));
    }
    let kind = fields
        .optional("kind")
        .map_or(Ok(FloodKind::Evpn), |kind| kind.word(FloodKind::WORDS))?;
    if let (FloodKind::Tree, Some(entry), IpAddr::V6(_)) =
        (kind, fields.entry("kind"), around.underlay.address.addr())
    {
        let found = "a tree over an IPv6 underlay";
        return Err(Fault::unexpected(entry.key_at, found, "kind evpn"));
    }
    let next_hops = next_hop::read_all(fields, Behind::Flood(kind), network, around)?;
    // Two copies to one node would be one too many.
    let ends = fields.list("next_hops")?;
    let claims = &mut around.networks.tenant(network).flood_ends;
    for (next_hop, yaml) in next_hops.iter().zip(ends) {
        claims.claim(next_hop.address, yaml.at)?;
    }
    Ok(Flood {
        network,
        kind,
        next_hops,
    })
}
