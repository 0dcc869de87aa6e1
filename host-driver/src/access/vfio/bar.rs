//! The few places where kernel VFIO needs raw pointers and raw descriptors.
#![allow(
    unsafe_code,
    reason = "registers in a mapping are reached by volatile accesses alone, and the VFIO calls take raw descriptors"
)]

use super::super::dma::DmaMemory;
use super::super::interrupt::Interrupt;
use super::super::port_window::PortBar;
use super::super::AccessError;
use memmap2::{MmapOptions, MmapRaw};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd};
use std::sync::Arc;
use vfio_ioctls::{VfioContainer, VfioDevice, VfioError};
use vmm_sys_util::eventfd::EventFd;
use volatile_register::RW;

/// A BAR in this process.
pub(super) struct Bar {
    map: Option<MmapRaw>,
}

impl Bar {
    /// A BAR that the card does not have: nothing can be read there.
    pub(super) fn none() -> Bar {
        Bar { map: None }
    }

    /// Maps BAR `number`, which must have at least `size` bytes.
    pub(super) fn map(
        device: &VfioDevice,
        file: &File,
        (number, size): (u32, u64),
    ) -> io::Result<Bar> {
        let found = device.get_region_size(number);
        if found < size {
            return Err(io::Error::other(format!(
                "found {found} bytes in BAR{number}, expected at least {size}"
            )));
        }
        let map = MmapOptions::new()
            .offset(device.get_region_offset(number))
            .len(size as usize)
            .map_raw(file)?;
        Ok(Bar { map: Some(map) })
    }

    /// The register at a byte offset, if it is one.
    fn register(&self, offset: u32) -> Option<&RW<u32>> {
        let map = self.map.as_ref()?;
        let at = offset as usize;
        (at.is_multiple_of(4) && at < map.len()).then(|| {
            let base = map.as_mut_ptr().cast::<RW<u32>>().cast_const();
            // SAFETY: the offset is that of a whole aligned word within the mapping, which lives as long as `self`; `RW`
            // is an `UnsafeCell`, so that the card may change it.
            unsafe { &*base.add(at / 4) }
        })
    }

    /// Reads a register; none where there is no such one.
    pub(super) fn read(&self, offset: u32) -> Option<u32> {
        Some(u32::from_le(self.register(offset)?.read()))
    }

    /// Writes a register; none where there is no such one.
    pub(super) fn write(&self, offset: u32, value: u32) -> Option<()> {
        // SAFETY: a register of our card: what a write may cause is the driver's business, and no memory of this process
        // is touched but what the card was given.
        unsafe { self.register(offset)?.write(value.to_le()) };
        Some(())
    }
}

impl PortBar for Bar {
    fn read(&mut self, offset: u32, to: &mut [u8]) -> Result<(), AccessError> {
        for (at, bytes) in (offset..).step_by(4).zip(to.chunks_mut(4)) {
            let word = Bar::read(self, at).ok_or(AccessError::Refused { offset: at })?;
            let count = bytes.len();
            bytes.copy_from_slice(&word.to_le_bytes()[..count]);
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, from: &[u8]) -> Result<(), AccessError> {
        for (at, bytes) in (offset..).step_by(4).zip(from.chunks(4)) {
            let mut word = [0; 4];
            word[..bytes.len()].copy_from_slice(bytes);
            Bar::write(self, at, u32::from_le_bytes(word))
                .ok_or(AccessError::Refused { offset: at })?;
        }
        Ok(())
    }
}

/// The device as a file of our own.
pub(super) fn file_of(device: &VfioDevice) -> io::Result<File> {
    // SAFETY: the descriptor is open for as long as `device` lives, which outlives this borrow.
    let fd = unsafe { BorrowedFd::borrow_raw(device.as_raw_fd()) };
    Ok(File::from(fd.try_clone_to_owned()?))
}

/// The same eventfd in the type that the VFIO calls take.
pub(super) fn event_of(interrupt: &Interrupt) -> io::Result<EventFd> {
    let fd = interrupt.as_fd().try_clone_to_owned()?;
    // SAFETY: the descriptor is an eventfd, was made just now, and is given away here.
    Ok(unsafe { EventFd::from_raw_fd(fd.into_raw_fd()) })
}

/// Lets the card reach memory at `address`.
pub(super) fn dma_map(
    container: &VfioContainer,
    memory: &Arc<DmaMemory>,
    address: u64,
) -> Result<(), VfioError> {
    let start = memory.address() as *mut u8;
    // SAFETY: the memory is mapped in this process for as long as it lives, and the caller keeps a share of it until it
    // is unmapped from the card.
    unsafe { container.vfio_dma_map(address, memory.len(), start) }
}
