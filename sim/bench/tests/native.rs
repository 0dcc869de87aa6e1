//! The layer without futures, over a design written in Rust: no Verilator needed, and none of it knows.

use std::collections::VecDeque;

use underpass_bench::{
    clock, run_until_quiet, Activity, Axis, AxisDriver, AxisMonitor, Channel, Dut, Frame, Stalls,
};

/// Names of the ports; a handle is a place in this list.
const PORTS: [&str; 10] = [
    "s_tdata", "s_tkeep", "s_tvalid", "s_tready", "s_tlast", "m_tdata", "m_tkeep", "m_tvalid",
    "m_tready", "m_tlast",
];

/// A FIFO of four beats of 64 bits.
#[derive(Default)]
struct Fifo {
    wires: [u64; 10],
    beats: VecDeque<[u64; 3]>,
    cycle: u64,
}

impl Dut for Fifo {
    type Port = usize;
    type Error = String;

    fn port(&self, name: &str) -> Result<usize, String> {
        PORTS
            .iter()
            .position(|p| *p == name)
            .ok_or_else(|| format!("fifo has no port {name}"))
    }

    fn set(&mut self, port: usize, words: &[u32]) {
        self.wires[port] = words
            .iter()
            .rev()
            .fold(0, |value, word| value << 32 | u64::from(*word));
    }

    fn get(&self, port: usize, out: &mut [u32]) {
        for (n, word) in out.iter_mut().enumerate() {
            *word = (self.wires[port] >> (32 * n)) as u32;
        }
    }

    fn settle(&mut self) {
        self.wires[3] = (self.beats.len() < 4).into();
        self.wires[7] = (!self.beats.is_empty()).into();
        let [data, keep, last] = self.beats.front().copied().unwrap_or_default();
        (self.wires[5], self.wires[6], self.wires[9]) = (data, keep, last);
    }

    fn tick(&mut self) {
        let [data, keep, valid, ready, last, ..] = self.wires;
        if self.wires[7] & self.wires[8] == 1 {
            self.beats.pop_front();
        }
        if valid & ready == 1 {
            self.beats.push_back([data, keep, last]);
        }
        self.cycle += 1;
    }

    fn cycle(&self) -> u64 {
        self.cycle
    }
}

fn stream(prefix: &str) -> Axis {
    Axis::new(prefix).bits(64).without_user()
}

fn frame(n: usize) -> Frame {
    Frame::new((0..=n).map(|byte| byte as u8).collect::<Vec<u8>>(), 0)
}

#[test]
fn frames_cross_clock_by_clock() {
    let mut fifo = Fifo::default();
    let mut input = AxisDriver::new(&fifo, stream("s"), Stalls::Every(3)).unwrap();
    let mut output = AxisMonitor::new(&fifo, stream("m"), Stalls::Every(2)).unwrap();
    let numbers: Vec<u64> = (0..40).map(|n| input.push(frame(n))).collect();
    assert_eq!(numbers, (0..40).collect::<Vec<u64>>());
    let mut received = Vec::new();
    while received.len() < 40 {
        clock(&mut fifo, &mut [&mut input, &mut output]).unwrap();
        received.extend(output.collect());
        assert!(fifo.cycle() < 1_000);
    }
    for (n, received) in received.iter().enumerate() {
        assert_eq!(*received, frame(n));
        let sent = input.sent_at(n as u64).unwrap();
        assert!(
            sent.last_beat_at < received.last_beat_at
                && sent.first_beat_at < received.first_beat_at
        );
    }
    assert_eq!(
        (input.queued(), input.sent_total(), input.sent_at(40)),
        (0, 40, None)
    );
}

#[test]
fn quiet_is_reached_or_the_limit_is() {
    let mut fifo = Fifo::default();
    let mut input = AxisDriver::new(&fifo, stream("s"), Stalls::None).unwrap();
    let mut output = AxisMonitor::new(&fifo, stream("m"), Stalls::None).unwrap();
    input.push(frame(79));
    // Ten beats, one clock in the FIFO, then the quiet ones; the order of channels is all one.
    let clocks = run_until_quiet(&mut fifo, &mut [&mut output, &mut input], 5, 100).unwrap();
    assert_eq!(clocks, Some(11 + 5));
    input.push(frame(799));
    assert_eq!(
        run_until_quiet(&mut fifo, &mut [&mut input, &mut output], 5, 50).unwrap(),
        None
    );
    let pending = Channel::<Fifo>::pending(&input).unwrap();
    assert!(
        pending.starts_with("s: 1 packets to send, 400 of 800 bytes of the first taken"),
        "{pending}"
    );
}

#[test]
fn a_violation_is_an_error_here_not_a_panic() {
    let mut fifo = Fifo::default();
    let mut output = AxisMonitor::new(&fifo, stream("m"), Stalls::None).unwrap();
    fifo.beats.push_back([0, 0b101, 1]);
    let violation = clock(&mut fifo, &mut [&mut output]).unwrap_err();
    assert_eq!(
        violation.to_string(),
        "clock 0: m_tkeep: 0x5 is not a run of ones from bit 0"
    );
    assert_eq!(clock(&mut Fifo::default(), &mut []), Ok(Activity::Idle));
}

#[test]
fn a_missing_signal_is_named() {
    let error = AxisDriver::new(&Fifo::default(), "s", Stalls::None)
        .err()
        .unwrap();
    assert_eq!(
        error, "fifo has no port s_tuser",
        "the core's shape has one"
    );
}

#[test]
fn a_card_thread_may_own_its_channels() {
    fn sendable<T: Send>() {}
    sendable::<underpass_verilator::Instance>();
    sendable::<AxisDriver<underpass_verilator::PortId>>();
    sendable::<AxisMonitor<underpass_verilator::PortId>>();
    sendable::<underpass_bench::AxilDriver<underpass_verilator::PortId>>();
}
