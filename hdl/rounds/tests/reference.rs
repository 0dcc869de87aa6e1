//! What must leave, in plain Rust: copy by copy, byte by byte, sums in the order of the wire.

use super::bench::{Case, Copy};
use underpass_layout::meta::{Round, RoundKind};
use underpass_layout::tables::{MirrorEntry, MirrorKind};

/// A mirror with its text.
#[derive(Clone, Debug, Default)]
pub struct Mirror {
    pub entry: MirrorEntry,
    pub text: Vec<u8>,
}

impl Mirror {
    /// With the sums that the host computes.
    pub fn new(kind: MirrorKind, v6: bool, text: Vec<u8>) -> Self {
        let mut entry = MirrorEntry {
            kind,
            v6,
            length: text.len() as u16,
            ..Default::default()
        };
        if kind == MirrorKind::Routed {
            let header = if v6 { 40 } else { 20 };
            let addresses = if v6 { &text[8..40] } else { &text[12..20] };
            entry.header_sum = folded(&text[..header]);
            let mut summed = addresses.to_vec();
            summed.extend([0, 17]);
            summed.extend(&text[header + 2..header + 4]);
            summed.extend(&text[header + 8..]);
            entry.sum = folded(&summed);
        }
        Mirror { entry, text }
    }
}

/// Sum of the 16-bit words of these bytes (RFC 1071), an odd one filled up.
fn folded(bytes: &[u8]) -> u16 {
    let sum = bytes.chunks(2).fold(0u64, |sum, pair| {
        sum + u64::from(u16::from_be_bytes([pair[0], *pair.get(1).unwrap_or(&0)]))
    });
    (0..4).fold(sum, |sum, _| (sum & 0xffff) + (sum >> 16)) as u16
}

/// The copies of packets, one after the other.
#[derive(Default)]
pub struct Reference {
    numbered: u16,
}

impl Reference {
    pub fn copies(&mut self, mirrors: &[Mirror], cases: &[Case]) -> Vec<Copy> {
        cases
            .iter()
            .flat_map(|case| self.of(mirrors, case))
            .collect()
    }

    fn of(&mut self, mirrors: &[Mirror], case: &Case) -> Vec<Copy> {
        let errand = &case.errand;
        let mut copies = Vec::new();
        for row in [errand.mirror, errand.second, errand.third] {
            let mirror = &mirrors[usize::from(row)];
            if row != 0 && mirror.entry.kind != MirrorKind::None {
                copies.push(self.mirrored(mirror, case));
            }
        }
        let mut back = |round| {
            copies.push(Copy {
                bytes: case.bytes.clone(),
                round,
            })
        };
        if errand.learn {
            back(Round {
                kind: RoundKind::Punt,
                vif: errand.round.vif,
                port: errand.round.port,
                received: true,
                ..Default::default()
            });
        }
        for member in 0..errand.members.max(1) {
            back(Round {
                position: errand.round.position + member,
                ..errand.round
            });
        }
        copies
    }

    fn mirrored(&mut self, mirror: &Mirror, case: &Case) -> Copy {
        let entry = &mirror.entry;
        let kept = match usize::from(entry.snap) {
            snap if snap > 0 && snap < case.bytes.len() => &case.bytes[..snap],
            _ => &case.bytes,
        };
        let mut bytes = mirror.text.clone();
        bytes.extend(kept);
        if entry.kind == MirrorKind::Routed {
            self.numbered = self.numbered.wrapping_add(1);
            fill(&mut bytes, entry.v6, self.numbered, case.errand.entropy);
            if kept.len() < case.bytes.len() {
                let at = if entry.v6 { 46 } else { 26 };
                bytes[at..at + 2].fill(0);
            }
        }
        let raw = entry.kind == MirrorKind::Raw;
        let round = Round {
            kind: RoundKind::Tenant,
            vif: case.errand.round.vif,
            port: case.errand.round.port,
            received: true,
            flowed: true,
            judged: true,
            quiet: true,
            frame: raw,
            direct: raw,
            vrf: entry.vrf,
            nexthop: if raw { entry.nexthop } else { 0 },
            label: if raw { entry.label } else { 0 },
            ..Default::default()
        };
        Copy { bytes, round }
    }
}

/// Sets every field of a whole packet's headers, from the packet alone.
fn fill(bytes: &mut [u8], v6: bool, id: u16, src_port: u16) {
    let all = bytes.len() as u16;
    let put = |bytes: &mut [u8], at: usize, word: u16| {
        bytes[at..at + 2].copy_from_slice(&word.to_be_bytes());
    };
    let header = if v6 { 40 } else { 20 };
    let udp = all - header as u16;
    if v6 {
        put(bytes, 4, udp);
    } else {
        put(bytes, 2, all);
        put(bytes, 4, id);
        put(bytes, 10, !folded(&bytes[..20]));
    }
    put(bytes, header, src_port);
    put(bytes, header + 4, udp);
    let mut summed = if v6 { &bytes[8..40] } else { &bytes[12..20] }.to_vec();
    summed.extend([0, 17]);
    summed.extend(udp.to_be_bytes());
    summed.extend(&bytes[header..]);
    let checksum = !folded(&summed);
    put(
        bytes,
        header + 6,
        if checksum == 0 { 0xffff } else { checksum },
    );
}
