//! Every operator on every kind of width against plain Rust on lists of bits, evaluated and folded.

mod tools;

use tools::Random;
use underpass_wires::*;

/// A number as its bits, the lowest first: a reference that shares nothing with the crate's words.
type Bits = Vec<bool>;

fn bits(words: &[u64], width: usize) -> Bits {
    (0..width)
        .map(|bit| words[bit / 64] >> (bit % 64) & 1 == 1)
        .collect()
}

fn words(bits: &[bool]) -> Vec<u64> {
    let mut words = vec![0; bits.len().div_ceil(64)];
    for (bit, &on) in bits.iter().enumerate() {
        words[bit / 64] |= u64::from(on) << (bit % 64);
    }
    words
}

fn zip(a: &[bool], b: &[bool], f: fn(bool, bool) -> bool) -> Bits {
    a.iter().zip(b).map(|(&a, &b)| f(a, b)).collect()
}

fn sum(a: &[bool], b: &[bool], mut carry: bool) -> Bits {
    let add = |(&a, &b): (&bool, &bool)| {
        let count = u8::from(a) + u8::from(b) + u8::from(carry);
        carry = count > 1;
        count % 2 == 1
    };
    a.iter().zip(b).map(add).collect()
}

fn not(a: &[bool]) -> Bits {
    a.iter().map(|a| !a).collect()
}

fn less(a: &[bool], b: &[bool]) -> bool {
    let differ = a.iter().zip(b).rev().find(|(a, b)| a != b);
    differ.is_some_and(|(&a, _)| !a)
}

fn number(bits: &[bool]) -> usize {
    bits.iter()
        .rev()
        .fold(0, |sum, &bit| (sum * 2 + usize::from(bit)).min(1 << 40))
}

fn shl(a: &[bool], by: usize) -> Bits {
    (0..a.len()).map(|bit| bit >= by && a[bit - by]).collect()
}

fn shr(a: &[bool], by: usize) -> Bits {
    (0..a.len())
        .map(|bit| bit + by < a.len() && a[bit + by])
        .collect()
}

fn rotl(a: &[bool], by: usize) -> Bits {
    (0..a.len())
        .map(|bit| a[(bit + a.len() - by % a.len()) % a.len()])
        .collect()
}

fn swapped(a: &[bool]) -> Bits {
    a.chunks(8).rev().flatten().copied().collect()
}

fn either(c: bool, t: &[bool], e: &[bool]) -> Bits {
    if c { t } else { e }.to_vec()
}

/// Describes all operators on `a`, `b` of `N` bits, `s` of 7 bits and `c`, as named outputs.
fn describe<const N: usize>(a: U<N>, b: U<N>, s: U<7>, c: Bit) {
    output("and", a & b);
    output("or", a | b);
    output("xor", a ^ b);
    output("not", !a);
    output("add", a + b);
    output("sub", a - b);
    output("eq", a.eq(b));
    output("ne", a.ne(b));
    output("lt", a.lt(b));
    output("le", a.le(b));
    output("gt", a.gt(b));
    output("ge", a.ge(b));
    output("any", a.any());
    output("all", a.all());
    output("parity", a.parity());
    output("masked", (a & b).parity());
    output("bit", a.bit(N / 2));
    output("slice", a.slice::<1>(N - 1));
    output("ext", a.ext::<700>());
    output("trunc", a.ext::<700>().trunc::<N>());
    output("resize", a.resize::<64>());
    output("shl", a.shl(N / 3));
    output("shr", a.shr(N / 3));
    output("shl_all", a.shl(N + 1));
    output("rotl", a.rotl(N / 3));
    output("shl_by", a.shl_by(s));
    output("shr_by", a.shr_by(s));
    output("rotl_by", a.rotl_by(s));
    output("wide_by", b.shl_by(a));
    output("mux", mux(c, a, b));
    output(
        "first",
        first(
            &[(c, a), (s.bit(0), b), (s.bit(1), a ^ b), (s.bit(2), !a)],
            !b,
        ),
    );
    output(
        "one_of",
        one_of(&[(c, a), (s.bit(0), b), (s.bit(1), a ^ b)]),
    );
    output("only", only(c, a));
    output("select", select(s.trunc::<2>(), &[a, b, !a]));
    output("select4", select(s.trunc::<2>(), &[a, b, !a, !b]));
    output("pair", select(c, &[a, b]));
    let joined: U<{ 7 + 1 }> = cat!(s, c);
    output("cat", joined);
    let triple: (U<N>, U<7>, Bit) = (b, s, c);
    output("wide_cat", triple);
    output("any_of", any_of(&[c, s.bit(3), a.bit(0)]));
    output("all_of", all_of(&[c, s.bit(3), a.bit(0)]));
    output("literal", a.resize::<9>() + 257);
    output("swap", a.resize::<136>().swap_bytes());
    output("cat_swap", {
        let x: U<{ 136 + 7 }> = cat!(a.resize::<136>().swap_bytes(), s);
        x
    });
    output("at", a.resize::<136>().at::<32>(3));
    output("at_wide", a.resize::<136>().at::<128>(1));
    output("at_bits", a.resize::<136>().at_bits::<13>(6, 3));
}

fn resized(a: &[bool], width: usize) -> Bits {
    (0..width)
        .map(|bit| a.get(bit).copied().unwrap_or(false))
        .collect()
}

/// What each output should be.
fn expected(a: &[bool], b: &[bool], s: &[bool], c: bool) -> Vec<(&'static str, Bits)> {
    let width = a.len();
    let flag = |on: bool| vec![on];
    let xor = zip(a, b, |a, b| a ^ b);
    let gate = |on: bool, x: &[bool]| either(on, x, &vec![false; width]);
    let or = |a: &[bool], b: &[bool]| zip(a, b, |a, b| a | b);
    let bytes = resized(a, 136);
    let network: Bits = bytes
        .chunks(8)
        .flat_map(|byte| byte.iter().rev())
        .copied()
        .collect();
    let field = |from: usize, bits: usize| -> Bits {
        network[from..from + bits].iter().rev().copied().collect()
    };
    let index = number(&s[..2]);
    let cases = [
        (c, a.to_vec()),
        (s[0], b.to_vec()),
        (s[1], xor.clone()),
        (s[2], not(a)),
    ];
    let chosen = cases
        .into_iter()
        .find(|(c, _)| *c)
        .map_or(not(b), |(_, x)| x);
    vec![
        ("and", zip(a, b, |a, b| a & b)),
        ("or", or(a, b)),
        ("xor", xor.clone()),
        ("not", not(a)),
        ("add", sum(a, b, false)),
        ("sub", sum(a, &not(b), true)),
        ("eq", flag(a == b)),
        ("ne", flag(a != b)),
        ("lt", flag(less(a, b))),
        ("le", flag(!less(b, a))),
        ("gt", flag(less(b, a))),
        ("ge", flag(!less(a, b))),
        ("any", flag(a.contains(&true))),
        ("all", flag(!a.contains(&false))),
        ("parity", flag(a.iter().filter(|&&a| a).count() % 2 == 1)),
        (
            "masked",
            flag(zip(a, b, |a, b| a & b).iter().filter(|&&a| a).count() % 2 == 1),
        ),
        ("bit", flag(a[width / 2])),
        ("slice", flag(a[width - 1])),
        ("ext", resized(a, 700)),
        ("trunc", a.to_vec()),
        ("resize", resized(a, 64)),
        ("shl", shl(a, width / 3)),
        ("shr", shr(a, width / 3)),
        ("shl_all", vec![false; width]),
        ("rotl", rotl(a, width / 3)),
        ("shl_by", shl(a, number(s))),
        ("shr_by", shr(a, number(s))),
        ("rotl_by", rotl(a, number(s))),
        ("wide_by", shl(b, number(a))),
        ("mux", either(c, a, b)),
        ("first", chosen),
        (
            "one_of",
            or(&or(&gate(c, a), &gate(s[0], b)), &gate(s[1], &xor)),
        ),
        ("only", gate(c, a)),
        (
            "select",
            [a.to_vec(), b.to_vec(), not(a), not(a)][index].clone(),
        ),
        (
            "select4",
            [a.to_vec(), b.to_vec(), not(a), not(b)][index].clone(),
        ),
        ("pair", either(c, b, a)),
        ("cat", [&[c], s].concat()),
        ("wide_cat", [b, s, &[c]].concat()),
        ("any_of", flag(c | s[3] | a[0])),
        ("all_of", flag(c & s[3] & a[0])),
        ("literal", sum(&resized(a, 9), &bits(&[257], 9), false)),
        ("swap", swapped(&bytes)),
        ("cat_swap", [s, &swapped(&bytes)[..]].concat()),
        ("at", field(24, 32)),
        ("at_wide", field(8, 128)),
        ("at_bits", field(51, 13)),
    ]
}

fn evaluated<const N: usize>(random: &mut Random) {
    let design = build("evaluated", Ports::Packed, Blocks::Inline, || {
        describe::<N>(input("a"), input("b"), input("s"), input("c"));
    });
    tools::lint(&design.verilog(), "evaluated");
    let mut sim = Sim::new(&design);
    for _ in 0..300 {
        let (a, mut b) = (random.bits(N), random.bits(N));
        if random.below(8) == 0 {
            b.clone_from(&a);
        }
        let (s, c) = (random.bits(7), random.bits(1));
        for (name, value) in [("a", &a), ("b", &b), ("s", &s), ("c", &c)] {
            sim.set(name, value);
        }
        for (name, want) in expected(&bits(&a, N), &bits(&b, N), &bits(&s, 7), c[0] == 1) {
            assert_eq!(
                sim.get(name),
                words(&want),
                "{name} of {N} bits: {a:x?} {b:x?} {s:x?} {c:?}"
            );
        }
    }
}

/// The same with constants, which must fold to the same numbers and leave nothing to evaluate.
fn folded<const N: usize>(random: &mut Random) {
    for _ in 0..20 {
        let (a, b, s, c) = (
            random.bits(N),
            random.bits(N),
            random.bits(7),
            random.bits(1),
        );
        let design = build("folded", Ports::Packed, Blocks::Inline, || {
            describe::<N>(konst(&a), konst(&b), konst(&s), konst(&c));
        });
        let mut sim = Sim::new(&design);
        assert_eq!(sim.instructions(), 0, "all of it folds");
        for (name, want) in expected(&bits(&a, N), &bits(&b, N), &bits(&s, 7), c[0] == 1) {
            assert_eq!(
                sim.get(name),
                words(&want),
                "{name} of {N} bits: {a:x?} {b:x?} {s:x?} {c:?}"
            );
        }
    }
}

/// One constant operand: folds of neutral and absorbing values.
fn half_folded<const N: usize>(random: &mut Random) {
    for corner in 0..4 {
        let constant = match corner {
            0 => vec![0; N.div_ceil(64)],
            1 => words(&vec![true; N]),
            _ => random.bits(N),
        };
        let (s, c) = (random.bits(7), random.bits(1));
        for left in [true, false] {
            let design = build("half", Ports::Packed, Blocks::Inline, || {
                let (x, y) = (input("x"), konst(&constant));
                let (a, b) = if left { (x, y) } else { (y, x) };
                describe::<N>(a, b, konst(&s), konst(&c));
            });
            if left && corner < 2 {
                tools::lint(&design.verilog(), "half");
            }
            let mut sim = Sim::new(&design);
            for _ in 0..20 {
                let x = random.bits(N);
                sim.set("x", &x);
                let (a, b) = if left {
                    (&x, &constant)
                } else {
                    (&constant, &x)
                };
                for (name, want) in expected(&bits(a, N), &bits(b, N), &bits(&s, 7), c[0] == 1) {
                    assert_eq!(
                        sim.get(name),
                        words(&want),
                        "{name} of {N} bits: {a:x?} {b:x?} {s:x?} {c:?}"
                    );
                }
            }
        }
    }
}

macro_rules! widths {
    ($($name:ident $n:literal)*) => {$(
        #[test]
        fn $name() {
            let mut random = Random::new($n);
            evaluated::<$n>(&mut random);
            folded::<$n>(&mut random);
            half_folded::<$n>(&mut random);
        }
    )*};
}

widths! {
    bits_1 1
    bits_2 2
    bits_13 13
    bits_32 32
    bits_63 63
    bits_64 64
    bits_65 65
    bits_128 128
    bits_136 136
    bits_577 577
}
