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

/// Where the checksum lies.
pub const CHECKSUM_OFFSET: usize = 2;

/// Echo reply and request (RFC 792).
const ECHO: [u8; 2] = [0, 8];
/// Echo request and reply (RFC 4443 section 4).
const ECHO6: [u8; 2] = [128, 129];
/// Router solicitation and advertisement, neighbour solicitation and advertisement, redirect (RFC 4861 section 4).
const NEIGHBOR: std::ops::RangeInclusive<u8> = 133..=137;

/// What stands for the ports in the flow key of the ICMPv4 message at `at`: source, destination.
pub fn ports(window: &Window<'_>, at: usize) -> (u16, u16) {
    ports_where(window, at, ECHO, 0)
}

/// Likewise of an ICMPv6 message: both directions of an echo have the type of its reply.
pub fn ports6(window: &Window<'_>, at: usize) -> (u16, u16) {
    ports_where(window, at, ECHO6, ECHO6[1].into())
}

fn ports_where(window: &Window<'_>, at: usize, echo: [u8; 2], of_echo: u16) -> (u16, u16) {
    let kind = window.byte(at);
    if echo.contains(&kind) {
        (window.be16(at + 4), of_echo)
    } else {
        (0, kind.into())
    }
}

/// Is the ICMPv4 message at `at` an error that quotes a packet of a flow: destination unreachable, time exceeded?
pub fn is_error(window: &Window<'_>, at: usize) -> bool {
    [3, 11].contains(&window.byte(at))
}

/// Is the ICMPv6 message at `at` an error (RFC 4443 section 2.1)?
pub fn is_error6(window: &Window<'_>, at: usize) -> bool {
    window.byte(at) < 128
}

/// Is the ICMPv4 message at `at` about a packet that did not arrive: destination unreachable, time exceeded, parameter
/// problem?
pub fn is_about_a_packet(window: &Window<'_>, at: usize) -> bool {
    [3, 11, 12].contains(&window.byte(at))
}

/// Likewise the ICMPv6 message at `at`, packet too big among them (RFC 4443 section 3).
pub fn is_about_a_packet6(window: &Window<'_>, at: usize) -> bool {
    (1..=4).contains(&window.byte(at))
}

/// Is the ICMPv6 message at `at` of neighbour discovery?
pub fn is_neighbor(window: &Window<'_>, at: usize) -> bool {
    NEIGHBOR.contains(&window.byte(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_has_its_identifier_and_others_their_type() {
        for kind in 0..=255 {
            let message = [kind, 9, 0, 0, 0x12, 0x34, 0, 1];
            let window = Window::new(&message);
            let other = (0, kind.into());
            let v4 = if [0, 8].contains(&kind) {
                (0x1234, 0)
            } else {
                other
            };
            let v6 = if [128, 129].contains(&kind) {
                (0x1234, 129)
            } else {
                other
            };
            assert_eq!(ports(&window, 0), v4);
            assert_eq!(ports6(&window, 0), v6);
        }
    }

    #[test]
    fn errors_are_two_types_or_half_of_all() {
        let v4 = (0..=255).filter(|kind| is_error(&Window::new(&[*kind]), 0));
        assert_eq!(v4.collect::<Vec<u8>>(), [3, 11]);
        for kind in 0..=255 {
            assert_eq!(is_error6(&Window::new(&[kind]), 0), kind <= 127);
        }
    }

    #[test]
    fn a_packet_that_did_not_arrive_has_three_types_or_four() {
        let kinds = |is: fn(&Window<'_>, usize) -> bool| -> Vec<u8> {
            let found = (0..=255).filter(|kind| is(&Window::new(&[*kind]), 0));
            found.collect()
        };
        assert_eq!(kinds(is_about_a_packet), [3, 11, 12]);
        assert_eq!(kinds(is_about_a_packet6), [1, 2, 3, 4]);
    }

    #[test]
    fn neighbour_discovery_is_five_types() {
        let found = (0..=255).filter(|kind| is_neighbor(&Window::new(&[*kind]), 0));
        assert_eq!(found.collect::<Vec<u8>>(), [133, 134, 135, 136, 137]);
    }
}
