//! Replaces TTL and checksum of an IPv4 header that starts at byte 0.

use underpass_wires::{cat, mux, Bit, U};

/// Byte 8 and bytes 10 and 11 (RFC 791 section 3.1), the latter most significant byte first.
#[track_caller]
pub fn patch(data: U<512>, on: Bit, ttl: U<8>, checksum: U<16>) -> U<512> {
    let behind: U<416> = data.slice(96);
    let protocol: U<8> = data.slice(72);
    let front: U<64> = data.slice(0);
    let patched = cat!(behind, checksum.swap_bytes(), protocol, ttl, front);
    mux(on, patched, data)
}
