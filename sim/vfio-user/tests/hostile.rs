//! Clients that die, stall, or ask nonsense, and what lies where a server wants to listen.

mod common;

use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use common::{memory, receive, Card, Served, SECOND};
use underpass_vfio_user::codec::{
    Capabilities, Content, DmaData, DmaSpan, Message, Protection, RegionData, RegionSpan, Reply,
    Request, Version, HEADER_LEN,
};
use underpass_vfio_user::{pci, Client, Config, Errno, Server, ServerError};

fn hello() -> Request {
    Request::Version(Version {
        major: 0,
        minor: 1,
        capabilities: Capabilities::default(),
    })
}

/// A client that speaks for itself.
fn greet(path: PathBuf) -> UnixStream {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(SECOND * 5)).unwrap();
    stream.write_all(&hello().encode(0, false)).unwrap();
    receive(&mut stream).unwrap();
    stream
}

fn refusal(stream: &mut UnixStream) -> (u16, u16, Errno) {
    match receive(stream).unwrap() {
        Message {
            id,
            content: Content::Error { command, errno },
        } => (id, command, errno),
        other => panic!("expected a refusal, found {other:?}"),
    }
}

#[test]
fn a_client_that_dies_in_mid_message_leaves_nothing_behind() {
    let served = Served::new();
    let map = |client: &mut Client| {
        client.dma_map(0, 4096, Some(memory(4096).as_fd()), 0, Protection::READ)
    };
    let write = Request::RegionWrite(RegionData {
        region: 0,
        offset: 0,
        data: vec![1; 100],
    })
    .encode(1, false);
    for (round, keep) in [
        1,
        HEADER_LEN - 1,
        HEADER_LEN,
        HEADER_LEN + 1,
        write.len() - 1,
    ]
    .into_iter()
    .enumerate()
    {
        let mut stream = greet(served.path());
        stream.write_all(&write[..keep]).unwrap();
        drop(stream);
        let mut next = Client::connect(served.path(), SECOND * 5).unwrap();
        map(&mut next).unwrap();
        drop(next);
        served.wait_for(|log| log.disconnects == 2 * (round + 1) && log.mappings == 0);
    }
}

#[test]
fn unknown_and_unfit_messages_are_refused_and_the_stream_stays_in_step() {
    let served = Served::new();
    let mut stream = greet(served.path());
    let mut unknown = Request::DmaWrite(DmaData {
        iova: 0,
        data: vec![0xff; 1000],
    })
    .encode(7, false);
    unknown[2..4].copy_from_slice(&99u16.to_ne_bytes());
    let short = {
        let mut bytes = Request::RegionRead(RegionSpan {
            region: 0,
            offset: 0,
            count: 4,
        })
        .encode(9, false);
        bytes.truncate(HEADER_LEN + 3);
        bytes[4..8].copy_from_slice(&(HEADER_LEN as u32 + 3).to_ne_bytes());
        bytes
    };
    let io_fds = Request::RegionIoFds { index: 0 }.encode(8, false);
    let dma_read = Request::DmaRead(DmaSpan { iova: 0, count: 1 }).encode(10, false);
    let again = hello().encode(11, false);
    stream
        .write_all(&[unknown, io_fds, short, dma_read, again].concat())
        .unwrap();
    assert_eq!(refusal(&mut stream), (7, 99, Errno::UNSUPPORTED));
    assert_eq!(refusal(&mut stream), (8, 6, Errno::UNSUPPORTED));
    assert_eq!(refusal(&mut stream), (9, 9, Errno::INVALID));
    assert_eq!(refusal(&mut stream), (10, 11, Errno::UNSUPPORTED));
    assert_eq!(refusal(&mut stream), (11, 1, Errno::INVALID));
    stream
        .write_all(&Request::DeviceReset.encode(12, false))
        .unwrap();
    assert_eq!(
        receive(&mut stream),
        Some(Message {
            id: 12,
            content: Content::Reply(Reply::DeviceReset)
        })
    );
}

#[test]
fn a_request_that_wants_no_reply_gets_none() {
    let served = Served::new();
    let mut stream = greet(served.path());
    let write = |offset| {
        Request::RegionWrite(RegionData {
            region: 0,
            offset,
            data: vec![5],
        })
    };
    let bytes = [
        write(0).encode(1, true),
        write(u64::MAX).encode(2, true),
        Request::DeviceReset.encode(3, true),
    ];
    stream.write_all(&bytes.concat()).unwrap();
    stream
        .write_all(&Request::DeviceInfo.encode(4, false))
        .unwrap();
    assert_eq!(receive(&mut stream).unwrap().id, 4);
    assert_eq!(served.log().resets, 1);
}

#[test]
fn nothing_is_done_before_a_version_is_agreed() {
    let served = Served::new();
    let mut stream = UnixStream::connect(served.path()).unwrap();
    stream.set_read_timeout(Some(SECOND * 5)).unwrap();
    stream
        .write_all(&Request::DeviceReset.encode(5, false))
        .unwrap();
    assert_eq!(refusal(&mut stream), (5, 13, Errno::PROTOCOL));
    let version = Version {
        major: 1,
        minor: 0,
        capabilities: Capabilities::default(),
    };
    stream
        .write_all(&Request::Version(version).encode(6, false))
        .unwrap();
    assert_eq!(refusal(&mut stream), (6, 1, Errno::UNSUPPORTED));
    assert_eq!(
        receive(&mut stream),
        None,
        "the server should have closed the connection"
    );
    assert_eq!((served.log().resets, served.log().disconnects), (0, 0));
}

#[test]
fn the_lower_minor_version_holds() {
    let served = Served::new();
    for (asked, expected) in [(0, 0), (1, 1), (7, 1)] {
        let mut stream = UnixStream::connect(served.path()).unwrap();
        stream.set_read_timeout(Some(SECOND * 5)).unwrap();
        let version = Version {
            major: 0,
            minor: asked,
            capabilities: Capabilities::default(),
        };
        stream
            .write_all(&Request::Version(version).encode(0, false))
            .unwrap();
        let Content::Reply(Reply::Version(agreed)) = receive(&mut stream).unwrap().content else {
            panic!()
        };
        assert_eq!((agreed.major, agreed.minor), (0, expected));
    }
}

#[test]
fn a_client_that_stalls_is_put_out() {
    let served = Served::with(Config {
        stall_timeout: SECOND / 5,
        ..Config::default()
    });
    let stalls: [fn(PathBuf) -> UnixStream; 3] = [
        |path| UnixStream::connect(path).unwrap(),
        |path| {
            let mut stream = greet(path);
            stream.write_all(&[0; 20]).unwrap();
            stream
        },
        |path| {
            // Asks for more answers than fit into the socket, and takes none.
            let mut stream = greet(path);
            let read = Request::RegionRead(RegionSpan {
                region: 2,
                offset: 0,
                count: 65_536,
            });
            stream.write_all(&read.encode(1, false).repeat(50)).unwrap();
            stream
        },
    ];
    for stall in stalls {
        let stalled = stall(served.path());
        let mut next = Client::connect(served.path(), SECOND * 5).unwrap();
        next.region_write(pci::BAR0_REGION, 0, &[1]).unwrap();
        drop(stalled);
    }
    let quiet = Client::connect(served.path(), SECOND * 5).unwrap();
    std::thread::sleep(SECOND / 2);
    let mut quiet = quiet;
    quiet
        .reset()
        .expect("a client that owes nothing may be silent as long as it likes");
}

#[test]
fn messages_beyond_the_limit_end_the_conversation() {
    let served = Served::with(Config {
        max_data_xfer_size: 4096,
        ..Config::default()
    });
    let mut stream = greet(served.path());
    let read = Request::RegionRead(RegionSpan {
        region: 2,
        offset: 0,
        count: 4097,
    });
    stream.write_all(&read.encode(1, false)).unwrap();
    assert_eq!(refusal(&mut stream), (1, 9, Errno::TOO_BIG));
    let mut head = Request::DeviceReset.encode(2, false);
    head[4..8].copy_from_slice(&u32::MAX.to_ne_bytes());
    stream.write_all(&head).unwrap();
    assert_eq!(receive(&mut stream), None);
    Client::connect(served.path(), SECOND * 5).unwrap();
}

#[test]
fn a_dead_servers_socket_is_replaced_and_a_live_ones_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card");
    // The standard library leaves the file behind, as a killed server does.
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let server = Server::bind(&path, Config::default()).unwrap();
    assert!(matches!(
        Server::bind(&path, Config::default()),
        Err(ServerError::InUse { .. })
    ));
    drop(server);
    assert!(!path.exists());
    std::fs::write(&path, "precious").unwrap();
    assert!(matches!(
        Server::bind(&path, Config::default()),
        Err(ServerError::NotASocket { .. })
    ));
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    let gone = folder.path().join("no/such/folder");
    assert!(matches!(
        Server::bind(gone, Config::default()),
        Err(ServerError::Bind { .. })
    ));
}

#[test]
fn a_server_removes_only_its_own_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card");
    let server = Server::bind(&path, Config::default()).unwrap();
    std::fs::remove_file(&path).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    drop(server);
    assert!(path.exists());
}

#[test]
fn polling_without_a_client_returns_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::bind(folder.path().join("card"), Config::default()).unwrap();
    let start = Instant::now();
    server.poll(Duration::ZERO, &mut Card::new()).unwrap();
    server.poll(SECOND / 20, &mut Card::new()).unwrap();
    let took = start.elapsed();
    assert!(took >= SECOND / 20 && took < SECOND, "{took:?}");
}
