//! Where the rings lie in the memory that the card is given.

use std::ops::Range;
use underpass_layout::rings::{ring, BASE_ALIGN, MAX_SIZE_LOG2, MIN_SIZE_LOG2, STATUS_ALIGN};

/// Where the card sees that memory. Above 4 GiB, so that it is clear of the window that x86 keeps for interrupts.
pub const DMA_BASE: u64 = 1 << 32;

/// How large the rings are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Beats of each ring as a power of two, in the order of their numbers.
    pub sizes_log2: [u32; ring::COUNT],
    /// Fewest clocks from one interrupt of a ring to the next; 0: no interrupts.
    pub moderation: [u32; ring::COUNT],
}

impl Default for Layout {
    /// 2,048 commands, 1 MiB of punted and 256 KiB of injected frames: together they fit one large page.
    fn default() -> Self {
        Layout {
            sizes_log2: [12, 14, 12],
            moderation: [0, 1000, 0],
        }
    }
}

impl Layout {
    /// The same for a card whose clock stands still as soon as nothing moves: what it calls for must go before that.
    pub fn simulated() -> Layout {
        Layout {
            moderation: [0, 64, 0],
            ..Layout::default()
        }
    }
}

/// One ring's place, as byte offsets in the memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub ring: u64,
    pub status: u64,
    pub size_log2: u32,
    pub moderation: u32,
}

/// Bytes of a beat.
const BEAT: u64 = 64;

impl Layout {
    pub(super) fn places(&self) -> [Place; ring::COUNT] {
        let mut at = 0;
        let mut places = std::array::from_fn(|number| {
            let size_log2 = self.sizes_log2[number].clamp(MIN_SIZE_LOG2, MAX_SIZE_LOG2);
            let ring = at;
            at = (at + (BEAT << size_log2)).next_multiple_of(BASE_ALIGN);
            Place {
                ring,
                status: 0,
                size_log2,
                moderation: self.moderation[number],
            }
        });
        for place in &mut places {
            place.status = at;
            at += BEAT.next_multiple_of(STATUS_ALIGN);
        }
        places
    }

    /// Bytes of all of it.
    pub fn bytes(&self) -> usize {
        let places = self.places();
        places
            .iter()
            .map(|place| place.status + BEAT)
            .max()
            .unwrap_or(0) as usize
    }
}

impl Place {
    /// The ring, in 32-bit words of the memory.
    pub(super) fn ring_words(&self) -> Range<usize> {
        words(self.ring, BEAT << self.size_log2)
    }

    /// The status, likewise.
    pub(super) fn status_words(&self) -> Range<usize> {
        words(self.status, BEAT)
    }
}

fn words(at: u64, bytes: u64) -> Range<usize> {
    (at / 4) as usize..((at + bytes) / 4) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_overlaps_and_all_is_aligned() {
        for sizes_log2 in [[6, 6, 6], [12, 14, 12], [20, 6, 7], [0, 40, 9]] {
            let layout = Layout {
                sizes_log2,
                ..Layout::default()
            };
            let mut used = Vec::new();
            for place in layout.places() {
                assert_eq!(
                    (place.ring % BASE_ALIGN, place.status % STATUS_ALIGN),
                    (0, 0)
                );
                used.extend([place.ring_words(), place.status_words()]);
            }
            used.sort_by_key(|range| range.start);
            assert!(used.windows(2).all(|pair| pair[0].end <= pair[1].start));
            assert_eq!(used.last().unwrap().end * 4, layout.bytes());
        }
    }

    #[test]
    fn the_usual_rings_fit_a_large_page() {
        assert!(Layout::default().bytes() <= crate::access::dma::LARGE_PAGE);
    }
}
