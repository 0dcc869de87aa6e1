//! The header fields of a frame by name, so that a difference has one.
//!
//! ```text
//!   eth.dst eth.src eth.type ip.version .. ip.ttl .. udp.dst_port mpls.label mpls.ttl inner.ip.ttl .. payload
//!   \___________________ the tunnel's __________________________________________/    \_ the tenant's _/
//! ```
//! What is behind a tunnel's headers is `inner.`, what an ICMP error quotes `quoted.`, what stands behind the agent's
//! header `packet.`, the headers within a copy along a multicast tree `tree.`, the frame in a copy for an analyzer
//! `mirrored.`. A header that is cut short ends the walk; the rest of the frame is `payload`.

use crate::agent_face::LENGTH as AGENT_HEADER;

/// Ethertypes.
const IPV4: u16 = 0x0800;
const ARP: u16 = 0x0806;
const VLAN: u16 = 0x8100;
const IPV6: u16 = 0x86dd;
const MPLS: u16 = 0x8847;
/// UDP ports of tunnels: MPLS (RFC 7510, and the peer's before that), VXLAN.
const MPLS_PORTS: [u16; 2] = [6635, 51234];
const VXLAN_PORT: u16 = 4789;
/// What NVGRE carries (RFC 7637 section 3.2).
const BRIDGED: u16 = 0x6558;
/// The last field of the metadata in a copy for an analyzer.
const METADATA_END: u8 = 0xff;

/// A field of a header, or what follows the last one that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its first byte.
    pub start: usize,
    /// The first byte behind it.
    pub end: usize,
}

/// The fields of a frame in order, without gaps. `agent`: it begins with the agent's header. `analyzers`: UDP ports at
/// which analyzers take copies.
pub fn fields(frame: &[u8], agent: bool, analyzers: &[u16]) -> Vec<Field> {
    let mut walk = Walk {
        frame,
        analyzers,
        at: 0,
        prefix: String::new(),
        fields: Vec::new(),
    };
    // A header that is cut short ends the walk; what was found until then stands.
    let _ = match agent {
        true => walk.agent(),
        false => walk.ethernet(),
    };
    let (start, end) = (walk.at, frame.len());
    let mut fields = walk.fields;
    if start < end {
        let name = "payload".to_owned();
        fields.push(Field { name, start, end });
    }
    fields
}

struct Walk<'a> {
    frame: &'a [u8],
    analyzers: &'a [u16],
    at: usize,
    prefix: String,
    fields: Vec<Field>,
}

impl<'a> Walk<'a> {
    /// The next `length` bytes are a field. None: there are not so many.
    fn take(&mut self, name: &str, length: usize) -> Option<&'a [u8]> {
        let (start, end) = (self.at, self.at + length);
        let bytes = self.frame.get(start..end)?;
        self.at = end;
        if length > 0 {
            let name = format!("{}{name}", self.prefix);
            self.fields.push(Field { name, start, end });
        }
        Some(bytes)
    }

    fn half(&mut self, name: &str) -> Option<u16> {
        Some(u16::from_be_bytes(*self.take(name, 2)?.first_chunk()?))
    }

    fn byte(&mut self, name: &str) -> Option<u8> {
        self.take(name, 1)?.first().copied()
    }

    /// Several fields of which no value matters here.
    fn skim(&mut self, fields: &[(&str, usize)]) -> Option<()> {
        for (name, length) in fields {
            self.take(name, *length)?;
        }
        Some(())
    }

    fn agent(&mut self) -> Option<()> {
        self.skim(&[("eth.dst", 6), ("eth.src", 6), ("eth.type", 2)])?;
        self.skim(&[("agent.ifindex", 2), ("agent.vrf", 2), ("agent.cmd", 2)])?;
        self.skim(&[("agent.param", 4), ("agent.param1", 4), ("agent.param2", 4)])?;
        self.skim(&[("agent.param3", 4), ("agent.param4", 4)])?;
        self.skim(&[("agent.param5", 1), ("agent.pad", 3)])?;
        debug_assert_eq!(self.at, AGENT_HEADER);
        self.prefix = "packet.".to_owned();
        self.ethernet()
    }

    fn ethernet(&mut self) -> Option<()> {
        self.skim(&[("eth.dst", 6), ("eth.src", 6)])?;
        let mut ethertype = self.half("eth.type")?;
        if ethertype == VLAN {
            self.take("vlan.tag", 2)?;
            ethertype = self.half("vlan.type")?;
        }
        match ethertype {
            IPV4 => self.ipv4(),
            IPV6 => self.ipv6(),
            ARP => self.skim(&[
                ("arp.hardware", 2),
                ("arp.protocol", 2),
                ("arp.lengths", 2),
                ("arp.operation", 2),
                ("arp.sender_mac", 6),
                ("arp.sender_ip", 4),
                ("arp.target_mac", 6),
                ("arp.target_ip", 4),
            ]),
            _ => None,
        }
    }

    fn ipv4(&mut self) -> Option<()> {
        let words = self.byte("ip.version")? & 0xf;
        self.skim(&[("ip.tos", 1), ("ip.length", 2), ("ip.id", 2)])?;
        let fragment = self.half("ip.fragment")?;
        self.take("ip.ttl", 1)?;
        let protocol = self.byte("ip.protocol")?;
        self.skim(&[("ip.checksum", 2), ("ip.src", 4), ("ip.dst", 4)])?;
        self.take("ip.options", usize::from(words.checked_sub(5)?) * 4)?;
        match fragment & 0x1fff {
            0 => self.upper(protocol),
            _ => None,
        }
    }

    fn ipv6(&mut self) -> Option<()> {
        self.skim(&[("ipv6.version", 4), ("ipv6.length", 2)])?;
        let mut next = self.byte("ipv6.next_header")?;
        self.skim(&[("ipv6.hop_limit", 1), ("ipv6.src", 16), ("ipv6.dst", 16)])?;
        // Hop-by-hop options, routing, destination options.
        while matches!(next, 0 | 43 | 60) {
            next = self.byte("ipv6.extension.next_header")?;
            let length = self.byte("ipv6.extension.length")?;
            self.take("ipv6.extension", usize::from(length) * 8 + 6)?;
        }
        self.upper(next)
    }

    fn upper(&mut self, protocol: u8) -> Option<()> {
        match protocol {
            1 => self.icmp("icmp", |kind| kind == 3 || kind == 11, Walk::ipv4),
            6 => self.skim(&[
                ("tcp.src_port", 2),
                ("tcp.dst_port", 2),
                ("tcp.seq", 4),
                ("tcp.ack", 4),
                ("tcp.offset", 1),
                ("tcp.flags", 1),
                ("tcp.window", 2),
                ("tcp.checksum", 2),
                ("tcp.urgent", 2),
            ]),
            17 => self.udp(),
            47 => {
                self.take("gre.flags", 2)?;
                match self.half("gre.protocol")? {
                    MPLS => self.mpls(),
                    BRIDGED => {
                        self.skim(&[("gre.subnet", 3), ("gre.flow_id", 1)])?;
                        self.prefix.push_str("inner.");
                        self.ethernet()
                    }
                    _ => None,
                }
            }
            58 => self.icmp("icmpv6", |kind| kind < 128, Walk::ipv6),
            132 => self.skim(&[
                ("sctp.src_port", 2),
                ("sctp.dst_port", 2),
                ("sctp.tag", 4),
                ("sctp.checksum", 4),
            ]),
            _ => None,
        }
    }

    fn icmp(
        &mut self,
        name: &str,
        is_error: fn(u8) -> bool,
        quoted: fn(&mut Self) -> Option<()>,
    ) -> Option<()> {
        let kind = self.byte(&format!("{name}.type"))?;
        self.take(&format!("{name}.code"), 1)?;
        self.take(&format!("{name}.checksum"), 2)?;
        self.take(&format!("{name}.rest"), 4)?;
        // A quote within a quote would say nothing new.
        if !is_error(kind) || self.prefix.contains("quoted.") {
            return None;
        }
        self.prefix.push_str("quoted.");
        quoted(self)
    }

    fn udp(&mut self) -> Option<()> {
        self.take("udp.src_port", 2)?;
        let port = self.half("udp.dst_port")?;
        self.skim(&[("udp.length", 2), ("udp.checksum", 2)])?;
        if MPLS_PORTS.contains(&port) {
            self.mpls()
        } else if port == VXLAN_PORT {
            self.skim(&[("vxlan.flags", 4), ("vxlan.vni", 3), ("vxlan.reserved", 1)])?;
            if self.prefix == "tree." {
                self.prefix.clear();
            }
            self.prefix.push_str("inner.");
            self.ethernet()
        } else if self.analyzers.contains(&port) {
            self.metadata()?;
            self.prefix.push_str("mirrored.");
            self.ethernet()
        } else {
            None
        }
    }

    /// Type, length and value, until the type says that nothing follows.
    fn metadata(&mut self) -> Option<()> {
        loop {
            let kind = self.byte("metadata.type")?;
            let length = self.byte("metadata.length")?;
            self.take("metadata.value", usize::from(length))?;
            if kind == METADATA_END {
                return Some(());
            }
        }
    }

    /// What is behind labels does not say what it is; its first digit is a good guess.
    fn mpls(&mut self) -> Option<()> {
        loop {
            let label = self.take("mpls.label", 3)?;
            self.take("mpls.ttl", 1)?;
            if label.last()? & 1 == 1 {
                break;
            }
        }
        if self.frame.get(self.at..self.at + 4) == Some(&[0; 4]) {
            self.take("control_word", 4)?;
            let tree = self.is_tree();
            self.prefix.push_str(if tree { "tree." } else { "inner." });
            return if tree { self.ipv4() } else { self.ethernet() };
        }
        self.prefix.push_str("inner.");
        match self.frame.get(self.at)? >> 4 {
            4 => self.ipv4(),
            6 => self.ipv6(),
            _ => self.ethernet(),
        }
    }

    /// Whether IPv4, UDP and VXLAN headers follow.
    fn is_tree(&self) -> bool {
        let follows = |at: usize, bytes: &[u8]| {
            let start = self.at + at;
            self.frame.get(start..start + bytes.len()) == Some(bytes)
        };
        follows(0, &[0x45]) && follows(9, &[17]) && follows(22, &VXLAN_PORT.to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_table_compiler::objects::HexBytes;

    fn bytes(hex: &str) -> Vec<u8> {
        hex.parse::<HexBytes>().expect("hexadecimal").0
    }

    fn name_of(frame: &[u8], agent: bool, byte: usize) -> String {
        let fields = fields(frame, agent, &[8888]);
        assert_eq!(fields.first().map(|field| field.start), Some(0));
        assert!(fields.windows(2).all(|two| two[0].end == two[1].start));
        assert_eq!(fields.last().map(|field| field.end), Some(frame.len()));
        let mut fields = fields.into_iter();
        let field = fields.find(|field| (field.start..field.end).contains(&byte));
        field.expect("a field").name
    }

    /// Ethernet, IPv4, UDP, MPLS, IPv4, UDP, four bytes.
    const TUNNEL: &str = "001b21bbf946001b21bbf9480800450000400001000040116a970800000208000004c71919eb002c00000006613f\
        45000020000100003f1165bf0a0101030a01010903e807d0000cb5be61626364";

    #[test]
    fn a_tunnel_has_two_of_each() {
        let frame = bytes(&TUNNEL.replace(char::is_whitespace, ""));
        for (byte, name) in [
            (0, "eth.dst"),
            (22, "ip.ttl"),
            (24, "ip.checksum"),
            (34, "udp.src_port"),
            (42, "mpls.label"),
            (45, "mpls.ttl"),
            (54, "inner.ip.ttl"),
            (68, "inner.udp.dst_port"),
            (77, "payload"),
        ] {
            assert_eq!(name_of(&frame, false, byte), name);
        }
    }

    #[test]
    fn a_copy_along_a_tree_has_headers_within() {
        let outer =
            "001b21bbf946001b21bbf94808004500006a0004000040116a7a0800000208000004e1c319eb00560000";
        let tree = "0125d140000000004500004600030000401100000800000208000004e1c312b5003200000800000000000500";
        let frame = "ffffffffffff02000000001188b56162";
        let frame = bytes(&format!("{outer}{tree}{frame}"));
        for (byte, name) in [
            (42, "mpls.label"),
            (46, "control_word"),
            (50, "tree.ip.version"),
            (70, "tree.udp.src_port"),
            (82, "tree.vxlan.vni"),
            (86, "inner.eth.dst"),
            (100, "payload"),
        ] {
            assert_eq!(name_of(&frame, false, byte), name);
        }
    }

    #[test]
    fn nvgre_has_a_subnet_and_a_flow() {
        let outer =
            "001b21bbf946001b21bbf9480800450000380001000040006a7a0800000208000004200065580003840f";
        let outer = outer.replacen("40006a7a", "402f6a7a", 1);
        let frame = bytes(&format!("{outer}ffffffffffff02000000001188b56162"));
        assert_eq!(name_of(&frame, false, 38), "gre.subnet");
        assert_eq!(name_of(&frame, false, 41), "gre.flow_id");
        assert_eq!(name_of(&frame, false, 42), "inner.eth.dst");
    }

    #[test]
    fn a_copy_for_an_analyzer_has_metadata_and_a_frame() {
        let head = "0200000000010200000000020800450000380001000040110000080808080a0a0101";
        let udp = "c35022b800240000030141ff00";
        let frame = bytes(&format!("{head}{udp}ffffffffffff02000000001188b56162"));
        for (byte, name) in [
            (42, "metadata.type"),
            (44, "metadata.value"),
            (45, "metadata.type"),
            (47, "mirrored.eth.dst"),
            (61, "payload"),
        ] {
            assert_eq!(name_of(&frame, false, byte), name);
        }
    }

    #[test]
    fn behind_the_agents_header_the_packet_begins() {
        let header = "00005e00010000005e0001000800000300020002000000000000000000000000000000000000000000000000";
        let arp =
            "ffffffffffff020000000011080600010800060400010200000000110a0101030000000000000a010104";
        let frame = bytes(&format!("{header}{arp}"));
        for (byte, name) in [
            (14, "agent.ifindex"),
            (18, "agent.cmd"),
            (40, "agent.param5"),
            (44, "packet.eth.dst"),
            (65, "packet.arp.operation"),
        ] {
            assert_eq!(name_of(&frame, true, byte), name);
        }
    }

    #[test]
    fn an_icmp_error_quotes() {
        let head = "0200000000010200000000020800450000380001000040010000080808080a0a0101";
        let quoted = "4500001c00010000401100000a0a010108080808c350003500080000";
        let frame = bytes(&format!("{head}0303000000000000{quoted}"));
        assert_eq!(name_of(&frame, false, 34), "icmp.type");
        assert_eq!(name_of(&frame, false, 50), "quoted.ip.ttl");
        assert_eq!(name_of(&frame, false, 64), "quoted.udp.dst_port");
    }

    #[test]
    fn what_is_cut_short_is_payload() {
        let frame = bytes(TUNNEL.get(..80).expect("long enough"));
        assert_eq!(name_of(&frame, false, 39), "udp.length");
        let frame = bytes(TUNNEL.get(..82).expect("long enough"));
        assert_eq!(name_of(&frame, false, 40), "payload");
        assert_eq!(fields(&[], false, &[]), []);
    }
}
