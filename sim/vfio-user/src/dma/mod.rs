//! The client's memory as the device sees it: from an I/O address to a place in a file.
//!
//! ```text
//!   iova   0x1000        0x3000     0x4000          0x6000                2^64
//!            ├─ mapping 0 ──┼─ mapping 1 ─┤             ├── mapping 2 ──┤
//!            │              │             │ not mapped  │               │
//!            ▼              ▼                           ▼
//!          file A + 0     file A + 0x8000             no file: refused
//! ```
//!
//! Behind an IOMMU a client maps page by page, so mappings are many and small, and all of them lie in one file. Each
//! file is therefore kept once, whatever number of descriptors came for it, and an access may run across mappings.
//!
//! An access that is not allowed in full does nothing at all. There is one exception: a file that the client makes
//! shorter at that very moment ends the access where it is.

mod memory;

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::codec::{DmaMap, DmaUnmap, Protection};
use crate::Errno;
use memory::{Files, Memory};

pub use memory::MemoryError;

/// Why the device does not get at memory, or why memory cannot be mapped.
#[derive(Debug, thiserror::Error)]
pub enum DmaError {
    /// Nothing is mapped at an address.
    #[error("dma to {iova:#x}: nothing is mapped there")]
    NotMapped {
        /// The first such address of the access.
        iova: u64,
    },
    /// The mapping does not allow it.
    #[error("dma to {iova:#x}: the mapping does not allow to {wish} it")]
    NotAllowed {
        /// The first such address of the access.
        iova: u64,
        /// `read` or `write`.
        wish: &'static str,
    },
    /// The client mapped it without a file, so that only messages could reach it.
    #[error("dma to {iova:#x}: the client gave no file for it")]
    NoFile {
        /// The first such address of the access.
        iova: u64,
    },
    /// The access runs over the end of the address space.
    #[error("dma of {count} bytes from {iova:#x} runs over the end of the address space")]
    BeyondEnd {
        /// First address.
        iova: u64,
        /// Bytes.
        count: u64,
    },
    /// A mapping without bytes, or one that ends behind the last address or the last file offset.
    #[error("{size:#x} bytes at {start:#x} are not a range: expected at least one byte, and an end below 2^64")]
    BadRange {
        /// First address or file offset.
        start: u64,
        /// Bytes.
        size: u64,
    },
    /// Something is mapped there already.
    #[error("{size:#x} bytes at {iova:#x} overlap the mapping at {other:#x}")]
    Overlaps {
        /// First address of the new mapping.
        iova: u64,
        /// Bytes of it.
        size: u64,
        /// First address of the old one.
        other: u64,
    },
    /// An unmapping would leave a part of a mapping.
    #[error("unmapping {size:#x} bytes at {iova:#x} would cut the mapping of {other_size:#x} bytes at {other:#x}")]
    Cuts {
        /// First address to unmap.
        iova: u64,
        /// Bytes to unmap.
        size: u64,
        /// First address of the mapping.
        other: u64,
        /// Bytes of it.
        other_size: u64,
    },
    /// There are as many mappings as there may be.
    #[error("{limit} mappings exist, and no more are taken")]
    TooMany {
        /// How many there may be.
        limit: usize,
    },
    /// The file behind the mapping is of no use.
    #[error("memory file refused")]
    Memory(#[from] MemoryError),
}

impl From<DmaError> for Errno {
    fn from(error: DmaError) -> Self {
        match error {
            DmaError::NotMapped { .. } | DmaError::NoFile { .. } | DmaError::BeyondEnd { .. } => {
                Self::FAULT
            }
            DmaError::NotAllowed { .. } => Self::ACCESS,
            DmaError::BadRange { .. } | DmaError::Cuts { .. } => Self::INVALID,
            DmaError::Overlaps { .. } => Self::EXISTS,
            DmaError::TooMany { .. } => Self::NO_SPACE,
            DmaError::Memory(error) => error.into(),
        }
    }
}

/// One mapping. The end is the last address in it: a mapping may end at 2^64.
struct Mapping {
    last: u64,
    protection: Protection,
    place: Option<Place>,
}

/// Where the first byte of a mapping lies.
struct Place {
    memory: Arc<Memory>,
    offset: u64,
}

/// A stretch of an access that lies in one mapping.
struct Piece<'a> {
    memory: &'a Memory,
    offset: u64,
    len: usize,
}

/// All memory that the client lets the device reach.
pub struct Dma {
    mappings: BTreeMap<u64, Mapping>,
    files: Files,
    limit: usize,
}

impl Default for Dma {
    fn default() -> Self {
        Self::with_limit(65_535)
    }
}

impl Dma {
    /// Nothing mapped, and never more than `limit` mappings.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            mappings: BTreeMap::new(),
            files: Files::default(),
            limit,
        }
    }

    /// How many mappings there are.
    pub fn mappings(&self) -> usize {
        self.mappings.len()
    }

    /// How many files hold them.
    pub fn files(&self) -> usize {
        self.files.len()
    }

    /// Maps memory. Without a file the addresses are taken, but every access to them is refused.
    pub fn map(&mut self, map: DmaMap, file: Option<OwnedFd>) -> Result<(), DmaError> {
        let DmaMap {
            iova,
            size,
            offset,
            protection,
        } = map;
        let last = last_of(iova, size)?;
        if let Some((other, _)) = self.in_range(iova, last).next() {
            return Err(DmaError::Overlaps { iova, size, other });
        }
        if self.mappings.len() >= self.limit {
            return Err(DmaError::TooMany { limit: self.limit });
        }
        let place = match file {
            None => None,
            Some(file) => {
                last_of(offset, size)?;
                Some(Place {
                    memory: self.files.keep(file, protection)?,
                    offset,
                })
            }
        };
        self.mappings.insert(
            iova,
            Mapping {
                last,
                protection,
                place,
            },
        );
        Ok(())
    }

    /// Unmaps memory. A range may hold many mappings or none, and is refused when it would cut one: the kernel's VFIO
    /// refuses that too, so a driver must not get used to it.
    pub fn unmap(&mut self, unmap: DmaUnmap) -> Result<(), DmaError> {
        match unmap {
            DmaUnmap::All => self.mappings.clear(),
            DmaUnmap::Range { iova, size } => {
                let last = last_of(iova, size)?;
                for (other, mapping) in self.in_range(iova, last) {
                    if other < iova || mapping.last > last {
                        let other_size = (mapping.last - other).saturating_add(1);
                        return Err(DmaError::Cuts {
                            iova,
                            size,
                            other,
                            other_size,
                        });
                    }
                }
                let inside: Vec<u64> = self
                    .mappings
                    .range(iova..=last)
                    .map(|(&start, _)| start)
                    .collect();
                for start in inside {
                    self.mappings.remove(&start);
                }
            }
        }
        self.files.forget_unused();
        Ok(())
    }

    /// Unmaps everything, as when the client is gone.
    pub fn clear(&mut self) {
        self.mappings.clear();
        self.files.forget_unused();
    }

    /// Reads memory of the client.
    pub fn read(&self, iova: u64, data: &mut [u8]) -> Result<(), DmaError> {
        let mut done = 0;
        for piece in self.pieces(iova, data.len(), Protection::READ)? {
            piece
                .memory
                .read(piece.offset, &mut data[done..done + piece.len])?;
            done += piece.len;
        }
        Ok(())
    }

    /// Writes memory of the client.
    pub fn write(&self, iova: u64, data: &[u8]) -> Result<(), DmaError> {
        let mut done = 0;
        for piece in self.pieces(iova, data.len(), Protection::WRITE)? {
            piece
                .memory
                .write(piece.offset, &data[done..done + piece.len])?;
            done += piece.len;
        }
        Ok(())
    }

    /// Every mapping that shares an address with a range, in order.
    fn in_range(&self, first: u64, last: u64) -> impl Iterator<Item = (u64, &Mapping)> {
        let before = self
            .mappings
            .range(..first)
            .next_back()
            .filter(|(_, mapping)| mapping.last >= first);
        before
            .into_iter()
            .chain(self.mappings.range(first..=last))
            .map(|(&start, mapping)| (start, mapping))
    }

    /// Where the bytes of an access lie. Refuses the whole of it if a part may not be.
    fn pieces(&self, iova: u64, len: usize, wish: Protection) -> Result<Vec<Piece<'_>>, DmaError> {
        let mut pieces = Vec::new();
        let Some(after_first) = (len as u64).checked_sub(1) else {
            return Ok(pieces);
        };
        let last = iova.checked_add(after_first).ok_or(DmaError::BeyondEnd {
            iova,
            count: len as u64,
        })?;
        // First address that no piece covers yet; none when the access ends at 2^64 and is covered.
        let mut next = Some(iova);
        for (start, mapping) in self.in_range(iova, last) {
            let Some(at) = next.filter(|&at| at >= start) else {
                break;
            };
            if wish.readable && !mapping.protection.readable {
                return Err(DmaError::NotAllowed {
                    iova: at,
                    wish: "read",
                });
            }
            if wish.writable && !mapping.protection.writable {
                return Err(DmaError::NotAllowed {
                    iova: at,
                    wish: "write",
                });
            }
            let place = mapping
                .place
                .as_ref()
                .ok_or(DmaError::NoFile { iova: at })?;
            let end = mapping.last.min(last);
            // Not more than `len`, which is a usize.
            let (offset, len) = (place.offset + (at - start), (end - at) as usize + 1);
            place.memory.check(offset, len)?;
            pieces.push(Piece {
                memory: &place.memory,
                offset,
                len,
            });
            next = end.checked_add(1);
        }
        match next {
            Some(at) if at <= last => Err(DmaError::NotMapped { iova: at }),
            _ => Ok(pieces),
        }
    }
}

/// The last address of a range, which exists even where `start + size` overflows.
fn last_of(start: u64, size: u64) -> Result<u64, DmaError> {
    size.checked_sub(1)
        .and_then(|rest| start.checked_add(rest))
        .ok_or(DmaError::BadRange { start, size })
}

#[cfg(test)]
mod tests;
