//! Packets that the slow path is asked about, and how many of them an interface may send.
//!
//! ```text
//!   VM ─ ARP request for an address behind the default route ─▶ punt, or drop where [punted] has reached [punt_quota]
//! ```

use super::network::*;
use super::{frames, Row, SEED};
use crate::packets::Packet;
use crate::rtl::Rtl;
use crate::tables::Rows;
use underpass_layout::profile::Profile;
use underpass_layout::tables::{PuntQuotaEntry, PuntedEntry, PUNT_REASONS};
use underpass_layout::{PuntReason, Record};

/// Requests that differ: one for each address behind the default route.
pub const QUESTIONS: u32 = 1 << 16;

/// An ARP request that only the slow path can answer.
pub fn question(vm: u16, number: u32, bytes: usize) -> Packet {
    let target = (UDP_NET & !(QUESTIONS - 1)) | (number % QUESTIONS);
    Packet {
        bytes: frames::arp(vm, target, bytes),
        port: vm_port(vm),
    }
}

/// The number of such a request, as the slow path gets it.
pub fn number(frame: &[u8]) -> Option<u32> {
    let target = frame.get(38..42)?.try_into().ok()?;
    Some(u32::from_be_bytes(target) % QUESTIONS)
}

/// The interface of a VM.
pub fn vif(vm: u16) -> u16 {
    vm_vif(vm)
}

/// The rows that let every interface hand over so many packets in a window for each of these reasons.
pub fn limits(profile: &'static Profile, reasons: &[PuntReason], quota: u16) -> Vec<Row> {
    let mut rows = Rows::new(profile, SEED);
    for reason in reasons {
        rows.direct(reason.code() as usize, &PuntQuotaEntry { quota });
    }
    rows.all().collect()
}

/// What is counted of a VM's packets for this reason.
pub fn punted(rtl: &mut Rtl, vm: u16, reason: PuntReason) -> PuntedEntry {
    let row = usize::from(vm_vif(vm)) * PUNT_REASONS + reason.code() as usize;
    let words = rtl.read_row(underpass_layout::tables::id::PUNTED, row);
    PuntedEntry::unpack(&words).unwrap_or_else(|error| panic!("{error}"))
}
