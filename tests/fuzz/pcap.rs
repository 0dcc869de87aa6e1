//! Captures, as `replay` takes them: pcap and pcapng, of either byte order, whole or refused.

use std::cell::RefCell;
use std::io::{Seek, Write};

use tempfile::NamedTempFile;
use underpass_host_driver::replay::{read_captures, Input, MAX_FRAME_BYTES};

thread_local! {
    /// The capture of the case at hand.
    static FILE: RefCell<NamedTempFile> =
        RefCell::new(NamedTempFile::new().unwrap_or_else(|error| panic!("{error}")));
}

/// Takes one capture.
///
/// # Panics
/// Frames that no port takes, more bytes than the file has, or a disorder in time.
pub fn run(data: &[u8]) {
    let input = FILE.with_borrow_mut(|file| {
        fill(file, data).unwrap_or_else(|error| panic!("{error}"));
        Input {
            port: "vf0".to_owned(),
            path: file.path().to_owned(),
        }
    });
    match read_captures(&[input]) {
        Ok(packets) => {
            let lengths = packets.list.iter().map(|packet| packet.frame.len());
            assert!(lengths
                .clone()
                .all(|length| (1..=MAX_FRAME_BYTES).contains(&length)));
            assert!(lengths.sum::<usize>() <= data.len());
            assert!(packets.list.is_sorted_by_key(|packet| packet.time));
        }
        Err(error) => assert!(!error.kind.to_string().is_empty() && !error.kind.hint().is_empty()),
    }
}

fn fill(file: &mut NamedTempFile, data: &[u8]) -> std::io::Result<()> {
    file.rewind()?;
    file.as_file().set_len(0)?;
    file.write_all(data)
}
