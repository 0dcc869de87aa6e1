//! Puts text and packet together: the packet's bytes are turned behind those of the text, whose fields are filled in.

use super::fields::Fields;
use super::store::READ_CLOCKS;
use crate::card::host_bus::HostBus;
use crate::hardware::{MirrorTextEntry, Round};
use crate::lookup::set::{self, set};
use crate::lookup::Place;
use crate::stream::bytes::{first_bytes, keep_bytes, ones};
use underpass_layout::profile::Profile;
use underpass_layout::tables::id;
use underpass_wires::{bundle, cat, cat_of, k, mux, parts, select, wire, Bit, BundleExt, U};

bundle! {
    /// A beat of a copy in the making.
    pub struct Piece {
        /// Which beat of the text.
        way: U<3>,
        /// All of it is text.
        all: Bit,
        /// The low bytes are text, not those that the turn before left.
        from_text: Bit,
        /// Low bytes.
        part: U<6>,
        /// IP and UDP header are in it.
        fill: Bit,
        /// They are IPv6.
        v6: Bit,
        /// Their fields.
        fields: Fields,
        /// The copy ends.
        last: Bit,
        /// The packet's last copy ends.
        end: Bit,
        /// As what it comes back.
        round: Round,
    }

    /// A beat of a copy.
    pub struct Made {
        /// Its bytes, zeros behind the end.
        data: U<512>,
        /// The copy ends.
        last: Bit,
        /// The packet's last copy ends.
        end: Bit,
        /// Bytes of the copy.
        length: U<16>,
        /// As what it comes back.
        round: Round,
    }
}

/// The beat that comes of a piece. `piece` and the `row` of its text are there with the address that `data` is read from.
#[track_caller]
pub fn merge(
    profile: &Profile,
    (valid, piece): (Bit, Piece),
    row: U<10>,
    data: U<512>,
    bus: HostBus,
) -> ((Bit, Made), HostBus) {
    let place = Place::of(profile, id::MIRROR_TEXT);
    let (texts, chain) = set::<MirrorTextEntry, 10>(&place, row, bus);
    let valid = (0..READ_CLOCKS + 2).fold(valid, |valid, _| valid.reg_rst("made_valid"));
    let read = piece.delay("piece_read", READ_CLOCKS);
    let bytes: Vec<U<512>> = texts.iter().map(|text| text.bytes).collect();
    let text = select(read.way, &bytes).reg("text");
    let (by_16, by_1): (U<2>, U<4>) = (read.part.slice(4), read.part.slice(0));
    let coarse: [U<512>; 4] = std::array::from_fn(|i| data.rotl(128 * i));
    let coarse = select(by_16, &coarse).reg("turned_coarse");

    let turning = read.reg("piece_turning");
    let text = filled(turning, text).reg("text_filled");
    let fine: [U<512>; 16] = std::array::from_fn(|i| coarse.rotl(8 * i));
    let turned = select(by_1.reg("turn"), &fine).reg("turned");
    let bits: U<9> = cat!(turning.part, k::<3>(0));
    let low = mux(turning.all, ones(), !ones::<512>().shl_by(bits)).reg("low");
    let tail = turning.fields.length.trunc::<6>();
    let keep = mux(turning.last & tail.any(), first_bytes(tail), ones()).reg("keep");

    let made = turning.reg("piece_made");
    let carry = turned.reg_en("carry", valid);
    wire!(merged = (mux(made.from_text, text, carry) & low) | (turned & !low));
    let made = Made {
        data: merged & keep_bytes(keep),
        last: made.last,
        end: made.end,
        length: made.fields.length,
        round: made.round,
    };
    ((valid, made), chain.end())
}

/// The text with the fields of IP and UDP in it.
fn filled(piece: Piece, text: U<512>) -> U<512> {
    let fields = piece.fields;
    let places = [
        (false, 2, fields.length),
        (false, 4, fields.id),
        (false, 10, fields.header_checksum),
        (false, 20, fields.src_port),
        (false, 24, fields.udp_length),
        (false, 26, fields.udp_checksum),
        (true, 4, fields.udp_length),
        (true, 40, fields.src_port),
        (true, 44, fields.udp_length),
        (true, 46, fields.udp_checksum),
    ];
    let words: Vec<_> = (0..32)
        .rev()
        .map(|word| {
            let own: U<16> = text.slice(16 * word);
            let new = places.iter().filter(|(_, byte, _)| *byte == 2 * word);
            let word = new.fold(own, |own, &(v6, _, value)| {
                let here = piece.fill & if v6 { piece.v6 } else { !piece.v6 };
                mux(here, value.swap_bytes(), own)
            });
            parts(word)
        })
        .collect();
    cat_of(&words)
}

const _: () = assert!(READ_CLOCKS == set::LATENCY);
