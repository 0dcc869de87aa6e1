//! What `docs/dependencies.md` allows: two Markdown tables, told apart by their first heading cell.
//!
//! ```text
//!   | member  | sees      | its tests also see |        | crate       | why    | used by               |
//!   | `hdl`   | `layout`  | `model`            |        | `proptest`  | ...    | `model` (tests), ...  |
//! ```
//!
//! Names stand in backticks; words outside backticks are for readers, save `everything` in an arrow cell and `(tests)`
//! behind a user.

use anyhow::{bail, ensure, Result};
use std::collections::BTreeMap;

/// Both tables of the page.
#[derive(Debug, Default)]
pub struct Rules {
    /// Member -> what it may see inside the workspace.
    pub arrows: BTreeMap<String, Arrows>,
    /// External crate -> who may use it.
    pub external: BTreeMap<String, Row>,
}

/// What one member may see.
#[derive(Debug)]
pub struct Arrows {
    code: Seen,
    tests: Seen,
}

/// A cell of the arrow table.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Everything,
    These(Vec<String>),
}

/// One external crate.
#[derive(Debug)]
pub struct Row {
    /// Who may use it.
    pub users: Vec<User>,
}

/// One member in a row.
#[derive(Debug, PartialEq, Eq)]
pub struct User {
    /// The member's folder.
    pub member: String,
    /// Only as a dev-dependency.
    pub only_tests: bool,
}

impl Rules {
    /// Reads the page; a row that cannot be understood is an error that names its line.
    pub fn parse(page: &str) -> Result<Self> {
        let mut rules = Self::default();
        let mut table = None;
        for (number, line) in (1..).zip(page.lines()) {
            let Some(cells) = cells(line) else {
                table = None;
                continue;
            };
            match (table, cells.as_slice()) {
                (None, [first, _, _]) if *first == "member" => table = Some("member"),
                (None, [first, _, _]) if *first == "crate" => table = Some("crate"),
                (None, _) => table = Some("other"),
                (Some("other"), _) => {}
                (_, cells)
                    if cells
                        .iter()
                        .all(|cell| cell.chars().all(|c| c == '-' || c == ':')) => {}
                (Some("member"), [member, code, tests]) => {
                    let arrows = Arrows {
                        code: Seen::parse(code),
                        tests: Seen::parse(tests),
                    };
                    let old = rules.arrows.insert(one_name(number, member)?, arrows);
                    ensure!(old.is_none(), "line {number}: {member} has a row already");
                }
                (Some(_), [name, why, users]) => {
                    ensure!(
                        !why.is_empty(),
                        "line {number}: {name} does not say why it is here"
                    );
                    let users = users_of(users);
                    ensure!(
                        !users.is_empty(),
                        "line {number}: {name} names nobody who uses it"
                    );
                    let old = rules
                        .external
                        .insert(one_name(number, name)?, Row { users });
                    ensure!(old.is_none(), "line {number}: {name} has a row already");
                }
                (Some(_), cells) => bail!("line {number}: expected 3 cells, found {}", cells.len()),
            }
        }
        ensure!(
            !rules.arrows.is_empty(),
            "expected a table headed `member`, found none"
        );
        ensure!(
            !rules.external.is_empty(),
            "expected a table headed `crate`, found none"
        );
        Ok(rules)
    }

    /// Whether `from` may depend on the member `to`.
    pub fn may_see(&self, from: &str, to: &str, for_tests: bool) -> bool {
        self.arrows
            .get(from)
            .is_some_and(|arrows| arrows.code.has(to) || for_tests && arrows.tests.has(to))
    }

    /// Whether `member` may depend on the external crate `name`.
    pub fn may_use(&self, member: &str, name: &str, for_tests: bool) -> bool {
        self.external.get(name).is_some_and(|row| {
            row.users
                .iter()
                .any(|user| user.member == member && for_tests >= user.only_tests)
        })
    }

    /// A sentence for a complaint: what `member` may see.
    pub fn seen_by(&self, member: &str) -> String {
        match self.arrows.get(member) {
            None => format!("`{member}` has no row there"),
            Some(arrows) => format!(
                "it sees {}, and its tests also {}",
                arrows.code.words(),
                arrows.tests.words()
            ),
        }
    }
}

impl Seen {
    fn parse(cell: &str) -> Self {
        match cell {
            "everything" => Self::Everything,
            _ => Self::These(names(cell).map(str::to_string).collect()),
        }
    }

    fn has(&self, member: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::These(list) => list.iter().any(|name| name == member),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Everything => "everything".into(),
            Self::These(list) if list.is_empty() => "nothing".into(),
            Self::These(list) => list
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", "),
        }
    }
}

/// How a member is written in a row of the table of external crates.
pub fn member_cell(member: &str, only_tests: bool) -> String {
    format!("`{member}`{}", if only_tests { " (tests)" } else { "" })
}

/// The cells of a table line, or `None` for any other line.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(str::trim).collect())
}

/// The names in backticks.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn one_name(line: usize, cell: &str) -> Result<String> {
    match names(cell).collect::<Vec<_>>().as_slice() {
        [name] => Ok(name.to_string()),
        _ => bail!("line {line}: expected one name in backticks, found {cell:?}"),
    }
}

fn users_of(cell: &str) -> Vec<User> {
    cell.split(',')
        .filter_map(|part| Some((names(part).next()?, part.contains("(tests)"))))
        .map(|(member, only_tests)| User {
            member: member.into(),
            only_tests,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARROWS: &str = "| member | sees | its tests also see |\n|---|---|---|\n| `tests` | everything | nothing |\n\n";

    fn external(rows: &str) -> Result<Rules> {
        Rules::parse(&format!(
            "{ARROWS}| crate | why | used by |\n|---|---|---|\n{rows}"
        ))
    }

    #[test]
    fn everything_means_everything() {
        let rules = external("| `a` | b | `tests` |").unwrap();
        assert!(rules.may_see("tests", "hdl", false));
        assert!(!rules.may_see("hdl", "tests", false));
    }

    #[test]
    fn users_are_read_with_their_marks() {
        let rules = external("| `a` | b | `hdl`, `sim/bench` (tests) |").unwrap();
        assert!(rules.may_use("hdl", "a", false) && rules.may_use("hdl", "a", true));
        assert!(!rules.may_use("sim/bench", "a", false) && rules.may_use("sim/bench", "a", true));
    }

    #[test]
    fn a_row_that_makes_no_sense_is_named_by_line() {
        let line = |rows: &str| external(rows).unwrap_err().to_string();
        assert_eq!(
            line("| a | b | `c` |"),
            "line 7: expected one name in backticks, found \"a\""
        );
        assert_eq!(
            line("| `a` |  | `c` |"),
            "line 7: `a` does not say why it is here"
        );
        assert_eq!(
            line("| `a` | b | nobody |"),
            "line 7: `a` names nobody who uses it"
        );
        assert_eq!(line("| `a` | b |"), "line 7: expected 3 cells, found 2");
        assert_eq!(
            line("| `a` | b | `c` |\n| `a` | b | `d` |"),
            "line 8: `a` has a row already"
        );
    }

    #[test]
    fn other_tables_are_left_alone() {
        let page = format!("{ARROWS}| crate | why | used by |\n|---|---|---|\n| `a` | b | `c` |\n\n| licence | why |\n|---|---|\n| MIT | x |\n");
        assert_eq!(Rules::parse(&page).unwrap().external.len(), 1);
    }

    #[test]
    fn a_page_without_tables_is_refused() {
        assert!(Rules::parse("# nothing").is_err());
    }
}
