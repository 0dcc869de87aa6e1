//! Messages that come in pieces, and descriptors beside them.

use std::io::Write;

use rustix::fs::{fstat, memfd_create, MemfdFlags};

use super::*;
use crate::codec::Request;

const LIMITS: Limits = Limits {
    max_message: 1 << 16,
    max_fds: 4,
};

fn pair() -> (Connection, Connection) {
    let (a, b) = UnixStream::pair().unwrap();
    (
        Connection::new(a, LIMITS).unwrap(),
        Connection::new(b, LIMITS).unwrap(),
    )
}

fn file() -> OwnedFd {
    memfd_create("socket-test", MemfdFlags::CLOEXEC).unwrap()
}

fn inode(fd: &OwnedFd) -> u64 {
    fstat(fd).unwrap().st_ino
}

#[test]
fn a_message_that_comes_byte_by_byte_is_whole_at_its_last_byte() {
    let (mut sender, receiver) = UnixStream::pair().unwrap();
    let mut receiver = Connection::new(receiver, LIMITS).unwrap();
    let bytes = Request::IrqInfo { index: 2 }.encode(7, false);
    for _ in 0..2 {
        for (at, byte) in bytes.iter().enumerate() {
            assert!(receiver.receive().unwrap().is_none(), "after {at} bytes");
            assert_eq!(receiver.in_message(), at > 0);
            sender.write_all(&[*byte]).unwrap();
        }
        let frame = receiver.receive().unwrap().unwrap();
        assert_eq!(
            (frame.header.id, &frame.body[..]),
            (7, &bytes[HEADER_LEN..])
        );
    }
}

#[test]
fn descriptors_stay_with_their_message() {
    let (mut sender, mut receiver) = pair();
    let files = [file(), file(), file()];
    let [first, second, third] = &files;
    let bytes = Request::DeviceReset.encode(0, false);
    sender.send(bytes.clone(), &[first.as_fd()]).unwrap();
    sender.send(bytes.clone(), &[]).unwrap();
    sender
        .send(bytes, &[second.as_fd(), third.as_fd()])
        .unwrap();
    for expected in [&files[..1], &[], &files[1..]] {
        let frame = receiver.receive().unwrap().unwrap();
        let found: Vec<u64> = frame.fds.iter().map(inode).collect();
        assert_eq!(found, expected.iter().map(inode).collect::<Vec<_>>());
    }
}

#[test]
fn too_many_descriptors_are_all_closed_and_the_message_still_comes() {
    let (mut sender, mut receiver) = pair();
    let (reader, writer) = std::io::pipe().unwrap();
    let fds = [writer.as_fd(); 5];
    sender
        .send(Request::DeviceReset.encode(3, false), &fds)
        .unwrap();
    let frame = receiver.receive().unwrap().unwrap();
    assert_eq!(
        (frame.header.id, frame.fds.len(), frame.too_many_fds),
        (3, 0, true)
    );
    drop(writer);
    // The pipe ends only when nobody holds its other end any more.
    assert_eq!(rustix::io::read(reader, &mut [0]), Ok(0));
}

#[test]
fn what_a_peer_does_not_take_is_kept_with_its_descriptors() {
    let (mut sender, mut receiver) = pair();
    let data = vec![7; 60_000];
    let bytes = Request::DmaWrite(crate::codec::DmaData { iova: 0, data }).encode(0, false);
    let file = file();
    let mut sent = 0;
    while !sender.is_sending() {
        sender.send(bytes.clone(), &[file.as_fd()]).unwrap();
        sent += 1;
    }
    // This one does not even begin to go.
    sender.send(bytes.clone(), &[file.as_fd()]).unwrap();
    for _ in 0..=sent {
        let frame = loop {
            sender.flush().unwrap();
            if let Some(frame) = receiver.receive().unwrap() {
                break frame;
            }
        };
        assert_eq!(frame.body, bytes[HEADER_LEN..]);
        assert_eq!(
            frame.fds.iter().map(inode).collect::<Vec<_>>(),
            [inode(&file)]
        );
    }
    assert!(sender.flush().unwrap());
    assert!(receiver.receive().unwrap().is_none());
}

#[test]
fn the_end_of_a_stream_says_where_it_was() {
    let bytes = Request::IrqInfo { index: 2 }.encode(7, false);
    for (len, expected) in [(0, None), (3, Some((3, 16))), (20, Some((20, 32)))] {
        let (mut sender, receiver) = UnixStream::pair().unwrap();
        let mut receiver = Connection::new(receiver, LIMITS).unwrap();
        sender.write_all(&bytes[..len]).unwrap();
        drop(sender);
        let found = match receiver.receive() {
            Err(SocketError::Closed) => None,
            Err(SocketError::ClosedInMessage { found, expected }) => Some((found, expected)),
            other => panic!("{other:?}"),
        };
        assert_eq!(found, expected);
    }
}

#[test]
fn a_size_beyond_the_limit_takes_no_memory() {
    let (mut sender, receiver) = UnixStream::pair().unwrap();
    let mut receiver = Connection::new(receiver, LIMITS).unwrap();
    let mut bytes = Request::DeviceReset.encode(0, false);
    bytes[4..8].copy_from_slice(&(LIMITS.max_message + 1).to_ne_bytes());
    sender.write_all(&bytes).unwrap();
    let refused = receiver.receive();
    assert!(
        matches!(
            refused,
            Err(SocketError::TooLarge {
                found: 65_537,
                limit: 65_536
            })
        ),
        "{refused:?}"
    );
    assert_eq!(receiver.incoming.body.capacity(), 0);
}
