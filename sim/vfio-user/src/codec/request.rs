//! What can be asked, by the client or by the server.

use super::wire::{Reader, Writer};
use super::{
    Command, DecodeError, DeviceInfo, DmaData, DmaMap, DmaSpan, DmaUnmap, Header, IrqInfo, Kind,
    RegionData, RegionInfo, RegionSpan, SetIrqs, Version, HEADER_LEN,
};

/// A request, with all that its body says. File descriptors travel beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Propose a version.
    Version(Version),
    /// Let the device reach memory.
    DmaMap(DmaMap),
    /// Take memory away.
    DmaUnmap(DmaUnmap),
    /// What is this device?
    DeviceInfo,
    /// What is this region?
    RegionInfo {
        /// Which region.
        index: u32,
        /// Bytes of reply that the asker can take.
        argsz: u32,
    },
    /// Which writes to this region can be file descriptors?
    RegionIoFds {
        /// Which region.
        index: u32,
    },
    /// What is this interrupt type?
    IrqInfo {
        /// Which type.
        index: u32,
    },
    /// Change interrupts.
    SetIrqs(SetIrqs),
    /// Read from a region.
    RegionRead(RegionSpan),
    /// Write to a region.
    RegionWrite(RegionData),
    /// Server: read the client's memory.
    DmaRead(DmaSpan),
    /// Server: write the client's memory.
    DmaWrite(DmaData),
    /// Reset the device.
    DeviceReset,
    /// Several writes of at most 8 bytes each, done in order.
    RegionWriteMulti(Vec<RegionData>),
}

impl Request {
    /// The command that asks this.
    pub fn command(&self) -> Command {
        match self {
            Self::Version(_) => Command::Version,
            Self::DmaMap(_) => Command::DmaMap,
            Self::DmaUnmap(_) => Command::DmaUnmap,
            Self::DeviceInfo => Command::DeviceInfo,
            Self::RegionInfo { .. } => Command::RegionInfo,
            Self::RegionIoFds { .. } => Command::RegionIoFds,
            Self::IrqInfo { .. } => Command::IrqInfo,
            Self::SetIrqs(_) => Command::SetIrqs,
            Self::RegionRead(_) => Command::RegionRead,
            Self::RegionWrite(_) => Command::RegionWrite,
            Self::DmaRead(_) => Command::DmaRead,
            Self::DmaWrite(_) => Command::DmaWrite,
            Self::DeviceReset => Command::DeviceReset,
            Self::RegionWriteMulti(_) => Command::RegionWriteMulti,
        }
    }

    /// The bytes of this request.
    pub fn encode(&self, id: u16, no_reply: bool) -> Vec<u8> {
        message(id, self.command(), Kind::Request { no_reply }, self.body())
    }

    fn body(&self) -> Vec<u8> {
        match self {
            Self::Version(version) => version.write(),
            Self::DmaMap(map) => map.write(),
            Self::DmaUnmap(unmap) => unmap.write(),
            Self::DeviceInfo => DeviceInfo::write_request(),
            Self::RegionInfo { index, argsz } => RegionInfo::write_request(*index, *argsz),
            Self::RegionIoFds { index } => {
                Writer::default().u32(16).u32(0).u32(*index).u32(0).done()
            }
            Self::IrqInfo { index } => IrqInfo::write_request(*index),
            Self::SetIrqs(set) => set.write(),
            Self::RegionRead(span) => span.write(),
            Self::RegionWrite(data) => data.write(),
            Self::DmaRead(span) => span.write(),
            Self::DmaWrite(data) => data.write(),
            Self::DeviceReset => Vec::new(),
            Self::RegionWriteMulti(writes) => RegionData::write_multi(writes),
        }
    }

    pub(super) fn decode(command: Command, bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut body = Reader::new(command, bytes);
        Ok(match command {
            Command::Version => Self::Version(Version::read(body)?),
            Command::DmaMap => Self::DmaMap(DmaMap::read(body)?),
            Command::DmaUnmap => Self::DmaUnmap(DmaUnmap::read(body)?),
            Command::DeviceInfo => DeviceInfo::read(body).map(|_| Self::DeviceInfo)?,
            Command::RegionInfo => RegionInfo::read_request(body)
                .map(|(index, argsz)| Self::RegionInfo { index, argsz })?,
            Command::RegionIoFds => {
                let (_argsz, _flags, index, _count) =
                    (body.u32()?, body.u32()?, body.u32()?, body.u32()?);
                Self::RegionIoFds { index }
            }
            Command::IrqInfo => {
                IrqInfo::read(body).map(|info| Self::IrqInfo { index: info.index })?
            }
            Command::SetIrqs => Self::SetIrqs(SetIrqs::read(body)?),
            Command::RegionRead => Self::RegionRead(RegionSpan::read(body)?),
            Command::RegionWrite => Self::RegionWrite(RegionData::read(body)?),
            Command::DmaRead => Self::DmaRead(DmaSpan::read(body)?),
            Command::DmaWrite => Self::DmaWrite(DmaData::read(body)?),
            Command::DeviceReset => Self::DeviceReset,
            Command::RegionWriteMulti => Self::RegionWriteMulti(RegionData::read_multi(body)?),
        })
    }
}

/// A header and the body behind it.
pub(super) fn message(id: u16, command: Command, kind: Kind, body: Vec<u8>) -> Vec<u8> {
    let size = u32::try_from(HEADER_LEN + body.len()).unwrap_or(u32::MAX);
    let mut bytes = Header {
        id,
        command: command.number(),
        size,
        kind,
    }
    .encode()
    .to_vec();
    bytes.extend(body);
    bytes
}
