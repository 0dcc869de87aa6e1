//! Path MTU: who sends a packet that is too long for the way, and may not be cut, is told how long it may be.

use std::net::IpAddr;

use super::Found;
use crate::namespace::Namespace;
use crate::process::said;
use crate::GUEST_MTU;

/// Sends a packet as long as the sender's own MTU; the gateway says what fits, unless it does.
pub fn check(from: &Namespace, to: IpAddr, gateway: IpAddr, mtu: u32) -> Found {
    let headers = match to {
        IpAddr::V4(_) => 20 + 8,
        IpAddr::V6(_) => 40 + 8,
    };
    let mut command = from.command("ping");
    command.args(["-n", "-c", "1", "-W", "10", "-M", "do"]);
    command.args(["-s", &(GUEST_MTU - headers).to_string()]);
    let output = command.arg(to.to_string()).output();
    let text = said(&output.map_err(|error| error.to_string())?);
    match told(&text) {
        Some((who, told)) if (who, told) == (gateway, mtu) => Ok(format!("{mtu}, says {gateway}")),
        None if mtu == GUEST_MTU && text.contains(" 1 received,") => Ok(format!("{mtu}, and fits")),
        _ => Err(text.lines().skip(1).collect::<Vec<_>>().join(" ")),
    }
}

/// Who said what fits: `From 10.1.1.1 icmp_seq=1 Frag needed and DF set (mtu = 1450)`, or `.. Packet too big: mtu=1450`.
fn told(text: &str) -> Option<(IpAddr, u32)> {
    let line = text.lines().find(|line| line.starts_with("From "))?;
    let who = line.split_whitespace().nth(1)?;
    let (_, mtu) = line.split_once("mtu")?;
    let digits = mtu.trim_matches(|c: char| !c.is_ascii_digit());
    Some((who.parse().ok()?, digits.parse().ok()?))
}

#[test]
fn who_said_what_fits_is_read_of_both_families() {
    let four = "PING 10.1.1.5\nFrom 10.1.1.1 icmp_seq=1 Frag needed and DF set (mtu = 1450)\n";
    assert_eq!(told(four), Some(("10.1.1.1".parse().unwrap(), 1450)));
    let six = "PING ..\nFrom 2001:db8:1::1 icmp_seq=1 Packet too big: mtu=1450\n";
    assert_eq!(told(six), Some(("2001:db8:1::1".parse().unwrap(), 1450)));
    assert_eq!(told("64 bytes from 10.1.1.4: icmp_seq=1\n"), None);
}
