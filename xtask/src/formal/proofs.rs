//! Which blocks are proved, how far, and how each is broken to see that its proof can fail.

use anyhow::{bail, Result};

/// The proof of one block.
pub struct Proof {
    /// Name of the block, of its module and of `formal/BLOCK.v`.
    pub block: &'static str,
    /// What of the design it is, for the page.
    pub what: &'static str,
    /// Clocks that the induction looks back.
    pub depth: u32,
    /// What a memory gives is left open, since the properties do not speak of it.
    pub free_memories: bool,
    /// How it is broken, each by itself.
    pub broken: &'static [Broken],
}

/// A block with one condition left out.
pub struct Broken {
    /// What is wrong with it.
    pub what: &'static str,
    /// The texts that are replaced, which must be there once, and what stands there instead.
    changes: &'static [(&'static str, &'static str)],
    /// Clocks within which it must be found out.
    pub depth: u32,
}

impl Broken {
    /// The Verilog text with the mistake in it.
    pub fn apply(&self, verilog: &str) -> Result<String> {
        let mut text = verilog.to_string();
        for (from, to) in self.changes {
            let count = text.matches(from).count();
            if count != 1 {
                bail!(
                    "cannot break the block ({}): expected {from:?} once in its Verilog, found it {count} times",
                    self.what
                );
            }
            text = text.replacen(from, to, 1);
        }
        Ok(text)
    }
}

/// All of them, each after those that it builds on.
pub const PROOFS: [Proof; 9] = [
    Proof {
        block: "queue",
        what: "`queue` of `hdl/stream/fifo.rs`, 16 items of 8 bits",
        depth: 1,
        free_memories: false,
        broken: &[Broken {
            what: "writes where it reads",
            changes: &[("items[items_written] <= item", "items[items_read] <= item")],
            depth: 6,
        }],
    },
    Proof {
        block: "fifo",
        what: "`fifo` of `hdl/stream/fifo.rs`, 64 items of 8 bits in block RAM and its tail of 16",
        depth: 1,
        free_memories: false,
        broken: &[
            Broken {
                what: "fetches from an empty memory",
                changes: &[("items_filled & (", "1'b1 & (")],
                depth: 6,
            },
            Broken {
                what: "stores where nothing was fetched",
                changes: &[(
                    "if (items_fetching) items_tail[",
                    "if (items_filled) items_tail[",
                )],
                depth: 8,
            },
        ],
    },
    Proof {
        block: "gather",
        what: "`gather` of `hdl/stream/gather/mod.rs`, as it is built",
        depth: 2,
        free_memories: false,
        broken: &[
            Broken {
                what: "takes a beat without ready",
                changes: &[("wire take_s = s_valid & s_ready;", "wire take_s = s_valid;")],
                depth: 6,
            },
            Broken {
                what: "takes a beat of rounds within a packet of the stream",
                changes: &[("wire between = ~within_ & ~within_rounds;", "wire between = ~within_rounds;")],
                depth: 6,
            },
            Broken {
                what: "gives no slot back",
                changes: &[(" ^ credit_header", "")],
                depth: 8,
            },
        ],
    },
    Proof {
        block: "patch",
        what: "`patch` of `hdl/stream/deliver/patch/mod.rs`, as it is built, between packet buffer and strip",
        depth: 2,
        free_memories: false,
        broken: &[
            Broken {
                what: "forgets the addresses in the beat behind",
                changes: &[(
                    "window_0_behind <= ",
                    "window_0_behind <= 1'b0 & ",
                )],
                depth: 6,
            },
            Broken {
                what: "turns the header by whole 16 bytes alone",
                changes: &[("window_0_by_2 <= patch_l3_offset[3:1];", "window_0_by_2 <= 3'd0;")],
                depth: 4,
            },
        ],
    },
    Proof {
        block: "strip",
        what: "`cut_up` of `hdl/stream/deliver/strip.rs`, as it is built, between patch and prepend",
        depth: 1,
        free_memories: false,
        broken: &[
            Broken {
                what: "does not wait for the next beat",
                changes: &[("& (stepped | held_body_last)", "")],
                depth: 8,
            },
            Broken {
                what: "never marks the last beat",
                changes: &[("step_last <= last;", "step_last <= 1'b0;")],
                depth: 8,
            },
        ],
    },
    Proof {
        block: "prepend",
        what:
            "`put_in_front` of `hdl/stream/deliver/prepend.rs`, as it is built, between its queues",
        depth: 1,
        free_memories: false,
        broken: &[
            Broken {
                what: "does not wait for the packet",
                changes: &[(" & (beat_waits | done_spill)", "")],
                depth: 6,
            },
            Broken {
                what: "puts no header in front",
                changes: &[("low <= low_early;", "low <= 512'd0;")],
                depth: 8,
            },
        ],
    },
    Proof {
        block: "deliver",
        what: "`deliver` of `hdl/stream/deliver/mod.rs`, as it is built: its flow control",
        depth: 1,
        free_memories: true,
        broken: &[
            Broken {
                what: "takes a body before its edit is there",
                changes: &[("body_tail_filled & cuts_tail_filled;", "body_tail_filled;")],
                depth: 8,
            },
            Broken {
                what: "what goes round gives no slot back, a beat of it there at first",
                changes: &[
                    (" + {1'b0, goes_round & round_last}", ""),
                    ("goes_round = 1'b0;", "goes_round = 1'b1;"),
                ],
                depth: 8,
            },
            Broken {
                what: "no look at the room, 28 beats there at first",
                changes: &[
                    ("wire go = room & ", "wire go = "),
                    ("beats_written = 5'd0;", "beats_written = 5'd28;"),
                    ("beats_filled = 1'b0;", "beats_filled = 1'b1;"),
                ],
                depth: 10,
            },
        ],
    },
    Proof {
        block: "turns",
        what: "`turns` of `hdl/shells/turns.rs`, as it is built: how two streams become one",
        depth: 1,
        free_memories: false,
        broken: &[
            Broken {
                what: "cuts into the frame under way",
                changes: &[(" & first_rests)", ")")],
                depth: 8,
            },
            Broken {
                what: "takes an offered beat back",
                changes: &[("(~within_ & ~first_valid)", "~within_")],
                depth: 8,
            },
        ],
    },
    Proof {
        block: "slow_fifo",
        what: "`slow_fifo` of `hdl/shells/slow_fifo/mod.rs`, as it is built: join, injected frames, split",
        depth: 1,
        free_memories: false,
        broken: &[
            Broken {
                what: "cuts into the outer frame under way",
                changes: &[(" & first_rests)", ")")],
                depth: 8,
            },
            Broken {
                what: "takes an offered beat back",
                changes: &[("(~within_ & ~outer_s_valid)", "~within_")],
                depth: 8,
            },
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_goes_in_once_or_not_at_all() {
        let broken = Broken {
            what: "never ready",
            changes: &[("ready & ", "")],
            depth: 1,
        };
        assert_eq!(broken.apply("a = ready & b;").unwrap(), "a = b;");
        assert_eq!(
            broken.apply("a = b;").unwrap_err().to_string(),
            "cannot break the block (never ready): expected \"ready & \" once in its Verilog, found it 0 times"
        );
        assert!(broken.apply("ready & ready & ").is_err());
    }
}
