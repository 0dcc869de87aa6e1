//! What enters: packets of captures, in the order of their time stamps.
//!
//! ```text
//!   vf0=a.pcap ──┐
//!   wire0=b.pcap ├─▶ every packet with its port ──stable sort by time──▶ Vec<Packet>
//!   ...        ──┘
//! ```
//! A capture is taken whole or not at all: one that ends within a packet, one whose packets were cut short, and one of
//! another link type are refused before anything runs. Of packets with the same time stamp the file named first on the
//! command line comes first, and within a file the order of the file holds.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use pcap_file::pcap::PcapReader;
use pcap_file::{DataLink, PcapError, TsResolution};

use super::pcapng;

/// Longest frame that is replayed: a jumbo frame with a VLAN tag and room to spare.
pub const MAX_FRAME_BYTES: usize = 9600;

/// `PORT=FILE`, as `--in` takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The port's name.
    pub port: String,
    /// The capture.
    pub path: PathBuf,
}

/// The text is not of the form `PORT=FILE`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("found `{found}`, expected PORT=FILE such as vf0=in.pcap")]
pub struct InvalidInput {
    /// What was read.
    pub found: String,
}

impl FromStr for Input {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        match text.split_once('=') {
            Some((port, path)) if !port.is_empty() && !path.is_empty() => Ok(Input {
                port: port.to_owned(),
                path: path.into(),
            }),
            _ => Err(InvalidInput {
                found: text.to_owned(),
            }),
        }
    }
}

/// A packet of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Since the epoch.
    pub time: Duration,
    /// The place of its capture among the inputs.
    pub input: usize,
    /// Its bytes, without FCS.
    pub frame: Vec<u8>,
}

/// The packets of all captures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packets {
    /// In the order in which they enter.
    pub list: Vec<Packet>,
    /// Some capture counts time in nanoseconds.
    pub nanoseconds: bool,
}

/// A capture that cannot be replayed.
#[derive(Debug, thiserror::Error)]
#[error("{}: {kind}", path.display())]
pub struct InputError {
    /// The capture.
    pub path: PathBuf,
    /// What is wrong with it.
    pub kind: InputErrorKind,
}

/// What is wrong with a capture.
#[derive(Debug, thiserror::Error)]
pub enum InputErrorKind {
    /// The file cannot be read.
    #[error("the capture cannot be read: {0}")]
    Io(std::io::Error),
    /// It is neither pcap nor pcapng.
    #[error("found no packet capture, expected pcap or pcapng")]
    NoCapture,
    /// It ends before it should, or contradicts itself.
    #[error("the capture is truncated or damaged behind {whole} whole packets")]
    Damaged {
        /// Whole packets before that place.
        whole: usize,
    },
    /// Its packets do not start with Ethernet.
    #[error("found packets of link type {found:?}, expected ETHERNET")]
    LinkType {
        /// What they start with.
        found: DataLink,
    },
    /// Only the first bytes of a packet were captured.
    #[error("found {found} bytes of packet {packet}, expected all {expected} of them")]
    Cut {
        /// The packet's number, from 1.
        packet: usize,
        /// Bytes in the file.
        found: usize,
        /// Bytes on the wire.
        expected: usize,
    },
    /// A packet that no port takes.
    #[error("found packet {packet} of {found} bytes, expected 1 to {MAX_FRAME_BYTES}")]
    Length {
        /// The packet's number, from 1.
        packet: usize,
        /// Its bytes.
        found: usize,
    },
}

impl InputErrorKind {
    /// What may help.
    pub fn hint(&self) -> &'static str {
        match self {
            InputErrorKind::Io(_) => "name a file that can be read: --in PORT=FILE.pcap",
            InputErrorKind::NoCapture => "make a capture with `tcpdump -w FILE.pcap -s 0`",
            InputErrorKind::Damaged { .. } => {
                "keep the whole packets with `editcap BROKEN.pcap WHOLE.pcap`"
            }
            InputErrorKind::LinkType { .. } => {
                "capture on an Ethernet interface, not on `any`: `tcpdump -i eth0 -w FILE.pcap -s 0`"
            }
            InputErrorKind::Cut { .. } => {
                "capture whole packets with `tcpdump -s 0 -w FILE.pcap`"
            }
            InputErrorKind::Length { .. } => {
                "leave such packets out with `editcap FILE.pcap LESS.pcap NUMBER`"
            }
        }
    }
}

/// Reads every capture.
pub fn read(inputs: &[Input]) -> Result<Packets, InputError> {
    let mut packets = Packets::default();
    for (input, Input { path, .. }) in inputs.iter().enumerate() {
        read_one(input, path, &mut packets).map_err(|kind| InputError {
            path: path.clone(),
            kind,
        })?;
    }
    packets.list.sort_by_key(|packet| packet.time);
    Ok(packets)
}

fn read_one(input: usize, path: &Path, packets: &mut Packets) -> Result<(), InputErrorKind> {
    let mut file = File::open(path).map_err(InputErrorKind::Io)?;
    let mut magic = [0; 4];
    let length = read_some(&mut file, &mut magic).map_err(InputErrorKind::Io)?;
    file.seek(SeekFrom::Start(0)).map_err(InputErrorKind::Io)?;
    let mut records = Records {
        input,
        packets,
        whole: 0,
    };
    if magic[..length] == pcapng::MAGIC {
        pcapng::read(BufReader::new(file), &mut records)
    } else {
        classic(BufReader::new(file), &mut records)
    }
}

/// Fills `buffer` as far as the file goes.
fn read_some(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..])? {
            0 => break,
            more => length += more,
        }
    }
    Ok(length)
}

fn classic(file: impl Read, records: &mut Records<'_>) -> Result<(), InputErrorKind> {
    let mut reader = PcapReader::new(file).map_err(|error| match error {
        PcapError::IoError(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            InputErrorKind::Io(error)
        }
        _ => InputErrorKind::NoCapture,
    })?;
    let header = reader.header();
    check_link(header.datalink)?;
    let nanoseconds = header.ts_resolution == TsResolution::NanoSecond;
    records.packets.nanoseconds |= nanoseconds;
    // The raw form: what the library itself checks stops at files that everybody else reads.
    while let Some(packet) = reader.next_raw_packet() {
        let packet = packet.map_err(|error| records.damaged(error))?;
        let unit = if nanoseconds { 1 } else { 1000 };
        let time = Duration::from_secs(packet.ts_sec.into())
            + Duration::from_nanos(u64::from(packet.ts_frac) * unit);
        records.add(time, &packet.data, packet.orig_len as usize)?;
    }
    Ok(())
}

/// Only Ethernet is replayed.
pub(super) fn check_link(found: DataLink) -> Result<(), InputErrorKind> {
    match found {
        DataLink::ETHERNET => Ok(()),
        found => Err(InputErrorKind::LinkType { found }),
    }
}

/// The packets of one capture as they are read.
pub(super) struct Records<'a> {
    input: usize,
    pub(super) packets: &'a mut Packets,
    whole: usize,
}

impl Records<'_> {
    pub(super) fn add(
        &mut self,
        time: Duration,
        frame: &[u8],
        on_wire: usize,
    ) -> Result<(), InputErrorKind> {
        let (packet, found) = (self.whole + 1, frame.len());
        if found < on_wire {
            return Err(InputErrorKind::Cut {
                packet,
                found,
                expected: on_wire,
            });
        }
        if !(1..=MAX_FRAME_BYTES).contains(&found) {
            return Err(InputErrorKind::Length { packet, found });
        }
        self.packets.list.push(Packet {
            time,
            input: self.input,
            frame: frame.to_vec(),
        });
        self.whole += 1;
        Ok(())
    }

    pub(super) fn damaged(&self, error: PcapError) -> InputErrorKind {
        match error {
            PcapError::IoError(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                InputErrorKind::Io(error)
            }
            _ => InputErrorKind::Damaged { whole: self.whole },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const HEADER: [u8; 24] = [
        0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0,
    ];

    /// A record of `frame` bytes out of `on_wire`, at a second.
    fn record(second: u8, frame: usize, on_wire: u8) -> Vec<u8> {
        let mut record = vec![
            second,
            0,
            0,
            0,
            7,
            0,
            0,
            0,
            frame as u8,
            0,
            0,
            0,
            on_wire,
            0,
            0,
            0,
        ];
        record.extend(vec![second; frame]);
        record
    }

    fn file(parts: &[&[u8]]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        parts.iter().for_each(|part| file.write_all(part).unwrap());
        file
    }

    fn input(file: &tempfile::NamedTempFile) -> Input {
        Input {
            port: "vf0".to_owned(),
            path: file.path().to_owned(),
        }
    }

    fn refusal(parts: &[&[u8]]) -> String {
        let file = file(parts);
        read(&[input(&file)]).unwrap_err().kind.to_string()
    }

    #[test]
    fn packets_enter_by_time_over_all_inputs() {
        let one = file(&[&HEADER, &record(3, 20, 20), &record(1, 20, 20)]);
        let other = file(&[&HEADER, &record(1, 30, 30), &record(2, 30, 30)]);
        let packets = read(&[input(&one), input(&other)]).unwrap();
        let order: Vec<_> = packets
            .list
            .iter()
            .map(|p| (p.time.as_secs(), p.input))
            .collect();
        assert_eq!(order, [(1, 0), (1, 1), (2, 1), (3, 0)]);
        assert_eq!(packets.list[0].time.subsec_nanos(), 7000);
        assert!(!packets.nanoseconds);
    }

    #[test]
    fn a_file_that_ends_within_a_packet_is_refused() {
        let whole = record(1, 20, 20);
        assert_eq!(
            refusal(&[&HEADER, &whole, &whole[..30]]),
            "the capture is truncated or damaged behind 1 whole packets"
        );
        assert_eq!(
            refusal(&[&HEADER, &whole, &whole[..7]]),
            "the capture is truncated or damaged behind 1 whole packets"
        );
    }

    #[test]
    fn packets_that_were_cut_are_refused() {
        assert_eq!(
            refusal(&[&HEADER, &record(1, 20, 90)]),
            "found 20 bytes of packet 1, expected all 90 of them"
        );
    }

    #[test]
    fn only_ethernet_is_replayed() {
        let mut header = HEADER;
        header[20] = 113;
        assert_eq!(
            refusal(&[&header]),
            "found packets of link type LINUX_SLL, expected ETHERNET"
        );
    }

    #[test]
    fn what_is_no_capture_is_refused() {
        for bytes in [&b""[..], b"abc", b"hello, this is no capture at all"] {
            assert_eq!(
                refusal(&[bytes]),
                "found no packet capture, expected pcap or pcapng"
            );
        }
    }

    #[test]
    fn a_capture_without_packets_is_a_capture() {
        assert_eq!(read(&[input(&file(&[&HEADER]))]).unwrap().list, []);
    }

    #[test]
    fn inputs_are_a_port_and_a_file() {
        let input: Input = "vf0=a=b.pcap".parse().unwrap();
        assert_eq!(
            (input.port.as_str(), input.path.to_str()),
            ("vf0", Some("a=b.pcap"))
        );
        for text in ["vf0", "=a.pcap", "vf0="] {
            assert!(text.parse::<Input>().is_err(), "{text}");
        }
    }
}
