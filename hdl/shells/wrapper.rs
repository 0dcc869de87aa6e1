//! The hand-named top: one Verilog port for each signal that `interfaces` fixes, packed for the hierarchy below.
//!
//! ```text
//!   s_axis_tdata[511:0] ─┐
//!   s_axis_tkeep[63:0]  ─┼─▶ s_data[609:0] = {tuser, tlast, tkeep, tdata, tvalid}
//!   ..                  ─┘
//! ```
//! RustHDL calls its top `top`; every module gets the prefix of the card instead.

use super::{Rtl, RtlPort, Shell};
use crate::hardware::{Edit, Meta};
use std::fmt::Write;
use underpass_layout::rings::VECTORS;
use underpass_wires::Bundle;

/// Bits of what a tap tells, beside its valid bit.
const TAP: usize = Meta::W + Edit::W;

/// `verilog` with its modules renamed and the wrapper behind it.
pub(super) fn wrap(verilog: String, shell: Shell) -> Rtl {
    let top = match shell {
        Shell::Core | Shell::TappedCore => "underpass_core",
        Shell::Sim => "underpass_sim",
        Shell::Card => "underpass_card",
    };
    let inside = format!("{top}_parts");
    let mut verilog = renamed(&verilog, &inside);
    let mut ports = Vec::new();
    let mut port = |name: &str, width: usize, input: bool| {
        ports.push(RtlPort {
            name: name.to_string(),
            width,
            input,
        });
    };
    port("clk", 1, true);
    port("rst", 1, true);
    stream("s_axis", true, &mut port);
    stream("m_axis", false, &mut port);
    for (name, width, input) in [
        ("awvalid", 1, true),
        ("awready", 1, false),
        ("awaddr", 16, true),
        ("wvalid", 1, true),
        ("wready", 1, false),
        ("wdata", 32, true),
        ("wstrb", 4, true),
        ("bvalid", 1, false),
        ("bready", 1, true),
        ("bresp", 2, false),
        ("arvalid", 1, true),
        ("arready", 1, false),
        ("araddr", 16, true),
        ("rvalid", 1, false),
        ("rready", 1, true),
        ("rdata", 32, false),
        ("rresp", 2, false),
    ] {
        port(&format!("s_axil_{name}"), width, input);
    }
    let has_rings = shell == Shell::Card;
    if has_rings {
        for (name, width, input) in MASTER {
            port(&format!("m_axi_{name}"), *width, *input);
        }
        port("irq", VECTORS, false);
    }
    let tapped = shell == Shell::TappedCore;
    if tapped {
        port("tap_valid", 1, false);
        port("tap", 1 + TAP, false);
    }
    let list: Vec<String> = ports.iter().map(declaration).collect();
    let _ = write!(
        verilog,
        "\nmodule {top} (\n  {}\n);\n{}endmodule\n",
        list.join(",\n  "),
        body(&inside, tapped, has_rings)
    );
    Rtl {
        top: top.to_string(),
        verilog,
        ports,
    }
}

/// The signals of the AXI4 master: name, bits, and whether it is an input.
const MASTER: &[(&str, usize, bool)] = &[
    ("awaddr", 64, false),
    ("awlen", 8, false),
    ("awsize", 3, false),
    ("awburst", 2, false),
    ("awvalid", 1, false),
    ("awready", 1, true),
    ("wdata", 512, false),
    ("wstrb", 64, false),
    ("wlast", 1, false),
    ("wvalid", 1, false),
    ("wready", 1, true),
    ("bresp", 2, true),
    ("bvalid", 1, true),
    ("bready", 1, false),
    ("araddr", 64, false),
    ("arlen", 8, false),
    ("arsize", 3, false),
    ("arburst", 2, false),
    ("arvalid", 1, false),
    ("arready", 1, true),
    ("rdata", 512, true),
    ("rresp", 2, true),
    ("rlast", 1, true),
    ("rvalid", 1, true),
    ("rready", 1, false),
];

/// The pins of the rings, and what of the master never changes: whole beats of 64 bytes, at addresses that count up.
const RINGS: &str = "    .read_data({m_axi_rready, m_axi_arlen, m_axi_araddr, m_axi_arvalid}),
    .read_in_data({m_axi_rlast, m_axi_rresp, m_axi_rdata, m_axi_rvalid, m_axi_arready}),
    .write_data({m_axi_bready, m_axi_wlast, m_axi_wdata, m_axi_wvalid, m_axi_awlen, m_axi_awaddr, m_axi_awvalid}),
    .write_in_data({m_axi_bresp, m_axi_bvalid, m_axi_wready, m_axi_awready}),
    .irq(irq),
";
const CONSTANT: &str = "  assign m_axi_awsize = 3'd6;
  assign m_axi_arsize = 3'd6;
  assign m_axi_awburst = 2'b01;
  assign m_axi_arburst = 2'b01;
  assign m_axi_wstrb = {64{1'b1}};
";

fn stream(prefix: &str, into: bool, port: &mut impl FnMut(&str, usize, bool)) {
    port(&format!("{prefix}_tdata"), 512, into);
    port(&format!("{prefix}_tkeep"), 64, into);
    port(&format!("{prefix}_tvalid"), 1, into);
    port(&format!("{prefix}_tready"), 1, !into);
    port(&format!("{prefix}_tlast"), 1, into);
    port(&format!("{prefix}_tuser"), 32, into);
}

fn declaration(port: &RtlPort) -> String {
    let direction = if port.input {
        "input  wire"
    } else {
        "output wire"
    };
    match port.width {
        1 => format!("{direction} {}", port.name),
        width => format!("{direction} [{}:0] {}", width - 1, port.name),
    }
}

/// The instance. The order of the concatenations is that of the bundles, last field first.
fn body(inside: &str, tapped: bool, has_rings: bool) -> String {
    let tap = 1 + TAP;
    let (pins, constant) = match has_rings {
        true => (RINGS, CONSTANT),
        false => ("", ""),
    };
    let taps = match tapped {
        true => "  assign tap = decided;\n  assign tap_valid = decided[0];\n",
        false => "",
    };
    format!(
        "  wire [{}:0] decided;
  {inside} parts (
    .cr_clock(clk),
    .cr_reset(rst),
    .s_data({{s_axis_tuser, s_axis_tlast, s_axis_tkeep, s_axis_tdata, s_axis_tvalid}}),
    .s_ready(s_axis_tready),
    .m_data({{m_axis_tuser, m_axis_tlast, m_axis_tkeep, m_axis_tdata, m_axis_tvalid}}),
    .m_ready(m_axis_tready),
    .axi_in_data({{s_axil_rready, s_axil_araddr, s_axil_arvalid, s_axil_bready, s_axil_wdata, s_axil_wvalid, s_axil_awaddr, s_axil_awvalid}}),
    .axi_out_data({{s_axil_rdata, s_axil_rvalid, s_axil_arready, s_axil_bvalid, s_axil_wready, s_axil_awready}}),
{pins}    .tap_data(decided)
  );
  assign s_axil_bresp = 2'b00;
  assign s_axil_rresp = 2'b00;
{constant}{taps}",
        tap - 1
    )
}

/// `verilog` with `prefix` for the `top` that all module names start with.
fn renamed(verilog: &str, prefix: &str) -> String {
    let mut out = String::with_capacity(verilog.len() + verilog.len() / 64);
    for line in verilog.lines() {
        let text = line.trim_start();
        let indent = &line[..line.len() - text.len()];
        match (text.strip_prefix("module top"), text.strip_prefix("top_")) {
            (Some(rest), _) => {
                let _ = writeln!(out, "{indent}module {prefix}{rest}");
            }
            (_, Some(rest)) => {
                let _ = writeln!(out, "{indent}{prefix}_{rest}");
            }
            _ => {
                let _ = writeln!(out, "{line}");
            }
        }
    }
    out
}
