//! DEVICE_GET_REGION_INFO, REGION_READ, REGION_WRITE and REGION_WRITE_MULTI: the device's own address spaces.
//!
//! A region that may be mapped can say which parts of it. That list follows the fixed 32 bytes as a chain of
//! capabilities, of which only this one matters here:
//!
//! ```text
//!   0      32                                      64                         argsz
//!   ┌──────┬─────────────┬──────────┬──────────────┬──────────────────────────┐
//!   │ info │ id=1 ver=1  │ next     │ areas, 0     │ offset, size │ offset ...│
//!   └──────┴─────────────┴──────────┴──────────────┴──────────────────────────┘
//!     └── cap_offset ──▶  └── from the start of info; 0 ends the chain
//! ```
//!
//! A reply that would be longer than the asker said it can take ends after the fixed part, with the full length in
//! `argsz`.

use super::wire::{Reader, Writer};
use super::DecodeError;

const READ: u32 = 1 << 0;
const WRITE: u32 = 1 << 1;
const MMAP: u32 = 1 << 2;
const CAPS: u32 = 1 << 3;
const CAP_SPARSE_MMAP: u16 = 1;

/// Bytes of an entry of REGION_WRITE_MULTI, and of the data in it.
const MULTI_ENTRY: usize = 24;
const MULTI_DATA: usize = 8;

/// A part of a region that may be mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// From the start of the region.
    pub offset: u64,
    /// Bytes.
    pub size: u64,
}

/// Size and rights of one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionInfo {
    /// Which region.
    pub index: u32,
    /// Bytes; zero for a region that the device does not have.
    pub size: u64,
    /// REGION_READ works.
    pub readable: bool,
    /// REGION_WRITE works.
    pub writable: bool,
    /// A file comes with the reply that may be mapped.
    pub mappable: bool,
    /// Place of the region in that file.
    pub offset: u64,
    /// The parts that may be mapped. Empty on a mappable region: all of it.
    pub areas: Vec<Area>,
    /// Bytes of the whole reply, areas included; more than came when the asker had no room for them.
    pub argsz: u32,
}

impl RegionInfo {
    /// Bytes without areas.
    pub const LEN: u32 = 32;
    const SPARSE_HEADER: u32 = 16;
    const AREA: u32 = 16;

    /// Bytes of a reply with this many areas.
    pub fn len_with(areas: usize) -> u32 {
        let Ok(areas) = u32::try_from(areas) else {
            return u32::MAX;
        };
        if areas == 0 {
            return Self::LEN;
        }
        areas
            .saturating_mul(Self::AREA)
            .saturating_add(Self::LEN + Self::SPARSE_HEADER)
    }

    pub(super) fn write_request(index: u32, argsz: u32) -> Vec<u8> {
        Writer::default()
            .u32(argsz)
            .u32(0)
            .u32(index)
            .u32(0)
            .u64(0)
            .u64(0)
            .done()
    }

    pub(super) fn read_request(mut body: Reader<'_>) -> Result<(u32, u32), DecodeError> {
        let (argsz, _flags, index, _cap_offset) =
            (body.u32()?, body.u32()?, body.u32()?, body.u32()?);
        let (_size, _offset) = (body.u64()?, body.u64()?);
        Ok((index, argsz))
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let bit = |set, flag| if set { flag } else { 0 };
        let caps = !self.areas.is_empty();
        let flags = bit(self.readable, READ)
            | bit(self.writable, WRITE)
            | bit(self.mappable, MMAP)
            | bit(caps, CAPS);
        let cap_offset = if caps { Self::LEN } else { 0 };
        let head = Writer::default()
            .u32(self.argsz)
            .u32(flags)
            .u32(self.index)
            .u32(cap_offset);
        let mut out = head.u64(self.size).u64(self.offset);
        if caps {
            out = out
                .u16(CAP_SPARSE_MMAP)
                .u16(1)
                .u32(0)
                .u32(self.areas.len() as u32)
                .u32(0);
        }
        for area in &self.areas {
            out = out.u64(area.offset).u64(area.size);
        }
        out.done()
    }

    pub(super) fn read(mut body: Reader<'_>) -> Result<Self, DecodeError> {
        let (argsz, flags, index, cap_offset) =
            (body.u32()?, body.u32()?, body.u32()?, body.u32()?);
        let (size, offset) = (body.u64()?, body.u64()?);
        let areas = if flags & CAPS == 0 {
            Vec::new()
        } else {
            Self::read_areas(body, cap_offset)?
        };
        let [readable, writable, mappable] = [READ, WRITE, MMAP].map(|flag| flags & flag != 0);
        Ok(Self {
            index,
            size,
            readable,
            writable,
            mappable,
            offset,
            areas,
            argsz,
        })
    }

    /// Walks the chain of capabilities; `body` begins behind the fixed part. Each link must lead forward, which is what
    /// makes the walk end.
    fn read_areas(mut body: Reader<'_>, cap_offset: u32) -> Result<Vec<Area>, DecodeError> {
        let mut at = Self::LEN;
        let mut next = cap_offset;
        while next != 0 && body.left() > 0 {
            let Some(skip) = next.checked_sub(at) else {
                return Err(body.bad("cap_offset", next, "an offset behind the one before"));
            };
            let skip = skip as usize;
            if skip > body.left() {
                return Err(body.bad("cap_offset", next, "an offset inside the reply"));
            }
            body = body.skip(skip);
            let before = body.left();
            let (id, _version) = (body.u16()?, body.u16()?);
            let here = next;
            next = body.u32()?;
            // Any other capability says nothing about mapping.
            if id == CAP_SPARSE_MMAP {
                let (count, _reserved) = (body.u32()? as usize, body.u32()?);
                if count > body.left() / Self::AREA as usize {
                    return Err(body.bad(
                        "nr_areas",
                        count as u64,
                        "as many areas as the reply holds",
                    ));
                }
                return (0..count)
                    .map(|_| {
                        Ok(Area {
                            offset: body.u64()?,
                            size: body.u64()?,
                        })
                    })
                    .collect();
            }
            at = here + (before - body.left()) as u32;
        }
        Ok(Vec::new())
    }
}

/// A stretch of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegionSpan {
    /// Which region.
    pub region: u32,
    /// From its start.
    pub offset: u64,
    /// Bytes.
    pub count: u32,
}

impl RegionSpan {
    pub(super) fn write(&self) -> Vec<u8> {
        Writer::default()
            .u64(self.offset)
            .u32(self.region)
            .u32(self.count)
            .done()
    }

    pub(super) fn read(mut body: Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            offset: body.u64()?,
            region: body.u32()?,
            count: body.u32()?,
        })
    }
}

/// Bytes of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionData {
    /// Which region.
    pub region: u32,
    /// From its start.
    pub offset: u64,
    /// What was read, or is to be written.
    pub data: Vec<u8>,
}

impl RegionData {
    pub(super) fn write(&self) -> Vec<u8> {
        let head = Writer::default()
            .u64(self.offset)
            .u32(self.region)
            .u32(self.data.len() as u32);
        head.bytes(&self.data).done()
    }

    pub(super) fn read(mut body: Reader<'_>) -> Result<Self, DecodeError> {
        let (offset, region, count) = (body.u64()?, body.u32()?, body.u32()?);
        Ok(Self {
            region,
            offset,
            data: body.counted(u64::from(count))?,
        })
    }

    /// Writes of at most 8 bytes each; a longer one loses its tail.
    pub(super) fn write_multi(writes: &[Self]) -> Vec<u8> {
        let mut out = Writer::default().u64(writes.len() as u64);
        for write in writes {
            let count = write.data.len().min(MULTI_DATA);
            let mut data = [0; MULTI_DATA];
            data[..count].copy_from_slice(&write.data[..count]);
            out = out
                .u64(write.offset)
                .u32(write.region)
                .u32(count as u32)
                .bytes(&data);
        }
        out.done()
    }

    pub(super) fn read_multi(mut body: Reader<'_>) -> Result<Vec<Self>, DecodeError> {
        let said = body.u64()?;
        if (body.left() / MULTI_ENTRY) as u64 != said || !body.left().is_multiple_of(MULTI_ENTRY) {
            return Err(body.bad("wr_cnt", said, "as many writes as the message holds"));
        }
        (0..said)
            .map(|_| {
                let (offset, region, count) = (body.u64()?, body.u32()?, body.u32()?);
                let data = body.bytes8()?;
                let Some(data) = data.get(..count as usize) else {
                    return Err(body.bad("count", count, "at most 8 bytes"));
                };
                Ok(Self {
                    region,
                    offset,
                    data: data.to_vec(),
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Command;

    fn info(areas: Vec<Area>) -> RegionInfo {
        let argsz = RegionInfo::len_with(areas.len());
        RegionInfo {
            index: 2,
            size: 0x1_0000,
            readable: true,
            writable: true,
            mappable: true,
            offset: 0,
            areas,
            argsz,
        }
    }

    fn read(bytes: &[u8]) -> Result<RegionInfo, DecodeError> {
        RegionInfo::read(Reader::new(Command::RegionInfo, bytes))
    }

    /// A capability of 24 bytes that says nothing here, then the areas.
    fn behind_another_capability(next: u32) -> Vec<u8> {
        let whole = info(vec![Area {
            offset: 0x1000,
            size: 0x2000,
        }]);
        let bytes = whole.write();
        let (head, areas) = bytes.split_at(RegionInfo::LEN as usize);
        let other = Writer::default()
            .u16(2)
            .u16(1)
            .u32(next)
            .u64(7)
            .u64(8)
            .done();
        [head, &other, areas].concat()
    }

    #[test]
    fn areas_are_found_behind_another_capability() {
        let found = read(&behind_another_capability(56)).unwrap();
        assert_eq!(
            found.areas,
            [Area {
                offset: 0x1000,
                size: 0x2000
            }]
        );
    }

    #[test]
    fn a_chain_that_leads_back_or_out_is_an_error() {
        for (next, expected) in [
            (32, "an offset behind the one before"),
            (39, "an offset behind the one before"),
            (0x1000, "an offset inside the reply"),
            (u32::MAX, "an offset inside the reply"),
        ] {
            let found = read(&behind_another_capability(next));
            let what = DecodeError::BadField {
                command: Command::RegionInfo,
                field: "cap_offset",
                found: next.into(),
                expected,
            };
            assert_eq!(found, Err(what));
        }
        assert_eq!(read(&behind_another_capability(0)).unwrap().areas, []);
    }

    #[test]
    fn more_areas_than_bytes_are_an_error() {
        let mut bytes = info(vec![Area { offset: 0, size: 1 }]).write();
        bytes[40..44].copy_from_slice(&2u32.to_ne_bytes());
        assert!(matches!(
            read(&bytes),
            Err(DecodeError::BadField {
                field: "nr_areas",
                found: 2,
                ..
            })
        ));
    }

    #[test]
    fn a_reply_without_room_for_the_areas_says_how_much_it_needs() {
        let short = RegionInfo {
            areas: vec![],
            argsz: 64,
            ..info(vec![])
        };
        let read = read(&short.write()).unwrap();
        assert_eq!(
            (read.argsz, read.areas.len(), short.write().len()),
            (64, 0, 32)
        );
        assert_eq!(RegionInfo::len_with(usize::MAX), u32::MAX);
    }

    #[test]
    fn coalesced_writes_are_whole_and_short() {
        let write = |len: u8| RegionData {
            region: 0,
            offset: 4,
            data: (0..len).collect(),
        };
        let multi =
            |bytes: &[u8]| RegionData::read_multi(Reader::new(Command::RegionWriteMulti, bytes));
        let bytes = RegionData::write_multi(&[write(8), write(1)]);
        assert_eq!(bytes.len(), 8 + 2 * 24);
        assert_eq!(multi(&bytes), Ok(vec![write(8), write(1)]));
        assert!(matches!(
            multi(&bytes[..55]),
            Err(DecodeError::BadField {
                field: "wr_cnt",
                found: 2,
                ..
            })
        ));
        assert!(multi(&[&bytes[..], &[0]].concat()).is_err());
        let mut long = bytes;
        long[8 + 12] = 9;
        assert!(matches!(
            multi(&long),
            Err(DecodeError::BadField {
                field: "count",
                found: 9,
                ..
            })
        ));
    }
}
