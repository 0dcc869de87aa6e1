//! One TAP device: an Ethernet port of the kernel whose other end is a file (Linux, Documentation/networking/tuntap.rst).
//!
//! ```text
//!   kernel, network namespace                        here
//!   IP ─▶ interface IF ─▶ queue of the device ─▶ read: one frame        without FCS, without a header of its own
//!   IP ◀─ interface IF ◀──────────────────────── write: one frame
//! ```
//! The file does not block. A device that was not there is made, and goes with the file; one that somebody made before
//! stays. It may be moved to another network namespace meanwhile: the file keeps it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{open, Mode, OFlags};
use rustix::io::{read, write, Errno};

/// Where the kernel gives out TAP devices.
const DEVICE: &str = "/dev/net/tun";

/// A TAP device cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TapError {
    /// The kernel has none, or does not let us at them.
    #[error("{DEVICE} cannot be opened")]
    Device(#[source] io::Error),
    /// The process may not make one, or it belongs to somebody else.
    #[error("TAP device `{interface}` is not for this user")]
    Forbidden {
        /// Its name.
        interface: String,
    },
    /// Somebody else has it open.
    #[error("TAP device `{interface}` is in use by another program")]
    Busy {
        /// Its name.
        interface: String,
    },
    /// An interface of that name is something else.
    #[error("interface `{interface}` is there and is no TAP device, or one with other flags")]
    NoTap {
        /// Its name.
        interface: String,
    },
    /// The kernel says something else.
    #[error("TAP device `{interface}` cannot be attached")]
    Attach {
        /// Its name.
        interface: String,
        /// What the kernel says.
        source: io::Error,
    },
}

impl TapError {
    /// What may help.
    pub fn hint(&self) -> Option<String> {
        match self {
            TapError::Device(_) => Some(format!(
                "it takes a kernel with TUN/TAP and the right to use {DEVICE}: load the module `tun`, or run as root"
            )),
            TapError::Forbidden { interface } => Some(format!(
                "run as root, or have root make it for you: ip tuntap add dev {interface} mode tap user $USER"
            )),
            TapError::Busy { .. } | TapError::NoTap { .. } => {
                Some("name another interface; `ip -d link` shows what there is".to_owned())
            }
            TapError::Attach { .. } => None,
        }
    }
}

/// A TAP device that is ours.
#[derive(Debug)]
pub struct Tap {
    file: OwnedFd,
    interface: String,
}

impl Tap {
    /// Makes the device, or takes the one of that name.
    pub fn attach(interface: &str) -> Result<Tap, TapError> {
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file =
            open(DEVICE, flags, Mode::empty()).map_err(|error| TapError::Device(error.into()))?;
        let interface = interface.to_owned();
        match super::ioctl::set_interface(file.as_fd(), &interface) {
            Ok(()) => Ok(Tap { file, interface }),
            Err(Errno::PERM | Errno::ACCESS) => Err(TapError::Forbidden { interface }),
            Err(Errno::BUSY) => Err(TapError::Busy { interface }),
            Err(Errno::INVAL) => Err(TapError::NoTap { interface }),
            Err(error) => Err(TapError::Attach {
                interface,
                source: error.into(),
            }),
        }
    }

    /// The interface's name when it was attached.
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// Takes the next frame of the kernel's; `None` where none waits. What is longer than `to` is cut.
    pub fn receive(&self, to: &mut [u8]) -> io::Result<Option<usize>> {
        match read(&self.file, to) {
            Ok(length) => Ok(Some(length)),
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives the kernel a frame. False where it does not take it: the interface is down, or has no room.
    pub fn send(&self, frame: &[u8]) -> io::Result<bool> {
        match write(&self.file, frame) {
            Ok(_) => Ok(true),
            Err(Errno::IO | Errno::AGAIN | Errno::INTR | Errno::NOBUFS | Errno::INVAL) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Tap {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

#[cfg(test)]
impl Tap {
    /// One end of a pair of sockets that keep frames apart as a device does.
    pub(crate) fn over(file: OwnedFd) -> Tap {
        Tap {
            file,
            interface: "test".to_owned(),
        }
    }
}
