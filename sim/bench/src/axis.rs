//! The shape of an AXI4-Stream: names, width, and what its `tuser` says.
//!
//! By default that of the core: 512 bits, `tuser` = `{length[31:16], port[15:0]}` from the first beat on.

use crate::dut::Dut;

/// A stream's name and shape. A bare name is the core's shape: `AxisSource::new(&tb, "s_axis", ..)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    pub(crate) prefix: String,
    pub(crate) bytes: usize,
    pub(crate) has_user: bool,
}

impl Axis {
    /// The stream whose signals are `prefix_tdata` and so on.
    pub fn new(prefix: impl Into<String>) -> Axis {
        Axis {
            prefix: prefix.into(),
            bytes: 64,
            has_user: true,
        }
    }

    /// With `tdata` of so many bits.
    ///
    /// # Panics
    /// Unless it is a whole number of 32-bit words, at most 512 bits.
    pub fn bits(mut self, bits: usize) -> Axis {
        assert!(
            bits > 0 && bits.is_multiple_of(32) && bits <= 512,
            "a stream of {bits} bits; expected 32, 64, .. 512"
        );
        self.bytes = bits / 8;
        self
    }

    /// Without `tuser`: packets have no port, and only `tlast` tells their length.
    pub fn without_user(mut self) -> Axis {
        self.has_user = false;
        self
    }

    pub(crate) fn ports<D: Dut>(&self, dut: &D) -> Result<AxisPorts<D::Port>, D::Error> {
        let port = |signal: &str| dut.port(&format!("{}_{signal}", self.prefix));
        Ok(AxisPorts {
            data: port("tdata")?,
            keep: port("tkeep")?,
            valid: port("tvalid")?,
            ready: port("tready")?,
            last: port("tlast")?,
            user: if self.has_user {
                Some(port("tuser")?)
            } else {
                None
            },
        })
    }
}

impl From<&str> for Axis {
    fn from(prefix: &str) -> Axis {
        Axis::new(prefix)
    }
}

/// The handles of a stream's signals.
#[derive(Clone, Copy)]
pub(crate) struct AxisPorts<P> {
    pub(crate) data: P,
    pub(crate) keep: P,
    pub(crate) valid: P,
    pub(crate) ready: P,
    pub(crate) last: P,
    pub(crate) user: Option<P>,
}

/// `tkeep` of a beat with so many bytes.
pub(crate) fn keep_of(bytes: usize) -> u64 {
    match bytes {
        0 => 0,
        n => u64::MAX >> (64 - n),
    }
}
