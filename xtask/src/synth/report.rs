//! The table of `cargo xtask synth`, in Markdown so that the same text goes to the terminal and to `docs/synthesis.md`.

use super::cells::Resource;
use super::levels::Levels;
use super::usage::Usage;
use std::fmt::{self, Write};

/// One synthesized module.
pub struct Row {
    /// The module's name.
    pub module: String,
    /// What it takes.
    pub usage: Usage,
    /// How deep its logic is.
    pub levels: Levels,
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

/// What the figures are and are not.
const PREAMBLE: &str = "\
# Synthesis

**Synthesized, not placed.** Yosys `synth_xilinx -family xcup`, each module alone. There is no public timing for
UltraScale+ parts, so levels of logic stand for delay: a LUT, a carry cell and the read of a LUT memory are one each, wide
multiplexers none. Yosys does not pack pairs of LUTs, so LUT counts are on the high side. An inverter counts as a LUT.
";

/// The whole page: what was built, the table, and the longest path of the deepest module.
pub fn page(command: &str, rows: &[Row]) -> String {
    let mut text = String::new();
    let _ = render(&mut text, command, rows);
    text
}

fn render(text: &mut String, command: &str, rows: &[Row]) -> fmt::Result {
    writeln!(text, "{PREAMBLE}\nMade by `{command}`.\n")?;
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
        write!(text, "| `{}` |", row.module)?;
        for (_, resource) in COLUMNS {
            write!(text, " {} |", row.usage.count(resource))?;
        }
        writeln!(text, " {} | {} |", row.levels.max(), row.levels.at_max())?;
    }
    if let Some(deepest) = rows.iter().max_by_key(|row| row.levels.max()) {
        writeln!(
            text,
            "\nThe longest path of `{}`:\n\n```text",
            deepest.module
        )?;
        for line in &deepest.levels.worst {
            writeln!(text, "{line}")?;
        }
        writeln!(text, "```")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_row_a_module_and_the_deepest_path() {
        let row = |module: &str, level: u32| Row {
            module: module.into(),
            usage: Usage::default(),
            levels: Levels {
                endpoints: BTreeMap::from([(0, 9), (level, 2)]),
                worst: vec![format!("path of {module}")],
            },
        };
        let page = page(
            "cargo xtask synth",
            &[row("s1", 3), row("s2", 5), row("s3", 4)],
        );
        assert!(page.contains("**Synthesized, not placed.**"));
        assert!(
            page.contains("| `s2` | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 5 | 2 |\n"),
            "{page}"
        );
        assert!(
            page.ends_with("The longest path of `s2`:\n\n```text\npath of s2\n```\n"),
            "{page}"
        );
    }
}
