//! What the memories of a module take, by arithmetic from their declarations alone.
//!
//! ```text
//!   (* ram_style = "ultra" *) reg [431:0] flow_way0 [0:90111];
//!                                  432 bits          90,112 rows ──▶ 6 wide x 22 deep = 132 UltraRAMs
//! ```
//! It stands beside what Yosys maps, so that a table in the wrong kind of memory, or in two copies, is seen at once; and
//! it is what is known of a module for which even the mapping of its memories takes too long.

use super::cells::Resource;
use super::usage::Usage;

/// A memory as the Verilog declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape<'a> {
    style: &'a str,
    width: u32,
    rows: u32,
}

/// Width and rows of an UltraRAM.
const ULTRA: (u32, u32) = (72, 4096);

/// Widths and rows of a block RAM with two ports that each read and write.
const BLOCK: [(u32, u32); 6] = [
    (36, 1024),
    (18, 2048),
    (9, 4096),
    (4, 8192),
    (2, 16384),
    (1, 32768),
];

/// Registers, block RAMs and UltraRAMs of a module, each memory with whole ones of its own. A block RAM is counted with two
/// full ports, which is more than the tables of the hash need.
pub fn usage(module: &str) -> Usage {
    let mut usage = Usage::default();
    usage.add(Resource::FlipFlop, flip_flops(module));
    for shape in module.lines().filter_map(shape) {
        match shape.style {
            "ultra" => usage.add(Resource::Uram, shape.of(ULTRA)),
            "block" => {
                let least = BLOCK.iter().map(|&form| shape.of(form)).min();
                usage.add(Resource::Ramb36, least.unwrap_or(0));
            }
            _ => {}
        }
    }
    usage
}

/// Whether a module has memories at all.
pub fn has_memories(module: &str) -> bool {
    module.lines().any(|line| shape(line).is_some())
}

/// Bits of the registers of a module.
fn flip_flops(module: &str) -> u32 {
    module
        .lines()
        .filter_map(|line| {
            let rest = line.trim_start().strip_prefix("reg ")?;
            let declared = rest.split("//").next().unwrap_or(rest);
            match declared.strip_prefix('[') {
                Some(range) => range
                    .split(':')
                    .next()?
                    .parse::<u32>()
                    .ok()
                    .map(|last| last + 1),
                None => Some(1),
            }
        })
        .sum()
}

impl Shape<'_> {
    fn of(&self, (width, rows): (u32, u32)) -> u32 {
        self.width.div_ceil(width) * self.rows.div_ceil(rows)
    }
}

fn shape(line: &str) -> Option<Shape<'_>> {
    let (style, rest) = line
        .trim_start()
        .strip_prefix("(* ram_style = \"")?
        .split_once("\" *) reg ")?;
    let declared = rest.split(';').next()?;
    let (front, rows) = declared.rsplit_once("[0:")?;
    let width = match front.strip_prefix('[') {
        Some(range) => range.split(':').next()?.parse::<u32>().ok()? + 1,
        None => 1,
    };
    let rows = rows.strip_suffix(']')?.parse::<u32>().ok()? + 1;
    Some(Shape { style, width, rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULE: &str = "module m(x);
  (* ram_style = \"ultra\" *) reg [431:0] flow_way0 [0:90111]; // exact.rs:138
  (* ram_style = \"block\" *) reg [163:0] vrf_rows [0:4095]; // s10_route.rs:34
  (* ram_style = \"distributed\" *) reg [44:0] cuts [0:127];
  (* ram_style = \"block\" *) reg marks [0:1023];
  reg [8:0] written; // fifo.rs:1
  reg filled; // [3:0]
  integer row;
endmodule
";

    #[test]
    fn memories_are_counted_in_blocks() {
        let usage = usage(MODULE);
        assert_eq!(usage.count(Resource::Uram), 6 * 22);
        assert_eq!(usage.count(Resource::Ramb36), 19 + 1);
        assert!(has_memories(MODULE));
        assert!(!has_memories(
            "module m(x);\n  reg [8:0] written; // fifo.rs:1\nendmodule"
        ));
    }

    #[test]
    fn registers_are_counted_in_bits_and_memories_are_none() {
        assert_eq!(usage(MODULE).count(Resource::FlipFlop), 9 + 1);
    }

    #[test]
    fn a_shape_is_read() {
        let line = "  (* ram_style = \"block\" *) reg [10:0] frames [0:1023]; // punt.rs:239";
        let expected = Shape {
            style: "block",
            width: 11,
            rows: 1024,
        };
        assert_eq!(shape(line), Some(expected));
        assert_eq!(shape("  reg [10:0] frames; // punt.rs:239"), None);
    }
}
