//! What the Verilog looks like: names, places, modules, and the forms that synthesis recognises.

mod tools;

use underpass_wires::*;

bundle! {
    /// Fields whose names are reserved words.
    struct Words { end: U<8>, byte: Bit, plain: U<3> }
}

/// A design in one module with a port per field, linted.
fn printed(describe: impl FnOnce()) -> String {
    let text = build("t", Ports::Fields, Blocks::Modules, describe).verilog();
    tools::lint(&text, "t");
    text
}

#[track_caller]
fn has(text: &str, part: &str) {
    assert!(text.contains(part), "no `{part}` in\n{text}");
}

#[track_caller]
fn lacks(text: &str, part: &str) {
    assert!(!text.contains(part), "`{part}` in\n{text}");
}

#[test]
fn wires_keep_their_names_and_lines() {
    let mut first = 0;
    let text = printed(|| {
        let [a, b]: [U<8>; 2] = input("i");
        first = line!() + 1;
        wire!(both = a & b);
        wire!(wide: U<12> = both.ext());
        output("o", (wide + 1).reg("late"));
    });
    has(
        &text,
        &format!("  wire [7:0] both = i_0 & i_1; // verilog.rs:{first}\n"),
    );
    has(&text, "  wire [11:0] wide = {4'd0, both}; // verilog.rs:");
    has(
        &text,
        &format!("  reg [11:0] late; // verilog.rs:{}\n", first + 2),
    );
    has(&text, "    late <= wide + 12'd1;\n");
    has(&text, "  assign o = late;\n");
}

#[test]
fn reserved_words_are_renamed() {
    let text = printed(|| {
        let words: Words = input("i");
        wire!(begin = words.end + 1);
        output(
            "logic",
            Words {
                end: begin.reg("int"),
                ..words.reg("w")
            },
        );
    });
    has(&text, "input  wire [7:0] i_end,");
    has(&text, "wire [7:0] begin_ = i_end + 8'd1;");
    has(&text, "int_ <= begin_;");
    let text = printed(|| output("end", input::<Bit>("byte")));
    has(&text, "assign end_ = byte_;");
}

#[test]
fn names_given_twice_are_told_apart() {
    let text = printed(|| {
        let i: U<4> = input("i");
        output(
            "o",
            [i.reg("x"), (i + 1).reg("x"), name("x", i + 2).reg("i")],
        );
    });
    for register in ["x", "x_2", "i_2"] {
        has(&text, &format!("reg [3:0] {register};"));
    }
    has(&text, "wire [3:0] x_3 = i + 4'd2;");
}

#[test]
fn what_reaches_no_output_is_not_printed() {
    let text = printed(|| {
        let i: Words = input("i");
        let m = memory::<U<8>>("unread", 8, Ram::Block);
        m.write(i.byte, i.plain, i.end);
        let _ = m.read("row", i.plain);
        wire!(unused = i.end + 3);
        let _ = unused.reg("never");
        let all = block("b", i, |i| Words {
            end: i.end + 1,
            byte: !i.byte,
            plain: i.plain,
        });
        output("o", all.end);
    });
    for dead in [
        "unread",
        "row",
        "unused",
        "never",
        "i_plain,\n",
        "o_byte",
        "~",
    ] {
        lacks(text.split("module t").next().unwrap_or_default(), dead);
    }
    lacks(&text, "unread");
    lacks(&text, "never");
}

#[test]
fn equal_expressions_are_one() {
    let text = printed(|| {
        let [a, b]: [U<8>; 2] = input("i");
        let sum = a + b;
        output("o", [(a + b) ^ 1, sum.rotl(3), a & b, b & a]);
    });
    assert_eq!(text.matches(" + ").count(), 1, "{text}");
    assert_eq!(text.matches("i_0 & i_1").count(), 1, "{text}");
}

#[test]
fn forms_stay_readable() {
    let text = printed(|| {
        let a: U<16> = input("a");
        let s: U<3> = input("s");
        output(
            "hash",
            [(a & 0x1234).parity(), (a & 0x8421).parity() ^ s.bit(1)],
        );
        output("not_equal", a.ne(7));
        output("at_least", a.ge(7));
        output("none", !a.any());
        output("priority", first(&[(s.bit(0), a), (s.bit(1), a + 1)], k(9)));
        output("gated", one_of(&[(s.bit(0), a), (s.bit(1), a + 1)]));
        output("field", a.at::<16>(0));
        output("picked", select(s, &[a, a + 1, a + 2]));
        let header: U<32> = packet!(a, k::<16>(0x0800));
        output("header", header.reg("h"));
    });
    has(&text, "= ^(a & 16'h1234);");
    has(&text, "= (^(a & 16'h8421)) ^ s[1];");
    has(&text, "assign not_equal = a != 16'd7;");
    has(&text, "assign at_least = a >= 16'd7;");
    has(&text, "assign none = ~(|a);");
    has(&text, "\n    s[0] ? a :\n    s[1] ? _1 :\n    16'd9;");
    has(&text, "= ({16{s[0]}} & a) | ({16{s[1]}} & _1);");
    has(&text, "assign field = {a[7:0], a[15:8]};");
    has(&text, "      3'd1: ");
    has(&text, "      default: ");
    has(&text, "h <= {16'd8, a[7:0], a[15:8]};");
}

#[test]
fn lines_stay_short() {
    let text = printed(|| {
        let i: [(Bit, U<512>); 8] = input("i");
        output("first", first(&i, zero()));
        output("one", one_of(&i));
        output("swapped", i[0].1.swap_bytes());
        let chain = i
            .iter()
            .fold(k::<512>(3), |sum, (c, x)| mux(*c, sum ^ *x, sum + *x));
        output("chain", chain);
    });
    let longest = text.lines().map(str::len).max();
    assert!(longest < Some(135), "{longest:?}");
}

#[test]
fn a_block_is_a_module() {
    let text = printed(|| {
        let i: (U<8>, Bit) = input("i");
        let double = |(x, up): (U<8>, Bit)| (mux(up, x + 1, x).reg("q"), up);
        let once = block("step", i, double);
        wire!(twice = block("step", (once.0, k(1)), double));
        let same = block("step", (once.0, i.1.reg("up")), double);
        output("twice", twice.0);
        output("o", same.0);
        output("up", same.1);
    });
    assert_eq!(text.matches("\nmodule step (").count(), 1, "{text}");
    assert_eq!(
        text.matches("\nmodule step_2 (").count(),
        1,
        "a constant input makes another: {text}"
    );
    has(&text, "  step u_step ( // verilog.rs:");
    has(&text, "    .i_0(i_0),\n    .i_1(i_1),\n    .o_0(step_0)\n");
    has(&text, "    .o_0(twice_0)\n");
    has(&text, "  step u_step_3 (");
    // What passes straight through has no port.
    has(&text, "assign up = up_2;");
    // Nothing here is reset.
    lacks(text.split("module t").next().unwrap_or_default(), "reset");
}

#[test]
fn packed_ports_are_one_vector_a_bundle() {
    let design = build("t", Ports::Packed, Blocks::Inline, || {
        let i: Words = input("i");
        output(
            "o",
            Words {
                end: i.end + 1,
                ..i
            },
        );
        output("plain", i.plain);
    });
    let names: Vec<(String, usize, Dir)> = design
        .ports()
        .into_iter()
        .map(|port| (port.name, port.width, port.dir))
        .collect();
    let port = |name: &str, width, dir| (name.to_string(), width, dir);
    assert_eq!(
        names,
        [
            port("i", 12, Dir::In),
            port("o", 12, Dir::Out),
            port("plain", 3, Dir::Out)
        ]
    );
    let text = design.verilog();
    tools::lint(&text, "t");
    has(&text, "input  wire [11:0] i,");
    has(&text, "wire [7:0] i_end = i[7:0];");
    has(&text, "assign o = {i_plain, i_byte, i_end + 8'd1};");
}

#[test]
fn memories_take_the_form_of_block_ram() {
    let text = printed(|| {
        let (write, a, b): (Bit, U<9>, U<9>) = input("i");
        let m = memory::<(U<8>, U<16>)>("table", 512, Ram::Block);
        output("row", m.read("row", a));
        output("host", m.port("host", write, b, (a.trunc(), b.ext())));
    });
    has(
        &text,
        "(* ram_style = \"block\" *) reg [23:0] table_ [0:511]; // verilog.rs:",
    );
    has(&text, "`ifndef SYNTHESIS\n  integer table__row;\n");
    has(
        &text,
        "  always @(posedge clock)\n    row <= table_[i_1];\n",
    );
    has(
        &text,
        "  always @(posedge clock) begin\n    if (i_0) table_[i_2] <= {7'd0, i_2, i_1[7:0]};\n    \
         host <= table_[i_2];\n  end\n",
    );
}

#[test]
fn a_port_of_an_ultra_ram_keeps_what_it_read_while_it_writes() {
    let text = printed(|| {
        let (write, a, b): (Bit, U<9>, U<9>) = input("i");
        let m = memory::<U<9>>("table", 500, Ram::Ultra);
        output("row", m.read("row", a));
        output("host", m.port("host", write, b, a));
    });
    has(
        &text,
        "(* ram_style = \"ultra\" *) reg [8:0] table_ [0:499]; // verilog.rs:",
    );
    has(
        &text,
        "    if (i_0) table_[i_2] <= i_1;\n    else host_2 <= table_[i_2];\n  end\n",
    );
}

#[test]
fn parts_of_a_row_have_enables_of_their_own() {
    let text = printed(|| {
        let (en, at, row): ([Bit; 2], U<9>, [U<8>; 2]) = input("i");
        let m = memory::<[U<8>; 2]>("table", 512, Ram::Block);
        m.write_parts(en, at, row);
        output("row", m.read("row", at));
    });
    has(
        &text,
        "  always @(posedge clock) begin\n    if (i_0_0) table_[i_1][7:0] <= i_2_0;\n    \
         if (i_0_1) table_[i_1][15:8] <= i_2_1;\n  end\n",
    );
}

#[test]
fn registers_reset_and_start_at_one_value() {
    let text = printed(|| {
        let i: U<4> = input("i");
        let s = state_from("count", k::<4>(9));
        s.next(i.any(), s.q + 1);
        output("o", (s.q, i.reg_rst("valid"), i.reg_en("held", i.bit(0))));
    });
    has(
        &text,
        "initial begin\n      count = 4'd9;\n      valid = 4'd0;\n  end",
    );
    has(&text, "if (reset) begin\n      count <= 4'd9;\n    end else if (|i) begin\n      count <= count + 4'd1;");
    has(
        &text,
        "if (reset) begin\n      valid <= 4'd0;\n    end else begin\n      valid <= i;",
    );
    has(&text, "if (i[0]) begin\n      held <= i;");
}

#[test]
fn ten_thousand_nodes_take_milliseconds() {
    let begin = std::time::Instant::now();
    let design = build("large", Ports::Fields, Blocks::Modules, || {
        let seed: [U<64>; 8] = input("i");
        let mut x = seed;
        for round in 0..1600 {
            let next =
                x[round % 8].rotl(round % 63 + 1) ^ (x[(round + 1) % 8] + x[(round + 3) % 8]);
            x[round % 8] = mux(next.bit(round % 64), next, !x[(round + 5) % 8]);
        }
        output("o", x);
    });
    let text = design.verilog();
    let described = begin.elapsed();
    let sim = Sim::new(&design);
    println!(
        "{} lines, {} instructions, {described:?}",
        text.lines().count(),
        sim.instructions()
    );
    assert!(sim.instructions() > 10_000);
    let mut sim = sim;
    let begin = std::time::Instant::now();
    for clock in 0..1000 {
        sim.set_int("i_0", clock);
        sim.step();
    }
    println!(
        "{} clocks/s",
        (1000.0 / begin.elapsed().as_secs_f64()) as u64
    );
    assert!(described.as_millis() < 500, "{described:?}");
}

#[test]
fn comparisons_of_extended_wires_are_narrow() {
    let text = printed(|| {
        let i: U<4> = input("i");
        output(
            "o",
            [
                i.ext::<16>().eq(9),
                i.ext::<16>().eq(0x19),
                i.ext::<16>().ne(3),
            ],
        );
    });
    has(&text, "assign o_0 = i == 4'd9;");
    has(&text, "assign o_1 = 1'b0;");
    has(&text, "assign o_2 = i != 4'd3;");
}
