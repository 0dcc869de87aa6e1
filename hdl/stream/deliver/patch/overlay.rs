//! What of the windows falls into one beat.
//!
//! ```text
//!   40 bytes at 50:                       50 ......63|64 .... 89          beat = 50 / 64 = 0
//!   turned by 50 % 64 within a beat:   |bbbbbb           aaaaa|           bytes 50 .. of beat 0, bytes .. 49 of beat 1
//! ```
//! So bytes from the place on are for the window's own beat, those below it for the next one.

use super::window::Window;
use crate::stream::bytes::{first_bytes, keep_bytes};
use underpass_wires::{bundle, mux, only, select, Bit, BundleExt, U};

bundle! {
    /// Bytes that replace those of a beat.
    pub struct Overlay {
        /// Which.
        mask: U<64>,
        /// What is there instead, zero elsewhere.
        data: U<512>,
    }

    /// A window on its way, turned by whole 16 bytes.
    struct Turned {
        mask: U<64>,
        data: U<512>,
        by_2: U<3>,
        /// Bytes below its place.
        below: U<64>,
        /// The beat is that of its place.
        here: Bit,
        /// The beat is the one behind that.
        behind: Bit,
    }
}

impl Overlay {
    /// The beat with these bytes in it.
    pub fn upon(self, data: U<512>) -> U<512> {
        (data & !keep_bytes(self.mask)) | self.data
    }
}

/// What of the windows falls into beat `number`, two clocks later. No two windows may share a byte.
pub fn overlay(number: U<3>, windows: &[Window]) -> Overlay {
    let parts = windows.iter().enumerate().map(|(i, &window)| {
        let turned = coarse(number, window).reg(&format!("window_{i}"));
        fine(turned)
    });
    parts
        .reduce(|a, b| Overlay {
            mask: a.mask | b.mask,
            data: a.data | b.data,
        })
        .expect("a patch has windows")
        .reg("overlay")
}

fn coarse(number: U<3>, window: Window) -> Turned {
    let (beat, place): (U<2>, U<6>) = (window.offset.slice(6), window.offset.slice(0));
    let (mask, data): (U<64>, U<512>) = (window.mask.ext(), window.data.ext());
    let masks: [U<64>; 4] = std::array::from_fn(|i| mask.rotl(16 * i));
    let beats: [U<512>; 4] = std::array::from_fn(|i| data.rotl(128 * i));
    let by_16: U<2> = place.slice(4);
    Turned {
        mask: select(by_16, &masks),
        data: select(by_16, &beats),
        by_2: place.slice(1),
        below: first_bytes(place),
        here: number.eq(beat.ext::<3>()),
        behind: number.eq(beat.ext::<3>() + 1) & !number.bit(2),
    }
}

fn fine(turned: Turned) -> Overlay {
    let masks: [U<64>; 8] = std::array::from_fn(|i| turned.mask.rotl(2 * i));
    let beats: [U<512>; 8] = std::array::from_fn(|i| turned.data.rotl(16 * i));
    let ours = mux(
        turned.behind,
        turned.below,
        only(turned.here, !turned.below),
    );
    let mask = select(turned.by_2, &masks) & ours;
    Overlay {
        mask,
        data: select(turned.by_2, &beats) & keep_bytes(mask),
    }
}
