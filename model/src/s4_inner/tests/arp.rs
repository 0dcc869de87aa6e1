//! Behind Ethernet comes ARP.

use super::*;

/// ARP as it stands behind Ethernet: 10.1.1.3 at 02:..:11 asks for 10.1.1.4.
const ARP: &str = "0001 0800 06 04 0001 020000000011 0a010103 000000000000 0a010104";

#[test]
fn arp_has_its_ends_and_no_protocol() {
    let expected = Inner {
        dst_mac: 0x0200_0000_0012,
        src_mac: 0x0200_0000_0011,
        ethertype: 0x0806,
        l3_offset: 14,
        arp: ArpKind::Request,
        arp_mac: 0x0200_0000_0011,
        src: 0x0a01_0103,
        dst: 0x0a01_0104,
        ..Inner::default()
    };
    assert_eq!(good(&format!("{MACS} 0806 {ARP}")), expected);
    let tagged = good(&format!("{MACS} 8100 6001 0806 {ARP}"));
    assert_eq!((tagged.arp, tagged.l3_offset), (ArpKind::Request, 18));
    // Who gets a tag without a VLAN takes it for none.
    for tag in ["0000", "6000", "f000"] {
        let found = good(&format!("{MACS} 8100 {tag} 0806 {ARP}"));
        assert_eq!((found.arp, found.src), (ArpKind::Malformed, 0), "{tag}");
    }
    for operation in ["0000", "0002", "0101"] {
        let other = ARP.replace("04 0001", &format!("04 {operation}"));
        let other = good(&format!("{MACS} 0806 {other}"));
        assert_eq!((other.arp, other.dst), (ArpKind::Other, 0x0a01_0104));
    }
}

#[test]
fn arp_that_lies_is_known_and_nothing_is_taken_from_it() {
    let lies = [
        ARP.replace("0001 0800", "0002 0800"),
        ARP.replace("0800", "86dd"),
        ARP.replace(" 06 ", " 08 "),
        ARP.replace(" 04 ", " 10 "),
        ARP[..ARP.len() - 2].to_string(),
        String::new(),
    ];
    for lie in lies {
        let found = good(&format!("{MACS} 0806 {lie}"));
        let expected = Inner {
            dst_mac: 0x0200_0000_0012,
            src_mac: 0x0200_0000_0011,
            ethertype: 0x0806,
            l3_offset: 14,
            arp: ArpKind::Malformed,
            ..Inner::default()
        };
        assert_eq!(found, expected, "{lie}");
    }
}
