//! The one request to the kernel that has no safe form: TUNSETIFF, which names a TAP device.
#![allow(
    unsafe_code,
    reason = "ioctl takes a pointer whose meaning only the request number says"
)]

use std::os::fd::BorrowedFd;

use rustix::io::Errno;
use rustix::ioctl::{ioctl, opcode, Setter};

/// `TUNSETIFF`. The kernel's header says that it takes an int; it takes an `ifreq`.
const TUNSETIFF: rustix::ioctl::Opcode = opcode::write::<i32>(b'T', 202);
/// Frames of Ethernet.
const IFF_TAP: i16 = 0x0002;
/// Nothing in front of them.
const IFF_NO_PI: i16 = 0x1000;
/// Bytes of an interface's name, the zero behind it included.
pub const NAME_BYTES: usize = 16;

/// `struct ifreq` with flags in its union (netdevice(7)).
#[repr(C)]
struct Request {
    name: [u8; NAME_BYTES],
    flags: i16,
    rest: [u8; 22],
}

/// Ties an open `/dev/net/tun` to the TAP device of that name, which is made where it is not there.
pub fn set_interface(file: BorrowedFd<'_>, interface: &str) -> Result<(), Errno> {
    if interface.len() >= NAME_BYTES {
        return Err(Errno::NAMETOOLONG);
    }
    let mut name = [0; NAME_BYTES];
    name[..interface.len()].copy_from_slice(interface.as_bytes());
    let request = Request {
        name,
        flags: IFF_TAP | IFF_NO_PI,
        rest: [0; 22],
    };
    // SAFETY: TUNSETIFF reads a `struct ifreq`, 40 bytes on every 64-bit Linux, from the pointer; `Request` is laid out
    // as one and lives until the call is over.
    unsafe { ioctl(file, Setter::<TUNSETIFF, Request>::new(request)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_what_the_kernel_reads() {
        assert_eq!(TUNSETIFF, 0x4004_54ca);
        assert_eq!(size_of::<Request>(), 40);
        assert_eq!(std::mem::offset_of!(Request, flags), NAME_BYTES);
    }

    #[test]
    fn a_name_that_does_not_fit_is_not_cut() {
        let file = std::fs::File::open("/dev/null").unwrap();
        let file = std::os::fd::AsFd::as_fd(&file);
        assert_eq!(
            set_interface(file, "sixteen-letters-"),
            Err(Errno::NAMETOOLONG)
        );
        // Fifteen fit; this file is no device of the kind.
        assert_eq!(set_interface(file, "fifteen-letters"), Err(Errno::NOTTY));
    }
}
