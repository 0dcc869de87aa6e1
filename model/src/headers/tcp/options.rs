//! The options of a SYN (RFC 9293 section 3.2), as far as the maximum segment size.
//!
//! ```text
//!   | TCP 20 | 1 | kind, length, .. | 2, 4, size | ..      up to SYN_OPTIONS of them; 0 ends the list
//! ```

use super::LENGTH;
use crate::window::Window;
use underpass_layout::meta::{SYN_OPTIONS, WINDOW_BYTES};

/// Nothing follows.
const END: u8 = 0;
/// One byte that says nothing.
const NOTHING: u8 = 1;
/// Maximum segment size.
const SEGMENT_SIZE: u8 = 2;
/// Its bytes.
const SEGMENT_SIZE_LENGTH: usize = 4;

/// A maximum segment size, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentSize {
    /// Its first byte.
    pub at: usize,
    /// The size.
    pub size: u16,
}

/// The maximum segment size that the TCP header at `at` announces, of a packet that ends at `end`. None: it announces none,
/// or none that the card sees.
pub fn segment_size(window: &Window<'_>, at: usize, end: usize) -> Option<SegmentSize> {
    let header = usize::from(window.byte(at + 12) >> 4) * 4;
    let end = end.min(at + header).min(WINDOW_BYTES);
    let mut option = at + LENGTH;
    for _ in 0..SYN_OPTIONS {
        if option >= end {
            return None;
        }
        option += match window.byte(option) {
            END => return None,
            NOTHING => 1,
            SEGMENT_SIZE => {
                let length = usize::from(window.byte(option + 1));
                let fits = length == SEGMENT_SIZE_LENGTH && option + length <= end;
                return fits.then(|| SegmentSize {
                    at: option + 2,
                    size: window.be16(option + 2),
                });
            }
            _ if option + 1 >= end => return None,
            // Without a length it is taken for one byte, as the peer does.
            _ => usize::from(window.byte(option + 1)).max(1),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a SYN at 10 with these options announces, where it says to have `words` words and the packet ends with them.
    fn of(words: u8, options: &[u8]) -> Option<SegmentSize> {
        let mut bytes = vec![0; 10 + LENGTH];
        bytes[10 + 12] = words << 4;
        bytes.extend(options);
        segment_size(&Window::new(&bytes), 10, bytes.len())
    }

    fn found(at: usize, size: u16) -> Option<SegmentSize> {
        Some(SegmentSize { at, size })
    }

    #[test]
    fn it_is_found_behind_other_options() {
        assert_eq!(of(6, &[2, 4, 5, 0xb4]), found(32, 1460));
        assert_eq!(of(7, &[1, 2, 4, 5, 0xb4, 0, 0, 0]), found(33, 1460));
        let behind_scale = [3, 3, 7, 4, 2, 2, 4, 1, 2, 1, 1, 1];
        assert_eq!(of(8, &behind_scale), found(37, 0x0102));
        let sixth = [1, 1, 1, 1, 1, 2, 4, 1, 2, 0, 0, 0];
        assert_eq!(of(8, &sixth), found(37, 0x0102));
    }

    #[test]
    fn a_seventh_option_is_not_read() {
        let seventh = [1, 1, 1, 1, 1, 1, 2, 4, 1, 2, 0, 0];
        assert_eq!(of(8, &seventh), None);
    }

    #[test]
    fn a_list_that_ends_before_it_has_none() {
        assert_eq!(of(7, &[0, 2, 4, 5, 0xb4, 0, 0, 0]), None, "end of options");
        assert_eq!(of(5, &[2, 4, 5, 0xb4]), None, "payload");
        assert_eq!(of(4, &[2, 4, 5, 0xb4]), None, "shorter than a header");
        assert_eq!(of(6, &[1, 2, 4, 5, 0xb4]), None, "cut by the header");
        assert_eq!(of(15, &[2, 4, 5]), None, "cut by the packet");
        assert_eq!(of(6, &[8, 200, 0, 0]), None, "behind a length too long");
        assert_eq!(of(6, &[1, 1, 1, 3]), None, "no length");
    }

    #[test]
    fn lengths_that_lie_are_taken_as_the_peer_does() {
        assert_eq!(of(6, &[2, 3, 5, 0xb4]), None, "of the option itself");
        assert_eq!(
            of(7, &[8, 0, 2, 4, 1, 2, 0, 0]),
            None,
            "0 is read as an end"
        );
        assert_eq!(of(7, &[8, 1, 2, 4, 1, 2, 0, 0]), found(34, 0x0102));
    }

    #[test]
    fn it_has_to_be_within_the_window() {
        let mut bytes = vec![1; 300];
        let at = WINDOW_BYTES - LENGTH - 5;
        bytes[at + 12] = 0xf0;
        bytes[at + LENGTH + 1..at + LENGTH + 5].copy_from_slice(&[2, 4, 1, 2]);
        let window = Window::new(&bytes);
        assert_eq!(
            segment_size(&window, at, 300),
            found(WINDOW_BYTES - 2, 0x0102)
        );
        bytes.insert(0, 0);
        let window = Window::new(&bytes);
        assert_eq!(segment_size(&window, at + 1, 301), None);
    }
}
