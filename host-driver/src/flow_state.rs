//! A flow with what the card knows of it: what it carried, how far its TCP connection is, when it was last used.
//!
//! ```text
//!   slow path: Flow ──┬── counter_flow[flow id] ── since it was set up
//!                     ├── tcp[pair] ─────────────── the words of the peer, as this direction sees them
//!                     └── age[pair] ─────────────── how long ago
//! ```

use std::time::Duration;

use underpass_layout::registers::AGE_BITS;
use underpass_layout::tables::{AgeEntry, TcpEntry};

use crate::driver::Traffic;
use crate::slow_path::{Direction, Flow};

/// IP protocol of TCP.
const TCP: u8 = 6;

/// A flow as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowState {
    /// What was set up.
    pub flow: Flow,
    /// What it carried.
    pub traffic: Traffic,
    /// How far its TCP connection is, in the order of the peer's bits.
    pub tcp: Vec<&'static str>,
    /// How long ago it, or its answers, had a packet; none if they never had one.
    pub idle: Option<Duration>,
}

/// Whether the card follows the TCP connection of a flow: where one shares its entry with others, it does not.
pub fn is_followed(flow: &Flow) -> bool {
    let side = &flow.side;
    side.proto == TCP && side.sport != 0 && side.dport != 0
}

/// How far a connection is, as one direction sees it, in the peer's words. A row of another generation is of an earlier
/// flow.
pub fn tcp_words(flow: &Flow, tcp: &TcpEntry) -> Vec<&'static str> {
    if tcp.generation != flow.pair.generation {
        return Vec::new();
    }
    let (own, other) = match flow.direction {
        Direction::Forward => (&tcp.forward, &tcp.reverse),
        Direction::Reverse => (&tcp.reverse, &tcp.forward),
    };
    let words = [
        (own.fin, "FIN"),
        (own.half_close, "HALF_CLOSE"),
        (other.fin, "FIN_R"),
        (own.syn, "SYN"),
        (other.syn, "SYN_R"),
        (own.established, "EST"),
        (other.established, "EST_R"),
        (tcp.reset, "RST"),
        (tcp.dead, "DEAD"),
    ];
    let words = words.into_iter().filter(|(is_set, _)| *is_set);
    words.map(|(_, word)| word).collect()
}

/// How long ago a pair had a packet, at a time in ticks of a second.
pub fn idle(flow: &Flow, age: &AgeEntry, now: u64) -> Option<Duration> {
    let is_ours = age.generation == flow.pair.generation;
    let ticks = now.wrapping_sub(age.seen.into()) & ((1 << AGE_BITS) - 1);
    is_ours.then(|| Duration::from_secs(ticks))
}
