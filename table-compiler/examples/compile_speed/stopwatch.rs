//! Time and memory of this process.
//!
//! Where the system tells how long the thread ran, that is the time: on a machine with other work to do the clock on
//! the wall says nothing about one core.

use std::fs;
use std::time::{Duration, Instant};

/// A start.
pub struct Stopwatch {
    wall: Instant,
    on_core: Option<Duration>,
}

/// How long something took.
pub struct Lap(Duration);

impl Stopwatch {
    pub fn start() -> Self {
        Stopwatch {
            wall: Instant::now(),
            on_core: on_core(),
        }
    }

    pub fn lap(&self) -> Lap {
        let on_core = self.on_core.zip(on_core()).map(|(start, now)| now - start);
        Lap(on_core.unwrap_or_else(|| self.wall.elapsed()))
    }
}

impl Lap {
    pub fn seconds(&self) -> f64 {
        self.0.as_secs_f64()
    }
}

/// How long this thread has been on a core.
fn on_core() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// Prints the most memory that this process had so far, where the system tells.
pub fn print_peak_memory() {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    if let Some(peak) = peak {
        println!("peak memory so far {}", peak.trim());
    }
}
