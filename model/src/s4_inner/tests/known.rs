//! Parts of datagrams whose ports the slow path tells.

use super::*;

/// What is read of a packet whose ports the slow path knew: 11 and 22.
fn read_known(packet: &str) -> Meta {
    let (window, mut meta) = arrived(&format!("{MACS} {packet}"));
    meta.decap.frame = true;
    meta.arrival.round.known = Known {
        ports: true,
        src_port: 11,
        dst_port: 22,
        ..Known::default()
    };
    inner(&window, &mut meta);
    meta
}

fn known(packet: &str) -> Inner {
    let meta = read_known(packet);
    assert_eq!(verdict(&meta), Verdict::Continue, "{packet}");
    meta.inner
}

const TCP: &str = "03e807d0 00000064 00000007 50 11 2000 abcd 0000 616263";

#[test]
fn the_first_part_is_read_where_its_ports_are_known() {
    let udp = "03e807d0 0009b5c3 61";
    let fragment6 = |next: &str, word: &str, payload: &str| {
        format!(
            "86dd {}",
            ipv6("2c", &format!("{next}00 {word} 00000001 {payload}"))
        )
    };
    for (packet, at) in [
        (format!("0800 {}", ipv4("06", "2000", TCP)), 34),
        (fragment6("06", "0001", TCP), 62),
        (fragment6("06", "0000", TCP), 62),
    ] {
        let inner = known(&packet);
        assert!(inner.fragment);
        assert_eq!((inner.src_port, inner.dst_port), (11, 22));
        assert_eq!((inner.l4_offset, inner.l4_checksum), (at, 0xabcd));
        assert_eq!((inner.tcp_flags, inner.tcp_ack), (0x11, 7));
        assert_eq!(inner.tcp_seq, 100 + 3, "behind the bytes of this part");
    }
    let inner = known(&format!("0800 {}", ipv4("11", "2000", udp)));
    assert_eq!((inner.l4_offset, inner.l4_checksum), (34, 0xb5c3));
    let echo = known(&format!("0800 {}", ipv4("01", "2000", "0800abcd 12340001")));
    assert_eq!((echo.src_port, echo.l4_checksum), (11, 0xabcd));
    let neighbor = known(&fragment6("3a", "0001", "8700abcd 00000000"));
    assert!(!neighbor.neighbor && neighbor.l4_checksum == 0xabcd);
}

#[test]
fn of_a_later_part_only_the_ports_are_known() {
    for packet in [
        format!("0800 {}", ipv4("06", "2001", TCP)),
        format!("0800 {}", ipv4("06", "0001", TCP)),
        format!("86dd {}", ipv6("2c", &format!("0600 0009 00000001 {TCP}"))),
        format!("0800 {}", ipv4("06", "0001", "61")),
    ] {
        let inner = known(&packet);
        assert_eq!((inner.src_port, inner.dst_port), (11, 22));
        assert_eq!((inner.l4_offset, inner.l4_checksum), (0, 0), "{packet}");
        assert_eq!((inner.tcp_flags, inner.tcp_seq), (0, 0));
    }
}

#[test]
fn a_first_part_that_is_cut_is_dropped_if_it_is_looked_at() {
    let cut = |payload: &str| format!("0800 {}", ipv4("06", "2000", payload));
    assert!(is_bad(&read_known(&cut("03e807d0"))));
    assert!(!is_bad(&read(
        0,
        true,
        &format!("{MACS} {}", cut("03e807d0"))
    )));
    let whole = known(&format!(
        "0800 {}",
        ipv4("11", "4000", "03e807d0 0009b5c3 61")
    ));
    assert_eq!(whole.src_port, 1000, "a whole packet has its own");
}

#[test]
fn what_leaves_the_window_of_a_first_part_is_as_in_another_part() {
    let with = |options: &str| {
        let fragment = format!("0600 0001 00000001 {TCP}");
        let header = format!("2c{options}");
        known(&format!(
            "86dd {}",
            ipv6("3c", &format!("{header} {fragment}"))
        ))
    };
    let near = with(&format!("02 {}", "00".repeat(22)));
    assert_eq!((near.l4_offset, near.tcp_flags), (14 + 40 + 32, 0x11));
    let far = with(&format!("03 {}", "00".repeat(30)));
    assert_eq!((far.l4_offset, far.src_port, far.protocol), (0, 11, 6));
    assert!(!far.extension && far.tcp_flags == 0);
}
