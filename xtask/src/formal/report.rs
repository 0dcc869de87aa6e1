//! The table of `cargo xtask formal`, for the terminal and as the page `docs/formal.md`.

use super::proofs::PROOFS;
use super::Answer;
use std::fmt::{self, Write};

/// One property of a block, or a block that was broken.
pub struct Row {
    /// The block.
    pub block: &'static str,
    /// The property's name, or what was broken.
    pub property: String,
    /// A counterexample is what is wanted.
    pub must_fail: bool,
    /// By induction; bounded otherwise.
    pub induction: bool,
    /// Clocks.
    pub depth: u32,
    /// What came of it.
    pub answer: Answer,
    /// How long the block took, all its properties together.
    pub seconds: f64,
}

impl Row {
    /// The answer is the one that is wanted: of a broken block, that a property of its own does not hold.
    pub fn holds(&self) -> bool {
        match &self.answer {
            Answer::Proved => !self.must_fail,
            Answer::Refuted(_) => self.must_fail,
            Answer::Open(_) => false,
        }
    }

    fn method(&self) -> &'static str {
        match self.induction {
            true => "k-induction",
            false => "bounded",
        }
    }

    fn result(&self) -> String {
        match &self.answer {
            Answer::Proved if self.must_fail => "NOT FOUND OUT".into(),
            Answer::Proved => "proved".into(),
            Answer::Refuted(names) if self.must_fail => {
                format!("refused: {}", names.join(", "))
            }
            Answer::Refuted(names) => format!("FAILED: {}", names.join(", ")),
            Answer::Open(why) => format!("OPEN: {why}"),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<10} {:<42} {:<11} {:>5} {:>7.1}  {}",
            self.block,
            self.property,
            self.method(),
            self.depth,
            self.seconds,
            self.result()
        )
    }
}

/// The heads of the columns on the terminal.
pub fn head() -> String {
    format!(
        "{:<10} {:<42} {:<11} {:>5} {:>7}  RESULT",
        "BLOCK", "PROPERTY", "METHOD", "DEPTH", "SECONDS"
    )
}

/// The last line.
pub fn summary(rows: &[Row]) -> String {
    let count = |must_fail: bool, holds: bool| {
        let these = rows.iter().filter(|row| row.must_fail == must_fail);
        these.filter(|row| !holds || row.holds()).count()
    };
    format!(
        "formal: {} of {} properties proved, {} of {} broken blocks refused",
        count(false, true),
        count(false, false),
        count(true, true),
        count(true, false)
    )
}

/// What a reader must know of the proofs before he reads the table.
const PREAMBLE: &str = include_str!("preamble.md");

/// The whole page. Seconds are left out: they are the machine's.
pub fn page(rows: &[Row]) -> String {
    let mut text = PREAMBLE.to_string();
    let _ = render(&mut text, rows);
    text
}

fn render(text: &mut String, rows: &[Row]) -> fmt::Result {
    writeln!(text, "\n| block | what it is |\n|---|---|")?;
    for proof in &PROOFS {
        writeln!(
            text,
            "| [`{0}`](../formal/{0}.v) | {1} |",
            proof.block, proof.what
        )?;
    }
    writeln!(
        text,
        "\n| block | property | method | depth | result |\n|---|---|---|---:|---|"
    )?;
    for row in rows {
        let name = match row.must_fail {
            true => row.property.clone(),
            false => format!("`{}`", row.property),
        };
        writeln!(
            text,
            "| `{}` | {name} | {} | {} | {} |",
            row.block,
            row.method(),
            row.depth,
            row.result()
        )?;
    }
    writeln!(text, "\n{}.", summary(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(must_fail: bool, answer: Answer) -> Row {
        Row {
            block: "fifo",
            property: "order".into(),
            must_fail,
            induction: !must_fail,
            depth: 2,
            answer,
            seconds: 1.0,
        }
    }

    #[test]
    fn a_broken_block_that_passes_does_not_hold() {
        let refuted = || Answer::Refuted(vec!["order".into()]);
        assert!(row(false, Answer::Proved).holds());
        assert!(!row(false, refuted()).holds());
        assert!(row(true, refuted()).holds());
        assert!(!row(true, Answer::Proved).holds());
        for must_fail in [false, true] {
            assert!(!row(must_fail, Answer::Open("TIMEOUT".into())).holds());
        }
    }

    #[test]
    fn the_page_has_a_line_for_each_and_the_sum() {
        let rows = [
            row(false, Answer::Proved),
            row(false, Answer::Open("TIMEOUT".into())),
            row(true, Answer::Refuted(vec!["order".into()])),
        ];
        let page = page(&rows);
        assert!(page.contains("| `fifo` | `order` | k-induction | 2 | proved |\n"));
        assert!(page.contains("| `fifo` | order | bounded | 2 | refused: order |\n"));
        assert!(
            page.ends_with("\nformal: 1 of 2 properties proved, 1 of 1 broken blocks refused.\n")
        );
    }
}
