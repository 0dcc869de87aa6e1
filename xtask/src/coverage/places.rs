//! Where in the design a point is: its module, the register that the branch writes, and the text.
//!
//! Lines and numbered wires move with every change of the RTL; a module and the name of a register stay. So a place is
//! called by those, and an explanation finds it again.

use super::points::{Point, Points};

/// A point with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The module.
    pub module: String,
    /// The first register that the branch writes, or would have kept; of a `case`, what is looked at.
    pub register: String,
    /// Which way: `if`, `else`, `case` with its label, `block`.
    pub way: String,
    /// The condition as it is written.
    pub text: String,
    /// How often.
    pub count: u64,
}

/// All points as places, in the order of the text.
pub fn find(verilog: &str, points: &Points) -> Vec<Place> {
    let lines: Vec<&str> = verilog.lines().collect();
    points
        .0
        .iter()
        .map(|(point, count)| place(&lines, point, *count))
        .collect()
}

fn place(lines: &[&str], point: &Point, count: u64) -> Place {
    let at = point.line.saturating_sub(1).min(lines.len());
    let text = lines.get(at).copied().unwrap_or_default().trim();
    let (register, way) = match point.kind.as_str() {
        "case" => (
            lines[..at].iter().rev().find_map(|line| looked_at(line)),
            format!("case {}", text.split(':').next().unwrap_or_default()),
        ),
        kind => (
            lines[at..].iter().find_map(|line| written(line)),
            kind.to_string(),
        ),
    };
    Place {
        module: module(&lines[..at]),
        register: register.unwrap_or_default().to_string(),
        way,
        text: text.to_string(),
        count,
    }
}

/// The module that the last line is in.
fn module(lines: &[&str]) -> String {
    let name = lines
        .iter()
        .rev()
        .find_map(|line| line.strip_prefix("module "));
    let end = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    name.and_then(|rest| rest.split(end).next())
        .unwrap_or_default()
        .to_string()
}

/// What a `case` looks at.
fn looked_at(line: &str) -> Option<&str> {
    line.trim().strip_prefix("case (")?.strip_suffix(')')
}

/// What a line assigns: `q <= d;`, `2'd0: q = d;`, `mem[at] <= d;`.
fn written(line: &str) -> Option<&str> {
    let (left, _) = line
        .split_once("<=")
        .or_else(|| line.split_once(" = "))
        .filter(|_| line.trim_end().ends_with([';', '{']))?;
    let name = left
        .trim()
        .split('[')
        .next()?
        .rsplit([' ', ':', ')'])
        .next()?;
    Some(name).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "module core_gather (\n  input a\n);\n  always @(posedge clock)\n    if (reset) begin\n      beats <= 10'd0;\n    end else if (take) begin\n      beats <= beats + 1;\n    end\n  always @(*)\n    case (at)\n      2'd1: _4 = b;\n    endcase\n  always @(posedge clock)\n    if (push) rows[at] <= item;\nendmodule\n";

    fn at(line: usize, kind: &str) -> (String, String, String) {
        let lines: Vec<&str> = TEXT.lines().collect();
        let point = Point {
            line,
            column: 1,
            kind: kind.into(),
        };
        let place = place(&lines, &point, 0);
        (place.module, place.register, place.way)
    }

    fn named(register: &str, way: &str) -> (String, String, String) {
        ("core_gather".into(), register.into(), way.into())
    }

    #[test]
    fn a_branch_is_called_by_what_it_writes() {
        assert_eq!(at(5, "if"), named("beats", "if"));
        assert_eq!(at(7, "else"), named("beats", "else"));
        assert_eq!(at(12, "case"), named("at", "case 2'd1"));
        assert_eq!(at(15, "if"), named("rows", "if"));
    }

    #[test]
    fn a_comparison_is_no_assignment() {
        assert_eq!(written("    if (a <= b) begin"), None);
        assert_eq!(written("      left <= a <= b;"), Some("left"));
        assert_eq!(written("    end"), None);
    }
}
