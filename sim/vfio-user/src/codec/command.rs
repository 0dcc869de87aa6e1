//! The commands of the protocol and their numbers.

use std::fmt;

macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// A command of the protocol. The number is the one on the wire.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Command { $($(#[$doc])* $name = $number,)* }

        impl Command {
            /// Every command that this crate knows, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

commands! {
    /// Client and server agree on version and limits; always the first message.
    Version = 1,
    /// Client: this memory may be reached by the device.
    DmaMap = 2,
    /// Client: it may no longer.
    DmaUnmap = 3,
    /// What kind of device, how many regions and interrupt types.
    DeviceInfo = 4,
    /// Size and rights of one region, and how to map it.
    RegionInfo = 5,
    /// File descriptors that stand for writes to a region; this server has none and refuses.
    RegionIoFds = 6,
    /// How many interrupts of one type.
    IrqInfo = 7,
    /// Connect, disconnect, mask or trigger interrupts.
    SetIrqs = 8,
    /// Client reads from a region of the device.
    RegionRead = 9,
    /// Client writes to a region of the device.
    RegionWrite = 10,
    /// Server reads memory of the client.
    DmaRead = 11,
    /// Server writes memory of the client.
    DmaWrite = 12,
    /// Client resets the device.
    DeviceReset = 13,
    /// Several short writes in one message.
    RegionWriteMulti = 15,
}

impl Command {
    /// The number on the wire.
    pub fn number(self) -> u16 {
        self as u16
    }

    /// The command with this number, if it is one that this crate knows.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|command| command.number() == number)
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?} ({})", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_leads_back_to_its_command() {
        for number in 0..=u16::MAX {
            if let Some(command) = Command::from_number(number) {
                assert_eq!(command.number(), number);
            }
        }
        let known = (0..=u16::MAX).filter(|&number| Command::from_number(number).is_some());
        assert_eq!(
            known.collect::<Vec<_>>(),
            (1..=13).chain([15]).collect::<Vec<_>>()
        );
    }
}
