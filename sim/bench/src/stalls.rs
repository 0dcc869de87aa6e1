//! When a channel holds back: a pattern over clocks, the same on every run.

/// On which clocks a source does not offer, or a sink does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stalls {
    /// Never.
    None,
    /// So many clocks in a hundred.
    Random {
        /// The same seed gives the same clocks.
        seed: u64,
        /// 0 never, 100 always.
        percent: u8,
    },
    /// Every n-th clock; 1 is always.
    Every(u32),
    /// As listed (`true` holds back), over and over; an empty list never does.
    Pattern(Vec<bool>),
}

/// Source and sink free or stalling: what every stream test runs under.
pub const STALL_COMBINATIONS: [(Stalls, Stalls); 4] = [
    (Stalls::None, Stalls::None),
    (
        Stalls::Random {
            seed: 1,
            percent: 40,
        },
        Stalls::None,
    ),
    (
        Stalls::None,
        Stalls::Random {
            seed: 2,
            percent: 40,
        },
    ),
    (
        Stalls::Random {
            seed: 3,
            percent: 40,
        },
        Stalls::Random {
            seed: 4,
            percent: 40,
        },
    ),
];

impl Stalls {
    /// The pattern from its start.
    pub fn stream(self) -> StallStream {
        let state = match self {
            Stalls::Random { seed, .. } => seed,
            _ => 0,
        };
        StallStream {
            stalls: self,
            state,
        }
    }

    /// A pattern of the same kind that does not run in step with this one: another seed, or a shifted list.
    pub fn apart(&self, n: u64) -> Stalls {
        match self {
            Stalls::Random { seed, percent } => Stalls::Random {
                seed: seed ^ (n + 1) << 32,
                percent: *percent,
            },
            Stalls::Pattern(list) if !list.is_empty() => {
                let mut list = list.clone();
                let by = n as usize % list.len();
                list.rotate_left(by);
                Stalls::Pattern(list)
            }
            same => same.clone(),
        }
    }
}

/// A running pattern.
#[derive(Clone, Debug)]
pub struct StallStream {
    stalls: Stalls,
    /// Random state, or clocks so far.
    state: u64,
}

impl StallStream {
    /// Whether to hold back in the next clock.
    #[inline]
    pub fn next_clock(&mut self) -> bool {
        match &self.stalls {
            Stalls::None => false,
            Stalls::Random { percent, .. } => splitmix(&mut self.state) % 100 < u64::from(*percent),
            Stalls::Every(n) => {
                self.state += 1;
                self.state.is_multiple_of(u64::from((*n).max(1)))
            }
            Stalls::Pattern(list) if list.is_empty() => false,
            Stalls::Pattern(list) => {
                let now = list[self.state as usize];
                self.state = (self.state + 1) % list.len() as u64;
                now
            }
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clocks(stalls: Stalls, n: usize) -> Vec<bool> {
        let mut stream = stalls.stream();
        (0..n).map(|_| stream.next_clock()).collect()
    }

    #[test]
    fn patterns_stall_when_they_say() {
        assert_eq!(clocks(Stalls::None, 3), [false; 3]);
        assert_eq!(
            clocks(Stalls::Every(3), 6),
            [false, false, true, false, false, true]
        );
        assert_eq!(clocks(Stalls::Every(1), 2), [true; 2]);
        assert_eq!(
            clocks(Stalls::Pattern(vec![true, false, false]), 4),
            [true, false, false, true]
        );
        assert_eq!(clocks(Stalls::Pattern(vec![]), 2), [false; 2]);
    }

    #[test]
    fn random_stalls_keep_their_share_and_repeat() {
        let random = |seed| clocks(Stalls::Random { seed, percent: 30 }, 10_000);
        let share = random(5).iter().filter(|s| **s).count();
        assert!((2_800..3_200).contains(&share), "{share}");
        assert_eq!(random(5), random(5));
        assert_ne!(random(5), random(6));
        assert_eq!(
            clocks(
                Stalls::Random {
                    seed: 1,
                    percent: 100
                },
                100
            ),
            [true; 100]
        );
        assert_eq!(
            clocks(
                Stalls::Random {
                    seed: 1,
                    percent: 0
                },
                100
            ),
            [false; 100]
        );
    }

    #[test]
    fn patterns_apart_differ() {
        let random = Stalls::Random {
            seed: 1,
            percent: 50,
        };
        assert_ne!(clocks(random.apart(0), 100), clocks(random.apart(1), 100));
        assert_eq!(
            Stalls::Pattern(vec![true, false]).apart(1),
            Stalls::Pattern(vec![false, true])
        );
    }
}
