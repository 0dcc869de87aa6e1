//! What the driver refuses, and what a card can refuse.

use underpass_layout::BadCode;

use crate::access::AccessError;

/// The driver cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// The card cannot be reached.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Something else answers at the card's place.
    #[error("found {found:#010x} in the first register, expected {expected:#010x}: this is no Underpass card")]
    NotACard {
        /// What the first register holds.
        found: u32,
        /// The magic number.
        expected: u32,
    },
    /// The card's bits mean something else than ours.
    #[error("the card runs layout {card:016x}, this program was built for layout {driver:016x}")]
    OtherLayout {
        /// The card's layout id.
        card: u64,
        /// Ours.
        driver: u64,
    },
    /// A card of our layout whose profile has no name here.
    #[error(
        "the card says it is of profile {found:?}, expected one of {}",
        profiles()
    )]
    UnknownProfile {
        /// The register's four characters.
        found: String,
    },
    /// A table is not as large as the profile says.
    #[error(
        "table {table} of the card has {found} rows, expected {expected} in profile {profile}"
    )]
    OtherRows {
        /// The table.
        table: &'static str,
        /// The profile's name.
        profile: &'static str,
        /// What the card says.
        found: u32,
        /// What the profile says.
        expected: usize,
    },
    /// No such row.
    #[error("found row {row} of table {table}, expected one of the {rows} rows of a way, and ways {depth} apart, below {end}")]
    NoSuchRow {
        /// The table.
        table: &'static str,
        /// The row asked for, over all ways.
        row: usize,
        /// Rows of a way.
        rows: usize,
        /// From one way to the next.
        depth: usize,
        /// One more than the last row.
        end: usize,
    },
    /// No such group of ways, or a table that is not searched by key.
    #[error("found lookup {group} of table {table}, expected one below {groups}")]
    NoSuchLookup {
        /// The table.
        table: &'static str,
        /// The lookup asked for.
        group: usize,
        /// Lookups of that table.
        groups: usize,
    },
    /// The hash words have no such column.
    #[error("found column {column} of the hash words, expected one below {columns}")]
    NoSuchColumn {
        /// The column asked for.
        column: u8,
        /// How many there are.
        columns: usize,
    },
    /// The words are not those of a row.
    #[error("found {found} words for a row of table {table}, expected {expected}")]
    WrongWords {
        /// The table.
        table: &'static str,
        /// Words given.
        found: usize,
        /// Words of a row.
        expected: usize,
    },
    /// The card did not take a command.
    #[error("the card refused row {row} of table {table}")]
    Refused {
        /// The table.
        table: &'static str,
        /// The row.
        row: usize,
    },
    /// A register that should have changed did not.
    #[error("the card does not get done: register {register} ({offset:#06x}) does not change")]
    Stuck {
        /// The register's name.
        register: &'static str,
        /// Its offset.
        offset: u32,
    },
    /// A frame that cannot be injected.
    #[error("found a frame of {found} bytes to inject, expected at most {max}")]
    TooLong {
        /// Bytes of the frame with its shim.
        found: usize,
        /// Bytes that can be injected.
        max: usize,
    },
    /// A frame from the slow port without a whole shim in front.
    #[error(
        "found a frame of {found} bytes on the slow port, expected a shim of {expected} bytes"
    )]
    NoShim {
        /// Bytes of the frame.
        found: usize,
        /// Bytes of a shim.
        expected: usize,
    },
    /// There is no memory for the rings.
    #[error("the operating system gives no memory for the rings")]
    NoMemory(#[source] std::io::Error),
    /// The card does not take a ring into use.
    #[error("the card refused the {ring} ring")]
    RingRefused {
        /// Its name.
        ring: &'static str,
    },
    /// The card has stopped a ring because host memory did not answer.
    #[error("the card stopped the {ring} ring: it could not reach host memory")]
    RingFault {
        /// Its name.
        ring: &'static str,
    },
    /// A ring does not move.
    #[error("the {ring} ring has not moved for {seconds} seconds")]
    RingStuck {
        /// Its name.
        ring: &'static str,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The card refused commands that the driver had checked.
    #[error("the card refused {refused} commands of the command ring")]
    CommandsRefused {
        /// How many.
        refused: u32,
    },
    /// What lies in the punt ring cannot be what the card wrote.
    #[error(
        "found a frame of {beats} beats in the punt ring, where {waiting} of {size} beats wait"
    )]
    BadPuntRing {
        /// Beats that the frame says it has.
        beats: u32,
        /// Beats that the card says it has filled.
        waiting: u32,
        /// Beats of the ring.
        size: u32,
    },
    /// A row or a shim holds a code that means nothing.
    #[error("what the card handed over makes no sense: {0}")]
    BadCode(BadCode),
    /// The machine has no random numbers to seed the hash with.
    #[error("no random number can be had from the operating system: {0}")]
    NoRandom(getrandom::Error),
}

impl DriverError {
    /// What may help.
    pub fn hint(&self) -> Option<String> {
        match self {
            DriverError::Access(error) => error.hint(),
            DriverError::OtherLayout { .. }
            | DriverError::UnknownProfile { .. }
            | DriverError::OtherRows { .. } => Some(
                "build card and program from the same source: `cargo build --release`".to_owned(),
            ),
            _ => None,
        }
    }
}

impl From<BadCode> for DriverError {
    fn from(code: BadCode) -> Self {
        DriverError::BadCode(code)
    }
}

fn profiles() -> String {
    let names = underpass_layout::profile::PROFILES
        .iter()
        .map(|profile| format!("`{}`", profile.name));
    names.collect::<Vec<_>>().join(", ")
}
