//! The card's memories and how they are searched.
//!
//! ```text
//!   address ─▶ way, row ─▶ place: rows of all ways, without the gaps that addresses have
//!   write_row ──▶ raw words (read back as written, cut to the row's width)
//!            └──▶ the entries in them, decoded ──▶ by index, or by key
//! ```
//! Exact-match tables are searched by key over all rows that were written, without the card's hash: an entry that the
//! host put into a wrong row is found here and not by the RTL, and so the mistake shows. For the same reason seeds and
//! splits are kept and change nothing here: what the host moves from row to row is found before, between and after. A row with a code that has no
//! name (of all tables only `nexthop` has room for such) means what an empty row means.

mod chains;
mod direct;
mod exact;
mod flow;
mod raw;
mod sets;

use direct::Direct;
use exact::Exact;
use flow::Flows;
use sets::Sets;
use underpass_layout::hash::Split;
use underpass_layout::profile::Profile;
use underpass_layout::tables::{
    id, BridgeEntry, BridgeKey, FatExcludeEntry, FatRuleEntry, FloodEntry, FlowEntry, FlowEntry6,
    FlowKey, FlowKey6, GroupEntry, LearnedEntry, LearnedKey, Lookup, MemberEntry, MirrorEntry,
    MirrorTextEntry, MplsEntry, NexthopEntry, OnwardEntry, OriginEntry, OriginKey, PortEntry,
    PuntQuotaEntry, QosEntry, RouteEntry, RouteKey, SourceEntry, StitchedEntry, StitchedKey,
    TableSpec, VifEntry, VrfEntry, VxlanEntry, VxlanKey, BANKS, TABLES, WAYS,
};

/// Why a row can not be written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// The id names no table.
    #[error("no table has id {found}, expected 0 to {}", TABLES.len() - 1)]
    NoSuchTable {
        /// The id given.
        found: u32,
    },
    /// The table is shorter.
    #[error("table {table} has no row at {found}, expected {ways} times 0 to {}, {depth} apart", rows - 1)]
    NoSuchRow {
        /// The table's name.
        table: &'static str,
        /// The address given.
        found: usize,
        /// Its ways.
        ways: usize,
        /// Rows of one way.
        rows: usize,
        /// Addresses from way to way.
        depth: usize,
    },
    /// The table has no such lookup.
    #[error("table {table} has no lookup {found}, expected one of {groups}")]
    NoSuchLookup {
        /// The table's name.
        table: &'static str,
        /// The group of ways given.
        found: usize,
        /// Lookups that the table has, from 0 on; none where it is not searched by key.
        groups: usize,
    },
    /// Only the card writes counters.
    #[error("table {table} is written by the card alone")]
    Counter {
        /// The table's name.
        table: &'static str,
    },
}

/// A memory of rows.
trait Memory {
    /// Replaces a row; `place` is within the table.
    fn write(&mut self, place: usize, words: &[u32]);
    /// A row as it was written.
    fn row(&self, place: usize) -> &[u32];
}

/// Every table that the host fills.
#[derive(Clone)]
pub struct Tables {
    profile: &'static Profile,
    port: Direct<PortEntry>,
    vif: Direct<VifEntry>,
    mpls: Direct<MplsEntry>,
    vxlan: Exact<VxlanEntry>,
    bridge: Exact<BridgeEntry>,
    vrf: Direct<VrfEntry>,
    route_host: Exact<RouteEntry>,
    route_bank: Exact<RouteEntry>,
    nexthop: Direct<NexthopEntry>,
    flow: Flows,
    source: Direct<SourceEntry>,
    fat_rule: Sets<FatRuleEntry>,
    fat_exclude: Sets<FatExcludeEntry>,
    onward: Direct<OnwardEntry>,
    flood: Direct<FloodEntry>,
    learned: Exact<LearnedEntry>,
    member: Direct<MemberEntry>,
    origin: Exact<OriginEntry>,
    mirror: Direct<MirrorEntry>,
    mirror_text: Sets<MirrorTextEntry>,
    qos: Direct<QosEntry>,
    group: Direct<GroupEntry>,
    stitched: Exact<StitchedEntry>,
    punt_quota: Direct<PuntQuotaEntry>,
    splits: [[Split; BANKS]; TABLES.len()],
}

impl Tables {
    /// Empty tables of the sizes of a profile.
    pub fn new(profile: &'static Profile) -> Self {
        let spec = |id: u32| &TABLES[id as usize];
        Tables {
            profile,
            port: Direct::new(profile, spec(id::PORT)),
            vif: Direct::new(profile, spec(id::VIF)),
            mpls: Direct::new(profile, spec(id::MPLS)),
            vxlan: Exact::new(profile, spec(id::VXLAN), 1),
            bridge: Exact::new(profile, spec(id::BRIDGE), 1),
            vrf: Direct::new(profile, spec(id::VRF)),
            route_host: Exact::new(profile, spec(id::ROUTE_HOST), 1),
            route_bank: Exact::new(profile, spec(id::ROUTE_BANK), BANKS),
            nexthop: Direct::new(profile, spec(id::NEXTHOP)),
            flow: Flows::new(profile, spec(id::FLOW)),
            source: Direct::new(profile, spec(id::SOURCE)),
            fat_rule: Sets::new(profile, spec(id::FAT_RULE)),
            fat_exclude: Sets::new(profile, spec(id::FAT_EXCLUDE)),
            onward: Direct::new(profile, spec(id::ONWARD)),
            flood: Direct::new(profile, spec(id::FLOOD)),
            learned: Exact::new(profile, spec(id::LEARNED), 1),
            member: Direct::new(profile, spec(id::MEMBER)),
            origin: Exact::new(profile, spec(id::ORIGIN), 1),
            mirror: Direct::new(profile, spec(id::MIRROR)),
            mirror_text: Sets::new(profile, spec(id::MIRROR_TEXT)),
            qos: Direct::new(profile, spec(id::QOS)),
            group: Direct::new(profile, spec(id::GROUP)),
            stitched: Exact::new(profile, spec(id::STITCHED), 1),
            punt_quota: Direct::new(profile, spec(id::PUNT_QUOTA)),
            splits: [[Split::RESET; BANKS]; TABLES.len()],
        }
    }

    /// The sizes.
    pub fn profile(&self) -> &'static Profile {
        self.profile
    }

    /// Writes the row at an address, the bits of `words` beyond its width ignored, missing words zero.
    pub fn write_row(&mut self, table: u32, address: usize, words: &[u32]) -> Result<(), RowError> {
        let (spec, place) = checked(self.profile, table, address)?;
        let memory: &mut dyn Memory = match table {
            id::PORT => &mut self.port,
            id::VIF => &mut self.vif,
            id::MPLS => &mut self.mpls,
            id::VXLAN => &mut self.vxlan,
            id::BRIDGE => &mut self.bridge,
            id::VRF => &mut self.vrf,
            id::ROUTE_HOST => &mut self.route_host,
            id::ROUTE_BANK => &mut self.route_bank,
            id::NEXTHOP => &mut self.nexthop,
            id::FLOW => &mut self.flow,
            id::SOURCE => &mut self.source,
            id::FAT_RULE => &mut self.fat_rule,
            id::FAT_EXCLUDE => &mut self.fat_exclude,
            id::ONWARD => &mut self.onward,
            id::FLOOD => &mut self.flood,
            id::LEARNED => &mut self.learned,
            id::MEMBER => &mut self.member,
            id::ORIGIN => &mut self.origin,
            id::MIRROR => &mut self.mirror,
            id::MIRROR_TEXT => &mut self.mirror_text,
            id::QOS => &mut self.qos,
            id::GROUP => &mut self.group,
            id::STITCHED => &mut self.stitched,
            id::PUNT_QUOTA => &mut self.punt_quota,
            _ => return Err(RowError::Counter { table: spec.name }),
        };
        memory.write(place, words);
        Ok(())
    }

    /// Sets how a lookup chooses its rows: that of group `group` of a table's ways.
    pub fn write_split(&mut self, table: u32, group: usize, split: Split) -> Result<(), RowError> {
        let (table, group) = lookup(table, group)?;
        self.splits[table][group] = split;
        Ok(())
    }

    /// How a lookup chooses its rows.
    pub fn split(&self, table: u32, group: usize) -> Result<Split, RowError> {
        let (table, group) = lookup(table, group)?;
        Ok(self.splits[table][group])
    }

    /// A row as it was written. Counters are not here but in [`Counters`](crate::counters::Counters).
    pub fn read_row(&self, table: u32, address: usize) -> Result<Vec<u32>, RowError> {
        let (spec, place) = checked(self.profile, table, address)?;
        let memory: &dyn Memory = match table {
            id::PORT => &self.port,
            id::VIF => &self.vif,
            id::MPLS => &self.mpls,
            id::VXLAN => &self.vxlan,
            id::BRIDGE => &self.bridge,
            id::VRF => &self.vrf,
            id::ROUTE_HOST => &self.route_host,
            id::ROUTE_BANK => &self.route_bank,
            id::NEXTHOP => &self.nexthop,
            id::FLOW => &self.flow,
            id::SOURCE => &self.source,
            id::FAT_RULE => &self.fat_rule,
            id::FAT_EXCLUDE => &self.fat_exclude,
            id::ONWARD => &self.onward,
            id::FLOOD => &self.flood,
            id::LEARNED => &self.learned,
            id::MEMBER => &self.member,
            id::ORIGIN => &self.origin,
            id::MIRROR => &self.mirror,
            id::MIRROR_TEXT => &self.mirror_text,
            id::QOS => &self.qos,
            id::GROUP => &self.group,
            id::STITCHED => &self.stitched,
            id::PUNT_QUOTA => &self.punt_quota,
            _ => return Err(RowError::Counter { table: spec.name }),
        };
        Ok(memory.row(place).to_vec())
    }

    /// The interface of a port.
    pub fn port(&self, port: u16) -> &PortEntry {
        self.port.wrapped(port.into())
    }

    /// An interface. Of its number as many low bits count as the table's rows need; where those name no row, it is empty.
    pub fn vif(&self, vif: u16) -> &VifEntry {
        self.vif.wrapped(vif.into())
    }

    /// The meaning of a label; none beyond the table.
    pub fn mpls(&self, label: u32) -> Option<&MplsEntry> {
        self.mpls.get(label)
    }

    /// The VRF of a VNI.
    pub fn vxlan(&self, vni: u32) -> Option<&VxlanEntry> {
        self.vxlan.find(0, &VxlanKey { vni })
    }

    /// Where a MAC address is.
    pub fn bridge(&self, vrf: u16, mac: u64) -> Option<&BridgeEntry> {
        self.bridge.find(0, &BridgeKey { vrf, mac })
    }

    /// Where frames of a VRF go that are for many, or for an unknown MAC.
    pub fn flood(&self, vrf: u16) -> &FloodEntry {
        self.flood.wrapped(vrf.into())
    }

    /// Where a source MAC was last seen.
    pub fn learned(&self, vrf: u16, mac: u64) -> Option<&LearnedEntry> {
        self.learned.find(0, &LearnedKey { vrf, mac })
    }

    /// How a VRF is searched.
    pub fn vrf(&self, vrf: u16) -> &VrfEntry {
        self.vrf.wrapped(vrf.into())
    }

    /// The route to a single address.
    pub fn route_host(&self, vrf: u16, v6: bool, address: u128) -> Option<&RouteEntry> {
        let key = RouteKey {
            vrf,
            v6,
            length: if v6 { 128 } else { 32 },
            prefix: address,
        };
        self.route_host.find(0, &key)
    }

    /// The route of `length` bits to an address, if it lies in this bank. `length` is 1 to 31, or 127 for IPv6.
    pub fn route_bank(
        &self,
        bank: usize,
        vrf: u16,
        v6: bool,
        length: u8,
        address: u128,
    ) -> Option<&RouteEntry> {
        let host_bits = if v6 { 128 } else { 32 } - u32::from(length);
        let key = RouteKey {
            vrf,
            v6,
            length,
            prefix: address & (u128::MAX << host_bits),
        };
        self.route_bank.find(bank, &key)
    }

    /// The MAC that ARP for an IPv4 address is answered with.
    pub fn stitched(&self, vrf: u16, address: u32) -> Option<&StitchedEntry> {
        self.stitched.find(0, &StitchedKey { vrf, address })
    }

    /// A nexthop; its number as in [`Tables::vif`].
    pub fn nexthop(&self, nexthop: u32) -> &NexthopEntry {
        self.nexthop.wrapped(nexthop)
    }

    /// A flow of IPv4.
    pub fn flow(&self, key: &FlowKey) -> Option<&FlowEntry> {
        self.flow.find(key)
    }

    /// A flow of IPv6.
    pub fn flow6(&self, key: &FlowKey6) -> Option<&FlowEntry6> {
        self.flow.find6(key)
    }

    /// Starts to read a flow of IPv4 from memory.
    pub(crate) fn touch_flow(&self, key: &FlowKey) {
        self.flow.touch(key);
    }

    /// Starts to read a flow of IPv6 from memory.
    pub(crate) fn touch_flow6(&self, key: &FlowKey6) {
        self.flow.touch6(key);
    }

    /// Where a flow's packets must come from; its number as in [`Tables::vif`].
    pub fn source(&self, source: u32) -> &SourceEntry {
        self.source.wrapped(source)
    }

    /// The rules of fat flows in a set that are in use, the lowest way first; its number as in [`Tables::vif`].
    pub fn fat_rules(&self, set: u16) -> &[FatRuleEntry] {
        self.fat_rule.wrapped(set.into())
    }

    /// The addresses of a set that have no fat flows; its number as in [`Tables::vif`].
    pub fn fat_excludes(&self, set: u16) -> &[FatExcludeEntry] {
        self.fat_exclude.wrapped(set.into())
    }

    /// With what else a flow goes on; its number as in [`Tables::vif`].
    pub fn onward(&self, onward: u32) -> &OnwardEntry {
        self.onward.wrapped(onward)
    }

    /// The members of a nexthop that stands for several; its number as in [`Tables::vif`], as of all below.
    pub fn group(&self, nexthop: u32) -> &GroupEntry {
        self.group.wrapped(nexthop)
    }

    /// A member.
    pub fn member(&self, position: u16) -> &MemberEntry {
        self.member.wrapped(position.into())
    }

    /// As what a tunnel end sends packets for a list.
    pub fn origin(&self, nexthop: u32, v6: bool, address: u128) -> Option<&OriginEntry> {
        let key = OriginKey {
            nexthop,
            v6,
            address,
        };
        self.origin.find(0, &key)
    }

    /// How copies for an analyzer are sent.
    pub fn mirror(&self, mirror: u16) -> &MirrorEntry {
        self.mirror.wrapped(mirror.into())
    }

    /// What stands in front of them, a way after the other.
    pub fn mirror_text(&self, mirror: u16) -> &[MirrorTextEntry] {
        self.mirror_text.wrapped(mirror.into())
    }

    /// How many packets may be punted for a reason, given by its code.
    pub fn punt_quota(&self, reason: u32) -> &PuntQuotaEntry {
        self.punt_quota.wrapped(reason)
    }

    /// A forwarding class.
    pub fn qos(&self, row: u32) -> &QosEntry {
        self.qos.wrapped(row)
    }
}

fn table_of(id: u32) -> Result<&'static TableSpec, RowError> {
    let spec = TABLES.get(id as usize);
    spec.ok_or(RowError::NoSuchTable { found: id })
}

/// The table of that id and the place of the row at that address, if there is one.
pub(crate) fn checked(
    profile: &Profile,
    table: u32,
    address: usize,
) -> Result<(&'static TableSpec, usize), RowError> {
    let spec = table_of(table)?;
    let (way, row) = profile.place(spec, address).ok_or(RowError::NoSuchRow {
        table: spec.name,
        found: address,
        ways: spec.ways(),
        rows: profile.rows(spec),
        depth: profile.depth(spec),
    })?;
    Ok((spec, way * profile.rows(spec) + row))
}

/// The interface that is counted for a number in a table of `rows` rows: its low bits, as [`Tables::vif`] takes them, or
/// where those name no row the last one, which counts what belongs to no interface.
pub(crate) fn counted(rows: usize, vif: u16) -> usize {
    (usize::from(vif) & (rows.next_power_of_two() - 1)).min(rows - 1)
}

/// The place of the split of a lookup, if the table has that lookup.
fn lookup(table: u32, group: usize) -> Result<(usize, usize), RowError> {
    let spec = table_of(table)?;
    let groups = match spec.lookup {
        Lookup::Exact { ways, .. } => ways / WAYS,
        Lookup::Direct | Lookup::Set { .. } | Lookup::Counter => 0,
    };
    if group >= groups {
        return Err(RowError::NoSuchLookup {
            table: spec.name,
            found: group,
            groups,
        });
    }
    Ok((table as usize, group))
}

#[cfg(test)]
mod tests;
