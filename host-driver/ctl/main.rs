//! The `underpass` program.
fn main() {}
