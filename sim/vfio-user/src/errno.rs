//! The error number that an error reply carries.
//!
//! On the wire it is a bare 32-bit number in the header, and zero is allowed ("failed, no reason given"). A device
//! answers a refused access with one; a client finds it again in [`ClientError::Refused`](crate::ClientError).

use std::fmt;

use rustix::io::Errno as Os;

/// Why a request was refused, as a Unix error number. Zero means that the peer gave no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Errno(pub u32);

impl Errno {
    /// The peer failed and did not say why.
    pub const NONE: Self = Self(0);
    /// Input or output failed behind the device.
    pub const IO: Self = Self::from_os(Os::IO);
    /// Memory or a region does not allow this access.
    pub const ACCESS: Self = Self::from_os(Os::ACCESS);
    /// An address that is not mapped.
    pub const FAULT: Self = Self::from_os(Os::FAULT);
    /// Something is there already.
    pub const EXISTS: Self = Self::from_os(Os::EXIST);
    /// A field has a value that makes no sense here.
    pub const INVALID: Self = Self::from_os(Os::INVAL);
    /// A table is full.
    pub const NO_SPACE: Self = Self::from_os(Os::NOSPC);
    /// More data than was agreed.
    pub const TOO_BIG: Self = Self::from_os(Os::TOOBIG);
    /// A message that breaks the protocol.
    pub const PROTOCOL: Self = Self::from_os(Os::PROTO);
    /// A command or an option that nobody built.
    pub const UNSUPPORTED: Self = Self::from_os(Os::OPNOTSUPP);

    const fn from_os(os: Os) -> Self {
        Self(os.raw_os_error() as u32)
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match i32::try_from(self.0) {
            Ok(0) => f.write_str("no reason given"),
            Ok(number) => write!(f, "{}", std::io::Error::from_raw_os_error(number)),
            Err(_) => write!(f, "error number {}", self.0),
        }
    }
}

impl From<std::io::Error> for Errno {
    fn from(error: std::io::Error) -> Self {
        error
            .raw_os_error()
            .and_then(|number| u32::try_from(number).ok())
            .map_or(Self::IO, Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_the_number_means() {
        assert!(
            Errno::INVALID.to_string().starts_with("Invalid argument"),
            "{}",
            Errno::INVALID
        );
        assert_eq!(Errno::NONE.to_string(), "no reason given");
        assert_eq!(Errno(u32::MAX).to_string(), "error number 4294967295");
    }

    #[test]
    fn keeps_the_number_of_a_system_error() {
        assert_eq!(
            Errno::from(std::io::Error::from_raw_os_error(17)),
            Errno::EXISTS
        );
        assert_eq!(Errno::from(std::io::Error::other("no number")), Errno::IO);
    }
}
