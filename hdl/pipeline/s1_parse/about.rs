//! Whether an ICMP error is about a packet of one of our tunnels.
//!
//! ```text
//!   | IP | ICMP: type .. 8 | quoted IP: version .. protocol .. | ports |
//!                 |                     |            |             |
//!   clock 0       |                     |            |           which words would be a port of ours, wherever headers end
//!         2     [ an error? ]   [ of this family?  GRE? UDP? how many words to its ports, are they there? ]
//!         3                                                      [ is it one? ]
//! ```
//! An error quotes what fits of the packet that it is about: behind 20 to 60 bytes of IPv4 stand as many of the quoted
//! header, so its ports are looked for before it is known where they are.

use super::{is_tunnel_port, BEHIND_BITS, GRE, ICMP, ICMP6, UDP};
use crate::pipeline::ip::Ip;
use crate::pipeline::ipv6;
use crate::stream::beat::WINDOW_BITS;
use underpass_layout::meta::WINDOW_BYTES;
use underpass_wires::{any_of, bundle, k, mux, select, wire, Bit, U};

/// Bytes of an ICMP header in front of what it quotes, of either family.
const ICMP_HEADER: usize = 8;
/// The shortest and the longest IPv4 header in words; IPv6 is between.
const SHORTEST: usize = 5;
const LONGEST: usize = 15;
/// Words that both IP headers have together, less the fewest.
const PLACES: usize = 2 * (LONGEST - SHORTEST) + 1;
/// Where the quoted destination port stands behind two of the shortest headers, from the start of the first.
const FIRST: usize = 4 * (2 * SHORTEST) + ICMP_HEADER + 2;
/// Where its protocol stands: IPv4, IPv6.
const PROTOCOL: [usize; 2] = [ICMP_HEADER + 9, ICMP_HEADER + 6];

const _: () = assert!(18 + FIRST + 4 * PLACES <= WINDOW_BYTES);

bundle! {
    /// The quote, but for its ports.
    pub(super) struct About {
        /// GRE.
        gre: Bit,
        /// UDP, with its ports.
        udp: Bit,
        /// Words of both IP headers.
        words: U<5>,
    }
}

/// By the words of both IP headers, less the fewest: the quoted destination port would be one of ours. Combinational.
pub(super) fn ports(window: U<WINDOW_BITS>, tagged: Bit) -> [Bit; PLACES] {
    let there: [Bit; PLACES + 1] =
        std::array::from_fn(|place| is_tunnel_port(window.at(14 + FIRST + 4 * place)));
    std::array::from_fn(|place| mux(tagged, there[place + 1], there[place]))
}

impl About {
    /// What stands behind this header. Combinational.
    pub fn of(header: Ip, behind: U<BEHIND_BITS>) -> About {
        let kind: U<8> = behind.at(0);
        let any =
            |kinds: &[u32]| any_of(&kinds.iter().map(|one| kind.eq(*one)).collect::<Vec<_>>());
        let error4 = header.protocol.eq(ICMP) & !header.fragment & any(&[3, 11, 12]);
        let error6 = header.protocol.eq(ICMP6) & any(&[1, 2, 3, 4]);
        let version: U<4> = behind.at_bits(ICMP_HEADER, 0);
        let same_family = mux(header.v6, version.eq(6), version.eq(4));
        wire!(error = header.good & mux(header.v6, error6, error4) & same_family);

        let [at4, at6] = PROTOCOL;
        let protocol: U<8> = mux(header.v6, behind.at(at6), behind.at(at4));
        let there = mux(header.v6, header.payload.gt(at6), header.payload.gt(at4));
        let length: U<4> = behind.at_bits(ICMP_HEADER, 4);
        let quoted: U<4> = mux(header.v6, k(ipv6::LENGTH / 4), length);
        // An ICMP header, and a word of ports.
        let needed: U<5> = quoted.ext::<5>() + (ICMP_HEADER / 4 + 1);
        wire!(whole = quoted.ge(SHORTEST) & header.payload.slice::<14>(2).ge(needed.ext::<14>()));
        About {
            gre: error & protocol.eq(GRE) & there,
            udp: error & protocol.eq(UDP) & whole,
            words: header.words.ext::<5>() + quoted.ext::<5>(),
        }
    }

    /// It is a packet of a tunnel. Combinational.
    pub fn is_tunnel(self, ports: [Bit; PLACES]) -> Bit {
        let fewest = 2 * SHORTEST;
        let by_words: Vec<Bit> = (0..fewest + PLACES)
            .map(|words| ports[words.saturating_sub(fewest)])
            .collect();
        self.gre | self.udp & select(self.words, &by_words)
    }
}
