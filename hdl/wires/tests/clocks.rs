//! What happens from clock to clock: registers, state, memories, ages, blocks, and the evaluator's ports.

use underpass_wires::*;

fn sim(describe: impl FnOnce()) -> Sim {
    Sim::new(&build("t", Ports::Fields, Blocks::Modules, describe))
}

/// What output `o` shows while `inputs` come, one a clock.
fn trace(sim: &mut Sim, inputs: &[u128]) -> Vec<u128> {
    let mut clock = |&input: &u128| {
        sim.set_int("i", input);
        let seen = sim.get_int("o");
        sim.step();
        seen
    };
    inputs.iter().map(&mut clock).collect()
}

#[test]
fn registers_delay() {
    let mut one = sim(|| output("o", input::<U<8>>("i").reg("q")));
    assert_eq!(trace(&mut one, &[1, 2, 3, 4]), [0, 1, 2, 3]);
    let mut three = sim(|| output("o", input::<U<8>>("i").delay("q", 3)));
    assert_eq!(trace(&mut three, &[1, 2, 3, 4, 5]), [0, 0, 0, 1, 2]);
    let mut none = sim(|| output("o", input::<U<8>>("i").delay("q", 0)));
    assert_eq!(trace(&mut none, &[1, 2]), [1, 2]);
}

#[test]
fn an_enable_holds() {
    let mut held = sim(|| {
        let i: U<8> = input("i");
        output("o", i.reg_en("q", i.bit(0)));
    });
    assert_eq!(trace(&mut held, &[1, 2, 4, 7, 8]), [0, 1, 1, 1, 7]);
}

#[test]
fn reset_clears_what_has_a_reset() {
    let mut both = sim(|| {
        let i: U<8> = input("i");
        let count = state_from("count", k::<8>(5));
        count.next(i.bit(0), count.q + 1);
        output("o", (i.reg_rst("cleared"), i.reg("kept"), count.q));
    });
    both.set_int("i", 3);
    assert_eq!(both.get_int("o_2"), 5);
    both.step();
    assert_eq!(["o_0", "o_1", "o_2"].map(|o| both.get_int(o)), [3, 3, 6]);
    both.reset();
    assert_eq!(["o_0", "o_1", "o_2"].map(|o| both.get_int(o)), [0, 3, 5]);
    both.set_int("reset", 1);
    both.step();
    assert_eq!(both.get_int("o_2"), 5, "reset wins over the enable");
    both.set_int("reset", 0);
    both.step();
    assert_eq!(
        both.get_int("o"),
        6 << 16 | 3 << 8 | 3,
        "a bundle's first field is lowest"
    );
}

#[test]
fn state_feeds_back() {
    let mut fibonacci = sim(|| {
        let s = state_from("pair", [k::<16>(0), k::<16>(1)]);
        let on: Bit = input("i");
        s.next(on, [s.q[1], s.q[0] + s.q[1]]);
        output("o", s.q[0]);
    });
    assert_eq!(
        trace(&mut fibonacci, &[1, 1, 1, 0, 1, 1, 1]),
        [0, 1, 1, 2, 2, 3, 5]
    );
}

#[test]
fn a_memory_may_take_the_low_bits_of_an_address() {
    let mut memory = sim(|| {
        let i: U<8> = input("i");
        let m = memory::<U<8>>("m", 16, Ram::Block);
        m.write(k(1), low(i), i);
        output("o", m.read("row", low(i)));
    });
    assert_eq!(
        trace(&mut memory, &[0x13, 0x23, 0x34, 0x43]),
        [0, 0, 0x13, 0]
    );
    assert_eq!(memory.get_int("o"), 0x23);
}

bundle! {
    /// A port's traffic in one clock.
    struct Access { write: Bit, at: U<4>, row: U<70>, look: U<4> }
}

fn access(sim: &mut Sim, write: bool, at: u128, row: u128, look: u128) {
    for (name, value) in [
        ("i_write", write.into()),
        ("i_at", at),
        ("i_row", row),
        ("i_look", look),
    ] {
        sim.set_int(name, value);
    }
}

#[test]
fn a_row_read_while_it_is_written_is_the_old_row() {
    let mut memory = sim(|| {
        let i: Access = input("i");
        let m = memory::<(U<6>, U<64>)>("m", 16, Ram::Block);
        m.write(i.write, i.at, (i.row.trunc(), i.row.slice(6)));
        output("o", m.read("row", i.look));
    });
    access(&mut memory, true, 3, 77, 3);
    memory.step();
    assert_eq!(memory.get_int("o"), 0, "memories start at zero");
    access(&mut memory, true, 3, 1 << 69 | 5, 3);
    memory.step();
    assert_eq!(memory.get_int("o"), 77);
    access(&mut memory, false, 3, 9, 3);
    memory.step();
    assert_eq!(memory.get_int("o"), 1 << 69 | 5);
    assert_eq!(memory.get_int("o_0"), 5);
}

#[test]
fn one_port_reads_what_it_overwrites() {
    let mut memory = sim(|| {
        let i: Access = input("i");
        let m = memory::<U<70>>("m", 16, Ram::Block);
        output("o", m.port("host", i.write, i.at, i.row));
        output("own", m.read("own", i.look));
    });
    access(&mut memory, true, 9, 123, 9);
    memory.step();
    assert_eq!((memory.get_int("o"), memory.get_int("own")), (0, 0));
    access(&mut memory, true, 9, 45, 9);
    memory.step();
    assert_eq!((memory.get_int("o"), memory.get_int("own")), (123, 123));
    access(&mut memory, false, 9, 0, 8);
    memory.step();
    assert_eq!((memory.get_int("o"), memory.get_int("own")), (45, 0));
}

#[test]
fn a_port_of_an_ultra_ram_reads_or_writes() {
    let mut memory = sim(|| {
        let i: Access = input("i");
        let m = memory::<U<70>>("m", 16, Ram::Ultra);
        output("o", m.port("host", i.write, i.at, i.row));
        output("own", m.read("own", i.look));
    });
    access(&mut memory, true, 9, 123, 9);
    memory.step();
    assert_eq!((memory.get_int("o"), memory.get_int("own")), (0, 0));
    access(&mut memory, false, 9, 0, 9);
    memory.step();
    assert_eq!((memory.get_int("o"), memory.get_int("own")), (123, 123));
    access(&mut memory, true, 8, 45, 8);
    memory.step();
    assert_eq!(
        (memory.get_int("o"), memory.get_int("own")),
        (123, 0),
        "a port that writes keeps what it had read, the other one sees the old row"
    );
}

#[test]
fn parts_of_a_row_are_written_on_their_own() {
    let mut memory = sim(|| {
        let (en, row, at): ([Bit; 3], [U<30>; 3], U<4>) = input("i");
        let m = memory::<[U<30>; 3]>("m", 16, Ram::Block);
        m.write_parts(en, at, row);
        output("o", m.read("row", at));
    });
    let mut expected = [0u128; 3];
    for enables in 0..8u128 {
        memory.set_int("i_2", 5);
        for (part, expected) in expected.iter_mut().enumerate() {
            let value = 0x2bcd_ef00 + 8 * enables + part as u128;
            memory.set_int(&format!("i_0_{part}"), enables >> part & 1);
            memory.set_int(&format!("i_1_{part}"), value);
            if enables >> part & 1 == 1 {
                *expected = value;
            }
        }
        memory.step();
        (0..3).for_each(|part| memory.set_int(&format!("i_0_{part}"), 0));
        memory.step();
        let found = [0, 1, 2].map(|part| memory.get_int(&format!("o_{part}")));
        assert_eq!(found, expected, "enables {enables:03b}");
    }
}

#[test]
fn behind_the_last_row_nothing_is_written() {
    let mut memory = sim(|| {
        let i: Access = input("i");
        let m = memory::<U<70>>("m", 11, Ram::Block);
        output("o", m.port("host", i.write, i.at, i.row));
    });
    for at in 0..16 {
        access(&mut memory, true, at, 77, 0);
        memory.step();
    }
    for at in 0..11 {
        access(&mut memory, false, at, 0, 0);
        memory.step();
        assert_eq!(memory.get_int("o"), 77, "row {at}");
    }
}

#[test]
fn wires_tell_their_age() {
    sim(|| {
        let i: (U<4>, Bit) = input("i");
        assert_eq!(i.age(), Some(0));
        assert_eq!(i.0.delay("late", 3).age(), Some(3));
        assert_eq!((i.0.reg("a"), k::<3>(1), i.1.timeless()).age(), Some(1));
        assert_eq!(i.timeless().age(), None);
        output("o", i.1);
    });
}

#[test]
fn distributed_memory_reads_within_the_clock() {
    let mut memory = sim(|| {
        let i: Access = input("i");
        let m = memory::<U<70>>("m", 16, Ram::Distributed);
        m.write(i.write, i.at, i.row);
        output("o", m.read_now(i.look));
    });
    access(&mut memory, true, 2, 11, 2);
    assert_eq!(memory.get_int("o"), 0);
    memory.step();
    assert_eq!(memory.get_int("o"), 11);
    access(&mut memory, false, 2, 12, 1);
    assert_eq!(memory.get_int("o"), 0);
}

#[test]
fn latency_is_counted_through_registers_memories_and_blocks() {
    let design = build("t", Ports::Packed, Blocks::Modules, || {
        let i: U<4> = input("i");
        let row = memory::<U<8>>("m", 16, Ram::Block).read("row", i.delay("a", 2));
        let out = block("b", (row, i.delay("c", 3)), |(row, c)| row + c.ext()).reg("d");
        output("o", out);
        output("mixed", (out, k::<3>(1), i.timeless()));
        output("told", i.timeless().aged(7).reg("e"));
        output("held", state_of(i.timeless()));
        output("now", i);
    });
    assert_eq!(design.latency("o"), Some(4));
    assert_eq!(
        design.latency("mixed"),
        Some(4),
        "timeless fields may stand beside"
    );
    assert_eq!(design.latency("told"), Some(8));
    assert_eq!(design.latency("held"), None);
    assert_eq!(design.latency("now"), Some(0));
    assert_eq!(design.latency("nothing"), None);
}

fn state_of(d: U<4>) -> U<4> {
    let s = state::<U<4>>("s");
    s.next(k(1), d);
    s.q
}

#[test]
fn a_bundle_packs_first_field_lowest_and_unpacks() {
    let mut round = sim(|| {
        let word: U<79> = input("i");
        let parts: Access = unpack(word);
        output("o", parts.pack::<79>());
        output("parts", parts);
        output("array", [k::<4>(1), k(2), k(3)].pack::<12>());
        output("nothing", ());
    });
    let value = 1 << 78 | 0x1234_5678_9abc << 5 | 0b1_0110 | 1;
    round.set_int("i", value);
    assert_eq!(round.get_int("o"), value);
    assert_eq!(round.get_int("parts"), value);
    assert_eq!(round.get_int("parts_write"), value & 1);
    assert_eq!(round.get_int("parts_row"), value >> 5 & ((1 << 70) - 1));
    assert_eq!(round.get_int("array"), 0x321);
    assert!(round.get("nothing").is_empty());
}

#[test]
fn fields_tell_where_a_bundle_has_what() {
    let list: Vec<(String, usize, usize)> = fields::<(Access, [Bit; 2])>()
        .into_iter()
        .map(|f| (f.path, f.lo, f.width))
        .collect();
    let field = |path: &str, lo, width| (path.to_string(), lo, width);
    assert_eq!(
        list,
        [
            field("0_write", 0, 1),
            field("0_at", 1, 4),
            field("0_row", 5, 70),
            field("0_look", 75, 4),
            field("1_0", 79, 1),
            field("1_1", 80, 1),
        ]
    );
}

#[test]
fn a_header_is_laid_out_in_wire_order() {
    let mut header = sim(|| {
        let [src, dst]: [U<48>; 2] = input("i");
        let x: U<144> = packet!(
            dst,
            src,
            k::<16>(0x0800),
            k::<4>(4),
            k::<4>(5),
            k::<24>(0xc0ffee)
        );
        output("o", x);
        output("version", x.at_bits::<4>(14, 0));
        output("length", x.at_bits::<4>(14, 4));
        output("ethertype", x.at::<16>(12));
        output("last", x.at::<24>(15));
        output("back", x.at::<48>(6));
    });
    header.set_int("i_0", 0x0a0b0c0d0e0f);
    header.set_int("i_1", 0x010203040506);
    let bytes: Vec<u8> = header
        .get("o")
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .take(18)
        .collect();
    assert_eq!(
        bytes,
        [1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15, 8, 0, 0x45, 0xc0, 0xff, 0xee],
        "as the packet travels"
    );
    let read = ["version", "length", "ethertype", "last", "back"].map(|name| header.get_int(name));
    assert_eq!(read, [4, 5, 0x0800, 0xc0ffee, 0x0a0b0c0d0e0f]);
}

#[test]
fn a_copy_of_a_simulation_goes_its_own_way() {
    let mut one = sim(|| output("o", input::<U<8>>("i").reg("q")));
    trace(&mut one, &[5]);
    let mut two = one.clone();
    trace(&mut two, &[9]);
    assert_eq!((one.get_int("o"), two.get_int("o")), (5, 9));
}

#[test]
fn wide_values_are_words() {
    let mut wide = sim(|| output("o", !input::<U<130>>("i")));
    wide.set("i", &[1]);
    assert_eq!(wide.get("o"), [!1, u64::MAX, 3]);
    wide.set_int("i", u128::MAX);
    assert_eq!(wide.get("o"), [0, 0, 3]);
}
