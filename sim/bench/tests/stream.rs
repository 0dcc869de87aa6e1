//! Streams through a skid buffer in Verilator: what goes in comes out, at the clock it should, and every broken rule
//! is seen.

mod common;

use std::panic::{catch_unwind, AssertUnwindSafe};

use common::skid;
use proptest::prelude::*;
use underpass_bench::{AxisSink, AxisSource, Frame, Stalls, STALL_COMBINATIONS};

/// Lengths around the edges of a beat.
const LENGTHS: [usize; 12] = [1, 2, 59, 60, 63, 64, 65, 127, 128, 129, 1500, 9000];

fn frame(length: usize, port: u16) -> Frame {
    Frame::new(
        (0..length)
            .map(|n| (n * 7 + length) as u8)
            .collect::<Vec<u8>>(),
        port,
    )
}

#[test]
fn frames_come_out_as_they_went_in_under_all_stalls() {
    for straight_through in [0, 15] {
        for (source, sink) in STALL_COMBINATIONS {
            let tb = skid(straight_through);
            let tx = AxisSource::new(&tb, "s_axis", source);
            let rx = AxisSink::new(&tb, "m_axis", sink);
            tb.run(async {
                tb.reset().await;
                for (port, length) in LENGTHS.into_iter().enumerate() {
                    tx.send(frame(length, port as u16)).await;
                }
                for (port, length) in LENGTHS.into_iter().enumerate() {
                    assert_eq!(rx.recv().await, frame(length, port as u16));
                }
                tb.expect_quiet(20).await;
                rx.assert_empty();
            });
        }
    }
}

#[test]
fn a_source_without_stalls_leaves_no_gap() {
    let tb = skid(0);
    let tx = AxisSource::new(&tb, "s_axis", Stalls::None);
    let rx = AxisSink::new(&tb, "m_axis", Stalls::None);
    tb.run(async {
        tb.reset().await;
        let start = tb.now();
        for _ in 0..200 {
            tx.send(frame(65, 1)).await;
        }
        for n in 0..200 {
            let received = rx.recv().await;
            // Two beats a frame, one clock through the buffer.
            assert_eq!(
                (received.first_beat_at, received.last_beat_at),
                (start + 2 * n + 1, start + 2 * n + 2)
            );
        }
        let sent = tx.send_timed(frame(64 * 3, 1)).await;
        let received = rx.recv().await;
        assert_eq!(sent.last_beat_at - sent.first_beat_at, 2);
        assert_eq!(received.first_beat_at, sent.first_beat_at + 1);
    });
}

#[test]
fn logic_from_input_to_output_is_judged_in_its_own_clock() {
    let tb = skid(15);
    let tx = AxisSource::new(&tb, "s_axis", Stalls::Every(3));
    let rx = AxisSink::new(&tb, "m_axis", Stalls::Every(2));
    tb.run(async {
        for length in LENGTHS {
            let sent = tx.send_timed(frame(length, 0)).await;
            let received = rx.recv().await;
            assert_eq!(
                (received.first_beat_at, received.last_beat_at),
                (sent.first_beat_at, sent.last_beat_at)
            );
        }
    });
}

#[test]
fn stalls_cost_the_clocks_they_say() {
    let clocks = |source: Stalls, sink: Stalls| {
        let tb = skid(0);
        let tx = AxisSource::new(&tb, "s_axis", source);
        let rx = AxisSink::new(&tb, "m_axis", sink);
        tb.run(async {
            let sent = tx.send_timed(frame(64 * 100, 0)).await;
            (
                rx.recv().await.last_beat_at,
                sent.last_beat_at - sent.first_beat_at + 1,
            )
        })
    };
    assert_eq!(clocks(Stalls::None, Stalls::None), (100, 100));
    let every_second = Stalls::Pattern(vec![false, true]);
    assert_eq!(clocks(every_second.clone(), Stalls::None), (199, 199));
    let (last, _) = clocks(Stalls::None, every_second);
    assert_eq!(last, 200);
}

#[test]
fn tasks_run_beside_the_body() {
    let tb = skid(0);
    let tx = AxisSource::new(&tb, "s_axis", Stalls::None);
    let rx = AxisSink::new(
        &tb,
        "m_axis",
        Stalls::Random {
            seed: 9,
            percent: 50,
        },
    );
    let sender = tb.clone();
    tb.run(async {
        let sending = tb.spawn(async move {
            for n in 0..500 {
                tx.send(frame(100, n)).await;
                sender.clock(n as u64 % 3).await;
            }
            tx.flush().await;
            "all sent"
        });
        for n in 0..500 {
            assert_eq!(rx.recv().await.port, n);
        }
        assert_eq!(sending.await, "all sent");
    });
}

#[test]
fn a_reset_in_mid_packet_starts_it_again() {
    let tb = skid(0);
    let tx = AxisSource::new(&tb, "s_axis", Stalls::None);
    let rx = AxisSink::new(&tb, "m_axis", Stalls::None);
    tb.run(async {
        tx.send(frame(64 * 10, 3)).await;
        tb.clock(5).await;
        assert!(rx.monitor().borrow().in_packet());
        tb.reset().await;
        assert_eq!(rx.recv().await, frame(64 * 10, 3));
        tb.expect_quiet(5).await;
    });
}

#[test]
fn the_fast_path_does_the_same_without_polling() {
    let tb = skid(0);
    let tx = AxisSource::new(&tb, "s_axis", Stalls::Every(2));
    let rx = AxisSink::new(&tb, "m_axis", Stalls::Every(3));
    for n in 0..100 {
        tx.driver().borrow_mut().push(frame(200, n));
    }
    let clocks = tb.run_until_quiet(50, 10_000).unwrap();
    assert!((400 + 50..1_000).contains(&clocks), "{clocks}");
    assert!((0..100).all(|n| rx.try_recv().is_some_and(|f| f == frame(200, n))));
    tx.driver().borrow_mut().push(frame(64 * 1000, 0));
    assert_eq!(tb.run_until_quiet(50, 100), None, "at the limit");
    let before = tb.now();
    tb.step_many(1_000);
    assert_eq!(tb.now() - before, 1_000);
}

/// What the bench says when a frame of five beats, another of a half one, and a third go through a faulty buffer.
fn complaint(bug: u64) -> String {
    let tb = skid(bug);
    tb.set_patience(100);
    let tx = AxisSource::new(&tb, "s_axis", Stalls::None);
    let rx = AxisSink::new(
        &tb,
        "m_axis",
        Stalls::Pattern(vec![false, true, true, false, false, false]),
    );
    let failure = catch_unwind(AssertUnwindSafe(|| {
        tb.run(async {
            tb.reset().await;
            for length in [64 * 4 + 8, 32, 64] {
                tx.send(frame(length, 5)).await;
            }
            for length in [64 * 4 + 8, 32, 64] {
                assert_eq!(rx.recv().await, frame(length, 5), "not the frame sent");
            }
        });
    }));
    match failure {
        Ok(()) => "nothing".into(),
        Err(message) => *message.downcast::<String>().unwrap(),
    }
}

#[test]
fn every_broken_rule_is_seen() {
    let expected = [
        (0, "nothing"),
        (1, "m_axis_tvalid: fell before tready was high"),
        (
            2,
            "m_axis_tdata: changed while tvalid was high and tready low",
        ),
        (3, "m_axis_tkeep: changed while"),
        (
            4,
            "m_axis_tkeep: 0xfffffffffffffffd is not a run of ones from bit 0",
        ),
        (5, "m_axis_tkeep: 0x0 is not a run of ones"),
        (
            6,
            "m_axis_tkeep: 56 bytes in a beat that is not the last; expected 64",
        ),
        (7, "m_axis_tlast: low after 264 bytes; tuser says 264"),
        (8, "m_axis_tlast: after 64 bytes; tuser says 264"),
        (9, "m_axis_tlast: changed while"),
        (
            10,
            "m_axis_tuser: changed within a packet from 0x01080005 to 0x01080006",
        ),
        (11, "m_axis_tlast: after 264 bytes; tuser says 265"),
        (12, "m_axis_tuser: changed while"),
        (13, "m_axis_tlast: after 136 bytes; tuser says 264"),
        (15, "nothing"),
    ];
    for (bug, words) in expected {
        let complaint = complaint(bug);
        assert!(complaint.contains(words), "bug {bug}: {complaint}");
        assert!(
            bug == 0 || bug == 15 || complaint.starts_with("clock "),
            "bug {bug}: {complaint}"
        );
    }
}

#[test]
fn what_is_stuck_is_named() {
    let stuck = |stalls: Stalls, receive: bool| {
        let tb = skid(0);
        tb.set_patience(200);
        let tx = AxisSource::new(&tb, "s_axis", Stalls::None);
        let rx = AxisSink::new(&tb, "m_axis", stalls);
        let failure = catch_unwind(AssertUnwindSafe(|| {
            tb.run(async {
                // Long waits that were asked for are not a sign of being stuck.
                tb.clock(1_000).await;
                if receive {
                    rx.recv().await;
                }
                tx.send(frame(64 * 5, 0)).await;
                tx.flush().await;
            });
        }));
        *failure.unwrap_err().downcast::<String>().unwrap()
    };
    assert_eq!(
        stuck(Stalls::None, true),
        "clock 1201: nothing moved for 201 clocks: m_axis: 1 waiting to receive, tvalid is low"
    );
    let message = stuck(Stalls::Every(1), false);
    assert!(
        message.contains(
            "s_axis: 1 packets to send, 128 of 320 bytes of the first taken, tready is low"
        ),
        "{message}"
    );
    assert!(
        message.contains("m_axis: a beat is offered and held by the stall pattern"),
        "{message}"
    );
}

#[test]
#[should_panic(expected = "expected quiet, found m_axis: 1 packets that nobody received")]
fn a_frame_that_nobody_expects_is_not_quiet() {
    let tb = skid(0);
    let tx = AxisSource::new(&tb, "s_axis", Stalls::None);
    let _rx = AxisSink::new(&tb, "m_axis", Stalls::None);
    tb.run(async {
        tx.send(frame(60, 0)).await;
        tb.expect_quiet(10).await;
    });
}

#[test]
#[should_panic(expected = "module skid has no port x_axis_tdata")]
fn a_stream_that_is_not_there_is_named() {
    AxisSink::new(&skid(0), "x_axis", Stalls::None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_frames_survive_any_stalls(
        frames in prop::collection::vec((prop::collection::vec(any::<u8>(), 1..300), any::<u16>()), 1..20),
        source in prop::collection::vec(any::<bool>(), 0..7),
        sink in prop::collection::vec(any::<bool>(), 0..7),
    ) {
        // A pattern that always stalls would be stuck, and rightly.
        let stalls = |mut list: Vec<bool>| { list.push(false); Stalls::Pattern(list) };
        let tb = skid(0);
        let tx = AxisSource::new(&tb, "s_axis", stalls(source));
        let rx = AxisSink::new(&tb, "m_axis", stalls(sink));
        let frames: Vec<Frame> = frames.into_iter().map(|(bytes, port)| Frame::new(bytes, port)).collect();
        tb.run(async {
            for frame in &frames {
                tx.send(frame.clone()).await;
            }
            for frame in &frames {
                assert_eq!(rx.recv().await, *frame);
            }
            tb.expect_quiet(10).await;
        });
    }
}
