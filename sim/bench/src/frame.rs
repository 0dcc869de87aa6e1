//! Packets on a stream, and when their beats moved.
//!
//! A clock is numbered by the edges before it: the first edge of a run is clock 0. A beat "at 7" moved at that edge.

use std::fmt;
use std::ops::Deref;

/// A packet and its port: the source port towards the core, the destination port from it.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// Without FCS.
    pub bytes: Vec<u8>,
    /// `tuser[15:0]`; the length is `tuser[31:16]`.
    pub port: u16,
}

impl Frame {
    /// A packet on a port.
    pub fn new(bytes: impl Into<Vec<u8>>, port: u16) -> Frame {
        Frame {
            bytes: bytes.into(),
            port,
        }
    }

    /// The side band of the packet: `{length, port}`.
    pub fn tuser(&self) -> u32 {
        (self.bytes.len() as u32) << 16 | u32::from(self.port)
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Frame(port {:#x}, {} bytes:",
            self.port,
            self.bytes.len()
        )?;
        for byte in &self.bytes {
            write!(f, " {byte:02x}")?;
        }
        f.write_str(")")
    }
}

/// When a packet was taken by the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Clock of its first beat.
    pub first_beat_at: u64,
    /// Clock of its last beat.
    pub last_beat_at: u64,
}

/// A packet that the design gave, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The packet.
    pub frame: Frame,
    /// Clock of its first beat.
    pub first_beat_at: u64,
    /// Clock of its last beat.
    pub last_beat_at: u64,
}

impl Deref for Received {
    type Target = Frame;

    fn deref(&self) -> &Frame {
        &self.frame
    }
}

impl PartialEq<Frame> for Received {
    fn eq(&self, other: &Frame) -> bool {
        self.frame == *other
    }
}
