//! A guest that sends nothing but packets for the slow path, as fast as it can, while another one's flows start.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};

use super::{ping, Found};
use crate::namespace::Namespace;

/// Where nobody listens: discard.
const PORT: u16 = 9;
/// Packets that make a flood: with fewer, the sender itself was kept from sending.
const LEAST: u64 = 10_000;

/// Pings while `other` floods its gateway, to which every packet is handed over.
pub fn check(from: &Namespace, to: IpAddr, other: &Namespace, gateway: IpAddr) -> Found {
    let socket = other.within(|| {
        let any = match gateway {
            IpAddr::V4(_) => "0.0.0.0:0",
            IpAddr::V6(_) => "[::]:0",
        };
        let socket = UdpSocket::bind(any)?;
        socket.connect(SocketAddr::new(gateway, PORT))?;
        Ok::<_, std::io::Error>(socket)
    });
    let socket = socket.map_err(|error| error.to_string())?;
    // Nothing is sent to a gateway that is not known; what was sent to the other family's is gone when it answers.
    ping::until_answered(other, gateway)?;
    let enough = AtomicBool::new(false);
    let (found, sent) = std::thread::scope(|scope| {
        let flood = scope.spawn(|| {
            let mut sent = 0_u64;
            while !enough.load(Ordering::Relaxed) {
                // What finds no room on the way, or is complained about, goes the way of the others.
                sent += u64::from(socket.send(&[0; 18]).is_ok());
            }
            sent
        });
        let found = ping::check(from, to, ping::SHORT);
        enough.store(true, Ordering::Relaxed);
        (found, flood.join().unwrap_or(0))
    });
    match found {
        Ok(figures) if sent >= LEAST => {
            Ok(format!("{figures} beside {sent} packets of another VM"))
        }
        Ok(_) => Err(format!(
            "another VM sent {sent} packets, expected {LEAST} and more"
        )),
        Err(error) => Err(error),
    }
}
