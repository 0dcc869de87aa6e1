//! Image files, before anything touches flash.

use underpass_firmware::image::{split, Digest, HEADER_LEN, MAGIC, VERSION};

/// Bytes of the header that its hash, which ends it, is made of.
const HASHED_LEN: usize = HEADER_LEN - 32;

/// Takes one file, as it is and with magic, version, length and hashes put right.
///
/// # Panics
/// A header that was read is other bytes when it is written.
pub fn run(data: &[u8]) {
    read(data);
    let mut sealed = data.to_vec();
    if let Some((header, payload)) = sealed.split_first_chunk_mut::<HEADER_LEN>() {
        header[..8].copy_from_slice(&MAGIC);
        header[8..10].copy_from_slice(&VERSION.to_le_bytes());
        header[10..12].copy_from_slice(&(HEADER_LEN as u16).to_le_bytes());
        header[24..32].copy_from_slice(&(payload.len() as u64).to_le_bytes());
        header[32..64].copy_from_slice(&Digest::of(payload).0);
        let hash = Digest::of(&header[..HASHED_LEN]).0;
        header[HASHED_LEN..].copy_from_slice(&hash);
        read(&sealed);
    }
}

fn read(bytes: &[u8]) {
    match split(bytes) {
        Ok((header, payload)) => {
            assert_eq!(header.to_bytes().as_slice(), &bytes[..HEADER_LEN]);
            assert_eq!(payload, &bytes[HEADER_LEN..]);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
