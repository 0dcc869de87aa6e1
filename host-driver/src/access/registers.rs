//! The card's registers as values with fields; which bit is which, the layout says.

use bitfield::bitfield;
use underpass_layout::registers::{
    rings, slow, CONTROL_ENABLE, CONTROL_SEED, EVENT_DEAD, EVENT_GENERATION, EVENT_PAIR_BITS,
    EVENT_VALID, STATUS_BUSY, STATUS_REFUSED,
};

/// The place of the one bit of a mask.
const fn bit(mask: u32) -> usize {
    assert!(mask.is_power_of_two());
    mask.trailing_zeros() as usize
}

bitfield! {
    /// `CONTROL`.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct Control(pub u32);
    impl Debug;
    /// Packets are accepted.
    pub bool, enabled, set_enabled: bit(CONTROL_ENABLE);
    /// The hash tables are being filled.
    pub bool, seeding, set_seeding: bit(CONTROL_SEED);
}

bitfield! {
    /// `TABLE_STATUS`.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct TableStatus(pub u32);
    impl Debug;
    /// A command is under way.
    pub bool, busy, _: bit(STATUS_BUSY);
    /// No table took the last command.
    pub bool, refused, _: bit(STATUS_REFUSED);
}

bitfield! {
    /// `AGE_EVENT`.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct AgeEvent(pub u32);
    impl Debug;
    /// There is one.
    pub bool, valid, _: bit(EVENT_VALID);
    /// The pair's connection is closed.
    pub bool, dead, _: bit(EVENT_DEAD);
    /// The generation of the pair's entries.
    pub u8, generation, _: EVENT_GENERATION as usize + 2, EVENT_GENERATION as usize;
    /// The pair.
    pub u32, pair, _: EVENT_PAIR_BITS as usize - 1, 0;
}

bitfield! {
    /// `INJECT_STATUS`.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct InjectStatus(pub u32);
    impl Debug;
    /// The frame before has not gone yet.
    pub bool, busy, _: bit(slow::INJECT_BUSY);
}

bitfield! {
    /// `CONTROL` of a ring.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub struct RingControl(pub u32);
    impl Debug;
    /// The ring runs.
    pub bool, enabled, set_enabled: bit(rings::ENABLE);
    /// The ring has stopped: host memory did not answer.
    pub bool, faulted, _: bit(rings::FAULT);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_lie_where_the_layout_says() {
        let mut control = Control(0);
        control.set_enabled(true);
        assert_eq!(control.0, CONTROL_ENABLE);
        control.set_seeding(true);
        assert_eq!(control.0, CONTROL_ENABLE | CONTROL_SEED);
        assert!(TableStatus(STATUS_REFUSED).refused() && !TableStatus(STATUS_REFUSED).busy());
        assert!(RingControl(rings::FAULT).faulted() && !RingControl(rings::FAULT).enabled());
        assert!(InjectStatus(slow::INJECT_BUSY).busy());
        let event = AgeEvent(EVENT_VALID | 5 << EVENT_GENERATION | 0x4_0003);
        assert!(event.valid() && !event.dead());
        assert_eq!((event.generation(), event.pair()), (5, 0x4_0003));
    }
}
