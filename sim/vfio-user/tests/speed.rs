//! What an access costs. Prints figures and asserts nothing, since they are the machine's as much as ours:
//!
//! ```text
//! cargo test -p underpass-vfio-user --release --test speed -- --ignored --nocapture
//! ```

mod common;

use std::os::fd::AsFd;
use std::time::Instant;

use common::{memory, Card, Served, SECOND};
use underpass_vfio_user::codec::{DmaMap, Protection};
use underpass_vfio_user::{pci, Client, Config, Dma, Server};

fn report(what: &str, times: u32, bytes: usize, mut act: impl FnMut()) {
    let start = Instant::now();
    for _ in 0..times {
        act();
    }
    let each = start.elapsed() / times;
    let rate = bytes as f64 / each.as_secs_f64() / 1e6;
    println!(
        "{what:<40} {:>9.2} us {rate:>9.0} MB/s",
        each.as_secs_f64() * 1e6
    );
}

#[test]
#[ignore = "prints figures"]
fn of_registers_by_message() {
    let served = Served::new();
    let mut client = Client::connect(served.path(), SECOND).unwrap();
    let mut word = [0; 4];
    report("register read", 20_000, 4, || {
        client.region_read(pci::BAR0_REGION, 0, &mut word).unwrap()
    });
    report("register write", 20_000, 4, || {
        client.region_write(pci::BAR0_REGION, 0, &[1; 4]).unwrap()
    });
    let mut data = vec![0; 16_384];
    report("read of 16 KiB", 5_000, 16_384, || {
        client.region_read(pci::BAR2_REGION, 0, &mut data).unwrap()
    });
    let memory = memory(4096);
    report("map and unmap of a page", 5_000, 4096, || {
        client
            .dma_map(0, 4096, Some(memory.as_fd()), 0, Protection::READ_WRITE)
            .unwrap();
        client.dma_unmap(0, 4096).unwrap();
    });
}

#[test]
#[ignore = "prints figures"]
fn of_a_poll_that_finds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::bind(folder.path().join("card"), Config::default()).unwrap();
    let mut card = Card::new();
    let mut poll = |what| {
        report(what, 100_000, 0, || {
            server.poll(std::time::Duration::ZERO, &mut card).unwrap();
        });
    };
    poll("poll without a client");
    let path = folder.path().join("card");
    let client = std::thread::spawn(move || Client::connect(path, SECOND * 60).unwrap());
    while !client.is_finished() {
        poll("polls while a client comes");
    }
    poll("poll with a silent client");
}

#[test]
#[ignore = "prints figures"]
fn of_memory_by_file() {
    const PAGES: u64 = 4096;
    let file = memory(PAGES * 4096);
    let mut dma = Dma::default();
    for page in 0..PAGES {
        let place = (page * 7919) % PAGES * 4096;
        let map = DmaMap {
            iova: page * 4096,
            size: 4096,
            offset: place,
            protection: Protection::READ_WRITE,
        };
        dma.map(map, Some(file.try_clone().unwrap())).unwrap();
    }
    let mut at = 0u64;
    let mut next = |len: usize| {
        at = (at + 0x1357_9bc0) % (PAGES * 4096 - len as u64);
        at
    };
    for len in [16, 64, 1500, 4096, 65_536] {
        let mut data = vec![1; len];
        report(&format!("read of {len} bytes"), 20_000, len, || {
            dma.read(next(len), &mut data).unwrap()
        });
        report(&format!("write of {len} bytes"), 20_000, len, || {
            dma.write(next(len), &data).unwrap()
        });
    }
}
