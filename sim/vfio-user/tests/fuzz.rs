//! Hostile bytes: for the codec, for the server and for the client.
//!
//! The seeds are fixed, so a run is the same on every machine, and what once failed goes on being tried.

mod common;

use std::cell::Cell;
use std::io::{IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use common::messages::{message, request};
use common::{memory, new_eventfd, read_at, write_at, Card, COPY, COPY_LEN, SECOND};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use rustix::net::{sendmsg, SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use underpass_vfio_user::codec::{
    decode, Capabilities, DeviceInfo, DmaMap, Protection, RegionData, Reply, Request, Version,
    HEADER_LEN,
};
use underpass_vfio_user::{pci, Client, ClientError, Config, Event, Server};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(0x7f10_05e7),
        failure_persistence: None,
        ..Default::default()
    }
}

/// A change to bytes that were a message.
#[derive(Clone, Debug)]
enum Damage {
    Nothing,
    Flip(usize, u8),
    Cut(usize),
    Grow(Vec<u8>),
    Field(usize, u32),
}

fn damage() -> impl Strategy<Value = Damage> {
    let border = prop_oneof![
        Just(0),
        Just(1),
        Just(u32::MAX),
        Just(1 << 31),
        any::<u32>()
    ];
    prop_oneof![
        4 => Just(Damage::Nothing),
        2 => any::<(usize, u8)>().prop_map(|(at, bits)| Damage::Flip(at, bits)),
        1 => any::<usize>().prop_map(Damage::Cut),
        1 => vec(any::<u8>(), 1..40).prop_map(Damage::Grow),
        2 => (any::<usize>(), border).prop_map(|(at, value)| Damage::Field(at, value)),
    ]
}

impl Damage {
    fn apply(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let len = bytes.len().max(1);
        match self {
            Self::Nothing => {}
            Self::Flip(at, bits) => bytes[at % len] ^= bits,
            Self::Cut(at) => bytes.truncate(at % len),
            Self::Grow(more) => bytes.extend(more),
            Self::Field(at, value) => {
                let at = at % len / 4 * 4;
                bytes[at..]
                    .iter_mut()
                    .zip(value.to_ne_bytes())
                    .for_each(|(byte, new)| *byte = new);
            }
        }
        bytes
    }

    /// Makes the size field right again, so that the damage reaches what lies behind it.
    fn apply_inside(&self, bytes: Vec<u8>) -> Vec<u8> {
        let mut bytes = self.apply(bytes);
        if bytes.len() >= HEADER_LEN {
            let size = bytes.len() as u32;
            bytes[4..8].copy_from_slice(&size.to_ne_bytes());
        }
        bytes
    }
}

proptest! {
    #![proptest_config(config(4000))]

    #[test]
    fn every_message_survives_its_bytes(message in message()) {
        prop_assert_eq!(decode(&message.encode()), Ok(message));
    }

    #[test]
    fn damaged_messages_are_messages_or_errors(message in message(), damage in damage()) {
        let bytes = damage.apply_inside(message.encode());
        if let Ok(read) = decode(&bytes) {
            // What was understood can be said again, and then means the same.
            prop_assert_eq!(decode(&read.encode()), Ok(read));
        }
    }

    #[test]
    fn any_bytes_are_a_message_or_an_error(bytes in vec(any::<u8>(), 0..200), command in 0..20u16, reply in 0..2u32) {
        let _ = decode(&bytes);
        if bytes.len() >= HEADER_LEN {
            let mut bytes = bytes;
            let size = bytes.len() as u32;
            bytes[2..4].copy_from_slice(&command.to_ne_bytes());
            bytes[4..8].copy_from_slice(&size.to_ne_bytes());
            bytes[8..12].copy_from_slice(&reply.to_ne_bytes());
            let _ = decode(&bytes);
        }
    }
}

/// Bytes and descriptors that a client sends in one go.
#[derive(Clone, Debug)]
struct Shot {
    bytes: Vec<u8>,
    files: usize,
    eventfds: usize,
}

/// Mostly requests, so that a client lives for some time before a shot gets it put out.
fn shot() -> impl Strategy<Value = Shot> {
    let bytes = prop_oneof![
        30 => (request(), any::<(u16, bool)>(), damage()).prop_map(|(request, (id, no_reply), damage)| {
            damage.apply_inside(request.encode(id, no_reply))
        }),
        1 => (message(), damage()).prop_map(|(message, damage)| damage.apply(message.encode())),
        1 => vec(any::<u8>(), 0..100),
        // Addresses for the card's own DMA, and the order to do it.
        30 => (near_window(), 0..4usize).prop_map(|(value, which)| {
            let offset = [0x10, 0x18, COPY, COPY][which];
            let write = RegionData { region: pci::BAR0_REGION, offset, data: value.to_ne_bytes().to_vec() };
            Request::RegionWrite(write).encode(1, true)
        }),
    ];
    let fds = prop_oneof![4 => Just((0, 0)), 2 => Just((1, 0)), 2 => (Just(0), 0..40usize), 1 => (0..3usize, 0..3usize)];
    (bytes, fds).prop_map(|(bytes, (files, eventfds))| Shot {
        bytes,
        files,
        eventfds,
    })
}

fn near_window() -> impl Strategy<Value = u64> {
    prop_oneof![1 => common::messages::number(), 2 => IOVA..=IOVA + WINDOW_LEN - COPY_LEN as u64, 1 => 0..IOVA + WINDOW_LEN]
}

fn send(stream: &UnixStream, shot: &Shot, file: &OwnedFd, eventfd: &OwnedFd) {
    let files = std::iter::repeat_n(file.as_fd(), shot.files);
    let fds: Vec<_> = files
        .chain(std::iter::repeat_n(eventfd.as_fd(), shot.eventfds))
        .collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(64))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !shot.bytes.is_empty() {
        assert!(control.push(SendAncillaryMessage::ScmRights(&fds)));
    }
    // The server may have put this client out already.
    let _ = sendmsg(
        stream,
        &[IoSlice::new(&shot.bytes)],
        &mut control,
        SendFlags::NOSIGNAL | SendFlags::DONTWAIT,
    );
}

/// A window into a file: nothing outside of it may change, whatever else is mapped.
const FILE: u64 = 0x10_000;
const OFFSET: u64 = 0x4000;
const IOVA: u64 = 0x1000;
const WINDOW_LEN: u64 = 0x3000;
const UNTOUCHED: u8 = 0xa5;

struct Target {
    server: Server,
    card: Card,
    secret: OwnedFd,
    offered: OwnedFd,
    eventfd: OwnedFd,
    /// DMA of the card: done, and refused.
    dma: [usize; 2],
}

impl Target {
    fn new(folder: &Path) -> Self {
        let server = Server::bind(folder.join("card"), Config::default()).unwrap();
        let (secret, offered) = (memory(FILE), memory(FILE));
        write_at(&secret, 0, &[UNTOUCHED; FILE as usize]);
        write_at(&secret, OFFSET, &[0; WINDOW_LEN as usize]);
        Self {
            server,
            card: Card::new(),
            secret,
            offered,
            eventfd: new_eventfd(),
            dma: [0; 2],
        }
    }

    fn connect(&self, greet: bool) -> UnixStream {
        let stream = UnixStream::connect(self.server.path()).unwrap();
        stream.set_nonblocking(true).unwrap();
        if greet {
            let capabilities = Capabilities {
                write_multiple: true,
                ..Default::default()
            };
            let hello = Request::Version(Version {
                major: 0,
                minor: 1,
                capabilities,
            })
            .encode(0, false);
            send(
                &stream,
                &Shot {
                    bytes: hello,
                    files: 0,
                    eventfds: 0,
                },
                &self.secret,
                &self.eventfd,
            );
            let map = DmaMap {
                iova: IOVA,
                size: WINDOW_LEN,
                offset: OFFSET,
                protection: Protection::READ_WRITE,
            };
            let map = Request::DmaMap(map).encode(0, false);
            send(
                &stream,
                &Shot {
                    bytes: map,
                    files: 1,
                    eventfds: 0,
                },
                &self.secret,
                &self.eventfd,
            );
        }
        stream
    }

    /// Fires everything. The server must come to rest after each shot.
    fn shoot(&mut self, shots: &[Shot], greet: bool) {
        let mut stream = self.connect(greet);
        let mut answers = vec![0; 1 << 20];
        for shot in shots {
            send(&stream, shot, &self.offered, &self.eventfd);
            for calls in 0.. {
                assert!(calls < 100, "a few bytes keep the server busy for ever");
                match self.server.poll(Duration::ZERO, &mut self.card).unwrap() {
                    Event::Idle => break,
                    Event::Disconnected(_) => stream = self.connect(greet),
                    _ => self.count_dma(),
                }
            }
            let _ = stream.read(&mut answers);
        }
    }

    fn count_dma(&mut self) {
        if let Some(done) = self.card.log.lock().unwrap().last_dma.take() {
            self.dma[usize::from(done.is_err())] += 1;
        }
    }

    fn check_memory(&self) {
        let after = read_at(&self.secret, 0, FILE as usize);
        let window = OFFSET as usize..(OFFSET + WINDOW_LEN) as usize;
        assert!((0..)
            .zip(&after)
            .all(|(at, &byte)| byte == UNTOUCHED || window.contains(&at)));
        for file in [&self.secret, &self.offered] {
            assert_eq!(rustix::fs::fstat(file).unwrap().st_size as u64, FILE);
        }
    }

    /// The client is gone: nothing of it is left, and the next one finds a device that works.
    fn check_next_client(&mut self) {
        while self.server.has_client() {
            self.server.poll(Duration::ZERO, &mut self.card).unwrap();
        }
        assert_eq!((self.card.dma.mappings(), self.card.dma.files()), (0, 0));
        let path = self.server.path().to_owned();
        let next = std::thread::spawn(move || {
            let mut client = Client::connect(path, SECOND * 5)?;
            client.region_write(pci::BAR0_REGION, 0, &[9])?;
            let mut byte = [0];
            client
                .region_read(pci::BAR0_REGION, 0, &mut byte)
                .map(|()| byte)
        });
        while !next.is_finished() {
            self.server
                .poll(Duration::from_millis(1), &mut self.card)
                .unwrap();
        }
        assert_eq!(next.join().unwrap().unwrap(), [9]);
    }
}

/// Whatever a client sends, the server goes on, each call of it returns, memory that was not mapped stays as it is,
/// and the next client finds a device that works.
#[test]
fn a_server_outlives_any_client() {
    let dma = Cell::new([0; 2]);
    let cases = (vec(shot(), 1..40), prop::bool::weighted(0.95));
    let outcome = TestRunner::new(config(400)).run(&cases, |(shots, greet)| {
        let folder = tempfile::tempdir().unwrap();
        let mut target = Target::new(folder.path());
        target.shoot(&shots, greet);
        target.check_memory();
        target.check_next_client();
        dma.set([dma.get()[0] + target.dma[0], dma.get()[1] + target.dma[1]]);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    // Otherwise the shots never got as far as memory, and this test says nothing.
    let [done, refused] = dma.get();
    assert!(
        done > 100 && refused > 100,
        "DMA done {done}, refused {refused}"
    );
}

proptest! {
    #![proptest_config(config(400))]

    /// Whatever a server answers, a call of the client returns in time.
    #[test]
    fn a_client_outlives_any_server(answers in vec((message(), damage()), 1..6), honest in 0..4u16) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("card");
        let listener = UnixListener::bind(&path).unwrap();
        let serve = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let honest_answers = [
                Reply::Version(Version { major: 0, minor: 0, capabilities: Capabilities::default() }),
                Reply::DeviceInfo(
                    DeviceInfo { resettable: true, pci: true, regions: 9, irqs: 5 },
                ),
            ];
            for (id, answer) in (0..honest).zip(&honest_answers) {
                let _ = stream.write_all(&answer.encode(id));
            }
            for (id, (mut message, damage)) in (honest..).zip(answers) {
                message.id = id;
                let _ = stream.write_all(&damage.apply_inside(message.encode()));
            }
            // Closes: what the client still waits for will not come.
        });
        let timeout = Duration::from_millis(200);
        if let Ok(mut client) = Client::connect(&path, timeout) {
            let mut data = [0; 8];
            let _ = client.region_read(0, 0, &mut data);
            let _ = client.region_info(0);
            let _ = client.set_irqs(2, 0, &[new_eventfd().as_fd()]);
            let last = client.reset();
            prop_assert!(!matches!(last, Err(ClientError::TimedOut { .. })), "{:?}", last);
        }
        serve.join().unwrap();
    }
}
