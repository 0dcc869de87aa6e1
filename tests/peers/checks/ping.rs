//! ICMP echo: every request is answered, the short ones and those that come in fragments.

use std::net::IpAddr;
use std::process::Output;

use super::Found;
use crate::namespace::Namespace;
use crate::process::said;

/// Requests. The first one may wait for neighbours and flows.
const REQUESTS: u32 = 5;
/// Bytes of data, as `ping` has it by itself, and so many that a request and its answer take three fragments.
pub const SHORT: u32 = 56;
pub const LONG: u32 = 4000;

/// Pings an address with so many bytes of data.
pub fn check(from: &Namespace, to: IpAddr, bytes: u32) -> Found {
    let text = said(&ping(from, to, REQUESTS, bytes)?);
    let answered = (1..=REQUESTS).all(|number| is_answered(&text, number));
    match times(&text).filter(|_| answered) {
        Some([least, mean, most]) => Ok(format!(
            "{REQUESTS} of {REQUESTS}, rtt {least}/{mean}/{most} ms"
        )),
        None => Err(text.lines().skip(1).collect::<Vec<_>>().join(" ")),
    }
}

/// Pings an address until it answers once.
pub fn until_answered(from: &Namespace, to: IpAddr) -> Result<(), String> {
    let output = ping(from, to, 1, SHORT)?;
    match output.status.success() {
        true => Ok(()),
        false => Err(said(&output)),
    }
}

/// Runs `ping` until so many requests are answered. With a time for all of it an answer may be late; without one `ping`
/// gives the last one no more than two round trips.
fn ping(from: &Namespace, to: IpAddr, answers: u32, bytes: u32) -> Result<Output, String> {
    let mut command = from.command("ping");
    command.args(["-n", "-i", "0.2", "-w", "10", "-M", "dont"]);
    command.args(["-c", &answers.to_string(), "-s", &bytes.to_string()]);
    let output = command.arg(to.to_string()).output();
    output.map_err(|error| error.to_string())
}

/// Whether `64 bytes from 10.1.1.4: icmp_seq=1 ttl=64 time=2.21 ms` says so of a request.
fn is_answered(text: &str, number: u32) -> bool {
    let words = format!(" icmp_seq={number} ");
    let mut lines = text.lines();
    lines.any(|line| line.contains(" bytes from ") && line.contains(&words))
}

/// Least, mean and most of `rtt min/avg/max/mdev = 1.2/3.4/5.6/0.7 ms`.
fn times(text: &str) -> Option<[&str; 3]> {
    let (_, times) = text.split_once("min/avg/max/mdev = ")?;
    let mut times = times.split('/');
    Some([times.next()?, times.next()?, times.next()?])
}

#[test]
fn the_times_are_those_that_ping_prints() {
    let text =
        "10 packets transmitted, 10 received\nrtt min/avg/max/mdev = 0.043/0.05/1.062/0.007 ms\n";
    assert_eq!(times(text), Some(["0.043", "0.05", "1.062"]));
    assert_eq!(times("10 packets transmitted, 0 received"), None);
}

#[test]
fn an_answer_is_told_from_an_error() {
    let text = "64 bytes from 10.1.1.4: icmp_seq=1 ttl=64 time=2.21 ms
From 10.1.1.1 icmp_seq=2 Time to live exceeded
";
    assert!(is_answered(text, 1) && !is_answered(text, 2));
}
