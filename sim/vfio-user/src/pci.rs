//! Which region and which interrupt type of a PCI device has which index. The numbers are those of Linux' VFIO.

/// Region of base address register 0; the others follow, up to 5.
pub const BAR0_REGION: u32 = 0;
/// Region of base address register 1.
pub const BAR1_REGION: u32 = 1;
/// Region of base address register 2.
pub const BAR2_REGION: u32 = 2;
/// Region of base address register 3.
pub const BAR3_REGION: u32 = 3;
/// Region of base address register 4.
pub const BAR4_REGION: u32 = 4;
/// Region of base address register 5.
pub const BAR5_REGION: u32 = 5;
/// Region of the expansion ROM.
pub const ROM_REGION: u32 = 6;
/// Region of the configuration space.
pub const CONFIG_REGION: u32 = 7;
/// Region of the legacy VGA addresses.
pub const VGA_REGION: u32 = 8;
/// How many regions a PCI device has.
pub const REGIONS: u32 = 9;

/// Interrupt type INTx.
pub const INTX_IRQ: u32 = 0;
/// Interrupt type MSI.
pub const MSI_IRQ: u32 = 1;
/// Interrupt type MSI-X.
pub const MSIX_IRQ: u32 = 2;
/// Tells of a device error.
pub const ERROR_IRQ: u32 = 3;
/// Asks for the device back.
pub const REQUEST_IRQ: u32 = 4;
/// How many interrupt types a PCI device has.
pub const IRQS: u32 = 5;
