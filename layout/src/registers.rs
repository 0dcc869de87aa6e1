//! The card's registers, as byte offsets from the start of the AXI4-Lite window. All are 32 bits wide.

/// What a register allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read only.
    Read,
    /// Read and write.
    ReadWrite,
    /// Writing starts something.
    Command,
}

/// One register, or a row of them.
#[derive(Clone, Copy, Debug)]
pub struct RegisterSpec {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Byte offset.
    pub offset: u32,
    /// How many in a row.
    pub count: usize,
    /// What is allowed.
    pub access: Access,
}

macro_rules! registers {
    ($( $(#[doc = $doc:literal])* $NAME:ident = $offset:literal, $access:ident $(, count $count:expr)?; )*) => {
        $( $(#[doc = $doc])* pub const $NAME: u32 = $offset; )*
        /// Every register, in the order of the offsets.
        pub const REGISTERS: &[RegisterSpec] = &[ $( RegisterSpec {
            name: stringify!($NAME),
            doc: concat!($($doc, "\n"),*),
            offset: $offset,
            count: [1usize $(, $count)?][{ const HAS: usize = 0 $( + ($count > 0) as usize )?; HAS }],
            access: Access::$access,
        }, )* ];
    };
}

pub(crate) use registers;

/// Words of the row that is written or was read: 512 bits.
pub const TABLE_DATA_WORDS: usize = 16;

/// What [`MAGIC`] reads: `UNDP`.
pub const MAGIC_VALUE: u32 = u32::from_le_bytes(*b"UNDP");
/// [`TABLE_COMMAND`]: write the data registers to the row.
pub const COMMAND_WRITE: u32 = 1;
/// [`TABLE_COMMAND`]: read the row into the data registers.
pub const COMMAND_READ: u32 = 2;
/// [`TABLE_COMMAND`]: the data registers hold a [`Split`](crate::hash::Split) for the lookup that the address names.
pub const COMMAND_SPLIT: u32 = 3;
/// [`TABLE_STATUS`]: a command is under way.
pub const STATUS_BUSY: u32 = 1;
/// [`TABLE_STATUS`]: no table took the last command.
pub const STATUS_REFUSED: u32 = 2;
/// [`CONTROL`]: packets are accepted.
pub const CONTROL_ENABLE: u32 = 1;
/// [`CONTROL`]: writing 1 fills the hash tables from [`SEED`]; reads 1 until that is done.
pub const CONTROL_SEED: u32 = 2;
/// [`AGE_EVENT`]: a report waits.
pub const EVENT_VALID: u32 = 1 << 31;
/// [`AGE_EVENT`]: the pair's connection is closed.
pub const EVENT_DEAD: u32 = 1 << 30;
/// [`AGE_EVENT`]: where the generation starts.
pub const EVENT_GENERATION: u32 = 24;
/// [`AGE_EVENT`]: bits of the pair.
pub const EVENT_PAIR_BITS: u32 = 19;
/// Bits of [`AGE_NOW`] and [`AGE_LIMIT`].
pub const AGE_BITS: u32 = 14;
/// Reports that wait at most; the sweep rests meanwhile, and a closed connection is then found when it is idle.
pub const EVENTS: usize = 32;
/// Beats of 64 bytes that the buffer of packets that go round holds.
pub const ROUND_BEATS: usize = 1024;
/// Of these, beats that packets for lists may fill: the rest is kept for mirrors and translations.
pub const ROUND_LIST_BEATS: usize = 768;
/// Packets that it holds.
pub const ROUND_PACKETS_MAX: usize = 128;
/// [`TCP_CONTROL`]: any reset counts.
pub const ANY_RESET: u32 = 1;
/// Bits of [`TABLE_ADDRESS`] that hold the row; the table id is above.
pub const ADDRESS_ROW_BITS: u32 = 24;

registers! {
    /// Always `UNDP`: this is the card.
    MAGIC = 0x000, Read;
    /// Low half of the layout id.
    LAYOUT_ID_LOW = 0x004, Read;
    /// High half of the layout id.
    LAYOUT_ID_HIGH = 0x008, Read;
    /// The profile's name, four characters.
    PROFILE = 0x00c, Read;
    /// Low half of the hash of the RTL that this build was made from.
    BUILD = 0x010, Read;
    /// Bit 0: packets are accepted. Bit 1: the hash tables are being filled.
    CONTROL = 0x014, ReadWrite;
    /// Packets between the input and the output.
    IN_FLIGHT = 0x018, Read;
    /// Clocks since reset, low half; reading it holds the high half.
    CLOCKS_LOW = 0x01c, Read;
    /// Clocks since reset, high half as it was when the low half was read.
    CLOCKS_HIGH = 0x020, Read;
    /// Which hash words the next [`CONTROL_SEED`] fills: a `SeedTarget`.
    SEED_TARGET = 0x028, ReadWrite;
    /// Seed of the hash tables, a secret.
    SEED = 0x030, ReadWrite, count 4;
    /// Bits 31..24: table id. Bits 23..0: row.
    TABLE_ADDRESS = 0x040, ReadWrite;
    /// 1: write the row. 2: read it. 3: set the split of a lookup.
    TABLE_COMMAND = 0x044, Command;
    /// Bit 0: busy. Bit 1: the last command named no such table or row.
    TABLE_STATUS = 0x048, Read;
    /// Rows of one way of the table that `TABLE_ADDRESS` names; 0: no such table.
    TABLE_ROWS = 0x04c, Read;
    /// Bits 13..0: the time that the next packets are seen at, in ticks that the host chooses; it wraps. It holds from the
    /// write on, for packets and for what is idle.
    AGE_NOW = 0x050, ReadWrite;
    /// Bits 13..0: ticks without a packet after which a flow pair is reported as idle, once; 0: never. Less than half the
    /// range, so that a pair which is reported late is still idle.
    AGE_LIMIT = 0x054, ReadWrite;
    /// The oldest report that waits; 0: none. Bit 31: there is one. Bit 30: its connection is closed; else it is idle. Bits
    /// 26..24: generation. Bits 18..0: the flow pair. Reading it again gives the same report, until it is taken.
    AGE_EVENT = 0x058, Read;
    /// Writing anything takes the oldest report away; the next access finds the one behind it.
    AGE_TAKE = 0x05c, Command;
    /// How often the sweep for idle flow pairs has gone through the whole table since reset; it wraps. What was idle when this
    /// was read has been reported when it has risen by two. A round takes a clock for each row of `age` and one more for each
    /// packet that meets a flow: with 315,392 rows at 250 MHz 1.3 ms, under full load of the smallest frames 3.1 ms. It waits
    /// while fewer than four reports find room, so the host takes them in between.
    AGE_SWEEPS = 0x060, Read;
    /// Bit 0: any TCP reset closes a flow; else only one that starts where the other side's last acknowledgement points, or
    /// acknowledges its SYN or FIN (RFC 5961 section 3.2).
    TCP_CONTROL = 0x064, ReadWrite;
    /// Packets that were put into the buffer to go round; it wraps.
    ROUND_PACKETS = 0x068, Read;
    /// What came back from there, copies and packets themselves; it wraps.
    ROUND_COPIES = 0x06c, Read;
    /// Copies for members that were none, because the leg was not for them (back to where they came from, say); it wraps.
    ROUND_SKIPPED = 0x070, Read;
    /// Packets that went on without copies for mirrors and without being learnt from, because the buffer had no room; it
    /// wraps.
    ROUND_LOST = 0x074, Read;
    /// Fewest clocks from one packet that is shown to the slow path for its source MAC to the next; those between go on
    /// unseen. 0: no limit.
    LEARN_INTERVAL = 0x078, ReadWrite;
    /// Clocks of a window of table `punted`; 0: one begins only where `PUNT_BEGIN` says so.
    PUNT_WINDOW = 0x07c, ReadWrite;
    /// The row, bit 0 of word 0 first. A row changes as a whole, in one clock.
    TABLE_DATA = 0x080, ReadWrite, count TABLE_DATA_WORDS;
    /// Writing anything begins a window, for all packets from the write on.
    PUNT_BEGIN = 0x0c0, Command;
}

/// The register FIFO between the slow port and the host: the bring-up path, in the shell beside the core.
pub mod slow {
    use super::{Access, RegisterSpec};

    registers! {
        /// Frames that wait in bits 15..0; in bits 31..16 the length in bytes of the first one, shim included.
        PUNT_STATUS = 0x1000, Read;
        /// The next word of the first frame; reading it moves on. Behind the last word comes the next frame.
        PUNT_DATA = 0x1004, Read;
        /// Frames lost because the FIFO had no room.
        PUNT_LOST = 0x1008, Read;
        /// The next word of a frame to inject, shim first.
        INJECT_DATA = 0x1010, Command;
        /// Length in bytes of the frame whose words were written: it goes.
        INJECT_COMMIT = 0x1014, Command;
        /// Bit 0: the frame before has not gone yet.
        INJECT_STATUS = 0x1018, Read;
    }
    /// Beats of 64 bytes that the FIFO of punted frames holds; each frame starts with a new one.
    pub const PUNT_BEATS: usize = 1024;
    /// [`INJECT_STATUS`]: not yet.
    pub const INJECT_BUSY: u32 = 1;
    /// Longest frame that can be injected, shim included.
    pub const INJECT_MAX_BYTES: usize = 16 * 1024;
}

/// The rings in host memory (see [`crate::rings`]), on a card that has them. Registers of ring `r` are [`rings::STRIDE`]
/// bytes times `r` further on.
pub mod rings {
    use super::{Access, RegisterSpec};

    /// Bytes from one ring's registers to the next one's.
    pub const STRIDE: u32 = 0x40;
    /// [`CONTROL`]: the ring runs. Setting it starts with both counts at zero; it stays clear where base, size or
    /// status address cannot be.
    pub const ENABLE: u32 = 1;
    /// [`CONTROL`]: the ring has stopped, host memory did not answer. Cleared when the ring is enabled again.
    pub const FAULT: u32 = 2;

    registers! {
        /// Address of the ring in host memory, low half: a multiple of 4096.
        BASE_LOW = 0x2000, ReadWrite;
        /// Address of the ring, high half.
        BASE_HIGH = 0x2004, ReadWrite;
        /// Size of the ring: the power of two of its beats, 6 to 20.
        SIZE = 0x2008, ReadWrite;
        /// Bit 0: it runs. Bit 1: it has stopped, host memory did not answer.
        CONTROL = 0x200c, ReadWrite;
        /// Beats filled since the ring was enabled: the host's doorbell (command, inject), the card's count (punt).
        PRODUCER = 0x2010, ReadWrite;
        /// Beats emptied since the ring was enabled: the card's count (command, inject), the host's doorbell (punt).
        CONSUMER = 0x2014, ReadWrite;
        /// Commands, frames and doorbells that were refused.
        REFUSED = 0x2018, Read;
        /// Punted frames that found no room.
        DROPPED = 0x201c, Read;
        /// Address of the ring's status in host memory, low half: a multiple of 64.
        STATUS_LOW = 0x2020, ReadWrite;
        /// Address of the ring's status, high half.
        STATUS_HIGH = 0x2024, ReadWrite;
        /// Fewest clocks from one interrupt of the ring to the next; 0: no interrupts.
        MODERATION = 0x2028, ReadWrite;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_registers_share_an_address() {
        let all = [REGISTERS, slow::REGISTERS, rings::REGISTERS].concat();
        for pair in all.windows(2) {
            assert!(
                pair[0].offset + 4 * pair[0].count as u32 <= pair[1].offset,
                "{} {}",
                pair[0].name,
                pair[1].name
            );
        }
    }
}
