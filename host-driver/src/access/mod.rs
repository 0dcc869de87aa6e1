//! How a card is reached: registers on every card, memory and interrupts where there is a bus, frames on the ports of a
//! simulated one.
//!
//! ```text
//!   CardName "sim:rtl" ──open──▶ Box<dyn Card> ──┬─ CardAccess   read and write a register, reset
//!                                                ├─ DmaAccess    memory that the card may reach, interrupts
//!                                                └─ PortAccess   send and receive a frame, wait until the card is quiet
//! ```
//! Above these two traits nothing knows which card it talks to.

mod bdf;
pub mod dma;
mod error;
mod faulty;
mod interrupt;
mod mappings;
mod model;
mod name;
mod port_window;
pub mod registers;
mod rtl;
mod traced;
mod vfio;
mod vfio_user;

pub use bdf::{BadBdf, Bdf};
pub use error::AccessError;
pub use faulty::{Faults, Faulty};
pub use interrupt::Interrupt;
pub use model::Model;
pub use name::{CardName, UnknownCard};
pub use rtl::Rtl;
pub use traced::Traced;
pub use vfio::KernelVfio;
pub use vfio_user::VfioUser;

use dma::DmaMemory;
use std::sync::Arc;

use underpass_layout::port;
use underpass_layout::profile::Profile;
use underpass_model::Trace;
pub use underpass_verilator::Step;

/// A frame that left a card: the port's number and the bytes, without FCS.
pub type Departure = (u16, Vec<u8>);

/// Registers, as byte offsets of [`underpass_layout::registers`].
pub trait CardAccess {
    /// Reads a register.
    fn read(&mut self, offset: u32) -> Result<u32, AccessError>;
    /// Writes a register. A card may take writes later, but always in order and before the next read.
    fn write(&mut self, offset: u32, value: u32) -> Result<(), AccessError>;

    /// Takes the card back to what it was when power came.
    fn reset(&mut self) -> Result<(), AccessError> {
        Err(AccessError::NoReset)
    }

    /// Memory and interrupts, of a card that is on a bus which has them.
    fn dma(&mut self) -> Option<&mut dyn DmaAccess> {
        None
    }
}

/// What a card can do by itself: reach memory, and call.
pub trait DmaAccess {
    /// Lets the card reach memory, at that address of its own. The memory lives until the card can no longer reach it.
    fn map(&mut self, memory: Arc<DmaMemory>, address: u64) -> Result<(), AccessError>;
    /// Takes the memory at that address away from the card.
    fn unmap(&mut self, address: u64) -> Result<(), AccessError>;
    /// The card's first interrupts, each as something to wait for.
    fn interrupts(&mut self, vectors: usize) -> Result<Vec<Interrupt>, AccessError>;
}

/// The other ends of the ports, which only a simulated card lends to us.
pub trait PortAccess {
    /// Hands a frame, without FCS, to a port. The card may take it later, but in order.
    fn send(&mut self, port: u16, frame: &[u8]) -> Result<(), AccessError>;
    /// The oldest frame that left and was not received yet.
    fn receive(&mut self) -> Result<Option<Departure>, AccessError>;
    /// Runs the card until nothing moves in it any more.
    fn settle(&mut self) -> Result<(), AccessError>;
    /// Clocks since reset, of a card that has a clock.
    fn clocks(&self) -> Option<u64>;
    /// The names of the ports with their numbers.
    fn ports(&self) -> &'static [(&'static str, u16)];
    /// How the packets went that entered since the last call; nothing of a card that is not [`Traced`].
    fn take_walks(&mut self) -> Vec<Trace> {
        Vec::new()
    }
}

/// A card with ports.
pub trait Card: CardAccess + PortAccess {}

impl<T: CardAccess + PortAccess + ?Sized> Card for T {}

impl<T: CardAccess + ?Sized> CardAccess for Box<T> {
    fn read(&mut self, offset: u32) -> Result<u32, AccessError> {
        (**self).read(offset)
    }

    fn write(&mut self, offset: u32, value: u32) -> Result<(), AccessError> {
        (**self).write(offset, value)
    }

    fn reset(&mut self) -> Result<(), AccessError> {
        (**self).reset()
    }

    fn dma(&mut self) -> Option<&mut dyn DmaAccess> {
        (**self).dma()
    }
}

impl<T: PortAccess + ?Sized> PortAccess for Box<T> {
    fn send(&mut self, port: u16, frame: &[u8]) -> Result<(), AccessError> {
        (**self).send(port, frame)
    }

    fn receive(&mut self) -> Result<Option<Departure>, AccessError> {
        (**self).receive()
    }

    fn settle(&mut self) -> Result<(), AccessError> {
        (**self).settle()
    }

    fn clocks(&self) -> Option<u64> {
        (**self).clocks()
    }

    fn ports(&self) -> &'static [(&'static str, u16)] {
        (**self).ports()
    }

    fn take_walks(&mut self) -> Vec<Trace> {
        (**self).take_walks()
    }
}

impl CardName {
    /// The card of that name, as after a reset. A card that is simulated in this process is made as large as `profile`
    /// says; building the RTL may take minutes the first time, and `on_step` is told what it is about.
    pub fn open(
        &self,
        profile: &'static Profile,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<Box<dyn Card>, AccessError> {
        Ok(match self {
            CardName::Model => Box::new(Model::new(profile)),
            CardName::Rtl => Box::new(Rtl::build(profile, on_step)?),
            CardName::VfioUser(path) => Box::new(VfioUser::open(path)?),
            CardName::Vfio(bdf) => Box::new(KernelVfio::open(*bdf)?),
        })
    }

    /// The ports that a network may name on that card, known before it is open: those of a simulated card, wherever that
    /// is simulated. What an open card really lends [`PortAccess::ports`] says.
    pub fn ports(&self) -> &'static [(&'static str, u16)] {
        match self {
            CardName::Model | CardName::Rtl | CardName::VfioUser(_) | CardName::Vfio(_) => {
                port::SIM_PORTS
            }
        }
    }
}
