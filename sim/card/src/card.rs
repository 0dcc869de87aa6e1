//! The card as a PCI device.
//!
//! ```text
//!   configuration space ─▶ command, MSI-X mask, function level reset
//!   BAR0 ─▶ registers ────▶ engine ─▶ host memory, if the card may reach it ─▶ Dma
//!   BAR2 ─▶ ports ────────▶        ─▶ interrupts ─▶ Msix ─▶ Irqs ─▶ eventfds
//!   BAR4 ─▶ MSI-X table
//! ```

use crate::config::ConfigSpace;
use crate::engine::{Engine, EngineError, HostMemory, SharedMemory, Unmapped};
use crate::msix::Msix;
use crate::ports::Ports;
use std::cell::RefCell;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::rc::Rc;
use underpass_layout::pci as layout;
use underpass_layout::rings::VECTORS;
use underpass_vfio_user::codec::{DmaMap, DmaUnmap, IrqInfo, SetIrqs};
use underpass_vfio_user::pci::{CONFIG_REGION, IRQS, MSIX_IRQ, REGIONS};
use underpass_vfio_user::{Device, Dma, Errno, Irqs, Region};

/// The host's memory, and whether the card may reach it.
#[derive(Default)]
pub struct Bus {
    dma: Dma,
    /// The bus master bit of the command register.
    master: bool,
}

impl HostMemory for Bus {
    fn read(&mut self, address: u64, to: &mut [u8]) -> Result<(), Unmapped> {
        let unmapped = Unmapped { address };
        match self.master {
            true => self.dma.read(address, to).map_err(|_| unmapped),
            false => Err(unmapped),
        }
    }

    fn write(&mut self, address: u64, from: &[u8]) -> Result<(), Unmapped> {
        let unmapped = Unmapped { address };
        match self.master {
            true => self.dma.write(address, from).map_err(|_| unmapped),
            false => Err(unmapped),
        }
    }
}

/// The card.
pub struct PciCard {
    engine: Box<dyn Engine>,
    bus: Rc<RefCell<Bus>>,
    config: ConfigSpace,
    ports: Ports,
    msix: Msix,
    irqs: Irqs,
    regions: Vec<Region>,
    quiet: bool,
    /// Why the engine can do no more; the loop that runs it asks.
    failure: Option<EngineError>,
}

impl PciCard {
    /// A card around the engine that `make` builds over the host's memory.
    pub fn new<E>(
        make: impl FnOnce(SharedMemory) -> Result<Box<dyn Engine>, E>,
    ) -> Result<Self, E> {
        let bus = Rc::new(RefCell::new(Bus::default()));
        let mut regions: Vec<Region> = (0..REGIONS).map(|_| Region::default()).collect();
        for (bar, size) in crate::config::BARS_IN_USE {
            regions[bar as usize] = Region::registers(size);
        }
        regions[CONFIG_REGION as usize] = Region::registers(crate::config::SIZE as u64);
        let irqs = (0..IRQS).map(|index| IrqInfo {
            index,
            count: if index == MSIX_IRQ { VECTORS as u32 } else { 0 },
            eventfd: index == MSIX_IRQ,
            maskable: false,
            automasked: false,
            noresize: false,
        });
        Ok(PciCard {
            engine: make(bus.clone())?,
            bus,
            config: ConfigSpace::new(),
            ports: Ports::default(),
            msix: Msix::new(),
            irqs: Irqs::new(irqs.collect()),
            regions,
            quiet: false,
            failure: None,
        })
    }

    /// Nothing moves in the card.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// What gives a quiet card work when it becomes readable.
    pub fn wakes(&self) -> Vec<BorrowedFd<'_>> {
        self.engine.wakes()
    }

    /// Lets the card work for about so many clocks.
    pub fn run(&mut self, clocks: u64) -> Result<(), EngineError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let progress = self.engine.run(clocks)?;
        self.quiet = progress.quiet;
        self.msix.raise(progress.interrupts);
        self.tell();
        Ok(())
    }

    /// Takes everything back to what it was when power came.
    fn reset_all(&mut self) -> Result<(), Errno> {
        // What a host's kernel keeps over a function level reset it writes back itself.
        self.config = ConfigSpace::new();
        self.after_config();
        self.msix = Msix::new();
        self.connect_vectors();
        self.ports = Ports::default();
        self.quiet = false;
        let reset = self.engine.reset();
        self.kept(reset)
    }

    /// Remembers why the engine failed; the host sees an input/output error.
    fn kept<T>(&mut self, result: Result<T, EngineError>) -> Result<T, Errno> {
        result.map_err(|error| {
            self.failure = Some(error);
            Errno::IO
        })
    }

    fn after_config(&mut self) {
        self.bus.borrow_mut().master = self.config.bus_master();
        self.msix.set_function_mask(self.config.function_masked());
        self.tell();
    }

    fn connect_vectors(&mut self) {
        for vector in 0..VECTORS {
            let connected = self.irqs.is_connected(MSIX_IRQ, vector as u32);
            self.msix.set_connected(vector, connected);
        }
        self.tell();
    }

    /// Tells the host of interrupts. One that it cannot be told of is lost, as on a bus.
    fn tell(&mut self) {
        let ready = self.msix.take_ready();
        for vector in (0..VECTORS as u32).filter(|vector| ready & 1 << vector != 0) {
            let _ = self.irqs.trigger(MSIX_IRQ, vector);
        }
    }

    /// A register access: one aligned word.
    fn register(offset: u64, length: usize) -> Result<u32, Errno> {
        let offset = u32::try_from(offset).map_err(|_| Errno::INVALID)?;
        match length == 4 && offset.is_multiple_of(4) {
            true => Ok(offset),
            false => Err(Errno::INVALID),
        }
    }
}

impl Device for PciCard {
    fn regions(&self) -> &[Region] {
        &self.regions
    }

    fn irqs(&self) -> &[IrqInfo] {
        self.irqs.infos()
    }

    fn region_read(&mut self, region: u32, offset: u64, data: &mut [u8]) -> Result<(), Errno> {
        if region == layout::REGISTER_BAR.0 {
            let offset = Self::register(offset, data.len())?;
            let word = self.engine.read(offset);
            let word = self.kept(word)?;
            data.copy_from_slice(&word.to_le_bytes());
            self.quiet = false;
        } else if region == layout::PORT_BAR.0 {
            self.ports.read(offset, data, &*self.engine, self.quiet);
        } else if region == layout::MSIX_BAR.0 {
            self.msix.read(offset, data);
        } else {
            self.config.read(offset, data);
        }
        Ok(())
    }

    fn region_write(&mut self, region: u32, offset: u64, data: &[u8]) -> Result<(), Errno> {
        if region == layout::REGISTER_BAR.0 {
            let offset = Self::register(offset, data.len())?;
            let word = data.try_into().map(u32::from_le_bytes);
            let written = self.engine.write(offset, word.map_err(|_| Errno::INVALID)?);
            self.kept(written)?;
            self.quiet = false;
        } else if region == layout::PORT_BAR.0 {
            self.ports.write(offset, data, &mut *self.engine);
            self.quiet = false;
        } else if region == layout::MSIX_BAR.0 {
            self.msix.write(offset, data);
            self.tell();
        } else {
            let effects = self.config.write(offset, data);
            self.after_config();
            if effects.reset {
                self.reset_all()?;
            }
        }
        Ok(())
    }

    fn dma_map(&mut self, map: DmaMap, file: Option<OwnedFd>) -> Result<(), Errno> {
        Ok(self.bus.borrow_mut().dma.map(map, file)?)
    }

    fn dma_unmap(&mut self, unmap: DmaUnmap) -> Result<(), Errno> {
        Ok(self.bus.borrow_mut().dma.unmap(unmap)?)
    }

    fn set_irqs(&mut self, set: &SetIrqs, eventfds: Vec<OwnedFd>) -> Result<(), Errno> {
        self.irqs.apply(set, eventfds)?;
        self.connect_vectors();
        Ok(())
    }

    fn reset(&mut self) -> Result<(), Errno> {
        self.reset_all()
    }

    /// The next client finds a card as after a reset: nothing of the last one's network stays, and its memory is given
    /// up before anything could write there.
    fn disconnected(&mut self) {
        self.bus.borrow_mut().dma.clear();
        self.irqs.clear();
        // A failure of the engine is kept for the loop that runs it.
        let _ = self.reset_all();
    }
}
