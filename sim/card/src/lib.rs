//! A whole PCIe card, simulated: configuration space, register window, interrupts and memory access around the RTL or
//! the model.
