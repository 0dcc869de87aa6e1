//! Cables over pairs of sockets instead of devices, and an engine that only stores.

use super::*;
use rustix::net::{socketpair, AddressFamily, SocketFlags, SocketType};
use std::os::fd::OwnedFd;

/// What an engine was told, and what it shall say.
#[derive(Default)]
struct Store {
    came: Vec<Departure>,
    leaves: VecDeque<Departure>,
    /// Frames that wait to enter, whatever came.
    waiting: usize,
    /// How many of them still wait after a run.
    stay: usize,
    refuses: bool,
}

impl Engine for Rc<RefCell<Store>> {
    fn read(&mut self, _offset: u32) -> Result<u32, EngineError> {
        Ok(0)
    }

    fn write(&mut self, _offset: u32, _value: u32) -> Result<(), EngineError> {
        Ok(())
    }

    fn send(&mut self, port: u16, frame: &[u8]) -> Result<(), EngineError> {
        let mut store = self.borrow_mut();
        let bytes = frame.len();
        if store.refuses {
            return Err(EngineError::NoRoom { port, bytes });
        }
        store.came.push((port, frame.to_vec()));
        store.waiting += 1;
        Ok(())
    }

    fn receive(&mut self) -> Option<Departure> {
        self.borrow_mut().leaves.pop_front()
    }

    fn run(&mut self, _clocks: u64) -> Result<Progress, EngineError> {
        let mut store = self.borrow_mut();
        store.waiting = store.stay;
        Ok(Progress::default())
    }

    fn reset(&mut self) -> Result<(), EngineError> {
        Ok(())
    }

    fn clocks(&self) -> Option<u64> {
        None
    }

    fn waiting(&self) -> usize {
        self.borrow().waiting
    }
}

/// Two ports with cables, and the far ends of these.
struct Bench {
    store: Rc<RefCell<Store>>,
    cabled: Cabled,
    far: Vec<OwnedFd>,
}

const PORTS: [u16; 2] = [port::VF0, port::WIRE0];

impl Bench {
    fn new() -> Bench {
        let store = Rc::new(RefCell::new(Store::default()));
        let (mut taps, mut far) = (Vec::new(), Vec::new());
        for number in PORTS {
            let (near, end) = socketpair(
                AddressFamily::UNIX,
                SocketType::SEQPACKET,
                SocketFlags::NONBLOCK,
                None,
            )
            .unwrap();
            taps.push((number, Tap::over(near)));
            far.push(end);
        }
        Bench {
            cabled: Cabled::new(Box::new(store.clone()), taps),
            store,
            far,
        }
    }

    fn enable(&mut self) {
        self.cabled.write(CONTROL, CONTROL_ENABLE).unwrap();
    }

    fn put(&self, cable: usize, bytes: &[u8]) {
        rustix::io::write(&self.far[cable], bytes).unwrap();
    }

    fn got(&self, cable: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; 2000];
        let length = rustix::io::read(&self.far[cable], &mut bytes).ok()?;
        bytes.truncate(length);
        Some(bytes)
    }

    fn count(&self, cable: usize) -> Count {
        self.cabled.counts().borrow()[cable].clone()
    }
}

#[test]
fn frames_enter_and_leave_by_the_cable_of_their_port() {
    let mut bench = Bench::new();
    bench.enable();
    bench.put(0, &[1; 60]);
    bench.put(1, &[2; 90]);
    bench.store.borrow_mut().leaves = [
        (PORTS[1], vec![3; 70]),
        (PORTS[0], vec![4; 80]),
        (port::VF0 + 1, vec![5; 64]),
    ]
    .into();
    bench.cabled.run(64).unwrap();
    let came = bench.store.borrow().came.clone();
    assert_eq!(came, [(PORTS[0], vec![1; 60]), (PORTS[1], vec![2; 90])]);
    assert_eq!(bench.got(0), Some(vec![4; 80]));
    assert_eq!(bench.got(1), Some(vec![3; 70]));
    // A port without a cable is the port access'.
    assert_eq!(bench.cabled.receive(), Some((port::VF0 + 1, vec![5; 64])));
    assert_eq!(bench.cabled.receive(), None);
    let expected = Count {
        port: "wire0",
        interface: "test".to_owned(),
        entered: 1,
        left: 1,
        ..Count::default()
    };
    assert_eq!(bench.count(1), expected);
}

#[test]
fn what_comes_before_the_card_is_enabled_is_lost_and_counted() {
    let mut bench = Bench::new();
    bench.put(0, &[1; 60]);
    bench.cabled.run(64).unwrap();
    assert_eq!(bench.count(0).refused, 1);
    bench.enable();
    bench.put(0, &[2; 60]);
    bench.cabled.run(64).unwrap();
    bench.cabled.reset().unwrap();
    bench.put(0, &[3; 60]);
    bench.cabled.run(64).unwrap();
    assert_eq!(bench.store.borrow().came, [(PORTS[0], vec![2; 60])]);
    assert_eq!((bench.count(0).entered, bench.count(0).refused), (1, 2));
}

#[test]
fn a_frame_that_the_engine_refuses_is_counted() {
    let mut bench = Bench::new();
    bench.enable();
    bench.store.borrow_mut().refuses = true;
    bench.put(1, &[1; 60]);
    bench.cabled.run(64).unwrap();
    assert_eq!((bench.count(1).entered, bench.count(1).refused), (0, 1));
}

#[test]
fn a_full_engine_leaves_frames_where_they_are_and_takes_of_each_cable_in_turn() {
    let mut bench = Bench::new();
    bench.enable();
    for number in 0..ROOM {
        bench.put(0, &[number as u8; 60]);
    }
    bench.put(1, &[0xff; 60]);
    bench.cabled.run(64).unwrap();
    let came = bench.store.borrow().came.clone();
    assert_eq!(came.len(), ROOM);
    assert_eq!(
        came[1],
        (PORTS[1], vec![0xff; 60]),
        "it had to wait for the other cable"
    );
    bench.cabled.run(64).unwrap();
    assert_eq!(bench.store.borrow().came.len(), ROOM + 1);
    assert_eq!(bench.count(0).refused, 0);
}

#[test]
fn a_cable_that_floods_does_not_take_every_place_that_comes_free() {
    let mut bench = Bench::new();
    bench.enable();
    {
        let mut store = bench.store.borrow_mut();
        (store.waiting, store.stay) = (ROOM - 1, ROOM - 1);
    }
    for number in 0..4 {
        bench.put(0, &[number; 60]);
        bench.put(1, &[number; 60]);
    }
    for _ in 0..4 {
        bench.cabled.run(64).unwrap();
    }
    let store = bench.store.borrow();
    let came: Vec<_> = store.came.iter().map(|(port, _)| *port).collect();
    assert_eq!(came, [PORTS[0], PORTS[1], PORTS[0], PORTS[1]]);
}

#[test]
fn what_the_device_does_not_take_is_lost_and_a_device_that_is_gone_is_an_error() {
    let mut bench = Bench::new();
    bench.enable();
    // Nobody reads: the socket is full before these are through.
    bench.store.borrow_mut().leaves = vec![(PORTS[0], vec![0; 1500]); 5000].into();
    bench.cabled.run(64).unwrap();
    let count = bench.count(0);
    assert!(count.left > 0 && count.lost > 0, "{count:?}");
    assert_eq!(count.left + count.lost, 5000);
    bench.far.clear();
    bench.store.borrow_mut().leaves = [(PORTS[0], vec![0; 60])].into();
    let error = bench.cabled.run(64).unwrap_err();
    assert_eq!(error.to_string(), "TAP device `test` is gone");
}
