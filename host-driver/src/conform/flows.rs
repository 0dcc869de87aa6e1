//! The flows against what is expected of them: which are new, changed or gone by a step.
//!
//! What is expected must stand as it says, and every flow that changed must be expected. A flow has changed if it is new
//! or its action, its TCP state or its packets are others. What a case configures may be listed in its first step or not.

use std::collections::BTreeMap;
use std::fmt;

use super::case::{Expect, FlowKey, FlowState};

/// All flows at one time.
pub type Flows = BTreeMap<FlowKey, FlowState>;

/// What is wrong with a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The flow.
    pub key: FlowKey,
    /// What is wrong.
    pub what: What,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It should be there.
    Missing,
    /// It should be gone.
    StillThere,
    /// It should be as it was, or there at all.
    Unexpected,
    /// It went, and should not have.
    Gone,
    /// It is there, but not as it should be.
    Field {
        /// In which respect.
        field: &'static str,
        /// As it should be.
        want: String,
        /// As it is.
        got: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FlowKey {
            nh,
            sip,
            sport,
            dip,
            dport,
            proto,
        } = &self.key;
        write!(
            f,
            "flow nh {nh} {sip} {sport} to {dip} {dport} proto {proto}: "
        )?;
        match &self.what {
            What::Missing => f.write_str("want it, got none"),
            What::StillThere => f.write_str("want it gone, got it still"),
            What::Unexpected => f.write_str("want no change, got it new or changed"),
            What::Gone => f.write_str("want it still, got it gone"),
            What::Field { field, want, got } => write!(f, "{field} want {want} got {got}"),
        }
    }
}

/// Compares the flows before and after a step.
pub fn compare(before: &Flows, after: &Flows, expect: &Expect) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut say = |key: FlowKey, what| found.push(Difference { key, what });
    for want in &expect.flows {
        match after.get(&want.key) {
            None => say(want.key, What::Missing),
            Some(got) => {
                for what in fields(want, got) {
                    say(want.key, what);
                }
            }
        }
    }
    for key in &expect.gone {
        if after.contains_key(key) {
            say(*key, What::StillThere);
        }
    }
    let expected = |key: &FlowKey| expect.flows.iter().any(|want| want.key == *key);
    for (key, got) in after {
        let changed = before.get(key).is_none_or(|old| has_changed(old, got));
        if changed && !expected(key) {
            say(*key, What::Unexpected);
        }
    }
    for key in before.keys() {
        if !after.contains_key(key) && !expect.gone.contains(key) {
            say(*key, What::Gone);
        }
    }
    found
}

fn has_changed(old: &FlowState, new: &FlowState) -> bool {
    old.action != new.action || old.tcp_state != new.tcp_state || old.packets != new.packets
}

fn fields(want: &FlowState, got: &FlowState) -> Vec<What> {
    let mut differ = Vec::new();
    let mut field = |field, want: String, got: String| {
        if want != got {
            differ.push(What::Field { field, want, got });
        }
    };
    let action = |state: &FlowState| format!("{:?}", state.action).to_lowercase();
    field("action", action(want), action(got));
    field("vrf", want.vrf.to_string(), got.vrf.to_string());
    let states = |state: &FlowState| format!("[{}]", state.tcp_state.join(" "));
    field("tcp_state", states(want), states(got));
    field("packets", want.packets.to_string(), got.packets.to_string());
    field("bytes", want.bytes.to_string(), got.bytes.to_string());
    // Only a case that cares says it.
    if let Some(index) = want.ecmp_index {
        let got = got
            .ecmp_index
            .map_or("none".to_owned(), |index| index.to_string());
        field("ecmp_index", index.to_string(), got);
    }
    differ
}

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_table_compiler::objects::FlowAction;

    fn flow(sport: u16, packets: u64) -> FlowState {
        FlowState {
            key: FlowKey {
                nh: 23,
                sip: [10, 1, 1, 3].into(),
                sport,
                dip: [10, 2, 2, 4].into(),
                dport: 2000,
                proto: 6,
            },
            vrf: 3,
            action: FlowAction::Forward,
            tcp_state: vec!["SYN".to_owned()],
            packets,
            bytes: packets * 62,
            ecmp_index: None,
        }
    }

    fn flows(list: &[&FlowState]) -> Flows {
        list.iter()
            .map(|flow| (flow.key, (*flow).clone()))
            .collect()
    }

    fn said(before: &[&FlowState], after: &[&FlowState], expect: &Expect) -> Vec<String> {
        let found = compare(&flows(before), &flows(after), expect);
        found.iter().map(Difference::to_string).collect()
    }

    fn expecting(flows: &[&FlowState]) -> Expect {
        Expect {
            flows: flows.iter().map(|flow| (*flow).clone()).collect(),
            ..Expect::default()
        }
    }

    const HEAD: &str = "flow nh 23 10.1.1.3 1 to 10.2.2.4 2000 proto 6:";

    #[test]
    fn what_changed_must_be_expected_and_what_is_expected_must_be_so() {
        let (none, one, two) = (flow(1, 0), flow(1, 1), flow(1, 2));
        let ok: [&str; 0] = [];
        assert_eq!(said(&[&none], &[&none], &Expect::default()), ok);
        // What is configured may be listed as it stands.
        assert_eq!(said(&[&none], &[&none], &expecting(&[&none])), ok);
        assert_eq!(said(&[&none], &[&one], &expecting(&[&one])), ok);
        assert_eq!(
            said(&[&none], &[&two], &expecting(&[&one])),
            [
                format!("{HEAD} packets want 1 got 2"),
                format!("{HEAD} bytes want 62 got 124")
            ]
        );
        assert_eq!(
            said(&[&none], &[&one], &Expect::default()),
            [format!("{HEAD} want no change, got it new or changed")]
        );
        assert_eq!(
            said(&[], &[&none], &Expect::default()),
            [format!("{HEAD} want no change, got it new or changed")]
        );
        assert_eq!(
            said(&[], &[], &expecting(&[&one])),
            [format!("{HEAD} want it, got none")]
        );
    }

    #[test]
    fn tcp_state_and_action_are_named() {
        let want = flow(1, 1);
        let got = FlowState {
            action: FlowAction::Hold,
            tcp_state: Vec::new(),
            ..want.clone()
        };
        assert_eq!(
            said(&[], &[&got], &expecting(&[&want])),
            [
                format!("{HEAD} action want forward got hold"),
                format!("{HEAD} tcp_state want [SYN] got []")
            ]
        );
    }

    #[test]
    fn flows_go_when_they_should_and_not_else() {
        let one = flow(1, 1);
        let gone = Expect {
            gone: vec![one.key],
            ..Expect::default()
        };
        let before = &[&one];
        assert_eq!(said(before, &[], &gone), [""; 0]);
        assert_eq!(
            said(before, before, &gone),
            [format!("{HEAD} want it gone, got it still")]
        );
        assert_eq!(
            said(before, &[], &Expect::default()),
            [format!("{HEAD} want it still, got it gone")]
        );
    }
}
