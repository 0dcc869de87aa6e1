//! Random packets with what a flow makes of them, and what the bytes must be then.
//!
//! ```text
//!   | noise | IP header | upper layer: ports, or ICMP                   | noise |
//!   | noise | IP header | ICMP 8 | quoted IP header | quoted ports 4 .. | noise |
//!           l3          l4       quoted l3          quoted l4
//! ```

use super::kind::Kind;
use crate::stream::frames::Noise;
use underpass_layout::meta::{Bridge, Classify, Flow, Inner, Key, Meta, Quoted, Route, Syn};
use underpass_layout::tables::{OnwardEntry, VifEntry, VifKind};

/// The complement of the ones' complement sum (RFC 1071), word by word.
pub fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0u32;
    for part in parts {
        for word in part.chunks(2) {
            sum += u32::from(word[0]) << 8 | u32::from(word.get(1).copied().unwrap_or(0));
            sum = (sum & 0xffff) + (sum >> 16);
        }
    }
    !(sum as u16)
}

/// A packet and what happens to it.
#[derive(Clone, Debug)]
pub struct Case {
    pub bytes: Vec<u8>,
    pub kind: Kind,
    pub v6: bool,
    /// Where its IP header starts, and the upper layer.
    pub l3: usize,
    l4: usize,
    /// The same of the packet that it quotes.
    quoted: Option<(usize, usize)>,
    onward: OnwardEntry,
    /// A flow sends it on.
    onwards: bool,
    /// Its TTL or hop limit goes down.
    hop: bool,
    key_src: u128,
    /// A part of a packet that is not the first one: what is behind the IP header are bytes like others.
    later: bool,
    /// Where a SYN announces its segment size, and what it shall announce.
    segment: Option<(usize, u16)>,
}

impl Case {
    /// Bits 0 to 3 of `what`: SNAT, DNAT, SPAT, DPAT; 4: a hop; 5: there is no such flow after all.
    pub fn random(noise: &mut Noise, kind: Kind, v6: bool, what: u32) -> Case {
        let bit = |i: u32| what >> i & 1 == 1;
        let onward = OnwardEntry {
            snat: bit(0),
            dnat: bit(1),
            spat: bit(2),
            dpat: bit(3),
            src_port: noise.below(1 << 16) as u16,
            dst_port: noise.below(1 << 16) as u16,
            src: address(noise, v6),
            dst: address(noise, v6),
            ..Default::default()
        };
        let l3 = 2 * noise.below(40);
        let mut bytes = noise.bytes(l3);
        let l4 = l3 + put_header(noise, &mut bytes, kind, v6);
        let quoted = kind.quotes().map(|quoted| {
            bytes.extend([if v6 { 1 } else { 3 }, 1, 0, 0, 0, 0, 0, 0]);
            let start = bytes.len();
            let inner_l4 = start + put_header(noise, &mut bytes, quoted, v6);
            bytes.extend(noise.bytes(8));
            if !v6 {
                fix_header(&mut bytes[start..], inner_l4 - start);
            }
            (start, inner_l4)
        });
        let more = noise.below(30);
        bytes.extend(noise.bytes(if quoted.is_some() { more } else { 20 + more }));
        let mut case = Case {
            bytes,
            kind,
            v6,
            l3,
            l4,
            quoted,
            onward,
            onwards: !bit(5),
            hop: bit(4),
            key_src: 0,
            later: false,
            segment: None,
        };
        case.key_src = case.address_at(l3 + case.src_at());
        if kind == Kind::Icmp {
            case.bytes[l4] = if v6 { 128 } else { 8 };
        }
        case.bytes = case.summed(case.bytes.clone(), kind != Kind::UdpUnsummed || v6);
        case
    }

    /// The same with two bytes such that the checksum of the upper layer computes to zero once it is patched.
    pub fn with_sum_of_zero(mut self) -> Case {
        let free = self.l4 + 12;
        self.bytes[free..free + 2].fill(0);
        self.bytes = self.summed(self.bytes.clone(), true);
        let mut after = self.expected();
        let at = self.l4 + self.kind.checksum_at().expect("it has a checksum");
        after[at..at + 2].fill(0);
        let word = self.upper_checksum(&after);
        self.bytes[free..free + 2].copy_from_slice(&word.to_be_bytes());
        self.bytes = self.summed(self.bytes.clone(), true);
        self
    }

    /// A later fragment of such a packet.
    pub fn later_fragment(mut self) -> Self {
        self.later = true;
        self
    }

    /// The same with a segment size at this place behind the upper layer's header, which then is to be `lowered`.
    pub fn with_segment(mut self, place: usize, size: u16, lowered: u16) -> Self {
        let at = self.l4 + place;
        self.bytes.resize(self.bytes.len().max(at + 2), 0);
        self.bytes[at..at + 2].copy_from_slice(&size.to_be_bytes());
        self.bytes = self.summed(self.bytes.clone(), true);
        self.segment = Some((at, lowered));
        self
    }

    /// Bytes of headers from the IP header to the segment, options aside.
    pub fn headers(&self) -> usize {
        self.l4 - self.l3 + 20
    }

    /// The same error, from a router between the ends: its source is not that of the flow.
    pub fn sent_by_a_router(mut self) -> Case {
        self.key_src ^= 1;
        self
    }

    /// The checksum of the upper layer that is expected.
    pub fn expected_upper(&self) -> Option<u16> {
        let at = self.l4 + self.kind.checksum_at()?;
        Some(u16::from_be_bytes(
            self.expected()[at..at + 2].try_into().ok()?,
        ))
    }

    /// What the bytes must be then.
    pub fn expected(&self) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        let flow = OnwardEntry {
            snat: self.onwards && self.onward.snat,
            dnat: self.onwards && self.onward.dnat,
            spat: self.onwards && self.onward.spat,
            dpat: self.onwards && self.onward.dpat,
            ..self.onward
        };
        let (src_at, dst_at) = (self.src_at(), self.dst_at());
        if self.hop {
            bytes[self.l3 + if self.v6 { 7 } else { 8 }] -= 1;
        }
        if flow.snat && self.key_src == self.address_at(self.l3 + src_at) {
            self.put_address(&mut bytes, self.l3 + src_at, flow.src);
        }
        if flow.dnat {
            self.put_address(&mut bytes, self.l3 + dst_at, flow.dst);
        }
        let mut port = |here: bool, at: usize, port: u16| {
            if here {
                bytes[at..at + 2].copy_from_slice(&port.to_be_bytes());
            }
        };
        let ports = self.kind.has_ports() && !self.later;
        port(flow.spat && ports, self.l4, flow.src_port);
        port(flow.dpat && ports, self.l4 + 2, flow.dst_port);
        if let Some((at, lowered)) = self.segment {
            port(true, at, lowered);
        }
        if let (Some((l3, l4)), Some(quoted)) = (self.quoted, self.kind.quotes()) {
            port(flow.dpat && quoted.has_ports(), l4, flow.dst_port);
            port(flow.spat && quoted.has_ports(), l4 + 2, flow.src_port);
            if flow.dnat {
                self.put_address(&mut bytes, l3 + src_at, flow.dst);
            }
            if flow.snat {
                self.put_address(&mut bytes, l3 + dst_at, flow.src);
            }
            if !self.v6 {
                fix_header(&mut bytes[l3..], l4 - l3);
            }
        }
        self.summed(bytes, self.kind != Kind::UdpUnsummed || self.v6)
    }

    /// The bytes with the checksums of IP header and upper layer computed.
    fn summed(&self, mut bytes: Vec<u8>, upper: bool) -> Vec<u8> {
        if !self.v6 {
            fix_header(&mut bytes[self.l3..], self.l4 - self.l3);
        }
        if let Some(at) = self.kind.checksum_at().filter(|_| !self.later) {
            let at = self.l4 + at;
            bytes[at..at + 2].fill(0);
            if upper {
                let sum = match (self.kind, self.upper_checksum(&bytes)) {
                    (Kind::Udp | Kind::UdpUnsummed, 0) => 0xffff,
                    (_, sum) => sum,
                };
                bytes[at..at + 2].copy_from_slice(&sum.to_be_bytes());
            }
        }
        bytes
    }

    /// Over the upper layer to the end, and the pseudo header where there is one.
    fn upper_checksum(&self, bytes: &[u8]) -> u16 {
        let upper = &bytes[self.l4..];
        let addresses = &bytes[self.l3 + self.src_at()..self.l3 + self.addresses_end()];
        let length = (upper.len() as u32).to_be_bytes();
        let protocol = [0, self.kind.protocol(self.v6)];
        match self.kind.protocol(self.v6) {
            1 => checksum(&[upper]),
            _ => checksum(&[addresses, &length, &protocol, upper]),
        }
    }

    fn src_at(&self) -> usize {
        if self.v6 {
            8
        } else {
            12
        }
    }

    fn dst_at(&self) -> usize {
        if self.v6 {
            24
        } else {
            16
        }
    }

    fn addresses_end(&self) -> usize {
        if self.v6 {
            40
        } else {
            20
        }
    }

    fn address_at(&self, at: usize) -> u128 {
        let bytes = &self.bytes[at..at + if self.v6 { 16 } else { 4 }];
        bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | u128::from(*byte))
    }

    fn put_address(&self, bytes: &mut [u8], at: usize, address: u128) {
        let all = address.to_be_bytes();
        let used = if self.v6 { &all[..] } else { &all[12..] };
        bytes[at..at + used.len()].copy_from_slice(used);
    }

    fn word(&self, at: usize) -> u16 {
        u16::from_be_bytes([self.bytes[at], self.bytes[at + 1]])
    }

    /// What the stages before know of it.
    pub fn meta(&self) -> Meta {
        let (l3, l4) = (self.l3, self.l4);
        let ports = |kind: Kind, l4: usize| match kind {
            Kind::Icmp => (self.word(l4 + 4), if self.v6 { 129 } else { 0 }),
            kind if kind.has_ports() => (self.word(l4), self.word(l4 + 2)),
            _ => (0, u16::from(self.bytes[l4])),
        };
        let (src_port, dst_port) = ports(self.kind, l4);
        let inner = Inner {
            l3_offset: l3 as u8,
            ipv4: !self.v6,
            ipv6: self.v6,
            protocol: self.kind.protocol(self.v6),
            ttl: self.bytes[l3 + if self.v6 { 7 } else { 8 }],
            checksum: if self.v6 { 0 } else { self.word(l3 + 10) },
            src: self.address_at(l3 + self.src_at()),
            dst: self.address_at(l3 + self.dst_at()),
            src_port,
            dst_port,
            fragment: self.later,
            l4_offset: if self.later { 0 } else { l4 as u8 },
            l4_checksum: match self.kind.checksum_at() {
                Some(at) if !self.later => self.word(l4 + at),
                _ => 0,
            },
            ..Default::default()
        };
        let syn = self.segment.map_or(Syn::default(), |(at, _)| Syn {
            offset: at as u8,
            mss: self.word(at),
        });
        let quoted = match (self.quoted, self.kind.quotes()) {
            (Some((l3, l4)), Some(kind)) => {
                let (src_port, dst_port) = ports(kind, l4);
                Quoted {
                    error: true,
                    protocol: kind.protocol(self.v6),
                    src: self.address_at(l3 + self.src_at()),
                    dst: self.address_at(l3 + self.dst_at()),
                    src_port,
                    dst_port,
                    checksum: if self.v6 { 0 } else { self.word(l3 + 10) },
                    l3_offset: l3 as u8,
                    l4_offset: l4 as u8,
                    ..Default::default()
                }
            }
            _ => Quoted::default(),
        };
        Meta {
            classify: Classify {
                entry: VifEntry {
                    kind: VifKind::Vm,
                    hop_limit: true,
                    ..Default::default()
                },
                ..Default::default()
            },
            inner,
            quoted,
            syn,
            bridge: Bridge {
                l3: true,
                ..Default::default()
            },
            key: Key {
                src: self.key_src,
                ..Default::default()
            },
            flow: Flow {
                goes_onward: self.onwards,
                onward: if self.onwards {
                    self.onward
                } else {
                    OnwardEntry::default()
                },
                ..Default::default()
            },
            route: Route {
                routed: self.hop,
                ..Default::default()
            },
            ..Default::default()
        }
    }
}

fn address(noise: &mut Noise, v6: bool) -> u128 {
    let bytes = noise.bytes(if v6 { 16 } else { 4 });
    bytes
        .iter()
        .fold(0, |sum, byte| sum << 8 | u128::from(*byte))
}

/// Puts an IP header at the end, IPv4 with up to 8 bytes of options and without its checksum; and its length.
fn put_header(noise: &mut Noise, bytes: &mut Vec<u8>, kind: Kind, v6: bool) -> usize {
    let start = bytes.len();
    let options = if v6 { 0 } else { noise.below(3) };
    let length = if v6 { 40 } else { 20 + 4 * options };
    bytes.extend(noise.bytes(length));
    let header = &mut bytes[start..];
    let (protocol_at, ttl_at) = if v6 { (6, 7) } else { (9, 8) };
    header[0] = if v6 { 0x60 } else { 0x45 + options as u8 };
    header[protocol_at] = kind.protocol(v6);
    header[ttl_at] = 2 + noise.below(254) as u8;
    length
}

/// Computes the checksum of an IPv4 header of so many bytes.
fn fix_header(bytes: &mut [u8], length: usize) {
    bytes[10..12].fill(0);
    let sum = checksum(&[&bytes[..length]]);
    bytes[10..12].copy_from_slice(&sum.to_be_bytes());
}
