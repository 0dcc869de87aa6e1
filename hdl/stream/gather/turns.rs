//! Who sends the next packet: the outer stream or rounds.
//!
//! ```text
//!   debt   -256 ................. 0 ................. +256
//!           ◀─ a beat of s: one less    a beat of rounds: one more ─▶
//!           '── rounds is due ───'└────── s goes first ──────────'
//! ```
//! Where both wait, each gets half of the beats, whatever the lengths of its packets; where one waits, it goes. A source that
//! had nothing to send for long has 256 beats ahead of it and no more. `s_ready` depends on registers and on rounds alone,
//! never on what `s` offers.

use underpass_wires::{bundle, k, mux, only, state, state_from, wire, Bit, BundleExt, U};

/// Beats that either source can be ahead by.
pub const LIMIT: u32 = 256;

bundle! {
    /// Who waits.
    pub struct Waiting {
        /// The outer stream offers a beat.
        pub s: Bit,
        /// It ends a packet.
        pub s_last: Bit,
        /// Packets of the outer stream may begin.
        pub enable: Bit,
        /// Rounds offers a beat.
        pub rounds: Bit,
        /// It ends a packet.
        pub rounds_last: Bit,
    }

    /// Who goes.
    pub struct Turn {
        /// A beat that `s` offers is taken at the end of this clock.
        pub s_ready: Bit,
        /// One that rounds offers is.
        pub rounds_ready: Bit,
        /// There is a beat, and it is taken.
        pub taken: Bit,
        /// If so, it is one of rounds.
        pub from_rounds: Bit,
        /// If so, it begins a packet.
        pub first: Bit,
    }
}

/// See the module. `room`: a beat can be taken; `open`: one that begins a packet can be.
#[track_caller]
pub fn turns(room: Bit, open: Bit, waiting: Waiting) -> Turn {
    let within_s = state::<Bit>("within");
    let within_rounds = state::<Bit>("within_rounds");
    // The debt, counted from -LIMIT, and whether it is zero or less.
    let debt = state_from::<U<10>>("debt", k(LIMIT));
    let due = state_from::<Bit>("due", k(1));

    let enable = waiting.enable.timeless();
    let rounds = waiting.rounds.timeless();
    wire!(between = !within_s.q & !within_rounds.q);
    wire!(begin = between & open);
    wire!(s_ready = room & (within_s.q | begin & enable & !(rounds & due.q)));
    wire!(first_in = due.q | !(waiting.s & enable));
    wire!(rounds_ready = room & (within_rounds.q | begin & first_in));
    wire!(take_s = waiting.s & s_ready);
    wire!(take_rounds = waiting.rounds & rounds_ready);
    within_s.next(take_s, !waiting.s_last);
    within_rounds.next(take_rounds, !waiting.rounds_last);

    let taken = take_s | take_rounds;
    let up = debt.q + only(debt.q.ne(2 * LIMIT), k(1));
    let down = debt.q - only(debt.q.any(), k(1));
    debt.next(taken, mux(take_rounds, up, down));
    let due_then = mux(take_rounds, debt.q.lt(LIMIT), debt.q.le(LIMIT + 1));
    due.next(taken, due_then);
    Turn {
        s_ready,
        rounds_ready,
        taken,
        from_rounds: take_rounds,
        first: between.aged(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::frames::Noise;
    use underpass_wires::{build, input, output, Blocks, Ports, Sim};

    fn sim() -> Sim {
        Sim::new(&build("turns", Ports::Fields, Blocks::Inline, || {
            let (room, open) = (input("room"), input("open"));
            output("turn", turns(room, open, input("waiting")));
        }))
    }

    /// A source of packets that offers a beat in some clocks, and then until it is taken.
    struct Source {
        name: &'static str,
        packets: Vec<u32>,
        left: u32,
        offers: bool,
    }

    impl Source {
        fn new(name: &'static str, packets: Vec<u32>) -> Self {
            Source {
                name,
                packets,
                left: 0,
                offers: false,
            }
        }

        fn offer(&mut self, sim: &mut Sim, may: bool) {
            if self.left == 0 {
                let Some(next) = self.packets.pop() else {
                    sim.set_int(&format!("waiting_{}", self.name), 0);
                    return;
                };
                self.left = next;
            }
            self.offers |= may;
            sim.set_int(&format!("waiting_{}", self.name), u128::from(self.offers));
            sim.set_int(
                &format!("waiting_{}_last", self.name),
                u128::from(self.left == 1),
            );
        }

        /// Beats that are left of the packet, if its beat is taken.
        fn taken(&mut self, sim: &mut Sim) -> Option<u32> {
            let ready = sim.get_int(&format!("turn_{}_ready", self.name)) == 1;
            (self.offers && ready).then(|| {
                self.offers = false;
                self.left -= 1;
                self.left
            })
        }
    }

    /// The rule in plain numbers.
    #[derive(Default)]
    struct Rule {
        debt: i32,
        within: Option<bool>,
    }

    impl Rule {
        /// Whether rounds goes, or `s`; none of them.
        fn goes(&self, s: bool, enable: bool, rounds: bool, open: bool) -> Option<bool> {
            match self.within {
                Some(true) => rounds.then_some(true),
                Some(false) => s.then_some(false),
                None if !open => None,
                None => match (s && enable, rounds) {
                    (true, true) => Some(self.debt <= 0),
                    (true, false) => Some(false),
                    (false, true) => Some(true),
                    (false, false) => None,
                },
            }
        }

        fn went(&mut self, rounds: bool, left: u32) {
            self.debt = (self.debt + if rounds { 1 } else { -1 }).clamp(-256, 256);
            self.within = (left > 0).then_some(rounds);
        }
    }

    #[test]
    fn turns_follow_the_rule_in_every_clock() {
        for odds in 1..5 {
            let mut noise = Noise(17 + odds as u64);
            let packets = |noise: &mut Noise, longest| {
                (0..2000).map(|_| 1 + noise.below(longest) as u32).collect()
            };
            let mut sim = sim();
            let mut s = Source::new("s", packets(&mut noise, 24));
            let mut rounds = Source::new("rounds", packets(&mut noise, 3));
            let mut rule = Rule::default();
            let mut counts = [0u32; 2];
            for now in 0..12_000 {
                // Long times in which only one of them has something, and times in which both have all they can send.
                let phase = now / 700 % 4;
                let offers = |noise: &mut Noise| noise.below(odds) == 0;
                let (a, b) = (offers(&mut noise), offers(&mut noise));
                s.offer(&mut sim, phase == 3 || a && phase != 1);
                rounds.offer(&mut sim, phase == 3 || b && phase != 2);
                let room = noise.below(8) != 0;
                let open = noise.below(8) != 0;
                let enable = noise.below(16) != 0;
                for (name, bit) in [("room", room), ("open", open), ("waiting_enable", enable)] {
                    sim.set_int(name, u128::from(bit));
                }
                let want = rule
                    .goes(s.offers, enable, rounds.offers, open)
                    .filter(|_| room);
                let first = rule.within.is_none();
                let took = match (s.taken(&mut sim), rounds.taken(&mut sim)) {
                    (None, None) => None,
                    (Some(left), None) => Some((false, left)),
                    (None, Some(left)) => Some((true, left)),
                    both => panic!("both go in clock {now}: {both:?}"),
                };
                assert_eq!(took.map(|(rounds, _)| rounds), want, "clock {now}");
                assert_eq!(sim.get_int("turn_taken"), u128::from(took.is_some()));
                if let Some((rounds, left)) = took {
                    assert_eq!(sim.get_int("turn_from_rounds"), u128::from(rounds));
                    assert_eq!(sim.get_int("turn_first"), u128::from(first));
                    counts[usize::from(rounds)] += 1;
                    rule.went(rounds, left);
                }
                sim.step();
            }
            assert!(counts.iter().all(|count| *count > 500), "{counts:?}");
        }
    }

    #[test]
    fn each_gets_half_of_the_beats_whatever_its_packets() {
        let mut sim = sim();
        let mut s = Source::new("s", vec![24; 2000]);
        let mut rounds = Source::new("rounds", vec![1; 20_000]);
        for name in ["room", "open", "waiting_enable"] {
            sim.set_int(name, 1);
        }
        let mut counts = [0i32; 2];
        for _ in 0..20_000 {
            s.offer(&mut sim, true);
            rounds.offer(&mut sim, true);
            counts[0] += i32::from(s.taken(&mut sim).is_some());
            counts[1] += i32::from(rounds.taken(&mut sim).is_some());
            sim.step();
            assert!((counts[0] - counts[1]).abs() <= 25, "{counts:?}");
        }
        assert_eq!(counts[0] + counts[1], 20_000, "no clock is lost");
    }
}
