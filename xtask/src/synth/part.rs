//! What there is on the part of a board.

/// A part and what there is on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The board and its part.
    pub name: &'static str,
    /// Six-input LUTs.
    pub luts: u32,
    /// Flip-flops.
    pub flip_flops: u32,
    /// Block RAMs of 36 kbit.
    pub ramb36: u32,
    /// UltraRAMs.
    pub urams: u32,
    /// Multiplier blocks.
    pub dsps: u32,
}

/// The part that a profile is made for.
pub fn of(profile: &str) -> Option<&'static Part> {
    match profile {
        "u250" => Some(&XCU250),
        _ => None,
    }
}

/// What AMD's tools report as available on an xcu250-figd2104-2L-e (5,376 halves of block RAM): the whole part, of which
/// a platform's shell takes some.
const XCU250: Part = Part {
    name: "Alveo U250 (XCU250)",
    luts: 1_728_000,
    flip_flops: 3_456_000,
    ramb36: 2_688,
    urams: 1_280,
    dsps: 12_288,
};
