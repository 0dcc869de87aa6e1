//! Port numbers, as `tuser` carries them.

/// The first wire; the next ones follow.
pub const WIRE0: u16 = 0;
/// The host's own network stack.
pub const HOST0: u16 = 0x100;
/// The first virtual function; the next ones follow.
pub const VF0: u16 = 0x101;
/// The slow path.
pub const SLOW: u16 = 0x200;
/// The buffer of packets that go round: no port of the card, they come back (see [`crate::meta::Errand`]).
pub const ROUND: u16 = 0x201;
/// Bits of a port number.
pub const BITS: usize = 10;

/// Names of the simulated card's ports with their numbers.
pub const SIM_PORTS: &[(&str, u16)] = &[
    ("wire0", WIRE0),
    ("wire1", WIRE0 + 1),
    ("host0", HOST0),
    ("vf0", VF0),
    ("vf1", VF0 + 1),
    ("vf2", VF0 + 2),
    ("vf3", VF0 + 3),
    ("vf4", VF0 + 4),
    ("vf5", VF0 + 5),
    ("vf6", VF0 + 6),
    ("vf7", VF0 + 7),
];

/// The number of the port of that name.
pub fn number(name: &str) -> Option<u16> {
    SIM_PORTS
        .iter()
        .find(|(one, _)| *one == name)
        .map(|(_, number)| *number)
}

/// The name of the port of that number.
pub fn name(number: u16) -> Option<&'static str> {
    SIM_PORTS
        .iter()
        .find(|(_, one)| *one == number)
        .map(|(name, _)| *name)
}
