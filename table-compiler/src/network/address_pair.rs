//! Addresses that a guest may have beside its own: an item of `allowed_address_pairs`.
//!
//! ```text
//!   active-standby   route ─▶ the one that was heard last, before that the first in the file      (VRRP)
//!   active-active    route ─▶ one of all, flow by flow
//! ```
//! The same pair may stand on several interfaces of a network; then it has one mode. Who of them was heard is not in the
//! file: see [`Network::activate`](super::Network::activate).

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::error::{Fault, NetworkErrorKind};
use super::interface::Surroundings;
use super::names::NetworkIndex;
use super::place::Place;
use super::read::{is_link_local, Fields};
use super::yaml::Yaml;
use crate::mac::Mac;

const KEYS: &[&str] = &["address", "mac", "mode"];

/// Who of several has a pair's addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairMode {
    /// One of them, who tells by gratuitous ARP.
    ActiveStandby,
    /// All of them, each for some flows.
    ActiveActive,
}

impl PairMode {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("active-standby", Self::ActiveStandby),
        ("active-active", Self::ActiveActive),
    ];
}

/// Addresses that a guest may have beside its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressPair {
    /// The addresses.
    pub address: IpNet,
    /// The MAC that goes with them.
    pub mac: Mac,
    /// Who has them.
    pub mode: PairMode,
}

/// What pairs are taken among all interfaces.
#[derive(Default)]
pub(super) struct PairClaims {
    modes: HashMap<(NetworkIndex, IpNet), (PairMode, Place)>,
    macs: HashSet<(NetworkIndex, Mac)>,
}

/// Whose pairs are read.
pub(super) struct Owner<'a> {
    pub network: NetworkIndex,
    pub mac: Mac,
    pub addresses: &'a [IpAddr],
}

/// Reads `allowed_address_pairs`.
pub(super) fn read_all(
    fields: Fields<'_>,
    owner: &Owner<'_>,
    around: &mut Surroundings<'_>,
) -> Result<Vec<AddressPair>, Fault> {
    let mut own: HashMap<IpNet, Place> = HashMap::new();
    let mut pairs = Vec::new();
    for yaml in fields.list("allowed_address_pairs")? {
        let (pair, at) = read(yaml, owner, around)?;
        if let Some(first) = own.insert(pair.address, at) {
            let kind = NetworkErrorKind::Duplicate {
                what: "allowed address",
                value: pair.address.to_string(),
                first,
            };
            return Err(Fault::new(at, kind));
        }
        pairs.push(pair);
    }
    Ok(pairs)
}

fn read(
    yaml: &Yaml,
    owner: &Owner<'_>,
    around: &mut Surroundings<'_>,
) -> Result<(AddressPair, Place), Fault> {
    let fields = Fields::open(yaml, "an allowed address pair", KEYS)?;
    let address_at = fields.required("address")?;
    let address = address(address_at)?;
    let mode = fields
        .optional("mode")
        .map_or(Ok(PairMode::ActiveStandby), |mode| {
            mode.word(PairMode::WORDS)
        })?;
    let mac = match fields.optional("mac") {
        None => owner.mac,
        Some(yaml) => mac(yaml, owner, around)?,
    };
    claim(address, address_at.at, mode, owner, around)?;
    Ok((AddressPair { address, mac, mode }, address_at.at))
}

/// A prefix, or one address without a length.
fn address(yaml: &Yaml) -> Result<IpNet, Fault> {
    let bare = yaml.scalar().is_some_and(|text| !text.contains('/'));
    let prefix = match bare {
        true => IpNet::from(yaml.address()?),
        false => yaml.routed_prefix()?,
    };
    if is_link_local(&prefix.addr()) {
        return Err(yaml.unexpected("an address that is not link-local"));
    }
    Ok(prefix)
}

/// The MAC of a pair: nobody else's but that of the same pair elsewhere.
fn mac(yaml: &Yaml, owner: &Owner<'_>, around: &mut Surroundings<'_>) -> Result<Mac, Fault> {
    let mac = yaml.mac()?;
    if mac == around.node.router_mac || mac == around.underlay.mac {
        return Err(yaml.unexpected("a MAC that is not the node's own"));
    }
    if mac != owner.mac && around.pairs.macs.insert((owner.network, mac)) {
        let tenant = around.networks.tenant(owner.network);
        tenant.macs.claim(mac, yaml.at)?;
    }
    Ok(mac)
}

/// Takes the addresses for a pair, unless the same pair has them already.
fn claim(
    address: IpNet,
    at: Place,
    mode: PairMode,
    owner: &Owner<'_>,
    around: &mut Surroundings<'_>,
) -> Result<(), Fault> {
    let key = (owner.network, address);
    if let Some((other, first)) = around.pairs.modes.get(&key) {
        if *other != mode {
            let kind = NetworkErrorKind::PairMode {
                address: address.to_string(),
                first: *first,
            };
            return Err(Fault::new(at, kind));
        }
        return Ok(());
    }
    around.pairs.modes.insert(key, (mode, at));
    let tenant = around.networks.tenant(owner.network);
    let is_host = address.prefix_len() == address.max_prefix_len();
    match is_host {
        // The guest's own address, with another MAC.
        true if owner.addresses.contains(&address.addr()) => Ok(()),
        true => tenant.addresses.claim(address.addr(), at),
        false => tenant.prefixes.claim(address, at),
    }
}
