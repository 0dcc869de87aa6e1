//! Register accesses over AXI4-Lite, in Verilator, and the rules of the bus.

mod common;

use std::panic::{catch_unwind, AssertUnwindSafe};

use common::regs;
use underpass_bench::{AxilMaster, AxilOp, Response, Stalls};

#[test]
fn registers_keep_what_is_written_whichever_way_channels_stall() {
    let patterns = [
        Stalls::None,
        Stalls::Every(2),
        Stalls::Pattern(vec![true, true, false, true, false]),
        Stalls::Random {
            seed: 7,
            percent: 60,
        },
    ];
    for stalls in patterns {
        let tb = regs(0);
        let registers = AxilMaster::with_stalls(&tb, "s_axil", stalls);
        tb.run(async {
            tb.reset().await;
            for n in 0..16 {
                registers.write(4 * n, n * 0x0101_0101).await;
            }
            for n in (0..16).rev() {
                assert_eq!(registers.read(4 * n).await, n * 0x0101_0101);
            }
            registers
                .access(AxilOp::Write {
                    addr: 8,
                    data: 0xaabb_ccdd,
                    strobe: 0b0110,
                })
                .await;
            assert_eq!(registers.read(8).await, 0x02bb_cc02);
            assert_eq!(
                registers.access(AxilOp::Read { addr: 64 }).await.response,
                Response::DecodeError
            );
            tb.expect_quiet(10).await;
        });
    }
}

#[test]
fn accesses_of_several_tasks_are_answered_each_to_its_own() {
    let tb = regs(0);
    let registers = std::rc::Rc::new(AxilMaster::new(&tb, "s_axil"));
    tb.run(async {
        tb.reset().await;
        let tasks: Vec<_> = (0..8)
            .map(|n| {
                let registers = registers.clone();
                tb.spawn(async move {
                    registers.write(4 * n, 100 + n).await;
                    registers.read(4 * n).await
                })
            })
            .collect();
        for (n, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.await, 100 + n as u32);
        }
    });
}

#[test]
#[should_panic(expected = "read of 0x1000")]
fn a_refused_read_is_named() {
    let tb = regs(0);
    let registers = AxilMaster::new(&tb, "s_axil");
    tb.run(async { registers.read(0x1000).await });
}

/// What the bench says of a faulty slave.
fn complaint(bug: u64) -> String {
    let tb = regs(bug);
    tb.set_patience(100);
    let registers = AxilMaster::with_stalls(
        &tb,
        "s_axil",
        Stalls::Random {
            seed: 1,
            percent: 60,
        },
    );
    let failure = catch_unwind(AssertUnwindSafe(|| {
        tb.run(async {
            tb.reset().await;
            for n in 0..20 {
                registers.write(4, n).await;
                assert_eq!(registers.read(4).await, n);
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
        (1, "s_axil_bvalid: fell before ready was high"),
        (
            2,
            "s_axil_bvalid: high before the write of 0x2 to 0x4 was taken whole",
        ),
        (3, "s_axil_bvalid: high with no write under way"),
        (4, "s_axil_bresp: changed while"),
        (5, "s_axil_rvalid: fell before ready was high"),
        (6, "s_axil_rvalid: high with no read under way"),
        (7, "s_axil_rdata: changed while"),
        (
            8,
            "nothing moved for 101 clocks: s_axil: write of 0x0 to 0x4: no answer",
        ),
    ];
    for (bug, words) in expected {
        let complaint = complaint(bug);
        assert!(complaint.contains(words), "bug {bug}: {complaint}");
    }
}
