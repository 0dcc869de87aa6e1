//! gather: takes the shim off an injected packet and shows the stages the window behind it.
//!
//! ```text
//!   wire or host port:  | packet ...                 arrival.length = all of it
//!   slow port:          | InjectShim 64 | packet ... arrival.length = without the shim,
//!                                                    arrival.round = what the slow path knew
//!   rounds:             | packet ...                 arrival.length = all of it, arrival.round = what is known of it
//! ```

use crate::window::Window;
use underpass_layout::meta::{Arrival, Known, Meta, Round, RoundKind, BEAT_BYTES};
use underpass_layout::port;
use underpass_layout::shim::{InjectCommand, InjectShim};
use underpass_layout::{words_for, Record};

const SHIM_WORDS: usize = words_for(8 * BEAT_BYTES);
const PORT_MASK: u16 = (1 << port::BITS) - 1;
const VIF_MASK: u16 = (1 << 13) - 1;
const NEXTHOP_MASK: u32 = (1 << 20) - 1;
const LABEL_MASK: u32 = (1 << 24) - 1;

/// Writes `meta.arrival` of a packet that came round and gives the window over it. `meta` is all zero, here as below.
pub fn again<'a>(frame: &'a [u8], round: &Round, meta: &mut Meta) -> Window<'a> {
    meta.arrival.port = port::ROUND;
    meta.arrival.length = frame.len() as u16;
    meta.arrival.round = *round;
    Window::new(frame)
}

/// Writes `meta.arrival` of a packet from outside and gives the window over it.
pub fn gather<'a>(frame: &'a [u8], port: u16, meta: &mut Meta) -> Window<'a> {
    let port = port & PORT_MASK;
    // It is so already, but what was written alone is read sooner than what was cleared with all else.
    meta.arrival.round.kind = RoundKind::First;
    if port != port::SLOW {
        meta.arrival.port = port;
        meta.arrival.length = frame.len() as u16;
        return Window::new(frame);
    }
    let (shim, packet) = frame.split_at(frame.len().min(BEAT_BYTES));
    let shim = read_shim(shim);
    meta.arrival = Arrival {
        port,
        length: packet.len() as u16,
        injected: true,
        command: shim.command,
        inject_vif: shim.vif & VIF_MASK,
        inject_port: shim.port & PORT_MASK,
        round: meta.arrival.round,
    };
    if matches!(shim.command, InjectCommand::Receive | InjectCommand::Flood) {
        meta.arrival.round.known = known(&shim);
        meta.arrival.round.judged = shim.judged;
    }
    Window::new(packet)
}

/// What the slow path found out.
fn known(shim: &InjectShim) -> Known {
    Known {
        ports: shim.ports_known,
        src_port: shim.src_port,
        dst_port: shim.dst_port,
        routed: shim.routed,
        nexthop: shim.nexthop & NEXTHOP_MASK,
        label: shim.label & LABEL_MASK,
    }
}

/// The shim, bytes that are missing taken as zero. A command that has no name is none.
pub(crate) fn read_shim(bytes: &[u8]) -> InjectShim {
    let mut words = [0; SHIM_WORDS];
    for (i, byte) in bytes.iter().enumerate() {
        words[i / 4] |= u32::from(*byte) << (8 * (i % 4));
    }
    InjectShim::unpack(&words).unwrap_or_else(|_| {
        words[0] &= !0xff;
        InjectShim::unpack(&words).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_layout::shim::InjectCommand;

    #[test]
    fn a_wire_packet_is_taken_as_it_is() {
        let mut meta = Meta::default();
        let window = gather(&[9; 100], 3, &mut meta);
        assert_eq!((meta.arrival.port, meta.arrival.length), (3, 100));
        assert!(!meta.arrival.injected);
        assert_eq!((window.byte(99), window.byte(100)), (9, 0));
    }

    fn injected(length: usize) -> (Meta, Window<'static>) {
        let frame = vec![0xaa; length].leak();
        let shim = [1, 0, 7, 0, 0x01, 0x01];
        frame[..6].copy_from_slice(&shim);
        let mut meta = Meta::default();
        let window = gather(frame, port::SLOW, &mut meta);
        (meta, window)
    }

    #[test]
    fn the_window_of_an_injected_packet_starts_behind_the_shim() {
        let (meta, window) = injected(64 + 20);
        assert_eq!(meta.arrival.command, InjectCommand::Transmit);
        assert_eq!(
            (meta.arrival.inject_vif, meta.arrival.inject_port),
            (7, 0x101)
        );
        assert_eq!(meta.arrival.length, 20);
        assert_eq!((window.byte(19), window.byte(20)), (0xaa, 0));
    }

    #[test]
    fn a_frame_shorter_than_the_shim_has_no_packet() {
        let (meta, window) = injected(40);
        assert!(meta.arrival.injected);
        assert_eq!((meta.arrival.length, window.byte(0)), (0, 0));
    }

    #[test]
    fn what_the_slow_path_knew_comes_along_where_the_packet_is_still_to_be_judged() {
        let shim = InjectShim {
            ports_known: true,
            routed: true,
            judged: true,
            src_port: 0x1234,
            dst_port: 0x5678,
            nexthop: 0xfff9_8765,
            label: 0xffab_cdef,
            ..InjectShim::default()
        };
        let known = Known {
            ports: true,
            src_port: 0x1234,
            dst_port: 0x5678,
            routed: true,
            nexthop: 0x9_8765,
            label: 0xab_cdef,
        };
        for (command, told) in [
            (InjectCommand::None, false),
            (InjectCommand::Transmit, false),
            (InjectCommand::Receive, true),
            (InjectCommand::Flood, true),
        ] {
            let words = InjectShim { command, ..shim }.pack();
            let mut frame: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            frame.extend([0xaa; 20]);
            let mut meta = Meta::default();
            gather(&frame, port::SLOW, &mut meta);
            let expected = Round {
                judged: told,
                known: if told { known } else { Known::default() },
                ..Round::default()
            };
            assert_eq!(meta.arrival.round, expected, "{command}");
        }
    }

    #[test]
    fn a_command_without_a_name_is_none() {
        let mut meta = Meta::default();
        gather(&[0x41, 0, 7, 0], port::SLOW, &mut meta);
        assert_eq!(meta.arrival.command, InjectCommand::None);
        assert_eq!(meta.arrival.inject_vif, 7);
    }
}
