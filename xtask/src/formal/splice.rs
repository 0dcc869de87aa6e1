//! Puts properties into a block's module, where they can name what is inside.
//!
//! ```text
//!   module fifo (..);                  module fifo (..);
//!     reg items_filled;                  reg items_filled;
//!   endmodule                            localparam DEPTH = 64;
//!                                        reg held = 0;  order: assert (..);
//!                                      endmodule
//! ```
//! Verilog lets a name be declared twice and then drives one wire from two places; such a name is refused here.

use super::Block;
use anyhow::{bail, Context, Result};
use std::collections::BTreeSet;
use std::fmt::Write;

/// How the names of what only helps the induction begin.
const HELPER: &str = "inv_";

/// The module with the properties in it.
pub fn splice(block: &Block, properties: &str) -> Result<String> {
    let end = block
        .verilog
        .rfind("endmodule")
        .context("the block's Verilog has no end of a module")?;
    let parameters = block.parameters.iter().map(|(name, _)| *name);
    let mut ours = declared(properties);
    ours.extend(parameters.map(String::from));
    let both: Vec<String> = declared(&block.verilog[..end])
        .intersection(&ours)
        .cloned()
        .collect();
    if !both.is_empty() {
        bail!(
            "declared by block and properties: {}; expected other names in the properties",
            both.join(", ")
        );
    }
    let mut text = block.verilog[..end].to_string();
    for (name, value) in &block.parameters {
        let _ = writeln!(text, "  localparam {name} = {value};");
    }
    text.push_str(properties);
    text.push_str(&block.verilog[end..]);
    Ok(text)
}

/// The names of what is asserted, in the order of the text, without those that only help.
pub fn names(properties: &str) -> Vec<String> {
    let text = without_comments(properties);
    text.match_indices(": assert")
        .filter_map(|(at, _)| text[..at].rsplit(|c: char| !is_name(c)).next())
        .filter(|name| !name.is_empty() && !name.starts_with(HELPER))
        .map(String::from)
        .collect()
}

/// What a text declares inside its module or as a port.
fn declared(text: &str) -> BTreeSet<String> {
    let text = without_comments(text);
    let mut names = BTreeSet::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find(is_name) {
        let word: String = rest[at..].chars().take_while(|c| is_name(*c)).collect();
        rest = &rest[at + word.len()..];
        if matches!(
            word.as_str(),
            "reg" | "wire" | "integer" | "genvar" | "localparam"
        ) {
            let end = rest.find([';', ')']).unwrap_or(rest.len());
            names.extend(declarators(&rest[..end]));
        }
    }
    names
}

/// The names of `[7:0] a = 0, b [0:3]`: the first one, and the first behind each comma that is in no bracket.
fn declarators(list: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut wanted) = (0, true);
    let mut chars = list.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '[' | '(' | '{' => depth += 1,
            ']' | ')' | '}' => depth -= 1,
            ',' if depth == 0 => wanted = true,
            c if wanted && depth == 0 && is_name(c) => {
                let mut name = String::from(c);
                while let Some(c) = chars.next_if(|c| is_name(*c)) {
                    name.push(c);
                }
                if name != "reg" && name != "wire" {
                    names.push(name);
                    wanted = false;
                }
            }
            _ => {}
        }
    }
    names
}

fn without_comments(text: &str) -> String {
    let code = |line: &str| line.split("//").next().unwrap_or("").to_string();
    text.lines().map(code).collect::<Vec<_>>().join("\n")
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(verilog: &str) -> Block {
        Block {
            verilog: verilog.into(),
            parameters: vec![("DEPTH", 64)],
        }
    }

    const FIFO: &str = "module fifo (\n  input  wire [7:0] item\n);\n  reg [3:0] used; // of held\n  wire full = item == 3;\nendmodule\n";

    #[test]
    fn properties_stand_at_the_end_of_the_module() {
        let text = splice(&block(FIFO), "  reg held = 0;\n").unwrap();
        let (before, after) = text
            .split_once("  localparam DEPTH = 64;\n  reg held = 0;\n")
            .unwrap();
        assert_eq!(format!("{before}{after}"), FIFO);
    }

    #[test]
    fn a_name_that_the_block_has_is_refused() {
        for (properties, name) in [
            ("wire a, used = 1;", "used"),
            ("(* anyseq *) wire [1:0] item;", "item"),
            ("reg [3:0] b [0:2], full;", "full"),
        ] {
            let refused = splice(&block(FIFO), properties).unwrap_err().to_string();
            assert_eq!(
                refused,
                format!("declared by block and properties: {name}; expected other names in the properties")
            );
        }
        let fine = "wire a = {full, used}, b = item[used];\n// reg used;";
        assert!(splice(&block(FIFO), fine).is_ok());
    }

    #[test]
    fn names_are_those_of_asserts_that_do_not_only_help() {
        let text = "// none: assert (x)\n order: assert (a);\n inv_b: assert (b);\nno_loss: assert (c ? d : assert_e);";
        assert_eq!(names(text), ["order", "no_loss"]);
        assert!(names("assume (a);").is_empty());
    }
}
