//! Going round: as what a packet comes back, and what is made of it meanwhile.

use crate::record::{code, record};
use crate::tables::{Leg, TunnelKind};

code! {
    /// As what a packet comes, at first or once more.
    pub enum RoundKind: 3 {
        /// From a port, for the first time.
        First = 0;
        /// As it came, once more from the start: what the flags of its `Round` name is done.
        Again = 1;
        /// The tenant's packet, out of its tunnel, to be judged in a VRF or sent by a nexthop.
        Tenant = 2;
        /// The tenant's packet for one member of a list.
        Member = 3;
        /// It leaves as it is.
        Transmit = 4;
        /// The slow path is shown it.
        Punt = 5;
    }
}

record! {
    /// What the slow path found out of a packet in place of the card, and sends along.
    pub struct Known (known) {
        /// Of a fragment: `src_port` and `dst_port` hold, which its first part had.
        ports: bool = 1,
        /// Source port as flow keys have it.
        src_port: u16 = 16,
        /// Destination port as flow keys have it.
        dst_port: u16 = 16,
        /// Where the card has no routes of a VRF, `nexthop` and `label` are what they would say.
        routed: bool = 1,
        /// The nexthop of its route.
        nexthop: u32 = 20,
        /// Label or VNI for it.
        label: u32 = 24,
    }
}

record! {
    /// What a packet that goes round brings back of what was known of it, or one that the slow path injects.
    pub struct Round (round) {
        /// As what it comes; all else is zero for `First`, unless the slow path knew more.
        kind: RoundKind = 3,
        /// What the slow path found out.
        known: Known = record,
        /// Rounds that changed its VRF, or delivered it to an analyzer.
        hops: u8 = 3,
        /// The receiving interface; of `Transmit` the outgoing one.
        vif: u16 = 13,
        /// The receiving port; of `Transmit` the outgoing one.
        port: u16 = 10,
        /// Its receiving interface's mirror has it, and its source MAC was looked at.
        received: bool = 1,
        /// Its flow's mirrors have it.
        flowed: bool = 1,
        /// It has met its flow, or meets none.
        judged: bool = 1,
        /// It is a copy for an analyzer: nobody mirrors it or learns from it.
        quiet: bool = 1,
        /// `Tenant`, `Member`: as `Decap`, whose fields of these names it becomes.
        tunnelled: bool = 1,
        /// See `tunnelled`.
        frame: bool = 1,
        /// See `tunnelled`.
        vrf: u16 = 12,
        /// See `tunnelled`.
        direct: bool = 1,
        /// See `tunnelled`; of `Member` the list.
        nexthop: u32 = 20,
        /// See `tunnelled`; of `Member` the label or VNI that led to the list.
        label: u32 = 24,
        /// See `tunnelled`.
        flood_unknown: bool = 1,
        /// `TREE_BYTES` stand in front of the frame.
        tree: bool = 1,
        /// The tunnel it came through, as `Parse`.
        tunnel: TunnelKind = 3,
        /// That tunnel's addresses are IPv6.
        outer_v6: bool = 1,
        /// The end that sent it.
        outer_src: u128 = 128,
        /// Its label or VNI.
        outer_label: u32 = 24,
        /// Its MPLS time to live.
        outer_ttl: u8 = 8,
        /// `Member`: where it came from, `Leg::None`: from an interface here.
        origin: Leg = 3,
        /// `Member`: the row of `member`.
        position: u16 = 16,
    }
}

record! {
    /// What becomes of a packet that goes round, in this order: copies for up to three mirrors, one for the slow path,
    /// then itself; or one copy for each member of a list.
    pub struct Errand (errand) {
        /// It goes round.
        on: bool = 1,
        /// The first mirror, a row of `mirror`; 0: none.
        mirror: u16 = 10,
        /// The second mirror; 0: none.
        second: u16 = 10,
        /// The third mirror; 0: none.
        third: u16 = 10,
        /// A copy goes to the slow path.
        learn: bool = 1,
        /// Copies for members, from row `round.position` on; 0: it is no list.
        members: u16 = 12,
        /// UDP source port of copies for analyzers.
        entropy: u16 = 16,
        /// With this it comes back itself, or each of its members' copies does.
        round: Round = record,
    }
}
