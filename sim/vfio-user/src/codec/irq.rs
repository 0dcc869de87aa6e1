//! DEVICE_GET_IRQ_INFO and DEVICE_SET_IRQS: interrupts.

use super::wire::{Reader, Writer};
use super::DecodeError;

const EVENTFD: u32 = 1 << 0;
const MASKABLE: u32 = 1 << 1;
const AUTOMASKED: u32 = 1 << 2;
const NORESIZE: u32 = 1 << 3;

const DATA_NONE: u32 = 1 << 0;
const DATA_BOOL: u32 = 1 << 1;
const DATA_EVENTFD: u32 = 1 << 2;
const ACTION_MASK: u32 = 1 << 3;
const ACTION_UNMASK: u32 = 1 << 4;
const ACTION_TRIGGER: u32 = 1 << 5;

/// One interrupt type of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IrqInfo {
    /// Which type; a PCI device has five that are fixed (see [`pci`](crate::pci)).
    pub index: u32,
    /// How many interrupts of it there are.
    pub count: u32,
    /// Each can be told by an eventfd.
    pub eventfd: bool,
    /// Each can be masked.
    pub maskable: bool,
    /// Each masks itself when it fires.
    pub automasked: bool,
    /// All are connected in one go, none can be added later.
    pub noresize: bool,
}

impl IrqInfo {
    /// Bytes of the structure; both request and reply have it.
    pub const LEN: u32 = 16;

    pub(super) fn write_request(index: u32) -> Vec<u8> {
        Writer::default()
            .u32(Self::LEN)
            .u32(0)
            .u32(index)
            .u32(0)
            .done()
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let bit = |set, flag| if set { flag } else { 0 };
        let flags = bit(self.eventfd, EVENTFD)
            | bit(self.maskable, MASKABLE)
            | bit(self.automasked, AUTOMASKED)
            | bit(self.noresize, NORESIZE);
        Writer::default()
            .u32(Self::LEN)
            .u32(flags)
            .u32(self.index)
            .u32(self.count)
            .done()
    }

    pub(super) fn read(mut body: Reader<'_>) -> Result<Self, DecodeError> {
        let (_argsz, flags) = (body.u32()?, body.u32()?);
        let (index, count) = (body.u32()?, body.u32()?);
        let [eventfd, maskable, automasked, noresize] =
            [EVENTFD, MASKABLE, AUTOMASKED, NORESIZE].map(|flag| flags & flag != 0);
        Ok(Self {
            index,
            count,
            eventfd,
            maskable,
            automasked,
            noresize,
        })
    }
}

/// What is to happen to interrupts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IrqAction {
    /// Hold them back.
    Mask,
    /// Let them go.
    Unmask,
    /// Fire them, or with eventfds: from now on, fire there.
    Trigger,
}

/// To which of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IrqData {
    /// To all in the range.
    None,
    /// To those marked true.
    Bools(Vec<bool>),
    /// Connect each to the eventfd that came beside the message; none came: disconnect.
    Eventfds,
}

/// A change to a range of interrupts of one type. What each combination means is told in [`Irqs`](crate::Irqs).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetIrqs {
    /// Interrupt type.
    pub index: u32,
    /// First interrupt of the range.
    pub start: u32,
    /// How many.
    pub count: u32,
    /// Which of them.
    pub data: IrqData,
    /// What happens.
    pub action: IrqAction,
}

impl SetIrqs {
    /// Bytes without the booleans.
    const LEN: u32 = 20;

    pub(super) fn write(&self) -> Vec<u8> {
        let (data, bools): (_, &[bool]) = match &self.data {
            IrqData::None => (DATA_NONE, &[]),
            IrqData::Bools(bools) => (DATA_BOOL, bools),
            IrqData::Eventfds => (DATA_EVENTFD, &[]),
        };
        let action = match self.action {
            IrqAction::Mask => ACTION_MASK,
            IrqAction::Unmask => ACTION_UNMASK,
            IrqAction::Trigger => ACTION_TRIGGER,
        };
        let bools: Vec<u8> = bools.iter().map(|&set| u8::from(set)).collect();
        let head = Writer::default()
            .u32(Self::LEN + bools.len() as u32)
            .u32(data | action);
        head.u32(self.index)
            .u32(self.start)
            .u32(self.count)
            .bytes(&bools)
            .done()
    }

    pub(super) fn read(mut body: Reader<'_>) -> Result<Self, DecodeError> {
        let (_argsz, flags, index) = (body.u32()?, body.u32()?, body.u32()?);
        let (start, count) = (body.u32()?, body.u32()?);
        let action = match flags & (ACTION_MASK | ACTION_UNMASK | ACTION_TRIGGER) {
            ACTION_MASK => IrqAction::Mask,
            ACTION_UNMASK => IrqAction::Unmask,
            ACTION_TRIGGER => IrqAction::Trigger,
            _ => return Err(body.bad("flags", flags, "one of mask, unmask, trigger")),
        };
        let data = match flags & (DATA_NONE | DATA_BOOL | DATA_EVENTFD) {
            DATA_NONE => IrqData::None,
            DATA_EVENTFD => IrqData::Eventfds,
            DATA_BOOL => IrqData::Bools(
                body.counted(u64::from(count))?
                    .iter()
                    .map(|&byte| byte != 0)
                    .collect(),
            ),
            _ => return Err(body.bad("flags", flags, "one of none, bool, eventfd")),
        };
        Ok(Self {
            index,
            start,
            count,
            data,
            action,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Command;

    fn read(flags: u32, count: u32, marks: &[u8]) -> Result<SetIrqs, DecodeError> {
        let bytes = Writer::default()
            .u32(20)
            .u32(flags)
            .u32(2)
            .u32(1)
            .u32(count)
            .bytes(marks)
            .done();
        SetIrqs::read(Reader::new(Command::SetIrqs, &bytes))
    }

    #[test]
    fn exactly_one_action_and_one_kind_of_data() {
        let expected = SetIrqs {
            index: 2,
            start: 1,
            count: 3,
            data: IrqData::Eventfds,
            action: IrqAction::Trigger,
        };
        assert_eq!(read(0x24, 3, &[]), Ok(expected));
        for flags in [0, 0x04, 0x20, 0x26, 0x3c, 0x07] {
            assert!(
                matches!(
                    read(flags, 3, &[]),
                    Err(DecodeError::BadField { field: "flags", .. })
                ),
                "{flags:#x}"
            );
        }
    }

    #[test]
    fn there_is_one_mark_for_each_interrupt() {
        assert_eq!(
            read(0x22, 3, &[1, 0, 9]).map(|set| set.data),
            Ok(IrqData::Bools(vec![true, false, true]))
        );
        for count in [2, 4, u32::MAX] {
            let error = DecodeError::CountDiffers {
                command: Command::SetIrqs,
                said: count.into(),
                found: 3,
            };
            assert_eq!(read(0x22, count, &[1, 0, 9]), Err(error));
        }
    }
}
