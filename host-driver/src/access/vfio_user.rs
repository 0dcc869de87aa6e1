//! `vfio-user:PATH`: a card behind a socket, `underpass sim` for example.
//!
//! ```text
//!   read, write ──▶ BAR0        send, receive, settle ──▶ BAR2        map ──▶ DMA_MAP with the memory's file
//! ```
//! Every access is a message and its answer, some ten microseconds; what is bulk goes through the rings.

use super::dma::DmaMemory;
use super::interrupt::Interrupt;
use super::mappings::Mappings;
use super::port_window::{PortBar, PortWindow};
use super::{AccessError, CardAccess, Departure, DmaAccess, PortAccess};
use rustix::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use underpass_layout::pci::{DEVICE, PORT_BAR, REGISTER_BAR, VENDOR};
use underpass_vfio_user::codec::Protection;
use underpass_vfio_user::pci::{CONFIG_REGION, MSIX_IRQ};
use underpass_vfio_user::{Client, ClientError};

/// How long an answer may take: an access to a simulated card is a few clocks, but its machine may be busy.
const ANSWER: Duration = Duration::from_secs(30);
/// Where the command register is, and its bits for memory space and bus mastering (PCI Local Bus 3.0 section 6.2.2).
const COMMAND: u64 = 4;
const MEMORY_AND_MASTER: u16 = 1 << 1 | 1 << 2;

/// A card behind a socket.
pub struct VfioUser {
    client: Client,
    ports: PortWindow,
    mappings: Mappings,
}

impl VfioUser {
    /// Connects to the card, makes sure that it is one of ours, resets it and switches it on.
    pub fn open(path: &Path) -> Result<VfioUser, AccessError> {
        let client = Client::connect(path, ANSWER)?;
        let mut card = VfioUser {
            client,
            ports: PortWindow::default(),
            mappings: Mappings::default(),
        };
        let mut ids = [0; 4];
        card.client.region_read(CONFIG_REGION, 0, &mut ids)?;
        let [v0, v1, d0, d1] = ids;
        let found = (u16::from_le_bytes([v0, v1]), u16::from_le_bytes([d0, d1]));
        if found != (VENDOR, DEVICE) {
            return Err(AccessError::OtherDevice {
                place: path.display().to_string(),
                found,
                expected: (VENDOR, DEVICE),
            });
        }
        card.reset()?;
        let size = card.client.region_info(PORT_BAR.0)?.info.size;
        if size >= PORT_BAR.1 {
            card.ports = PortWindow::find(&mut Ports(&mut card.client))?;
        }
        Ok(card)
    }
}

impl CardAccess for VfioUser {
    fn read(&mut self, offset: u32) -> Result<u32, AccessError> {
        let mut word = [0; 4];
        self.client
            .region_read(REGISTER_BAR.0, offset.into(), &mut word)?;
        Ok(u32::from_le_bytes(word))
    }

    fn write(&mut self, offset: u32, value: u32) -> Result<(), AccessError> {
        let word = value.to_le_bytes();
        Ok(self
            .client
            .region_write(REGISTER_BAR.0, offset.into(), &word)?)
    }

    fn reset(&mut self) -> Result<(), AccessError> {
        self.client.reset()?;
        let command = MEMORY_AND_MASTER.to_le_bytes();
        Ok(self.client.region_write(CONFIG_REGION, COMMAND, &command)?)
    }

    fn dma(&mut self) -> Option<&mut dyn DmaAccess> {
        Some(self)
    }
}

impl DmaAccess for VfioUser {
    fn map(&mut self, memory: Arc<DmaMemory>, address: u64) -> Result<(), AccessError> {
        let (size, file) = (memory.len() as u64, memory.file().as_fd());
        let protection = Protection {
            readable: true,
            writable: true,
        };
        self.client
            .dma_map(address, size, Some(file), 0, protection)?;
        self.mappings.keep(address, memory);
        Ok(())
    }

    fn unmap(&mut self, address: u64) -> Result<(), AccessError> {
        if let Some(memory) = self.mappings.at(address) {
            self.client.dma_unmap(address, memory.len() as u64)?;
            self.mappings.release(address);
        }
        Ok(())
    }

    fn interrupts(&mut self, vectors: usize) -> Result<Vec<Interrupt>, AccessError> {
        let raised = (0..vectors).map(|_| Interrupt::new());
        let raised = raised
            .collect::<Result<Vec<_>, _>>()
            .map_err(AccessError::Interrupt)?;
        let fds: Vec<_> = raised.iter().map(Interrupt::as_fd).collect();
        self.client.set_irqs(MSIX_IRQ, 0, &fds)?;
        Ok(raised)
    }
}

/// The port access' BAR behind the socket.
struct Ports<'a>(&'a mut Client);

impl PortBar for Ports<'_> {
    fn read(&mut self, offset: u32, to: &mut [u8]) -> Result<(), AccessError> {
        Ok(self.0.region_read(PORT_BAR.0, offset.into(), to)?)
    }

    fn write(&mut self, offset: u32, from: &[u8]) -> Result<(), AccessError> {
        Ok(self.0.region_write(PORT_BAR.0, offset.into(), from)?)
    }
}

impl PortAccess for VfioUser {
    fn send(&mut self, port: u16, frame: &[u8]) -> Result<(), AccessError> {
        self.ports.send(&mut Ports(&mut self.client), port, frame)
    }

    fn receive(&mut self) -> Result<Option<Departure>, AccessError> {
        self.ports.receive(&mut Ports(&mut self.client))
    }

    fn settle(&mut self) -> Result<(), AccessError> {
        self.ports.settle(&mut Ports(&mut self.client))
    }

    fn clocks(&self) -> Option<u64> {
        self.ports.clocks()
    }

    fn ports(&self) -> &'static [(&'static str, u16)] {
        self.ports.ports()
    }
}

impl From<ClientError> for AccessError {
    fn from(error: ClientError) -> Self {
        AccessError::VfioUser(Box::new(error))
    }
}
