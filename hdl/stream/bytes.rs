//! Small arithmetic that the stream blocks share: which bytes of a beat count, how much of something is used.

use underpass_layout::meta::BEAT_BYTES;
use underpass_wires::{cat_of, k, mux, only, parts, Bit, State, U};

/// A mask of the data: eight bits for each byte that counts.
#[track_caller]
pub fn keep_bytes(keep: U<64>) -> U<512> {
    let bytes: Vec<_> = (0..64)
        .rev()
        .map(|byte| parts(only(keep.bit(byte), ones::<8>())))
        .collect();
    cat_of(&bytes)
}

/// The first `count` bytes of a beat, 0 to 63 of them.
#[track_caller]
pub fn first_bytes(count: U<6>) -> U<64> {
    !ones::<64>().shl_by(count)
}

/// All bits set.
#[track_caller]
pub fn ones<const N: usize>() -> U<N> {
    !k::<N>(0)
}

/// Beats of a frame of so many bytes.
#[track_caller]
pub fn beats_of(length: U<16>) -> U<11> {
    (length.ext::<17>() + (BEAT_BYTES - 1)).slice(6)
}

/// A number that rises by one where `more` is set and falls by one where `less` is.
#[track_caller]
pub fn counted<const N: usize>(number: State<U<N>>, more: Bit, less: Bit) {
    number.next(more ^ less, number.q + mux(more, k(1), ones()));
}
