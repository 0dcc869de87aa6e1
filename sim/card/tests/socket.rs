//! The card as a host meets it: over a socket, with the model inside.

use rustix::event::{eventfd, poll, EventfdFlags, PollFd, PollFlags, Timespec};
use rustix::fs::{memfd_create, MemfdFlags};
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use underpass_layout::pci::{self, port_access, REGISTER_BAR};
use underpass_layout::profile::SIM;
use underpass_layout::registers::rings::{
    BASE_HIGH, BASE_LOW, CONTROL, ENABLE, FAULT, MODERATION, PRODUCER, SIZE, STATUS_HIGH,
    STATUS_LOW,
};
use underpass_layout::registers::{self, MAGIC, MAGIC_VALUE};
use underpass_layout::rings::{ring, CommandKind, RingCommand};
use underpass_layout::tables::{MplsEntry, Table};
use underpass_sim_card::card::PciCard;
use underpass_sim_card::engine::{Engine, EngineError, ModelEngine};
use underpass_sim_card::serve::serve;
use underpass_vfio_user::codec::Protection;
use underpass_vfio_user::pci::{CONFIG_REGION, MSIX_IRQ};
use underpass_vfio_user::{Client, Config, Server};

/// Where the card sees the memory of these tests.
const IOVA: u64 = 0x1_0000_0000;
/// Where the ring's status lies in it.
const STATUS: u64 = 0x8000;
const PATIENCE: Duration = Duration::from_secs(20);

/// A card that is served by a thread until it is dropped.
struct Served {
    path: PathBuf,
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    _dir: tempfile::TempDir,
}

impl Served {
    fn new() -> Served {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("card.sock");
        let mut server = Server::bind(&path, Config::default()).unwrap();
        let end = Arc::new(AtomicBool::new(false));
        let asked = end.clone();
        let thread = std::thread::spawn(move || {
            let model = |memory| -> Result<Box<dyn Engine>, EngineError> {
                Ok(Box::new(ModelEngine::new(&SIM, memory)))
            };
            let mut card = PciCard::new(model).unwrap();
            serve(&mut server, &mut card, |_| !asked.load(Ordering::Relaxed)).unwrap();
        });
        Served {
            path,
            end,
            thread: Some(thread),
            _dir: dir,
        }
    }

    fn client(&self) -> Host {
        Host(Client::connect(&self.path, PATIENCE).unwrap())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            ended.unwrap().unwrap();
        }
    }
}

/// A client with the words that these tests need.
struct Host(Client);

impl Host {
    fn read(&mut self, offset: u32) -> u32 {
        self.word(REGISTER_BAR.0, offset)
    }

    fn write(&mut self, offset: u32, value: u32) {
        let bytes = value.to_le_bytes();
        self.0
            .region_write(REGISTER_BAR.0, offset.into(), &bytes)
            .unwrap();
    }

    fn word(&mut self, region: u32, offset: u32) -> u32 {
        let mut bytes = [0; 4];
        self.0
            .region_read(region, offset.into(), &mut bytes)
            .unwrap();
        u32::from_le_bytes(bytes)
    }

    fn bus_master(&mut self) {
        self.0.region_write(CONFIG_REGION, 4, &[6, 0]).unwrap();
    }

    /// Memory that the card may reach.
    fn map(&mut self) -> File {
        let memory = File::from(memfd_create("test", MemfdFlags::CLOEXEC).unwrap());
        memory.set_len(1 << 16).unwrap();
        let protection = Protection {
            readable: true,
            writable: true,
        };
        self.0
            .dma_map(IOVA, 1 << 16, Some(memory.as_fd()), 0, protection)
            .unwrap();
        memory
    }

    fn start_command_ring(&mut self) {
        for (offset, value) in [
            (BASE_LOW, IOVA as u32),
            (BASE_HIGH, (IOVA >> 32) as u32),
            (SIZE, 6),
            (STATUS_LOW, (IOVA + STATUS) as u32),
            (STATUS_HIGH, (IOVA >> 32) as u32),
            (MODERATION, 1),
            (CONTROL, ENABLE),
        ] {
            self.write(offset, value);
        }
    }

    fn vector(&mut self, number: u32) -> OwnedFd {
        let event = eventfd(0, EventfdFlags::CLOEXEC).unwrap();
        self.0.set_irqs(MSIX_IRQ, number, &[event.as_fd()]).unwrap();
        event
    }
}

fn rings(event: &OwnedFd, patience: Duration) -> bool {
    let timeout = Timespec::try_from(patience).unwrap();
    let mut wanted = [PollFd::new(event, PollFlags::IN)];
    poll(&mut wanted, Some(&timeout)).unwrap() == 1
}

/// A command that writes a row of table `mpls`.
fn command(row: u32, entry: &MplsEntry) -> Vec<u8> {
    let header = RingCommand {
        kind: CommandKind::WriteRow.code() as u8,
        table: MplsEntry::TABLE.id as u8,
        row,
        ..RingCommand::default()
    };
    let mut words = header.pack().to_vec();
    words.extend(entry.pack());
    words.resize(32, 0);
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

fn entry() -> MplsEntry {
    MplsEntry {
        vrf: 5,
        nexthop: 77,
        ..MplsEntry::default()
    }
}

#[test]
fn a_host_finds_the_card_and_its_registers() {
    let card = Served::new();
    let mut host = card.client();
    let ids = host.word(CONFIG_REGION, 0);
    assert_eq!(ids, u32::from(pci::DEVICE) << 16 | u32::from(pci::VENDOR));
    assert_eq!(host.read(MAGIC), MAGIC_VALUE);
    assert_eq!(
        host.word(pci::PORT_BAR.0, port_access::MAGIC),
        port_access::MAGIC_VALUE
    );
    let mut bytes = [0; 2];
    let odd = host.0.region_read(REGISTER_BAR.0, 0, &mut bytes);
    assert!(odd.is_err(), "half a register was read");
}

#[test]
fn a_row_goes_through_the_ring_and_its_interrupt_comes() {
    let card = Served::new();
    let mut host = card.client();
    host.bus_master();
    let memory = host.map();
    let event = host.vector(ring::COMMAND);
    host.start_command_ring();
    assert_eq!(host.read(CONTROL), ENABLE);
    memory.write_all_at(&command(9, &entry()), 0).unwrap();
    host.write(PRODUCER, 2);
    assert!(rings(&event, PATIENCE), "no interrupt came");
    let mut index = [0; 4];
    memory.read_exact_at(&mut index, STATUS).unwrap();
    assert_eq!(u32::from_le_bytes(index), 2);
    host.write(
        registers::TABLE_ADDRESS,
        MplsEntry::TABLE.id << registers::ADDRESS_ROW_BITS | 9,
    );
    host.write(registers::TABLE_COMMAND, registers::COMMAND_READ);
    assert_eq!(host.read(registers::TABLE_DATA), entry().pack()[0]);
}

#[test]
fn a_card_that_is_no_bus_master_reaches_no_memory() {
    let card = Served::new();
    let mut host = card.client();
    let memory = host.map();
    let fault = host.vector(underpass_layout::rings::FAULT_VECTOR);
    host.start_command_ring();
    memory.write_all_at(&command(9, &entry()), 0).unwrap();
    host.write(PRODUCER, 2);
    assert!(rings(&fault, PATIENCE), "nobody said that the ring stopped");
    assert_eq!(host.read(CONTROL), FAULT);
}

#[test]
fn a_function_level_reset_clears_tables_and_rings() {
    let card = Served::new();
    let mut host = card.client();
    host.bus_master();
    let _memory = host.map();
    host.start_command_ring();
    host.write(registers::SEED, 7);
    // Device control of the PCI Express capability, bit 15.
    host.0.region_write(CONFIG_REGION, 0x69, &[0x80]).unwrap();
    assert_eq!((host.read(CONTROL), host.read(registers::SEED)), (0, 0));
}

#[test]
fn a_host_that_vanishes_leaves_a_card_for_the_next() {
    let card = Served::new();
    for round in 1..4 {
        let mut host = card.client();
        assert_eq!(
            host.read(registers::SEED),
            0,
            "something of the last one stayed"
        );
        host.bus_master();
        let memory = host.map();
        host.start_command_ring();
        host.write(registers::SEED, round);
        drop(memory);
    }
}

#[test]
fn a_frame_enters_and_leaves_by_the_ports() {
    let card = Served::new();
    let mut host = card.client();
    let bar = pci::PORT_BAR.0;
    let put = |host: &mut Host, offset: u32, value: u32| {
        let bytes = value.to_le_bytes();
        host.0.region_write(bar, offset.into(), &bytes).unwrap();
    };
    // Not enabled: the frame is refused. Behind the longest frame: likewise.
    for (length, enabled) in [(60, false), (1 << 17, true)] {
        host.write(registers::CONTROL, u32::from(enabled));
        put(&mut host, port_access::LENGTH, length);
        put(&mut host, port_access::PORT, 0);
        put(&mut host, port_access::COMMAND, port_access::COMMAND_SEND);
        let status = host.word(bar, port_access::STATUS);
        assert_eq!(status & port_access::STATUS_REFUSED, 1, "{length} bytes");
    }
    put(&mut host, port_access::LENGTH, 60);
    put(&mut host, port_access::COMMAND, port_access::COMMAND_SEND);
    let status = host.word(bar, port_access::STATUS);
    assert_eq!(status, port_access::STATUS_CLOCKLESS);
    while host.word(bar, port_access::QUIET) == 0 {}
    put(
        &mut host,
        port_access::COMMAND,
        port_access::COMMAND_RECEIVE,
    );
    assert_eq!(
        host.word(bar, port_access::LENGTH),
        0,
        "it had nowhere to go"
    );
}
