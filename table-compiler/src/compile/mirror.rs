//! Mirrors, one for each analyzer: its position in the file is the mirror's index.
//!
//! | analyzer           | nexthop                                                   |
//! |--------------------|-----------------------------------------------------------|
//! | `juniper_header`   | plain UDP to its address, routed in its network's VRF     |
//! | raw, a guest here  | that of frames bridged to it                              |
//! | raw, elsewhere     | that of frames bridged there, with the label or VNI       |

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::ids::{bridged, Ids, Way, DISCARD, FABRIC_VIF};
use crate::mac::Mac;
use crate::network::{Analyzer, Copies, Network, Target};
use crate::objects::{Family, HexBytes, Mirror, Nexthop, NexthopFlags, NexthopKind, TunnelNexthop};

/// What the peer's objects have as source port of copies; the hash of the packet takes its place.
const SOURCE_PORT: u16 = 8097;

pub fn mirrors(network: &Network, ids: &Ids) -> Vec<Mirror> {
    let analyzers = network.analyzers.iter().zip(&ids.analyzers);
    (0..)
        .zip(analyzers)
        .map(|(index, (analyzer, nh))| {
            let way = match analyzer.copies {
                Copies::Juniper { .. } => Way {
                    nh: nh.unwrap_or(DISCARD),
                    label: None,
                },
                Copies::Raw { mac } => way(network, ids, analyzer, mac),
            };
            Mirror {
                index,
                nh: way.nh,
                vni: way.label,
                dynamic_juniper_header: matches!(analyzer.copies, Copies::Juniper { .. }),
                snap_length: analyzer.snap_length,
                rate_limit: analyzer.rate_limit,
            }
        })
        .collect()
}

/// How frames reach the one that has a MAC in an analyzer's network.
fn way(network: &Network, ids: &Ids, analyzer: &Analyzer, mac: Mac) -> Way {
    let mut interfaces = network.interfaces.iter();
    let here = interfaces
        .position(|interface| interface.network == analyzer.network && interface.mac == mac);
    let elsewhere = || {
        network.remotes.iter().find(|remote| {
            let same = matches!(&remote.target, Target::Guest { mac: guest, .. } if *guest == mac);
            remote.network == analyzer.network && same
        })
    };
    let nowhere = Way {
        nh: DISCARD,
        label: None,
    };
    match here {
        Some(position) => Way {
            nh: bridged(network, position),
            label: None,
        },
        None => elsewhere().map_or(nowhere, |remote| ids.way(remote, true)),
    }
}

/// The nexthops of copies in UDP.
pub fn nexthops<'a>(network: &'a Network, ids: &'a Ids) -> impl Iterator<Item = Nexthop> + 'a {
    let analyzers = network.analyzers.iter().zip(&ids.analyzers);
    analyzers.filter_map(|(analyzer, id)| {
        let Copies::Juniper {
            address,
            udp_port,
            copy_source_ip,
        } = analyzer.copies
        else {
            return None;
        };
        let copy = NexthopFlags::SIP_COPY.when(copy_source_ip);
        Some(Nexthop {
            id: (*id)?,
            vrf: network.network(analyzer.network).vrf,
            family: Family::Inet,
            flags: NexthopFlags::UDP | copy,
            kind: NexthopKind::Tunnel(TunnelNexthop {
                sip: source(network, address),
                dip: address,
                out_vif: FABRIC_VIF,
                rewrite: HexBytes::default(),
                resolved: true,
                via: None,
                udp_ports: Some((SOURCE_PORT, udp_port)),
                rw_dst_mac: None,
                copy_tos: false,
                more_uplinks: Vec::new(),
            }),
        })
    })
}

/// The node's own address, where it has one of the analyzer's family.
fn source(network: &Network, analyzer: IpAddr) -> IpAddr {
    match (network.underlay.address.addr(), analyzer) {
        (own @ IpAddr::V4(_), IpAddr::V4(_)) | (own @ IpAddr::V6(_), IpAddr::V6(_)) => own,
        (_, IpAddr::V4(_)) => Ipv4Addr::UNSPECIFIED.into(),
        (_, IpAddr::V6(_)) => Ipv6Addr::UNSPECIFIED.into(),
    }
}
