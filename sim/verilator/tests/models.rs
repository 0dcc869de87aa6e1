//! Models built and run for real: ports of every storage class, clocks, waveforms, failures.

use std::fs;
use std::path::Path;

use underpass_verilator::{build, lint, Error, Library, Port, Source};

/// Ports of every storage class, registered and combinational, with the names that need care.
const PORTS: &str = r#"
module ports(input clk, input rst, input [511:0] a$x, output reg [511:0] b, input [15:0] c__d, output reg [40:0] q,
             output [2:0] z, input [69:0] odd, output reg [69:0] odd_q, input [31:0] w, output reg [31:0] w_q);
  always @(posedge clk) begin
    b <= a$x; odd_q <= odd; w_q <= w;
    q <= q + {25'd0, c__d};
    if (rst) q <= 0;
  end
  assign z = c__d[2:0] + {2'd0, rst};
endmodule
"#;

fn ports() -> Vec<Port> {
    vec![
        Port::input("clk", 1),
        Port::input("rst", 1),
        Port::input("a$x", 512),
        Port::output("b", 512),
        Port::input("c__d", 16),
        Port::output("q", 41),
        Port::output("z", 3),
        Port::input("odd", 70),
        Port::output("odd_q", 70),
        Port::input("w", 32),
        Port::output("w_q", 32),
    ]
}

fn library() -> Library {
    build(&Source::new("ports", PORTS, ports()), None).unwrap()
}

#[test]
fn values_cross_in_every_width() {
    let mut dut = library().instance().unwrap();
    let port = |name: &str| dut.port(name).unwrap();
    let (a, b, odd, odd_q, w, w_q) = (
        port("a$x"),
        port("b"),
        port("odd"),
        port("odd_q"),
        port("w"),
        port("w_q"),
    );
    let wide: Vec<u32> = (1..=16).map(|n| n * 0x0101_0101).collect();
    dut.set(a, &wide);
    dut.set(odd, &[1, 2, 0xffff_ffff]);
    dut.set_u64(w, 0x1_2345_6789);
    dut.tick();
    let mut got = [7u32; 17];
    dut.get(b, &mut got);
    assert_eq!(got[..16], wide[..]);
    assert_eq!(got[16], 0, "words beyond the port are zeroed");
    let mut got = [7u32; 3];
    dut.get(odd_q, &mut got);
    assert_eq!(got, [1, 2, 0x3f], "bits beyond the port are cut off");
    assert_eq!(dut.get_u64(w_q), 0x2345_6789);
    dut.set(a, &[5]);
    dut.tick();
    let mut got = [7u32; 16];
    dut.get(b, &mut got);
    assert_eq!(
        (got[0], got[1..].iter().sum::<u32>()),
        (5, 0),
        "words left out are zero"
    );
}

#[test]
fn the_rising_edge_samples_what_was_set_before_it() {
    let mut dut = library().instance().unwrap();
    let (rst, c, q, z) = (
        dut.port("rst").unwrap(),
        dut.port("c__d").unwrap(),
        dut.port("q").unwrap(),
        dut.port("z").unwrap(),
    );
    for n in 1..=100u64 {
        dut.set_u64(c, n);
        if n % 3 == 0 {
            dut.eval();
            assert_eq!(dut.get_u64(z), n % 8, "combinational outputs follow eval");
            // Changed again between eval and the edge: the edge sees the last value.
            dut.set_u64(c, n + 1);
        }
        dut.tick();
        assert_eq!(
            dut.get_u64(z),
            (n + (n % 3 == 0) as u64) % 8,
            "and are settled after the edge"
        );
    }
    assert_eq!(dut.get_u64(q), 5050 + 33);
    assert_eq!(dut.cycles(), 100);
    dut.tick_many(10);
    assert_eq!(dut.get_u64(q), 5083 + 1000);
    dut.set_u64(rst, 1);
    dut.tick();
    assert_eq!(dut.get_u64(q), 0);
    assert_eq!(dut.time(), 111 * underpass_verilator::CLOCK_PERIOD_PS);
}

#[test]
fn instances_are_apart_and_outlive_their_library() {
    let library = library();
    let (mut one, two) = (library.instance().unwrap(), library.instance().unwrap());
    drop(library);
    let (c, q) = (one.port("c__d").unwrap(), one.port("q").unwrap());
    one.set_u64(c, 9);
    one.tick();
    let one = std::thread::spawn(move || {
        one.tick();
        one
    });
    assert_eq!(one.join().unwrap().get_u64(q), 18);
    assert_eq!(two.get_u64(q), 0);
}

#[test]
#[should_panic(expected = "port q of ports is an output")]
fn an_output_cannot_be_driven() {
    let mut dut = library().instance().unwrap();
    let q = dut.port("q").unwrap();
    dut.set_u64(q, 1);
}

#[test]
fn a_second_build_comes_from_the_cache_and_any_change_does_not() {
    let cache = tempfile::tempdir().unwrap();
    let text =
        "module t(input clk, input a, output reg b); always @(posedge clk) b <= a; endmodule";
    let source = |text: &str| {
        Source::new(
            "t",
            text,
            vec![
                Port::input("clk", 1),
                Port::input("a", 1),
                Port::output("b", 1),
            ],
        )
    };
    let first = build(&source(text), Some(cache.path())).unwrap();
    assert!(!first.was_cached() && first.compile_s() > 0.0);
    let second = build(&source(text), Some(cache.path())).unwrap();
    assert!(second.was_cached());
    assert_eq!(second.compile_s(), first.compile_s());
    assert!(
        !build(&source(&text.replace("<= a", "<= !a")), Some(cache.path()))
            .unwrap()
            .was_cached()
    );
    let left: Vec<_> = fs::read_dir(cache.path().join("models"))
        .unwrap()
        .flatten()
        .collect();
    assert!(left
        .iter()
        .all(|e| !e.path().to_string_lossy().ends_with(".building")));
}

#[test]
fn refusals_carry_verilators_words() {
    let ports = || vec![Port::input("clk", 1)];
    let error = build(
        &Source::new("t", "module t(input clk); assign x = ; endmodule", ports()),
        None,
    )
    .err()
    .unwrap();
    assert!(error.to_string().contains("syntax error"), "{error}");
    let error = build(
        &Source::new("t", "module t(input clk); endmodule", vec![]),
        None,
    )
    .err()
    .unwrap();
    assert_eq!(
        error.to_string(),
        "module t lists no 1-bit input clk to clock it by"
    );
    let text = "module t(input clk, input [3:0] more); endmodule";
    let error = build(&Source::new("t", text, ports()), None).err().unwrap();
    assert_eq!(
        error.to_string(),
        "module t has a port more that the list of ports leaves out"
    );
}

#[test]
fn lint_speaks_in_text_and_can_be_told_to_pass_over() {
    let text = "module t(input clk, input [3:0] a, output reg [2:0] b);\n always @(posedge clk) b <= a; endmodule";
    let source = Source::new("t", text, vec![]);
    let error = lint(&source).unwrap_err();
    assert!(
        error.to_string().contains("t.v:2") && error.to_string().contains("WIDTH"),
        "{error}"
    );
    lint(&source.allow_lint("WIDTH").allow_lint("UNUSEDSIGNAL")).unwrap();
}

#[test]
fn a_model_that_stops_is_an_error_not_an_abort() {
    let text = "module t(input clk, input stop); always @(posedge clk) if (stop) $stop; endmodule";
    let source = Source::new(
        "t",
        text,
        vec![Port::input("clk", 1), Port::input("stop", 1)],
    );
    let mut dut = build(&source, None).unwrap().instance().unwrap();
    let stop = dut.port("stop").unwrap();
    dut.tick();
    dut.set_u64(stop, 1);
    let error = dut.try_tick(1).unwrap_err().to_string();
    assert!(
        error.starts_with("model t stopped at clock 2: top.v:1: "),
        "{error}"
    );
}

#[test]
fn waveforms_and_coverage_only_where_built_in() {
    let dir = tempfile::tempdir().unwrap();
    let (wave, coverage) = (dir.path().join("w.vcd"), dir.path().join("c.dat"));
    let mut plain = library().instance().unwrap();
    assert_eq!(
        plain.trace_to(&wave).unwrap_err().to_string(),
        "the model of ports was built without tracing"
    );
    assert!(matches!(
        plain.write_coverage(&coverage),
        Err(Error::NotBuiltIn {
            feature: "coverage",
            ..
        })
    ));

    let source = Source::new("ports", PORTS, ports())
        .trace(true)
        .coverage(true);
    let mut dut = build(&source, None).unwrap().instance().unwrap();
    dut.trace_to(&wave).unwrap();
    let c = dut.port("c__d").unwrap();
    for n in 0..5 {
        dut.set_u64(c, n);
        dut.tick();
    }
    dut.write_coverage(&coverage).unwrap();
    assert!(dut.trace_to(Path::new("/nonexistent/w.vcd")).is_err());
    drop(dut);
    let text = fs::read_to_string(&wave).unwrap();
    assert!(
        text.contains("odd_q") && text.contains("#18000"),
        "the fifth rise is at 18 ns"
    );
    assert!(fs::read_to_string(&coverage).unwrap().contains("top.v"));
}

#[test]
fn logic_without_a_clock_evaluates() {
    let text = "module t(input [3:0] a, output [3:0] b); assign b = ~a; endmodule";
    let source =
        Source::new("t", text, vec![Port::input("a", 4), Port::output("b", 4)]).combinational();
    let mut dut = build(&source, None).unwrap().instance().unwrap();
    let (a, b) = (dut.port("a").unwrap(), dut.port("b").unwrap());
    dut.set_u64(a, 0b0101);
    dut.eval();
    assert_eq!(dut.get_u64(b), 0b1010);
}
