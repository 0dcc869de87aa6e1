//! Peers that die, stall, or answer nonsense.

mod common;

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use common::{memory, Card, Served, SECOND};
use tempfile::TempDir;
use underpass_vfio_user::codec::{
    decode, encode_error, Capabilities, Content, DeviceInfo, DmaData, DmaSpan, Message, Protection,
    RegionData, RegionSpan, Reply, Request, Version, HEADER_LEN,
};
use underpass_vfio_user::{
    pci, Client, ClientError, ClientMemory, Config, Errno, Server, ServerError,
};

/// One whole message from a blocking stream.
fn receive(stream: &mut UnixStream) -> Option<Message> {
    let mut bytes = vec![0; HEADER_LEN];
    stream.read_exact(&mut bytes).ok()?;
    let size = u32::from_ne_bytes(bytes[4..8].try_into().unwrap()) as usize;
    bytes.resize(size, 0);
    stream.read_exact(&mut bytes[HEADER_LEN..]).ok()?;
    Some(decode(&bytes).unwrap())
}

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

/// A server that does what a test tells it: greets, describes the device, then runs the script.
struct Scripted {
    folder: TempDir,
    thread: Option<JoinHandle<()>>,
}

impl Scripted {
    fn new(script: impl FnOnce(&mut UnixStream) + Send + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("card")).unwrap();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(SECOND * 5)).unwrap();
            let version = Version {
                major: 0,
                minor: 1,
                capabilities: Capabilities::default(),
            };
            let info = DeviceInfo {
                resettable: true,
                pci: true,
                regions: 9,
                irqs: 5,
            };
            for reply in [Reply::Version(version), Reply::DeviceInfo(info)] {
                let id = receive(&mut stream).unwrap().id;
                stream.write_all(&reply.encode(id)).unwrap();
            }
            script(&mut stream);
        });
        Self {
            folder,
            thread: Some(thread),
        }
    }

    fn client(&self, timeout: Duration) -> Client {
        let mut client = Client::connect(self.folder.path().join("card"), SECOND * 5).unwrap();
        client.set_timeout(timeout);
        client
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        let result = self.thread.take().unwrap().join();
        if !std::thread::panicking() {
            result.unwrap();
        }
    }
}

fn word(id: u16, value: u8) -> Vec<u8> {
    Reply::RegionRead(RegionData {
        region: 0,
        offset: 0,
        data: vec![value; 4],
    })
    .encode(id)
}

#[test]
fn a_late_answer_is_passed_over() {
    let scripted = Scripted::new(|stream| {
        let late = receive(stream).unwrap().id;
        let next = receive(stream).unwrap().id;
        stream
            .write_all(&[word(late, 1), word(next, 2)].concat())
            .unwrap();
        receive(stream);
    });
    let mut client = scripted.client(SECOND / 10);
    let mut data = [0; 4];
    let start = Instant::now();
    let missed = client.region_read(0, 0, &mut data);
    assert!(
        matches!(missed, Err(ClientError::TimedOut { .. })),
        "{missed:?}"
    );
    assert!(start.elapsed() >= SECOND / 10 && start.elapsed() < SECOND);
    client.set_timeout(SECOND * 5);
    client.region_read(0, 0, &mut data).unwrap();
    assert_eq!(data, [2; 4]);
}

#[test]
fn an_error_reply_is_an_error_with_its_number() {
    let scripted = Scripted::new(|stream| {
        for errno in [Errno(5), Errno::NONE] {
            let id = receive(stream).unwrap().id;
            stream.write_all(&encode_error(id, 9, errno)).unwrap();
        }
    });
    let mut client = scripted.client(SECOND * 5);
    for errno in [Errno::IO, Errno::NONE] {
        let refused = client.region_read(0, 0, &mut [0; 4]);
        assert!(
            matches!(refused, Err(ClientError::Refused { errno: found, .. }) if found == errno),
            "{refused:?}"
        );
    }
    assert!(matches!(client.reset(), Err(ClientError::Socket(_))));
    assert!(matches!(client.reset(), Err(ClientError::GivenUp)));
}

#[test]
fn answers_to_another_question_are_errors() {
    type Answer = fn(u16) -> Vec<u8>;
    type Check = fn(&ClientError) -> bool;
    let cases: [(Answer, Check); 6] = [
        (
            |id| word(id.wrapping_add(1), 0),
            |error| matches!(error, ClientError::WrongId { .. }),
        ),
        (
            |id| Reply::DeviceReset.encode(id),
            |error| matches!(error, ClientError::WrongCommand { found: 13, .. }),
        ),
        (
            |id| word(id, 0)[..16].to_vec(),
            |error| matches!(error, ClientError::Socket(_)),
        ),
        (
            |_| vec![0xff; 100],
            |error| matches!(error, ClientError::Socket(_)),
        ),
        (
            |id| {
                Reply::RegionRead(RegionData {
                    region: 0,
                    offset: 0,
                    data: vec![0; 3],
                })
                .encode(id)
            },
            |error| {
                matches!(
                    error,
                    ClientError::WrongAnswer {
                        what: "bytes",
                        found: 3,
                        expected: 4,
                        ..
                    }
                )
            },
        ),
        (
            |id| {
                let mut bytes = word(id, 0);
                bytes[HEADER_LEN + 12] = 5;
                bytes
            },
            |error| matches!(error, ClientError::Decode { .. }),
        ),
    ];
    for (answer, check) in cases {
        let scripted = Scripted::new(move |stream| {
            let id = receive(stream).unwrap().id;
            stream.write_all(&answer(id)).unwrap();
        });
        let mut client = scripted.client(SECOND * 5);
        let error = client.region_read(0, 0, &mut [0; 4]).unwrap_err();
        assert!(check(&error), "{error:?}");
    }
}

/// Memory for messages: what was written, and 0x55 to read.
struct Notes(Arc<Mutex<Vec<(u64, Vec<u8>)>>>);

impl ClientMemory for Notes {
    fn read(&mut self, iova: u64, data: &mut [u8]) -> Result<(), Errno> {
        if iova == 0 {
            return Err(Errno::FAULT);
        }
        data.fill(0x55);
        Ok(())
    }

    fn write(&mut self, iova: u64, data: &[u8]) -> Result<(), Errno> {
        self.0.lock().unwrap().push((iova, data.to_vec()));
        Ok(())
    }
}

#[test]
fn a_server_that_asks_for_memory_is_answered() {
    let ask = |stream: &mut UnixStream, request: Request| {
        stream.write_all(&request.encode(3, false)).unwrap();
        let answer = receive(stream).unwrap();
        assert_eq!(answer.id, 3);
        answer.content
    };
    let dma_read = |iova, count| Request::DmaRead(DmaSpan { iova, count });
    let scripted = Scripted::new(move |stream| {
        let id = receive(stream).unwrap().id;
        let refused = Content::Error {
            command: 11,
            errno: Errno::UNSUPPORTED,
        };
        assert_eq!(ask(stream, dma_read(0x1000, 2)), refused);
        stream.write_all(&Reply::DeviceReset.encode(id)).unwrap();

        let id = receive(stream).unwrap().id;
        let data = DmaData {
            iova: 0x1000,
            data: vec![0x55; 2],
        };
        assert_eq!(
            ask(stream, dma_read(0x1000, 2)),
            Content::Reply(Reply::DmaRead(data))
        );
        assert_eq!(
            ask(stream, dma_read(0, 2)),
            Content::Error {
                command: 11,
                errno: Errno::FAULT
            }
        );
        assert_eq!(
            ask(stream, dma_read(1, u64::MAX)),
            Content::Error {
                command: 11,
                errno: Errno::TOO_BIG
            }
        );
        let write = Request::DmaWrite(DmaData {
            iova: 0x2000,
            data: vec![1, 2, 3],
        });
        let written = Content::Reply(Reply::DmaWrite(DmaSpan {
            iova: 0x2000,
            count: 3,
        }));
        assert_eq!(ask(stream, write), written);
        let odd = Content::Error {
            command: 13,
            errno: Errno::UNSUPPORTED,
        };
        assert_eq!(ask(stream, Request::DeviceReset), odd);
        stream.write_all(&Reply::DeviceReset.encode(id)).unwrap();
        assert_eq!(
            ask(stream, dma_read(0x1000, 0)),
            Content::Reply(Reply::DmaRead(DmaData {
                iova: 0x1000,
                data: vec![]
            }))
        );
    });
    let mut client = scripted.client(SECOND * 5);
    client.reset().unwrap();
    let notes = Arc::default();
    client.set_memory(Box::new(Notes(Arc::clone(&notes))));
    client.reset().unwrap();
    // Nothing is asked of the server any more, and it is answered all the same; then it leaves.
    assert!(matches!(
        client.serve(SECOND * 5),
        Err(ClientError::Socket(_))
    ));
    assert_eq!(*notes.lock().unwrap(), [(0x2000, vec![1, 2, 3])]);
}

#[test]
fn there_is_an_error_at_once_where_nobody_listens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card");
    let connect = || Client::connect(&path, SECOND * 60);
    let start = Instant::now();
    assert!(matches!(connect(), Err(ClientError::Connect { .. })));
    drop(UnixListener::bind(&path).unwrap());
    assert!(matches!(connect(), Err(ClientError::Connect { .. })));
    assert!(start.elapsed() < SECOND * 5);
}

#[test]
fn a_server_that_never_answers_is_left_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card");
    let _listener = UnixListener::bind(&path).unwrap();
    let start = Instant::now();
    let result = Client::connect(&path, SECOND / 10);
    assert!(matches!(result, Err(ClientError::TimedOut { .. })));
    assert!(start.elapsed() < SECOND);
}
