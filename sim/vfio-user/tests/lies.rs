//! Servers that die, stall, or answer nonsense, against our client.

mod common;

use std::io::Write;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use common::{receive, SECOND};
use tempfile::TempDir;
use underpass_vfio_user::codec::{
    encode_error, Capabilities, Content, DeviceInfo, DmaData, DmaSpan, RegionData, Reply, Request,
    Version, HEADER_LEN,
};
use underpass_vfio_user::{Client, ClientError, ClientMemory, Errno};

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
struct Notes(Arc<Mutex<Written>>);

type Written = Vec<(u64, Vec<u8>)>;

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
