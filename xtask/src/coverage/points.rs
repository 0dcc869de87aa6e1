//! What Verilator counts: a line of text, a branch, and how often the simulation came there.
//!
//! ```text
//!   C '\x01f\x02top.v\x01l\x0296\x01n\x023\x01page\x02v_line/core\x01o\x02block\x01h\x02TOP.core.u_gather' 1234
//! ```
//! Keys and values stand between the bytes 1 and 2. The same point of several instances, or of several runs, is one.

use anyhow::{bail, Context, Result};
use std::collections::BTreeMap;

/// A point in the text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// Line, from 1.
    pub line: usize,
    /// Column: it tells apart the two branches of an `if`.
    pub column: usize,
    /// `block`, `if`, `else`, `elsif` or `case`.
    pub kind: String,
}

/// All points, with counts.
#[derive(Debug, Default)]
pub struct Points(pub BTreeMap<Point, u64>);

impl Points {
    /// Adds the counts of one data file.
    pub fn add(&mut self, text: &str) -> Result<()> {
        for line in text.lines().filter(|line| line.starts_with("C '")) {
            let (keys, count) = line[3..]
                .rsplit_once("' ")
                .with_context(|| format!("no count in {line:?}"))?;
            let count: u64 = count
                .trim()
                .parse()
                .with_context(|| format!("{count:?} is no count"))?;
            let value = |wanted: &str| {
                keys.split('\x01')
                    .filter_map(|pair| pair.split_once('\x02'))
                    .find(|(key, _)| *key == wanted)
                    .map(|(_, value)| value)
            };
            let number = |key: &str| -> Result<usize> {
                match value(key).map(str::parse) {
                    Some(Ok(number)) => Ok(number),
                    found => bail!("expected a number for {key}, found {found:?} in {line:?}"),
                }
            };
            let point = Point {
                line: number("l")?,
                column: number("n")?,
                kind: value("o").unwrap_or_default().to_string(),
            };
            *self.0.entry(point).or_default() += count;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(line: usize, kind: &str, instance: &str, count: u64) -> String {
        format!("C '\x01f\x02top.v\x01l\x02{line}\x01n\x023\x01page\x02v_line/core\x01o\x02{kind}\x01h\x02{instance}' {count}\n")
    }

    #[test]
    fn instances_and_runs_add_up() {
        let mut points = Points::default();
        let file = format!(
            "# SystemC::Coverage-3\n{}{}{}",
            data(9, "if", "a", 2),
            data(9, "if", "b", 3),
            data(9, "else", "a", 0)
        );
        points.add(&file).unwrap();
        points.add(&file).unwrap();
        let counts: Vec<_> = points
            .0
            .iter()
            .map(|(point, count)| (point.line, point.kind.as_str(), *count))
            .collect();
        assert_eq!(counts, [(9, "else", 0), (9, "if", 10)]);
    }

    #[test]
    fn what_is_no_count_is_refused() {
        let mut points = Points::default();
        assert!(points.add("C 'x'").is_err());
        assert!(points.add("C '\x01l\x02nine\x01n\x021' 3").is_err());
        assert!(points.add("C '\x01l\x029\x01n\x021' many").is_err());
        assert!(points.add("# only a comment\n").is_ok());
    }
}
