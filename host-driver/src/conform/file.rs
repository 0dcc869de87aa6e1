//! The case file: text in, cases out, or one refusal that says where.
//!
//! ```text
//!   { "count": 2,
//!     "cases": [ { "id", "verifies", "config": [object, ..], "steps": [ { "inject", "expect", ..}, .. ] }, .. ] }
//! ```
//! Other keys beside `cases` are for people. Within a case every key must be known: one that is not would be something
//! expected and never compared.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use underpass_table_compiler::objects::{Object, Objects};

use super::case::{Case, Change, Expect, Inject, Out, Reply, Step, StepForm};
use super::drop_names::DROP_NAMES;
use crate::replay::MAX_FRAME_BYTES;

/// The note by which a step says that order counts.
const IN_ORDER: &str = "in order";
/// What the agent says about a flow that waits, among the objects of a change.
const REPLY: &str = "agent_reply_to_hold_entry";

/// A case file that was refused.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {place}{reason}")]
pub struct FileError {
    /// The file.
    pub file: String,
    /// Where in it.
    pub place: Place,
    /// Why.
    pub reason: Reason,
}

/// Where in a case file something is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The case.
    pub case: Option<String>,
    /// What of it: `step 2`, `config object 7`.
    pub part: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(case) = &self.case {
            write!(f, "case {case}: ")?;
        }
        match &self.part {
            Some(part) => write!(f, "{part}: "),
            None => Ok(()),
        }
    }
}

/// Why a case file was refused.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// It is no JSON, or something in it has the wrong form.
    #[error("{0}")]
    Form(#[from] serde_json::Error),
    /// It has not as many cases as it says.
    #[error("found {found} cases, expected {expected} as `count` says")]
    Count {
        /// How many there are.
        found: usize,
        /// How many it says.
        expected: usize,
    },
    /// Two cases have one name.
    #[error("found the id a second time, expected one of its own")]
    IdTwice,
    /// A case without a step says nothing.
    #[error("found no step, expected at least one")]
    NoStep,
    /// A step in which nothing happens says nothing.
    #[error("found neither `inject` nor `config_change`, expected one of them")]
    NothingHappens,
    /// A frame is not as long as it says.
    #[error("found a frame of {found} bytes, expected {expected} as `len` says")]
    Length {
        /// Its bytes.
        found: usize,
        /// What it says.
        expected: usize,
    },
    /// A frame is empty, or longer than any that a card takes.
    #[error("found a frame of {found} bytes, expected 1 to {MAX_FRAME_BYTES}")]
    NoFrame {
        /// Its bytes.
        found: usize,
    },
    /// An interface that the case does not have.
    #[error("found vif {vif}, expected one of the case's")]
    NoVif {
        /// The interface.
        vif: u32,
    },
    /// A drop counter that the peer does not have.
    #[error("found the drop counter `{found}`, expected one of the peer's such as DISCARD")]
    NoCounter {
        /// Its name.
        found: String,
    },
}

#[derive(Deserialize)]
struct FileForm {
    #[serde(default)]
    count: Option<usize>,
    cases: Vec<CaseForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseForm {
    id: String,
    #[serde(default, rename = "topic")]
    _topic: String,
    #[serde(default, rename = "idea_from")]
    _idea_from: String,
    #[serde(default)]
    verifies: String,
    #[serde(default, rename = "note")]
    _note: String,
    config: Vec<Value>,
    steps: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplyForm {
    #[serde(rename = "object")]
    _object: String,
    rpf_nh: u32,
    rev_key_nh: u32,
    rev_rpf_nh: u32,
}

/// What is wrong with a part of a case.
type Fault = (Option<String>, Reason);

/// Reads a case file. `file` is only what errors call it.
///
/// # Errors
/// The first thing in the file that is not as it must be.
pub fn parse(file: &str, text: &str) -> Result<Vec<Case>, FileError> {
    let refuse = |case: Option<String>, (part, reason): Fault| FileError {
        file: file.to_owned(),
        place: Place { case, part },
        reason,
    };
    let form: FileForm =
        serde_json::from_str(text).map_err(|error| refuse(None, (None, error.into())))?;
    let found = form.cases.len();
    if let Some(expected) = form.count.filter(|count| *count != found) {
        return Err(refuse(None, (None, Reason::Count { found, expected })));
    }
    let mut ids = HashSet::new();
    let mut cases = Vec::with_capacity(found);
    for form in form.cases {
        let id = form.id.clone();
        if !ids.insert(id.clone()) {
            return Err(refuse(Some(id), (None, Reason::IdTwice)));
        }
        cases.push(case(form).map_err(|fault| refuse(Some(id), fault))?);
    }
    Ok(cases)
}

fn case(form: CaseForm) -> Result<Case, Fault> {
    let mut config = Vec::with_capacity(form.config.len());
    for (number, value) in form.config.into_iter().enumerate() {
        let at = format!("config object {}", number + 1);
        config.push(object(value).map_err(|reason| (Some(at), reason))?);
    }
    if form.steps.is_empty() {
        return Err((None, Reason::NoStep));
    }
    let mut vifs = vifs(&config);
    let mut steps = Vec::with_capacity(form.steps.len());
    for (number, value) in form.steps.into_iter().enumerate() {
        let at = format!("step {}", number + 1);
        steps.push(step(value, &mut vifs).map_err(|reason| (Some(at), reason))?);
    }
    Ok(Case {
        id: form.id,
        verifies: form.verifies,
        config,
        steps,
    })
}

fn step(value: Value, vifs: &mut HashSet<u32>) -> Result<Step, Reason> {
    let form: StepForm = serde_json::from_value(value)?;
    if form.config_change.is_none() && form.inject.is_none() {
        return Err(Reason::NothingHappens);
    }
    let change = form.config_change.map(change).transpose()?;
    if let Some(Change::Objects(objects)) = &change {
        vifs.extend(self::vifs(objects));
    }
    let known = |vif: u32| match vifs.contains(&vif) {
        true => Ok(vif),
        false => Err(Reason::NoVif { vif }),
    };
    let mut in_order = form.note.contains(IN_ORDER);
    let inject = match form.inject {
        Some(form) => {
            in_order |= form.note.contains(IN_ORDER);
            Some(Inject {
                vif: known(form.vif)?,
                frame: frame(form.hex.0, form.len)?,
            })
        }
        None => None,
    };
    let mut out = Vec::with_capacity(form.expect.out.len());
    for form in form.expect.out {
        out.push(Out {
            vif: known(form.vif)?,
            frame: frame(form.hex.0, form.len)?,
        });
    }
    let strange = |name: &&String| !DROP_NAMES.contains(&name.as_str());
    if let Some(found) = form.expect.drops.keys().find(strange) {
        return Err(Reason::NoCounter {
            found: found.clone(),
        });
    }
    Ok(Step {
        change,
        inject,
        expect: Expect {
            out,
            drops: form.expect.drops,
            flows: form.expect.flows_new_or_changed,
            gone: form.expect.flows_gone,
            clones: form.expect.clones_accounted,
        },
        in_order,
    })
}

/// One object or a list of them, or the agent's word.
fn change(value: Value) -> Result<Change, Reason> {
    if value.get("object").and_then(Value::as_str) == Some(REPLY) {
        let form: ReplyForm = serde_json::from_value(value)?;
        return Ok(Change::Reply(Reply {
            rpf_nh: form.rpf_nh,
            rev_key_nh: form.rev_key_nh,
            rev_rpf_nh: form.rev_rpf_nh,
        }));
    }
    let values = match value {
        Value::Array(values) => values,
        one => vec![one],
    };
    let objects = values.into_iter().map(object);
    Ok(Change::Objects(objects.collect::<Result<_, _>>()?))
}

fn object(value: Value) -> Result<Object, Reason> {
    Ok(serde_json::from_value(value)?)
}

fn frame(bytes: Vec<u8>, expected: usize) -> Result<Vec<u8>, Reason> {
    let found = bytes.len();
    if found != expected {
        return Err(Reason::Length { found, expected });
    }
    if !(1..=MAX_FRAME_BYTES).contains(&found) {
        return Err(Reason::NoFrame { found });
    }
    Ok(bytes)
}

fn vifs(objects: &[Object]) -> HashSet<u32> {
    let objects: Objects = objects.iter().cloned().collect();
    objects.vifs.iter().map(|vif| vif.idx).collect()
}

#[cfg(test)]
mod tests;
