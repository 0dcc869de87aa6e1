//! sim/verilator
