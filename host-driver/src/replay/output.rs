//! What is left behind: a capture for each port and the summary, all of it or nothing.
//!
//! ```text
//!   .partial-XXXX/{vf0.pcap, .., summary.json} ──rename──▶ DIR
//! ```
//! Everything is written aside first. A directory that a former run left is emptied then and filled anew; one in which
//! something else lies, somebody's own captures too, is refused before anything runs.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use pcap_file::pcap::{PcapHeader, PcapPacket, PcapWriter};
use pcap_file::{DataLink, Endianness, PcapError, TsResolution};
use tempfile::TempDir;
use underpass_layout::port;

use super::input::MAX_FRAME_BYTES;

/// The file with the counters.
const SUMMARY: &str = "summary.json";
/// How the name of a directory starts in which an output is under way.
const PARTIAL: &str = ".partial-";

/// The output cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The directory holds what no replay has written.
    #[error("{}: found {found:?} in it, expected an empty directory or what a former replay left", path.display())]
    Occupied {
        /// The directory.
        path: PathBuf,
        /// What is in it.
        found: String,
    },
    /// There is something of that name that is no directory.
    #[error("{}: found a file, expected a directory", path.display())]
    NoDirectory {
        /// The path.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("{}: the output cannot be written", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A packet cannot be written.
    #[error("{}: the output cannot be written", path.display())]
    Pcap {
        /// Where.
        path: PathBuf,
        /// Why.
        source: PcapError,
    },
}

/// An output under way.
pub struct Output {
    to: PathBuf,
    aside: TempDir,
    captures: BTreeMap<String, PcapWriter<BufWriter<File>>>,
}

/// Refuses a directory that must not be emptied.
pub fn check(to: &Path) -> Result<(), OutputError> {
    let names = former(to)?;
    // A run leaves both: captures without a summary are none of ours, whatever they are called.
    let ours = names.iter().any(|name| name == SUMMARY);
    let foreign = names.into_iter().find(|name| {
        let partial = name.as_encoded_bytes().starts_with(PARTIAL.as_bytes());
        !(partial || ours && (name == SUMMARY || is_capture(name)))
    });
    match foreign {
        Some(name) => Err(OutputError::Occupied {
            path: to.to_owned(),
            found: name.to_string_lossy().into_owned(),
        }),
        None => Ok(()),
    }
}

/// Whether a run may have called a capture so: by its port.
fn is_capture(name: &OsStr) -> bool {
    let name = Path::new(name);
    let port = name.file_stem().and_then(OsStr::to_str);
    name.extension() == Some(OsStr::new("pcap")) && port.and_then(port::number).is_some()
}

/// The names of what is in a directory; none where there is no directory.
fn former(to: &Path) -> Result<Vec<OsString>, OutputError> {
    match fs::read_dir(to) {
        Ok(list) => list
            .map(|entry| Ok(entry.map_err(io_error(to))?.file_name()))
            .collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(OutputError::NoDirectory {
                path: to.to_owned(),
            })
        }
        Err(source) => Err(io_error(to)(source)),
    }
}

impl Output {
    /// Opens an empty capture for each port.
    pub fn create(
        to: &Path,
        ports: impl IntoIterator<Item = String>,
        nanoseconds: bool,
    ) -> Result<Output, OutputError> {
        check(to)?;
        let to = std::path::absolute(to).map_err(io_error(to))?;
        // Beside the directory, or in it, so that moving is renaming.
        let parent = to.parent().unwrap_or(Path::new("/"));
        let place = if to.exists() { &to } else { parent };
        fs::create_dir_all(place).map_err(io_error(place))?;
        let aside = tempfile::Builder::new()
            .prefix(PARTIAL)
            .permissions(directory_permissions())
            .tempdir_in(place)
            .map_err(io_error(place))?;
        let mut captures = BTreeMap::new();
        for port in ports {
            let path = aside.path().join(format!("{port}.pcap"));
            let file = BufWriter::new(File::create(&path).map_err(io_error(&path))?);
            let writer = PcapWriter::with_header(file, header(nanoseconds));
            captures.insert(port, writer.map_err(pcap_error(&path))?);
        }
        Ok(Output {
            to,
            aside,
            captures,
        })
    }

    /// Appends a packet that left a port.
    pub fn write(&mut self, port: &str, time: Duration, frame: &[u8]) -> Result<(), OutputError> {
        let Some(capture) = self.captures.get_mut(port) else {
            return Ok(());
        };
        let packet = PcapPacket::new(time, frame.len() as u32, frame);
        let written = capture.write_packet(&packet);
        let path = self.to.join(format!("{port}.pcap"));
        written.map(|_| ()).map_err(pcap_error(&path))
    }

    /// Adds the summary and puts everything in its place.
    pub fn commit(self, summary: &str) -> Result<(), OutputError> {
        for (port, capture) in self.captures {
            let path = self.to.join(format!("{port}.pcap"));
            capture.into_writer().flush().map_err(io_error(&path))?;
        }
        let path = self.aside.path().join(SUMMARY);
        fs::write(&path, summary).map_err(io_error(&path))?;
        if !self.to.exists() {
            fs::rename(self.aside.path(), &self.to).map_err(io_error(&self.to))?;
            // It has another name now, so there is nothing to remove.
            let _ = self.aside.keep();
            return Ok(());
        }
        let new = former(self.aside.path())?;
        let old = former(&self.to)?.into_iter();
        for stale in old.filter(|name| is_capture(name) && !new.contains(name)) {
            let path = self.to.join(stale);
            fs::remove_file(&path).map_err(io_error(&path))?;
        }
        for name in new {
            let path = self.to.join(&name);
            fs::rename(self.aside.path().join(name), &path).map_err(io_error(&path))?;
        }
        Ok(())
    }
}

fn header(nanoseconds: bool) -> PcapHeader {
    PcapHeader {
        version_major: 2,
        version_minor: 4,
        ts_correction: 0,
        ts_accuracy: 0,
        // A tunnel adds at most 74 bytes to a frame that came.
        snaplen: (MAX_FRAME_BYTES as u32).next_power_of_two(),
        datalink: DataLink::ETHERNET,
        ts_resolution: match nanoseconds {
            true => TsResolution::NanoSecond,
            false => TsResolution::MicroSecond,
        },
        endianness: Endianness::Little,
    }
}

/// What `mkdir` would give, where temporary directories are for their owner alone.
fn directory_permissions() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o777)
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> OutputError + '_ {
    |source| OutputError::Io {
        path: path.to_owned(),
        source,
    }
}

fn pcap_error(path: &Path) -> impl Fn(PcapError) -> OutputError + '_ {
    |source| OutputError::Pcap {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn ports() -> Vec<String> {
        vec!["vf0".to_owned(), "wire0".to_owned()]
    }

    #[test]
    fn nothing_is_there_until_all_is() {
        let around = tempfile::tempdir().unwrap();
        let to = around.path().join("a/out");
        let mut output = Output::create(&to, ports(), false).unwrap();
        output
            .write("vf0", Duration::from_secs(1), &[0; 60])
            .unwrap();
        assert!(!to.exists());
        output.commit("{}").unwrap();
        let mut names: Vec<_> = fs::read_dir(&to)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["summary.json", "vf0.pcap", "wire0.pcap"]);
        assert_eq!(
            fs::metadata(to.join("vf0.pcap")).unwrap().len(),
            24 + 16 + 60
        );
        assert_eq!(fs::metadata(to.join("wire0.pcap")).unwrap().len(), 24);
        assert_eq!(fs::read_dir(around.path().join("a")).unwrap().count(), 1);
        assert_eq!(
            fs::metadata(&to).unwrap().permissions().mode() & 0o700,
            0o700
        );
    }

    #[test]
    fn a_former_run_is_replaced_and_nothing_else() {
        let around = tempfile::tempdir().unwrap();
        let to = around.path().join("out");
        Output::create(&to, ports(), false)
            .unwrap()
            .commit("{}")
            .unwrap();
        Output::create(&to, vec!["vf1".to_owned()], false)
            .unwrap()
            .commit("{}")
            .unwrap();
        assert_eq!(former(&to).unwrap().len(), 2);
        assert!(to.join("vf1.pcap").exists());
        fs::write(to.join("thesis.tex"), "").unwrap();
        let error = check(&to).unwrap_err();
        assert!(
            error.to_string().contains("found \"thesis.tex\" in it"),
            "{error}"
        );
    }

    #[test]
    fn somebodys_own_captures_are_not_taken_for_a_former_run() {
        let around = tempfile::tempdir().unwrap();
        let to = around.path();
        for (own, beside) in [("vf0.pcap", None), ("monday.pcap", Some(SUMMARY))] {
            fs::write(to.join(own), "").unwrap();
            if let Some(name) = beside {
                fs::write(to.join(name), "{}").unwrap();
            }
            let error = check(to).unwrap_err().to_string();
            assert!(error.contains(&format!("found {own:?} in it")), "{error}");
            fs::remove_file(to.join(own)).unwrap();
        }
        check(to).unwrap();
    }

    #[test]
    fn an_output_that_is_given_up_leaves_nothing() {
        let around = tempfile::tempdir().unwrap();
        drop(Output::create(&around.path().join("out"), ports(), true).unwrap());
        assert_eq!(fs::read_dir(around.path()).unwrap().count(), 0);
    }
}
