//! What can go wrong between the driver and a card.

use super::bdf::Bdf;
use std::io;
use underpass_vfio_user::codec::Command;
use underpass_vfio_user::ClientError;

/// An access failed.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The card answered with an error.
    #[error("the card refused the access to register {offset:#06x}")]
    Refused {
        /// The register.
        offset: u32,
    },
    /// A frame was sent before the card takes any.
    #[error("the card takes no packets yet, expected it to be enabled first")]
    NotEnabled,
    /// The simulated card does not come to an end.
    #[error("the simulated card was not done after {clocks} clocks")]
    Stuck {
        /// How long it was given.
        clocks: u64,
    },
    /// The card behind a socket, or the way to it.
    #[error("vfio-user failed")]
    VfioUser(#[source] Box<ClientError>),
    /// The kernel does not hand the card over.
    #[error("the card at {bdf} cannot be had from the kernel")]
    Vfio {
        /// The card.
        bdf: Bdf,
        /// What the kernel says.
        source: Box<vfio_ioctls::VfioError>,
    },
    /// The card's configuration space cannot be reached.
    #[error("the configuration space of {bdf} cannot be reached")]
    Config {
        /// The card.
        bdf: Bdf,
        /// What the kernel says.
        source: io::Error,
    },
    /// The card's registers cannot be mapped.
    #[error("a BAR of {bdf} cannot be mapped")]
    Bar {
        /// The card.
        bdf: Bdf,
        /// What the kernel says.
        source: io::Error,
    },
    /// Another device is there.
    #[error(
        "found device {:04x}:{:04x} at {place}, expected {:04x}:{:04x}: this is no Underpass card",
        found.0, found.1, expected.0, expected.1
    )]
    OtherDevice {
        /// Where.
        place: String,
        /// Its vendor and device.
        found: (u16, u16),
        /// Ours.
        expected: (u16, u16),
    },
    /// The card lends no ports.
    #[error("the card lends no ports, expected a simulated card")]
    NoPorts,
    /// The card takes no such frame.
    #[error("the card refused a frame of {bytes} bytes on port {port:#x}")]
    FrameRefused {
        /// The port.
        port: u16,
        /// Bytes of the frame.
        bytes: usize,
    },
    /// The simulated card does not come to rest.
    #[error("the simulated card was not quiet after {seconds} seconds")]
    Restless {
        /// How long it was given.
        seconds: u64,
    },
    /// This card cannot be reset by itself.
    #[error("the card cannot be reset this way")]
    NoReset,
    /// This card reaches no memory.
    #[error("the card reaches no host memory")]
    NoDma,
    /// There is no eventfd to be had.
    #[error("the operating system gives no eventfd")]
    Interrupt(#[source] io::Error),
    /// A fault that was asked for.
    #[error("the access to {offset:#06x} failed, as it was asked to")]
    Injected {
        /// The register.
        offset: u32,
    },
    /// There is no Verilog to simulate.
    #[error(transparent)]
    Emit(underpass_hdl::shells::EmitError),
    /// The Verilog cannot be simulated, or its simulation stopped.
    #[error(transparent)]
    Verilator(#[from] underpass_verilator::Error),
    /// The RTL broke the rules of a bus.
    #[error("the card broke a rule of its bus")]
    Violation(#[from] underpass_bench::Violation),
}

impl AccessError {
    /// What may help.
    pub fn hint(&self) -> Option<String> {
        match self {
            AccessError::Verilator(error) => error
                .hint()
                .map(|hint| format!("{hint}; or use the model: --card sim:model")),
            AccessError::VfioUser(error) if is_elsewhere(error) => Some(
                "the card may have another host: it takes one at a time, the next when that one goes"
                    .to_owned(),
            ),
            AccessError::VfioUser(_) => {
                Some("a simulated card is served by `underpass sim --socket PATH`".to_owned())
            }
            AccessError::Vfio { bdf, .. } => Some(format!(
                "bind the card to vfio-pci: `echo vfio-pci > /sys/bus/pci/devices/{bdf}/driver_override`, \
                 then `echo {bdf} > /sys/bus/pci/drivers_probe`"
            )),
            _ => None,
        }
    }
}

/// Somebody listens, but does not even say which version it speaks.
fn is_elsewhere(error: &ClientError) -> bool {
    matches!(
        error,
        ClientError::TimedOut {
            command: Command::Version,
            ..
        }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_card_that_does_not_even_say_its_version_may_have_another_host() {
        let timed_out = |command| {
            let timeout = Duration::from_secs(30);
            let error = ClientError::TimedOut { command, timeout };
            AccessError::from(error).hint().unwrap()
        };
        assert!(timed_out(Command::Version).contains("one at a time"));
        assert!(timed_out(Command::RegionRead).contains("underpass sim"));
    }
}
