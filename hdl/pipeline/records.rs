//! For tests: records of the layout on the wires of a [`Sim`], where words have 64 bits.

use underpass_layout::meta::Meta;
use underpass_layout::Record;
use underpass_wires::Sim;

/// A slot as one wire: valid, and above it the metadata.
pub fn slot(meta: &Meta) -> Vec<u64> {
    let mut slot = vec![1];
    for (i, word) in meta.pack().iter().enumerate() {
        let at = 32 * i + 1;
        slot.resize(at / 64 + 2, 0);
        let wide = u128::from(*word) << (at % 64);
        slot[at / 64] |= wide as u64;
        slot[at / 64 + 1] |= (wide >> 64) as u64;
    }
    slot.truncate((Meta::WIDTH + 1).div_ceil(64));
    slot
}

/// The record on an output of a packed design.
pub fn record<R: Record>(sim: &mut Sim, name: &str) -> R {
    let words: Vec<u32> = sim
        .get(name)
        .iter()
        .flat_map(|word| [*word as u32, (*word >> 32) as u32])
        .collect();
    R::unpack(&words).expect("codes that are known")
}

/// A record as one wire.
pub fn words<R: Record>(record: &R) -> Vec<u64> {
    let mut words = vec![0; R::WIDTH.div_ceil(32).next_multiple_of(2)];
    record.pack_into(&mut words);
    words
        .chunks(2)
        .map(|two| u64::from(two[0]) | u64::from(two[1]) << 32)
        .take(R::WIDTH.div_ceil(64))
        .collect()
}
