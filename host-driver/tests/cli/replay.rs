//! `underpass replay`: captures in, captures and a summary out.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::{done, examples, refused};

/// A replay to a directory that does not exist yet.
struct Replay {
    around: TempDir,
    network: String,
    more: Vec<String>,
}

impl Replay {
    fn of(network: &str, inputs: &[&str]) -> Replay {
        let inputs = inputs.iter().flat_map(|input| ["--in", input]);
        Replay {
            around: tempfile::tempdir().unwrap(),
            network: network.to_owned(),
            more: inputs.map(str::to_owned).collect(),
        }
    }

    fn with(mut self, more: &[&str]) -> Replay {
        self.more.extend(more.iter().map(|one| (*one).to_owned()));
        self
    }

    fn out(&self) -> PathBuf {
        self.around.path().join("out")
    }

    /// A file with these bytes beside the output.
    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.around.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn arguments(&self) -> Vec<String> {
        let out = self.out().to_str().unwrap().to_owned();
        let fixed = [
            "replay",
            &self.network,
            "--out",
            &out,
            "--card",
            "sim:model",
        ];
        let fixed = fixed.into_iter().map(str::to_owned);
        fixed.chain(self.more.iter().cloned()).collect()
    }

    fn done(&self) -> String {
        let arguments = self.arguments();
        done(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// What is said; nothing must be left behind.
    fn refused(&self) -> String {
        let arguments = self.arguments();
        let errors = refused(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(!self.out().exists());
        errors
    }
}

const ALL: [&str; 5] = [
    "vf0=red1.pcap",
    "vf1=red2.pcap",
    "vf2=blue1.pcap",
    "vf3=edge1.pcap",
    "wire0=wire0.pcap",
];

#[test]
fn replay_leaves_a_capture_for_each_port_and_a_summary() {
    let replay = Replay::of("compute-1.yaml", &ALL);
    let table = replay.done();
    assert!(table.starts_with("NO  TIME_S"), "{table}");
    assert_eq!(table.lines().count(), 1 + 35);
    let names: Vec<String> = [
        "summary.json",
        "vf0.pcap",
        "vf1.pcap",
        "vf2.pcap",
        "vf3.pcap",
        "wire0.pcap",
    ]
    .map(str::to_owned)
    .to_vec();
    let mut found: Vec<String> = fs::read_dir(replay.out())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, names);
    let text = fs::read_to_string(replay.out().join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        summary["drops"],
        serde_json::json!({"FLOW_ACTION_DROP": 3, "INVALID_LABEL": 1})
    );
    assert_eq!(
        summary["punts"],
        serde_json::json!({"flow_miss": 14, "nd": 3, "nexthop": 2}),
        "the card answers ARP itself"
    );
    assert_eq!(
        summary["ports"]["vf1"],
        serde_json::json!({"rx_packets": 3, "rx_bytes": 314, "tx_packets": 3, "tx_bytes": 314, "drops": {}})
    );
    assert_eq!(
        summary["flows"][0],
        serde_json::json!({
            "key": {"nh": 6, "sip": "10.1.1.3", "sport": 1, "dip": "10.1.1.4", "dport": 0, "proto": 1},
            "vrf": 1, "action": "forward", "packets": 2, "bytes": 196, "tcp_state": [], "ecmp_index": null,
        })
    );
    assert_eq!(summary["flows"][6]["drop_reason"], "Policy");
    assert_eq!(
        summary["flows"][14],
        serde_json::json!({
            "key": {"nh": 6, "sip": "2001:db8:1::3", "sport": 5, "dip": "2001:db8:1::4", "dport": 129, "proto": 58},
            "vrf": 1, "action": "forward", "packets": 1, "bytes": 118, "tcp_state": [], "ecmp_index": null,
        })
    );
}

#[test]
fn what_leaves_one_node_enters_the_other() {
    let one = Replay::of("compute-1.yaml", &ALL);
    one.done();
    let wire = format!("wire0={}", one.out().join("wire0.pcap").display());
    let two = Replay::of(
        "compute-2.yaml",
        &[&wire, "vf0=red3.pcap", "vf1=blue2.pcap"],
    );
    let table = two.done();
    let verdicts: Vec<&str> = table
        .lines()
        .skip(1)
        .map(|line| {
            line.split("  ")
                .filter(|word| !word.is_empty())
                .nth(4)
                .unwrap()
                .trim()
        })
        .collect();
    // Two packets for the SDN gateway come along, which no switch would bring here.
    assert_eq!(
        verdicts,
        [
            "deliver", "deliver", "deliver", "deliver", "drop", "drop", "deliver", "deliver",
            "deliver", "deliver"
        ],
        "{table}"
    );
    let red3 = fs::read(two.out().join("vf0.pcap")).unwrap();
    let sent = fs::read(examples().join("red1.pcap")).unwrap();
    // The echo requests to red3 arrive as they were sent: 98 bytes of IPv4 and 118 of IPv6, the time stamps too.
    assert_eq!(red3.len(), 24 + 16 + 98 + 16 + 118);
    let (four, six) = red3[24..].split_at(16 + 98);
    for record in [four, six] {
        assert!(sent.windows(record.len()).any(|one| one == record));
    }
}

#[test]
fn two_runs_leave_the_same_bytes() {
    let run = || {
        let replay = Replay::of("compute-1.yaml", &ALL);
        let table = replay.done();
        let wire = fs::read(replay.out().join("wire0.pcap")).unwrap();
        let summary = fs::read(replay.out().join("summary.json")).unwrap();
        (table, wire, summary)
    };
    assert_eq!(run(), run());
}

#[test]
fn back_to_back_the_same_packets_leave() {
    let quiet = Replay::of("compute-1.yaml", &["vf0=red1.pcap"]);
    quiet.done();
    let line = Replay::of("compute-1.yaml", &["vf0=red1.pcap"]).with(&["--pace", "line"]);
    assert!(line.done().starts_with("PORT   RX_PACKETS"));
    for port in ["vf1", "vf2", "wire0"] {
        let length = |replay: &Replay| {
            fs::metadata(replay.out().join(format!("{port}.pcap")))
                .unwrap()
                .len()
        };
        assert_eq!(length(&quiet), length(&line), "{port}");
    }
}

#[test]
fn a_trace_walks_through_the_stages() {
    let text = Replay::of("compute-1.yaml", &["vf0=red1.pcap"])
        .with(&["--trace"])
        .done();
    for words in [
        "packet 2  vf0  ICMP echo request",
        "  s6_bridge ",
        "  from the slow path\n",
        "punt (flow_miss)",
    ] {
        assert!(text.contains(words), "{words}");
    }
}

#[test]
fn tables_are_shown_at_the_end() {
    let all = "vrf,vif,nh,rt,bridge,mpls,vxlan,flow,drop";
    let text = Replay::of("compute-1.yaml", &["vf0=red1.pcap"])
        .with(&["--show", all])
        .done();
    let narrow = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join("\n");
    for words in [
        "3 edge l3 yes 192.168.1.0/24",
        "1 red l2-l3 yes 10.1.1.0/24, 2001:db8:1::/64",
        "3 red1 vm vf0",
        "23 tunnel inet 0 vif 0 192.168.100.3 > 192.168.100.1 mac 2c:6b:f5:12:34:01",
        "1 10.1.1.5/32 21 5001 02:00:00:01:01:05",
        "1 2001:db8:1::5/128 21 5001 02:00:00:01:01:05",
        "6 10.1.1.3:40002 10.2.2.3:22 6 1 drop Policy",
        "6 [2001:db8:1::3]:40006 [2001:db8:2::3]:22 6 1 drop Policy",
    ] {
        assert!(narrow.contains(words), "{words}\n{text}");
    }
    let text = Replay::of("compute-1.yaml", &["vf0=red1.pcap"])
        .with(&["--json", "--show", "rt"])
        .done();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        json["packets"][6]["drops"],
        serde_json::json!(["FLOW_ACTION_DROP"])
    );
    assert_eq!(json["packets"][3]["out"][0]["port"], "vf0");
    assert!(json["rt"].as_array().unwrap().len() > 5);
    assert!(json["summary"]["ports"]["wire0"].is_object());
}

#[test]
fn an_underlay_may_be_ipv6() {
    let replay = Replay::of(
        "../ipv6-underlay/compute-1.yaml",
        &[
            "vf0=../ipv6-underlay/red1.pcap",
            "wire0=../ipv6-underlay/wire0.pcap",
        ],
    );
    let table = replay.done();
    for words in [
        "wire0: ND fd00:100::3 is at 0c:c4:7a:4c:67:93",
        "wire0: VXLAN fd00:100::3 > fd00:100::4 vni 5001",
        "wire0: MPLSoUDP fd00:100::3 > fd00:100::4 label 29",
        "wire0: ND who has fd00:100::1? tell fd00:100::3",
        "wire0: MPLSoGRE fd00:100::3 > fd00:100::1 label 20",
    ] {
        assert!(table.contains(words), "{words}\n{table}");
    }
    assert!(!table.contains("drop  "), "{table}");
    let wire = format!("wire0={}", replay.out().join("wire0.pcap").display());
    let other = Replay::of(
        "../ipv6-underlay/compute-2.yaml",
        &[
            &wire,
            "vf0=../ipv6-underlay/red3.pcap",
            "vf1=../ipv6-underlay/blue1.pcap",
        ],
    );
    other.done();
    let length = |port| fs::metadata(other.out().join(port)).unwrap().len();
    assert_eq!(length("vf0.pcap"), 24 + 16 + 118 + 16 + 98);
    assert_eq!(length("vf1.pcap"), 24 + 16 + 74);
}

#[test]
fn a_former_output_is_replaced_and_nothing_else_is() {
    let replay = Replay::of("compute-1.yaml", &["vf0=red1.pcap"]);
    replay.done();
    replay.done();
    fs::write(replay.out().join("notes.txt"), "mine").unwrap();
    let arguments = replay.arguments();
    let errors = refused(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(errors.contains("found \"notes.txt\" in it"), "{errors}");
    assert_eq!(
        fs::read_to_string(replay.out().join("notes.txt")).unwrap(),
        "mine"
    );
}

#[test]
fn inputs_that_cannot_be_replayed_are_refused() {
    let mut whole = fs::read(examples().join("red1.pcap")).unwrap();
    let replay = Replay::of("compute-1.yaml", &[]);
    let cut = replay.file("cut.pcap", &whole[..100]);
    whole[20] = 113;
    let cooked = replay.file("cooked.pcap", &whole);
    for (input, words) in [
        (format!("vf0={cut}"), "cut.pcap: the capture is truncated or damaged behind 1 whole packets"),
        (format!("vf0={cooked}"), "cooked.pcap: found packets of link type LINUX_SLL, expected ETHERNET"),
        ("vf0=README.md".to_owned(), "error: README.md: found no packet capture, expected pcap or pcapng\n"),
        ("vf0=none.pcap".to_owned(), "error: none.pcap: the capture cannot be read: No such file or directory (os error 2)\n"),
        ("vf9=red1.pcap".to_owned(), "error: found port `vf9` in --in, expected one of the card's: wire0, "),
        ("vf7=red1.pcap".to_owned(), "error: found port `vf7` in --in, expected one that compute-1.yaml uses: wire0, vf0, vf1, vf2, vf3\n"),
        ("slow=red1.pcap".to_owned(), "error: found port `slow` in --in"),
    ] {
        let errors = Replay::of("compute-1.yaml", &[&input]).refused();
        assert!(errors.contains(words), "{errors}");
    }
}

#[test]
fn a_network_that_does_not_fit_is_refused_with_its_place() {
    let text = fs::read_to_string(examples().join("compute-1.yaml")).unwrap();
    let cases = [
        (
            "port: vf3",
            "port: vf12",
            "found port `vf12`, expected one of the card's",
        ),
        ("port: vf3", "port: vf0", "found port `vf0` a second time"),
        ("label: 17 ", "label: seventeen ", "found `seventeen`"),
        (
            "    mode: l3\n",
            "    mode: l3\n    learn_macs: true\n",
            "in a network of mode l3",
        ),
        ("policies:", "police:", "unknown key `police`"),
    ];
    for (old, new, words) in cases {
        assert!(text.contains(old));
        let mut replay = Replay::of("", &["vf0=red1.pcap"]);
        replay.network = replay.file("net.yaml", text.replace(old, new).as_bytes());
        let errors = replay.refused();
        let place = errors
            .strip_prefix(&format!("error: {}:", replay.network))
            .unwrap_or_else(|| panic!("{errors}"));
        assert!(place.starts_with(|c: char| c.is_ascii_digit()), "{errors}");
        assert!(errors.contains(words), "{errors}");
        let compiled = refused(&["compile", &replay.network]);
        assert_eq!(compiled, errors);
    }
    assert!(refused(&["compile", "none.yaml"]).starts_with(
        "error: none.yaml: the network file cannot be read: No such file or directory (os error 2)\nhint: "
    ));
}
