//! The designs that the bench is tried on.

use underpass_bench::Bench;
use underpass_verilator::{build, Instance, Port, Source};

fn bench(top: &str, verilog: &str, mut ports: Vec<Port>, bug: u64) -> Bench<Instance> {
    ports.extend([
        Port::input("clk", 1),
        Port::input("rst", 1),
        Port::input("bug", 4),
    ]);
    let library = match build(&Source::new(top, verilog, ports), None) {
        Ok(library) => library,
        Err(error) => panic!("{error}"),
    };
    let tb = Bench::new(library.instance().unwrap());
    tb.set("bug", bug);
    tb
}

fn stream(
    prefix: &str,
    forward: fn(String, usize) -> Port,
    back: fn(String, usize) -> Port,
) -> Vec<Port> {
    let wires = [
        ("tdata", 512),
        ("tkeep", 64),
        ("tvalid", 1),
        ("tlast", 1),
        ("tuser", 32),
    ];
    let mut ports: Vec<Port> = wires
        .map(|(name, width)| forward(format!("{prefix}_{name}"), width))
        .into();
    ports.push(back(format!("{prefix}_tready"), 1));
    ports
}

/// A skid buffer of 512 bits, in reset no longer, with one of its faults (0: none).
#[allow(dead_code, reason = "each test file uses one of the two designs")]
pub fn skid(bug: u64) -> Bench<Instance> {
    let mut ports = stream("s_axis", Port::input, Port::output);
    ports.extend(stream("m_axis", Port::output, Port::input));
    bench("skid", include_str!("../fixtures/skid.v"), ports, bug)
}

/// Sixteen registers, with one of their faults (0: none).
#[allow(dead_code, reason = "each test file uses one of the two designs")]
pub fn regs(bug: u64) -> Bench<Instance> {
    let inputs = [
        ("awaddr", 32),
        ("awvalid", 1),
        ("wdata", 32),
        ("wstrb", 4),
        ("wvalid", 1),
        ("bready", 1),
    ];
    let inputs = inputs
        .into_iter()
        .chain([("araddr", 32), ("arvalid", 1), ("rready", 1)]);
    let outputs = [
        ("awready", 1),
        ("wready", 1),
        ("bresp", 2),
        ("bvalid", 1),
        ("arready", 1),
        ("rdata", 32),
    ];
    let outputs = outputs.into_iter().chain([("rresp", 2), ("rvalid", 1)]);
    let ports = inputs
        .map(|(name, width)| Port::input(format!("s_axil_{name}"), width))
        .chain(outputs.map(|(name, width)| Port::output(format!("s_axil_{name}"), width)));
    bench(
        "regs",
        include_str!("../fixtures/regs.v"),
        ports.collect(),
        bug,
    )
}
