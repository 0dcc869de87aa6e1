//! `mirror`, `mirror_text`: how copies for analyzers are sent, one row for each way that some user asks for.
//!
//! ```text
//!   vif 3, what it sends      ─▶ mirror 0, "03 .. ff 00", from 4.4.4.3 ─▶ row 1
//!   vif 3, what it is sent    ─▶ mirror 0, "04 .. ff 00", from 4.4.4.3 ─▶ row 2
//!   flows, while they are up  ─▶ mirror 0, all four fields, from the tunnel's own address ─▶ a row that is given then
//! ```
//! A mirror object says where copies go; what stands in front of a copy is its user's. Users that say the same have one
//! row. A nexthop by plain UDP makes copies packets of their own, which are routed in its VRF; by any other nexthop they
//! leave as the frames that they are.

mod text;

use std::collections::BTreeMap;
use std::net::IpAddr;

use underpass_layout::profile::NOMINAL_HZ;
use underpass_layout::tables::{
    id, MirrorEntry, MirrorKind, MirrorTextEntry, MIRROR_TEXT_BYTES, MIRROR_TEXT_WAYS, TABLES,
};

use super::error::EntryError;
use super::index::Index;
use super::{route, vrf};
use crate::objects::{
    HexBytes, Mirror, Nexthop, NexthopFlags, NexthopKind, Vif, VifFlags, LONGEST_METADATA,
};
use text::Text;

/// Longest part of a packet that a row can say: 14 bits.
const MOST_SNAP: u32 = (1 << 14) - 1;
/// Clocks of one unit of the fewest clocks between two copies.
const INTERVAL_CLOCKS: u64 = 256;
/// Most such units: 24 bits.
const MOST_INTERVAL: u64 = (1 << 24) - 1;
/// The metadata where nobody says any: its end.
const NO_METADATA: [u8; 2] = [0xff, 0];

/// A row of `mirror` with its text, a row of each way of `mirror_text`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MirrorSet {
    /// The row.
    pub entry: MirrorEntry,
    /// The text.
    pub text: Vec<u8>,
}

impl MirrorSet {
    /// The text as rows of `mirror_text`, one for each way that has some.
    pub fn texts(&self) -> impl Iterator<Item = MirrorTextEntry> + '_ {
        self.text
            .chunks(MIRROR_TEXT_BYTES / MIRROR_TEXT_WAYS)
            .map(|chunk| {
                let mut entry = MirrorTextEntry::default();
                entry.bytes[..chunk.len()].copy_from_slice(chunk);
                entry
            })
    }
}

/// What stands in front of a user's copies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Front<'a> {
    /// The metadata; the default where there is none.
    pub metadata: Option<&'a HexBytes>,
    /// The address that copies come from, where the nexthop asks for the user's.
    pub source: Option<IpAddr>,
    /// The Ethernet header of packets that have none any more.
    pub ethernet: Option<[u8; 14]>,
}

/// The rows, and who is mirrored by which.
#[derive(Clone, Debug, Default)]
pub(super) struct Mirrors {
    /// By row, from 1.
    pub sets: BTreeMap<u32, MirrorSet>,
    /// By interface, of what it sends.
    received: BTreeMap<u32, u16>,
    /// By interface, of what it is sent.
    sent: BTreeMap<u32, u16>,
}

impl Mirrors {
    /// The rows that interfaces ask for.
    pub fn new(index: &Index<'_>) -> Result<Self, EntryError> {
        let mut mirrors = Mirrors::default();
        for vif in index.vifs.values() {
            let ways = [
                (VifFlags::MIRROR_RX, &vif.mirror_metadata_rx_hex),
                (VifFlags::MIRROR_TX, &vif.mirror_metadata_tx_hex),
            ];
            for (flag, metadata) in ways {
                let Some(number) = vif.mirror_index.filter(|_| vif.flags.contains(flag)) else {
                    continue;
                };
                let user = || format!("vif {}", vif.idx);
                let mirror = index.mirror(number, user)?;
                let nexthop = index.nexthop(mirror.nh, || format!("mirror {number}"))?;
                if is_own(nexthop, vif) {
                    return Err(EntryError::MirrorOfItself {
                        vif: vif.idx,
                        mirror: number,
                    });
                }
                let front = Front {
                    metadata: metadata.as_ref(),
                    source: vif.ip,
                    ethernet: None,
                };
                let row = mirrors.row(set(mirror, nexthop, front, user)?, index)?;
                let users = match flag {
                    VifFlags::MIRROR_RX => &mut mirrors.received,
                    _ => &mut mirrors.sent,
                };
                users.insert(vif.idx, row);
            }
        }
        Ok(mirrors)
    }

    /// The row of what an interface sends; 0 where it is not mirrored.
    pub fn of_received(&self, vif: u32) -> u16 {
        self.received.get(&vif).copied().unwrap_or(0)
    }

    /// The row of what an interface is sent.
    pub fn of_sent(&self, vif: u32) -> u16 {
        self.sent.get(&vif).copied().unwrap_or(0)
    }

    fn row(&mut self, set: Option<MirrorSet>, index: &Index<'_>) -> Result<u16, EntryError> {
        let Some(set) = set else { return Ok(0) };
        let same = self.sets.iter().find(|(_, other)| **other == set);
        if let Some((row, _)) = same {
            return Ok(*row as u16);
        }
        let row = self.sets.len() as u32 + 1;
        let table = &TABLES[id::MIRROR as usize];
        let rows = index.profile.rows(table);
        if row as usize >= rows {
            return Err(EntryError::NoRoom {
                user: "a mirror".to_owned(),
                table: table.name,
                rows,
            });
        }
        self.sets.insert(row, set);
        Ok(row as u16)
    }
}

/// True of an analyzer that is the interface itself: each copy would be a packet of the kind that is copied.
fn is_own(nexthop: &Nexthop, vif: &Vif) -> bool {
    match &nexthop.kind {
        NexthopKind::Encap { out_vif, .. } => *out_vif == vif.idx,
        NexthopKind::Tunnel(tunnel) if nexthop.flags.contains(NexthopFlags::UDP) => {
            nexthop.vrf == vif.vrf && vif.ip == Some(tunnel.dip)
        }
        _ => false,
    }
}

/// The row of a mirror for a user. `None` where no copy is to be made at all.
pub(super) fn set(
    mirror: &Mirror,
    nexthop: &Nexthop,
    front: Front<'_>,
    user: impl Fn() -> String,
) -> Result<Option<MirrorSet>, EntryError> {
    let Some(interval) = interval(mirror.rate_limit) else {
        return Ok(None);
    };
    let metadata = match front.metadata {
        Some(metadata) if !metadata.0.is_empty() => metadata.0.as_slice(),
        _ => &NO_METADATA,
    };
    if metadata.len() > LONGEST_METADATA {
        return Err(EntryError::Metadata {
            user: user(),
            found: metadata.len(),
            most: LONGEST_METADATA,
        });
    }
    let metadata = if mirror.dynamic_juniper_header {
        metadata
    } else {
        &[]
    };
    let what = || format!("the snap length of mirror {}", mirror.index);
    let snap = mirror.snap_length.unwrap_or(0);
    let snap = EntryError::limit(what, snap.into(), MOST_SNAP)? as u16;
    let ethernet = front.ethernet.as_ref().map_or(&[][..], |bytes| bytes);
    let vrf = vrf::number(nexthop.vrf)?.unwrap_or(0);
    let plain = MirrorEntry {
        snap,
        interval,
        ..MirrorEntry::default()
    };
    let set = match &nexthop.kind {
        NexthopKind::Tunnel(tunnel) if nexthop.flags.contains(NexthopFlags::UDP) => {
            let copies = nexthop.flags.contains(NexthopFlags::SIP_COPY);
            let same_family = |ip: &IpAddr| ip.is_ipv4() == tunnel.dip.is_ipv4();
            let source = front.source.filter(|_| copies).filter(same_family);
            let port = tunnel.udp_ports.map_or(0, |(_, destination)| destination);
            let text = Text::udp(source.unwrap_or(tunnel.sip), tunnel.dip, port);
            let Some(text) = text else {
                return Err(EntryError::MirrorFamilies {
                    mirror: mirror.index,
                    nexthop: nexthop.id,
                });
            };
            let text = text.with(metadata).with(ethernet);
            MirrorSet {
                entry: MirrorEntry {
                    kind: MirrorKind::Routed,
                    v6: tunnel.dip.is_ipv6(),
                    vrf,
                    length: text.bytes().len() as u16,
                    sum: text.sum(),
                    header_sum: text.header_sum(),
                    ..plain
                },
                text: text.into_bytes(),
            }
        }
        _ => {
            let text = [metadata, ethernet].concat();
            MirrorSet {
                entry: MirrorEntry {
                    kind: MirrorKind::Raw,
                    vrf,
                    nexthop: nexthop.id,
                    label: route::label(mirror.vni, || format!("mirror {}", mirror.index))?,
                    length: text.len() as u16,
                    ..plain
                },
                text,
            }
        }
    };
    Ok(Some(set))
}

/// Units of clocks from one copy to the next, for so many copies a second at most. `None`: no copies at all.
fn interval(rate: Option<u32>) -> Option<u32> {
    match rate {
        None => Some(0),
        Some(0) => None,
        Some(rate) => {
            let units = NOMINAL_HZ.div_ceil(u64::from(rate) * INTERVAL_CLOCKS);
            Some(units.min(MOST_INTERVAL) as u32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_never_exceeded() {
        assert_eq!(interval(None), Some(0));
        assert_eq!(interval(Some(0)), None);
        assert_eq!(interval(Some(1)), Some(976_563));
        assert_eq!(interval(Some(1000)), Some(977));
        assert_eq!(interval(Some(u32::MAX)), Some(1));
    }
}
