//! The host's side of the card: how it is reached, what is written into it, and what it hands back to be thought over.
//!
//! ```text
//!   ctl (underpass)     replay, daemon             commands and what they print
//!        │                │
//!        ▼                ▼
//!   Driver ◀────── SlowPath                        identity, tables, counters, punt and inject │ ARP, flows, next hops
//!        │
//!        ▼
//!   CardAccess, DmaAccess, PortAccess              registers; memory, interrupts; frames on ports of a simulated card
//!        ├── sim:model       underpass-model
//!        ├── sim:rtl         underpass-hdl under Verilator
//!        ├── vfio-user:PATH  a card behind a socket
//!        └── vfio:BDF        a card in this machine
//! ```
#![deny(unsafe_code)]

pub mod access;
pub mod agent_face;
pub mod classic;
pub mod conform;
pub mod daemon;
pub mod describe;
pub mod driver;
pub mod flow_state;
pub mod network_file;
pub mod print;
pub mod replay;
pub mod session;
pub mod show;
pub mod slow_path;
pub mod summary;
pub mod tables;
