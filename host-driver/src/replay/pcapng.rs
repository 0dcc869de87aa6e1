//! Packets of a pcapng capture, the form that Wireshark saves by default.

use std::io::Read;
use std::time::Duration;

use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::pcapng::{Block, PcapNgReader};

use super::input::{check_link, InputErrorKind, Records};

/// The first bytes of a pcapng file, in either byte order.
pub const MAGIC: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

/// Reads every packet; simple packet blocks carry no time and are refused as damage.
pub(super) fn read(file: impl Read, records: &mut Records<'_>) -> Result<(), InputErrorKind> {
    let mut reader = PcapNgReader::new(file).map_err(|error| records.damaged(error))?;
    let mut units = Vec::new();
    while let Some(block) = reader.next_block() {
        match block.map_err(|error| records.damaged(error))? {
            Block::SectionHeader(_) => units.clear(),
            Block::InterfaceDescription(interface) => {
                check_link(interface.linktype)?;
                let unit = Unit::of(&interface);
                records.packets.nanoseconds |= unit.finer_than_microseconds();
                units.push(unit);
            }
            Block::EnhancedPacket(packet) => {
                let unit = units
                    .get(packet.interface_id as usize)
                    .ok_or_else(|| records.no_interface())?;
                // The library hands the count of units over as if it were nanoseconds.
                let time = unit.time(packet.timestamp.as_nanos() as u64);
                records.add(time, &packet.data, packet.original_len as usize)?;
            }
            Block::SimplePacket(_) | Block::Packet(_) => return Err(records.no_interface()),
            _ => {}
        }
    }
    Ok(())
}

impl Records<'_> {
    fn no_interface(&self) -> InputErrorKind {
        self.damaged(pcap_file::PcapError::IncompleteBuffer)
    }
}

/// What a time stamp of an interface counts.
#[derive(Clone, Copy)]
struct Unit {
    per_second: u64,
}

impl Unit {
    fn of(interface: &InterfaceDescriptionBlock<'_>) -> Unit {
        let code = interface.options.iter().find_map(|option| match option {
            InterfaceDescriptionOption::IfTsResol(code) => Some(*code),
            _ => None,
        });
        // Top bit: a power of two, else of ten; microseconds where nothing is said.
        let code = code.unwrap_or(6);
        let exponent = u32::from(code & 0x7f);
        let base: u64 = if code & 0x80 == 0 { 10 } else { 2 };
        Unit {
            per_second: base.checked_pow(exponent).unwrap_or(u64::MAX),
        }
    }

    fn finer_than_microseconds(self) -> bool {
        self.per_second > 1_000_000
    }

    fn time(self, count: u64) -> Duration {
        let part =
            u128::from(count % self.per_second) * 1_000_000_000 / u128::from(self.per_second);
        Duration::new(count / self.per_second, part as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stamps_count_their_own_units() {
        let unit = |per_second| Unit { per_second };
        assert_eq!(unit(1_000_000).time(2_000_007), Duration::new(2, 7_000));
        assert_eq!(unit(1_000_000_000).time(2_000_000_007), Duration::new(2, 7));
        assert_eq!(unit(1 << 10).time(512), Duration::from_millis(500));
    }
}
