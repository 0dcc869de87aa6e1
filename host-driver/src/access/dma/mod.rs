//! Memory that a card reads and writes by itself.
//!
//! ```text
//!   DmaMemory (memfd, 2 MiB pages or 4 KiB pages) ──Arc──▶ driver: cells        volatile words
//!                                                 ──Arc──▶ back end: mapping    until it is unmapped or the card is gone
//! ```
//! Whoever lets a card reach memory keeps a share of it, so it cannot go away under the card, whatever the driver drops.
//! It is a memory file: vfio-user hands the file over, kernel VFIO the address.

mod cells;

pub use cells::{observe, publish, Cells};

use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{memfd_create, MemfdFlags};
use std::fs::File;
use std::io;
use std::sync::Arc;

/// Bytes of a large page.
pub const LARGE_PAGE: usize = 2 << 20;
/// Bytes of a small one.
pub const SMALL_PAGE: usize = 4 << 10;

/// A piece of memory that a card may reach.
#[derive(Debug)]
pub struct DmaMemory {
    map: MmapRaw,
    file: File,
    page: usize,
}

impl DmaMemory {
    /// At least `bytes` of zeros: in large pages where the system has some to spare, since an IOMMU maps each page by
    /// itself, else in small ones.
    pub fn new(bytes: usize) -> io::Result<Arc<DmaMemory>> {
        let memory = match Self::of_pages(bytes, LARGE_PAGE) {
            Ok(memory) => memory,
            Err(_) => Self::of_pages(bytes, SMALL_PAGE)?,
        };
        Ok(Arc::new(memory))
    }

    fn of_pages(bytes: usize, page: usize) -> io::Result<DmaMemory> {
        let length = bytes.max(1).next_multiple_of(page);
        let flags = match page {
            LARGE_PAGE => MemfdFlags::CLOEXEC | MemfdFlags::HUGETLB | MemfdFlags::HUGE_2MB,
            _ => MemfdFlags::CLOEXEC,
        };
        let file = File::from(memfd_create("underpass", flags)?);
        file.set_len(length as u64)?;
        // A file of large pages has none until it is mapped: this is where it is refused when there are none left.
        let map = MmapOptions::new().len(length).populate().map_raw(&file)?;
        Ok(DmaMemory { map, file, page })
    }

    /// Its bytes, a multiple of the page.
    #[allow(clippy::len_without_is_empty, reason = "there is no empty one")]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Bytes of a page.
    pub fn page(&self) -> usize {
        self.page
    }

    /// The file behind it.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Where it is in this process, for kernel VFIO.
    pub fn address(&self) -> u64 {
        self.map.as_mut_ptr() as u64
    }

    /// Its words.
    pub fn cells(self: &Arc<Self>) -> Cells {
        Cells::new(self.clone(), 0, self.len() / 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt;

    #[test]
    fn memory_is_zero_and_a_multiple_of_its_page() {
        let memory = DmaMemory::new(5000).unwrap();
        assert!(memory.len() >= 5000 && memory.len().is_multiple_of(memory.page()));
        assert!((0..memory.len() / 4).all(|at| memory.cells().read(at) == 0));
    }

    #[test]
    fn what_the_file_holds_is_what_the_cells_hold() {
        let memory = DmaMemory::new(4096).unwrap();
        let cells = memory.cells();
        cells.write(3, 0x0403_0201);
        let mut bytes = [0; 4];
        memory.file().read_exact_at(&mut bytes, 12).unwrap();
        assert_eq!(bytes, [1, 2, 3, 4]);
        memory.file().write_all_at(&[9, 0, 0, 0], 16).unwrap();
        assert_eq!(cells.read(4), 9);
    }

    #[test]
    fn cells_keep_the_memory() {
        let cells = DmaMemory::new(4096).unwrap().cells();
        cells.write(0, 7);
        assert_eq!(cells.read(0), 7);
    }
}
