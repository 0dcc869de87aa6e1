//! An IPv4 packet is cut into parts that fit a link (RFC 791, "An Example Fragmentation Procedure").
//!
//! ```text
//!   | header, all options    | first bytes, a multiple of 8 | more
//!   | header, copied options | next bytes, likewise         | more
//!   | header, copied options | the last bytes               | as the packet had it
//! ```
//! A part can be cut again: offsets count on from its own. Options go along into later parts where their copy bit says so;
//! what a later header has less is filled up to four bytes with ends of options.

/// Bytes of an IPv4 header without options.
const HEADER: usize = 20;
/// More parts follow.
const MORE: u16 = 0x2000;
/// The packet may not be cut.
const DONT_CUT: u16 = 0x4000;
/// Offsets count eight bytes.
const UNIT: usize = 8;
/// Largest offset.
const MOST_UNITS: usize = 0x1fff;
/// Options: the end of all, nothing, and the bit of those that each part has.
const END: u8 = 0;
const NOTHING: u8 = 1;
const COPIED: u8 = 0x80;

/// Why a packet is not cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uncut {
    /// It says so itself.
    #[error("the packet says that it may not be cut")]
    Forbidden,
    /// Its header contradicts itself, or its parts would have offsets that there are none for.
    #[error("the packet's header contradicts its {found} bytes, expected one that is true")]
    Malformed {
        /// The length of the packet.
        found: usize,
    },
    /// No part would have room for eight bytes behind its header.
    #[error("links of {mtu} bytes have no room for a header of {header} and eight bytes of data")]
    NoRoom {
        /// What the link carries.
        mtu: usize,
        /// The header.
        header: usize,
    },
}

/// The parts of a packet, from its IP header on, of at most `mtu` bytes each. One that fits is its only part.
///
/// # Errors
/// See [`Uncut`]; a packet that fits is not looked at.
pub fn cut(packet: &[u8], mtu: usize) -> Result<Vec<Vec<u8>>, Uncut> {
    if packet.len() <= mtu {
        return Ok(vec![packet.to_vec()]);
    }
    let found = packet.len();
    let malformed = Uncut::Malformed { found };
    let length = packet
        .first()
        .map_or(0, |first| usize::from(first & 0xf) * 4);
    let header = packet.get(..length).filter(|header| header.len() >= HEADER);
    let header = header.ok_or(malformed)?;
    let word = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let flags = word(6);
    if flags & DONT_CUT != 0 {
        return Err(Uncut::Forbidden);
    }
    let room = mtu.saturating_sub(length) / UNIT * UNIT;
    if room == 0 {
        return Err(Uncut::NoRoom {
            mtu,
            header: length,
        });
    }
    let later = later_header(header);
    let mut rest = &packet[length..];
    let mut units = usize::from(flags & 0x1fff);
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let header = if parts.is_empty() { header } else { &later[..] };
        let room = (mtu - header.len()) / UNIT * UNIT;
        let (part, behind) = match rest.len() + header.len() <= mtu {
            true => (rest, &rest[..0]),
            false => rest.split_at(room.min(rest.len())),
        };
        let more = !behind.is_empty() || flags & MORE != 0;
        if units > MOST_UNITS || more && part.len() % UNIT != 0 {
            return Err(malformed);
        }
        let flags = flags & 0x8000 | if more { MORE } else { 0 } | units as u16;
        parts.push(with_header(header, part, flags));
        units += part.len() / UNIT;
        rest = behind;
    }
    Ok(parts)
}

/// The header of all parts but the first: options without the copy bit are left out.
fn later_header(header: &[u8]) -> Vec<u8> {
    let mut later = header[..HEADER].to_vec();
    let mut options = &header[HEADER..];
    while let Some((kind, rest)) = options.split_first() {
        let length = match *kind {
            END => break,
            NOTHING => 1,
            _ => usize::from(rest.first().copied().unwrap_or(0)),
        };
        // An option that lies about its length ends them.
        if length == 0 || length > options.len() || *kind != NOTHING && length < 2 {
            break;
        }
        let (option, behind) = options.split_at(length);
        if kind & COPIED != 0 {
            later.extend_from_slice(option);
        }
        options = behind;
    }
    later.resize(later.len().next_multiple_of(4), END);
    later[0] = header[0] & 0xf0 | (later.len() / 4) as u8;
    later
}

fn with_header(header: &[u8], data: &[u8], flags: u16) -> Vec<u8> {
    let mut part = [header, data].concat();
    let length = part.len() as u16;
    part[2..4].copy_from_slice(&length.to_be_bytes());
    part[6..8].copy_from_slice(&flags.to_be_bytes());
    part[10..12].fill(0);
    let checksum = underpass_model::headers::checksum::checksum(&part[..header.len()]);
    part[10..12].copy_from_slice(&checksum.to_be_bytes());
    part
}

#[cfg(test)]
mod tests;
