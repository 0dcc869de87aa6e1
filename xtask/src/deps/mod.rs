//! `cargo xtask check-deps`: who may depend on whom.
//!
//! ```text
//!   docs/dependencies.md ──▶ rules ──┐
//!                                    ├──▶ complaints, one line each, naming crate and member
//!   cargo metadata ────────▶ edges ──┘
//! ```
//!
//! An edge is one direct dependency of one workspace member. Edges between members must be among the arrows; edges to
//! other crates need a row of the table. A rule that no edge uses is a complaint too, so that the page stays true.

mod edges;
mod rules;

use crate::{run, Outcome};
use anyhow::{Context, Result};
use edges::{Edge, Target};
use rules::Rules;

/// The page that holds both tables.
const PAGE: &str = "docs/dependencies.md";

/// Compares the page with what cargo sees and prints every difference.
pub fn check() -> Result<Outcome> {
    let text = std::fs::read_to_string(run::root().join(PAGE))
        .with_context(|| format!("cannot read {PAGE}"))?;
    let rules = Rules::parse(&text).with_context(|| format!("{PAGE} is not as expected"))?;
    let metadata = run::output(run::cargo().args([
        "metadata",
        "--format-version=1",
        "--no-deps",
        "--locked",
    ]))?;
    let edges = edges::of(&metadata)?;
    let complaints = complaints(&rules, &edges);
    for complaint in &complaints {
        eprintln!("error: {complaint}");
    }
    if complaints.is_empty() {
        println!(
            "{} direct dependencies, all allowed by {PAGE}",
            edges.iter().filter(|e| e.to.is_some()).count()
        );
    }
    Ok(Outcome::clean_if(complaints.is_empty()))
}

/// Everything that the page does not allow, and everything that it allows for nothing.
fn complaints(rules: &Rules, edges: &[Edge]) -> Vec<String> {
    let mut found = Vec::new();
    for edge in edges {
        let from = &edge.from;
        let kind = if edge.for_tests {
            "dev-dependency"
        } else {
            "dependency"
        };
        match &edge.to {
            None if !rules.arrows.contains_key(from) => {
                found.push(format!("member `{from}` has no row under Arrows in {PAGE}: add one that says what it sees"));
            }
            None => {}
            Some(Target::Member(to)) if !rules.may_see(from, to, edge.for_tests) => {
                found.push(format!(
                    "`{from}` has a {kind} on `{to}`, which is no arrow of {PAGE}: {}",
                    rules.seen_by(from)
                ));
            }
            Some(Target::External(to)) if !rules.external.contains_key(to) => {
                found.push(format!(
                    "`{from}` has a {kind} on `{to}`, which has no row in {PAGE}: do without it, or add\n    \
                     | `{to}` | why nothing here already does it | {} |",
                    rules::member_cell(from, edge.for_tests)
                ));
            }
            Some(Target::External(to)) if !rules.may_use(from, to, edge.for_tests) => {
                found.push(format!(
                    "`{from}` has a {kind} on `{to}`, whose row in {PAGE} does not list it: add {} to the row, or do without",
                    rules::member_cell(from, edge.for_tests)
                ));
            }
            Some(_) => {}
        }
    }
    for (name, row) in &rules.external {
        for user in &row.users {
            let used = edges.iter().any(|edge| {
                edge.from == user.member
                    && edge.to == Some(Target::External(name.clone()))
                    && edge.for_tests <= user.only_tests
            });
            let used_by_tests = edges.iter().any(|edge| {
                edge.from == user.member && edge.to == Some(Target::External(name.clone()))
            });
            if !used {
                let mend = match used_by_tests {
                    true => format!(
                        "only its tests do: write {}",
                        rules::member_cell(&user.member, true)
                    ),
                    false => "take it out of the row".to_string(),
                };
                found.push(format!(
                    "{PAGE} lets `{}` use `{name}`, which it does not: {mend}",
                    user.member
                ));
            }
        }
    }
    let members: Vec<_> = edges
        .iter()
        .filter(|edge| edge.to.is_none())
        .map(|edge| edge.from.as_str())
        .collect();
    for member in rules
        .arrows
        .keys()
        .filter(|name| !members.contains(&name.as_str()))
    {
        found.push(format!("{PAGE} has an arrow row for `{member}`, which is no workspace member: take the row out"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "\
# Dependencies

## Arrows
| member | sees | its tests also see |
|---|---|---|
| `layout` | nothing | nothing |
| `hdl` | `layout` | `model` |
| `model` | `layout` | nothing |

## From outside
| crate | why | used by |
|---|---|---|
| `thiserror` | errors | `model` |
| `proptest` | properties | `model` (tests) |
";

    fn edge(from: &str, to: Option<Target>, for_tests: bool) -> Edge {
        Edge {
            from: from.into(),
            to,
            for_tests,
        }
    }

    fn sound() -> Vec<Edge> {
        let member = |name: &str| Some(Target::Member(name.into()));
        let external = |name: &str| Some(Target::External(name.into()));
        vec![
            edge("layout", None, false),
            edge("hdl", None, false),
            edge("model", None, false),
            edge("hdl", member("layout"), false),
            edge("hdl", member("model"), true),
            edge("model", external("thiserror"), false),
            edge("model", external("proptest"), true),
        ]
    }

    fn complaints_with(change: impl FnOnce(&mut Vec<Edge>)) -> Vec<String> {
        let mut edges = sound();
        change(&mut edges);
        complaints(&Rules::parse(RULES).unwrap(), &edges)
    }

    #[test]
    fn what_the_page_allows_passes() {
        assert_eq!(complaints_with(|_| {}), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_that_is_not_drawn_is_named_from_both_ends() {
        let found =
            complaints_with(|e| e.push(edge("hdl", Some(Target::Member("model".into())), false)));
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("`hdl` has a dependency on `model`"),
            "{}",
            found[0]
        );
    }

    #[test]
    fn a_crate_without_a_row_is_answered_with_the_row_to_add() {
        let found =
            complaints_with(|e| e.push(edge("hdl", Some(Target::External("rand".into())), true)));
        assert_eq!(found.len(), 1);
        assert!(
            found[0].contains("| `rand` | why nothing here already does it | `hdl` (tests) |"),
            "{}",
            found[0]
        );
    }

    #[test]
    fn a_member_that_the_row_does_not_list_is_refused() {
        let found = complaints_with(|e| {
            e.push(edge(
                "hdl",
                Some(Target::External("thiserror".into())),
                false,
            ))
        });
        assert_eq!(found.len(), 1);
        assert!(
            found[0].contains("`hdl` has a dependency on `thiserror`, whose row"),
            "{}",
            found[0]
        );
    }

    #[test]
    fn leave_for_tests_is_not_leave_for_the_crate() {
        let found = complaints_with(|e| {
            e.push(edge(
                "model",
                Some(Target::External("proptest".into())),
                false,
            ))
        });
        assert_eq!(found.len(), 1);
        assert!(
            found[0].contains("a dependency on `proptest`"),
            "{}",
            found[0]
        );
    }

    #[test]
    fn a_row_that_nobody_uses_is_a_complaint() {
        let found = complaints_with(|e| {
            e.retain(|edge| edge.to != Some(Target::External("thiserror".into())))
        });
        assert_eq!(found, ["docs/dependencies.md lets `model` use `thiserror`, which it does not: take it out of the row"]);
    }

    #[test]
    fn a_row_wider_than_the_use_is_a_complaint() {
        let found = complaints_with(|edges| {
            for edge in edges
                .iter_mut()
                .filter(|edge| edge.to == Some(Target::External("thiserror".into())))
            {
                edge.for_tests = true;
            }
        });
        assert_eq!(found.len(), 1);
        assert!(
            found[0].ends_with("only its tests do: write `model` (tests)"),
            "{}",
            found[0]
        );
    }

    #[test]
    fn members_and_arrow_rows_match_one_to_one() {
        let found = complaints_with(|edges| edges[0].from = "sim/card".into());
        assert_eq!(found.len(), 2);
        assert!(
            found[0].starts_with("member `sim/card` has no row under Arrows"),
            "{}",
            found[0]
        );
        assert!(
            found[1].contains("an arrow row for `layout`"),
            "{}",
            found[1]
        );
    }
}
