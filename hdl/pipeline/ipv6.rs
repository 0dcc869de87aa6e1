//! The IPv6 header and the extension headers behind it (RFC 8200). Combinational.
//!
//! ```text
//!  0                          4                6             7           8     24    40
//! | version | class, label    | payload length | next header | hop limit | src | dst | extension headers | upper layer |
//!
//!                     clock 0     clock 1    clock 2
//!   next header ─▶ [ step ] ─▶ [ step ] ─▶ [ end ] ─▶ upper-layer protocol, and where it starts
//!                      ▲           ▲          ▲
//!   bytes 40.. ────────┴───────────┴──────────┘   next header, length: 8 bytes, and 8 more a unit; a fragment header: 8
//! ```
//! All extension headers are a whole number of 8-byte units long, so where one starts is a number of 0 to 4.

use super::ip::{Room, WINDOW_BITS};
use super::s1_parse::ICMP6;
use underpass_layout::meta::{EXTENSION_BYTES, EXTENSION_HEADERS};
use underpass_wires::{any_of, bundle, k, mux, select, wire, Bit, U};

/// Bytes of the fixed header.
pub const LENGTH: usize = 40;
/// The extension headers together, in units of 8 bytes.
const MOST_UNITS: usize = EXTENSION_BYTES / 8;
/// Extension headers that are read over: hop-by-hop options, routing, destination options.
const READ_OVER: [u32; 3] = [0, 43, 60];
/// A fragment header.
const FRAGMENT: u32 = 44;
/// Extension headers that nothing is read behind: authentication, mobility, HIP, shim6.
const UNKNOWN: [u32; 4] = [51, 135, 139, 140];

const _: () = assert!(MOST_UNITS == 4 && EXTENSION_HEADERS == 2);

bundle! {
    /// The fixed header's fields.
    pub struct Ipv6 {
        /// Version, length and the room in the frame agree.
        good: Bit,
        /// Traffic class.
        class: U<8>,
        /// Bytes behind the fixed header.
        payload: U<16>,
        /// What is behind it.
        next: U<8>,
        /// Hop limit.
        hop_limit: U<8>,
        /// Source.
        src: U<128>,
        /// Destination.
        dst: U<128>,
    }

    /// How far the extension headers are read.
    pub struct Walk {
        /// The header that comes next.
        next: U<8>,
        /// Where it starts behind the fixed header, in units of 8 bytes.
        at: U<3>,
        /// One ends behind what the card reads.
        far: Bit,
        /// One ends behind the packet.
        cut: Bit,
        /// The payload in whole units, 7 for more.
        units: U<3>,
    }

    /// What the headers turned out to be.
    pub struct Walked {
        /// What is behind them, of a fragment behind its header.
        next: U<8>,
        /// Where that starts behind the fixed header, in units of 8 bytes; where nothing is read behind a fragment header,
        /// that starts there.
        at: U<3>,
        /// Protocol and ports are out of reach.
        extension: Bit,
        /// The last one is a fragment header.
        fragment: Bit,
        /// And what is behind it is read.
        opened: Bit,
        /// One of them is cut short.
        cut: Bit,
    }
}

/// Reads the fixed header at the start of `window`.
pub fn fields(window: U<WINDOW_BITS>, room: Room) -> Ipv6 {
    let payload: U<16> = window.at(4);
    wire!(good = window.at_bits::<4>(0, 0).eq(6) & room.v6 & payload.le(room.behind_v6));
    Ipv6 {
        good,
        class: window.at_bits(0, 4),
        payload,
        next: window.at(6),
        hop_limit: window.at(7),
        src: window.at(8),
        dst: window.at(24),
    }
}

/// Whether a message of this type is neighbour discovery (RFC 4861): router and neighbour solicitation and
/// advertisement, redirect.
pub fn discovers_neighbors(protocol: U<8>, kind: U<8>) -> Bit {
    protocol.eq(ICMP6) & kind.ge(133) & kind.le(137)
}

impl Walk {
    /// Before the first extension header, if there is one.
    pub fn new(header: Ipv6) -> Walk {
        let more: U<10> = header.payload.slice(6);
        Walk {
            next: header.next,
            at: k(0),
            far: k(0),
            cut: k(0),
            units: mux(more.any(), k(7), header.payload.slice(3)),
        }
    }

    /// Behind the next header, if it is one that is read over.
    pub fn step(self, window: U<WINDOW_BITS>) -> Walk {
        let starts: Vec<U<16>> = (0..=MOST_UNITS)
            .map(|unit| window.slice(8 * (LENGTH + 8 * unit)))
            .collect();
        let bytes = select(self.at, &starts);
        let (next, more): (U<8>, U<8>) = (bytes.at(0), bytes.at(1));
        wire!(over = is_one_of(self.next, &READ_OVER) & !self.far);
        let end: U<4> = self.at.ext::<4>() + more.slice::<2>(0).ext::<4>() + 1;
        wire!(far = more.slice::<6>(2).any() | end.gt(MOST_UNITS));
        wire!(cut = self.at.ge(self.units) | !far & end.gt(self.units.ext::<4>()));
        wire!(onward = over & !far);
        Walk {
            next: mux(onward, next, self.next),
            at: mux(onward, end.trunc(), self.at),
            far: self.far | over & far,
            cut: self.cut | over & cut,
            units: self.units,
        }
    }

    /// Where it ended. Of a packet whose ports are `known` the first part is read on behind its fragment header.
    pub fn end(self, window: U<WINDOW_BITS>, known: Bit) -> Walked {
        let starts: Vec<U<32>> = (0..=MOST_UNITS)
            .map(|unit| window.slice(8 * (LENGTH + 8 * unit)))
            .collect();
        let bytes = select(self.at, &starts);
        wire!(fragment = self.next.eq(FRAGMENT));
        // What is behind the last unit is out of reach.
        wire!(first = !bytes.at_bits::<13>(2, 0).any() & self.at.ne(MOST_UNITS));
        wire!(opened = fragment & first & known);
        Walked {
            next: mux(fragment, bytes.at(0), self.next),
            at: mux(opened, self.at + 1, self.at),
            extension: self.far | is_one_of(self.next, &READ_OVER) | is_one_of(self.next, &UNKNOWN),
            fragment,
            opened,
            cut: self.cut | fragment & self.at.ge(self.units),
        }
    }
}

fn is_one_of(next: U<8>, headers: &[u32]) -> Bit {
    any_of(
        &headers
            .iter()
            .map(|header| next.eq(*header))
            .collect::<Vec<_>>(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::frames::{words, Noise};
    use underpass_wires::{build, input, output, unpack, Blocks, Ports, Sim};

    /// The last next header, where it is, out of reach, a fragment, read behind its header.
    type Found = (u8, usize, bool, bool, bool);

    /// The same in plain Rust. None: cut short.
    fn walked(header: &[u8], known: bool) -> Option<Found> {
        let payload = usize::from(u16::from_be_bytes([header[4], header[5]]));
        let (mut next, mut at) = (header[6], 0);
        let read_over = |next: u8| [0, 43, 60].contains(&next);
        for _ in 0..EXTENSION_HEADERS {
            if !read_over(next) {
                break;
            }
            if payload < at + 8 {
                return None;
            }
            let length = 8 * (usize::from(header[LENGTH + at + 1]) + 1);
            if at + length > EXTENSION_BYTES {
                return Some((next, at, true, false, false));
            }
            if at + length > payload {
                return None;
            }
            next = header[LENGTH + at];
            at += length;
        }
        if next == 44 {
            let part = header[LENGTH + at..]
                .get(..8)
                .filter(|_| payload >= at + 8)?;
            let first = u16::from_be_bytes([part[2], part[3]]) < 8;
            let opened = known && first && at + 8 <= EXTENSION_BYTES;
            return Some((part[0], at + 8 * usize::from(opened), false, true, opened));
        }
        let extension = read_over(next) || [51, 135, 139, 140].contains(&next);
        Some((next, at, extension, false, false))
    }

    #[test]
    fn two_extension_headers_are_read_over() {
        let mut sim = Sim::new(&build("walk", Ports::Packed, Blocks::Inline, || {
            let window: U<WINDOW_BITS> = input("window");
            let room: Room = unpack(k::<33>((1u64 << 33) - 1));
            let walk = Walk::new(fields(window, room)).step(window).step(window);
            let end = walk.end(window, input("known"));
            output("cut", end.cut);
            output(
                "found",
                (end.next, end.at, end.extension, end.fragment, end.opened),
            );
        }));
        let mut noise = Noise(7);
        let mut kinds = [0; 5];
        for _ in 0..20_000 {
            let mut header = noise.bytes(WINDOW_BITS / 8);
            let payload = [noise.below(64), 1000][noise.below(2)] as u16;
            header[4..6].copy_from_slice(&payload.to_be_bytes());
            for unit in 0..=MOST_UNITS {
                let known = [0, 43, 60, 60, 44, 51, 140, 6, 17, 58][noise.below(10)];
                header[LENGTH + 8 * unit] = known;
                header[LENGTH + 8 * unit + 1] = [0, 0, 1, 2, 3, 4, 200][noise.below(7)];
                let offset = [0u16, 0, 8, 0x8000][noise.below(4)] | noise.below(8) as u16;
                header[LENGTH + 8 * unit + 2..][..2].copy_from_slice(&offset.to_be_bytes());
            }
            let known = noise.below(2) == 1;
            sim.set_int("known", known.into());
            header[6] = [0, 43, 60, 44, 6][noise.below(5)];
            sim.set("window", &words(&header));
            sim.settle();
            let found = sim.get_int("found");
            let found = (
                found as u8,
                8 * (found >> 8 & 7) as usize,
                found >> 11 & 1 == 1,
                found >> 12 & 1 == 1,
                found >> 13 & 1 == 1,
            );
            let found = (sim.get_int("cut") == 0).then_some(found);
            let expected = walked(&header, known);
            assert_eq!(found, expected, "{header:02x?}");
            kinds[match expected {
                None => 0,
                Some((_, _, true, ..)) => 1,
                Some((.., true)) => 2,
                Some((_, _, _, true, _)) => 3,
                Some(_) => 4,
            }] += 1;
        }
        assert!(kinds.iter().all(|count| *count > 500), "{kinds:?}");
    }
}
