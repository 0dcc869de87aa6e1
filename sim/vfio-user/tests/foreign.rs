//! Both ends against the `vfio_user` crate, which others wrote: our client and its server, its client and our server.
//!
//! Its client waits for ever when a request is refused, so nothing here lets it ask for what it cannot have.

mod common;

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use common::{
    memory, new_eventfd, read_at, told, write_at, Served, COPY, COPY_LEN, REGISTERS, SECOND,
    VECTORS,
};
use tempfile::TempDir;
use underpass_vfio_user::codec::{DeviceInfo, Protection};
use underpass_vfio_user::{pci, Client, ClientError, Config, Errno};
use vfio_bindings::bindings::vfio::{
    vfio_region_info, vfio_region_sparse_mmap_area, VFIO_IRQ_INFO_EVENTFD,
    VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_IRQ_SET_DATA_EVENTFD, VFIO_IRQ_SET_DATA_NONE,
    VFIO_REGION_INFO_FLAG_MMAP, VFIO_REGION_INFO_FLAG_READ, VFIO_REGION_INFO_FLAG_WRITE,
};
use vfio_user::{DmaMapFlags, DmaUnmapFlags, IrqInfo, ServerBackend, ServerRegion, SparseArea};

/// What their server was asked for.
#[derive(Debug, PartialEq)]
enum Asked {
    Map {
        flags: u32,
        offset: u64,
        address: u64,
        size: u64,
        first_byte: Option<u8>,
    },
    Unmap {
        address: u64,
        size: u64,
    },
    Irqs {
        flags: u32,
        start: u32,
        count: u32,
        fds: usize,
    },
    Reset,
}

struct Backend {
    registers: Vec<u8>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Backend {
    fn note(&self, asked: Asked) -> std::io::Result<()> {
        self.asked.lock().unwrap().push(asked);
        Ok(())
    }
}

impl ServerBackend for Backend {
    fn region_read(&mut self, region: u32, offset: u64, data: &mut [u8]) -> std::io::Result<()> {
        if region != pci::BAR0_REGION {
            return Err(std::io::Error::from_raw_os_error(1));
        }
        data.copy_from_slice(&self.registers[offset as usize..][..data.len()]);
        Ok(())
    }

    fn region_write(&mut self, _region: u32, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.registers[offset as usize..][..data.len()].copy_from_slice(data);
        Ok(())
    }

    fn dma_map(
        &mut self,
        flags: DmaMapFlags,
        offset: u64,
        address: u64,
        size: u64,
        fd: Option<File>,
    ) -> std::io::Result<()> {
        let first_byte = fd.map(|file| read_at(&OwnedFd::from(file), offset, 1)[0]);
        self.note(Asked::Map {
            flags: flags.bits(),
            offset,
            address,
            size,
            first_byte,
        })
    }

    fn dma_unmap(&mut self, _flags: DmaUnmapFlags, address: u64, size: u64) -> std::io::Result<()> {
        self.note(Asked::Unmap { address, size })
    }

    fn reset(&mut self) -> std::io::Result<()> {
        self.note(Asked::Reset)
    }

    fn set_irqs(
        &mut self,
        _index: u32,
        flags: u32,
        start: u32,
        count: u32,
        fds: Vec<File>,
    ) -> std::io::Result<()> {
        for file in &fds {
            rustix::io::write(file, &1u64.to_ne_bytes())?;
        }
        self.note(Asked::Irqs {
            flags,
            start,
            count,
            fds: fds.len(),
        })
    }
}

/// Their server, in a thread that ends with its client.
struct Theirs {
    folder: TempDir,
    asked: Arc<Mutex<Vec<Asked>>>,
    bar2: OwnedFd,
    thread: Option<JoinHandle<()>>,
}

impl Theirs {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bar2 = memory(8192);
        let regions = (0..pci::REGIONS).map(|index| {
            let mapped = index == pci::BAR2_REGION;
            let rights = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
            let info = vfio_region_info {
                argsz: size_of::<vfio_region_info>() as u32,
                flags: if mapped {
                    rights | VFIO_REGION_INFO_FLAG_MMAP
                } else {
                    rights
                },
                index,
                size: 8192,
                ..Default::default()
            };
            let area = SparseArea {
                area: vfio_region_sparse_mmap_area {
                    offset: 4096,
                    size: 4096,
                },
            };
            ServerRegion {
                region_info: info,
                sparse_areas: if mapped { vec![area] } else { vec![] },
                mmap_fd: mapped.then(|| bar2.as_raw_fd()),
            }
        });
        let irqs = (0..pci::IRQS).map(|index| IrqInfo {
            index,
            flags: VFIO_IRQ_INFO_EVENTFD,
            count: VECTORS,
        });
        let server = vfio_user::Server::new(
            &folder.path().join("nic"),
            true,
            irqs.collect(),
            regions.collect(),
        )
        .unwrap();
        let asked = Arc::default();
        let mut backend = Backend {
            registers: vec![0; 8192],
            asked: Arc::clone(&asked),
        };
        let thread = std::thread::spawn(move || {
            // Ends with an error when a client leaves in the middle of something.
            let _ = server.run(&mut backend);
        });
        Self {
            folder,
            asked,
            bar2,
            thread: Some(thread),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("nic")
    }

    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn end(mut self) {
        self.thread.take().unwrap().join().unwrap();
    }
}

#[test]
fn our_client_drives_their_server() {
    let theirs = Theirs::new();
    let mut client = Client::connect(theirs.path(), SECOND * 5).unwrap();
    assert_eq!(
        client.device_info(),
        DeviceInfo {
            resettable: true,
            pci: true,
            regions: 9,
            irqs: 5
        }
    );
    assert_eq!(client.server().capabilities.max_msg_fds, 1);

    client
        .region_write(pci::BAR0_REGION, 100, b"registers")
        .unwrap();
    let mut back = [0; 9];
    client
        .region_read(pci::BAR0_REGION, 100, &mut back)
        .unwrap();
    assert_eq!(&back, b"registers");

    let bar2 = client.region_info(pci::BAR2_REGION).unwrap();
    assert_eq!(
        (bar2.info.size, &bar2.info.areas[..]),
        (8192, &[common::area(4096, 4096)][..])
    );
    write_at(&bar2.file.unwrap(), 4096, b"x");
    assert_eq!(read_at(&theirs.bar2, 4096, 1), b"x");
    assert!(client.region_info(pci::BAR0_REGION).unwrap().file.is_none());
    assert_eq!(client.irq_info(pci::MSIX_IRQ).unwrap().count, VECTORS);

    let file = memory(8192);
    write_at(&file, 4096, &[77]);
    client
        .dma_map(
            0x1000,
            4096,
            Some(file.as_fd()),
            4096,
            Protection::READ_WRITE,
        )
        .unwrap();
    client
        .dma_map(0x9000, 4096, None, 0, Protection::READ)
        .unwrap();
    client.dma_unmap(0x1000, 4096).unwrap();
    client.reset().unwrap();
    let map = |flags, offset, address, first_byte| Asked::Map {
        flags,
        offset,
        address,
        size: 4096,
        first_byte,
    };
    let unmap = Asked::Unmap {
        address: 0x1000,
        size: 4096,
    };
    let expected = [
        map(3, 4096, 0x1000, Some(77)),
        map(1, 0, 0x9000, None),
        unmap,
        Asked::Reset,
    ];
    assert_eq!(theirs.asked(), expected);

    // More than 16 descriptors in one message would break their server; it announces that it takes one.
    let eventfds: Vec<_> = (0..VECTORS).map(|_| new_eventfd()).collect();
    let borrowed: Vec<_> = eventfds.iter().map(|fd| fd.as_fd()).collect();
    client.set_irqs(pci::MSIX_IRQ, 0, &borrowed).unwrap();
    client.disable_irqs(pci::MSIX_IRQ).unwrap();
    assert!(eventfds.iter().all(|fd| told(fd) == 1));
    let connect = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
    let disable = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER;
    let each = (0..VECTORS).map(|start| Asked::Irqs {
        flags: connect,
        start,
        count: 1,
        fds: 1,
    });
    let last = Asked::Irqs {
        flags: disable,
        start: 0,
        count: 0,
        fds: 0,
    };
    assert_eq!(theirs.asked(), each.chain([last]).collect::<Vec<_>>());

    drop(client);
    theirs.end();
}

#[test]
fn our_client_is_told_when_their_server_refuses() {
    let theirs = Theirs::new();
    let mut client = Client::connect(theirs.path(), SECOND * 5).unwrap();
    // Their server gives a number only where it finds the fault itself.
    let refused = client.region_read(pci::CONFIG_REGION, 0, &mut [0; 4]);
    assert!(
        matches!(
            refused,
            Err(ClientError::Refused {
                errno: Errno::NONE,
                ..
            })
        ),
        "{refused:?}"
    );
    let refused = client.region_info(9).map(|_| ());
    assert!(
        matches!(
            refused,
            Err(ClientError::Refused {
                errno: Errno::INVALID,
                ..
            })
        ),
        "{refused:?}"
    );
    client
        .region_read(pci::BAR0_REGION, 0, &mut [0; 4])
        .unwrap();
    drop(client);
    theirs.end();
}

#[test]
fn their_client_drives_our_server() {
    let served = Served::new();
    let mut client = vfio_user::Client::new(&served.path()).unwrap();
    let bar0 = client.region(pci::BAR0_REGION).unwrap();
    assert_eq!((bar0.size, bar0.file_offset.is_none()), (REGISTERS, true));
    let bar2 = client.region(pci::BAR2_REGION).unwrap();
    let areas: Vec<_> = bar2
        .sparse_areas
        .iter()
        .map(|area| (area.offset, area.size))
        .collect();
    assert_eq!(areas, [(0, 4096), (8192, 57_344)]);
    let mapped = bar2.file_offset.as_ref().unwrap();
    assert_eq!(mapped.start(), 0);
    let mapped = OwnedFd::from(mapped.file().try_clone().unwrap());
    client
        .region_write(pci::BAR2_REGION, 8192, b"by message")
        .unwrap();
    assert_eq!(read_at(&mapped, 8192, 10), b"by message");
    assert_eq!(client.get_irq_info(pci::MSIX_IRQ).unwrap().count, VECTORS);

    let file = memory(1 << 16);
    write_at(&file, 0, &[3; COPY_LEN]);
    client.dma_map(0, 0x4000, 0x8000, file.as_raw_fd()).unwrap();
    let eventfds: Vec<_> = (0..3).map(|_| new_eventfd()).collect();
    let raw: Vec<_> = eventfds.iter().map(AsRawFd::as_raw_fd).collect();
    let connect = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
    client.set_irqs(pci::MSIX_IRQ, connect, 0, 3, &raw).unwrap();
    client.set_irqs(pci::MSIX_IRQ, connect, 1, 1, &[]).unwrap();
    assert_eq!(served.log().connected, [0, 2]);

    client
        .region_write(pci::BAR0_REGION, 0x10, &0x4000u64.to_ne_bytes())
        .unwrap();
    client
        .region_write(pci::BAR0_REGION, 0x18, &0x8000u64.to_ne_bytes())
        .unwrap();
    client
        .region_write(pci::BAR0_REGION, COPY, &[1; 4])
        .unwrap();
    assert_eq!(served.log().last_dma, Some(Ok(())));
    assert_eq!(read_at(&file, 0x4000, COPY_LEN), [3; COPY_LEN]);
    assert_eq!(told(&eventfds[0]), 1);

    let disable = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER;
    client.set_irqs(pci::MSIX_IRQ, disable, 0, 0, &[]).unwrap();
    client.dma_unmap(0x4000, 0x8000).unwrap();
    client.reset().unwrap();
    let mut word = [1; 8];
    client
        .region_read(pci::BAR0_REGION, 0x10, &mut word)
        .unwrap();
    let log = served.log();
    assert_eq!(
        (word, log.resets, log.mappings, log.connected),
        ([0; 8], 1, 0, vec![])
    );
    client.shutdown().unwrap();
    served.wait_for(|log| log.disconnects == 1);
}

/// Descriptors that are too many are closed. Without a refusal the message would then read "disconnect".
#[test]
fn more_descriptors_than_announced_change_nothing() {
    let served = Served::with(Config {
        max_msg_fds: 2,
        ..Config::default()
    });
    let mut client = vfio_user::Client::new(&served.path()).unwrap();
    let eventfds: Vec<_> = (0..3).map(|_| new_eventfd()).collect();
    let raw: Vec<_> = eventfds.iter().map(AsRawFd::as_raw_fd).collect();
    let connect = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
    client
        .set_irqs(pci::MSIX_IRQ, connect, 0, 2, &raw[..2])
        .unwrap();
    // Their client does not look at the answer, so the refusal shows in what the card has.
    client.set_irqs(pci::MSIX_IRQ, connect, 0, 3, &raw).unwrap();
    assert_eq!(served.log().connected, [0, 1]);
    client.reset().unwrap();
    assert_eq!(served.log().resets, 1);
    client.shutdown().unwrap();
}
