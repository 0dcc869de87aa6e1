//! A patch as windows: bytes that replace those from some place of the packet on. Combinational.
//!
//! ```text
//!   IPv4    0        7  8   9  10         12     16     20                40        what is replaced within a header
//!          |           |ttl|   | checksum | src  | dst  |                  |
//!   IPv6   |       |hop|     src              |     dst                    |
//!          0        7  8                      24                           40
//! ```

use crate::hardware::Patch;
use underpass_wires::{bundle, cat, cat_of, k, mux, only, packet, parts, Bit, U};

/// A place without its lowest bit.
const EVEN: u32 = 0xfe;

bundle! {
    /// Bytes and where they go.
    pub struct Window {
        /// Where the first one goes, even, bytes from the start of the packet.
        offset: U<8>,
        /// Which of them replace what is there.
        mask: U<40>,
        /// They, the first one lowest.
        data: U<320>,
    }

    /// What is replaced in one IP header.
    struct Header {
        v6: Bit,
        ttl: (Bit, U<8>),
        /// IPv4.
        checksum: (Bit, U<16>),
        src: (Bit, U<128>),
        dst: (Bit, U<128>),
    }
}

/// All windows of a patch. No two of them share a byte. A SYN quotes nothing, so that the last window is for its segment
/// size or for quoted ports: one takes as much room in the card as all that is replaced within a beat.
pub fn windows(patch: Patch) -> [Window; 5] {
    let at = |offset: U<8>, (mask, data): (U<40>, U<320>)| Window {
        offset,
        mask: only(patch.on, mask),
        data,
    };
    let own = Header {
        v6: patch.v6,
        ttl: (patch.ttl, patch.new_ttl),
        checksum: (k(1), patch.new_checksum),
        src: (patch.src, patch.new_src),
        dst: (patch.dst, patch.new_dst),
    };
    let quoted = Header {
        v6: patch.v6,
        ttl: (k(0), k(0)),
        checksum: (
            patch.quoted_src | patch.quoted_dst,
            patch.new_quoted_checksum,
        ),
        src: (patch.quoted_src, patch.new_dst),
        dst: (patch.quoted_dst, patch.new_src),
    };
    let own_ports = [
        (patch.src_port, patch.new_src_port),
        (patch.dst_port, patch.new_dst_port),
    ];
    let quoted_ports = [
        (patch.quoted_src_port, patch.new_dst_port),
        (patch.quoted_dst_port, patch.new_src_port),
    ];
    let checksum = [(patch.l4_checksum, patch.new_l4_checksum)];
    let (last, replaced) = mux(
        patch.mss,
        (
            patch.mss_offset & EVEN,
            at_either(patch.mss_offset.bit(0), patch.new_mss),
        ),
        (patch.quoted_l4_offset, words(&quoted_ports)),
    );
    [
        at(patch.l3_offset, header(own)),
        at(patch.l4_offset, words(&own_ports)),
        at(patch.l4_checksum_offset, words(&checksum)),
        at(patch.quoted_l3_offset, header(quoted)),
        at(last, replaced),
    ]
}

/// Mask and bytes of an IP header (RFC 791 section 3.1, RFC 8200 section 3).
fn header(header: Header) -> (U<40>, U<320>) {
    let Header {
        v6,
        ttl: (ttl, new_ttl),
        checksum: (checksum, new_checksum),
        src: (src, new_src),
        dst: (dst, new_dst),
    } = header;
    let four: U<20> = cat!(
        times::<4>(dst),
        times::<4>(src),
        times::<2>(checksum),
        k::<1>(0),
        ttl,
        k::<8>(0)
    );
    let six: U<40> = cat!(times::<16>(dst), times::<16>(src), ttl, k::<7>(0));
    let data_four: U<160> = packet!(
        k::<64>(0),
        new_ttl,
        k::<8>(0),
        new_checksum,
        new_src.trunc::<32>(),
        new_dst.trunc::<32>()
    );
    let data_six: U<320> = packet!(k::<56>(0), new_ttl, new_src, new_dst);
    (mux(v6, six, four.ext()), mux(v6, data_six, data_four.ext()))
}

/// Mask and bytes of words of 16 bits one behind the other.
fn words(words: &[(Bit, U<16>)]) -> (U<40>, U<320>) {
    words
        .iter()
        .enumerate()
        .fold((k(0), k(0)), |(mask, data), (place, &(replaced, word))| {
            let bytes: U<40> = times::<2>(replaced).ext();
            let word: U<320> = word.swap_bytes().ext();
            (mask | bytes.shl(2 * place), data | word.shl(16 * place))
        })
}

/// Mask and bytes of a word that starts with the first byte, or with the second one.
fn at_either(second: Bit, word: U<16>) -> (U<40>, U<320>) {
    let (mask, word): (U<40>, U<320>) = words(&[(k(1), word)]);
    mux(second, (mask.shl(1), word.shl(8)), (mask, word))
}

/// The bit, `N` times.
fn times<const N: usize>(bit: Bit) -> U<N> {
    cat_of(&vec![parts(bit); N])
}
