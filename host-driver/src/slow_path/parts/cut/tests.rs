use super::*;
use proptest::prelude::*;
use underpass_model::headers::checksum::checksum;

/// A packet with these options and so much data.
fn packet(options: &[u8], data: usize, flags: u16) -> Vec<u8> {
    let header = HEADER + options.len();
    let mut packet = vec![0x40 | (header / 4) as u8, 0x20, 0, 0, 0x12, 0x34];
    packet.extend(flags.to_be_bytes());
    packet.extend([64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    packet.extend(options);
    packet.extend((0..data).map(|byte| (byte * 7 + byte / 256) as u8));
    let length = packet.len() as u16;
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    let sum = checksum(&packet[..header]);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet
}

fn header(part: &[u8]) -> usize {
    usize::from(part[0] & 0xf) * 4
}

fn flags(part: &[u8]) -> u16 {
    u16::from_be_bytes([part[6], part[7]])
}

/// The data of all parts, put where their offsets say, and whether more follows behind.
fn put_together(parts: &[Vec<u8>], first: u16) -> (Vec<u8>, bool) {
    let mut data = Vec::new();
    for part in parts {
        let at = usize::from((flags(part) & 0x1fff) - first) * UNIT;
        assert_eq!(at, data.len(), "parts are in order and leave nothing out");
        data.extend(&part[header(part)..]);
    }
    let last = parts.last().map_or(0, |part| flags(part));
    (data, last & MORE != 0)
}

#[test]
fn a_packet_that_fits_stays_whole_even_if_it_may_not_be_cut() {
    let whole = packet(&[], 100, DONT_CUT);
    assert_eq!(cut(&whole, 120).unwrap(), [whole]);
}

#[test]
fn the_example_of_rfc_791_of_452_bytes_over_a_link_of_280() {
    let parts = cut(&packet(&[], 452, 0), 280).unwrap();
    let lengths: Vec<usize> = parts.iter().map(Vec::len).collect();
    assert_eq!(lengths, [20 + 256, 20 + 196]);
    assert_eq!(
        parts.iter().map(|part| flags(part)).collect::<Vec<_>>(),
        [MORE, 32]
    );
}

#[test]
fn only_options_with_the_copy_bit_go_along() {
    // Record route (7) stays, loose source route (0x83) goes along, between them nothing (1).
    let options = [7, 7, 4, 0, 0, 0, 0, 1, 0x83, 7, 4, 10, 0, 0, 9, 0];
    let parts = cut(&packet(&options, 100, 0), 80).unwrap();
    assert_eq!(&parts[0][HEADER..36], &options);
    assert_eq!(header(&parts[1]), HEADER + 8);
    assert_eq!(&parts[1][HEADER..28], [0x83, 7, 4, 10, 0, 0, 9, 0]);
}

#[test]
fn a_packet_that_may_not_be_cut_is_not() {
    assert_eq!(cut(&packet(&[], 100, DONT_CUT), 60), Err(Uncut::Forbidden));
    assert_eq!(
        cut(&packet(&[], 100, 0), 27),
        Err(Uncut::NoRoom {
            mtu: 27,
            header: 20
        })
    );
    assert_eq!(cut(&[0x45; 30], 25), Err(Uncut::Forbidden));
    assert_eq!(cut(&[0; 30], 25), Err(Uncut::Malformed { found: 30 }));
    assert_eq!(cut(&[0x4f; 30], 25), Err(Uncut::Malformed { found: 30 }));
    // The last offset is 8191 units: what would lie behind has none.
    let last = packet(&[], 24, 0x1fff);
    assert_eq!(cut(&last, 36), Err(Uncut::Malformed { found: 44 }));
}

proptest! {
    #[test]
    fn what_is_cut_and_put_together_is_the_packet(
        data in 1_usize..9000,
        mtu in 68_usize..1500,
        options in prop::collection::vec(any::<[u8; 4]>(), 0..=10),
        first in 0_u16..0x1000,
        more in any::<bool>(),
        again in 68_usize..1500,
    ) {
        // Of a part that is not the last, the data are whole units.
        let data = if more { data.next_multiple_of(UNIT) } else { data };
        let whole = packet(&options.concat(), data, first | if more { MORE } else { 0 });
        let parts = cut(&whole, mtu).unwrap();
        let smaller: Vec<Vec<u8>> =
            parts.iter().flat_map(|part| cut(part, again).unwrap()).collect();
        for (parts, mtu) in [(&parts, mtu), (&smaller, again)] {
            let (found, followed) = put_together(parts, first);
            prop_assert_eq!(&found[..], &whole[header(&whole)..]);
            prop_assert_eq!(followed, more);
            for part in parts {
                prop_assert!(part.len() <= mtu);
                prop_assert_eq!(usize::from(u16::from_be_bytes([part[2], part[3]])), part.len());
                prop_assert_eq!(&part[4..6], &whole[4..6]);
                if parts.len() > 1 {
                    prop_assert_eq!(checksum(&part[..header(part)]), 0);
                }
            }
        }
    }

    #[test]
    fn no_bytes_stop_it(bytes in prop::collection::vec(any::<u8>(), 0..200), mtu in 0_usize..200) {
        if let Ok(parts) = cut(&bytes, mtu) {
            prop_assert!(parts.iter().all(|part| part.len() <= mtu));
        }
    }
}
