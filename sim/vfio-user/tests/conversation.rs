//! Our client and our server, through a real socket.

mod common;

use std::os::fd::AsFd;
use std::time::Instant;

use common::{
    memory, new_eventfd, read_at, told, write_at, Served, BROKEN, COPY, COPY_LEN, SECOND, VECTORS,
};
use underpass_vfio_user::codec::{Capabilities, DeviceInfo, IrqInfo, Protection};
use underpass_vfio_user::{pci, Client, ClientError, Config, Errno};

fn refused<T: std::fmt::Debug>(result: Result<T, ClientError>) -> Errno {
    match result {
        Err(ClientError::Refused { errno, .. }) => errno,
        other => panic!("expected a refusal, found {other:?}"),
    }
}

#[test]
fn the_device_is_described() {
    let served = Served::with(Config {
        max_msg_fds: 3,
        max_data_xfer_size: 1000,
        ..Config::default()
    });
    let mut client = Client::connect(served.path(), SECOND).unwrap();
    assert_eq!(
        client.device_info(),
        DeviceInfo {
            resettable: true,
            pci: true,
            regions: 9,
            irqs: 5
        }
    );
    let limits = Capabilities {
        max_msg_fds: 3,
        max_data_xfer_size: 1000,
        ..Capabilities::default()
    };
    assert_eq!(client.server().capabilities, limits);

    let bar0 = client.region_info(pci::BAR0_REGION).unwrap();
    assert_eq!(
        (
            bar0.info.size,
            bar0.info.readable,
            bar0.info.writable,
            bar0.info.mappable
        ),
        (4096, true, true, false)
    );
    assert!(bar0.file.is_none());
    let bar2 = client.region_info(pci::BAR2_REGION).unwrap();
    assert_eq!(
        bar2.info.areas,
        [common::area(0, 4096), common::area(8192, 57_344)]
    );
    write_at(&bar2.file.unwrap(), 8192, b"mapped");
    let mut read = [0; 6];
    client
        .region_read(pci::BAR2_REGION, 8192, &mut read)
        .unwrap();
    assert_eq!(&read, b"mapped");
    assert_eq!(refused(client.region_info(9)), Errno::INVALID);

    let msix = client.irq_info(pci::MSIX_IRQ).unwrap();
    let expected = IrqInfo {
        index: 2,
        count: VECTORS,
        eventfd: true,
        maskable: false,
        automasked: false,
        noresize: true,
    };
    assert_eq!(msix, expected);
    assert_eq!(refused(client.irq_info(5)), Errno::INVALID);
}

#[test]
fn registers_keep_what_is_written_and_refuse_what_is_outside() {
    let served = Served::with(Config {
        max_data_xfer_size: 100,
        ..Config::default()
    });
    let mut client = Client::connect(served.path(), SECOND).unwrap();
    let data: Vec<u8> = (0..1000u32).map(|i| i as u8 ^ 0x5a).collect();
    client.region_write(pci::BAR0_REGION, 1024, &data).unwrap();
    let mut back = vec![0; 1000];
    client
        .region_read(pci::BAR0_REGION, 1024, &mut back)
        .unwrap();
    assert_eq!(back, data);

    let mut word = [0; 4];
    for (region, offset, errno) in [
        (pci::BAR0_REGION, BROKEN, Errno::IO),
        (pci::BAR0_REGION, 4093, Errno::INVALID),
        (pci::BAR0_REGION, u64::MAX - 1, Errno::INVALID),
        (pci::BAR1_REGION, 0, Errno::INVALID),
        (77, 0, Errno::INVALID),
    ] {
        assert_eq!(
            refused(client.region_read(region, offset, &mut word)),
            errno,
            "{region} {offset:#x}"
        );
    }
    assert_eq!(
        refused(client.region_write(pci::ROM_REGION, 0, &word)),
        Errno::ACCESS
    );
    client
        .region_read(pci::BAR0_REGION, 4092, &mut word)
        .unwrap();
}

#[test]
fn the_card_reaches_memory_only_while_it_is_mapped() {
    let served = Served::new();
    let mut client = Client::connect(served.path(), SECOND).unwrap();
    let file = memory(1 << 20);
    // Two small mappings side by side, in another order in the file.
    for (iova, offset) in [(0x10_0000, 0x4000), (0x10_1000, 0x2000)] {
        client
            .dma_map(iova, 0x1000, Some(file.as_fd()), offset, Protection::READ)
            .unwrap();
    }
    client
        .dma_map(
            0x20_0000,
            0x2000,
            Some(file.as_fd()),
            0x8000,
            Protection::READ_WRITE,
        )
        .unwrap();
    assert_eq!((served.log().mappings, served.log().files), (3, 1));
    let eventfd = new_eventfd();
    client
        .set_irqs(pci::MSIX_IRQ, 0, &[eventfd.as_fd()])
        .unwrap();

    write_at(&file, 0x4000, &[1; 4096]);
    write_at(&file, 0x2000, &[2; 4096]);
    let copy = |client: &mut Client, from: u64, to: u64| {
        client
            .region_write(pci::BAR0_REGION, 0x10, &from.to_ne_bytes())
            .unwrap();
        client
            .region_write(pci::BAR0_REGION, 0x18, &to.to_ne_bytes())
            .unwrap();
        client
            .region_write(pci::BAR0_REGION, COPY, &[1; 4])
            .unwrap();
        served.log().last_dma.unwrap()
    };
    assert_eq!(copy(&mut client, 0x10_0000, 0x20_0000), Ok(()));
    assert_eq!(
        read_at(&file, 0x8000, COPY_LEN),
        [[1; 4096], [2; 4096]].concat()
    );
    assert_eq!(told(&eventfd), 1);

    assert_eq!(copy(&mut client, 0x20_0000, 0x10_0000), Err(Errno::ACCESS));
    client.dma_unmap(0x10_1000, 0x1000).unwrap();
    assert_eq!(copy(&mut client, 0x10_0000, 0x20_0000), Err(Errno::FAULT));
    assert_eq!(refused(client.dma_unmap(0x20_0000, 0x1000)), Errno::INVALID);
    assert_eq!(
        refused(client.dma_map(0x20_1fff, 1, None, 0, Protection::READ)),
        Errno::EXISTS
    );
    client
        .dma_unmap(0xfef0_0000, 0xffff_ffff_0110_0000)
        .unwrap();
    client.dma_unmap_all().unwrap();
    assert_eq!((served.log().mappings, served.log().files), (0, 0));
}

#[test]
fn vectors_are_connected_in_pieces_and_stay_until_they_are_cut() {
    let served = Served::with(Config {
        max_msg_fds: 3,
        ..Config::default()
    });
    let mut client = Client::connect(served.path(), SECOND).unwrap();
    let eventfds: Vec<_> = (0..VECTORS).map(|_| new_eventfd()).collect();
    let borrowed: Vec<_> = eventfds.iter().map(|fd| fd.as_fd()).collect();
    client.set_irqs(pci::MSIX_IRQ, 0, &borrowed).unwrap();
    assert_eq!(served.log().connected, (0..VECTORS).collect::<Vec<_>>());
    client.trigger_irqs(pci::MSIX_IRQ, 5, 2).unwrap();
    let told: Vec<u64> = eventfds.iter().map(told).collect();
    assert_eq!((told.iter().sum::<u64>(), told[5], told[6]), (2, 1, 1));

    client.unset_irqs(pci::MSIX_IRQ, 1, VECTORS - 2).unwrap();
    assert_eq!(served.log().connected, [0, VECTORS - 1]);
    assert_eq!(
        refused(client.set_irqs(pci::MSIX_IRQ, VECTORS, &borrowed[..1])),
        Errno::INVALID
    );
    assert_eq!(
        refused(client.set_irqs(pci::MSI_IRQ, 0, &borrowed[..1])),
        Errno::INVALID
    );
    client.disable_irqs(pci::MSIX_IRQ).unwrap();
    assert!(served.log().connected.is_empty());
}

#[test]
fn a_reset_reaches_the_device() {
    let served = Served::new();
    let mut client = Client::connect(served.path(), SECOND).unwrap();
    client.region_write(pci::BAR0_REGION, 0, &[7]).unwrap();
    client.reset().unwrap();
    let mut byte = [7];
    client.region_read(pci::BAR0_REGION, 0, &mut byte).unwrap();
    assert_eq!((byte, served.log().resets), ([0], 1));
}

#[test]
fn a_client_that_leaves_makes_room_for_the_one_that_waits() {
    let served = Served::new();
    let mut first = Client::connect(served.path(), SECOND).unwrap();
    first
        .dma_map(0, 4096, Some(memory(4096).as_fd()), 0, Protection::READ)
        .unwrap();
    let path = served.path();
    let second =
        std::thread::spawn(move || Client::connect(path, SECOND * 5).map(|_| Instant::now()));
    std::thread::sleep(SECOND / 10);
    let left = Instant::now();
    drop(first);
    assert!(second.join().unwrap().unwrap() > left);
    served.wait_for(|log| log.disconnects == 2 && log.mappings == 0);
}
