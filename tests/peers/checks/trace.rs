//! Traceroute with UDP: who says that a packet's hops were used up, and who that nobody listens there.

use std::net::IpAddr;

use super::Found;
use crate::namespace::Namespace;
use crate::process::said;

/// Follows the way to the last of `hops`; the others must be on it, in this order, and nobody else.
pub fn check(from: &Namespace, hops: &[IpAddr]) -> Found {
    let to = hops.last().ok_or("nowhere to go")?;
    let mut command = from.command("traceroute");
    // Two questions a hop, one at a time: each is a flow of its own.
    command.args(["-n", "-q", "2", "-N", "1", "-w", "5", "-m", "4"]);
    let output = command.arg(to.to_string()).output();
    let text = said(&output.map_err(|error| error.to_string())?);
    let found = seen(&text);
    let expected: Vec<_> = hops.iter().map(|hop| vec![hop.to_string(); 2]).collect();
    match found == expected {
        true => Ok(hops
            .iter()
            .map(IpAddr::to_string)
            .collect::<Vec<_>>()
            .join(" > ")),
        false => Err(format!(
            "answers came from {found:?}, expected {expected:?}"
        )),
    }
}

/// Who answered, hop by hop, as many words as questions. `traceroute` names who answers once, in front of the times.
fn seen(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().skip(1);
    lines.map(answers).collect()
}

fn answers(line: &str) -> Vec<String> {
    let (mut who, mut answers) = (String::new(), Vec::new());
    let mut words = line.split_whitespace().skip(1).peekable();
    while let Some(word) = words.next() {
        if word.parse::<IpAddr>().is_ok() {
            word.clone_into(&mut who);
        } else if word == "*" {
            answers.push("*".to_owned());
        } else if word.parse::<f64>().is_ok() {
            // A time, then "ms", and perhaps what the answer says beside: "!H".
            words.next();
            let mark = words.next_if(|word| word.starts_with('!'));
            answers.push(who.clone() + mark.unwrap_or_default());
        }
    }
    answers
}

#[test]
fn who_answered_is_read_hop_by_hop() {
    let text = "traceroute to 10.9.9.2 (10.9.9.2), 4 hops max, 60 byte packets
 1  10.1.1.1  8.019 ms  7.100 ms
 2  * 10.9.9.2  12.1 ms
 3  10.9.9.2  1.0 ms !H 10.9.9.3  2.0 ms
";
    let expected = [
        ["10.1.1.1", "10.1.1.1"],
        ["*", "10.9.9.2"],
        ["10.9.9.2!H", "10.9.9.3"],
    ];
    assert_eq!(seen(text), expected);
}
