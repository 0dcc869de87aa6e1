//! The AXI4 master port, as bundles: what the card drives and what host memory answers.
//!
//! ```text
//!   AR ──▶ ReadOut      AW, W ──▶ WriteOut       64-bit addresses, 512-bit data, INCR, at most 64 beats,
//!   R  ◀── ReadIn       B     ◀── WriteIn        never across 4 KiB, one ID, whole beats
//! ```
//! Size, burst type and strobes never change; the wrapper in `shells` drives them. The card is always ready for R and B:
//! it asks for no more than it has room for.

use underpass_layout::meta::BEAT_BYTES;
use underpass_wires::{bundle, cat, k, mux, only, Bit, BundleExt, U};

/// Most beats of a burst: a page.
pub const BURST_BEATS: usize = 64;
const _: () = assert!(BURST_BEATS * BEAT_BYTES == 4096);

bundle! {
    /// What the card drives to read.
    pub struct ReadOut {
        /// There is a burst to read.
        arvalid: Bit,
        /// From where.
        araddr: U<64>,
        /// Its beats, less one.
        arlen: U<8>,
        /// Ready for a beat: always.
        rready: Bit,
    }

    /// What host memory answers to reads.
    pub struct ReadIn {
        /// The burst is taken.
        arready: Bit,
        /// There is a beat.
        rvalid: Bit,
        /// It.
        rdata: U<512>,
        /// How it went; the upper bit is an error.
        rresp: U<2>,
        /// The burst ends.
        rlast: Bit,
    }

    /// What the card drives to write.
    pub struct WriteOut {
        /// There is a burst to write.
        awvalid: Bit,
        /// To where.
        awaddr: U<64>,
        /// Its beats, less one.
        awlen: U<8>,
        /// There is a beat.
        wvalid: Bit,
        /// It.
        wdata: U<512>,
        /// The burst ends.
        wlast: Bit,
        /// Ready for an answer: always.
        bready: Bit,
    }

    /// What host memory answers to writes.
    pub struct WriteIn {
        /// The burst is taken.
        awready: Bit,
        /// The beat is taken.
        wready: Bit,
        /// A burst is done.
        bvalid: Bit,
        /// How it went; the upper bit is an error.
        bresp: U<2>,
    }

    /// A burst.
    pub struct Burst {
        /// Its first byte.
        address: U<64>,
        /// Its beats, 1 to 64.
        beats: U<7>,
    }
}

impl Burst {
    /// The burst's `len` on the bus.
    #[track_caller]
    pub fn len(self) -> U<8> {
        (self.beats - 1).ext()
    }
}

/// Whether a response is an error.
#[track_caller]
pub fn is_error(response: U<2>) -> Bit {
    response.bit(1)
}

/// As much as one burst can take of `wanted` beats of a ring at `page`, from place `at` within it.
///
/// A page of the ring is a page of memory, and the ring's end is the end of a page: a burst that stays within the page
/// crosses neither.
#[track_caller]
pub fn burst<const N: usize>(page: U<52>, at: U<20>, wanted: U<N>) -> Burst {
    let to_edge: U<7> = k::<7>(BURST_BEATS) - at.trunc::<6>().ext::<7>();
    let many = wanted.shr(6).any();
    let few: U<7> = wanted.trunc::<6>().ext();
    let fits = !many & few.lt(to_edge);
    let (page_of_ring, beat): (U<14>, U<6>) = (at.slice(6), at.trunc());
    Burst {
        address: cat!(page + page_of_ring.ext::<52>(), beat, k::<6>(0)),
        beats: mux(fits, few, to_edge),
    }
}

/// The bytes of an address of beats.
#[track_caller]
pub fn beat_address(beat: U<58>) -> U<64> {
    cat!(beat, k::<6>(0))
}

/// A register that offers something until it is taken: `full`, and what it holds.
#[track_caller]
pub(super) fn register_offer<T: underpass_wires::Bundle>(
    name: &str,
    put: Bit,
    item: T,
    taken: Bit,
) -> (Bit, T) {
    let full = underpass_wires::state::<Bit>(&format!("{name}_full"));
    full.next(put | taken, put);
    (full.q, item.reg_en(name, put))
}

/// One where `some` is set.
#[track_caller]
pub(super) fn one<const N: usize>(some: Bit) -> U<N> {
    only(some, k(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_wires::{build, input, output, Blocks, Ports, Sim};

    #[test]
    fn a_burst_stays_within_its_page() {
        let mut sim = Sim::new(&build("burst", Ports::Fields, Blocks::Inline, || {
            output(
                "b",
                burst::<32>(input("page"), input("at"), input("wanted")),
            );
        }));
        for (page, at, wanted) in [
            (0u64, 0u64, 1u64),
            (5, 0, 64),
            (5, 0, 65),
            (5, 1, 64),
            (5, 63, 2),
            (5, 63, 1),
            (5, 62, 1 << 20),
            (5, 64, 1 << 31),
            ((1 << 52) - 1, (1 << 20) - 1, 7),
        ] {
            sim.set_int("page", page.into());
            sim.set_int("at", at.into());
            sim.set_int("wanted", wanted.into());
            let beats = wanted.min(64 - at % 64);
            assert_eq!(sim.get_int("b_beats"), beats.into(), "{page} {at} {wanted}");
            let address = (page << 12).wrapping_add(at * 64);
            assert_eq!(sim.get_int("b_address"), address.into());
        }
    }
}
