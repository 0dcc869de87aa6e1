//! How long something takes when others share the machine: the time that this thread was running, best of three.
//!
//! Time on the wall counts who else was there; it is told beside the other where they differ.

use std::time::Instant;

use rustix::time::{clock_gettime, ClockId};

/// Seconds for one of something.
#[derive(Clone, Copy, Debug)]
pub struct Lap {
    /// During which this thread ran.
    pub busy_s: f64,
    /// On the wall.
    pub wall_s: f64,
}

/// Times something that says how many it did: three times, the best of each clock counts.
pub fn best(mut work: impl FnMut() -> u64) -> Lap {
    let mut best = Lap {
        busy_s: f64::MAX,
        wall_s: f64::MAX,
    };
    for _ in 0..3 {
        let (wall, busy) = (Instant::now(), running_s());
        let count = work().max(1) as f64;
        let wall_s = wall.elapsed().as_secs_f64();
        let busy_s = running_s() - busy;
        best.wall_s = best.wall_s.min(wall_s / count);
        best.busy_s = best.busy_s.min(busy_s / count);
    }
    best
}

/// Seconds for which this thread has been running. `/proc` tells that too, but only counts on with the system's ticks.
fn running_s() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Seconds for which the programs that this one started, and waited for, have been running.
pub fn children_s() -> Option<f64> {
    /// Ticks of a second in this file, on every Linux of today.
    const TICKS: f64 = 100.0;
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name, in brackets, may hold spaces.
    let fields: Vec<&str> = text.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(13)? + ticks(14)?) / TICKS)
}
