//! A small card that every test serves: registers, memory to map, DMA and interrupts.

#![allow(dead_code, reason = "each test file uses its own part of this")]

pub mod messages;

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{eventfd, EventfdFlags};
use rustix::fs::{ftruncate, memfd_create, MemfdFlags};
use tempfile::TempDir;
use underpass_vfio_user::codec::{decode, DmaMap, DmaUnmap, IrqInfo, Message, SetIrqs, HEADER_LEN};
use underpass_vfio_user::{
    pci, Config, Device, Dma, Errno, Event, Irqs, Region, RegionMapping, Server,
};

pub const SECOND: Duration = Duration::from_secs(1);
pub const REGISTERS: u64 = 4096;
pub const VECTORS: u32 = 32;

/// A write here copies [`COPY_LEN`] bytes from one I/O address (register 0x10) to another (register 0x18) and fires
/// MSI-X vector 0.
pub const COPY: u64 = 0x20;
pub const COPY_LEN: usize = 8192;
/// Reading here is refused with [`Errno::IO`].
pub const BROKEN: u64 = 0x80;

/// What a card has been through, for the test to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    pub resets: usize,
    pub disconnects: usize,
    pub mappings: usize,
    pub files: usize,
    pub connected: Vec<u32>,
    pub last_dma: Option<Result<(), Errno>>,
}

pub struct Card {
    regions: Vec<Region>,
    pub registers: Vec<u8>,
    pub dma: Dma,
    pub irqs: Irqs,
    pub log: Arc<Mutex<Log>>,
}

impl Card {
    pub fn new() -> Self {
        let bar2 = memory(65_536);
        let mapping = RegionMapping {
            file: bar2,
            offset: 0,
            areas: vec![area(0, 4096), area(8192, 57_344)],
        };
        let mut regions: Vec<Region> = (0..pci::REGIONS).map(|_| Region::default()).collect();
        regions[pci::BAR0_REGION as usize] = Region::registers(REGISTERS);
        regions[pci::BAR2_REGION as usize] = Region {
            mapping: Some(mapping),
            ..Region::registers(65_536)
        };
        regions[pci::ROM_REGION as usize] = Region {
            size: 16,
            readable: true,
            ..Region::default()
        };
        regions[pci::CONFIG_REGION as usize] = Region::registers(256);
        let irqs = (0..pci::IRQS).map(|index| IrqInfo {
            index,
            count: [1, 0, VECTORS, 0, 0][index as usize],
            eventfd: true,
            maskable: index == pci::INTX_IRQ,
            automasked: index == pci::INTX_IRQ,
            noresize: index == pci::MSIX_IRQ,
        });
        Self {
            regions,
            registers: vec![0; REGISTERS as usize],
            dma: Dma::default(),
            irqs: Irqs::new(irqs.collect()),
            log: Arc::default(),
        }
    }

    fn note(&self, change: impl FnOnce(&mut Log)) {
        let mut log = self.log.lock().unwrap();
        log.mappings = self.dma.mappings();
        log.files = self.dma.files();
        log.connected = (0..VECTORS)
            .filter(|&vector| self.irqs.is_connected(pci::MSIX_IRQ, vector))
            .collect();
        change(&mut log);
    }

    fn register(&self, at: usize) -> u64 {
        u64::from_ne_bytes(self.registers[at..at + 8].try_into().unwrap())
    }

    fn copy(&mut self) {
        let (from, to) = (self.register(0x10), self.register(0x18));
        let mut data = vec![0; COPY_LEN];
        let done = self
            .dma
            .read(from, &mut data)
            .and_then(|()| self.dma.write(to, &data));
        self.note(|log| log.last_dma = Some(done.map_err(Errno::from)));
        self.irqs.trigger(pci::MSIX_IRQ, 0).unwrap();
    }
}

impl Device for Card {
    fn regions(&self) -> &[Region] {
        &self.regions
    }

    fn irqs(&self) -> &[IrqInfo] {
        self.irqs.infos()
    }

    fn region_read(&mut self, region: u32, offset: u64, data: &mut [u8]) -> Result<(), Errno> {
        match region {
            pci::BAR0_REGION if offset == BROKEN => return Err(Errno::IO),
            pci::BAR0_REGION => {
                data.copy_from_slice(&self.registers[offset as usize..][..data.len()])
            }
            pci::BAR2_REGION => {
                let file = &self.regions[region as usize].mapping.as_ref().unwrap().file;
                rustix::io::pread(file, data, offset).map_err(|_| Errno::IO)?;
            }
            _ => data.fill(region as u8),
        }
        Ok(())
    }

    fn region_write(&mut self, region: u32, offset: u64, data: &[u8]) -> Result<(), Errno> {
        match region {
            pci::BAR0_REGION if offset == COPY => self.copy(),
            pci::BAR0_REGION => {
                self.registers[offset as usize..][..data.len()].copy_from_slice(data)
            }
            pci::BAR2_REGION => {
                let file = &self.regions[region as usize].mapping.as_ref().unwrap().file;
                rustix::io::pwrite(file, data, offset).map_err(|_| Errno::IO)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn dma_map(&mut self, map: DmaMap, file: Option<OwnedFd>) -> Result<(), Errno> {
        self.dma.map(map, file)?;
        self.note(|_| ());
        Ok(())
    }

    fn dma_unmap(&mut self, unmap: DmaUnmap) -> Result<(), Errno> {
        self.dma.unmap(unmap)?;
        self.note(|_| ());
        Ok(())
    }

    fn set_irqs(&mut self, set: &SetIrqs, eventfds: Vec<OwnedFd>) -> Result<(), Errno> {
        self.irqs.apply(set, eventfds)?;
        self.note(|_| ());
        Ok(())
    }

    fn reset(&mut self) -> Result<(), Errno> {
        self.registers.fill(0);
        self.note(|log| log.resets += 1);
        Ok(())
    }

    fn disconnected(&mut self) {
        self.dma.clear();
        self.irqs.clear();
        self.note(|log| log.disconnects += 1);
    }
}

pub fn area(offset: u64, size: u64) -> underpass_vfio_user::codec::Area {
    underpass_vfio_user::codec::Area { offset, size }
}

/// Memory in a file without a name.
pub fn memory(size: u64) -> OwnedFd {
    let file = memfd_create("vfio-user-test", MemfdFlags::CLOEXEC).unwrap();
    ftruncate(&file, size).unwrap();
    file
}

pub fn write_at(file: &OwnedFd, offset: u64, data: &[u8]) {
    assert_eq!(rustix::io::pwrite(file, data, offset), Ok(data.len()));
}

pub fn read_at(file: &OwnedFd, offset: u64, len: usize) -> Vec<u8> {
    let mut data = vec![0; len];
    assert_eq!(rustix::io::pread(file, &mut data[..], offset), Ok(len));
    data
}

pub fn new_eventfd() -> OwnedFd {
    eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).unwrap()
}

/// How often an eventfd was told since it was last asked.
pub fn told(eventfd: &OwnedFd) -> u64 {
    let mut count = [0; 8];
    match rustix::io::read(eventfd, &mut count) {
        Ok(8) => u64::from_ne_bytes(count),
        Err(rustix::io::Errno::AGAIN) => 0,
        other => panic!("eventfd: {other:?}"),
    }
}

/// A server with a card, polled by a thread of its own until it is dropped.
pub struct Served {
    folder: TempDir,
    stop: Arc<AtomicBool>,
    pub log: Arc<Mutex<Log>>,
    pub events: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    pub fn new() -> Self {
        Self::with(Config::default())
    }

    pub fn with(config: Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Server::bind(folder.path().join("card"), config).unwrap();
        let mut card = Card::new();
        let (stop, events) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(Mutex::new(Vec::new())),
        );
        let (log, stop2, events2) = (card.log.clone(), stop.clone(), events.clone());
        let thread = std::thread::spawn(move || {
            while !stop2.load(Ordering::Relaxed) {
                match server.poll(Duration::from_millis(5), &mut card).unwrap() {
                    Event::Idle => {}
                    event => events2.lock().unwrap().push(format!("{event:?}")),
                }
            }
        });
        Self {
            folder,
            stop,
            log,
            events,
            thread: Some(thread),
        }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("card")
    }

    pub fn log(&self) -> Log {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the card's log is as it should be.
    pub fn wait_for(&self, wish: impl Fn(&Log) -> bool) {
        for _ in 0..500 {
            if wish(&self.log()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!(
            "never came: {:?}, events {:?}",
            self.log(),
            self.events.lock().unwrap()
        );
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let result = self.thread.take().unwrap().join();
        if !std::thread::panicking() {
            result.unwrap();
        }
    }
}

/// A descriptor of this file, opened for reading only.
pub fn read_only(file: &OwnedFd) -> OwnedFd {
    let link = format!(
        "/proc/self/fd/{}",
        std::os::fd::AsRawFd::as_raw_fd(&file.as_fd())
    );
    OwnedFd::from(File::open(Path::new(&link)).unwrap())
}

/// One whole message from a blocking stream.
pub fn receive(stream: &mut UnixStream) -> Option<Message> {
    let mut bytes = vec![0; HEADER_LEN];
    stream.read_exact(&mut bytes).ok()?;
    let size = u32::from_ne_bytes(bytes[4..8].try_into().unwrap()) as usize;
    bytes.resize(size, 0);
    stream.read_exact(&mut bytes[HEADER_LEN..]).ok()?;
    Some(decode(&bytes).unwrap())
}
