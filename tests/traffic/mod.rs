//! Tables that change under packets: the whole card with its rings, a stream without gaps, and a judge.
//!
//! ```text
//!   network ─▶ updates ─▶ commands ─▶ ┌────────┐
//!                │                    │  live  │ ─▶ what each packet met ─┐
//!                │        hot ─▶ probes ─▶ card│                          ├─▶ history judges
//!                └─▶ history: what each key says, by command ─────────────┘
//! ```
//! A packet's fate tells what the entries said that it met. The history tells what they may have said.

mod card;
mod cost;
mod history;
mod hot;
mod keys;
mod live;
mod network;
mod probe;
pub mod tenants;
mod updates;

pub use card::{library, Card, COMMANDS};
pub use cost::{clocks_of_writes, stream, Stream};
pub use history::{History, Met, Passed, Unexplained};
pub use hot::{Chase, Targets};
pub use keys::{Key, Table};
pub use live::{Aim, Live, Times};
pub use network::Network;
pub use probe::{Fate, Probe, To};
pub use updates::{install, Done, Order, Updates};
