//! A network's range of addresses: an item of `subnets`.

use std::net::IpAddr;

use ipnet::IpNet;

use super::error::Fault;
use super::read::Fields;
use super::virtual_network::Tenant;
use super::yaml::Yaml;

/// A network's range of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// The range.
    pub prefix: IpNet,
    /// The router's address in it.
    pub gateway: Option<IpAddr>,
    /// The DNS server that DHCP hands out. Within the prefix it is the node's own.
    pub dns: Option<IpAddr>,
    /// Whether DHCP requests are taken from the network.
    pub dhcp: bool,
}

impl Subnet {
    /// Addresses that the node itself answers at: the gateway, and the DNS server if it lies in the
    /// prefix and is not the gateway.
    pub fn service_addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.gateway.into_iter().chain(self.own_dns())
    }

    fn own_dns(&self) -> Option<IpAddr> {
        self.dns
            .filter(|dns| self.prefix.contains(dns) && self.gateway != Some(*dns))
    }
}

pub(super) fn read(yaml: &Yaml, tenant: &mut Tenant) -> Result<Subnet, Fault> {
    let fields = Fields::open(yaml, "a subnet", &["prefix", "gateway", "dns", "dhcp"])?;
    let prefix_at = fields.required("prefix")?;
    let prefix = prefix_at.routed_prefix()?;
    tenant.subnets.claim(prefix, prefix_at.at)?;

    let gateway_at = fields.optional("gateway");
    let gateway = gateway_at.map(Yaml::address).transpose()?;
    if let (Some(yaml), Some(address)) = (gateway_at, gateway) {
        if !prefix.contains(&address) {
            return Err(yaml.unexpected(format!("a gateway in {prefix}")));
        }
    }
    let dns_at = fields.optional("dns");
    let dns = dns_at.map(Yaml::address).transpose()?;
    let subnet = Subnet {
        prefix,
        gateway,
        dns,
        dhcp: fields.flag("dhcp", false)?,
    };

    // Where nothing is routed the node answers at neither, so an interface may have the address.
    if tenant.mode.routes() {
        for (yaml, address) in [(gateway_at, gateway), (dns_at, subnet.own_dns())] {
            if let (Some(yaml), Some(address)) = (yaml, address) {
                tenant.addresses.claim(address, yaml.at)?;
            }
        }
    }
    Ok(subnet)
}
