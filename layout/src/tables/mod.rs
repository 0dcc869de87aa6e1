//! The card's tables, in the order in which a packet meets them. One file a table; [`TABLES`] lists them all.
//!
//! ```text
//!   port ─▶ vif ─▶ mpls | vxlan ─▶ bridge, flood, learned ─▶ fat_rule, fat_exclude ─▶ flow ─▶ onward ─▶ source
//!        ─▶ vrf ─▶ route_host, route_bank, stitched ─▶ group, member, origin ─▶ nexthop, qos ─▶ punt_quota, punted
//!        ─▶ counters, tcp, age ─▶ mirror, mirror_text
//! ```
//!
//! The host reaches every table by (table id, row). A row of an exact-match table is addressed as
//! `way * depth + row`, where the depth is the number of rows of a way, rounded up to a power of two; banks of routes count as more ways.

mod bridge;
mod counter;
mod fat;
mod flood;
mod flow;
mod group;
mod learned;
mod member;
mod mirror;
mod mpls;
mod nexthop;
mod onward;
mod origin;
mod pair;
mod port;
mod punt;
mod qos;
mod route;
mod source;
mod stitched;
mod vif;
mod vrf;
mod vxlan;

pub use bridge::{BridgeEntry, BridgeKey};
pub use counter::{FlowCounter, OutcomeCounter, TrafficCounter};
pub use fat::{FatExcludeEntry, FatFamily, FatRuleEntry, FAT_EXCLUDES, FAT_RULES};
pub use flood::FloodEntry;
pub use flow::{FlowAction, FlowEntry, FlowEntry6, FlowKey, FlowKey6};
pub use group::{GroupEntry, GroupKind};
pub use learned::{LearnedEntry, LearnedKey};
pub use member::{Leg, MemberEntry};
pub use mirror::{MirrorEntry, MirrorKind, MirrorTextEntry, MIRROR_TEXT_BYTES, MIRROR_TEXT_WAYS};
pub use mpls::{LabelAction, MplsEntry};
pub use nexthop::{NexthopEntry, NexthopKind, TunnelKind};
pub use onward::OnwardEntry;
pub use origin::{OriginEntry, OriginKey};
pub use pair::{AgeEntry, TcpEntry, TcpSide};
pub use port::PortEntry;
pub use punt::{PuntQuotaEntry, PuntedEntry, PUNT_REASONS};
pub use qos::{QosEntry, QOS_PRIORITY, QOS_ROWS};
pub use route::{ArpAnswer, RouteEntry, RouteKey};
pub use source::{SourceEntry, SourceKind};
pub use stitched::{StitchedEntry, StitchedKey};
pub use vif::{VifArp, VifEntry, VifKind};
pub use vrf::{VrfEntry, BANKS};
pub use vxlan::{VxlanEntry, VxlanKey};

use crate::bits::{FieldSpec, Record};

/// How a table is searched.
#[derive(Clone, Copy, Debug)]
pub enum Lookup {
    /// The row is the index itself.
    Direct,
    /// Each way is a memory of its own, a key may lie in one row of each way (see [`crate::hash`]).
    Exact {
        /// Memories that are read at once.
        ways: usize,
        /// Entries in one row.
        slots: usize,
        /// Bits of an entry that are its key, right behind its `valid` bit.
        key_width: usize,
        /// The other kind of entry, which takes a whole row.
        wide: Option<Wide>,
    },
    /// Each way is a memory of its own; the index is the row of all of them, and all are read at once.
    Set {
        /// Memories that are read at once.
        ways: usize,
    },
    /// Written by the card alone; the row is the index.
    Counter,
}

/// A kind of entry that takes a whole row where others share one. Its key starts like that of the others, with a first
/// bit that is set here and clear there, and is hashed alike: the shorter key counts as filled up with zeros.
#[derive(Clone, Copy, Debug)]
pub struct Wide {
    /// Bits of the entry: those of a row.
    pub entry_width: usize,
    /// The entry's fields.
    pub entry: &'static [FieldSpec],
    /// Bits of its key, right behind its `valid` bit.
    pub key_width: usize,
}

/// Bits of the widest key.
pub const MAX_KEY_BITS: usize = 320;

/// A table as plain data: what the compiler, the driver, the model and the documents know of it.
#[derive(Clone, Copy, Debug)]
pub struct TableSpec {
    /// The number that selects it in the table-access registers.
    pub id: u32,
    /// The noun used in every layer.
    pub name: &'static str,
    /// What it answers.
    pub doc: &'static str,
    /// How it is searched.
    pub lookup: Lookup,
    /// Bits of one entry.
    pub entry_width: usize,
    /// The entry's fields.
    pub entry: &'static [FieldSpec],
}

impl TableSpec {
    /// Entries in one row of memory.
    pub const fn slots(&self) -> usize {
        match self.lookup {
            Lookup::Exact { slots, .. } => slots,
            Lookup::Direct | Lookup::Set { .. } | Lookup::Counter => 1,
        }
    }

    /// Memories that hold the table.
    pub const fn ways(&self) -> usize {
        match self.lookup {
            Lookup::Exact { ways, .. } | Lookup::Set { ways } => ways,
            Lookup::Direct | Lookup::Counter => 1,
        }
    }

    /// Bits of the longest key, which is what the hash takes; 0 where there is none.
    pub const fn hash_width(&self) -> usize {
        match self.lookup {
            Lookup::Exact {
                wide: Some(wide), ..
            } => wide.key_width,
            Lookup::Exact { key_width, .. } => key_width,
            Lookup::Direct | Lookup::Set { .. } | Lookup::Counter => 0,
        }
    }

    /// Bits of one row.
    pub const fn row_width(&self) -> usize {
        self.slots() * self.entry_width
    }
}

/// A record that is the entry of a table.
pub trait Table: Record {
    /// The table's description.
    const TABLE: TableSpec;
}

macro_rules! table {
    ($Entry:ident, $id:literal, $name:literal, $lookup:expr) => {
        impl crate::tables::Table for $Entry {
            const TABLE: crate::tables::TableSpec = crate::tables::TableSpec {
                id: $id,
                name: $name,
                doc: <$Entry as crate::bits::Record>::DOC,
                lookup: $lookup,
                entry_width: <$Entry as crate::bits::Record>::WIDTH,
                entry: <$Entry as crate::bits::Record>::SPEC,
            };
        }
    };
}
use table;

/// Ways of every exact-match table (tables that were measured: four ways of cuckoo hashing).
pub const WAYS: usize = 4;

/// Every table. The index of a table is its id.
pub const TABLES: &[TableSpec] = &[
    PortEntry::TABLE,
    VifEntry::TABLE,
    MplsEntry::TABLE,
    VxlanEntry::TABLE,
    BridgeEntry::TABLE,
    VrfEntry::TABLE,
    route::HOST,
    route::BANK,
    NexthopEntry::TABLE,
    FlowEntry::TABLE,
    SourceEntry::TABLE,
    counter::RX,
    counter::TX,
    counter::OUTCOME,
    counter::FLOW,
    FatRuleEntry::TABLE,
    FatExcludeEntry::TABLE,
    OnwardEntry::TABLE,
    pair::TCP,
    pair::AGE,
    FloodEntry::TABLE,
    LearnedEntry::TABLE,
    MemberEntry::TABLE,
    OriginEntry::TABLE,
    MirrorEntry::TABLE,
    MirrorTextEntry::TABLE,
    QosEntry::TABLE,
    GroupEntry::TABLE,
    StitchedEntry::TABLE,
    PuntQuotaEntry::TABLE,
    punt::PUNTED,
];

/// Names for the ids of the tables.
pub mod id {
    /// Port to interface.
    pub const PORT: u32 = 0;
    /// Interfaces.
    pub const VIF: u32 = 1;
    /// Labels.
    pub const MPLS: u32 = 2;
    /// VNIs.
    pub const VXLAN: u32 = 3;
    /// MAC addresses.
    pub const BRIDGE: u32 = 4;
    /// VRF words.
    pub const VRF: u32 = 5;
    /// Routes of full length.
    pub const ROUTE_HOST: u32 = 6;
    /// Routes of shorter prefixes.
    pub const ROUTE_BANK: u32 = 7;
    /// Nexthops.
    pub const NEXTHOP: u32 = 8;
    /// Flows.
    pub const FLOW: u32 = 9;
    /// Where a flow's packets must come from.
    pub const SOURCE: u32 = 10;
    /// Received packets and bytes by interface.
    pub const COUNTER_RX: u32 = 11;
    /// Sent packets and bytes by interface.
    pub const COUNTER_TX: u32 = 12;
    /// Drops and punts by interface and reason.
    pub const COUNTER_OUTCOME: u32 = 13;
    /// Packets and bytes by flow id.
    pub const COUNTER_FLOW: u32 = 14;
    /// Rules of fat flows.
    pub const FAT_RULE: u32 = 15;
    /// Addresses without fat flows.
    pub const FAT_EXCLUDE: u32 = 16;
    /// What flows go on with.
    pub const ONWARD: u32 = 17;
    /// TCP connections by flow pair.
    pub const TCP: u32 = 18;
    /// Last packets by flow pair.
    pub const AGE: u32 = 19;
    /// Flooding by VRF.
    pub const FLOOD: u32 = 20;
    /// Source MACs.
    pub const LEARNED: u32 = 21;
    /// Members of ECMP nexthops and lists.
    pub const MEMBER: u32 = 22;
    /// Tunnel ends that send to lists.
    pub const ORIGIN: u32 = 23;
    /// Mirrors.
    pub const MIRROR: u32 = 24;
    /// What stands in front of mirrored packets.
    pub const MIRROR_TEXT: u32 = 25;
    /// Forwarding classes.
    pub const QOS: u32 = 26;
    /// Nexthops that stand for several.
    pub const GROUP: u32 = 27;
    /// MACs of ARP answers.
    pub const STITCHED: u32 = 28;
    /// How many packets may be punted, by reason.
    pub const PUNT_QUOTA: u32 = 29;
    /// How many were, by interface and reason.
    pub const PUNTED: u32 = 30;
}

/// The table of that name.
pub fn by_name(name: &str) -> Option<&'static TableSpec> {
    TABLES.iter().find(|table| table.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_table_is_its_place_in_the_list() {
        for (place, table) in TABLES.iter().enumerate() {
            assert_eq!(table.id as usize, place, "table {}", table.name);
        }
    }

    #[test]
    fn every_row_fits_the_data_registers() {
        for table in TABLES {
            assert!(
                table.row_width() <= crate::registers::TABLE_DATA_WORDS * 32,
                "table {}",
                table.name
            );
        }
    }

    #[test]
    fn an_exact_entry_starts_with_valid_and_its_key() {
        for table in TABLES {
            if let Lookup::Exact { key_width, .. } = table.lookup {
                assert_eq!(
                    (table.entry[0].name, table.entry[0].width),
                    ("valid", 1),
                    "table {}",
                    table.name
                );
                assert_eq!(
                    (table.entry[1].name, table.entry[1].width),
                    ("key", key_width),
                    "table {}",
                    table.name
                );
            }
        }
    }
}
