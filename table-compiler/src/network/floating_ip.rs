//! An address of another network under which a guest is reached there: an item of `floating_ips`.

use std::collections::HashMap;
use std::net::IpAddr;

use super::error::{Fault, NetworkErrorKind};
use super::interface::{ForwardingMode, Interface};
use super::names::{NetworkIndex, Networks};
use super::read::{family, is_link_local, Fields};
use super::yaml::Yaml;

const KEYS: &[&str] = &["interface", "address", "network"];

/// An address of another network for a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FloatingIp {
    /// Position of the guest's interface in [`Network::interfaces`](super::Network::interfaces).
    pub interface: usize,
    /// The address.
    pub address: IpAddr,
    /// The network that knows it.
    pub network: NetworkIndex,
    /// The guest's own address that it stands for: its first one of the same family.
    pub fixed: IpAddr,
}

/// What floating addresses refer to.
pub(super) struct Guests<'a> {
    pub interfaces: &'a [Interface],
    by_name: HashMap<&'a str, usize>,
}

impl<'a> Guests<'a> {
    pub fn new(interfaces: &'a [Interface]) -> Self {
        let names = interfaces.iter().map(|interface| interface.name.as_str());
        Guests {
            interfaces,
            by_name: names.zip(0..).collect(),
        }
    }
}

pub(super) fn read(
    yaml: &Yaml,
    guests: &Guests<'_>,
    networks: &mut Networks,
) -> Result<FloatingIp, Fault> {
    let fields = Fields::open(yaml, "a floating IP", KEYS)?;
    let interface_at = fields.required("interface")?;
    let name = interface_at.name()?;
    let interface = guests.by_name.get(name.as_str()).copied().ok_or_else(|| {
        let name = super::read::shown(&name);
        Fault::new(interface_at.at, NetworkErrorKind::UnknownInterface { name })
    })?;
    let guest = &guests.interfaces[interface];
    if guest.mode == ForwardingMode::Packet {
        return Err(interface_at.unexpected("an interface of mode flow: its flows are translated"));
    }
    let network_at = fields.required("network")?;
    let network = networks.find(network_at)?;
    if network == guest.network {
        return Err(network_at.unexpected("a network other than the interface's own"));
    }
    for (at, network) in [(network_at, network), (interface_at, guest.network)] {
        if !networks.tenant(network).mode.routes() {
            return Err(at.unexpected("a network that routes: mode l2-l3 or l3"));
        }
    }
    let address_at = fields.required("address")?;
    let address = address_at.address()?;
    if is_link_local(&address) {
        return Err(address_at.unexpected("an address that is not link-local"));
    }
    let same = |own: &&IpAddr| own.is_ipv4() == address.is_ipv4() && !is_link_local(own);
    let Some(fixed) = guest.addresses.iter().find(same).copied() else {
        let expected = format!(
            "one of an interface that has an {} address",
            family(&address)
        );
        return Err(address_at.unexpected(expected));
    };
    let tenant = networks.tenant(network);
    tenant.addresses.claim(address, address_at.at)?;
    Ok(FloatingIp {
        interface,
        address,
        network,
        fixed,
    })
}
