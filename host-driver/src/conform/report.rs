//! What became of each case, a line each, and the sums.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "lowercase")]
pub enum Ended {
    /// Everything was as expected.
    Ok,
    /// Something was not.
    Fail {
        /// What, in the order of the steps; at least one.
        differences: Vec<Found>,
    },
    /// It needs a feature that this version does not have.
    Skip {
        /// Which.
        needs: String,
    },
}

/// Something that was not as expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The step, from 1; none where the configuration itself was refused.
    pub step: Option<usize>,
    /// What was expected and what was found.
    pub what: String,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            Some(step) => write!(f, "step {step}: {}", self.what),
            None => write!(f, "config: {}", self.what),
        }
    }
}

/// A case and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The case.
    pub id: String,
    /// What became of it.
    #[serde(flatten)]
    pub ended: Ended,
}

/// `ok ID`, `FAIL ID: step 2: vif 3: byte 22 (ip.ttl) want 3f got 40`, `skip ID: needs mirrors`.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = &self.id;
        match &self.ended {
            Ended::Ok => write!(f, "ok {id}"),
            Ended::Skip { needs } => write!(f, "skip {id}: needs {needs}"),
            Ended::Fail { differences } => {
                write!(f, "FAIL {id}: ")?;
                match &differences[..] {
                    [] => f.write_str("without a reason"),
                    [only] => write!(f, "{only}"),
                    [first, more @ ..] => write!(f, "{first} (and {} more)", more.len()),
                }
            }
        }
    }
}

/// All cases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// A line each, in the order of the file.
    pub cases: Vec<Line>,
    /// How many were as expected.
    pub passed: usize,
    /// How many were not.
    pub failed: usize,
    /// How many were not run.
    pub skipped: usize,
}

impl Report {
    /// Adds a case.
    pub fn add(&mut self, line: Line) {
        let sum = match line.ended {
            Ended::Ok => &mut self.passed,
            Ended::Fail { .. } => &mut self.failed,
            Ended::Skip { .. } => &mut self.skipped,
        };
        *sum += 1;
        self.cases.push(line);
    }

    /// The last line: `N passed, M failed, K skipped`.
    pub fn write_sums(&self, out: &mut dyn Write) -> io::Result<()> {
        let Report {
            passed,
            failed,
            skipped,
            ..
        } = self;
        writeln!(out, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(step: usize, what: &str) -> Found {
        Found {
            step: Some(step),
            what: what.to_owned(),
        }
    }

    #[test]
    fn each_case_is_a_line_and_the_sums_are_the_last() {
        let mut report = Report::default();
        let mut lines = Vec::new();
        for (id, ended) in [
            ("a", Ended::Ok),
            (
                "b",
                Ended::Fail {
                    differences: vec![found(2, "vif 3: byte 22 (ip.ttl) want 3f got 40")],
                },
            ),
            (
                "c",
                Ended::Fail {
                    differences: vec![found(1, "x"), found(2, "y")],
                },
            ),
            (
                "d",
                Ended::Skip {
                    needs: "mirrors".to_owned(),
                },
            ),
        ] {
            let line = Line {
                id: id.to_owned(),
                ended,
            };
            lines.push(line.to_string());
            report.add(line);
        }
        assert_eq!(
            lines,
            [
                "ok a",
                "FAIL b: step 2: vif 3: byte 22 (ip.ttl) want 3f got 40",
                "FAIL c: step 1: x (and 1 more)",
                "skip d: needs mirrors"
            ]
        );
        let mut sums = Vec::new();
        report.write_sums(&mut sums).expect("memory");
        assert_eq!(sums, b"1 passed, 2 failed, 1 skipped\n");
    }
}
