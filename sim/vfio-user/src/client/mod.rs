//! The client: a device behind a socket, as a driver sees it.
//!
//! Every call waits for its answer, at most as long as [`Client::set_timeout`] says, and what the server refuses is an
//! error with the server's error number. Reads and writes larger than the server takes in one message, and sets of
//! eventfds larger than it takes with one, go in pieces.
//!
//! ```no_run
//! use std::time::Duration;
//! use underpass_vfio_user::{pci, Client};
//!
//! # fn main() -> Result<(), underpass_vfio_user::ClientError> {
//! let mut client = Client::connect("/run/card.sock", Duration::from_secs(5))?;
//! let mut id = [0; 4];
//! client.region_read(pci::CONFIG_REGION, 0, &mut id)?;
//! # Ok(())
//! # }
//! ```

mod call;
mod connect;
mod error;
mod memory;

use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::codec::{
    Capabilities, Command, DeviceInfo, DmaMap, DmaUnmap, IrqAction, IrqData, IrqInfo, Protection,
    RegionData, RegionInfo, RegionSpan, Reply, Request, SetIrqs, Version,
};
use crate::socket::{Connection, Limits};
use call::Caller;

pub use error::ClientError;
pub use memory::ClientMemory;

/// Bytes of a region's description that are asked for at first: room for about a hundred areas.
const REGION_ROOM: u32 = 2048;
/// What a server is believed; QEMU draws the same lines.
const MAX_REGIONS: u32 = 100;
const MAX_IRQS: u32 = 50;
/// Descriptors in one message, whatever a server says it takes: some take fewer than they say.
const MAX_FDS_SENT: u32 = 16;

/// One region as the server describes it.
#[derive(Debug)]
pub struct ClientRegion {
    /// Size, rights and the parts that may be mapped.
    pub info: RegionInfo,
    /// The file to map, at `info.offset` and the offset of an area in it.
    pub file: Option<OwnedFd>,
}

/// A device behind a socket.
pub struct Client {
    caller: Caller,
    timeout: Duration,
    server: Version,
    info: DeviceInfo,
}

impl Client {
    /// Connects, agrees on a version and asks what the device is. The time-out holds for each step, and for each call
    /// later.
    pub fn connect(path: impl AsRef<Path>, timeout: Duration) -> Result<Self, ClientError> {
        let path = path.as_ref();
        let now = Instant::now();
        let deadline = now.checked_add(timeout).unwrap_or(now);
        let stream =
            connect::connect_by(path, deadline).map_err(|source| ClientError::Connect {
                path: path.to_owned(),
                source,
            })?;
        let ours = Capabilities {
            max_msg_fds: MAX_FDS_SENT,
            ..Capabilities::default()
        };
        let limits = Limits::for_data(ours.max_data_xfer_size, ours.max_msg_fds);
        let connection = Connection::new(stream, limits)?;
        let mut caller = Caller::new(connection, ours.max_data_xfer_size, ours.max_msg_fds);
        let server = agree(&mut caller, ours, timeout)?;
        let info = device_info(&mut caller, timeout)?;
        Ok(Self {
            caller,
            timeout,
            server,
            info,
        })
    }

    /// How long later calls wait for an answer.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// Lets the server reach memory by message. Without it such requests are refused.
    pub fn set_memory(&mut self, memory: Box<dyn ClientMemory>) {
        self.caller.memory = Some(memory);
    }

    /// Version and limits of the server.
    pub fn server(&self) -> &Version {
        &self.server
    }

    /// What the device is.
    pub fn device_info(&self) -> DeviceInfo {
        self.info
    }

    /// What a region is, with the file to map it if there is one.
    pub fn region_info(&mut self, index: u32) -> Result<ClientRegion, ClientError> {
        let mut found = self.region_info_in(index, REGION_ROOM)?;
        if found.info.argsz > REGION_ROOM {
            let room = found.info.argsz;
            found = self.region_info_in(index, room)?;
            same(Command::RegionInfo, "argsz", found.info.argsz, room)?;
        }
        Ok(found)
    }

    fn region_info_in(&mut self, index: u32, room: u32) -> Result<ClientRegion, ClientError> {
        let (reply, fds) = self.call(&Request::RegionInfo { index, argsz: room }, &[])?;
        let Reply::RegionInfo(info) = reply else {
            return Err(other_command(&reply, Command::RegionInfo));
        };
        same(Command::RegionInfo, "index", info.index, index)?;
        Ok(ClientRegion {
            info,
            file: fds.into_iter().next(),
        })
    }

    /// What an interrupt type is.
    pub fn irq_info(&mut self, index: u32) -> Result<IrqInfo, ClientError> {
        let reply = self.call(&Request::IrqInfo { index }, &[])?.0;
        let Reply::IrqInfo(info) = reply else {
            return Err(other_command(&reply, Command::IrqInfo));
        };
        same(Command::IrqInfo, "index", info.index, index)?;
        Ok(info)
    }

    /// Reads from a region.
    pub fn region_read(
        &mut self,
        region: u32,
        offset: u64,
        data: &mut [u8],
    ) -> Result<(), ClientError> {
        let mut at = offset;
        for piece in data.chunks_mut(self.max_piece()) {
            let request = Request::RegionRead(RegionSpan {
                region,
                offset: at,
                count: piece.len() as u32,
            });
            let reply = self.call(&request, &[])?.0;
            let Reply::RegionRead(read) = reply else {
                return Err(other_command(&reply, Command::RegionRead));
            };
            same(
                Command::RegionRead,
                "bytes",
                read.data.len() as u64,
                piece.len() as u64,
            )?;
            same(Command::RegionRead, "offset", read.offset, at)?;
            piece.copy_from_slice(&read.data);
            at = at.wrapping_add(piece.len() as u64);
        }
        Ok(())
    }

    /// Writes to a region. When this returns the device has seen it.
    pub fn region_write(
        &mut self,
        region: u32,
        offset: u64,
        data: &[u8],
    ) -> Result<(), ClientError> {
        let mut at = offset;
        for piece in data.chunks(self.max_piece()) {
            let request = Request::RegionWrite(RegionData {
                region,
                offset: at,
                data: piece.to_vec(),
            });
            let reply = self.call(&request, &[])?.0;
            let Reply::RegionWrite(done) = reply else {
                return Err(other_command(&reply, Command::RegionWrite));
            };
            same(
                Command::RegionWrite,
                "bytes",
                done.count,
                piece.len() as u64,
            )?;
            same(Command::RegionWrite, "offset", done.offset, at)?;
            at = at.wrapping_add(piece.len() as u64);
        }
        Ok(())
    }

    /// Lets the device reach memory that lies in a file. Without a file the device can ask for it by message only.
    pub fn dma_map(
        &mut self,
        iova: u64,
        size: u64,
        file: Option<BorrowedFd<'_>>,
        offset: u64,
        protection: Protection,
    ) -> Result<(), ClientError> {
        self.call(
            &Request::DmaMap(DmaMap {
                iova,
                size,
                offset,
                protection,
            }),
            file.as_slice(),
        )
        .map(|_| ())
    }

    /// Takes memory away. When this returns the device no longer uses it.
    pub fn dma_unmap(&mut self, iova: u64, size: u64) -> Result<(), ClientError> {
        self.call(&Request::DmaUnmap(DmaUnmap::Range { iova, size }), &[])
            .map(|_| ())
    }

    /// Takes all memory away.
    pub fn dma_unmap_all(&mut self) -> Result<(), ClientError> {
        self.call(&Request::DmaUnmap(DmaUnmap::All), &[])
            .map(|_| ())
    }

    /// Connects interrupts to eventfds, the first one to interrupt `start`. Others stay as they are.
    pub fn set_irqs(
        &mut self,
        index: u32,
        start: u32,
        eventfds: &[BorrowedFd<'_>],
    ) -> Result<(), ClientError> {
        let mut at = start;
        let most = self.server.capabilities.max_msg_fds.clamp(1, MAX_FDS_SENT);
        for piece in eventfds.chunks(most as usize) {
            let count = piece.len() as u32;
            let (data, action) = (IrqData::Eventfds, IrqAction::Trigger);
            self.call(
                &Request::SetIrqs(SetIrqs {
                    index,
                    start: at,
                    count,
                    data,
                    action,
                }),
                piece,
            )?;
            at = at.wrapping_add(count);
        }
        Ok(())
    }

    /// Disconnects some interrupts of a type.
    pub fn unset_irqs(&mut self, index: u32, start: u32, count: u32) -> Result<(), ClientError> {
        self.change_irqs(index, start, count, IrqData::Eventfds, IrqAction::Trigger)
    }

    /// Disconnects all interrupts of a type.
    pub fn disable_irqs(&mut self, index: u32) -> Result<(), ClientError> {
        self.change_irqs(index, 0, 0, IrqData::None, IrqAction::Trigger)
    }

    /// Fires interrupts as if the device had, to try them out.
    pub fn trigger_irqs(&mut self, index: u32, start: u32, count: u32) -> Result<(), ClientError> {
        self.change_irqs(index, start, count, IrqData::None, IrqAction::Trigger)
    }

    /// Any change of interrupts that needs no eventfd.
    pub fn change_irqs(
        &mut self,
        index: u32,
        start: u32,
        count: u32,
        data: IrqData,
        action: IrqAction,
    ) -> Result<(), ClientError> {
        self.call(
            &Request::SetIrqs(SetIrqs {
                index,
                start,
                count,
                data,
                action,
            }),
            &[],
        )
        .map(|_| ())
    }

    /// Resets the device.
    pub fn reset(&mut self) -> Result<(), ClientError> {
        self.call(&Request::DeviceReset, &[]).map(|_| ())
    }

    /// Answers what the server asks, for some time, while there is nothing to ask it. Says how many requests it
    /// answered.
    pub fn serve(&mut self, time: Duration) -> Result<usize, ClientError> {
        self.caller.serve_for(time)
    }

    fn max_piece(&self) -> usize {
        // A server that takes nothing at all gets a byte at a time and can say so itself.
        self.server
            .capabilities
            .max_data_xfer_size
            .clamp(1, self.caller.max_data) as usize
    }

    fn call(
        &mut self,
        request: &Request,
        fds: &[BorrowedFd<'_>],
    ) -> Result<(Reply, Vec<OwnedFd>), ClientError> {
        self.caller.call(request, fds, self.timeout)
    }
}

/// An answer is about what was asked.
fn same(
    command: Command,
    what: &'static str,
    found: impl Into<u64>,
    expected: impl Into<u64>,
) -> Result<(), ClientError> {
    let (found, expected) = (found.into(), expected.into());
    if found == expected {
        return Ok(());
    }
    Err(ClientError::WrongAnswer {
        command,
        what,
        found,
        expected,
    })
}

fn other_command(reply: &Reply, expected: Command) -> ClientError {
    ClientError::WrongCommand {
        found: reply.command().number(),
        expected,
    }
}

fn agree(
    caller: &mut Caller,
    capabilities: Capabilities,
    timeout: Duration,
) -> Result<Version, ClientError> {
    let ours = Version {
        major: Version::MAJOR,
        minor: Version::MINOR,
        capabilities,
    };
    match caller.call(&Request::Version(ours), &[], timeout)?.0 {
        Reply::Version(server) if server.major == Version::MAJOR => Ok(server),
        Reply::Version(server) => Err(ClientError::Version {
            found: server.major,
            expected: Version::MAJOR,
        }),
        reply => Err(other_command(&reply, Command::Version)),
    }
}

fn device_info(caller: &mut Caller, timeout: Duration) -> Result<DeviceInfo, ClientError> {
    let reply = caller.call(&Request::DeviceInfo, &[], timeout)?.0;
    let Reply::DeviceInfo(info) = reply else {
        return Err(other_command(&reply, Command::DeviceInfo));
    };
    for (what, found, limit) in [
        ("regions", info.regions, MAX_REGIONS),
        ("interrupt types", info.irqs, MAX_IRQS),
    ] {
        if found > limit {
            return Err(ClientError::TooMuch { what, found, limit });
        }
    }
    Ok(info)
}
