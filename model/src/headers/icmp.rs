//! ICMP (RFC 792) and ICMPv6 (RFC 4443 section 2.1), which start alike.
//!
//! ```text
//!  0      1      2          4
//! | type | code | checksum | echo: identifier | sequence |
//! ```

use crate::window::Window;

/// Protocol number in IPv4.
pub const V4: u8 = 1;
/// Next header in IPv6.
pub const V6: u8 = 58;
/// Fewest bytes.
pub const LENGTH: usize = 8;

/// Echo reply and request (RFC 792).
const ECHO: [u8; 2] = [0, 8];
/// Echo request and reply (RFC 4443 section 4).
const ECHO6: [u8; 2] = [128, 129];
/// Router solicitation and advertisement, neighbour solicitation and advertisement, redirect (RFC 4861 section 4).
const NEIGHBOR: std::ops::RangeInclusive<u8> = 133..=137;

/// What stands for the ports in the flow key of the ICMPv4 message at `at`: source, destination.
pub fn ports(window: &Window, at: usize) -> (u16, u16) {
    ports_where(window, at, ECHO)
}

/// Likewise of an ICMPv6 message.
pub fn ports6(window: &Window, at: usize) -> (u16, u16) {
    ports_where(window, at, ECHO6)
}

fn ports_where(window: &Window, at: usize, echo: [u8; 2]) -> (u16, u16) {
    let kind = window.byte(at);
    if echo.contains(&kind) {
        (window.be16(at + 4), 0)
    } else {
        (0, kind.into())
    }
}

/// Is the ICMPv6 message at `at` of neighbour discovery?
pub fn is_neighbor(window: &Window, at: usize) -> bool {
    NEIGHBOR.contains(&window.byte(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_has_its_identifier_and_others_their_type() {
        let of = |kind| Window::new(&[kind, 9, 0, 0, 0x12, 0x34, 0, 1]);
        for kind in 0..=255 {
            let other = (0, kind.into());
            let v4 = if [0, 8].contains(&kind) {
                (0x1234, 0)
            } else {
                other
            };
            let v6 = if [128, 129].contains(&kind) {
                (0x1234, 0)
            } else {
                other
            };
            assert_eq!(ports(&of(kind), 0), v4);
            assert_eq!(ports6(&of(kind), 0), v6);
        }
    }

    #[test]
    fn neighbour_discovery_is_five_types() {
        let found = (0..=255).filter(|kind| is_neighbor(&Window::new(&[*kind]), 0));
        assert_eq!(found.collect::<Vec<u8>>(), [133, 134, 135, 136, 137]);
    }
}
