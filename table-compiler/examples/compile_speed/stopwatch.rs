//! Time and memory of this process.
//!
//! The time is that for which the thread ran: on a machine with other work to do the clock on the wall says nothing about
//! one core.

use std::fs;
use std::time::Duration;

use rustix::time::{clock_gettime, ClockId};

/// A start.
pub struct Stopwatch(Duration);

/// How long something took.
pub struct Lap(Duration);

impl Stopwatch {
    pub fn start() -> Self {
        Stopwatch(on_core())
    }

    pub fn lap(&self) -> Lap {
        Lap(on_core().saturating_sub(self.0))
    }
}

impl Lap {
    pub fn seconds(&self) -> f64 {
        self.0.as_secs_f64()
    }
}

/// How long this thread has been on a core.
fn on_core() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Prints the most memory that this process had so far, where the system tells.
pub fn print_peak_memory() {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    if let Some(peak) = peak {
        println!("peak memory so far {}", peak.trim());
    }
}
