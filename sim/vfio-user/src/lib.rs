//! The vfio-user protocol: a PCI device served over a Unix socket.
//!
//! A [`Server`] gives a model of a card to another process; a [`Client`] is what a driver drives it through. QEMU is a client
//! too, so a guest can have the same model as a PCI device behind an IOMMU.
//!
//! ```text
//!   driver or QEMU                               simulation
//!   ┌────────┐  VERSION  ───────────────────▶  ┌────────┐
//!   │        │  ◀────────── version, limits     │        │
//!   │        │  REGION_READ, REGION_WRITE ───▶  │        │──▶ region_read, region_write ──▶ registers
//!   │ Client │  DMA_MAP + memory file ───────▶  │ Server │──▶ dma_map ──▶ Dma ◀── read, write ── the card
//!   │        │  SET_IRQS + eventfds ─────────▶  │        │──▶ set_irqs ─▶ Irqs ◀── trigger ──── the card
//!   └────────┘                                  └────────┘
//!       ▲  ▲                                                       │    │
//!       │  └────────── eventfd: an interrupt ◀─────────────────────┘    │
//!       └───────────── memory file: bytes, without any message ◀────────┘
//! ```
//!
//! Layers, each usable alone: [`codec`] turns bytes into messages, [`socket`] moves whole messages with their file
//! descriptors, [`Client`] and [`Server`] hold a conversation, [`Dma`] and [`Irqs`] keep what a device has been given.
//!
//! Neither side trusts the other. Sizes are checked before memory is taken for them, a peer that stops in the middle of a
//! message hurts nobody but itself, and memory is reached by system calls so that a file made shorter is an error and not a
//! SIGBUS.
//!
//! What is left out: migration, device features, writes as file descriptors (DEVICE_GET_REGION_IO_FDS), the second
//! socket for requests of the server, and DMA by message on the server's side: memory that was mapped without a file is
//! refused to the device. QEMU's client does not answer such messages either.
//!
//! How far it is proved: the tests of this crate hold both sides against each other and each against the `vfio_user` crate,
//! which was written by others. That crate is not the judge, though; QEMU's client is, and it is not run from here but
//! by the tests that boot a guest.

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
