//! A large network: guests here, guests elsewhere behind tunnels, a hundred networks that they share.

use std::fmt::Write as _;

/// Guests, with an interface each.
pub const INTERFACES: usize = 4_000;
/// Guests elsewhere, with a tunnel route of each family and a MAC each.
pub const REMOTES: usize = 8_000;
/// Virtual functions that a port number can name.
pub const PLUGGED: usize = 255;
/// Networks that they share.
pub const NETWORKS: usize = 100;

/// The network file.
pub fn text() -> Result<String, std::fmt::Error> {
    let mut text = String::from(
        "node: {name: speed}\nunderlay: {port: wire0, mac: \"0c:c4:7a:59:62:5c\", address: 192.168.0.1/16}\nnetworks:\n",
    );
    for n in 0..NETWORKS {
        writeln!(
            text,
            "  - {{name: n{n}, subnets: [{{prefix: 10.{n}.0.0/16, gateway: 10.{n}.0.1}}, {{prefix: \"2001:db8:{n:x}::/64\"}}]}}"
        )?;
    }
    text.push_str("interfaces:\n");
    for n in 0..INTERFACES {
        let (network, host) = (n % NETWORKS, (n / NETWORKS + 256) as u16);
        let [a, b] = host.to_be_bytes();
        writeln!(
            text,
            "  - {{name: i{n}, port: vf{n}, network: n{network}, mac: \"02:00:00:{network:02x}:{a:02x}:{b:02x}\", addresses: [10.{network}.{a}.{b}, \"2001:db8:{network:x}::{host:x}\"]}}",
        )?;
    }
    text.push_str("remote:\n");
    for n in 0..REMOTES {
        let (network, host) = (n % NETWORKS, (n / NETWORKS + 0x8000) as u16);
        let [a, b] = host.to_be_bytes();
        let node = n % 200 + 2;
        writeln!(
            text,
            "  - {{network: n{network}, mac: \"02:00:01:{network:02x}:{a:02x}:{b:02x}\", addresses: [10.{network}.{a}.{b}, \"2001:db8:{network:x}::{host:x}\"], next_hops: [{{address: 192.168.1.{node}, encapsulation: mpls-udp, label: {}}}]}}",
            n + 16,
        )?;
    }
    Ok(text)
}
