use super::*;

/// A file with one case, in which `what` was replaced.
fn with(what: &str, by: &str) -> String {
    let text = r#"{"about": "for people", "count": 1, "cases": [{"id": "one", "verifies": "that",
        "config": [{"object": "vif", "idx": 3, "type": "vm", "mac": "02:00:00:00:00:01", "vrf": 2,
            "flags": {"value": "0x40", "names": []}, "mtu": 1500}],
        "steps": [{"inject": {"vif": 3, "len": 2, "hex": "0a0b", "note": ""},
            "expect": {"out": [{"vif": 3, "len": 1, "hex": "0c"}], "drops": {"DISCARD": 1}}}]}]}"#;
    assert!(text.contains(what), "{what}");
    text.replacen(what, by, 1)
}

#[test]
fn a_case_is_read() {
    let cases = parse("c.json", &with("that", "this")).expect("a case file");
    let [case] = &cases[..] else {
        panic!("one case");
    };
    assert_eq!((case.id.as_str(), case.verifies.as_str()), ("one", "this"));
    assert_eq!(case.config.len(), 1);
    let step = &case.steps[0];
    assert_eq!(
        step.inject,
        Some(Inject {
            vif: 3,
            frame: vec![10, 11]
        })
    );
    assert_eq!(
        step.expect.out,
        [Out {
            vif: 3,
            frame: vec![12]
        }]
    );
    assert_eq!(step.expect.drops["DISCARD"], 1);
    assert!(!step.in_order && step.change.is_none());
}

#[test]
fn refusals_name_file_case_and_reason() {
    for (what, by, message) in [
        (
            r#""cases""#,
            r#""case""#,
            "c.json: missing field `cases` at line 5 column 96",
        ),
        (
            r#""count": 1"#,
            r#""count": 2"#,
            "c.json: found 1 cases, expected 2 as `count` says",
        ),
        (
            r#""object": "vif""#,
            r#""object": "wif""#,
            "c.json: case one: config object 1: unknown variant `wif`",
        ),
        (
            r#""len": 2"#,
            r#""len": 3"#,
            "c.json: case one: step 1: found a frame of 2 bytes, expected 3 as `len` says",
        ),
        (
            r#""hex": "0a0b""#,
            r#""hex": "0a0""#,
            "c.json: case one: step 1: `0a0` is not hexadecimal",
        ),
        (
            r#"{"vif": 3, "len": 1"#,
            r#"{"vif": 4, "len": 1"#,
            "c.json: case one: step 1: found vif 4, expected one of the case's",
        ),
        (
            "DISCARD",
            "DISCARDED",
            "c.json: case one: step 1: found the drop counter `DISCARDED`, expected one of the peer's",
        ),
        (
            r#""drops""#,
            r#""frames": 1, "drops""#,
            "c.json: case one: step 1: unknown field `frames`",
        ),
        (
            r#""inject": {"vif": 3, "len": 2, "hex": "0a0b", "note": ""},"#,
            "",
            "c.json: case one: step 1: found neither `inject` nor `config_change`",
        ),
    ] {
        let error = parse("c.json", &with(what, by)).expect_err(what).to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn every_case_has_a_name_of_its_own_and_a_step() {
    let twice = r#"{"cases": [{"id": "a", "config": [], "steps": [STEP]}, {"id": "a", "config": [], "steps": []}]}"#
        .replace("STEP", r#"{"config_change": [], "expect": {"out": [], "drops": {}}}"#);
    let error = parse("c.json", &twice).expect_err("a twice").to_string();
    assert_eq!(
        error,
        "c.json: case a: found the id a second time, expected one of its own"
    );
    let none = r#"{"cases": [{"id": "a", "config": [], "steps": []}]}"#;
    let error = parse("c.json", none).expect_err("no step").to_string();
    assert_eq!(
        error,
        "c.json: case a: found no step, expected at least one"
    );
}

#[test]
fn the_agent_may_reply_instead() {
    let reply = r#"{"config_change": {"object": "agent_reply_to_hold_entry", "rpf_nh": 23, "rev_key_nh": 24,
        "rev_rpf_nh": 25}, "note": "they leave in order", "expect": {"out": [], "drops": {}}}"#;
    let text = format!(r#"{{"cases": [{{"id": "a", "config": [], "steps": [{reply}]}}]}}"#);
    let cases = parse("c.json", &text).expect("a case file");
    let step = &cases[0].steps[0];
    assert!(step.in_order);
    assert_eq!(
        step.change,
        Some(Change::Reply(Reply {
            rpf_nh: 23,
            rev_key_nh: 24,
            rev_rpf_nh: 25
        }))
    );
}
