//! Punts that no card would hand over: the slow path takes them all, and reacts with what a card can carry out.

use std::time::Duration;

use proptest::prelude::*;
use underpass_host_driver::driver::{Punt, REPLAY_SEED};
use underpass_host_driver::slow_path::{Reaction, SlowPath};
use underpass_layout::meta::RoundKind;
use underpass_layout::profile::SIM;
use underpass_layout::shim::{InjectCommand, PuntShim};
use underpass_layout::tables::TunnelKind;
use underpass_layout::{port, PuntReason};
use underpass_table_compiler::{compile, Placed};

use crate::support::*;

fn slow_path() -> SlowPath {
    let network = underpass_table_compiler::parse("test.yaml", NETWORK).unwrap();
    let compiled = compile(&network, &Placed::empty(&SIM, REPLAY_SEED)).unwrap();
    SlowPath::new(network, compiled)
}

/// Reasons that ask for thought about the packet itself.
const REASONS: [PuntReason; 7] = [
    PuntReason::FlowMiss,
    PuntReason::Fragment,
    PuntReason::ZeroTtl,
    PuntReason::TooBig,
    PuntReason::VrfInSoftware,
    PuntReason::TunnelError,
    PuntReason::SourceMoved,
];

/// A frame of a guest, some bytes of which are others.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let frames = prop_oneof![
        Just(udp(RED1, ROUTER, [172, 16, 0, 1], (7, 53))),
        Just(tcp(RED1, RED2.mac, RED2.ip, (7, 80))),
        Just(echo(RED1, ROUTER, BLUE1.ip, 1)),
        Just(vxlan(5001, &udp(RED9, ROUTER, [172, 16, 0, 1], (7, 53)))),
    ];
    let changes = prop::collection::vec((0_usize..120, any::<u8>()), 0..6);
    (frames, changes, 0_usize..2000).prop_map(|(mut frame, changes, more)| {
        frame.resize(frame.len() + more, 9);
        for (place, byte) in changes {
            if let Some(place) = frame.get_mut(place) {
                *place = byte;
            }
        }
        frame
    })
}

fn punt() -> impl Strategy<Value = Punt> {
    let places = prop_oneof![
        Just((0_u8, 14_u8)),
        Just((50, 64)),
        Just((14, 14)),
        any::<(u8, u8)>()
    ];
    let numbers = (0_u16..9, 0_u16..4, 0_u32..40, 0_u32..40);
    let kinds = (0_usize..REASONS.len(), 0_u32..6, 0_u32..6, any::<bool>());
    (frame(), places, numbers, kinds).prop_map(
        |(frame, (offset, l3_offset), (vif, vrf, nexthop, flow_nexthop), kinds)| {
            let (reason, tunnel, round, is_old) = kinds;
            let shim = PuntShim {
                reason: REASONS[reason],
                tunnel: TunnelKind::from_code(tunnel).unwrap_or(TunnelKind::None),
                round: RoundKind::from_code(round).unwrap_or(RoundKind::First),
                port: if is_old { port::SLOW } else { RED1.port },
                outer_src: 0xc0a8_0002,
                vif,
                vrf,
                offset,
                l3_offset,
                nexthop,
                flow_nexthop,
                ..PuntShim::default()
            };
            Punt { shim, frame }
        },
    )
}

fn check(reactions: &[Reaction]) {
    for reaction in reactions {
        match reaction {
            Reaction::Write(write) => {
                let place = SIM.place(write.table, write.row);
                assert!(place.is_some(), "{} row {}", write.table.name, write.row);
            }
            Reaction::Inject(shim, _) if shim.command == InjectCommand::Transmit => {
                assert!(port::name(shim.port).is_some(), "{shim:?}");
            }
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_handed_over_is_dealt_with(punts in prop::collection::vec((punt(), 0_u64..900), 1..20)) {
        let mut slow_path = slow_path();
        let mut now = Duration::ZERO;
        for (punt, later) in punts {
            now += Duration::from_millis(later);
            check(&slow_path.tick(now));
            check(&slow_path.take(punt, now));
            check(&slow_path.decide(now));
        }
        check(&slow_path.finish());
    }
}
