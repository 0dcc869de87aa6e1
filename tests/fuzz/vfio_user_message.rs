//! Messages of vfio-user, from a peer that nobody trusts: read or refused, and what was read can be said again.

use underpass_vfio_user::codec::{decode, HEADER_LEN};

/// Takes one message, as it is and with its size put right.
///
/// # Panics
/// What was understood reads otherwise when it is said again.
pub fn run(data: &[u8]) {
    read(data);
    let mut bytes = data.to_vec();
    if bytes.len() >= HEADER_LEN {
        // Past the first check, to where the bodies are read.
        bytes[4..8].copy_from_slice(&(data.len() as u32).to_ne_bytes());
        read(&bytes);
    }
}

fn read(bytes: &[u8]) {
    match decode(bytes) {
        Ok(message) => assert_eq!(decode(&message.encode()), Ok(message), "read again"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
