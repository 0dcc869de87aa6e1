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
    /// How that is known.
    pub known: Known,
    /// The UltraRAMs that its memories take by their declarations.
    pub declared: u32,
}

/// How it is known what a module takes.
pub enum Known {
    /// Yosys mapped all of it: how deep its logic is.
    All(Levels),
    /// Yosys mapped its memories, if there are any, and not its logic.
    Memories,
    /// Memories and registers are counted as they are declared.
    Shapes,
}

impl Row {
    /// How deep its logic is, where that is known.
    pub fn levels(&self) -> Option<&Levels> {
        match &self.known {
            Known::All(levels) => Some(levels),
            Known::Memories | Known::Shapes => None,
        }
    }

    /// What stands behind the module's name.
    fn mark(&self) -> &'static str {
        match self.known {
            Known::All(_) => "",
            Known::Memories => " (1)",
            Known::Shapes => " (2)",
        }
    }

    /// Whether it is known how many there are.
    fn knows(&self, resource: Resource) -> bool {
        match self.known {
            Known::All(_) => true,
            Known::Memories => resource == Resource::LutMemory || COUNTED.contains(&resource),
            Known::Shapes => COUNTED.contains(&resource),
        }
    }
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

/// What is known of a module whose logic is not mapped.
const COUNTED: [Resource; 4] = [
    Resource::FlipFlop,
    Resource::Ramb36,
    Resource::Ramb18,
    Resource::Uram,
];

/// What the marks mean.
const NOTES: &str = "
(1) Memories alone, as with `--quick` or at the time limit: they are mapped, flip-flops are counted from the bits of
registers as declared, and logic is not known and missing from the sum. (2) Counted from shapes: memories by width and rows
as declared as well, since even their mapping reached the time limit.
";

/// Rows of an UltraRAM.
const URAM_ROWS: u32 = 4096;

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
        write!(text, "| `{}`{} |", row.module, row.mark())?;
        for (_, resource) in COLUMNS {
            if row.knows(resource) {
                write!(text, " {} |", row.usage.count(resource))?;
            } else {
                write!(text, " - |")?;
            }
        }
        match row.levels() {
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
    if !all_known(rows) {
        text.push_str(NOTES);
    }
    Ok(())
}

/// Whether Yosys mapped every module.
fn all_known(rows: &[Row]) -> bool {
    rows.iter().all(|row| row.levels().is_some())
}

/// The sum beside what the part has.
fn board(text: &mut String, part: &Part, rows: &[Row]) -> fmt::Result {
    let sum: Usage = rows.iter().map(|row| &row.usage).sum();
    let declared: u32 = rows.iter().map(|row| row.declared).sum();
    let (whole, at_least) = match all_known(rows) {
        true => ("all modules", ""),
        false => ("all modules, save logic that is not known", "at least "),
    };
    writeln!(
        text,
        "\n## On the board: synthesized, not placed\n\n\
         LUTs of all uses together, and two RAMB18 as one RAMB36. The part is what there is before a platform's shell takes \
         its share.\n\n| | LUT | FF | RAMB36 | URAM | DSP |\n|---|---:|---:|---:|---:|---:|"
    )?;
    let flip_flops = sum.count(Resource::FlipFlop);
    let urams = sum.count(Resource::Uram);
    let taken = [
        (at_least, sum.luts(), part.luts),
        ("", flip_flops, part.flip_flops),
        ("", sum.ramb36(), part.ramb36),
        ("", urams, part.urams),
        (at_least, sum.count(Resource::Dsp), part.dsps),
    ];
    let line = |text: &mut String, name: &str, cell: &dyn Fn((&str, u32, u32)) -> String| {
        let cells = taken.map(cell).join(" | ");
        writeln!(text, "| {name} | {cells} |")
    };
    line(text, whole, &|(least, sum, _)| {
        format!("{least}{}", thousands(sum))
    })?;
    line(text, part.name, &|(_, _, there)| thousands(there))?;
    line(text, "of it", &|(least, sum, there)| {
        format!("{least}{:.1} %", 100.0 * f64::from(sum) / f64::from(there))
    })?;
    writeln!(
        text,
        "\nUltraRAMs as mapped: {}. With each memory in whole ones, {} rows deep and 72 bits wide: {}. Yosys lays two rows \
         of up\nto 36 bits side by side; where a placer's own tool does not, the larger number holds.",
        thousands(urams),
        thousands(URAM_ROWS),
        thousands(declared)
    )
}

/// The longest path of the module with the most levels.
fn deepest(text: &mut String, rows: &[Row]) -> fmt::Result {
    let known = rows
        .iter()
        .filter_map(|row| Some((&row.module, row.levels()?)));
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
            known: Known::All(Levels {
                endpoints: BTreeMap::from([(0, 9), (level, 2)]),
                worst: vec![format!("path of {module}")],
            }),
            declared: 7,
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
        assert!(!page.contains("board") && !page.contains("(1)"));
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
            "UltraRAMs as mapped: 6. With each memory in whole ones, 4,096 rows deep and 72 bits wide: 14. ",
        ] {
            assert!(page.contains(line), "{line}{page}");
        }
    }

    #[test]
    fn what_is_not_known_is_said() {
        let with = |known| Row {
            known,
            ..with(row("s1", 1), &[(Resource::Uram, 3)])
        };
        let rows = [with(Known::Memories), with(Known::Shapes), row("s2", 2)];
        let head = Head {
            part: Some(&PART),
            ..HEAD
        };
        let page = page(&head, &rows);
        for line in [
            "| `s1` (1) | - | 0 | - | 0 | - | 0 | 0 | 3 | - | - | - |\n",
            "| `s1` (2) | - | - | - | 0 | - | 0 | 0 | 3 | - | - | - |\n",
            "\n\n(1) Memories alone",
            "| of it | at least 0.0 % | 0.0 % | 0.0 % | 75.0 % | at least 0.0 % |\n",
        ] {
            assert!(page.contains(line), "{line}{page}");
        }
        assert!(page.contains("path of s2"));
    }

    #[test]
    fn numbers_are_written_in_groups() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_728_000), "1,728,000");
    }
}
