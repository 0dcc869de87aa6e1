//! `cargo xtask paths`: a path that a document names in backticks exists, and so does what it links to.
//!
//! ARCHITECTURE.md is two walks, each step naming the file where it happens; this keeps them true when files move.
//! What counts as a path: a word in backticks with a `/` in it that starts in the tree. Left alone are absolute paths,
//! addresses (`10.0.0.0/8`), build products (`target/...`) and fenced blocks. `*` stands for any letters of one
//! name, `...` for any folders, `{a,b}` for either. A link is `[text](file#place)`, seen from the document's folder;
//! those to the web are not followed.

use crate::{run, tree, Outcome};
use anyhow::{Context, Result};

/// Documents that must be there; every other one is checked where it is.
const DOCUMENTS: [&str; 2] = ["ARCHITECTURE.md", "README.md"];

/// Prints every path that leads nowhere.
pub fn check() -> Result<Outcome> {
    let files = tree::files(run::root())?;
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let others = files
        .iter()
        .filter(|file| file.ends_with(".md") && !DOCUMENTS.contains(file));
    let (mut named, mut lost) = (0, 0);
    for document in DOCUMENTS.iter().chain(others) {
        let text = std::fs::read_to_string(run::root().join(document))
            .with_context(|| format!("cannot read {document}"))?;
        let links = links_of(&text)
            .into_iter()
            .map(|(line, link)| (line, link.to_string(), seen_from(document, link)));
        let paths = paths_of(&text)
            .into_iter()
            .map(|(line, path)| (line, path.to_string(), Some(path.to_string())));
        for (line, word, path) in paths.chain(links) {
            named += 1;
            if !path.is_some_and(|path| exists(&path, &files)) {
                lost += 1;
                eprintln!("error: {document}:{line}: `{word}` does not exist");
            }
        }
    }
    if lost == 0 {
        println!("{named} paths named, all exist");
    }
    Ok(Outcome::clean_if(lost == 0))
}

/// The lines of a document that are not in a fenced block, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fence && !fenced
    })
}

/// The paths of a document, each with its line.
fn paths_of(text: &str) -> Vec<(usize, &str)> {
    let words = prose(text).flat_map(|(number, line)| {
        let words = line.split('`').skip(1).step_by(2);
        words.map(move |word| (number, word))
    });
    words.filter(|(_, word)| is_path(word)).collect()
}

/// What a document links to in the tree, each with its line.
fn links_of(text: &str) -> Vec<(usize, &str)> {
    let links = prose(text).flat_map(|(number, line)| {
        let ends = line.split("](").skip(1);
        let links = ends.filter_map(|rest| rest.split([')', '#']).next());
        links.map(move |link| (number, link))
    });
    links
        .filter(|(_, link)| !link.is_empty() && !link.contains("://"))
        .collect()
}

/// Where a link of a document leads, as a path from the top; none where it leads out of the tree.
fn seen_from(document: &str, link: &str) -> Option<String> {
    let mut place: Vec<&str> = document.split('/').collect();
    place.pop();
    for step in link.split('/') {
        match step {
            ".." => drop(place.pop()?),
            "." => {}
            name => place.push(name),
        }
    }
    Some(place.join("/"))
}

fn is_path(word: &str) -> bool {
    let first = word.split('/').next().unwrap_or_default();
    let last = word.rsplit('/').next().unwrap_or_default();
    word.contains('/')
        && !first.is_empty()
        && !word.contains("//")
        && !["target", "out", "..", "~"].contains(&first)
        && (last.is_empty() || !last.chars().all(|c| c.is_ascii_digit()))
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/._-*{},".contains(c))
}

/// Whether any file is at `path`, or below it where it is a folder.
fn exists(path: &str, files: &[&str]) -> bool {
    either(path).iter().all(|path| {
        let pattern: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        files
            .iter()
            .any(|file| matches(&pattern, &file.split('/').collect::<Vec<_>>()))
    })
}

/// Writes out the first `{a,b}`, and what is left of it likewise.
fn either(path: &str) -> Vec<String> {
    let parts = path
        .split_once('{')
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    match parts {
        None => vec![path.to_string()],
        Some((before, (choice, after))) => choice
            .split(',')
            .flat_map(|word| either(&format!("{before}{word}{after}")))
            .collect(),
    }
}

/// Whether `pattern` is `file` or a folder above it.
fn matches(pattern: &[&str], file: &[&str]) -> bool {
    match (pattern, file) {
        ([], _) => true,
        (["...", rest @ ..], _) => (0..=file.len()).any(|skip| matches(rest, &file[skip..])),
        ([_, ..], []) => false,
        ([name, rest @ ..], [here, below @ ..]) => name_matches(name, here) && matches(rest, below),
    }
}

fn name_matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| {
            rest.char_indices()
                .any(|(at, _)| name_matches(after, &rest[at..]))
                || name_matches(after, "")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [&str; 3] = [
        "layout/src/tables/route.rs",
        "hdl/pipeline/s5_route.rs",
        "hdl/pipeline/s4_flow.rs",
    ];

    #[test]
    fn words_that_are_paths() {
        let text = "see `hdl/a.rs` and `10.0.0.0/8`, `/dev/vfio`, `target/release/x`, `a b/c`, `http://x/y`, `layout/`\n```\n`no/path`\n```\n`x/y.md`";
        let words: Vec<_> = paths_of(text);
        assert_eq!(words, [(1, "hdl/a.rs"), (1, "layout/"), (5, "x/y.md")]);
    }

    #[test]
    fn links_are_seen_from_their_document() {
        let text = "[a](b.md) and [c](../d/e.rs#f), [g](https://h/i) [j](#k)\n```\n[l](m)\n```\n";
        assert_eq!(links_of(text), [(1, "b.md"), (1, "../d/e.rs")]);
        let from = |link| seen_from("docs/how-to/x.md", link);
        assert_eq!(from("b.md").as_deref(), Some("docs/how-to/b.md"));
        assert_eq!(from("../../d/e.rs").as_deref(), Some("d/e.rs"));
        assert_eq!(from("../../../d"), None);
    }

    #[test]
    fn files_and_folders_exist() {
        assert!(exists("hdl/pipeline/s4_flow.rs", &FILES));
        assert!(exists("hdl/", &FILES) && exists("hdl/pipeline", &FILES));
        assert!(!exists("hdl/pipe", &FILES) && !exists("hdl/pipeline/s4_flow", &FILES));
    }

    #[test]
    fn wild_cards_need_one_file() {
        assert!(exists("hdl/pipeline/s*_route.rs", &FILES));
        assert!(!exists("hdl/pipeline/s*_bridge.rs", &FILES));
        assert!(exists("layout/.../route.rs", &FILES) && !exists("hdl/.../route.rs", &FILES));
        assert!(exists("hdl/*/s5*", &FILES));
    }

    #[test]
    fn every_choice_must_exist() {
        assert!(exists("hdl/pipeline/{s4_flow,s5_route}.rs", &FILES));
        assert!(!exists("hdl/pipeline/{s4_flow,s5_flow}.rs", &FILES));
    }
}
