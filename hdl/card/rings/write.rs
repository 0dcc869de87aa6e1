//! Writes to host memory: statuses and punted frames, burst by burst.
//!
//! ```text
//!   status of each ring ─┐                 ┌─▶ [ addresses ] ─▶ AW
//!   burst of a frame ────┴─ one at a time ─┼─▶ [ beats     ] ─▶ W
//!                                          └─▶ [ whose     ] ─── B ─▶ to whose it was
//! ```
//! Statuses go first: there is never more than one of each ring. Both channels come out of small queues, which are filled
//! by what room they have: no `ready` of the bus reaches the wide registers.

use super::axi::{beat_address, is_error, Burst, WriteIn, WriteOut};
use super::buses::{
    BurstOfferIn, StatusOfferIn, StatusWrittenOut, WriteBeatIn, WriteInIn, WriteOutOut, WrittenOut,
};
use super::punt::WriteBeat;
use crate::hardware::RingStatus;
use crate::stream::fifo::queue;
use rust_hdl_core::prelude::{Bit as HdlBit, Bits, Out, Signal};
use underpass_layout::rings::ring;
use underpass_wires::{
    all_of, any_of, bundle, k, leaf, mux, one_of, only, state, wire, zero, Bit, BundleExt, U,
};

/// Addresses that wait for AW, as a power of two.
const ADDRESSES: usize = 3;
/// Beats that wait for W, as a power of two.
const BEATS: usize = 4;
/// Bursts without an answer, as a power of two; two less are let out.
const TRACKED: usize = 5;
/// The number of the frames among the owners of bursts; those below are rings with a status.
const FRAMES: usize = ring::COUNT;
const _: () = assert!(FRAMES < 4);

bundle! {
    /// A burst of a frame that waits to be written.
    pub struct BurstOffer {
        /// There is one. It stays until it is taken.
        valid: Bit,
        /// Where.
        burst: Burst,
        /// The frame ends with it.
        last: Bit,
        /// Beats of the frame.
        frame: U<11>,
    }

    /// A burst of a frame was answered, in order.
    pub struct Written {
        /// One was in this clock.
        valid: Bit,
        /// Memory has it.
        good: Bit,
        /// The frame ended with it.
        last: Bit,
        /// Beats of the frame.
        frame: U<11>,
    }

    /// A status that waits to be written.
    pub struct StatusOffer {
        /// There is one.
        valid: Bit,
        /// Where, in beats.
        address: U<58>,
        /// What it says.
        index: U<32>,
        /// Likewise.
        refused: U<32>,
        /// Likewise.
        dropped: U<32>,
    }

    /// What became of a status.
    pub struct StatusWritten {
        /// The one on offer was taken.
        taken: Bit,
        /// The one that was taken was answered.
        answered: Bit,
        /// Memory has it.
        good: Bit,
    }

    /// Whose a burst is.
    struct Owner {
        number: U<2>,
        last: Bit,
        frame: U<11>,
    }

    struct WriteData {
        data: U<512>,
        last: Bit,
    }
}

/// What writing gives.
pub struct Write {
    /// To host memory.
    pub axi: WriteOut,
    /// The burst on offer is taken.
    pub burst_taken: Bit,
    /// The beat on offer is taken.
    pub beat_taken: Bit,
    /// To the punt engine.
    pub written: Written,
    /// To the statuses.
    pub statuses: [StatusWritten; ring::COUNT],
    /// Rings of which a write failed.
    pub faults: [Bit; ring::COUNT],
}

/// See the module.
#[track_caller]
pub fn write(
    statuses: [StatusOffer; ring::COUNT],
    burst: BurstOffer,
    beat: WriteBeat,
    axi: WriteIn,
) -> Write {
    let (statuses, burst) = (statuses.timeless(), burst.timeless());
    let (beat, axi) = (beat.timeless(), axi.timeless());
    let left = state::<U<7>>("beats_left");
    let of_frame = state::<Bit>("of_frame");
    let open = state::<Bit>("open");

    // Whose turn it is: a status if there is one, of the first ring that has one.
    wire!(free = open.q & !left.q.any());
    let mut before = k(0);
    let picks: [Bit; ring::COUNT] = std::array::from_fn(|number| {
        let pick = free & statuses[number].valid & !before;
        before = before | statuses[number].valid;
        pick
    });
    wire!(burst_taken = free & burst.valid & !before);
    wire!(status_taken = any_of(&picks));
    wire!(begins = burst_taken | status_taken);
    let cases = std::array::from_fn::<_, { ring::COUNT }, _>(|i| (picks[i], statuses[i]));
    let chosen = one_of(&cases);
    let owner = Owner {
        number: one_of(&std::array::from_fn::<_, { ring::COUNT }, _>(|i| {
            (picks[i], k(i))
        })) | only(burst_taken, k(FRAMES)),
        last: burst.last,
        frame: burst.frame,
    };
    let target = mux(
        burst_taken,
        burst.burst,
        Burst {
            address: beat_address(chosen.address),
            beats: k(1),
        },
    );
    let said = (chosen.index, chosen.refused, chosen.dropped).reg_en("said", status_taken);

    let addresses = queue::<Burst, ADDRESSES>(
        "addresses",
        begins.reg_rst("address_put"),
        target.reg("address"),
    );
    let owners = queue::<Owner, TRACKED>("owners", begins.reg_rst("owner_put"), owner.reg("owner"));
    let put = state::<Bit>("beat_put");
    let row = {
        let status = RingStatus {
            index: said.0,
            refused: said.1,
            dropped: said.2,
            ..zero()
        };
        WriteData {
            data: mux(of_frame.q, beat.data, status.pack()),
            last: left.q.eq(1),
        }
        .reg("beat")
    };
    let beats = queue::<WriteData, BEATS>("beats", put.q, row);
    // One is on its way when the queue is looked at.
    let room = beats.used.lt((1usize << BEATS) - 2);
    wire!(puts = all_of(&[left.q.any(), room, beat.valid | !of_frame.q]));
    put.next(k(1), puts);
    left.next(begins | puts, mux(begins, target.beats, left.q - 1));
    of_frame.next(begins, burst_taken);
    open.next(
        k(1),
        !begins
            & addresses.used.lt((1usize << ADDRESSES) - 2)
            & owners.used.lt((1usize << TRACKED) - 2),
    );
    addresses.pop(addresses.valid & axi.awready);
    beats.pop(beats.valid & axi.wready);

    wire!(answered = axi.bvalid & owners.valid);
    owners.pop(answered);
    let owner = owners.head;
    let good = (!is_error(axi.bresp)).reg("answered_good");
    let of: [Bit; FRAMES + 1] =
        std::array::from_fn(|number| (answered & owner.number.eq(number)).reg_rst("answered_of"));
    let ended = (owner.last, owner.frame).reg("answered_frame");
    Write {
        axi: WriteOut {
            awvalid: addresses.valid,
            awaddr: addresses.head.address,
            awlen: addresses.head.len(),
            wvalid: beats.valid,
            wdata: beats.head.data,
            wlast: beats.head.last,
            bready: k(1),
        },
        burst_taken,
        beat_taken: puts & of_frame.q,
        written: Written {
            valid: of[FRAMES],
            good,
            last: ended.0,
            frame: ended.1,
        },
        statuses: std::array::from_fn(|number| StatusWritten {
            taken: picks[number],
            answered: of[number],
            good,
        }),
        faults: std::array::from_fn(|number| {
            let frames = match number as u32 {
                ring::PUNT => of[FRAMES],
                _ => k(0),
            };
            (of[number] | frames) & !good
        }),
    }
}

leaf!(
    /// The write channels as a block.
    pub WriteChannels {
        command: StatusOfferIn,
        punt: StatusOfferIn,
        inject: StatusOfferIn,
        burst: BurstOfferIn,
        beat: WriteBeatIn,
        axi_in: WriteInIn,
    } -> {
        axi: WriteOutOut,
        burst_taken: Signal<Out, HdlBit>,
        beat_taken: Signal<Out, HdlBit>,
        written: WrittenOut,
        statuses: StatusWrittenOut,
        faults: Signal<Out, Bits<3>>,
    },
    |command: StatusOffer, punt: StatusOffer, inject: StatusOffer, burst: BurstOffer, beat: WriteBeat, axi: WriteIn|
        -> (WriteOut, Bit, Bit, Written, [StatusWritten; 3], [Bit; 3]) {
        let made = write([command, punt, inject], burst, beat, axi);
        (made.axi, made.burst_taken, made.beat_taken, made.written, made.statuses, made.faults)
    }
);
