//! The blocks as modules of their own, with the numbers that their properties speak of.
//!
//! Queues are generic over what they hold, and are built narrow and short here: they move items and look at none. All
//! else is built as the card has it. The feature `project` switches this file on; see [`crate::project`].

use super::Block;
use underpass_hdl::shells::slow_fifo::slow_fifo;
use underpass_hdl::shells::turns::turns;
use underpass_hdl::stream::beat::{BodyWrite, EditSlot, BODY_DEPTH, EDIT_DEPTH};
use underpass_hdl::stream::deliver::plan::{Cut, Front};
use underpass_hdl::stream::deliver::strip::{self, Aligned};
use underpass_hdl::stream::deliver::{deliver, patch, prepend};
use underpass_hdl::stream::fifo::{fifo, queue, TAIL};
use underpass_hdl::stream::gather::gather;
use underpass_layout::{port, registers::slow};
use underpass_wires::{build, input, output, Bit, Blocks, Bundle, BundleExt, Ports, U};

/// Bits of an item of the queues.
const ITEM: usize = 8;
/// Items of the queue, as a power of two.
const QUEUE: usize = 4;
/// Items of the FIFO, as a power of two.
const FIFO: usize = 6;
/// The bit of each byte that is looked at.
const BIT: u64 = 0;

/// The block of this name.
pub fn block(name: &str) -> Option<Block> {
    let parameters = match name {
        "queue" => vec![("LOG", QUEUE as u64), ("DEPTH", 1 << QUEUE)],
        "fifo" => vec![
            ("LOG", FIFO as u64),
            ("DEPTH", 1 << FIFO),
            ("TAIL_DEPTH", 1 << TAIL),
        ],
        "gather" => vec![
            ("BIT", BIT),
            ("BODY_DEPTH", BODY_DEPTH as u64),
            ("EDIT_DEPTH", EDIT_DEPTH as u64),
            ("SLOW", u64::from(port::SLOW)),
            ("ROUND", u64::from(port::ROUND)),
        ],
        "patch" | "strip" | "prepend" | "turns" => vec![("BIT", BIT)],
        "deliver" => vec![
            ("BODY_DEPTH", BODY_DEPTH as u64),
            ("EDIT_DEPTH", EDIT_DEPTH as u64),
        ],
        "slow_fifo" => vec![
            ("BIT", BIT),
            ("SLOW", u64::from(port::SLOW)),
            ("INJECT_COMMIT", u64::from(slow::INJECT_COMMIT)),
            ("INJECT_MAX_BYTES", slow::INJECT_MAX_BYTES as u64),
        ],
        _ => return None,
    };
    let design = build(name, Ports::Fields, Blocks::Inline, || describe(name));
    Some(Block {
        verilog: design.verilog(),
        parameters,
    })
}

fn describe(name: &str) {
    match name {
        "queue" => {
            let items = queue::<U<ITEM>, QUEUE>("items", input("push"), input("item"));
            items.pop(input("pop"));
            output("valid", items.valid);
            output("head", items.head);
            output("used", items.used);
        }
        "fifo" => {
            let items = fifo::<U<ITEM>, FIFO>("items", input("push"), input("item"));
            items.pop(input("pop"));
            output("valid", items.valid);
            output("head", items.head);
            output("used", items.used);
        }
        "gather" => {
            let gathered = gather(
                input("s"),
                input("enable"),
                input("rounds"),
                input("held"),
                input("credit"),
            );
            output("ready", gathered.ready);
            output("rounds_ready", gathered.rounds_ready);
            output("copied", gathered.copied);
            output("header", gathered.header);
            output("body", gathered.body);
            output("in_flight", gathered.in_flight);
        }
        "patch" => output(
            "out",
            patch::patch(
                open::<Bit>("go"),
                open("data"),
                open("last"),
                open::<Cut>("cut"),
                open("patch"),
            ),
        ),
        "strip" => output(
            "out",
            strip::cut_up(
                open::<Bit>("go"),
                open("data"),
                open("body_last"),
                open::<Cut>("cut"),
            ),
        ),
        "prepend" => output(
            "out",
            prepend::put_in_front(
                open("room"),
                (open("beat_waits"), open::<Aligned>("beat")),
                (open("front_waits"), open::<Front>("front")),
            ),
        ),
        "deliver" => {
            let delivered = deliver(
                input::<BodyWrite>("body"),
                input::<EditSlot>("edit"),
                input("m_ready"),
            );
            output("m_valid", delivered.m.valid);
            output("round_valid", delivered.round.valid);
            output("credit", delivered.credit);
        }
        "turns" => output(
            "out",
            turns(input("first"), input("second"), input("ready")),
        ),
        _ => {
            let joined = slow_fifo(
                input("core_m"),
                input("outer_m_ready"),
                input("outer_s"),
                input("core_s_ready"),
                input("request"),
            );
            output("core_m_ready", joined.core_m_ready);
            output("outer_m", joined.outer_m);
            output("outer_s_ready", joined.outer_s_ready);
            output("core_s", joined.core_s);
        }
    }
}

/// An input that belongs to no clock, as what comes out of a queue.
fn open<T: Bundle>(name: &str) -> T {
    input::<T>(name).timeless()
}
