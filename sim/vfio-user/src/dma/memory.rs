//! A file that holds memory of the client.
//!
//! Bytes are moved by `pread` and `pwrite`, not through a mapping of the file: a client may make the file shorter at
//! any time, and then a mapped page is a SIGBUS in this process where a system call is an error. It also needs no
//! unsafe code. A short access costs two to three microseconds, against the ten and more of one message;
//! `tests/speed.rs` prints it.
//!
//! Files on hugetlbfs can be read that way but not written; the kernel gives them no write call. Those are mapped
//! after all, and the bytes go through `/proc/self/mem`, where the kernel walks the pages and a page that is not
//! there is again an error:
//!
//! ```text
//!   memfd, tmpfs, ext4 ...   data ──pwrite(file, offset)──────────────────────────▶ file
//!   hugetlbfs                data ──pwrite(/proc/self/mem, address + offset)──▶ map ─▶ file
//! ```

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{fcntl_getfl, fstat, fstatfs, FileType, OFlags};
use rustix::io::{pread, pwrite, Errno as Os};

use crate::codec::Protection;
use crate::Errno;

const HUGETLBFS_MAGIC: i64 = 0x9584_58f6;

/// Why a file cannot hold memory, or why its bytes cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// A pipe, a socket, a device: reading those could wait for ever.
    #[error("expected a regular file, found {found}")]
    NotRegular {
        /// What it is.
        found: &'static str,
    },
    /// The descriptor was not opened for this.
    #[error("mapping is to be {wish}, but the descriptor was opened with flags {flags:#o}")]
    NotOpened {
        /// What the mapping allows.
        wish: &'static str,
        /// The open flags.
        flags: u32,
    },
    /// The file ends before the access does.
    #[error("access ends at byte {end} of a file of {size} bytes")]
    BeyondFile {
        /// First byte behind the access.
        end: u64,
        /// Bytes of the file.
        size: u64,
    },
    /// The kernel says no.
    #[error("access to the file failed")]
    Os(#[source] std::io::Error),
}

impl From<Os> for MemoryError {
    fn from(error: Os) -> Self {
        Self::Os(error.into())
    }
}

impl From<MemoryError> for Errno {
    fn from(error: MemoryError) -> Self {
        match error {
            MemoryError::NotRegular { .. } => Self::INVALID,
            MemoryError::NotOpened { .. } => Self::ACCESS,
            MemoryError::BeyondFile { .. } => Self::FAULT,
            MemoryError::Os(error) => error.into(),
        }
    }
}

/// A file of the client. Two descriptors of the same file, opened for the same, are one.
pub(super) struct Memory {
    device: u64,
    inode: u64,
    flags: OFlags,
    file: OwnedFd,
    window: Option<Window>,
}

impl Memory {
    /// Fills `data` from the file. [`check`](Self::check) it first.
    pub(super) fn read(&self, offset: u64, data: &mut [u8]) -> Result<(), MemoryError> {
        let mut done = 0;
        while done < data.len() {
            match pread(&self.file, &mut data[done..], offset + done as u64) {
                Ok(0) => return Err(self.shortened(offset, data.len())),
                Ok(count) => done += count,
                Err(Os::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Puts `data` into the file. [`check`](Self::check) it first.
    pub(super) fn write(&self, offset: u64, data: &[u8]) -> Result<(), MemoryError> {
        let (target, start) = match &self.window {
            None => (self.file.as_fd(), offset),
            Some(window) => (window.process.as_fd(), window.address(offset, data.len())?),
        };
        let mut done = 0;
        while done < data.len() {
            match pwrite(target, &data[done..], start + done as u64) {
                Ok(0) => return Err(self.shortened(offset, data.len())),
                Ok(count) => done += count,
                Err(Os::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The bytes are in the file. Without this, `pwrite` would make the file longer, where a mapping would not. A
    /// client that makes the file shorter between this and the write gets it longer again; it harms nobody else.
    pub(super) fn check(&self, offset: u64, len: usize) -> Result<(), MemoryError> {
        let end = offset.saturating_add(len as u64);
        let size = size_of(&self.file)?;
        if end > size {
            Err(MemoryError::BeyondFile { end, size })
        } else {
            Ok(())
        }
    }

    fn shortened(&self, offset: u64, len: usize) -> MemoryError {
        let size = size_of(&self.file).unwrap_or(0);
        MemoryError::BeyondFile {
            end: offset.saturating_add(len as u64),
            size,
        }
    }
}

fn size_of(file: &OwnedFd) -> Result<u64, MemoryError> {
    Ok(u64::try_from(fstat(file)?.st_size).unwrap_or(0))
}

/// A file of huge pages, mapped whole, and this process' memory as a file.
struct Window {
    map: MmapRaw,
    process: File,
}

impl Window {
    fn open(file: &OwnedFd) -> Result<Self, MemoryError> {
        let map = MmapOptions::new().map_raw(file).map_err(MemoryError::Os)?;
        let process = File::options()
            .read(true)
            .write(true)
            .open("/proc/self/mem")
            .map_err(MemoryError::Os)?;
        Ok(Self { map, process })
    }

    /// Where the bytes stand in this process. The file may have grown since it was mapped.
    fn address(&self, offset: u64, len: usize) -> Result<u64, MemoryError> {
        let (end, size) = (offset.saturating_add(len as u64), self.map.len() as u64);
        if end > size {
            return Err(MemoryError::BeyondFile { end, size });
        }
        Ok(self.map.as_ptr() as u64 + offset)
    }
}

/// Every file that holds a mapping, once.
#[derive(Default)]
pub(super) struct Files(Vec<Arc<Memory>>);

impl Files {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The file of this descriptor, which is closed if there was one already.
    pub(super) fn keep(
        &mut self,
        file: OwnedFd,
        protection: Protection,
    ) -> Result<Arc<Memory>, MemoryError> {
        let stat = fstat(&file)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {}
            FileType::Directory => {
                return Err(MemoryError::NotRegular {
                    found: "a directory",
                })
            }
            FileType::Socket => return Err(MemoryError::NotRegular { found: "a socket" }),
            FileType::Fifo => return Err(MemoryError::NotRegular { found: "a pipe" }),
            _ => {
                return Err(MemoryError::NotRegular {
                    found: "a device or an anonymous file",
                })
            }
        }
        let flags = fcntl_getfl(&file)?;
        check_opened(flags, protection)?;
        let same = |memory: &&Arc<Memory>| {
            (memory.device, memory.inode, memory.flags) == (stat.st_dev, stat.st_ino, flags)
        };
        if let Some(known) = self.0.iter().find(same) {
            return Ok(known.clone());
        }
        let huge = fstatfs(&file)?.f_type as i64 == HUGETLBFS_MAGIC;
        // Whoever maps it next may be allowed to write it, even if this mapping may not.
        let window = if huge && flags & OFlags::RWMODE == OFlags::RDWR {
            Some(Window::open(&file)?)
        } else {
            None
        };
        let memory = Arc::new(Memory {
            device: stat.st_dev,
            inode: stat.st_ino,
            flags,
            file,
            window,
        });
        self.0.push(memory.clone());
        Ok(memory)
    }

    /// Closes the files that no mapping needs.
    pub(super) fn forget_unused(&mut self) {
        self.0.retain(|memory| Arc::strong_count(memory) > 1);
    }
}

fn check_opened(flags: OFlags, protection: Protection) -> Result<(), MemoryError> {
    let refuse = |wish| {
        Err(MemoryError::NotOpened {
            wish,
            flags: flags.bits(),
        })
    };
    let mode = flags & OFlags::RWMODE;
    if flags.contains(OFlags::PATH) {
        return refuse("read or written");
    }
    if protection.readable && mode == OFlags::WRONLY {
        return refuse("read");
    }
    // With O_APPEND `pwrite` would write at the end of the file, wherever it was told to.
    if protection.writable && (mode == OFlags::RDONLY || flags.contains(OFlags::APPEND)) {
        return refuse("written");
    }
    Ok(())
}
