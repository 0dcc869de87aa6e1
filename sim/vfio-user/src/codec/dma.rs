//! DMA_MAP, DMA_UNMAP, DMA_READ and DMA_WRITE: the client's memory.

use super::wire::{Reader, Writer};
use super::DecodeError;

const READABLE: u32 = 1 << 0;
const WRITABLE: u32 = 1 << 1;
const UNMAP_ALL: u32 = 1 << 1;
const MAP_LEN: u32 = 32;
const UNMAP_LEN: u32 = 24;

/// What the device may do with memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    /// The device may read it.
    pub readable: bool,
    /// The device may write it.
    pub writable: bool,
}

impl Protection {
    /// Reading only.
    pub const READ: Self = Self {
        readable: true,
        writable: false,
    };
    /// Writing only.
    pub const WRITE: Self = Self {
        readable: false,
        writable: true,
    };
    /// Both.
    pub const READ_WRITE: Self = Self {
        readable: true,
        writable: true,
    };
}

/// Memory that the device may reach from now on. The file that holds it comes as a descriptor beside the message;
/// without one the memory can be reached by DMA_READ and DMA_WRITE only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DmaMap {
    /// First address, as the device says it.
    pub iova: u64,
    /// Bytes.
    pub size: u64,
    /// Place of the first byte in the file.
    pub offset: u64,
    /// What the device may do with it.
    pub protection: Protection,
}

impl DmaMap {
    pub(super) fn write(&self) -> Vec<u8> {
        let Protection { readable, writable } = self.protection;
        let flags = if readable { READABLE } else { 0 } | if writable { WRITABLE } else { 0 };
        Writer::default()
            .u32(MAP_LEN)
            .u32(flags)
            .u64(self.offset)
            .u64(self.iova)
            .u64(self.size)
            .done()
    }

    pub(super) fn read(mut body: Reader<'_>) -> Result<Self, DecodeError> {
        let (_argsz, flags) = (body.u32()?, body.u32()?);
        let protection = Protection {
            readable: flags & READABLE != 0,
            writable: flags & WRITABLE != 0,
        };
        Ok(Self {
            offset: body.u64()?,
            iova: body.u64()?,
            size: body.u64()?,
            protection,
        })
    }
}

/// Memory that the device may no longer reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DmaUnmap {
    /// Every mapping in a range of addresses; there may be many, or none.
    Range {
        /// First address.
        iova: u64,
        /// Bytes. The range may end at the very end of the address space, where `iova + size` overflows.
        size: u64,
    },
    /// Every mapping there is.
    All,
}

impl DmaUnmap {
    pub(super) fn write(&self) -> Vec<u8> {
        let (flags, iova, size) = match *self {
            Self::Range { iova, size } => (0, iova, size),
            Self::All => (UNMAP_ALL, 0, 0),
        };
        Writer::default()
            .u32(UNMAP_LEN)
            .u32(flags)
            .u64(iova)
            .u64(size)
            .done()
    }

    pub(super) fn read(mut body: Reader<'_>) -> Result<Self, DecodeError> {
        let (_argsz, flags) = (body.u32()?, body.u32()?);
        let (iova, size) = (body.u64()?, body.u64()?);
        // QEMU sends the flag of the kernel's interface, though the specification calls the field unused.
        Ok(if flags & UNMAP_ALL != 0 {
            Self::All
        } else {
            Self::Range { iova, size }
        })
    }
}

/// A stretch of the client's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DmaSpan {
    /// First address.
    pub iova: u64,
    /// Bytes.
    pub count: u64,
}

impl DmaSpan {
    pub(super) fn write(&self) -> Vec<u8> {
        Writer::default().u64(self.iova).u64(self.count).done()
    }

    pub(super) fn read(mut body: Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            iova: body.u64()?,
            count: body.u64()?,
        })
    }

    /// The reply to DMA_WRITE: its count has 4 bytes in the specification and 8 in the implementations. Written with 8,
    /// which in little-endian reads right either way; read with as many as there are.
    pub(super) fn read_short(mut body: Reader<'_>) -> Result<Self, DecodeError> {
        let iova = body.u64()?;
        let count = if body.left() < 8 {
            u64::from(body.u32()?)
        } else {
            body.u64()?
        };
        Ok(Self { iova, count })
    }
}

/// Bytes of the client's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DmaData {
    /// First address.
    pub iova: u64,
    /// What stands there, or shall stand there.
    pub data: Vec<u8>,
}

impl DmaData {
    pub(super) fn write(&self) -> Vec<u8> {
        Writer::default()
            .u64(self.iova)
            .u64(self.data.len() as u64)
            .bytes(&self.data)
            .done()
    }

    pub(super) fn read(mut body: Reader<'_>) -> Result<Self, DecodeError> {
        let (iova, count) = (body.u64()?, body.u64()?);
        Ok(Self {
            iova,
            data: body.counted(count)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Command;

    #[test]
    fn both_lengths_of_a_write_reply_are_read() {
        let short = Writer::default().u64(0x1000).u32(64).done();
        let long = DmaSpan {
            iova: 0x1000,
            count: 64,
        }
        .write();
        for bytes in [short, long] {
            let read = DmaSpan::read_short(Reader::new(Command::DmaWrite, &bytes));
            assert_eq!(
                read,
                Ok(DmaSpan {
                    iova: 0x1000,
                    count: 64
                }),
                "{} bytes",
                bytes.len()
            );
        }
    }

    #[test]
    fn a_map_is_laid_out_as_the_specification_says() {
        let map = DmaMap {
            iova: 3,
            size: 4,
            offset: 2,
            protection: Protection::WRITE,
        };
        assert_eq!(
            map.write(),
            Writer::default().u32(32).u32(2).u64(2).u64(3).u64(4).done()
        );
    }

    #[test]
    fn qemu_unmaps_all_by_a_flag() {
        let bytes = Writer::default().u32(24).u32(2).u64(0).u64(0).done();
        assert_eq!(
            DmaUnmap::read(Reader::new(Command::DmaUnmap, &bytes)),
            Ok(DmaUnmap::All)
        );
    }
}
