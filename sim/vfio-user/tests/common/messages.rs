//! Any message of the protocol, for property tests.

#![allow(dead_code, reason = "each test file uses its own part of this")]

use proptest::collection::vec;
use proptest::prelude::*;
use underpass_vfio_user::codec::{
    Area, Capabilities, Content, DeviceInfo, DmaData, DmaMap, DmaSpan, DmaUnmap, IrqAction,
    IrqData, IrqInfo, Message, Protection, RegionData, RegionInfo, RegionSpan, Reply, Request,
    SetIrqs, Version,
};
use underpass_vfio_user::Errno;

/// Addresses and sizes: mostly near a border where arithmetic goes wrong, or small.
pub fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => 0..0x8000u64,
        2 => (0..64u32, any::<bool>()).prop_map(|(bit, less)| (1u64 << bit).wrapping_sub(u64::from(less))),
        1 => u64::MAX - 0x2000..=u64::MAX,
        1 => any::<u64>(),
    ]
}

fn index() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0..12u32, 1 => any::<u32>()]
}

fn version() -> impl Strategy<Value = Version> {
    let capabilities = (any::<u32>(), any::<u32>(), any::<u32>(), any::<bool>()).prop_map(
        |(max_msg_fds, max_data_xfer_size, max_dma_maps, write_multiple)| Capabilities {
            max_msg_fds,
            max_data_xfer_size,
            max_dma_maps,
            write_multiple,
        },
    );
    (0..2u16, any::<u16>(), capabilities).prop_map(|(major, minor, capabilities)| Version {
        major,
        minor,
        capabilities,
    })
}

fn dma_map() -> impl Strategy<Value = DmaMap> {
    (number(), number(), number(), any::<(bool, bool)>()).prop_map(
        |(iova, size, offset, (readable, writable))| DmaMap {
            iova,
            size,
            offset,
            protection: Protection { readable, writable },
        },
    )
}

fn dma_unmap() -> impl Strategy<Value = DmaUnmap> {
    prop_oneof![
        4 => (number(), number()).prop_map(|(iova, size)| DmaUnmap::Range { iova, size }),
        1 => Just(DmaUnmap::All),
    ]
}

fn dma_span() -> impl Strategy<Value = DmaSpan> {
    (number(), number()).prop_map(|(iova, count)| DmaSpan { iova, count })
}

fn dma_data() -> impl Strategy<Value = DmaData> {
    (number(), vec(any::<u8>(), 0..64)).prop_map(|(iova, data)| DmaData { iova, data })
}

fn region_span() -> impl Strategy<Value = RegionSpan> {
    let count = prop_oneof![4 => 0..64u32, 1 => any::<u32>()];
    (index(), number(), count).prop_map(|(region, offset, count)| RegionSpan {
        region,
        offset,
        count,
    })
}

fn region_data(most: usize) -> impl Strategy<Value = RegionData> {
    (index(), number(), vec(any::<u8>(), 0..=most)).prop_map(|(region, offset, data)| RegionData {
        region,
        offset,
        data,
    })
}

fn region_info() -> impl Strategy<Value = RegionInfo> {
    let areas = vec(
        (number(), number()).prop_map(|(offset, size)| Area { offset, size }),
        0..5,
    );
    (
        index(),
        number(),
        any::<(bool, bool, bool)>(),
        number(),
        areas,
    )
        .prop_map(|(index, size, rights, offset, areas)| {
            let argsz = RegionInfo::len_with(areas.len());
            RegionInfo {
                index,
                size,
                readable: rights.0,
                writable: rights.1,
                mappable: rights.2,
                offset,
                areas,
                argsz,
            }
        })
}

fn irq_info() -> impl Strategy<Value = IrqInfo> {
    (index(), any::<u32>(), any::<[bool; 4]>()).prop_map(
        |(index, count, [eventfd, maskable, automasked, noresize])| IrqInfo {
            index,
            count,
            eventfd,
            maskable,
            automasked,
            noresize,
        },
    )
}

fn set_irqs() -> impl Strategy<Value = SetIrqs> {
    let action = prop_oneof![
        Just(IrqAction::Mask),
        Just(IrqAction::Unmask),
        Just(IrqAction::Trigger)
    ];
    let data = prop_oneof![
        Just((IrqData::None, None)),
        Just((IrqData::Eventfds, None)),
        vec(any::<bool>(), 0..40).prop_map(|marks| {
            let count = marks.len() as u32;
            (IrqData::Bools(marks), Some(count))
        }),
    ];
    let count = prop_oneof![4 => 0..40u32, 1 => any::<u32>()];
    (index(), index(), count, data, action).prop_map(
        |(index, start, count, (data, marks), action)| SetIrqs {
            index,
            start,
            count: marks.unwrap_or(count),
            data,
            action,
        },
    )
}

fn device_info() -> impl Strategy<Value = DeviceInfo> {
    (any::<(bool, bool)>(), any::<(u32, u32)>()).prop_map(|((resettable, pci), (regions, irqs))| {
        DeviceInfo {
            resettable,
            pci,
            regions,
            irqs,
        }
    })
}

pub fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        version().prop_map(Request::Version),
        dma_map().prop_map(Request::DmaMap),
        dma_unmap().prop_map(Request::DmaUnmap),
        Just(Request::DeviceInfo),
        (index(), any::<u32>()).prop_map(|(index, argsz)| Request::RegionInfo { index, argsz }),
        index().prop_map(|index| Request::RegionIoFds { index }),
        index().prop_map(|index| Request::IrqInfo { index }),
        set_irqs().prop_map(Request::SetIrqs),
        region_span().prop_map(Request::RegionRead),
        region_data(64).prop_map(Request::RegionWrite),
        dma_span().prop_map(Request::DmaRead),
        dma_data().prop_map(Request::DmaWrite),
        Just(Request::DeviceReset),
        vec(region_data(8), 0..4).prop_map(Request::RegionWriteMulti),
    ]
}

pub fn reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        version().prop_map(Reply::Version),
        Just(Reply::DmaMap),
        dma_unmap().prop_map(Reply::DmaUnmap),
        device_info().prop_map(Reply::DeviceInfo),
        region_info().prop_map(Reply::RegionInfo),
        vec(any::<u8>(), 0..64).prop_map(Reply::RegionIoFds),
        irq_info().prop_map(Reply::IrqInfo),
        Just(Reply::SetIrqs),
        region_data(64).prop_map(Reply::RegionRead),
        region_span().prop_map(Reply::RegionWrite),
        dma_data().prop_map(Reply::DmaRead),
        dma_span().prop_map(Reply::DmaWrite),
        Just(Reply::DeviceReset),
        any::<u64>().prop_map(Reply::RegionWriteMulti),
    ]
}

pub fn message() -> impl Strategy<Value = Message> {
    let content = prop_oneof![
        (request(), any::<bool>())
            .prop_map(|(request, no_reply)| Content::Request { request, no_reply }),
        reply().prop_map(Content::Reply),
        any::<(u16, u32)>().prop_map(|(command, errno)| Content::Error {
            command,
            errno: Errno(errno)
        }),
    ];
    (any::<u16>(), content).prop_map(|(id, content)| Message { id, content })
}
