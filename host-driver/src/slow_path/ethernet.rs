//! The Ethernet header of a frame, with at most one VLAN tag, and what is behind it.

pub use underpass_model::headers::ethernet::{IPV4, IPV6, LENGTH, VLAN};
use underpass_model::headers::ethernet::{TAGGED_LENGTH, VLAN_ID};

/// The type of what a frame carries, and where that starts. None: the frame ends before.
pub fn payload(frame: &[u8]) -> Option<(u16, usize)> {
    let ethertype = |at| Some(u16::from_be_bytes(*frame.get(at..)?.first_chunk()?));
    match ethertype(LENGTH - 2)? {
        VLAN => Some((ethertype(TAGGED_LENGTH - 2)?, TAGGED_LENGTH)),
        untagged => Some((untagged, LENGTH)),
    }
}

/// The frame is for a VLAN of the guests' own. A tag without one gives a priority alone ([`VLAN_ID`]), and who gets it
/// takes it for none.
pub fn is_in_vlan(frame: &[u8]) -> bool {
    let tag = frame.get(LENGTH..).and_then(|rest| rest.first_chunk());
    let vlan = tag.map_or(0, |tag| u16::from_be_bytes(*tag) & VLAN_ID);
    payload(frame).is_some_and(|(_, start)| start == TAGGED_LENGTH) && vlan != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_over_and_a_frame_that_ends_before_its_payload_has_none() {
        let mut frame = vec![0; 12];
        frame.extend([0x81, 0x00, 0x00, 0x07, 0x86, 0xdd]);
        assert_eq!(payload(&frame), Some((IPV6, 18)));
        assert_eq!(payload(&frame[..17]), None);
        assert!(is_in_vlan(&frame));
        frame[14..16].copy_from_slice(&[0xe0, 0]);
        assert!(!is_in_vlan(&frame), "a priority alone");
        frame.drain(12..16);
        assert_eq!(payload(&frame), Some((IPV6, 14)));
        assert_eq!(payload(&frame[..13]), None);
        assert!(!is_in_vlan(&frame));
    }
}
