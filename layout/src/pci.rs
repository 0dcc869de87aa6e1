//! What the card shows on PCI Express, and the port-access window that only a simulated card has.
//!
//! ```text
//!   BAR0  1 MiB     registers (crate::registers)
//!   BAR2  128 KiB   port access of a simulated card: registers, then a buffer for one frame
//!   BAR4  4 KiB     MSI-X table and pending bits
//! ```

/// Vendor: that of the FPGA, Xilinx. The project has no number of its own.
pub const VENDOR: u16 = 0x10ee;
/// Device: a number that Xilinx' own designs do not use.
pub const DEVICE: u16 = 0x7550;
/// Subsystem vendor.
pub const SUBSYSTEM_VENDOR: u16 = VENDOR;
/// Subsystem of the simulated card.
pub const SUBSYSTEM_SIM: u16 = 0x0001;
/// Class: network controller, Ethernet.
pub const CLASS: u32 = 0x02_00_00;
/// Which BAR holds the registers, and its size in bytes.
pub const REGISTER_BAR: (u32, u64) = (0, 1 << 20);
/// Which BAR holds the port access, and its size in bytes.
pub const PORT_BAR: (u32, u64) = (2, 1 << 17);
/// Which BAR holds the MSI-X table, and its size in bytes.
pub const MSIX_BAR: (u32, u64) = (4, 1 << 12);

/// Registers of the port access, as byte offsets within [`PORT_BAR`]. A command is carried out before its write is
/// answered.
///
/// ```text
///   send:     frame ─▶ BUFFER, LENGTH, PORT, COMMAND_SEND
///   receive:  COMMAND_RECEIVE ─▶ LENGTH (0: no frame), PORT, BUFFER
///   settle:   read QUIET until it is 1
/// ```
pub mod port_access {
    use crate::registers::{registers, Access, RegisterSpec};

    /// What [`MAGIC`] reads: `PORT`.
    pub const MAGIC_VALUE: u32 = u32::from_le_bytes(*b"PORT");
    /// [`COMMAND`]: the frame in the buffer enters on the port.
    pub const COMMAND_SEND: u32 = 1;
    /// [`COMMAND`]: the oldest frame that left is put into the buffer.
    pub const COMMAND_RECEIVE: u32 = 2;
    /// [`STATUS`]: the last command could not be carried out.
    pub const STATUS_REFUSED: u32 = 1;
    /// [`STATUS`]: the card has no clock, it answers at once.
    pub const STATUS_CLOCKLESS: u32 = 2;
    /// Where the buffer starts.
    pub const BUFFER: u32 = 0x1_0000;
    /// Bytes of the buffer: the longest frame.
    pub const BUFFER_BYTES: u32 = 0x1_0000;

    registers! {
        /// Always `PORT`: this card lends its ports.
        MAGIC = 0x00, Read;
        /// 1: send the frame in the buffer. 2: receive a frame into the buffer.
        COMMAND = 0x04, Command;
        /// Bit 0: the last command was refused. Bit 1: the card has no clock.
        STATUS = 0x08, Read;
        /// Bytes of the frame in the buffer; 0 behind a receive: there was none.
        LENGTH = 0x0c, ReadWrite;
        /// Its port.
        PORT = 0x10, ReadWrite;
        /// 1: nothing moves in the card.
        QUIET = 0x14, Read;
        /// Clocks since reset, low half; reading it holds the high half.
        CLOCKS_LOW = 0x18, Read;
        /// Clocks since reset, high half.
        CLOCKS_HIGH = 0x1c, Read;
    }
}
