//! From a request to its answer: checks what can be checked, then asks the device.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::{Config, Device, Region};
use crate::codec::{
    Command, DeviceInfo, RegionData, RegionInfo, RegionSpan, Reply, Request, SetIrqs,
};
use crate::Errno;

/// Answers every request but VERSION. Some answers come with a file.
pub(super) fn answer<'d>(
    request: Request,
    mut fds: Vec<OwnedFd>,
    config: &Config,
    device: &'d mut dyn Device,
) -> Result<(Reply, Option<BorrowedFd<'d>>), Errno> {
    let reply = match request {
        Request::RegionInfo { index, argsz } => return region_info(device, index, argsz),
        Request::DeviceInfo => Reply::DeviceInfo(DeviceInfo {
            resettable: device.resettable(),
            pci: true,
            regions: count(device.regions().len()),
            irqs: count(device.irqs().len()),
        }),
        Request::IrqInfo { index } => {
            let info = device.irqs().get(index as usize).ok_or(Errno::INVALID)?;
            Reply::IrqInfo(*info)
        }
        Request::DmaMap(map) => {
            let file = fds.pop();
            if !fds.is_empty() {
                return Err(Errno::INVALID);
            }
            device.dma_map(map, file)?;
            Reply::DmaMap
        }
        Request::DmaUnmap(unmap) => {
            device.dma_unmap(unmap)?;
            Reply::DmaUnmap(unmap)
        }
        Request::SetIrqs(set) => {
            check_irqs(device, &set)?;
            device.set_irqs(&set, fds)?;
            Reply::SetIrqs
        }
        Request::RegionRead(span) => read(span, config, device)?,
        Request::RegionWrite(write) => Reply::RegionWrite(write_one(&write, config, device)?),
        Request::RegionWriteMulti(writes) => write_all(&writes, config, device)?,
        Request::DeviceReset => {
            device.reset()?;
            Reply::DeviceReset
        }
        Request::Version(_) => return Err(Errno::INVALID),
        Request::RegionIoFds { .. } | Request::DmaRead(_) | Request::DmaWrite(_) => {
            return Err(Errno::UNSUPPORTED)
        }
    };
    Ok((reply, None))
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

fn region_info(
    device: &dyn Device,
    index: u32,
    room: u32,
) -> Result<(Reply, Option<BorrowedFd<'_>>), Errno> {
    let region = device.regions().get(index as usize).ok_or(Errno::INVALID)?;
    let Region {
        size,
        readable,
        writable,
        ref mapping,
    } = *region;
    let areas = mapping.as_ref().map_or(&[][..], |mapping| &mapping.areas);
    let argsz = RegionInfo::len_with(areas.len());
    if room < RegionInfo::LEN {
        return Err(Errno::INVALID);
    }
    let fits = argsz <= room;
    let info = RegionInfo {
        index,
        size,
        readable,
        writable,
        mappable: mapping.is_some(),
        offset: mapping.as_ref().map_or(0, |mapping| mapping.offset),
        areas: if fits { areas.to_vec() } else { Vec::new() },
        argsz,
    };
    // An asker without room asks again; the file goes with the answer it can use.
    let file = mapping
        .as_ref()
        .filter(|_| fits)
        .map(|mapping| mapping.file.as_fd());
    Ok((Reply::RegionInfo(info), file))
}

fn check_irqs(device: &dyn Device, set: &SetIrqs) -> Result<(), Errno> {
    let info = device
        .irqs()
        .get(set.index as usize)
        .ok_or(Errno::INVALID)?;
    let end = set.start.checked_add(set.count).ok_or(Errno::INVALID)?;
    if end > info.count {
        Err(Errno::INVALID)
    } else {
        Ok(())
    }
}

/// The access lies in a region that allows it, and is not larger than agreed.
fn check_access(
    span: RegionSpan,
    command: Command,
    config: &Config,
    device: &dyn Device,
) -> Result<(), Errno> {
    let region = device
        .regions()
        .get(span.region as usize)
        .ok_or(Errno::INVALID)?;
    if span.count > config.max_data_xfer_size {
        return Err(Errno::TOO_BIG);
    }
    let end = span
        .offset
        .checked_add(u64::from(span.count))
        .ok_or(Errno::INVALID)?;
    if end > region.size {
        return Err(Errno::INVALID);
    }
    let allowed = if command == Command::RegionRead {
        region.readable
    } else {
        region.writable
    };
    if allowed {
        Ok(())
    } else {
        Err(Errno::ACCESS)
    }
}

fn read(span: RegionSpan, config: &Config, device: &mut dyn Device) -> Result<Reply, Errno> {
    check_access(span, Command::RegionRead, config, device)?;
    let RegionSpan {
        region,
        offset,
        count,
    } = span;
    let mut data = vec![0; count as usize];
    device.region_read(region, offset, &mut data)?;
    Ok(Reply::RegionRead(RegionData {
        region,
        offset,
        data,
    }))
}

fn write_one(
    write: &RegionData,
    config: &Config,
    device: &mut dyn Device,
) -> Result<RegionSpan, Errno> {
    let span = RegionSpan {
        region: write.region,
        offset: write.offset,
        count: count(write.data.len()),
    };
    check_access(span, Command::RegionWrite, config, device)?;
    device.region_write(write.region, write.offset, &write.data)?;
    Ok(span)
}

/// Stops at the first write that is refused; the answer says how many were done before.
fn write_all(
    writes: &[RegionData],
    config: &Config,
    device: &mut dyn Device,
) -> Result<Reply, Errno> {
    for (done, write) in (0..).zip(writes) {
        match write_one(write, config, device) {
            Ok(_) => {}
            Err(errno) if done == 0 => return Err(errno),
            Err(_) => return Ok(Reply::RegionWriteMulti(done)),
        }
    }
    Ok(Reply::RegionWriteMulti(writes.len() as u64))
}
