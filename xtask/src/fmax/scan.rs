//! A module behind five pins, so that it can be routed alone: its thousands of wires are no pads, and nothing of it is
//! optimized away.
//!
//! ```text
//!   d ─▶ [ ][ ][ ][ ][ ]      a bit a clock            caught:  [ ][ ][ ][ ]
//!         ▼  ▼  ▼  ▼  ▼                                          ▼  ▼  ▼  ▼
//!       (     module     ) ─▶ caught in registers      folded:  [ ]^[ ]^[ ]^[ ] ─▶ q
//! ```
//! Every input comes from a register and every output goes to one. No wire of the shell goes to more than two places,
//! so that the longest path is the module's own.

use crate::rtl;
use anyhow::{bail, Context, Result};
use std::fmt::Write;

/// The shell's name.
pub const TOP: &str = "scan";

/// A port of the module.
#[derive(Debug, PartialEq, Eq)]
struct Port<'a> {
    name: &'a str,
    width: usize,
    input: bool,
}

/// The shell around a module, with the module's own text.
pub fn shell(module: &str, text: &str) -> Result<String> {
    let ports = ports(text);
    let width = |input: bool| -> usize {
        ports
            .iter()
            .filter(|port| port.input == input && !is_control(port.name))
            .map(|port| port.width)
            .sum()
    };
    let (ins, outs) = (width(true), width(false));
    if ins < 2 || outs < 2 {
        bail!("expected a module with inputs and outputs of two bits or more, {module} has {ins} and {outs}");
    }
    let mut shell = format!(
        "{text}
module {TOP}(input clk, input reset, input d, output q);
  reg rst;
  reg [{ins_last}:0] ins;
  wire [{outs_last}:0] outs;
  reg [{outs_last}:0] caught;
  reg [{outs_last}:0] folded;
  always @(posedge clk) begin
    rst <= reset;
    ins <= {{ins[{ins_before}:0], d}};
    caught <= outs;
    folded <= {{folded[{outs_before}:0], 1'b0}} ^ caught;
  end
  assign q = folded[{outs_last}];
  {module} part (.cr_clock(clk), .cr_reset(rst)",
        ins_last = ins - 1,
        ins_before = ins - 2,
        outs_last = outs - 1,
        outs_before = outs - 2,
    );
    let (mut from_ins, mut from_outs) = (0, 0);
    for port in ports.iter().filter(|port| !is_control(port.name)) {
        let (bus, from) = match port.input {
            true => ("ins", &mut from_ins),
            false => ("outs", &mut from_outs),
        };
        write!(
            shell,
            ",\n    .{}({bus}[{from} +: {}])",
            port.name, port.width
        )
        .context("cannot print a port")?;
        *from += port.width;
    }
    shell.push_str(");\nendmodule\n");
    debug_assert_eq!(rtl::modules(&shell).last(), Some(&TOP));
    Ok(shell)
}

/// Clock and reset of every module.
fn is_control(name: &str) -> bool {
    matches!(name, "cr_clock" | "cr_reset")
}

/// The ports as the module declares them: `input wire  [31:0] producer;`.
fn ports(text: &str) -> Vec<Port<'_>> {
    text.lines()
        .filter_map(|line| {
            let (input, rest) = direction(line.trim())?;
            let rest = rest.trim().strip_suffix(';')?;
            let (width, name) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                Some((range, name)) => (range.split(':').next()?.parse::<usize>().ok()? + 1, name),
                None => (1, rest),
            };
            Some(Port {
                name: name.trim(),
                width,
                input,
            })
        })
        .collect()
}

fn direction(line: &str) -> Option<(bool, &str)> {
    match line.strip_prefix("input wire ") {
        Some(rest) => Some((true, rest)),
        None => Some((false, line.strip_prefix("output wire ")?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "module m(cr_clock,cr_reset,runs,beat,ready,offer);
    input wire  cr_clock;
    input wire  cr_reset;
    input wire  runs;
    input wire  [31:0] beat;
    output wire  ready;
    output wire  [9:0] offer;
endmodule
";

    #[test]
    fn ports_are_read() {
        let found: Vec<_> = ports(TEXT)
            .iter()
            .map(|port| (port.name, port.width, port.input))
            .collect();
        assert_eq!(
            found[1..],
            [
                ("cr_reset", 1, true),
                ("runs", 1, true),
                ("beat", 32, true),
                ("ready", 1, false),
                ("offer", 10, false)
            ]
        );
    }

    #[test]
    fn every_port_has_bits_of_its_own() {
        let shell = shell("m", TEXT).unwrap();
        for line in [
            "  reg [32:0] ins;\n",
            "  wire [10:0] outs;\n",
            "  assign q = folded[10];\n",
            ".cr_clock(clk), .cr_reset(rst),\n",
            ".runs(ins[0 +: 1]),\n",
            ".beat(ins[1 +: 32]),\n",
            ".ready(outs[0 +: 1]),\n",
            ".offer(outs[1 +: 10]));\n",
        ] {
            assert!(shell.contains(line), "{line}{shell}");
        }
    }

    #[test]
    fn a_module_without_outputs_is_refused() {
        let text = "module m(a);\n    input wire  [3:0] a;\nendmodule\n";
        assert_eq!(
            shell("m", text).unwrap_err().to_string(),
            "expected a module with inputs and outputs of two bits or more, m has 4 and 0"
        );
    }
}
