//! The vfio-user protocol: a PCI device served over a Unix socket.
//!
//! A [`Server`] gives a model of a card to another process; a [`Client`] is what a driver drives it through. QEMU is a
//! client too, so a guest can have the same model as a PCI device behind an IOMMU.
//!
//! ```text
//!   driver or QEMU                             simulation
//!   ┌────────┐                                  ┌────────┐
//!   │        │ VERSION ─────────────────────▶   │        │
//!   │        │ ◀──────────── version, limits    │        │
//!   │ Client │ REGION_READ, REGION_WRITE ───▶   │ Server │──▶ region_read, region_write ──▶ registers
//!   │        │ DMA_MAP + memory file ───────▶   │        │──▶ dma_map ──▶ Dma ◀── read, write ── the card
//!   │        │ SET_IRQS + eventfds ─────────▶   │        │──▶ set_irqs ─▶ Irqs ◀── trigger ───── the card
//!   └────────┘                                  └────────┘
//!      ▲  ▲                                                               │  │
//!      │  └─ memory file: bytes, no message ──────────────────────────────┘  │
//!      └──── eventfd: an interrupt ──────────────────────────────────────────┘
//! ```
//!
//! Layers, each usable alone: [`codec`] turns bytes into messages, [`socket`] moves whole messages with their file
//! descriptors, [`Client`] and [`Server`] hold a conversation, [`Dma`] and [`Irqs`] keep what a device has been given.
//!
//! Neither side trusts the other. Sizes are checked before memory is taken for them, a peer that stops in the middle
//! of a message hurts nobody but itself, and memory is reached by system calls so that a file made shorter is an
//! error and not a SIGBUS.
//!
//! What is left out: migration, device features, writes as file descriptors (DEVICE_GET_REGION_IO_FDS), the second
//! socket for requests of the server, and DMA by message on the server's side: memory that was mapped without a file is
//! refused to the device. (For those messages QEMU's layout differs from the specification's.)
//!
//! How far it is proved: the tests of this crate hold both sides against each other and each against the `vfio_user`
//! crate, which was written by others, and throw damaged messages at each. None of that is the independent judge:
//! that is QEMU's client, which nothing in this crate runs. It belongs to the tests that boot a guest.

#![forbid(unsafe_code)]

pub mod codec;
pub mod pci;
pub mod socket;

mod client;
mod dma;
mod errno;
mod irqs;
mod server;

pub use client::{Client, ClientError, ClientMemory, ClientRegion};
pub use dma::{Dma, DmaError, MemoryError};
pub use errno::Errno;
pub use irqs::{IrqError, Irqs};
pub use server::{Config, Device, Event, Gone, Region, RegionMapping, Server, ServerError};

#[cfg(test)]
mod tests {
    /// A simulation may own its end in a thread of its own.
    #[test]
    fn everything_can_move_to_another_thread() {
        fn moves<T: Send>() {}
        moves::<super::Client>();
        moves::<super::Server>();
        moves::<super::Dma>();
        moves::<super::Irqs>();
    }
}
