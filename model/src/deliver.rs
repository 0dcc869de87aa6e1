//! deliver: carries out the [`Edit`] on the bytes that waited.
//!
//! ```text
//!   | shim | packet as it came ....        |
//!   ├ patch: TTL, addresses, ports, checksums, all within the window behind the shim
//!   |  strip bytes  |     packet ....      |
//!   |  add bytes of header | packet ....   |
//! ```

use crate::headers::ipv4::{self, TTL_OFFSET};
use underpass_layout::meta::{Edit, Patch, BEAT_BYTES, WINDOW_BYTES};

/// Where IPv6 has its hop limit and its addresses (RFC 8200 section 3).
const HOP_LIMIT_OFFSET: usize = 7;
const SRC6_OFFSET: usize = 8;
const DST6_OFFSET: usize = 24;
/// Where IPv4 has its addresses.
const SRC_OFFSET: usize = 12;
const DST_OFFSET: usize = 16;

/// Appends the frame that leaves to `out`; nothing of a drop. In front of an injected frame stands its shim, from which the edit counts.
pub fn deliver(frame: &[u8], injected: bool, edit: &Edit, out: &mut Vec<u8>) {
    if edit.drop {
        return;
    }
    let kept = frame.get(edit.strip.into()..).unwrap_or_default();
    let header = &edit.header[..edit.add.into()];
    out.reserve(header.len() + kept.len());
    out.extend_from_slice(header);
    let start = out.len();
    out.extend_from_slice(kept);
    if edit.patch.on {
        let shim = if injected { BEAT_BYTES } else { 0 };
        let window = Kept {
            bytes: &mut out[start..],
            first: edit.strip.into(),
            end: shim + WINDOW_BYTES,
        };
        apply(window, &edit.patch);
    }
}

/// The bytes of a packet from `first` on, addressed as they came; those from `end` on stay.
struct Kept<'a> {
    bytes: &'a mut [u8],
    first: usize,
    end: usize,
}

impl Kept<'_> {
    /// Replaces what lies at `at`, where it is within the window.
    #[inline]
    fn put(&mut self, at: usize, new: &[u8]) {
        let place = at.wrapping_sub(self.first);
        let whole = self.bytes.get_mut(place..place.wrapping_add(new.len()));
        match whole {
            Some(bytes) if at + new.len() <= self.end => bytes.copy_from_slice(new),
            _ => self.put_part(at, new),
        }
    }

    /// The same, where not all of it is there.
    #[cold]
    fn put_part(&mut self, at: usize, new: &[u8]) {
        for (at, new) in (at..self.end).zip(new) {
            let place = at.checked_sub(self.first);
            if let Some(byte) = place.and_then(|place| self.bytes.get_mut(place)) {
                *byte = *new;
            }
        }
    }

    fn put_word(&mut self, at: usize, new: u16) {
        self.put(at, &new.to_be_bytes());
    }

    fn put_address(&mut self, at: usize, v6: bool, new: u128) {
        match v6 {
            false => self.put(at, &(new as u32).to_be_bytes()),
            true => self.put(at, &new.to_be_bytes()),
        }
    }
}

fn apply(mut packet: Kept<'_>, patch: &Patch) {
    let v6 = patch.v6;
    let (ttl, src, dst) = match v6 {
        false => (TTL_OFFSET, SRC_OFFSET, DST_OFFSET),
        true => (HOP_LIMIT_OFFSET, SRC6_OFFSET, DST6_OFFSET),
    };
    let (l3, l4) = (usize::from(patch.l3_offset), usize::from(patch.l4_offset));
    if patch.ttl {
        packet.put(l3 + ttl, &[patch.new_ttl]);
    }
    if !v6 {
        packet.put_word(l3 + ipv4::CHECKSUM_OFFSET, patch.new_checksum);
    }
    if patch.src {
        packet.put_address(l3 + src, v6, patch.new_src);
    }
    if patch.dst {
        packet.put_address(l3 + dst, v6, patch.new_dst);
    }
    if patch.src_port {
        packet.put_word(l4, patch.new_src_port);
    }
    if patch.dst_port {
        packet.put_word(l4 + 2, patch.new_dst_port);
    }
    if patch.l4_checksum {
        packet.put_word(patch.l4_checksum_offset.into(), patch.new_l4_checksum);
    }
    if patch.mss {
        packet.put_word(patch.mss_offset.into(), patch.new_mss);
    }
    let quoted = usize::from(patch.quoted_l3_offset);
    if patch.quoted_src {
        packet.put_address(quoted + src, v6, patch.new_dst);
    }
    if patch.quoted_dst {
        packet.put_address(quoted + dst, v6, patch.new_src);
    }
    if !v6 && (patch.quoted_src || patch.quoted_dst) {
        packet.put_word(quoted + ipv4::CHECKSUM_OFFSET, patch.new_quoted_checksum);
    }
    let quoted = usize::from(patch.quoted_l4_offset);
    if patch.quoted_src_port {
        packet.put_word(quoted, patch.new_dst_port);
    }
    if patch.quoted_dst_port {
        packet.put_word(quoted + 2, patch.new_src_port);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deliver(frame: &[u8], injected: bool, edit: &Edit) -> Vec<u8> {
        let mut out = Vec::new();
        super::deliver(frame, injected, edit, &mut out);
        out
    }

    #[test]
    fn bytes_come_off_are_patched_and_come_in_front() {
        let frame: Vec<u8> = (0..40).collect();
        let mut edit = Edit {
            strip: 14,
            add: 3,
            ..Edit::default()
        };
        edit.header[..3].copy_from_slice(&[1, 2, 3]);
        edit.patch.on = true;
        edit.patch.l3_offset = 14;
        edit.patch.ttl = true;
        edit.patch.new_ttl = 0xaa;
        edit.patch.new_checksum = 0xbbcc;
        let out = deliver(&frame, false, &edit);
        assert_eq!(out.len(), 3 + 26);
        assert_eq!(out[..4], [1, 2, 3, 14]);
        assert_eq!(out[3 + 8..3 + 12], [0xaa, 23, 0xbb, 0xcc]);
        assert_eq!(out[28], 39);
        let mut behind_shim = vec![0x55; 64];
        behind_shim.extend(&frame);
        edit.strip += 64;
        edit.patch.l3_offset += 64;
        assert_eq!(deliver(&behind_shim, true, &edit), out);
    }

    /// A packet of zeros with everything replaced, v4 or v6.
    fn all_replaced(v6: bool) -> Vec<u8> {
        let patch = Patch {
            on: true,
            v6,
            l3_offset: 14,
            ttl: true,
            new_ttl: 1,
            new_checksum: 0x0202,
            src: true,
            dst: true,
            new_src: u128::from_be_bytes([3; 16]),
            new_dst: u128::from_be_bytes([4; 16]),
            l4_offset: 60,
            src_port: true,
            dst_port: true,
            new_src_port: 0x0505,
            new_dst_port: 0x0606,
            l4_checksum: true,
            l4_checksum_offset: 70,
            new_l4_checksum: 0x0707,
            quoted_dst: true,
            quoted_src: true,
            quoted_dst_port: true,
            quoted_src_port: true,
            quoted_l3_offset: 80,
            quoted_l4_offset: 130,
            new_quoted_checksum: 0x0808,
            mss: true,
            mss_offset: 77,
            new_mss: 0x0a0a,
        };
        let edit = Edit {
            patch,
            ..Edit::default()
        };
        deliver(&[0; 200], false, &edit)
    }

    fn expected(places: &[(usize, usize, u8)]) -> Vec<u8> {
        let mut bytes = vec![0; 200];
        for (at, length, byte) in places {
            bytes[*at..at + length].fill(*byte);
        }
        bytes
    }

    #[test]
    fn each_field_of_ipv4_has_its_place() {
        let places = [
            (22, 1, 1),
            (24, 2, 2),
            (26, 4, 3),
            (30, 4, 4),
            (60, 2, 5),
            (62, 2, 6),
            (70, 2, 7),
            (77, 2, 10),
            (90, 2, 8),
            (92, 4, 4),
            (96, 4, 3),
            (130, 2, 6),
            (132, 2, 5),
        ];
        assert_eq!(all_replaced(false), expected(&places));
    }

    #[test]
    fn each_field_of_ipv6_has_its_place() {
        let places = [
            (21, 1, 1),
            (22, 16, 3),
            (38, 16, 4),
            (60, 2, 5),
            (62, 2, 6),
            (70, 2, 7),
            (77, 2, 10),
            (88, 16, 4),
            (104, 16, 3),
            (130, 2, 6),
            (132, 2, 5),
        ];
        assert_eq!(all_replaced(true), expected(&places));
    }

    #[test]
    fn nothing_is_replaced_behind_the_window() {
        let mut edit = Edit::default();
        edit.patch.on = true;
        edit.patch.v6 = true;
        edit.patch.l4_checksum = true;
        edit.patch.l4_checksum_offset = 191;
        edit.patch.new_l4_checksum = 0x0909;
        let mut bytes = vec![0; 200];
        assert_eq!(deliver(&bytes, false, &edit)[190..194], [0, 9, 0, 0]);
        bytes.truncate(191);
        assert_eq!(deliver(&bytes, false, &edit), bytes);
    }

    #[test]
    fn nothing_leaves_of_a_drop() {
        let edit = Edit {
            drop: true,
            ..Edit::default()
        };
        assert!(deliver(&[1; 64], false, &edit).is_empty());
    }
}
