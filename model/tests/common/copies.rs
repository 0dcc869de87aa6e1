//! Lists, flooding and mirrors.

use super::Network;
use underpass_layout::profile::SIM;
use underpass_layout::tables::{
    id, FloodEntry, GroupEntry, GroupKind, Leg, MemberEntry, MirrorEntry, MirrorKind,
    MirrorTextEntry, NexthopEntry, NexthopKind, VifEntry, MIRROR_TEXT_BYTES, TABLES,
};
use underpass_model::headers::checksum::checksum;

impl Network {
    /// A list whose members have these legs, nexthops and labels; 0: that of the list.
    pub fn list(&mut self, nexthop: usize, legs: &[(Leg, u32, u32)]) {
        let entry = NexthopEntry {
            valid: true,
            kind: NexthopKind::List,
            bridge: true,
            ..NexthopEntry::default()
        };
        self.put(id::NEXTHOP, nexthop, &entry);
        let first = 8 * nexthop;
        let group = GroupEntry {
            kind: GroupKind::List,
            first: first as u16,
            count: legs.len() as u16,
            ..GroupEntry::default()
        };
        self.put(id::GROUP, nexthop, &group);
        for (row, (leg, nexthop, label)) in (first..).zip(legs) {
            let member = MemberEntry {
                leg: *leg,
                nexthop: *nexthop,
                label_valid: *label != 0,
                label: *label,
                vif: self.core.tables.nexthop(*nexthop).vif,
            };
            self.put(id::MEMBER, row, &member);
        }
    }

    /// Where a VRF floods.
    pub fn flood(&mut self, vrf: usize, nexthop: u32, label: u32) {
        let entry = FloodEntry {
            valid: true,
            nexthop,
            label,
        };
        self.put(id::FLOOD, vrf, &entry);
    }

    /// A mirror that sends frames as they are.
    pub fn raw_mirror(&mut self, row: usize, nexthop: u32) {
        let entry = MirrorEntry {
            kind: MirrorKind::Raw,
            nexthop,
            ..MirrorEntry::default()
        };
        self.put(id::MIRROR, row, &entry);
    }

    /// A mirror that sends frames behind IPv4, UDP and metadata.
    pub fn routed_mirror(
        &mut self,
        row: usize,
        entry: MirrorEntry,
        ends: [u32; 2],
        port: u16,
        metadata: &[u8],
    ) {
        let addresses = ends.map(u32::to_be_bytes).concat();
        let ip = [&[0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0], &addresses[..]].concat();
        let udp = [&[0, 0], &port.to_be_bytes()[..], &[0; 4]].concat();
        let mut text = [&ip, &udp, metadata].concat();
        let summed = [&addresses[..], &[0, 17], &udp, metadata].concat();
        let entry = MirrorEntry {
            kind: MirrorKind::Routed,
            length: text.len() as u16,
            sum: !checksum(&summed),
            header_sum: !checksum(&ip),
            ..entry
        };
        self.put(id::MIRROR, row, &entry);
        text.resize(MIRROR_TEXT_BYTES, 0);
        for (way, bytes) in text.chunks(64).enumerate() {
            let bytes = bytes.try_into().expect("a beat");
            let place = SIM.address(&TABLES[id::MIRROR_TEXT as usize], way, row);
            self.put(id::MIRROR_TEXT, place, &MirrorTextEntry { bytes });
        }
    }

    /// Changes an interface.
    pub fn change_vif(&mut self, vif: u16, change: impl FnOnce(&mut VifEntry)) {
        let mut entry = *self.core.tables.vif(vif);
        change(&mut entry);
        self.put(id::VIF, vif.into(), &entry);
    }

    /// Changes a nexthop.
    pub fn change_nexthop(&mut self, nexthop: u32, change: impl FnOnce(&mut NexthopEntry)) {
        let mut entry = *self.core.tables.nexthop(nexthop);
        change(&mut entry);
        self.put(id::NEXTHOP, nexthop as usize, &entry);
    }
}
