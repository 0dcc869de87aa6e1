//! The Verilog of a design: one module per kind of block, children first, the top module last.
//!
//! Plain Verilog-2005 with synchronous reset. Every wire that has a name in the description has it here,
//! with its source line behind it; what is used once stands in place. Blocks that print alike share a module.

mod clocked;
mod expr;
mod module;
mod names;
mod node;
pub(crate) mod plan;

use crate::design::Design;
pub(crate) use module::Style;
use module::{Printed, Printer};
use names::Names;
use std::collections::HashMap;

/// All modules of a design as one file.
pub(crate) fn design(design: &Design) -> String {
    let (children, top) = modules(design, &Style::default());
    let mut file = String::from(
        "// Generated from the Rust description; do not edit.\n`default_nettype none\n\n",
    );
    for text in children {
        file.push_str(&text);
        file.push('\n');
    }
    file.push_str(&format!("module {} {}endmodule\n", top.name, top.text));
    file.push_str("\n`default_nettype wire\n");
    file
}

/// The statements of a design without blocks, for a module whose ports are declared elsewhere.
pub(crate) fn body(design: &Design, clock: &str, reset: &str) -> String {
    let style = Style {
        clock: clock.into(),
        reset: reset.into(),
        bare: true,
    };
    modules(design, &style).1.text
}

/// The text of each kind of block, and the top module.
fn modules(design: &Design, style: &Style) -> (Vec<String>, Printed) {
    let graph = &design.graph;
    let mut kinds = Names::default();
    kinds.claim(design.name());
    let mut known: HashMap<String, String> = HashMap::new();
    let mut children = Vec::new();
    let mut printer = Printer::new(design, style);
    for index in (1..graph.modules.len()).rev() {
        let Some(mut printed) = printer.block(index as u32) else {
            continue;
        };
        let name = known.entry(printed.text.clone()).or_insert_with(|| {
            let name = kinds.claim(&graph.modules[index].name);
            children.push(format!("module {name} {}endmodule\n", printed.text));
            name
        });
        printed.name.clone_from(name);
        printer.done(index as u32, printed);
    }
    let mut top = printer.top();
    top.name = names::identifier(design.name());
    (children, top)
}
