//! Inputs that are files: networks, captures, images.

use crate::example;
use serde_json::Value;
use underpass_firmware::image::{Build, ImageHeader, Payload, Text, TextError};

/// The examples' networks.
pub fn networks() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let networks = ["two-computes", "ipv6-underlay"].into_iter();
    let files = networks.flat_map(|network| [1, 2].map(|node| (network, node)));
    let read = |(network, node)| {
        let bytes = std::fs::read(example(&format!("{network}/compute-{node}.yaml")))?;
        Ok((format!("{network}-{node}.yaml"), bytes))
    };
    files.map(read).collect()
}

/// Some behaviour cases, a file each.
pub fn cases() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    const CASES: [&str; 6] = [
        "flow-miss-hold",
        "nat-floating-ip",
        "tcp-teardown",
        "fat-exclude",
        "arp-l2l3-stitched",
        "ecmp-flow-index",
    ];
    let given = std::fs::read(example("../tests/conformance/given.json"))?;
    let given: Value = serde_json::from_slice(&given)?;
    let all = given["cases"].as_array().into_iter().flatten();
    let chosen = all.filter(|case| CASES.iter().any(|id| case["id"] == *id));
    chosen
        .map(|case| {
            let file = serde_json::json!({ "cases": [case] });
            let name = format!("{}.json", case["id"].as_str().unwrap_or_default());
            Ok((name, serde_json::to_vec(&file)?))
        })
        .collect()
}

/// Some captures of the examples, and two frames as pcapng.
pub fn captures() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let captures = ["two-computes/edge1", "ipv6-underlay/red3"];
    let mut files = vec![("two-frames.pcapng".to_owned(), pcapng())];
    for capture in captures {
        let bytes = std::fs::read(example(&format!("{capture}.pcap")))?;
        files.push((format!("{}.pcap", capture.replace('/', "-")), bytes));
    }
    Ok(files)
}

/// A section, an interface that counts nanoseconds, and two packets.
fn pcapng() -> Vec<u8> {
    let words = |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|w| w.to_le_bytes()).collect() };
    let section = words(&[0x1a2b_3c4d, 1, u32::MAX, u32::MAX]);
    // Ethernet, 256 KiB a packet; option 9, a byte long: units of 10^-9 seconds.
    let interface = words(&[1, 0x4_0000, 1 << 16 | 9, 9, 0]);
    let packet = |time, length: u32| {
        let mut body = words(&[0, 0, time, length, length]);
        body.extend((0..length.next_multiple_of(4)).map(|byte| byte as u8));
        body
    };
    let blocks = [
        (0x0a0d_0d0a, section),
        (1, interface),
        (6, packet(1_000, 60)),
        (6, packet(2_000, 61)),
    ];
    let mut file = Vec::new();
    for (kind, body) in blocks {
        let length = body.len() as u32 + 12;
        file.extend(words(&[kind, length]));
        file.extend(body);
        file.extend(length.to_le_bytes());
    }
    file
}

/// An image.
pub fn images() -> Vec<(String, Vec<u8>)> {
    let image = || -> Result<Vec<u8>, TextError> {
        let payload = b"configuration bits";
        let header = ImageHeader {
            layout_id: 0x9f31_c200_4be0_7a11,
            profile: Text::new("u250")?,
            board: Text::new("Alveo U250")?,
            part: Text::new("xcu250-figd2104-2l-e")?,
            idcode: 0x04b5_7093,
            payload: Payload::of(payload),
            build: Build {
                time_s: 1_790_000_000,
                revision: Text::new("c1e67b7")?,
                tool: Text::new("vivado 2024.1")?,
            },
        };
        Ok([header.to_bytes().as_slice(), payload].concat())
    };
    let image = image().unwrap_or_else(|error| panic!("{error}"));
    vec![("u250.img".to_owned(), image)]
}
