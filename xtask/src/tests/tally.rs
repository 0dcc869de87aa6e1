//! Counting what `cargo test` prints.
//!
//! With `--show-output` a test program ends with the captured output of its passing tests, then with that of the
//! failing ones, then with its result:
//!
//! ```text
//!   successes:                     ─┐
//!   ---- name stdout ----           │ hidden, save lines that begin with SKIPPED:
//!   SKIPPED: no verilator           │
//!   successes:                      │
//!       name                       ─┘
//!   failures: ...                    shown
//!   test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
//! ```

use std::fmt;

/// What a test prints first on a line to say that it could not run here.
const SKIPPED: &str = "SKIPPED:";

/// The sums over all test programs.
#[derive(Debug, Default)]
pub struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
    /// Tests of the program at hand that said so themselves; the program counts them as passed.
    skipped_here: u64,
    /// Reasons in the order in which they came, each behind the name of its test.
    reasons: Vec<String>,
    section: Section,
    broken: bool,
}

/// Where in a test program's output we are.
#[derive(Debug, Default, PartialEq, Eq)]
enum Section {
    #[default]
    Progress,
    /// Captured output of a passing test, by name, and whether it has said that it skipped.
    Success {
        test: String,
        skipped: bool,
    },
    Failures,
}

impl Tally {
    /// Takes one line; says whether it is for the reader.
    pub fn see(&mut self, line: &str) -> bool {
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.add(counts);
            self.section = Section::Progress;
            return true;
        }
        match (line, &mut self.section) {
            ("successes:", Section::Progress) => {
                self.section = Section::Success {
                    test: String::new(),
                    skipped: false,
                };
                false
            }
            ("failures:", Section::Success { .. } | Section::Progress) => {
                self.section = Section::Failures;
                true
            }
            (_, Section::Success { test, skipped }) => {
                if let Some(name) = line
                    .strip_prefix("---- ")
                    .and_then(|rest| rest.strip_suffix(" stdout ----"))
                {
                    (*test, *skipped) = (name.to_string(), false);
                } else if line.starts_with(SKIPPED) {
                    if !*skipped {
                        self.skipped_here += 1;
                    }
                    *skipped = true;
                    self.reasons.push(format!("{test}: {line}"));
                }
                false
            }
            _ => true,
        }
    }

    /// Takes cargo's exit status: a failure that no test program counted (it did not compile, it was killed) is one.
    pub fn end(&mut self, success: bool) {
        self.broken = !success && self.failed == 0;
        self.failed += u64::from(self.broken);
    }

    /// Whether at least one test ran and none failed.
    pub fn is_good(&self) -> bool {
        self.failed == 0 && self.passed > 0
    }

    /// Adds `ok. 3 passed; 0 failed; 1 ignored; ...`.
    fn add(&mut self, counts: &str) {
        for part in counts.split([';', '.']) {
            let mut words = part.split_whitespace();
            let (Some(Ok(count)), Some(what)) = (words.next().map(str::parse::<u64>), words.next())
            else {
                continue;
            };
            match what {
                "passed" => self.passed += count.saturating_sub(self.skipped_here),
                "failed" => self.failed += count,
                "ignored" => self.skipped += count,
                _ => {}
            }
        }
        self.skipped += std::mem::take(&mut self.skipped_here);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for reason in &self.reasons {
            writeln!(f, "{reason}")?;
        }
        if self.broken {
            writeln!(
                f,
                "a test program did not compile or ended without a result: counted as one failure"
            )?;
        }
        if self.passed + self.failed == 0 {
            writeln!(f, "no test ran")?;
        }
        write!(
            f,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "

running 3 tests
test a ... ok
test b ... ok
test c ... ignored

successes:

---- a stdout ----
some noise
SKIPPED: no verilator
SKIPPED: nor a network


successes:
    a
    b

test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.00s
";

    fn tally(text: &str, success: bool) -> (Tally, Vec<&str>) {
        let mut tally = Tally::default();
        let shown = text.lines().filter(|line| tally.see(line)).collect();
        tally.end(success);
        (tally, shown)
    }

    #[test]
    fn a_test_that_skips_itself_counts_as_skipped_once() {
        let (tally, shown) = tally(GOOD, true);
        let text = tally.to_string();
        assert!(
            text.starts_with("a: SKIPPED: no verilator\na: SKIPPED: nor a network\n"),
            "{text}"
        );
        assert!(text.ends_with("\n1 passed, 0 failed, 2 skipped"), "{text}");
        assert!(tally.is_good());
        assert!(!shown.contains(&"some noise"));
        assert!(shown.contains(&"test a ... ok"));
        assert!(shown.iter().any(|line| line.starts_with("test result:")));
    }

    #[test]
    fn programs_add_up() {
        let twice = GOOD.repeat(2);
        assert!(tally(&twice, true)
            .0
            .to_string()
            .ends_with("\n2 passed, 0 failed, 4 skipped"));
    }

    #[test]
    fn output_of_failing_tests_is_shown() {
        let text = "\
successes:

---- a stdout ----
quiet
failures:

---- b stdout ----
assertion failed

failures:
    b

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s
";
        let (tally, shown) = tally(text, false);
        assert_eq!(tally.to_string(), "1 passed, 1 failed, 0 skipped");
        assert!(shown.contains(&"assertion failed"));
        assert!(!shown.contains(&"quiet"));
        assert!(!tally.is_good());
    }

    #[test]
    fn a_program_that_dies_is_a_failure() {
        let (tally, _) = tally("running 1 test\n", false);
        assert!(tally
            .to_string()
            .ends_with("\n0 passed, 1 failed, 0 skipped"));
        assert!(!tally.is_good());
    }

    #[test]
    fn no_test_at_all_is_not_good() {
        let (tally, _) = tally("", true);
        assert_eq!(
            tally.to_string(),
            "no test ran\n0 passed, 0 failed, 0 skipped"
        );
        assert!(!tally.is_good());
    }
}
