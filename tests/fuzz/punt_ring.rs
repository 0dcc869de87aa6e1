//! A card that writes anything at all into its punt ring and the ring's status.
//!
//! ```text
//!   { status 16 bytes, beats u8, first beat u8, 64 bytes a beat }..  ─▶ memory ─▶ Driver::punt until nothing waits
//! ```
//! The rest of the card is the model. It never sees the memory, so nobody but the input writes it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::bytes::Bytes;
use underpass_host_driver::access::dma::{Cells, DmaMemory};
use underpass_host_driver::access::{AccessError, CardAccess, DmaAccess, Interrupt, Model};
use underpass_host_driver::driver::{Driver, RingLayout};
use underpass_layout::meta::BEAT_BYTES;
use underpass_layout::profile::SIM;
use underpass_layout::registers::rings::{BASE_HIGH, BASE_LOW, STATUS_HIGH, STATUS_LOW, STRIDE};
use underpass_layout::rings::ring::{COUNT, PUNT};

/// Beats of the ring: the fewest.
const BEATS: usize = 64;
/// Words of a beat.
const BEAT_WORDS: usize = BEAT_BYTES / 4;
/// Most rounds of one input.
const ROUNDS: usize = 32;

thread_local! {
    static DRIVER: RefCell<Driver<Liar>> = RefCell::new(
        Driver::open(Liar::new()).unwrap_or_else(|error| panic!("{error}")),
    );
}

/// Writes the memory and takes out what the driver makes of it, round by round, until the driver sees an error.
///
/// # Panics
/// A frame of another length than its shim says, or more frames than beats.
pub fn run(data: &[u8]) {
    DRIVER.with_borrow_mut(|driver| {
        let layout = RingLayout {
            sizes_log2: [BEATS.ilog2(); COUNT],
            moderation: [0; COUNT],
        };
        let opened = driver.open_rings(layout);
        assert!(opened.unwrap_or_else(|error| panic!("{error}")));
        let mut bytes = Bytes::new(data);
        for _ in 0..ROUNDS {
            if bytes.is_empty() || !round(driver, &mut bytes) {
                break;
            }
        }
    });
}

/// Whether the driver saw no error.
fn round(driver: &mut Driver<Liar>, bytes: &mut Bytes) -> bool {
    let (ring, status) = driver.card().punt_ring();
    status.write_all(0, &bytes.words::<4>());
    let (beats, first) = (bytes.u8(), bytes.u8());
    for beat in 0..usize::from(beats) % (BEATS + 1) {
        let at = (usize::from(first) + beat) % BEATS;
        ring.write_all(at * BEAT_WORDS, &bytes.words::<BEAT_WORDS>());
    }
    let lost = driver.punts_lost();
    lost.unwrap_or_else(|error| panic!("{error}"));
    for _ in 0..=BEATS {
        match driver.punt() {
            Ok(Some(punt)) => assert_eq!(punt.frame.len(), usize::from(punt.shim.length)),
            Ok(None) => return true,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                return false;
            }
        }
    }
    panic!("more frames than the ring has beats");
}

/// A card whose rings are an input.
struct Liar {
    card: Model,
    /// What the driver wrote into the registers of the rings.
    registers: BTreeMap<u32, u32>,
    /// Where the driver has its rings: memory, and its first address.
    memory: Option<(Arc<DmaMemory>, u64)>,
}

impl Liar {
    fn new() -> Self {
        Liar {
            card: Model::new(&SIM),
            registers: BTreeMap::new(),
            memory: None,
        }
    }

    /// The words of the punt ring and of its status.
    fn punt_ring(&self) -> (Cells, Cells) {
        let Some((memory, start)) = &self.memory else {
            panic!("the driver gave the card no memory")
        };
        let register = |at: u32| u64::from(self.registers[&(at + STRIDE * PUNT)]);
        let part = |low, high, words| {
            let first = (register(high) << 32 | register(low)).wrapping_sub(*start) as usize / 4;
            memory.cells().part(first..first + words)
        };
        let ring = part(BASE_LOW, BASE_HIGH, BEATS * BEAT_WORDS);
        (ring, part(STATUS_LOW, STATUS_HIGH, BEAT_WORDS))
    }
}

/// A register of a ring.
fn is_of_rings(offset: u32) -> bool {
    (BASE_LOW..BASE_LOW + STRIDE * COUNT as u32).contains(&offset)
}

impl CardAccess for Liar {
    fn read(&mut self, offset: u32) -> Result<u32, AccessError> {
        match is_of_rings(offset) {
            true => Ok(self.registers.get(&offset).copied().unwrap_or_default()),
            false => self.card.read(offset),
        }
    }

    fn write(&mut self, offset: u32, value: u32) -> Result<(), AccessError> {
        match is_of_rings(offset) {
            true => {
                self.registers.insert(offset, value);
                Ok(())
            }
            false => self.card.write(offset, value),
        }
    }

    fn dma(&mut self) -> Option<&mut dyn DmaAccess> {
        Some(self)
    }
}

impl DmaAccess for Liar {
    fn map(&mut self, memory: Arc<DmaMemory>, address: u64) -> Result<(), AccessError> {
        self.memory = Some((memory, address));
        Ok(())
    }

    fn unmap(&mut self, _address: u64) -> Result<(), AccessError> {
        self.memory = None;
        Ok(())
    }

    fn interrupts(&mut self, _vectors: usize) -> Result<Vec<Interrupt>, AccessError> {
        Ok(Vec::new())
    }
}
