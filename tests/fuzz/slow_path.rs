//! Punts of any kind to the slow path: a tenant's frame is under the tenant's control, and the shim is believed.
//!
//! ```text
//!   network u8 | { time step u8, PuntShim 64 bytes, length u16, frame }..
//! ```

use std::time::Duration;

use super::bytes::Bytes;
use super::networks::{compiled, IPV6_UNDERLAY, TWO_COMPUTES};
use underpass_host_driver::driver::Punt;
use underpass_host_driver::slow_path::{Reaction, SlowPath};
use underpass_layout::meta::BEAT_BYTES;
use underpass_layout::profile::SIM;
use underpass_layout::shim::{InjectCommand, PuntShim};
use underpass_layout::tables::{id, TABLES};
use underpass_layout::{port, Record};
use underpass_table_compiler::{Compiled, Network};

thread_local! {
    static NETWORKS: [(Network, Compiled); 2] = [compiled(TWO_COMPUTES), compiled(IPV6_UNDERLAY)];
}

/// Most punts of one input.
const PUNTS: usize = 32;

/// Hands the punts over one by one, and decides after each.
///
/// # Panics
/// A reaction that no card can carry out.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let which = usize::from(bytes.u8());
    let (network, compiled) = NETWORKS.with(|networks| networks[which % networks.len()].clone());
    let mut slow_path = SlowPath::new(network, compiled);
    let mut now = Duration::ZERO;
    for _ in 0..PUNTS {
        if bytes.is_empty() {
            break;
        }
        now += Duration::from_millis(u64::from(bytes.u8()) * 20);
        let shim = PuntShim::unpack(&bytes.words::<{ BEAT_BYTES / 4 }>());
        let frame = bytes.counted().to_vec();
        check(&slow_path.tick(now));
        // The driver refuses a shim that is none.
        if let Ok(shim) = shim {
            check(&slow_path.take(Punt { shim, frame }, now));
        }
        check(&slow_path.decide(now));
    }
    check(&slow_path.finish());
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
            Reaction::Retire(pair) => {
                let pairs = SIM.rows(&TABLES[id::AGE as usize]);
                assert!((pair.number as usize) < pairs, "pair {}", pair.number);
            }
            Reaction::Inject(..) | Reaction::Drop(..) | Reaction::Consume(_) => {}
        }
    }
}
