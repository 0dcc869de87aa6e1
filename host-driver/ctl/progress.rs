//! What is under way, on a terminal only, and gone when it is done.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use underpass_host_driver::access::Step;
use underpass_host_driver::replay::Progress;

/// A bar, or nothing where nobody looks.
pub struct Bar(ProgressBar);

impl Bar {
    /// Shown only if stderr is a terminal.
    pub fn new() -> Bar {
        match io::stderr().is_terminal() {
            true => Bar(ProgressBar::new_spinner()),
            false => Bar(ProgressBar::hidden()),
        }
    }

    /// The RTL is being built.
    pub fn step(&self, step: Step) {
        let what = match step {
            Step::FindingTools => "looking for Verilator",
            Step::Preparing => "looking for the simulated card in the cache",
            Step::Verilating => "translating the RTL (once; kept in the cache)",
            Step::Compiling => "compiling the simulated card (once; kept in the cache)",
        };
        self.0.set_message(what);
        self.0.enable_steady_tick(Duration::from_millis(100));
    }

    /// A replay has got so far.
    pub fn replay(&self, progress: Progress) {
        match progress {
            Progress::Building(step) => self.step(step),
            Progress::Packets(done, all) => {
                if done == 1 {
                    self.0.disable_steady_tick();
                    self.0.set_message("");
                    // The template is fixed and its keys exist; without it the default bar is shown.
                    if let Ok(style) =
                        ProgressStyle::with_template("{bar:40} {pos}/{len} packets {eta}")
                    {
                        self.0.set_style(style);
                    }
                    self.0.set_length(all as u64);
                }
                self.0.set_position(done as u64);
            }
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
