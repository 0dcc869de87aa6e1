//! sim/bench
