//! How far the TCP connection of a flow is that waits: it has no other direction yet, so only its own flags count.

/// TCP flags, byte 13 of its header (RFC 9293 section 3.1).
const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;

/// Which flags were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    fin: bool,
    syn: bool,
    reset: bool,
}

impl Flags {
    /// A segment with these flags came.
    pub fn see(&mut self, flags: u8) {
        if flags & RST != 0 {
            self.reset = true;
        } else if flags & SYN != 0 {
            self.syn = true;
        } else if flags & FIN != 0 {
            self.fin = true;
        }
    }

    /// The peer's words for them, in the order of its bits.
    pub fn words(&self) -> Vec<&'static str> {
        let words = [(self.fin, "FIN"), (self.syn, "SYN"), (self.reset, "RST")];
        let words = words.into_iter().filter(|(seen, _)| *seen);
        words.map(|(_, word)| word).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_that_were_seen_have_the_peers_words() {
        let mut seen = Flags::default();
        seen.see(0x10);
        assert_eq!(seen.words(), [""; 0]);
        seen.see(SYN | 0x10);
        seen.see(FIN);
        assert_eq!(seen.words(), ["FIN", "SYN"]);
        // A reset counts alone.
        let mut seen = Flags::default();
        seen.see(RST | SYN);
        assert_eq!(seen.words(), ["RST"]);
    }
}
