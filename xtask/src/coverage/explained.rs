//! Why a line was never reached: `explained.txt`, kept by hand.
//!
//! ```text
//!   # MODULE REGISTER WAY: WHY                 a star at the end of a word stands for anything
//!   gather beats else: no clock is without a beat
//! ```

use super::places::Place;
use anyhow::{bail, Result};

/// One explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    module: String,
    register: String,
    way: String,
    /// The words.
    pub why: String,
}

/// The explanations of a file.
pub fn read(text: &str) -> Result<Vec<Note>> {
    let lines = text
        .lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line.trim()));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| note(number, line))
        .collect()
}

fn note(number: usize, line: &str) -> Result<Note> {
    let Some((place, why)) = line.split_once(": ") else {
        bail!(
            "line {number} of the explanations: expected MODULE REGISTER WAY: WHY, found {line:?}"
        );
    };
    let mut words = place.splitn(3, ' ');
    match (words.next(), words.next(), words.next()) {
        (Some(module), Some(register), Some(way)) => Ok(Note {
            module: module.into(),
            register: register.into(),
            way: way.into(),
            why: why.into(),
        }),
        _ => bail!(
            "line {number} of the explanations: expected MODULE REGISTER WAY, found {place:?}"
        ),
    }
}

impl Note {
    /// It is about this place, whose module is called `module` for short.
    pub fn is_of(&self, module: &str, place: &Place) -> bool {
        like(&self.module, module)
            && like(&self.register, &place.register)
            && like(&self.way, &place.way)
    }

    /// As it is written.
    pub fn place(&self) -> String {
        format!("{} {} {}", self.module, self.register, self.way)
    }
}

fn like(pattern: &str, word: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => word.starts_with(start),
        None => pattern == word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(register: &str, way: &str) -> Place {
        Place {
            module: "top_gather".into(),
            register: register.into(),
            way: way.into(),
            text: String::new(),
            count: 0,
        }
    }

    #[test]
    fn a_note_is_found_by_module_register_and_way() {
        let notes =
            read("# why\n\ngather beats else: none: ever\n gather _* case 2'd*: all ways\n")
                .unwrap();
        assert_eq!(notes.len(), 2);
        assert_eq!(notes[0].why, "none: ever");
        assert!(notes[0].is_of("gather", &place("beats", "else")));
        assert!(!notes[0].is_of("gather", &place("beats", "if")));
        assert!(!notes[0].is_of("gather", &place("beats_2", "else")));
        assert!(!notes[0].is_of("strip", &place("beats", "else")));
        assert!(notes[1].is_of("gather", &place("_4", "case 2'd3")));
        assert_eq!(notes[1].place(), "gather _* case 2'd*");
    }

    #[test]
    fn half_a_note_is_refused() {
        assert_eq!(
            read("# a\ngather beats").unwrap_err().to_string(),
            "line 2 of the explanations: expected MODULE REGISTER WAY: WHY, found \"gather beats\""
        );
        assert!(read("gather beats: why").is_err());
    }
}
