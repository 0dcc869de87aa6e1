//! For tests: frames as beats on the wires of a [`Sim`].

use underpass_wires::Sim;

/// A beat as plain words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainBeat {
    /// Its bytes, those that do not count being zero.
    pub bytes: [u8; 64],
    /// How many count.
    pub count: usize,
    /// The frame ends.
    pub last: bool,
    /// Length and port.
    pub user: u32,
}

/// A frame as beats.
pub fn beats(bytes: &[u8], port: u16) -> Vec<PlainBeat> {
    let user = (bytes.len() as u32) << 16 | u32::from(port);
    let chunks = bytes.chunks(64);
    let ends = chunks.len() - 1;
    chunks
        .enumerate()
        .map(|(i, chunk)| {
            let mut beat = PlainBeat {
                bytes: [0; 64],
                count: chunk.len(),
                last: i == ends,
                user,
            };
            beat.bytes[..chunk.len()].copy_from_slice(chunk);
            beat
        })
        .collect()
}

/// Bytes as the words of a wire.
pub fn words(bytes: &[u8]) -> Vec<u64> {
    let mut words = vec![0; bytes.len().div_ceil(8)];
    for (i, byte) in bytes.iter().enumerate() {
        words[i / 8] |= u64::from(*byte) << (8 * (i % 8));
    }
    words
}

/// The bytes of a wire.
pub fn bytes(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Puts a beat, or none, on the offer called `name`. Bytes that do not count carry noise.
pub fn offer(sim: &mut Sim, name: &str, beat: Option<&PlainBeat>) {
    sim.set_int(&format!("{name}_valid"), u128::from(beat.is_some()));
    let Some(beat) = beat else { return };
    let mut data = beat.bytes;
    data[beat.count..].fill(0xa5);
    sim.set(&format!("{name}_beat_data"), &words(&data));
    sim.set_int(&format!("{name}_beat_keep"), (1 << beat.count) - 1);
    sim.set_int(&format!("{name}_beat_last"), u128::from(beat.last));
    sim.set_int(&format!("{name}_beat_user"), u128::from(beat.user));
}

/// The beat on the offer called `name`, if there is one.
pub fn offered(sim: &mut Sim, name: &str) -> Option<PlainBeat> {
    if sim.get_int(&format!("{name}_valid")) == 0 {
        return None;
    }
    let keep = sim.get_int(&format!("{name}_beat_keep")) as u64;
    assert_eq!(keep & keep.wrapping_add(1), 0, "keep {keep:#x} has a hole");
    let all = bytes(&sim.get(&format!("{name}_beat_data")));
    Some(PlainBeat {
        bytes: all.try_into().expect("64 bytes"),
        count: keep.count_ones() as usize,
        last: sim.get_int(&format!("{name}_beat_last")) == 1,
        user: sim.get_int(&format!("{name}_beat_user")) as u32,
    })
}

/// Numbers that look random and are the same in every run.
#[derive(Clone, Debug)]
pub struct Noise(pub u64);

impl Noise {
    /// The next one, below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % limit
    }

    /// That many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.below(256) as u8).collect()
    }
}
