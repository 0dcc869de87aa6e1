//! The page of `cargo xtask synth`, in Markdown so that the same text goes to the terminal and to `docs/synthesis.md`:
//! a row a module, the sum beside the board's part, and the longest path of the deepest module.

use super::cells::Resource;
use super::levels::Levels;
use super::part::Part;
use super::usage::Usage;
use std::fmt::{self, Write};

/// One module.
pub struct Row {
    /// The module's name.
    pub module: String,
    /// What it takes.
    pub usage: Usage,
    /// How deep its logic is; `None` where Yosys took too long and the rest is counted from the declarations.
    pub levels: Option<Levels>,
    /// What its memories take by their declarations.
    pub declared: Usage,
}

/// What was asked for.
pub struct Head<'a> {
    /// The command that makes the page.
    pub command: &'a str,
    /// What the figures are held against; `None` where not all of a card is there, or no board is meant.
    pub part: Option<&'a Part>,
}

/// The heads of the columns and what each counts.
const COLUMNS: [(&str, Resource); 9] = [
    ("LUT", Resource::Lut),
    ("LUT as memory", Resource::LutMemory),
    ("SRL", Resource::Shift),
    ("FF", Resource::FlipFlop),
    ("CARRY4", Resource::Carry),
    ("RAMB36", Resource::Ramb36),
    ("RAMB18", Resource::Ramb18),
    ("URAM", Resource::Uram),
    ("DSP", Resource::Dsp),
];

/// What a module that was not mapped can be asked for: the rest is not known.
const COUNTED: [Resource; 3] = [Resource::FlipFlop, Resource::Ramb36, Resource::Uram];

/// What the figures are and are not.
const PREAMBLE: &str = "\
# Synthesis

**Synthesized, not placed.** Yosys `synth_xilinx -family xcup`, each module alone. There is no public timing for
UltraScale+ parts, so levels of logic stand for delay: a LUT, a carry cell and the read of a LUT memory are one each, wide
multiplexers none. Yosys does not pack pairs of LUTs, and chains no UltraRAMs by their cascade but chooses among them by
LUTs, so LUT counts are on the high side. An inverter counts as a LUT.
";

/// The whole page.
pub fn page(head: &Head, rows: &[Row]) -> String {
    let mut text = String::new();
    let _ = render(&mut text, head, rows);
    text
}

fn render(text: &mut String, head: &Head, rows: &[Row]) -> fmt::Result {
    writeln!(text, "{PREAMBLE}\nMade by `{}`.\n", head.command)?;
    modules(text, rows)?;
    if let Some(part) = head.part {
        board(text, part, rows)?;
    }
    deepest(text, rows)
}

fn modules(text: &mut String, rows: &[Row]) -> fmt::Result {
    write!(text, "| module |")?;
    for (head, _) in COLUMNS {
        write!(text, " {head} |")?;
    }
    writeln!(
        text,
        " levels | endpoints there |\n|---|{}---:|---:|",
        "---:|".repeat(COLUMNS.len())
    )?;
    for row in rows {
        let mark = if row.levels.is_some() { "" } else { " \\*" };
        write!(text, "| `{}`{mark} |", row.module)?;
        for (_, resource) in COLUMNS {
            if row.levels.is_some() || COUNTED.contains(&resource) {
                write!(text, " {} |", row.usage.count(resource))?;
            } else {
                write!(text, " - |")?;
            }
        }
        match &row.levels {
            Some(levels) => writeln!(text, " {} | {} |", levels.max(), levels.at_max())?,
            None => writeln!(text, " - | - |")?,
        }
    }
    let sum: Usage = rows.iter().map(|row| &row.usage).sum();
    write!(text, "| **sum** |")?;
    for (_, resource) in COLUMNS {
        write!(text, " **{}** |", sum.count(resource))?;
    }
    writeln!(text, " | |")?;
    if rows.iter().any(|row| row.levels.is_none()) {
        writeln!(
            text,
            "\n\\* Counted from shapes: Yosys was stopped at its time limit. Memories by width and rows as declared, \
             flip-flops by\nthe bits of registers; logic is not known and is missing from the sum."
        )?;
    }
    Ok(())
}

/// The sum beside what the part has.
fn board(text: &mut String, part: &Part, rows: &[Row]) -> fmt::Result {
    let sum: Usage = rows.iter().map(|row| &row.usage).sum();
    let declared: Usage = rows.iter().map(|row| &row.declared).sum();
    writeln!(
        text,
        "\n## On the board: synthesized, not placed\n\n\
         LUTs of all uses together, and two RAMB18 as one RAMB36. The part is what there is before a platform's shell takes \
         its share.\n\n| | LUT | FF | RAMB36 | URAM | DSP |\n|---|---:|---:|---:|---:|---:|"
    )?;
    let flip_flops = sum.count(Resource::FlipFlop);
    let urams = sum.count(Resource::Uram);
    let taken = [
        (sum.luts(), part.luts),
        (flip_flops, part.flip_flops),
        (sum.ramb36(), part.ramb36),
        (urams, part.urams),
        (sum.count(Resource::Dsp), part.dsps),
    ];
    let line = |text: &mut String, name: &str, cell: &dyn Fn((u32, u32)) -> String| {
        let cells = taken.map(cell).join(" | ");
        writeln!(text, "| {name} | {cells} |")
    };
    line(text, "all modules", &|(sum, _)| thousands(sum))?;
    line(text, part.name, &|(_, there)| thousands(there))?;
    line(text, "of it", &|(sum, there)| {
        format!("{:.1} %", 100.0 * f64::from(sum) / f64::from(there))
    })?;
    writeln!(
        text,
        "\nUltraRAMs by width and rows of the memories as declared: {}; as mapped: {}.",
        thousands(declared.count(Resource::Uram)),
        thousands(urams)
    )
}

/// The longest path of the module with the most levels.
fn deepest(text: &mut String, rows: &[Row]) -> fmt::Result {
    let known = rows
        .iter()
        .filter_map(|row| Some((&row.module, row.levels.as_ref()?)));
    let Some((module, levels)) = known.max_by_key(|(_, levels)| levels.max()) else {
        return Ok(());
    };
    writeln!(text, "\nThe longest path of `{module}`:\n\n```text")?;
    for line in &levels.worst {
        writeln!(text, "{line}")?;
    }
    writeln!(text, "```")
}

/// A number as people read it: `1,728,000`.
fn thousands(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const HEAD: Head = Head {
        command: "cargo xtask synth",
        part: None,
    };

    const PART: Part = Part {
        name: "a board",
        luts: 2_000,
        flip_flops: 4_000,
        ramb36: 10,
        urams: 8,
        dsps: 3,
    };

    fn row(module: &str, level: u32) -> Row {
        Row {
            module: module.into(),
            usage: Usage::default(),
            levels: Some(Levels {
                endpoints: BTreeMap::from([(0, 9), (level, 2)]),
                worst: vec![format!("path of {module}")],
            }),
            declared: Usage::default(),
        }
    }

    fn with(mut row: Row, units: &[(Resource, u32)]) -> Row {
        for (resource, units) in units {
            row.usage.add(*resource, *units);
        }
        row
    }

    #[test]
    fn a_row_a_module_and_the_deepest_path() {
        let page = page(&HEAD, &[row("s1", 3), row("s2", 5), row("s3", 4)]);
        assert!(page.contains("**Synthesized, not placed.**"));
        assert!(
            page.contains("| `s2` | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 5 | 2 |\n"),
            "{page}"
        );
        assert!(
            page.ends_with("The longest path of `s2`:\n\n```text\npath of s2\n```\n"),
            "{page}"
        );
        assert!(!page.contains("board") && !page.contains("Counted from shapes"));
    }

    #[test]
    fn the_sum_is_held_against_the_part() {
        use Resource::*;
        let rows = [
            with(row("s1", 1), &[(Lut, 900), (Shift, 60), (Ramb18, 3)]),
            with(
                row("s2", 1),
                &[(LutMemory, 40), (FlipFlop, 100), (Ramb36, 3), (Uram, 6)],
            ),
        ];
        let head = Head {
            part: Some(&PART),
            ..HEAD
        };
        let page = page(&head, &rows);
        for line in [
            "| **sum** | **900** | **40** | **60** | **100** | **0** | **3** | **3** | **6** | **0** | | |\n",
            "| all modules | 1,000 | 100 | 5 | 6 | 0 |\n",
            "| a board | 2,000 | 4,000 | 10 | 8 | 3 |\n",
            "| of it | 50.0 % | 2.5 % | 50.0 % | 75.0 % | 0.0 % |\n",
        ] {
            assert!(page.contains(line), "{line}{page}");
        }
    }

    #[test]
    fn what_is_counted_from_shapes_says_so() {
        let mut counted = with(row("s1", 1), &[(Resource::Uram, 6)]);
        counted.levels = None;
        let page = page(&HEAD, &[counted, row("s2", 2)]);
        assert!(
            page.contains("| `s1` \\* | - | - | - | 0 | - | 0 | - | 6 | - | - | - |\n"),
            "{page}"
        );
        assert!(page.contains("Counted from shapes"));
        assert!(page.contains("path of s2"));
    }

    #[test]
    fn numbers_are_written_in_groups() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_728_000), "1,728,000");
    }
}
