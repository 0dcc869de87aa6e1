//! deliver: carries out the [`Edit`] on the bytes that waited.
//!
//! ```text
//!   | strip bytes |        packet ....        |
//!                  ├ patch: TTL, checksum
//!   | add bytes of header | packet ....       |
//! ```

use crate::headers::ipv4::{CHECKSUM_OFFSET, TTL_OFFSET};
use underpass_layout::meta::{Edit, Rewrite};

/// The frame that leaves; empty for a drop.
pub fn deliver(frame: &[u8], rewrite: &Rewrite, edit: &Edit) -> Vec<u8> {
    if edit.drop {
        return Vec::new();
    }
    let kept = frame.get(edit.strip.into()..).unwrap_or_default();
    let add = usize::from(edit.add);
    let mut out = Vec::with_capacity(add + kept.len());
    out.extend_from_slice(&edit.header[..add]);
    out.extend_from_slice(kept);
    if edit.patch {
        patch(&mut out[add..], rewrite);
    }
    out
}

fn patch(packet: &mut [u8], rewrite: &Rewrite) {
    if let Some(ttl) = packet.get_mut(TTL_OFFSET) {
        *ttl = rewrite.ttl;
    }
    if let Some(checksum) = packet.get_mut(CHECKSUM_OFFSET..CHECKSUM_OFFSET + 2) {
        checksum.copy_from_slice(&rewrite.checksum.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_off_are_patched_and_come_in_front() {
        let frame: Vec<u8> = (0..40).collect();
        let rewrite = Rewrite {
            ttl: 0xaa,
            checksum: 0xbbcc,
            ..Rewrite::default()
        };
        let mut edit = Edit {
            strip: 14,
            patch: true,
            add: 3,
            ..Edit::default()
        };
        edit.header[..3].copy_from_slice(&[1, 2, 3]);
        let out = deliver(&frame, &rewrite, &edit);
        assert_eq!(out.len(), 3 + 26);
        assert_eq!(out[..4], [1, 2, 3, 14]);
        assert_eq!(out[3 + 8..3 + 12], [0xaa, 23, 0xbb, 0xcc]);
        assert_eq!(out[28], 39);
    }

    #[test]
    fn nothing_leaves_of_a_drop() {
        let edit = Edit {
            drop: true,
            ..Edit::default()
        };
        assert!(deliver(&[1; 64], &Rewrite::default(), &edit).is_empty());
    }
}
