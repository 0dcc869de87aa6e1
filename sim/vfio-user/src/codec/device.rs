//! DEVICE_GET_INFO: what stands behind the socket.

use super::wire::{Reader, Writer};
use super::DecodeError;

const RESETTABLE: u32 = 1 << 0;
const PCI: u32 = 1 << 1;

/// Kind and extent of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// DEVICE_RESET does something.
    pub resettable: bool,
    /// It is a PCI device; the protocol knows no other yet.
    pub pci: bool,
    /// Regions, numbered from 0; a PCI device has nine that are fixed (see [`pci`](crate::pci)).
    pub regions: u32,
    /// Interrupt types, numbered from 0; a PCI device has five.
    pub irqs: u32,
}

impl DeviceInfo {
    /// Bytes of the structure; both request and reply have it.
    pub const LEN: u32 = 16;

    pub(super) fn write_request() -> Vec<u8> {
        Writer::default().u32(Self::LEN).u32(0).u32(0).u32(0).done()
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let flags = if self.resettable { RESETTABLE } else { 0 } | if self.pci { PCI } else { 0 };
        Writer::default()
            .u32(Self::LEN)
            .u32(flags)
            .u32(self.regions)
            .u32(self.irqs)
            .done()
    }

    pub(super) fn read(mut body: Reader<'_>) -> Result<Self, DecodeError> {
        let (_argsz, flags) = (body.u32()?, body.u32()?);
        Ok(Self {
            resettable: flags & RESETTABLE != 0,
            pci: flags & PCI != 0,
            regions: body.u32()?,
            irqs: body.u32()?,
        })
    }
}
