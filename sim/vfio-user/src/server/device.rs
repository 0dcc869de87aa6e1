//! What a device must be able to do to be served.

use std::os::fd::OwnedFd;

use crate::codec::{Area, DmaMap, DmaUnmap, IrqInfo, SetIrqs};
use crate::Errno;

/// One region of a device. A region that a device does not have is [`Region::default`]: no bytes, no rights.
#[derive(Debug, Default)]
pub struct Region {
    /// Bytes.
    pub size: u64,
    /// The client may read it.
    pub readable: bool,
    /// The client may write it.
    pub writable: bool,
    /// The client may map it, and then its accesses no longer come by message.
    pub mapping: Option<RegionMapping>,
}

impl Region {
    /// A region that is read and written by messages only.
    pub fn registers(size: u64) -> Self {
        Self {
            size,
            readable: true,
            writable: true,
            mapping: None,
        }
    }
}

/// How a region can be mapped.
#[derive(Debug)]
pub struct RegionMapping {
    /// The file to map.
    pub file: OwnedFd,
    /// Place of the region in the file.
    pub offset: u64,
    /// The parts that may be mapped. Empty: all of it.
    pub areas: Vec<Area>,
}

/// A device behind a [`Server`](crate::Server).
///
/// Every call comes from within [`Server::poll`](crate::Server::poll), in the order of the client's messages, and the
/// client waits for the answer. What the server can check it has checked: regions and interrupt types exist, accesses
/// lie inside their region and are allowed there. [`Dma`](crate::Dma) and [`Irqs`](crate::Irqs) do the work of
/// `dma_map`, `dma_unmap` and `set_irqs`.
pub trait Device {
    /// The regions; place `i` is region `i`. For a PCI device these are the nine of [`pci`](crate::pci).
    fn regions(&self) -> &[Region];

    /// The interrupt types; place `i` is type `i`. For a PCI device these are the five of [`pci`](crate::pci).
    fn irqs(&self) -> &[IrqInfo];

    /// Whether [`reset`](Self::reset) does something.
    fn resettable(&self) -> bool {
        true
    }

    /// The client reads a region.
    fn region_read(&mut self, region: u32, offset: u64, data: &mut [u8]) -> Result<(), Errno>;

    /// The client writes a region. A function level reset comes as such a write to the configuration space.
    fn region_write(&mut self, region: u32, offset: u64, data: &[u8]) -> Result<(), Errno>;

    /// The client lets the device reach memory. No file: the client could not give one, which is no error.
    fn dma_map(&mut self, map: DmaMap, file: Option<OwnedFd>) -> Result<(), Errno>;

    /// The client takes memory away. When this returns the device must have stopped using it.
    fn dma_unmap(&mut self, unmap: DmaUnmap) -> Result<(), Errno>;

    /// The client changes interrupts.
    fn set_irqs(&mut self, set: &SetIrqs, eventfds: Vec<OwnedFd>) -> Result<(), Errno>;

    /// The client resets the device.
    fn reset(&mut self) -> Result<(), Errno>;

    /// The client is gone, in whatever way. Its memory and its eventfds must be given up; the state of the device
    /// stays.
    fn disconnected(&mut self);
}
