//! Every record, packed and unpacked again.

use proptest::prelude::*;
use underpass_layout::meta::{Edit, Meta};
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
fn a_flow_row_holds_two_entries_in_432_bits() {
    assert_eq!(FlowEntry::WIDTH, 216);
    assert_eq!(FlowEntry::TABLE.row_width(), 432);
}

#[test]
fn fields_lie_where_the_documents_say() {
    let entry = MplsEntry {
        action: LabelAction::Frame,
        vrf: 0xabc,
        nexthop: 0xfedcb,
    };
    assert_eq!(
        entry.pack(),
        [0b11 | 0xabc << 2 | (0xfedcb & 0x3ffff) << 14, 0xfedcb >> 18]
    );
}
