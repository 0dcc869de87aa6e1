//! What the unit tests share: tables that are easy to fill, and packets written as hex.

use crate::tables::Tables;
use crate::window::Window;
use underpass_layout::meta::Meta;
use underpass_layout::profile::SIM;
use underpass_layout::tables::{VifEntry, VifKind};
use underpass_layout::{words_for, Record, Verdict};

/// Empty tables of the small profile.
pub(crate) fn tables() -> Tables {
    Tables::new(&SIM)
}

/// Writes a row of one entry.
pub(crate) fn put<E: Record>(tables: &mut Tables, table: u32, row: usize, entry: &E) {
    let mut words = vec![0; words_for(E::WIDTH)];
    entry.pack_into(&mut words);
    tables.write_row(table, row, &words).unwrap();
}

/// Bytes from hex digits; all else between them is for the eye.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|c| Some(c.to_digit(16)? as u8))
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// The window over a packet in hex, and the metadata of its arrival.
pub(crate) fn arrived(packet: &str) -> (Window<'static>, Meta) {
    let bytes = hex(packet).leak();
    let mut meta = Meta::default();
    meta.arrival.length = bytes.len() as u16;
    (Window::new(bytes), meta)
}

/// Metadata of a packet that came from an interface of that kind.
pub(crate) fn from_vif(kind: VifKind) -> Meta {
    let mut meta = Meta::default();
    meta.classify.entry = VifEntry {
        valid: true,
        kind,
        ..VifEntry::default()
    };
    meta
}

/// A change of a packet.
pub(crate) type Change = fn(&mut Meta);

/// The verdict as it stands.
pub(crate) fn verdict(meta: &Meta) -> Verdict {
    meta.verdict.into()
}
