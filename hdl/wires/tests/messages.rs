//! Every mistake a description can make, and the line it is reported at.

use std::panic::{catch_unwind, AssertUnwindSafe};
use underpass_wires::*;

/// What `describe` is refused with, without its place, which must be line `line` of this file.
fn refused(line: u32, describe: impl FnOnce()) -> String {
    refused_with(line, Blocks::Modules, describe)
}

fn refused_with(line: u32, blocks: Blocks, describe: impl FnOnce()) -> String {
    let run = AssertUnwindSafe(|| build("t", Ports::Fields, blocks, describe));
    let panic = catch_unwind(run).expect_err("the description is wrong");
    let text = panic.downcast_ref::<String>().expect("a message").clone();
    let mut parts = text.splitn(4, ':');
    let (file, at, column) = (parts.next(), parts.next(), parts.next());
    assert!(
        file.is_some_and(|file| file.ends_with("tests/messages.rs")),
        "{text}"
    );
    assert_eq!(at.and_then(|at| at.parse().ok()), Some(line), "{text}");
    assert!(
        column.is_some_and(|column| column.parse::<u32>().is_ok()),
        "{text}"
    );
    parts.next().unwrap_or_default().trim_start().to_string()
}

/// `refuses!({ statements } => "message")`, the mistake on the line of the macro.
macro_rules! refuses {
    ($body:block => $message:expr) => {
        assert_eq!(
            refused(line!(), || {
                let _ = $body;
            }),
            $message
        )
    };
}

fn wire<const N: usize>() -> U<N> {
    name("win", input("i"))
}

#[test]
fn ranges() {
    refuses!({ wire::<96>().slice::<16>(84) } => "bits 84..100 of i which has 96");
    refuses!({ (wire::<96>() ^ 5).slice::<16>(84) } => "bits 84..100 of a wire which has 96");
    refuses!({ wire::<8>().bit(8) } => "bits 8..9 of i which has 8");
    refuses!({ wire::<8>().slice::<0>(3) } => "bits 3..3 of i which has 8");
    refuses!({ wire::<96>().at::<32>(10) } => "bytes 10..14 of i which has 12");
    refuses!({ wire::<96>().at_bits::<9>(11, 0) } => "bytes 11..13 of i which has 12");
    refuses!({ wire::<12>().swap_bytes() } => "swap_bytes of 12 bits, which are not whole bytes");
    refuses!({ wire::<12>().ext::<8>() } => "ext to 8 bits of i which has 12");
    refuses!({ wire::<12>().trunc::<16>() } => "trunc to 16 bits of i which has 12");
}

#[test]
fn widths_of_joined_wires() {
    refuses!({ let _: U<12> = cat!(wire::<5>(), k::<3>(1)); } => "cat! gives 8 bits where 12 are wanted");
    refuses!({ let _: U<16> = packet!(wire::<5>(), k::<3>(1)); } => "packet! gives 8 bits where 16 are wanted");
    refuses!({ let _: U<12> = packet!(wire::<12>()); } => "packet! of 12 bits, which are not whole bytes");
    refuses!({ let _: U<9> = (wire::<5>(), k::<3>(1)).pack(); } => "pack gives 8 bits where 9 are wanted");
    refuses!({ let _: (Bit, U<8>) = unpack(wire::<8>()); } => "unpack gives 8 bits where 9 are wanted");
}

#[test]
fn constants() {
    refuses!({ k::<4>(17) } => "17 does not fit 4 bits");
    refuses!({ k::<4>(-1) } => "-1 does not fit 4 bits");
    refuses!({ wire::<4>() + 16 } => "16 does not fit 4 bits");
    refuses!({ wire::<4>().lt(99) } => "99 does not fit 4 bits");
    refuses!({ konst::<65>(&[0, 2]) } => "2 words do not fit 65 bits");
    refuses!({ konst::<64>(&[0, 1]) } => "2 words do not fit 64 bits");
}

#[test]
fn choices() {
    refuses!({ select(wire::<2>(), &[k::<4>(1); 5]) } => "select from 5 items, index has 2 bits");
    refuses!({ select::<Bit, 2>(wire::<2>(), &[]) } => "select from no items");
}

#[test]
fn ages() {
    refuses!({ let i: U<8> = input("i"); i.reg("one") + i.delay("three", 3) } =>
        "meets wires 1 and 3 clocks old (one and three)");
    refuses!({ let i: U<8> = input("i"); mux(i.bit(0), i.reg("a") ^ 1, i.reg("b") ^ 2) } =>
        "meets wires 0 and 1 clocks old");
    refuses!({ let i: Bit = input("i"); i.reg("a").reg_en("b", i) } => "meets wires 1 and 0 clocks old (a and i)");
    refuses!({ let i: U<4> = input("i"); output("o", (i, i.reg("late"))) } =>
        "output o has o_0 0 and o_1 1 clocks old");
    refuses!({ let i: U<4> = input("i"); state::<U<4>>("s").next(i.bit(0), i.reg("late")) } =>
        "meets wires 0 and 1 clocks old (a wire and late)");
    refuses!({ let i: U<4> = input("i"); memory::<U<4>>("m", 16, Ram::Block).write(k(1), i, i.reg("late")) } =>
        "meets wires 0 and 1 clocks old (i and late)");
    // A constant does not hide a mistake.
    refuses!({ let i: U<4> = input("i"); one_of(&[(k(0), i), (k(1), i.reg("late"))]) } =>
        "meets wires 0 and 1 clocks old (i and late)");
}

#[test]
fn registers() {
    let undriven = refused(line!(), || _ = state::<U<4>>("count"));
    assert_eq!(undriven, "register count of t is never driven");
    refuses!({ let s = state::<U<4>>("count"); s.next(k(1), s.q); s.next(k(1), s.q) } =>
        "register count driven twice");
    refuses!({ state_from("count", wire::<4>()) } => "reset value of count is not constant");
}

#[test]
fn memories() {
    refuses!({ memory::<U<4>>("m", 1, Ram::Block) } => "memory m has 1 words, which is less than two");
    refuses!({ memory::<()>("m", 64, Ram::Block) } => "memory m has rows of no bits");
    refuses!({ memory::<U<4>>("m", 32, Ram::Block).read("row", wire::<4>()) } =>
        "memory m has 32 words, address has 4 bits");
    refuses!({ memory::<U<4>>("m", 32, Ram::Block).read("row", low(wire::<4>())) } =>
        "memory m has 32 words, address has 4 bits");
    refuses!({ memory::<U<4>>("m", 16, Ram::Ultra).read_now(wire::<4>()) } =>
        "memory m is ultra RAM, which cannot be read within a clock");
    refuses!({ let m = memory::<U<4>>("m", 16, Ram::Block); block("b", wire::<4>(), |a| m.read("row", a)) } =>
        "memory m of another module used here: describe it in this block");
}

#[test]
fn ports_and_blocks() {
    refuses!({ input::<Bit>("i"); input::<Bit>("i") } => "port i declared twice");
    refuses!({ let i: Bit = input("i"); output("i", i) } => "port i declared twice");
    refuses!({ block("b", (), |()| input::<Bit>("i")) } => "port i inside a block: only the top description has ports");
    refuses!({ let x = wire::<4>(); block("b", (), |()| x + 1) } =>
        "wire of another module used here: pass it in through the block's input");
    refuses!({ let x = wire::<4>(); block("b", (), |()| x) } =>
        "wire of another module used here: pass it in through the block's input");
    let mut kept = None;
    build("other", Ports::Fields, Blocks::Modules, || {
        kept = Some(wire::<4>())
    });
    refuses!({ kept.map(|x| x + 1) } => "wire of another description used here");
}

#[test]
fn a_constant_may_be_used_anywhere() {
    let design = build("t", Ports::Fields, Blocks::Modules, || {
        let five = k::<8>(5);
        output("o", block("b", wire::<8>(), |x| x + five));
    });
    assert!(
        design.verilog().contains("i + 8'd5"),
        "{}",
        design.verilog()
    );
}

#[test]
fn wires_need_a_description() {
    let panic = catch_unwind(|| k::<4>(1)).expect_err("nothing runs");
    let text = panic.downcast_ref::<String>().expect("a message");
    assert!(
        text.ends_with("wires exist only while a description runs: call this inside build(..)"),
        "{text}"
    );
}

#[test]
fn a_refused_description_leaves_nothing_behind() {
    refuses!({ k::<1>(2) } => "2 does not fit 1 bits");
    let design = build("t", Ports::Fields, Blocks::Modules, || {
        output("o", wire::<1>())
    });
    assert_eq!(design.ports().len(), 2);
}

#[test]
fn the_evaluator_names_ports_and_widths() {
    let design = build("t", Ports::Fields, Blocks::Modules, || {
        output("o", wire::<4>())
    });
    let refusal = |f: fn(&mut Sim)| {
        let mut sim = Sim::new(&design);
        let panic = catch_unwind(AssertUnwindSafe(|| f(&mut sim))).expect_err("the call is wrong");
        panic
            .downcast_ref::<String>()
            .expect("a message")
            .rsplit(": ")
            .next()
            .map(str::to_string)
    };
    let is = |text: &str| Some(text.to_string());
    assert_eq!(
        refusal(|sim| sim.set_int("i", 16)),
        is("value of input i does not fit 4 bits")
    );
    assert_eq!(
        refusal(|sim| sim.set_int("x", 1)),
        is("no input x; there are i")
    );
    assert_eq!(
        refusal(|sim| drop(sim.get("x"))),
        is("no output x; there are o")
    );
}
