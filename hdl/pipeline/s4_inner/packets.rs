//! For tests: tenants' packets, and the stages that read them.
//!
//! ```text
//!   packet ─▶ s4_inner ─▶ s5_quoted ─▶ inner, quoted, syn, open
//! ```

use crate::hardware::{self, Inner, Quoted, Syn};
use crate::pipeline::slot::HeadSlot;
use crate::pipeline::{s4_inner, s5_quoted};
use crate::stream::frames::words;
use underpass_layout::meta::{self, WINDOW_BYTES};
use underpass_layout::{Record, Verdict, VerdictBits, VerdictKind};
use underpass_wires::{build, input, output, Blocks, Bundle, BundleExt, Ports, Sim};

/// The addresses of packets: each family's own.
pub const SRC4: u32 = 0x0a00_0105;
/// Destination.
pub const DST4: u32 = 0xc633_6407;
/// IPv6.
pub const SRC6: u128 = 0xfd00_0001_0002_0003_0004_0005_0006_0007;
/// Destination.
pub const DST6: u128 = 0x2001_0db8_1111_2222_3333_4444_5555_6666;

/// An Ethernet header and a tag, if there is one.
pub fn ethernet(tag: bool, ip: &[u8]) -> Vec<u8> {
    let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    if tag {
        bytes.extend([0x81, 0, 0, 7]);
    }
    bytes.extend(match ip[0] >> 4 {
        6 => [0x86, 0xdd],
        _ => [0x08, 0x00],
    });
    bytes.extend(ip);
    bytes
}

/// An IPv4 packet with so many words of options.
pub fn ipv4(options: usize, protocol: u8, behind: &[u8]) -> Vec<u8> {
    let header = 20 + 4 * options;
    let mut bytes = vec![0x45 + options as u8, 0xb8];
    bytes.extend(((header + behind.len()) as u16).to_be_bytes());
    bytes.extend([0x12, 0x34, 0x40, 0, 64, protocol, 0xab, 0xcd]);
    bytes.extend(SRC4.to_be_bytes());
    bytes.extend(DST4.to_be_bytes());
    bytes.resize(header, 1);
    bytes.extend(behind);
    bytes
}

/// An IPv6 packet with one extension header of so many units, if any.
pub fn ipv6(units: usize, protocol: u8, behind: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x6b, 0x80, 0, 0];
    bytes.extend(((8 * units + behind.len()) as u16).to_be_bytes());
    bytes.extend([if units > 0 { 60 } else { protocol }, 64]);
    bytes.extend(SRC6.to_be_bytes());
    bytes.extend(DST6.to_be_bytes());
    if units > 0 {
        bytes.extend([protocol, units as u8 - 1]);
        bytes.resize(40 + 8 * units, 0);
    }
    bytes.extend(behind);
    bytes
}

/// Two ports, and bytes up to a length.
pub fn ports(src: u16, dst: u16, length: usize) -> Vec<u8> {
    let mut bytes = [src.to_be_bytes(), dst.to_be_bytes()].concat();
    bytes.resize(length, 0);
    bytes
}

/// An ICMP message, of either family.
pub fn icmp(kind: u8, identifier: u16, behind: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind, 0, 0x5a, 0xa5];
    bytes.extend(identifier.to_be_bytes());
    bytes.extend([0, 1]);
    bytes.extend(behind);
    bytes
}

/// A TCP header and what follows.
pub fn tcp(seq: u32, ack: u32, data_offset: u8, flags: u8, behind: usize) -> Vec<u8> {
    let mut bytes = ports(1000, 80, 4);
    bytes.extend(seq.to_be_bytes());
    bytes.extend(ack.to_be_bytes());
    bytes.extend([data_offset << 4, flags, 0x20, 0, 0xbe, 0xef]);
    bytes.resize(20 + behind, 0x77);
    bytes
}

/// Both stages.
pub struct Bench(Sim);

impl Bench {
    /// Nothing on their way yet.
    pub fn new() -> Self {
        Bench(Sim::new(&build(
            "tenant",
            Ports::Fields,
            Blocks::Inline,
            || {
                let slot = s5_quoted::quoted(s4_inner::inner(input::<HeadSlot>("slot")));
                output("inner", slot.meta.inner.pack::<{ Inner::W }>());
                output("quoted", slot.meta.quoted.pack::<{ Quoted::W }>());
                output("syn", slot.meta.syn.pack::<{ Syn::W }>());
                output("open", slot.meta.verdict.open());
                output(
                    "verdict",
                    slot.meta.verdict.pack::<{ hardware::VerdictBits::W }>(),
                );
            },
        )))
    }

    /// Puts a packet whose tenant's part starts at `offset`, with an Ethernet header if `frame` says so.
    pub fn put(&mut self, packet: &[u8], frame: bool, offset: usize) {
        let mut window = packet.to_vec();
        window.resize(WINDOW_BYTES, 0xee);
        let sim = &mut self.0;
        sim.set_int("slot_valid", 1);
        sim.set_int("slot_meta_arrival_length", packet.len() as u128);
        sim.set_int("slot_meta_decap_frame", u128::from(frame));
        sim.set_int("slot_meta_decap_offset", offset as u128);
        sim.set("slot_window", &words(&window));
    }

    /// Whether the headers of a multicast tree stand in front of the frames that follow.
    pub fn tree(&mut self, tree: bool) {
        self.0.set_int("slot_meta_decap_tree", u128::from(tree));
    }

    /// What the slow path knows of the packets that follow: their ports.
    pub fn known(&mut self, ports: Option<(u16, u16)>) {
        let (src, dst) = ports.unwrap_or_default();
        let values = [
            ("ports", u128::from(ports.is_some())),
            ("src_port", src.into()),
            ("dst_port", dst.into()),
        ];
        for (name, value) in values {
            let name = format!("slot_meta_arrival_round_known_{name}");
            self.0.set_int(&name, value);
        }
    }

    /// Whether the packets that follow go to the host.
    pub fn host(&mut self, host: bool) {
        let kind = if host {
            VerdictKind::Deliver
        } else {
            VerdictKind::Continue
        };
        self.0.set_int("slot_meta_verdict_kind", kind.code().into());
        self.0.set_int("slot_meta_decap_host", host.into());
    }

    /// What becomes of one packet on its own, and what is known of it.
    pub fn judged(&mut self, packet: &[u8]) -> (Verdict, meta::Inner) {
        self.of(packet);
        let verdict: VerdictBits = record(&self.0.get("verdict"));
        (verdict.into(), record(&self.0.get("inner")))
    }

    /// A clock later.
    pub fn step(&mut self) {
        self.0.step();
    }

    /// What is known of the packet that leaves in this clock: none where it is dropped.
    pub fn found(&mut self) -> Option<(meta::Inner, meta::Quoted)> {
        let sim = &mut self.0;
        (sim.get_int("open") == 1).then(|| (record(&sim.get("inner")), record(&sim.get("quoted"))))
    }

    /// What the packet that leaves in this clock announces.
    pub fn syn(&mut self) -> meta::Syn {
        record(&self.0.get("syn"))
    }

    /// What is known of one packet on its own, with Ethernet and without tunnel.
    pub fn of(&mut self, packet: &[u8]) -> Option<(meta::Inner, meta::Quoted)> {
        self.put(packet, true, 0);
        (0..s4_inner::LATENCY + s5_quoted::LATENCY).for_each(|_| self.step());
        self.found()
    }
}

/// A record of a wire's words.
pub fn record<R: Record>(words: &[u64]) -> R {
    let halves: Vec<u32> = words
        .iter()
        .flat_map(|word| [*word as u32, (*word >> 32) as u32])
        .collect();
    R::unpack(&halves).expect("every code exists")
}
