//! hdl/wires
