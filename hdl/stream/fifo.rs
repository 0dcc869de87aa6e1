//! Queues: a small one in LUT RAM, a deep one in block RAM that ends in a small one.
//!
//! ```text
//!   queue:  push, item ─▶ [ LUT RAM ] ─▶ head, valid           an item is seen 1 clock after its push
//!                                     ◀── pop
//!   fifo:   push, item ─▶ [ block RAM ] ─▶ [ queue ] ─▶ head    3 clocks after
//!                                     ◀───  used
//! ```
//! Both take and give one item a clock. Neither says when it is full: whoever pushes counts credits or looks at `used`
//! ahead of time, so that no far `ready` stops wide registers. What is at the head leaves by [`Queue::pop`], which is
//! told later in the description because it usually depends on the head.

use underpass_wires::{k, memory, state, state_from, Bit, Bundle, Ram, State, U};

/// The end of a queue from which items leave.
#[must_use = "a queue whose items never leave has a register that is never driven"]
#[derive(Clone, Copy, Debug)]
pub struct Queue<T, const A: usize> {
    /// There is an item.
    pub valid: Bit,
    /// The oldest one.
    pub head: T,
    /// How many wait, modulo the depth: for a queue that its sender never fills up.
    pub used: U<A>,
    push: Bit,
    written: U<A>,
    /// Where the head is, and the row behind it: kept, so that nothing is added before the two are compared.
    read: State<U<A>>,
    after: State<U<A>>,
    filled: State<Bit>,
}

/// A queue of 2^`A` items in LUT RAM.
#[track_caller]
pub fn queue<T: Bundle, const A: usize>(name: &str, push: Bit, item: T) -> Queue<T, A> {
    let written = state::<U<A>>(&format!("{name}_written"));
    let read = state::<U<A>>(&format!("{name}_read"));
    let after = state_from::<U<A>>(&format!("{name}_after"), k(1));
    let filled = state::<Bit>(&format!("{name}_filled"));
    let rows = memory::<T>(name, 1 << A, Ram::Distributed);
    rows.write(push, written.q, item);
    written.next(push, written.q + 1);
    Queue {
        valid: filled.q,
        head: rows.read_now(read.q),
        used: written.q - read.q,
        push,
        written: written.q,
        read,
        after,
        filled,
    }
}

impl<T: Bundle, const A: usize> Queue<T, A> {
    /// Lets the head go at the end of this clock; only where `valid` is set.
    #[track_caller]
    pub fn pop(self, take: Bit) {
        let emptied = take & self.after.q.eq(self.written);
        self.read.next(take, self.after.q);
        self.after.next(take, self.after.q + 1);
        self.filled
            .next(k(1), self.push | (self.filled.q & !emptied));
    }
}

/// Items that the queue at the end of a [`fifo`] holds, as a power of two.
pub const TAIL: usize = 4;
/// The block RAM is read while fewer wait there: one is under way, one is being read, and it never fills up.
const TAIL_LIMIT: usize = (1 << TAIL) - 2;

/// A queue of 2^`A` items in block RAM, and as many again as its tail holds.
#[track_caller]
pub fn fifo<T: Bundle, const A: usize>(name: &str, push: Bit, item: T) -> Queue<T, TAIL> {
    let written = state::<U<A>>(&format!("{name}_written"));
    let read = state::<U<A>>(&format!("{name}_read"));
    let after = state_from::<U<A>>(&format!("{name}_after"), k(1));
    let filled = state::<Bit>(&format!("{name}_filled"));
    let fetching = state::<Bit>(&format!("{name}_fetching"));
    let rows = memory::<T>(name, 1 << A, Ram::Block);
    rows.write(push, written.q, item);
    written.next(push, written.q + 1);
    let fetched = rows.read(&format!("{name}_fetched"), read.q);
    let tail = queue::<T, TAIL>(&format!("{name}_tail"), fetching.q, fetched);
    let fetch = filled.q & tail.used.lt(TAIL_LIMIT);
    read.next(fetch, after.q);
    after.next(fetch, after.q + 1);
    filled.next(k(1), push | (filled.q & !(fetch & after.q.eq(written.q))));
    fetching.next(k(1), fetch);
    tail
}

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_wires::{build, bundle, input, output, Blocks, Ports, Sim};

    bundle! {
        struct Push { valid: Bit, item: U<32> }
        struct Seen { valid: Bit, item: U<32> }
    }

    /// A queue that is asked for its head by `take`, whether it has one or not.
    fn run(deep: bool) -> Sim {
        Sim::new(&build("queue", Ports::Fields, Blocks::Inline, || {
            let (push, take) = (input::<Push>("push"), input::<Bit>("take"));
            let (valid, item) = if deep {
                let queue = fifo::<U<32>, 6>("items", push.valid, push.item);
                queue.pop(queue.valid & take);
                (queue.valid, queue.head)
            } else {
                let queue = queue::<U<32>, 3>("items", push.valid, push.item);
                queue.pop(queue.valid & take);
                (queue.valid, queue.head)
            };
            output("head", Seen { valid, item });
        }))
    }

    /// Clocks a queue; gives what was seen to leave, with the clock.
    fn clock(
        sim: &mut Sim,
        clocks: u64,
        mut push: impl FnMut(u64) -> Option<u32>,
        mut take: impl FnMut(u64) -> bool,
    ) -> Vec<(u64, u32)> {
        let mut left = Vec::new();
        for now in 0..clocks {
            let item = push(now);
            sim.set_int("push_valid", u128::from(item.is_some()));
            sim.set_int("push_item", u128::from(item.unwrap_or(0xdead)));
            let take = take(now);
            sim.set_int("take", u128::from(take));
            if take && sim.get_int("head_valid") == 1 {
                left.push((now, sim.get_int("head_item") as u32));
            }
            sim.step();
        }
        left
    }

    #[test]
    fn an_item_a_clock_passes_without_a_gap() {
        for (deep, latency) in [(false, 1), (true, 3)] {
            let left = clock(&mut run(deep), 200, |now| Some(now as u32), |_| true);
            let expected: Vec<(u64, u32)> = (latency..200)
                .map(|now| (now, (now - latency) as u32))
                .collect();
            assert_eq!(left, expected, "deep {deep}");
        }
    }

    #[test]
    fn all_items_come_out_in_order_however_full_it_is() {
        for (deep, room) in [(false, 8), (true, 64)] {
            let mut sim = run(deep);
            let (mut sent, mut seen) = (0u32, 0u32);
            let mut noise = 0x9e37_79b9u32;
            for phase in 0..40 {
                for _ in 0..200 {
                    noise ^= noise << 13;
                    noise ^= noise >> 17;
                    noise ^= noise << 5;
                    let push = sent - seen < room && (noise & 7) < [1, 7, 8][phase % 3];
                    let take = (noise >> 8 & 7) < [7, 1, 8, 0][phase % 4];
                    let got = clock(&mut sim, 1, |_| push.then_some(sent), |_| take);
                    sent += u32::from(push);
                    for (_, item) in got {
                        assert_eq!(item, seen, "deep {deep}");
                        seen += 1;
                    }
                }
            }
            assert!(seen > 2000, "{seen} items passed");
        }
    }
}
