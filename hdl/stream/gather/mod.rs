//! Takes beats from the outer stream and from rounds, and makes of each packet a header for the stages and a body for the
//! packet buffer.
//!
//! ```text
//!   clock 0                  1                    2                3
//!   s ──────┐
//!           ├▶ take, mask ─▶ place in window ─▶ window parts ─▶ header
//!   rounds ─┘      ^     '─▶ body
//!                  '── room, whose turn: registers only
//! ```
//! Whose turn it is, is in [`mod@turns`]. A packet of one beat a clock passes without a bubble. The header leaves [`HEADER_CLOCKS`] clocks after the beat that
//! completes it was taken (the third of the window, or the last), the body [`BODY_CLOCKS`] after each beat.
//!
//! A frame of the slow port starts with an [`InjectShim`] of one beat: it stays in the body, where the edit strips it,
//! but is no part of the window or of the length. What the slow path knows of the packet stands in it. A copy from rounds has
//! no shim: what is known of it comes beside it.

pub mod turns;

use crate::hardware::{Arrival, InjectShim, Known, Round};
use crate::stream::beat::{
    BodyWrite, Credit, HeaderSlot, Offer, RoundOffer, BODY_DEPTH, EDIT_DEPTH,
};
use crate::stream::bytes::{counted, keep_bytes};
use turns::{turns, Waiting};
use underpass_layout::port;
use underpass_layout::shim::InjectCommand;
use underpass_wires::{
    any_of, bundle, cat, k, mux, one_of, only, state, unpack, wire, zero, Bit, BundleExt, U,
};

/// From a beat that is taken to its place in the body.
pub const BODY_CLOCKS: u32 = 1;
/// From the beat that completes a header to that header.
pub const HEADER_CLOCKS: u32 = 3;

bundle! {
    /// What becomes of the outer stream.
    pub struct Gathered {
        /// The beat on offer is taken at the end of this clock.
        ready: Bit,
        /// To the stages.
        header: HeaderSlot,
        /// To the packet buffer.
        body: BodyWrite,
        /// The beat that rounds offers is taken at the end of this clock.
        rounds_ready: Bit,
        /// A packet of rounds was begun.
        copied: Bit,
        /// Packets that were begun and have not left, and those that go round.
        in_flight: U<10>,
    }

    /// A beat that was taken.
    struct Taken {
        valid: Bit,
        first: Bit,
        last: Bit,
        data: U<512>,
        length: U<16>,
        port: U<10>,
        round: Round,
    }

    /// A beat with its place in the window: none, or one of three. `first` clears what the packet before left there.
    struct Placed {
        first: Bit,
        place: [Bit; 3],
        complete: Bit,
        data: U<512>,
        length: U<16>,
        /// The length without the shim: 0 for one that is shorter than it.
        behind_shim: U<16>,
        port: U<10>,
        injected: Bit,
        round: Round,
    }
}

/// See the module. `enable` closes the outer stream between two packets; what goes round comes back all the same. `held`:
/// packets that are in rounds.
#[track_caller]
pub fn gather(s: Offer, enable: Bit, rounds: RoundOffer, held: U<8>, credit: Credit) -> Gathered {
    // Both count a clock late, so one beat and one packet less than there is room for are let in.
    let beats = state::<U<10>>("beats");
    let packets = state::<U<9>>("packets");
    wire!(room = beats.q.lt(BODY_DEPTH - 1));
    wire!(open = packets.q.lt(EDIT_DEPTH - 1));
    let turn = turns(
        room,
        open,
        Waiting {
            s: s.valid,
            s_last: s.beat.last,
            enable,
            rounds: rounds.valid,
            rounds_last: rounds.last,
        },
    );
    wire!(from_rounds = turn.from_rounds);
    let masked = s.beat.data & keep_bytes(s.beat.keep);
    let taken = Taken {
        valid: turn.taken.reg_rst("taken_valid"),
        first: turn.first.reg("taken_first"),
        last: mux(from_rounds, rounds.last, s.beat.last).reg("taken_last"),
        data: mux(from_rounds, rounds.data, masked).reg("taken_data"),
        length: mux(from_rounds, rounds.length, s.beat.length()).reg("taken_length"),
        port: mux(from_rounds, k(port::ROUND), s.beat.port().trunc::<10>()).reg("taken_port"),
        round: only(from_rounds, rounds.round).reg("taken_round"),
    };
    let copied = taken.valid & taken.first & from_rounds.reg("taken_copy");
    counted(beats, taken.valid, credit.body.timeless());
    counted(packets, taken.valid & taken.first, credit.header.timeless());
    // A copy counts as begun two clocks after its first beat, and it may be the last one of its packet.
    let held = held.delay("held", 2).timeless();
    Gathered {
        ready: turn.s_ready,
        rounds_ready: turn.rounds_ready,
        copied,
        header: header(placed(taken)),
        body: BodyWrite {
            valid: taken.valid,
            data: taken.data,
            last: taken.last,
        },
        in_flight: packets.q.ext::<10>() + held.ext(),
    }
}

/// Counts the beats of the window, which starts behind the shim where there is one.
fn placed(beat: Taken) -> Placed {
    let seen = state::<U<3>>("seen");
    let before = only(!beat.first, seen.q);
    seen.next(beat.valid, before + only(!before.bit(2), k(1)));
    wire!(injected = beat.port.eq(port::SLOW));
    wire!(place: [Bit; 3] = std::array::from_fn(|place| {
        beat.valid & mux(injected, before.eq(place + 1), before.eq(place))
    }));
    let shim = beat.valid & injected & beat.first;
    let complete = place[2] | (beat.last & any_of(&[shim, place[0], place[1]]));
    // The shim is a whole beat, so the length falls by one of those.
    let (whole, rest) = (beat.length.slice::<10>(6), beat.length.trunc::<6>());
    let behind_shim: U<16> = only(whole.any(), cat!(whole - 1, rest));
    Placed {
        first: (beat.valid & beat.first).reg_rst("placed_first"),
        place: place.reg_rst("placed_place"),
        complete: complete.reg_rst("placed_complete"),
        data: beat.data.reg("placed_data"),
        length: beat.length.reg("placed_length"),
        behind_shim: behind_shim.reg("placed_behind_shim"),
        port: beat.port.reg("placed_port"),
        injected: injected.reg("placed_injected"),
        round: beat.round.reg("placed_round"),
    }
}

fn header(beat: Placed) -> HeaderSlot {
    let [a, b, c] = beat
        .place
        .map(|here| only(here, beat.data).reg_en("part", here | beat.first));
    HeaderSlot {
        valid: beat.complete.reg_rst("header_valid"),
        arrival: arrival(beat),
        window: cat!(c, b, a),
    }
}

fn arrival(beat: Placed) -> Arrival {
    let shim: InjectShim = unpack(beat.data);
    let commands = |commands: &[InjectCommand]| {
        let is = |one: &InjectCommand| shim.command.eq(one.code());
        any_of(&commands.iter().map(is).collect::<Vec<_>>())
    };
    let judged_here = [InjectCommand::Receive, InjectCommand::Flood];
    wire!(comes_in = commands(&judged_here));
    wire!(known = comes_in | commands(&[InjectCommand::Transmit]));
    let command: U<2> = only(known, shim.command.trunc());
    let said = only(
        beat.injected,
        (command, shim.vif.trunc::<13>(), shim.port.trunc::<10>()),
    );
    let (command, inject_vif, inject_port) = said.reg_en("shim", beat.first);
    // One that is injected has no round.
    let told = only(beat.injected & comes_in, found_out(shim));
    let round = one_of(&[(k(1), beat.round), (k(1), told)]).reg_en("arrival_round", beat.first);
    Arrival {
        port: beat.port.reg("arrival_port"),
        length: mux(beat.injected, beat.behind_shim, beat.length).reg("arrival_length"),
        injected: beat.injected.reg("arrival_injected"),
        command,
        inject_vif,
        inject_port,
        round,
    }
}

/// What the slow path says of a packet.
fn found_out(shim: InjectShim) -> Round {
    Round {
        judged: shim.judged,
        known: Known {
            ports: shim.ports_known,
            src_port: shim.src_port,
            dst_port: shim.dst_port,
            routed: shim.routed,
            nexthop: shim.nexthop.trunc(),
            label: shim.label.trunc(),
        },
        ..zero()
    }
}

#[cfg(test)]
mod tests;
