//! Whatever a driver writes, the card stays within its rings.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

/// Where a ring was when it was enabled: its beats and its status.
#[derive(Clone, Default)]
struct Allowed {
    base: u64,
    bytes: u64,
    status: Option<u64>,
}

impl Allowed {
    fn contains(&self, address: u64) -> bool {
        self.status == Some(address) || address.wrapping_sub(self.base) < self.bytes
    }
}

fn allowed(card: &mut ModelCard, ring: u32) -> Allowed {
    let mut wide = |low| {
        let half = |card: &mut ModelCard, at: u32| u64::from(card.read(at + ring * STRIDE));
        half(card, low) | half(card, low + 4) << 32
    };
    let (base, status) = (wide(BASE_LOW), wide(STATUS_LOW));
    let size = card.read(SIZE + ring * STRIDE);
    let runs = card.read(CONTROL + ring * STRIDE) & ENABLE != 0;
    Allowed {
        base,
        bytes: if runs { 64 << size } else { 0 },
        status: runs.then_some(status),
    }
}

/// Memory of noise, so that descriptors are anything; it answers nearly everywhere.
struct Noise {
    state: u64,
    allowed: Vec<Allowed>,
    strayed: Option<u64>,
}

impl Noise {
    fn visit(&mut self, address: u64) -> Result<(), Unmapped> {
        if !self.allowed.iter().any(|one| one.contains(address)) {
            self.strayed = Some(address);
        }
        match self.next() % 200 {
            0 => Err(Unmapped { address }),
            _ => Ok(()),
        }
    }

    fn next(&mut self) -> u64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(99);
        self.state >> 33
    }
}

impl HostMemory for Noise {
    fn read(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), Unmapped> {
        self.visit(address)?;
        let wild = self.next().is_multiple_of(2);
        for (i, byte) in bytes.iter_mut().enumerate() {
            // Half of the beats are commands and shims that mean something.
            *byte = match (wild, i) {
                (true, _) => self.next() as u8,
                (false, 0) => (self.next() % 4) as u8,
                (false, 1) => (self.next() % 16) as u8,
                (false, 6) => 70,
                (false, 7) => (self.next() % 5) as u8,
                (false, _) => 0,
            };
        }
        Ok(())
    }

    fn write(&mut self, address: u64, _: &[u8]) -> Result<(), Unmapped> {
        self.visit(address)
    }
}

/// A register write: likely values of each register, and any.
fn any_write() -> impl Strategy<Value = (u32, u32, u32)> {
    let registers = prop::sample::select(vec![
        BASE_LOW,
        BASE_LOW + 4,
        SIZE,
        CONTROL,
        CONTROL,
        PRODUCER,
        PRODUCER,
        CONSUMER,
        CONSUMER,
        STATUS_LOW,
        STATUS_HIGH,
        MODERATION,
    ]);
    (0..3_u32, registers, any::<u32>(), any::<bool>()).prop_map(|(ring, register, value, wild)| {
        let likely = match register {
            BASE_LOW | STATUS_LOW => value & !0xfff,
            SIZE => 6 + value % 3,
            CONTROL => u32::from(value % 4 != 0),
            PRODUCER | CONSUMER => 2 * (value % 32),
            _ => value,
        };
        let wild = wild && value % 8 == 0;
        (ring, register, if wild { value } else { likely })
    })
}

proptest! {
    /// Whatever registers and memory hold, the card stays within the rings that were enabled, and comes to rest.
    #[test]
    fn nothing_outside_a_ring_is_touched(
        writes in vec((any_write(), 0..3_usize), 1..120),
        seed in any::<u64>(),
    ) {
        let mut card = card();
        let mut memory = Noise { state: seed, allowed: vec![Allowed::default(); 3], strayed: None };
        for ring in RINGS {
            for (register, value) in [(BASE_LOW + 4, ring), (SIZE, 6), (CONTROL, ENABLE)] {
                card.write(register + ring * STRIDE, value);
            }
        }
        for ((ring, register, value), frames) in writes {
            card.write(register + ring * STRIDE, value);
            for frame in 0..frames {
                let mut bytes = arp();
                bytes.resize(60 + frame * 700, 0);
                card.send(port::WIRE0, &bytes);
            }
            memory.allowed = RINGS.map(|ring| allowed(&mut card, ring)).to_vec();
            let vectors = card.run(&mut memory);
            prop_assert!(vectors.iter().all(|vector| *vector <= FAULT_VECTOR));
            prop_assert_eq!(memory.strayed, None);
            prop_assert!(card.quiet());
            while card.receive().is_some() {}
        }
    }
}
