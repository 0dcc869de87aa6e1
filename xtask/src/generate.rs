//! `cargo xtask gen [--check]`: `docs/generated/` is what the layout crate says about itself.
//!
//! The folder holds nothing else: a page that the crate no longer renders is taken away (or, checking, complained of).

use crate::{project, run, tree, Outcome};
use anyhow::{Context, Result};
use std::collections::BTreeMap;

/// Where the pages stand.
const FOLDER: &str = "docs/generated";

/// Writes the pages, or with `check` compares them and writes nothing.
pub fn run(check: bool) -> Result<Outcome> {
    let folder = run::root().join(FOLDER);
    let Some(pages) = project::pages() else {
        return project::again(["gen"].into_iter().chain(check.then_some("--check")));
    };
    let wanted: BTreeMap<String, String> = pages.into_iter().collect();
    let mut there = BTreeMap::new();
    for name in tree::files(&folder)? {
        let text = std::fs::read_to_string(folder.join(&name))
            .with_context(|| format!("cannot read {FOLDER}/{name}"))?;
        there.insert(name, text);
    }
    let differences = differences(&wanted, &there);
    if check {
        for difference in &differences {
            eprintln!("error: {FOLDER}/{difference}");
        }
        match differences.is_empty() {
            true => println!(
                "{} pages of {FOLDER} are what the layout crate says",
                wanted.len()
            ),
            false => eprintln!("hint: cargo xtask gen"),
        }
        return Ok(Outcome::clean_if(differences.is_empty()));
    }
    for (name, text) in wanted
        .iter()
        .filter(|(name, text)| there.get(*name) != Some(text))
    {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(&folder))
            .with_context(|| format!("cannot make {}", path.display()))?;
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    for name in there.keys().filter(|name| !wanted.contains_key(*name)) {
        std::fs::remove_file(folder.join(name))
            .with_context(|| format!("cannot remove {FOLDER}/{name}"))?;
    }
    println!(
        "{} of {} pages of {FOLDER} written anew",
        differences.len(),
        wanted.len()
    );
    Ok(Outcome::Clean)
}

/// One line for every page that is not as wanted.
fn differences(wanted: &BTreeMap<String, String>, there: &BTreeMap<String, String>) -> Vec<String> {
    let changed = wanted
        .iter()
        .filter_map(|(name, text)| match there.get(name) {
            None => Some(format!("{name} is missing")),
            Some(old) if old == text => None,
            Some(old) => {
                let same = old
                    .lines()
                    .zip(text.lines())
                    .take_while(|(old, new)| old == new)
                    .count();
                let line = |text: &str| text.lines().nth(same).unwrap_or("the end").to_string();
                Some(format!(
                    "{name}:{}: expected {:?}, found {:?}",
                    same + 1,
                    line(text),
                    line(old)
                ))
            }
        });
    let stale = there
        .keys()
        .filter(|name| !wanted.contains_key(*name))
        .map(|name| format!("{name} is generated no more"));
    changed.chain(stale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(list: &[(&str, &str)]) -> BTreeMap<String, String> {
        list.iter()
            .map(|(name, text)| (name.to_string(), text.to_string()))
            .collect()
    }

    #[test]
    fn every_difference_is_named_with_its_first_line() {
        let wanted = pages(&[("a.md", "x\ny\n"), ("b.md", "x\n"), ("c.md", "x\n")]);
        let there = pages(&[("a.md", "x\nz\n"), ("c.md", "x\n"), ("d.md", "x\n")]);
        assert_eq!(
            differences(&wanted, &there),
            [
                "a.md:2: expected \"y\", found \"z\"",
                "b.md is missing",
                "d.md is generated no more"
            ]
        );
    }
}
