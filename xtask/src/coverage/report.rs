//! The page `docs/coverage.md`: how much of each module was reached, and why the rest was not.

use super::explained::Note;
use super::places::Place;
use std::collections::BTreeSet;
use std::fmt::{self, Write};
use std::path::Path;

/// What the figures are and are not.
const PREAMBLE: &str = "\
# Coverage

Which lines of the core's Verilog the random packets of the differential test run through, counted by Verilator's
`--coverage-line`: the branches of every register's enable and reset, and the ways of every selection. What a stage decides
is mostly an expression, not a branch: that every decision is met is what the differential test itself counts
(`tests/differential/met.rs`). The packets' tables are written and read back through the registers, so the host's way is run
through too.
";

/// What was found, ready to be printed.
pub struct Report<'a> {
    places: &'a [Place],
    notes: &'a [Note],
    /// How many letters all names of modules begin with: what a table need not repeat.
    common: usize,
}

impl<'a> Report<'a> {
    /// Places in the order of the text, and the explanations.
    pub fn new(places: &'a [Place], notes: &'a [Note]) -> Self {
        let names: BTreeSet<&str> = places.iter().map(|place| place.module.as_str()).collect();
        Self {
            places,
            notes,
            common: common_prefix(&names),
        }
    }

    /// Every line that was not reached is explained, and every explanation is of such a line.
    pub fn is_explained(&self) -> bool {
        self.unexplained().next().is_none() && self.stale().next().is_none()
    }

    /// Says what is wrong with the explanations.
    pub fn complain(&self, file: &Path) {
        for place in self.unexplained() {
            eprintln!(
                "error: never reached and not explained: {} {} {}",
                self.short(place),
                place.register,
                place.way
            );
        }
        for note in self.stale() {
            eprintln!("error: explains nothing: {}", note.place());
        }
        if !self.is_explained() {
            eprintln!("hint: {}", file.display());
        }
    }

    /// The page.
    pub fn page(&self, command: &str) -> String {
        let mut text = PREAMBLE.to_string();
        let _ = self.render(&mut text, command);
        text
    }

    fn render(&self, text: &mut String, command: &str) -> fmt::Result {
        writeln!(text, "\nMade by `{command}`.\n")?;
        writeln!(
            text,
            "| module | lines and branches | reached | |\n|---|---:|---:|---:|"
        )?;
        for module in self.modules() {
            let of = |place: &&Place| place.module == module;
            self.row(text, &format!("`{}`", &module[self.common..]), of)?;
        }
        self.row(text, "all", |_| true)?;
        writeln!(text, "\n## Never reached\n")?;
        if self.missed().next().is_none() {
            return writeln!(text, "Nothing.");
        }
        writeln!(
            text,
            "| module | what | way | text | why |\n|---|---|---|---|---|"
        )?;
        for place in self.missed() {
            let why = self
                .note(place)
                .map_or("**not explained**", |note| &note.why);
            writeln!(
                text,
                "| `{}` | `{}` | {} | `{}` | {why} |",
                self.short(place),
                place.register,
                place.way,
                place.text.replace('|', "\\|"),
            )?;
        }
        Ok(())
    }

    fn row(&self, text: &mut String, name: &str, of: impl Fn(&&Place) -> bool) -> fmt::Result {
        let all = self.places.iter().filter(&of).count();
        let reached = self
            .places
            .iter()
            .filter(&of)
            .filter(|place| place.count > 0)
            .count();
        let percent = 100.0 * reached as f64 / all.max(1) as f64;
        writeln!(text, "| {name} | {all} | {reached} | {percent:.1} % |")
    }

    /// The modules, in the order of the text.
    fn modules(&self) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        let names = self.places.iter().map(|place| place.module.as_str());
        names.filter(|name| seen.insert(*name)).collect()
    }

    fn short<'p>(&self, place: &'p Place) -> &'p str {
        &place.module[self.common..]
    }

    fn missed(&self) -> impl Iterator<Item = &'a Place> {
        self.places.iter().filter(|place| place.count == 0)
    }

    fn note(&self, place: &Place) -> Option<&'a Note> {
        self.notes
            .iter()
            .find(|note| note.is_of(self.short(place), place))
    }

    fn unexplained(&self) -> impl Iterator<Item = &'a Place> + '_ {
        self.missed().filter(|place| self.note(place).is_none())
    }

    fn stale(&self) -> impl Iterator<Item = &'a Note> + '_ {
        self.notes.iter().filter(|note| {
            !self
                .missed()
                .any(|place| note.is_of(self.short(place), place))
        })
    }
}

/// Up to and with an underline.
fn common_prefix(names: &BTreeSet<&str>) -> usize {
    let (Some(first), Some(last)) = (names.first(), names.last()) else {
        return 0;
    };
    let same = first
        .bytes()
        .zip(last.bytes())
        .take_while(|(a, b)| a == b)
        .count();
    match names.len() {
        1 => 0,
        _ => first[..same].rfind('_').map_or(0, |at| at + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::super::explained;
    use super::*;

    fn place(module: &str, register: &str, count: u64) -> Place {
        Place {
            module: format!("top_core_{module}"),
            register: register.into(),
            way: "if".into(),
            text: "if (a | b) begin".into(),
            count,
        }
    }

    #[test]
    fn modules_have_their_share_and_misses_their_reason() {
        let places = [
            place("gather", "a", 3),
            place("gather", "b", 0),
            place("deliver", "c", 1),
        ];
        let notes = explained::read("gather b if: closed in every test").unwrap();
        let report = Report::new(&places, &notes);
        let page = report.page("cargo xtask coverage");
        assert!(page.contains("| `gather` | 2 | 1 | 50.0 % |\n| `deliver` | 1 | 1 | 100.0 % |\n| all | 3 | 2 | 66.7 % |\n"), "{page}");
        assert!(page
            .contains("| `gather` | `b` | if | `if (a \\| b) begin` | closed in every test |\n"));
        assert!(report.is_explained());
    }

    #[test]
    fn what_is_not_explained_and_what_explains_nothing_is_wrong() {
        let missed = [place("gather", "b", 0), place("deliver", "c", 1)];
        assert!(!Report::new(&missed, &[]).is_explained());
        assert!(Report::new(&missed, &[])
            .page("x")
            .contains("**not explained**"));
        let notes = explained::read("deliver c if: why").unwrap();
        assert!(!Report::new(&missed[1..], &notes).is_explained());
    }
}
