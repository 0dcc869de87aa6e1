//! `underpass compile` and `underpass table`: every form that a network takes on its way, and what is on the card.

use crate::{done, examples};

#[test]
fn compile_prints_every_form() {
    let plan = done(&["compile", "compute-1.yaml"]);
    let first = plan.lines().next().unwrap();
    assert_eq!(first, "  1 write   punt_quota[1]  quota=64");
    let place = |table: &str| plan.find(table).unwrap_or_else(|| panic!("{plan}"));
    assert!(place(" nexthop[1]  valid") < place(" route_host["));
    assert!(
        plan.lines().last().unwrap().contains("port["),
        "ports open last:\n{plan}"
    );
    let entries = done(&["compile", "compute-1.yaml", "--emit", "entries"]);
    assert!(
        entries.contains("mpls[17]  action=Nexthop vrf=3 nexthop=12\n"),
        "{entries}"
    );
    assert!(
        entries.contains("v6 length=128 prefix=2001:db8:1::5"),
        "{entries}"
    );
    let objects: Vec<serde_json::Value> =
        serde_json::from_str(&done(&["compile", "compute-1.yaml", "--emit", "objects"])).unwrap();
    assert!(objects
        .iter()
        .any(|object| object["object"] == "mpls" && object["label"] == 17));
    for emit in ["objects", "entries", "plan"] {
        let text = done(&["compile", "compute-1.yaml", "--emit", emit, "--json"]);
        let json: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        assert!(json.len() > 20, "{emit}");
    }
    assert_ne!(
        plan,
        done(&["compile", "compute-1.yaml", "--profile", "u250"])
    );
}

#[test]
fn tables_are_as_compiled() {
    let list = done(&["table", "list", "compute-1.yaml", "--card", "sim:model"]);
    assert!(
        list.contains("nexthop          index    1024  1024     504       504         23"),
        "{list}"
    );
    let dump = done(&[
        "table",
        "dump",
        "compute-1.yaml",
        "mpls",
        "--card",
        "sim:model",
    ]);
    assert_eq!(
        dump.lines().nth(1),
        Some("mpls   17   action=Nexthop vrf=3 nexthop=12")
    );
    let json = done(&[
        "table",
        "dump",
        "compute-1.yaml",
        "mpls",
        "--card",
        "sim:model",
        "--json",
    ]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        json[0],
        serde_json::json!({"table": "mpls", "row": 17, "slot": 0, "entry": {"action": "Nexthop", "vrf": 3, "nexthop": 12}})
    );
    assert_eq!(
        done(&["table", "diff", "compute-1.yaml", "--card", "sim:model"]),
        "TABLE  ROW  SIDE  ENTRY\n"
    );
}

#[test]
fn mirrors_are_shown_as_the_tools_of_vrouters_do() {
    let folder = tempfile::tempdir().unwrap();
    let example = examples().join("../mirror");
    let file = |name: &str| example.join(name).to_str().unwrap().to_owned();
    let ports = ["vf0", "vf1"].map(|port| {
        format!(
            "{port}={}",
            file(["vnf1.pcap", "vnf2.pcap"][usize::from(port == "vf1")])
        )
    });
    let out = folder.path().join("out");
    let shown = done(&[
        "replay",
        &file("network.yaml"),
        "--card",
        "sim:model",
        "--in",
        &ports[0],
        "--in",
        &ports[1],
        "--out",
        out.to_str().unwrap(),
        "--show",
        "mirror,vif,nh",
        "--format",
        "classic",
    ]);
    for line in [
        "Index    NextHop    Flags       VNI    Vlan",
        "    0         15       D          0       0",
        "Flags:PMrMtL3L2Er QOS:-1",
        "            Ingress Mirror Metadata: 3 1e 64 65 66 61 75 6c 74 2d 64",
        "            Egress Mirror Metadata: 4 1e 64 65 66 61 75 6c 74 2d 64 6f",
        "Sub NH(label): 10",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    let summary = std::fs::read_to_string(out.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(
        summary["rounds"],
        serde_json::json!({"packets": 4, "copies": 8, "skipped": 0, "lost": 0})
    );
}
