//! Every record, packed and unpacked again.

use proptest::prelude::*;
use underpass_layout::hash::{SeedTarget, Split};
use underpass_layout::meta::{Edit, Meta};
use underpass_layout::rings::{RingCommand, RingStatus};
use underpass_layout::shim::{InjectShim, PuntShim};
use underpass_layout::tables::*;
use underpass_layout::{words_for, Record};

/// Random words become a record unless a code is unknown; that record gives back the words, cut to its width.
fn words_survive<R: Record + std::fmt::Debug>(mut words: Vec<u32>) {
    words.resize(words_for(R::WIDTH), 0);
    if R::WIDTH % 32 != 0 {
        *words.last_mut().expect("a record has a word") &= (1 << (R::WIDTH % 32)) - 1;
    }
    if let Ok(record) = R::unpack(&words) {
        let mut again = vec![0; words.len()];
        record.pack_into(&mut again);
        assert_eq!(again, words, "{record:?}");
    }
}

macro_rules! round_trips {
    ($($name:ident: $Record:ty;)*) => {
        proptest! {
            $( #[test] fn $name(words in prop::collection::vec(any::<u32>(), words_for(<$Record>::WIDTH))) {
                words_survive::<$Record>(words);
            } )*
        }
    };
}

round_trips! {
    port: PortEntry;
    vif: VifEntry;
    mpls: MplsEntry;
    vxlan: VxlanEntry;
    bridge: BridgeEntry;
    vrf: VrfEntry;
    route: RouteEntry;
    nexthop: NexthopEntry;
    flow: FlowEntry;
    flow6: FlowEntry6;
    split: Split;
    seed_target: SeedTarget;
    ring_command: RingCommand;
    ring_status: RingStatus;
    flow_counter: FlowCounter;
    source: SourceEntry;
    traffic_counter: TrafficCounter;
    outcome_counter: OutcomeCounter;
    meta: Meta;
    edit: Edit;
    punt_shim: PuntShim;
    inject_shim: InjectShim;
}

#[test]
fn the_shims_are_one_beat() {
    assert_eq!(PuntShim::WIDTH, 512);
    assert_eq!(InjectShim::WIDTH, 512);
}

#[test]
fn what_lies_in_a_ring_is_one_beat() {
    assert_eq!(RingCommand::WIDTH, 512);
    assert_eq!(RingStatus::WIDTH, 512);
}

#[test]
fn both_flow_keys_start_alike() {
    let short = FlowKey {
        v6: false,
        nexthop: 0xabcde,
        protocol: 6,
        src_port: 1,
        dst_port: 2,
        src: 0xffff_ffff,
        dst: 0x8000_0001,
    };
    let key = FlowKey6 {
        nexthop: 0xabcde,
        protocol: 6,
        src_port: 1,
        dst_port: 2,
        ..FlowKey6::default()
    };
    let long = key.between(0xffff_ffff, 0x8000_0001);
    let mut words = short.pack().to_vec();
    words[0] |= 1;
    words.resize(long.pack().len(), 0);
    assert_eq!(long.pack().to_vec(), words);
}

#[test]
fn a_flow_row_holds_two_entries_in_360_bits() {
    assert_eq!(FlowEntry::WIDTH, 180);
    assert_eq!(FlowEntry::TABLE.row_width(), 360);
}

#[test]
fn fields_lie_where_the_documents_say() {
    let entry = MplsEntry {
        action: LabelAction::Frame,
        vrf: 0xabc,
        nexthop: 0xfedcb,
        ..Default::default()
    };
    assert_eq!(
        entry.pack(),
        [0b11 | 0xabc << 2 | (0xfedcb & 0x3ffff) << 14, 0xfedcb >> 18]
    );
}
