//! Leaves inside a RustHDL hierarchy: native simulation, generated Verilog, and their errors.

mod tools;

use rust_hdl_core::prelude::*;
use underpass_wires as wires;
use underpass_wires::rusthdl::{generate, plain_names, ClkRst, GenerateError};
use underpass_wires::{bundle, bus, leaf, only, state, Bundle, BundleExt, Sim as Native, U};

bundle! {
    /// What travels.
    struct Meta { valid: wires::Bit, len: U<16>, label: U<80> }
    /// What is counted.
    struct Count { packets: U<8>, bytes: U<40> }
}

bus! { MetaOut, MetaIn, <Meta as Bundle>::W }
bus! { CountOut, CountIn, Count::W }

/// How far the label moves.
#[derive(Clone, Debug, Default)]
struct Turn {
    by: usize,
}

fn turn(by: usize, m: Meta) -> Meta {
    Meta {
        label: m.label.rotl(by),
        ..m
    }
    .reg("turned")
}

fn count(m: Meta, more: wires::Bit) -> (Meta, Count) {
    let sum = state::<Count>("sum");
    let bytes = sum.q.bytes + m.len.ext();
    sum.next(
        m.valid,
        Count {
            packets: sum.q.packets + 1,
            bytes,
        },
    );
    (only(m.valid | more, m.reg("held").timeless()), sum.q)
}

leaf!(
    /// Rotates labels.
    TurnStage(turned: Turn) { meta_in: MetaIn } -> { meta: MetaOut },
    |m: Meta| -> Meta { turn(turned.by, m) });
leaf!(
    /// Counts packets.
    CountStage { meta_in: MetaIn, more: Signal<In, Bit> } -> { meta: MetaOut, sum: CountOut },
    |m: Meta, more: wires::Bit| -> (Meta, Count) { count(m, more) });

/// Structure only.
#[derive(LogicBlock, Default)]
struct Core {
    /// Clock and reset.
    pub cr: ClkRst,
    /// From outside.
    pub meta_in: MetaIn,
    /// From outside.
    pub more: Signal<In, Bit>,
    /// To outside.
    pub meta: MetaOut,
    /// To outside.
    pub sum: CountOut,
    turn: TurnStage,
    count: CountStage,
}

impl Core {
    fn new(by: usize) -> Self {
        Core {
            turn: TurnStage::new(Turn { by }),
            ..Default::default()
        }
    }
}

impl Logic for Core {
    #[hdl_gen]
    fn update(&mut self) {
        ClkRst::link(&mut self.cr, &mut self.turn.cr);
        ClkRst::link(&mut self.cr, &mut self.count.cr);
        MetaIn::link(&mut self.meta_in, &mut self.turn.meta_in);
        MetaOut::join(&mut self.turn.meta, &mut self.count.meta_in);
        self.count.more.next = self.more.val();
        MetaOut::link(&mut self.meta, &mut self.count.meta);
        CountOut::link(&mut self.sum, &mut self.count.sum);
    }
}

/// Joins and nothing else.
#[derive(LogicBlock, Default)]
struct Pair {
    /// Clock and reset.
    pub cr: ClkRst,
    /// From outside.
    pub meta_in: MetaIn,
    /// To outside.
    pub meta: MetaOut,
    first: TurnStage,
    second: TurnStage,
}

impl Logic for Pair {
    #[hdl_gen]
    fn update(&mut self) {
        ClkRst::link(&mut self.cr, &mut self.first.cr);
        ClkRst::link(&mut self.cr, &mut self.second.cr);
        MetaIn::link(&mut self.meta_in, &mut self.first.meta_in);
        MetaOut::join(&mut self.first.meta, &mut self.second.meta_in);
        MetaOut::link(&mut self.meta, &mut self.second.meta);
    }
}

/// The same core, all in wires.
fn reference(by: usize) -> wires::Design {
    wires::build("core", wires::Ports::Packed, wires::Blocks::Inline, || {
        let more: wires::Bit = wires::input("more");
        let (meta, sum) = count(turn(by, wires::input("meta_in")), more.timeless());
        wires::output("meta", meta);
        wires::output("sum", sum);
    })
}

fn words_of<const N: usize>(value: Bits<N>) -> Vec<u64> {
    let mut words = vec![0; N.div_ceil(64)];
    for bit in 0..N {
        words[bit / 64] |= u64::from(value.get_bit(bit)) << (bit % 64);
    }
    words
}

fn bits_of<const N: usize>(words: &[u64]) -> Bits<N> {
    (0..N).fold(Bits::default(), |value: Bits<N>, bit| {
        value.replace_bit(bit, words[bit / 64] >> (bit % 64) & 1 == 1)
    })
}

#[test]
fn a_block_that_only_joins_has_no_process() {
    let verilog = generate(Pair::default).expect("a whole hierarchy");
    assert!(
        verilog.contains("always @(*) second$meta_in$data = first$meta$data;"),
        "{verilog}"
    );
    assert!(!verilog.contains("always @(*) begin\n    end"), "{verilog}");
}

#[test]
fn native_simulation_equals_the_evaluator() {
    let mut random = tools::Random::new(7);
    for by in [0, 13] {
        let mut core = Core::new(by);
        core.connect_all();
        let mut native = Native::new(&reference(by));
        for clock in 0..200 {
            let meta = random.bits(Meta::W);
            let (more, reset) = (random.below(2) == 1, random.below(20) == 0);
            core.meta_in.data.next = bits_of(&meta);
            core.more.next = more;
            core.cr.reset.next = reset;
            core.cr.clock.next = Clock { clk: false };
            assert!(simulate(&mut core, 100), "settles");
            native.set("meta_in", &meta);
            native.set_int("more", more.into());
            native.set_int("reset", reset.into());
            assert_eq!(
                words_of(core.meta.data.val()),
                native.get("meta"),
                "clock {clock}"
            );
            assert_eq!(
                words_of(core.sum.data.val()),
                native.get("sum"),
                "clock {clock}"
            );
            core.cr.clock.next = Clock { clk: true };
            assert!(simulate(&mut core, 100), "settles");
            native.step();
            assert_eq!(
                words_of(core.meta.data.val()),
                native.get("meta"),
                "after edge {clock}"
            );
        }
    }
}

#[test]
fn a_leaf_can_be_looked_at_alone() {
    let design = TurnStage::new(Turn { by: 8 }).design();
    assert_eq!(design.latency("meta"), Some(1));
    let mut sim = Native::new(&design);
    sim.set_int("meta_in_label", 0x5);
    sim.step();
    assert_eq!(sim.get_int("meta_label"), 0x500);
}

#[test]
fn the_hierarchy_prints_and_lints() {
    let verilog = generate(|| Core::new(5)).expect("everything is driven");
    assert!(verilog.contains("module top$turn("), "{verilog}");
    assert!(
        verilog.contains("turned_label <= {meta_in_label[74:0], meta_in_label[79:75]};"),
        "{verilog}"
    );
    let plain = plain_names(&verilog).expect("no names meet");
    assert!(plain.contains("module top_turn("), "{plain}");
    tools::lint(&plain, "top");
}

/// Nothing drives its output.
#[derive(LogicBlock, Default)]
struct Undriven {
    /// Nothing comes out.
    pub meta: MetaOut,
}

impl Logic for Undriven {
    #[hdl_gen]
    fn update(&mut self) {}
}

#[test]
fn an_undriven_signal_is_named() {
    let error = generate(Undriven::default).expect_err("meta is open");
    assert_eq!(error, GenerateError::Open(vec!["uut$meta$data".into()]));
    assert_eq!(error.to_string(), "nothing drives uut$meta$data");
}

leaf!(
    /// Its bus is too narrow.
    Narrow { meta_in: MetaIn } -> { sum: CountOut },
    |m: Meta| -> Meta { m });

#[test]
fn a_bundle_on_the_wrong_bus_is_an_error() {
    let error = generate(Narrow::default).expect_err("widths differ");
    assert!(
        error
            .to_string()
            .ends_with("port sum has 48 bits, its bundle has 97"),
        "{error}"
    );
}
