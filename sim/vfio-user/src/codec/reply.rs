//! What can be answered when a request was done.

use super::request::message;
use super::wire::{Reader, Writer};
use super::{
    Command, DecodeError, DeviceInfo, DmaData, DmaSpan, DmaUnmap, Header, IrqInfo, Kind,
    RegionData, RegionInfo, RegionSpan, Version, HEADER_LEN,
};
use crate::Errno;

/// A reply, with all that its body says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The version that holds from now on.
    Version(Version),
    /// The memory is mapped.
    DmaMap,
    /// The memory is unmapped: the request, once more.
    DmaUnmap(DmaUnmap),
    /// What this device is.
    DeviceInfo(DeviceInfo),
    /// What this region is.
    RegionInfo(RegionInfo),
    /// File descriptors that stand for writes; kept as bytes, since nobody here asks for them.
    RegionIoFds(Vec<u8>),
    /// What this interrupt type is.
    IrqInfo(IrqInfo),
    /// The interrupts are changed.
    SetIrqs,
    /// What was read.
    RegionRead(RegionData),
    /// How much was written.
    RegionWrite(RegionSpan),
    /// What was read of the client's memory.
    DmaRead(DmaData),
    /// How much was written to it.
    DmaWrite(DmaSpan),
    /// The device is reset.
    DeviceReset,
    /// How many of the writes were done.
    RegionWriteMulti(u64),
}

impl Reply {
    /// The command that this answers.
    pub fn command(&self) -> Command {
        match self {
            Self::Version(_) => Command::Version,
            Self::DmaMap => Command::DmaMap,
            Self::DmaUnmap(_) => Command::DmaUnmap,
            Self::DeviceInfo(_) => Command::DeviceInfo,
            Self::RegionInfo(_) => Command::RegionInfo,
            Self::RegionIoFds(_) => Command::RegionIoFds,
            Self::IrqInfo(_) => Command::IrqInfo,
            Self::SetIrqs => Command::SetIrqs,
            Self::RegionRead(_) => Command::RegionRead,
            Self::RegionWrite(_) => Command::RegionWrite,
            Self::DmaRead(_) => Command::DmaRead,
            Self::DmaWrite(_) => Command::DmaWrite,
            Self::DeviceReset => Command::DeviceReset,
            Self::RegionWriteMulti(_) => Command::RegionWriteMulti,
        }
    }

    /// The bytes of this reply.
    pub fn encode(&self, id: u16) -> Vec<u8> {
        message(id, self.command(), Kind::Reply, self.body())
    }

    fn body(&self) -> Vec<u8> {
        match self {
            Self::Version(version) => version.write(),
            Self::DmaMap | Self::SetIrqs | Self::DeviceReset => Vec::new(),
            Self::DmaUnmap(unmap) => unmap.write(),
            Self::DeviceInfo(info) => info.write(),
            Self::RegionInfo(info) => info.write(),
            Self::RegionIoFds(bytes) => bytes.clone(),
            Self::IrqInfo(info) => info.write(),
            Self::RegionRead(data) => data.write(),
            Self::RegionWrite(span) => span.write(),
            Self::DmaRead(data) => data.write(),
            Self::DmaWrite(span) => span.write(),
            Self::RegionWriteMulti(done) => Writer::default().u64(*done).done(),
        }
    }

    pub(super) fn decode(command: Command, bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut body = Reader::new(command, bytes);
        Ok(match command {
            Command::Version => Self::Version(Version::read(body)?),
            Command::DmaMap => Self::DmaMap,
            Command::DmaUnmap => Self::DmaUnmap(DmaUnmap::read(body)?),
            Command::DeviceInfo => Self::DeviceInfo(DeviceInfo::read(body)?),
            Command::RegionInfo => Self::RegionInfo(RegionInfo::read(body)?),
            Command::RegionIoFds => Self::RegionIoFds(bytes.to_vec()),
            Command::IrqInfo => Self::IrqInfo(IrqInfo::read(body)?),
            Command::SetIrqs => Self::SetIrqs,
            Command::RegionRead => Self::RegionRead(RegionData::read(body)?),
            Command::RegionWrite => Self::RegionWrite(RegionSpan::read(body)?),
            Command::DmaRead => Self::DmaRead(DmaData::read(body)?),
            Command::DmaWrite => Self::DmaWrite(DmaSpan::read_short(body)?),
            Command::DeviceReset => Self::DeviceReset,
            Command::RegionWriteMulti => Self::RegionWriteMulti(body.u64()?),
        })
    }
}

/// The bytes of a refusal. The command is a bare number: an unknown one is refused too.
pub fn encode_error(id: u16, command: u16, errno: Errno) -> [u8; HEADER_LEN] {
    Header {
        id,
        command,
        size: HEADER_LEN as u32,
        kind: Kind::Error(errno),
    }
    .encode()
}
