//! Random networks of operators, registers, state and memories: the evaluator and Verilator agree on
//! every output in every clock, for each way of printing.

mod tools;

use tools::{Random, Verilated};
use underpass_wires::*;

/// Wires of a few widths to draw operands from.
struct Pool {
    w1: Vec<U<1>>,
    w5: Vec<U<5>>,
    w32: Vec<U<32>>,
    w64: Vec<U<64>>,
    w72: Vec<U<72>>,
    w200: Vec<U<200>>,
    random: Random,
    named: usize,
}

bundle! {
    /// One wire of each width.
    struct Each { w1: U<1>, w5: U<5>, w32: U<32>, w64: U<64>, w72: U<72>, w200: U<200> }
}

macro_rules! draw {
    ($pool:ident . $list:ident) => {{
        let index = $pool.random.below($pool.$list.len());
        $pool.$list[index]
    }};
}

/// Adds one wire of the given width by an operator that is drawn at random.
macro_rules! grow {
    ($pool:ident . $list:ident : $width:literal) => {{
        let (a, b) = (draw!($pool.$list), draw!($pool.$list));
        let (c, d, s) = (draw!($pool.w1), draw!($pool.w1), draw!($pool.w5));
        let number = $pool.random.bits($width);
        let kind = $pool.random.below(24);
        let x: U<$width> = match kind {
            0 => a & b,
            1 => a | b,
            2 => a ^ b,
            3 => !a,
            4 => a + b,
            5 => a - b,
            6 => mux(c, a, b),
            7 => first(&[(c, a), (d, b), (c ^ d, a ^ b)], konst(&number)),
            8 => one_of(&[(c, a), (d, b)]),
            9 => select(s.trunc::<2>(), &[a, b, konst(&number)]),
            10 => a.shl_by(s),
            11 => a.shr_by(s),
            12 => a.rotl_by(s),
            13 => a.reg_en("held", c).timeless(),
            14 => a.reg("plain").timeless(),
            15 => a.reg_rst("cleared").timeless(),
            16 => a.delay("late", 3).timeless(),
            17 => {
                let count = state_from::<U<$width>>("count", konst(&number));
                count.next(c, mux(d, count.q + a, b));
                count.q
            }
            18 => {
                let ram = memory::<U<$width>>("ram", 32, Ram::Block);
                ram.write(c, s, a);
                ram.read("row", draw!($pool.w5)).timeless()
            }
            19 => {
                let lut = memory::<U<$width>>("lut", 32, Ram::Distributed);
                lut.write(d, s, b);
                lut.read_now(draw!($pool.w5))
            }
            20 => {
                let ram = memory::<U<$width>>("shared", 32, Ram::Block);
                let host = ram.port("host", c, s, b);
                (host ^ ram.read("own", draw!($pool.w5))).timeless()
            }
            21 => konst(&number) & a,
            22 => a.shl(3) | b.rotl(7),
            _ => (draw!($pool.w200) ^ draw!($pool.w64).ext()).resize(),
        };
        let x = if $pool.random.below(4) == 0 {
            $pool.named += 1;
            name(&format!("n{}", $pool.named), x)
        } else {
            x
        };
        $pool.$list.push(x);
        let bit = match $pool.random.below(10) {
            0 => a.eq(b),
            1 => a.lt(b),
            2 => a.le(number_of::<$width>(&number)),
            3 => a.ge(b),
            4 => a.any(),
            5 => a.all(),
            6 => (a & konst(&number)).parity(),
            7 => a.bit($width / 2),
            8 => a.ne(b),
            _ => !x.parity(),
        };
        $pool.w1.push(bit);
    }};
}

fn number_of<const N: usize>(words: &[u64]) -> U<N> {
    konst(words)
}

/// Narrow wires from wide ones and back, by slices and concatenations.
fn regroup(pool: &mut Pool) {
    let wide = draw!(pool.w200);
    let lo = pool.random.below(100);
    pool.w5.push(wide.slice(lo));
    pool.w32.push(wide.at(lo / 8));
    pool.w64.push(wide.slice(lo));
    pool.w72.push(wide.at(lo / 8));
    pool.w5.push(wide.at_bits(lo / 8, lo % 8));
    let swapped = draw!(pool.w72).swap_bytes();
    pool.w200
        .push(cat!(draw!(pool.w64), swapped, draw!(pool.w64)));
    pool.w72.push(cat!(
        draw!(pool.w32),
        k::<3>(5),
        draw!(pool.w5),
        draw!(pool.w32)
    ));
    pool.w200.push(packet!(
        draw!(pool.w64),
        draw!(pool.w72),
        draw!(pool.w32),
        draw!(pool.w32)
    ));
}

fn network(pool: &mut Pool, steps: usize) {
    for _ in 0..steps {
        match pool.random.below(7) {
            0 | 1 => grow!(pool.w5: 5),
            2 => grow!(pool.w32: 32),
            3 => grow!(pool.w64: 64),
            4 => grow!(pool.w72: 72),
            5 => grow!(pool.w200: 200),
            _ => regroup(pool),
        }
    }
}

fn some(x: Each, seed: u64, steps: usize) -> Each {
    let Each {
        w1,
        w5,
        w32,
        w64,
        w72,
        w200,
    } = x;
    let mut pool = Pool {
        w1: vec![w1],
        w5: vec![w5],
        w32: vec![w32],
        w64: vec![w64],
        w72: vec![w72],
        w200: vec![w200],
        random: Random::new(seed),
        named: 0,
    };
    network(&mut pool, steps);
    /// Folds a list into one wire, so that all of it lives.
    fn all<const N: usize>(list: &[U<N>]) -> U<N> {
        list.iter().fold(zero(), |sum: U<N>, &x| sum.rotl(1) ^ x)
    }
    Each {
        w1: all(&pool.w1),
        w5: all(&pool.w5),
        w32: all(&pool.w32),
        w64: all(&pool.w64),
        w72: all(&pool.w72),
        w200: all(&pool.w200),
    }
}

fn design(seed: u64, ports: Ports, blocks: Blocks) -> Design {
    build("network", ports, blocks, || {
        let i: Each = input::<Each>("i").timeless();
        let first = block("first", i, |i| some(i, seed, 40));
        let both = block("nested", (i, first), |(i, first)| {
            let inner = block("inner", first, |x| some(x, seed + 1, 30));
            (
                block("inner", inner, |x| some(x, seed + 1, 30)),
                some(i, seed + 2, 30),
            )
        });
        output("a", both.0);
        output("b", both.1);
        output("direct", i.w5);
    })
}

fn agree(seed: u64, ports: Ports, blocks: Blocks) {
    let design = design(seed, ports, blocks);
    tools::lint(&design.verilog(), "network");
    let Some(verilated) = Verilated::new(&format!("network_{seed}"), &design) else {
        return;
    };
    let mut random = Random::new(seed ^ 99);
    let stimulus: Vec<Vec<Vec<u64>>> = (0..2000)
        .map(|clock| {
            let reset = u64::from(clock < 3 || random.below(100) == 0);
            let inputs = design
                .ports()
                .into_iter()
                .filter(|port| port.dir == Dir::In);
            std::iter::once(vec![reset])
                .chain(inputs.map(|port| random.bits(port.width)))
                .collect()
        })
        .collect();
    let answers = verilated.run(&stimulus);
    let mut sim = Sim::new(&design);
    let ports = design.ports();
    for (clock, (inputs, answer)) in stimulus.iter().zip(&answers).enumerate() {
        sim.set("reset", &inputs[0]);
        for (port, value) in ports
            .iter()
            .filter(|port| port.dir == Dir::In)
            .zip(&inputs[1..])
        {
            sim.set(&port.name, value);
        }
        for (port, value) in ports.iter().filter(|port| port.dir == Dir::Out).zip(answer) {
            assert_eq!(
                &sim.get(&port.name),
                value,
                "{} in clock {clock} of seed {seed}",
                port.name
            );
        }
        sim.step();
    }
}

#[test]
fn modules_with_a_port_per_field() {
    agree(1, Ports::Fields, Blocks::Modules);
}

#[test]
fn one_module_with_packed_ports() {
    agree(20, Ports::Packed, Blocks::Inline);
}

#[test]
fn modules_with_packed_ports() {
    agree(300, Ports::Packed, Blocks::Modules);
}
