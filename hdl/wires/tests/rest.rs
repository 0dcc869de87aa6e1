//! What rests while nothing passes: it does, and nobody can tell where something does pass.

mod tools;

use tools::{Random, Verilated};
use underpass_wires::*;

bundle! {
    /// A packet of one byte.
    struct Slot {
        valid: Bit,
        data: U<8>,
    }
}

/// Three clocks of everything: logic, a memory, state, what the valid bit counts, and a second input.
fn describe() {
    let slot: Slot = input("slot");
    rests_unless(slot.valid);
    let host: U<8> = input("host");
    let rows = memory::<U<8>>("rows", 16, Ram::Block);
    rows.write(slot.valid, low(slot.data), slot.data + 1);

    let valid1 = slot.valid.reg_rst("valid1");
    let valid2 = valid1.reg_rst("valid2");
    let valid3 = valid2.reg_rst("valid3");
    wire!(odd = slot.data.bit(0));
    wire!(chosen = mux(odd, slot.data ^ 0x55, slot.data + 3));
    let first = (chosen + chosen.shl(1)).reg("first");
    let row = rows.read("row", low(slot.data));
    let parts: Vec<U<8>> = (0..4).map(|i| first + i).collect();
    let second = (select(first.slice::<2>(0), &parts) ^ row).reg("second");
    let third = second.reg("third");

    let count = state::<U<8>>("count");
    count.next(valid1, count.q + 1);
    let counted = (first + count.q).reg("counted");
    let event = (slot.valid & odd).reg("event");
    let met = (slot.data + host).reg("met");
    output("there", valid3);
    output("data", third);
    output("counted", counted.reg("counted_later"));
    output("happened", event);
    output("met", met);
    // Parts of a row, which a simulator is told as one write.
    let thirds = memory::<[U<3>; 3]>("thirds", 8, Ram::Distributed);
    let parts = [0, 3, 5].map(|lo| host.slice::<3>(lo));
    let written = [0, 2, 5].map(|bit| slot.data.bit(bit));
    thirds.write_parts(written, slot.data.slice::<3>(1), parts);
    output("kept", thirds.read_now(host.slice::<3>(2)));
}

fn design() -> Design {
    build("rests", Ports::Fields, Blocks::Inline, describe)
}

#[test]
fn the_form_is_an_enable_that_a_device_does_not_have() {
    let text = design().verilog();
    let block = "  always @(posedge clock)\n    if (busy0) begin\n";
    let (_, behind) = text.split_once(block).expect(&text);
    let (inside, _) = behind.split_once("    end\n").expect(&text);
    assert!(
        inside.contains("chosen = ") && inside.contains("first <= "),
        "{text}"
    );
    assert!(
        text.contains("if (busy1) begin") && text.contains("if (busy2) begin"),
        "{text}"
    );
    assert!(text.contains("if (busy0) row <= rows["), "{text}");
    assert!(
        text.contains(
            "`ifdef SYNTHESIS\n  wire busy0 = 1'b1;\n`else\n  wire busy0 = slot_valid;\n"
        ),
        "{text}"
    );
    let blocks: Vec<&str> = text
        .split("lint_off BLKSEQ")
        .skip(1)
        .filter_map(|block| block.split("lint_on").next())
        .collect();
    // The valid bit had a part in the state that `counted` meets.
    for awake in [
        "event_ <= ",
        "met_2 <= ",
        "count <= ",
        "valid1 <= ",
        "counted_2 <= ",
    ] {
        assert!(
            blocks.iter().all(|block| !block.contains(awake)) && text.contains(awake),
            "{awake}\n{text}"
        );
    }
    tools::lint(&text, "rests");
}

#[test]
fn what_passes_is_the_same_as_if_nothing_rested() {
    let design = design();
    let Some(verilated) = Verilated::new("rests", &design) else {
        return;
    };
    let mut random = Random::new(9);
    let mut stimulus = vec![vec![vec![1], vec![0], vec![0], vec![0]]; 2];
    for _ in 0..3000 {
        let busy = random.below(3) == 0;
        let clock = [
            0,
            u64::from(busy),
            random.word() & 0xff,
            random.word() & 0xff,
        ];
        stimulus.push(clock.map(|word| vec![word]).to_vec());
    }
    let answers = verilated.run(&stimulus);
    let mut sim = Sim::new(&design);
    let (mut passed, mut valid) = (0, [false; 4]);
    for (clock, answer) in stimulus.iter().zip(&answers) {
        for (name, word) in ["reset", "slot_valid", "slot_data", "host"]
            .iter()
            .zip(clock)
        {
            sim.set_int(name, word[0].into());
        }
        sim.settle();
        let wanted =
            ["there", "data", "counted", "happened", "met", "kept"].map(|name| sim.get_int(name));
        let mut seen: Vec<u128> = answer.iter().map(|words| words[0].into()).collect();
        // The parts have a port each.
        let kept = seen.drain(5..).rev().fold(0, |row, part| row << 3 | part);
        seen.push(kept);
        // Valid bits, events and what meets another input are right in every clock, the others where something is.
        valid = [clock[1][0] == 1, valid[0], valid[1], valid[2]];
        for (which, right) in [true, valid[3], valid[3], true, true, true]
            .into_iter()
            .enumerate()
        {
            assert!(
                !right || seen[which] == wanted[which],
                "output {which}: {seen:?} {wanted:?}"
            );
        }
        passed += u32::from(valid[3]);
        sim.step();
    }
    assert!(passed > 500, "{passed}");
}
