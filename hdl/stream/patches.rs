//! Patches on bytes, in plain Rust: random ones, and what they do.

use crate::stream::frames::Noise;
use underpass_layout::meta::Patch;

/// Bytes of a packet in which a patch may lie: the window and a shim in front of it.
const REACH: usize = 256;
/// Patches that are tried before none is put in.
const TRIES: usize = 100;

/// A field of a packet: where it starts, what it becomes.
type Field = (usize, Vec<u8>);

/// A patch whose fields are all within reach and within a packet of `length` bytes, and do not overlap; anything where
/// nothing asks for a value. Most often nothing for a packet too short for most.
pub fn random(noise: &mut Noise, length: usize) -> Patch {
    let reach = length.min(REACH);
    let fits = |patch: &Patch| {
        let mut taken = [false; REACH];
        let mut take = |byte: usize| byte < reach && !std::mem::replace(&mut taken[byte], true);
        fields(patch)
            .iter()
            .all(|(start, bytes)| (*start..start + bytes.len()).all(&mut take))
    };
    let mut tried = (0..TRIES).map(|_| any(noise, reach));
    tried.find(fits).unwrap_or_default()
}

fn any(noise: &mut Noise, reach: usize) -> Patch {
    let mut address = |v6: bool| {
        let bytes = noise.bytes(16);
        let address = u128::from_be_bytes(bytes.try_into().expect("16 bytes"));
        if v6 {
            address
        } else {
            address & 0xffff_ffff
        }
    };
    let (v6, other) = (address(true) & 1 == 1, address(true) as u64);
    let (new_src, new_dst) = (address(v6), address(v6));
    let bit = |i: u32| other >> i & 1 == 1;
    let mut even = || 2 * noise.below(reach.div_ceil(2)) as u8;
    let places: [u8; 6] = std::array::from_fn(|_| even());
    // A SYN quotes nothing.
    let mss = bit(12);
    let mut word = || noise.below(1 << 16) as u16;
    Patch {
        on: other >> 60 != 0,
        v6,
        l3_offset: places[0],
        ttl: bit(0),
        new_ttl: (other >> 16) as u8,
        new_checksum: word(),
        src: bit(1),
        dst: bit(2),
        new_src,
        new_dst,
        l4_offset: places[1],
        src_port: bit(3),
        dst_port: bit(4),
        new_src_port: word(),
        new_dst_port: word(),
        l4_checksum: bit(5),
        l4_checksum_offset: places[2],
        new_l4_checksum: word(),
        quoted_dst: bit(6) && bit(10),
        quoted_src: bit(7) && bit(10),
        quoted_dst_port: bit(8) && !mss,
        quoted_src_port: bit(9) && !mss,
        quoted_l3_offset: places[3],
        quoted_l4_offset: places[4],
        new_quoted_checksum: word(),
        mss,
        mss_offset: places[5] | u8::from(bit(13)),
        new_mss: word(),
    }
}

/// Puts the fields in.
pub fn apply(patch: &Patch, bytes: &mut [u8]) {
    for (start, field) in fields(patch) {
        bytes[start..start + field.len()].copy_from_slice(&field);
    }
}

/// All fields that are replaced.
fn fields(patch: &Patch) -> Vec<Field> {
    if !patch.on {
        return vec![];
    }
    let [l3, l4, checksum, quoted_l3, quoted_l4, mss] = [
        patch.l3_offset,
        patch.l4_offset,
        patch.l4_checksum_offset,
        patch.quoted_l3_offset,
        patch.quoted_l4_offset,
        patch.mss_offset,
    ]
    .map(usize::from);
    let address = |address: u128| match patch.v6 {
        true => address.to_be_bytes().to_vec(),
        false => (address as u32).to_be_bytes().to_vec(),
    };
    let word = |word: u16| word.to_be_bytes().to_vec();
    let (ttl_at, src_at, dst_at) = if patch.v6 { (7, 8, 24) } else { (8, 12, 16) };
    let (v4, quotes) = (!patch.v6, patch.quoted_src || patch.quoted_dst);
    let all = [
        (patch.ttl, l3 + ttl_at, vec![patch.new_ttl]),
        (v4, l3 + 10, word(patch.new_checksum)),
        (patch.src, l3 + src_at, address(patch.new_src)),
        (patch.dst, l3 + dst_at, address(patch.new_dst)),
        (patch.src_port, l4, word(patch.new_src_port)),
        (patch.dst_port, l4 + 2, word(patch.new_dst_port)),
        (patch.l4_checksum, checksum, word(patch.new_l4_checksum)),
        (
            v4 && quotes,
            quoted_l3 + 10,
            word(patch.new_quoted_checksum),
        ),
        (patch.quoted_src, quoted_l3 + src_at, address(patch.new_dst)),
        (patch.quoted_dst, quoted_l3 + dst_at, address(patch.new_src)),
        (patch.quoted_src_port, quoted_l4, word(patch.new_dst_port)),
        (
            patch.quoted_dst_port,
            quoted_l4 + 2,
            word(patch.new_src_port),
        ),
        (patch.mss, mss, word(patch.new_mss)),
    ];
    all.into_iter()
        .filter(|(replaced, ..)| *replaced)
        .map(|(_, start, bytes)| (start, bytes))
        .collect()
}
