//! `vfio:BDF`: a card in this machine, through the kernel's VFIO (group and container interface).
//!
//! ```text
//!   /sys/bus/pci/devices/BDF ─▶ group ─▶ container /dev/vfio/vfio ─▶ map: address in this process ─▶ IOMMU
//!                                  └──▶ device ─▶ BAR0, BAR2 mapped; configuration space by pread and pwrite; MSI-X eventfds
//! ```
//! The machine that this is tested on has no VFIO: what runs in a real kernel is the guest's business, and until then this
//! file compiles, refuses what it should, and nothing more is claimed.

mod bar;

use super::bdf::Bdf;
use super::dma::DmaMemory;
use super::interrupt::Interrupt;
use super::mappings::Mappings;
use super::port_window::PortWindow;
use super::{AccessError, CardAccess, Departure, DmaAccess, PortAccess};
use bar::Bar;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use underpass_layout::pci::{DEVICE, PORT_BAR, REGISTER_BAR, VENDOR};
use underpass_vfio_user::pci::CONFIG_REGION;
use vfio_ioctls::{VfioContainer, VfioDevice, VfioError, VfioOps};
use vmm_sys_util::eventfd::EventFd;

/// Where the command register is, and its bits for memory space and bus mastering (PCI Local Bus 3.0 section 6.2.2).
const COMMAND: u64 = 4;
const MEMORY_AND_MASTER: u16 = 1 << 1 | 1 << 2;

/// A card in this machine.
pub struct KernelVfio {
    bdf: Bdf,
    registers: Bar,
    /// No bytes where the card has no such BAR.
    port_bar: Bar,
    ports: PortWindow,
    /// The device as a file: configuration space is read and written there, with errors.
    file: File,
    device: VfioDevice,
    container: Arc<VfioContainer>,
    mappings: Mappings,
}

impl KernelVfio {
    /// Takes the card, which must be bound to `vfio-pci`, makes sure that it is one of ours, resets it and switches it on.
    pub fn open(bdf: Bdf) -> Result<KernelVfio, AccessError> {
        let failed = |source| AccessError::Vfio {
            bdf,
            source: Box::new(source),
        };
        let container = Arc::new(VfioContainer::new(None).map_err(failed)?);
        let path = PathBuf::from(format!("/sys/bus/pci/devices/{bdf}"));
        let ops: Arc<dyn VfioOps> = container.clone();
        let device = VfioDevice::new(&path, ops, true).map_err(failed)?;
        let file = bar::file_of(&device).map_err(|source| AccessError::Config { bdf, source })?;
        let registers = Bar::map(&device, &file, REGISTER_BAR)
            .map_err(|source| AccessError::Bar { bdf, source })?;
        let port_bar = match device.get_region_size(PORT_BAR.0) {
            0 => Bar::none(),
            _ => Bar::map(&device, &file, PORT_BAR)
                .map_err(|source| AccessError::Bar { bdf, source })?,
        };
        let mut card = KernelVfio {
            bdf,
            registers,
            port_bar,
            ports: PortWindow::default(),
            file,
            device,
            container,
            mappings: Mappings::default(),
        };
        let mut ids = [0; 4];
        card.config(|file, at| file.read_exact_at(&mut ids, at))?;
        let [v0, v1, d0, d1] = ids;
        let found = (u16::from_le_bytes([v0, v1]), u16::from_le_bytes([d0, d1]));
        if found != (VENDOR, DEVICE) {
            return Err(AccessError::OtherDevice {
                place: bdf.to_string(),
                found,
                expected: (VENDOR, DEVICE),
            });
        }
        card.reset()?;
        card.ports = PortWindow::find(&mut card.port_bar)?;
        Ok(card)
    }

    fn config(
        &self,
        access: impl FnOnce(&File, u64) -> std::io::Result<()>,
    ) -> Result<(), AccessError> {
        let at = self.device.get_region_offset(CONFIG_REGION);
        access(&self.file, at).map_err(|source| AccessError::Config {
            bdf: self.bdf,
            source,
        })
    }

    fn failed(&self) -> impl Fn(VfioError) -> AccessError {
        let bdf = self.bdf;
        move |source| AccessError::Vfio {
            bdf,
            source: Box::new(source),
        }
    }
}

impl CardAccess for KernelVfio {
    fn read(&mut self, offset: u32) -> Result<u32, AccessError> {
        self.registers
            .read(offset)
            .ok_or(AccessError::Refused { offset })
    }

    fn write(&mut self, offset: u32, value: u32) -> Result<(), AccessError> {
        self.registers
            .write(offset, value)
            .ok_or(AccessError::Refused { offset })
    }

    fn reset(&mut self) -> Result<(), AccessError> {
        // It says nothing of success; the driver's first register reads will.
        self.device.reset();
        let command = MEMORY_AND_MASTER.to_le_bytes();
        self.config(|file, at| file.write_all_at(&command, at + COMMAND))
    }

    fn dma(&mut self) -> Option<&mut dyn DmaAccess> {
        Some(self)
    }
}

impl DmaAccess for KernelVfio {
    fn map(&mut self, memory: Arc<DmaMemory>, address: u64) -> Result<(), AccessError> {
        bar::dma_map(&self.container, &memory, address).map_err(self.failed())?;
        self.mappings.keep(address, memory);
        Ok(())
    }

    fn unmap(&mut self, address: u64) -> Result<(), AccessError> {
        if let Some(memory) = self.mappings.at(address) {
            let unmapped = self.container.vfio_dma_unmap(address, memory.len());
            unmapped.map_err(self.failed())?;
            self.mappings.release(address);
        }
        Ok(())
    }

    fn interrupts(&mut self, vectors: usize) -> Result<Vec<Interrupt>, AccessError> {
        let raised = (0..vectors).map(|_| Interrupt::new());
        let raised = raised
            .collect::<Result<Vec<_>, _>>()
            .map_err(AccessError::Interrupt)?;
        let events = raised.iter().map(bar::event_of);
        let events = events
            .collect::<Result<Vec<EventFd>, _>>()
            .map_err(AccessError::Interrupt)?;
        self.device
            .enable_msix(events.iter().collect())
            .map_err(self.failed())?;
        Ok(raised)
    }
}

impl Drop for KernelVfio {
    fn drop(&mut self) {
        // A card that has been reset writes to no memory, so what it was given can go.
        self.device.reset();
        for (address, memory) in self.mappings.iter() {
            // What cannot be unmapped goes with the container, which is next.
            let _ = self.container.vfio_dma_unmap(address, memory.len());
        }
    }
}

/// A card in a machine has cables; a simulated one behind a guest's kernel lends its ports.
impl PortAccess for KernelVfio {
    fn send(&mut self, port: u16, frame: &[u8]) -> Result<(), AccessError> {
        self.ports.send(&mut self.port_bar, port, frame)
    }

    fn receive(&mut self) -> Result<Option<Departure>, AccessError> {
        self.ports.receive(&mut self.port_bar)
    }

    fn settle(&mut self) -> Result<(), AccessError> {
        self.ports.settle(&mut self.port_bar)
    }

    fn clocks(&self) -> Option<u64> {
        self.ports.clocks()
    }

    fn ports(&self) -> &'static [(&'static str, u16)] {
        self.ports.ports()
    }
}
