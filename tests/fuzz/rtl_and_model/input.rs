//! What an input means: which tables, how the streams stall, and frames on ports.

use crate::fuzz::bytes::{put_counted, Bytes};
use crate::packets::Packet;
use underpass_bench::Stalls;
use underpass_layout::port;

/// Most frames of one input.
const FRAMES: usize = 32;

/// An input taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Which of the pairs.
    pub tables: u8,
    /// How often the sender holds back, in 256ths of 90 clocks in a hundred.
    pub stalls_in: u8,
    /// How often the receiver does.
    pub stalls_out: u8,
    /// In which clocks.
    pub seed: u8,
    /// What is sent.
    pub packets: Vec<Packet>,
}

impl Input {
    /// Any bytes at all.
    pub fn read(data: &[u8]) -> Self {
        let mut bytes = Bytes::new(data);
        let [tables, stalls_in, stalls_out, seed] = bytes.array();
        let mut packets = Vec::new();
        while !bytes.is_empty() && packets.len() < FRAMES {
            let port = bytes.u16() & ((1 << port::BITS) - 1);
            let bytes = bytes.counted().to_vec();
            // No MAC hands over a frame without bytes.
            if !bytes.is_empty() {
                packets.push(Packet { bytes, port });
            }
        }
        Input {
            tables,
            stalls_in,
            stalls_out,
            seed,
            packets,
        }
    }

    /// The bytes that mean this.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.tables, self.stalls_in, self.stalls_out, self.seed];
        for packet in &self.packets {
            bytes.extend(packet.port.to_le_bytes());
            put_counted(&mut bytes, &packet.bytes);
        }
        bytes
    }

    /// How the two streams stall.
    pub fn stalls(&self) -> (Stalls, Stalls) {
        let seed = u64::from(self.seed);
        let stalls = |share: u8, seed| match (u16::from(share) * 90 / 256) as u8 {
            0 => Stalls::None,
            percent => Stalls::Random { seed, percent },
        };
        (
            stalls(self.stalls_in, seed),
            stalls(self.stalls_out, seed + 256),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let packet = |port, fill, length| Packet {
            bytes: vec![fill; length],
            port,
        };
        let input = Input {
            tables: 2,
            stalls_in: 0,
            stalls_out: 255,
            seed: 9,
            packets: vec![packet(0, 1, 60), packet(port::SLOW, 2, 1500)],
        };
        assert_eq!(Input::read(&input.to_bytes()), input);
        let percent = 89;
        assert_eq!(
            input.stalls(),
            (Stalls::None, Stalls::Random { seed: 265, percent })
        );
    }

    #[test]
    fn any_bytes_are_frames_with_bytes_on_ports() {
        let packets = |data: &[u8]| Input::read(data).packets;
        assert_eq!(packets(&[]), []);
        assert_eq!(packets(&[0, 0, 0, 0, 1, 0, 0, 0]), [], "no bytes");
        let found = packets(&[0, 0, 0, 0, 0xff, 0xff, 9, 0, 7]);
        assert_eq!(
            (found[0].port, found[0].bytes.as_slice()),
            (0x3ff, &[7][..])
        );
    }
}
