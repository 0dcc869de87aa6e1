//! Inputs of `vfio_user_message`: one of every kind of request, and the replies that carry something.

use underpass_vfio_user::codec::{
    encode_error, Area, Capabilities, Command, DeviceInfo, DmaData, DmaMap, DmaSpan, DmaUnmap,
    IrqAction, IrqData, IrqInfo, Protection, RegionData, RegionInfo, RegionSpan, Reply, Request,
    SetIrqs, Version,
};
use underpass_vfio_user::Errno;

const VERSION: Version = Version {
    major: Version::MAJOR,
    minor: Version::MINOR,
    capabilities: Capabilities {
        max_msg_fds: 8,
        max_data_xfer_size: 1 << 20,
        max_dma_maps: 65_535,
        write_multiple: true,
    },
};

const SPAN: RegionSpan = RegionSpan {
    region: 0,
    offset: 0x10,
    count: 4,
};

fn data() -> RegionData {
    RegionData {
        region: 0,
        offset: 0x10,
        data: vec![1, 2, 3, 4],
    }
}

fn requests() -> Vec<Request> {
    let protection = Protection {
        readable: true,
        writable: true,
    };
    let (iova, count) = (1 << 32, 4);
    let set_irqs = |data, count| {
        Request::SetIrqs(SetIrqs {
            index: 2,
            start: 0,
            count,
            data,
            action: IrqAction::Trigger,
        })
    };
    vec![
        Request::Version(VERSION),
        Request::DmaMap(DmaMap {
            iova,
            size: 1 << 21,
            offset: 0,
            protection,
        }),
        Request::DmaUnmap(DmaUnmap::Range {
            iova,
            size: 1 << 21,
        }),
        Request::DmaUnmap(DmaUnmap::All),
        Request::DeviceInfo,
        Request::RegionInfo {
            index: 0,
            argsz: 64,
        },
        Request::RegionIoFds { index: 0 },
        Request::IrqInfo { index: 2 },
        set_irqs(IrqData::Bools(vec![true, false, true]), 3),
        set_irqs(IrqData::Eventfds, 4),
        Request::RegionRead(SPAN),
        Request::RegionWrite(data()),
        Request::DmaRead(DmaSpan { iova, count }),
        Request::DmaWrite(DmaData {
            iova,
            data: vec![5; 4],
        }),
        Request::DeviceReset,
        Request::RegionWriteMulti(vec![data(), data()]),
    ]
}

fn replies() -> Vec<Reply> {
    let areas = vec![Area {
        offset: 0,
        size: 4096,
    }];
    vec![
        Reply::Version(VERSION),
        Reply::DeviceInfo(DeviceInfo {
            resettable: true,
            pci: true,
            regions: 9,
            irqs: 5,
        }),
        Reply::RegionInfo(RegionInfo {
            index: 0,
            size: 1 << 16,
            readable: true,
            writable: true,
            mappable: true,
            offset: 0,
            argsz: RegionInfo::len_with(areas.len()),
            areas,
        }),
        Reply::IrqInfo(IrqInfo {
            index: 2,
            count: 8,
            eventfd: true,
            maskable: false,
            automasked: false,
            noresize: true,
        }),
        Reply::RegionRead(data()),
        Reply::RegionWrite(SPAN),
        Reply::RegionWriteMulti(2),
    ]
}

/// As files.
pub fn files() -> Vec<(String, Vec<u8>)> {
    let requests = requests().into_iter().zip(0..).map(|(request, id)| {
        let name = format!("request-{id:02}-{:?}", request.command());
        (name, request.encode(id, false))
    });
    let replies = replies().into_iter().zip(0..).map(|(reply, id)| {
        let name = format!("reply-{id:02}-{:?}", reply.command());
        (name, reply.encode(id))
    });
    let refusal = encode_error(1, Command::DmaMap as u16, Errno::INVALID).to_vec();
    let refusal = ("refusal".to_owned(), refusal);
    requests.chain(replies).chain([refusal]).collect()
}
