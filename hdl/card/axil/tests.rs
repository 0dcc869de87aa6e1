use super::*;
use crate::stream::frames::Noise;
use std::collections::{BTreeMap, VecDeque};
use underpass_wires::{build, input, output, Blocks, Ports, Sim};

fn sim() -> Sim {
    Sim::new(&build("axil", Ports::Fields, Blocks::Inline, || {
        let (out, request) = axil(input("axi_in"), input("response"));
        output("axi_out", out);
        output("request", request);
    }))
}

/// A master with up to `ahead` accesses of each kind under way, and registers that answer after `delay` clocks.
fn run(ahead: usize, delay: usize, stalls: usize, seed: u64) -> u64 {
    let mut noise = Noise(seed);
    let mut sim = sim();
    let writes: Vec<(u32, u32)> = (0..200).map(|i| (4 * noise.below(64) as u32, i)).collect();
    let reads: Vec<u32> = (0..200).map(|_| 4 * noise.below(64) as u32).collect();
    let (mut aw, mut w, mut ar) = (0, 0, 0);
    let (mut written, mut read) = (0, 0);
    let mut memory = BTreeMap::new();
    let mut answers: VecDeque<(usize, bool, u32)> = VecDeque::new();
    let mut done: Vec<(bool, u32, u32)> = vec![];
    let mut expected_reads: VecDeque<u32> = VecDeque::new();
    let mut offered = [false; 3];
    let mut now = 0;
    while written < writes.len() || read < reads.len() {
        // A valid that was given stays until it is taken.
        let mut wants = |i: usize, possible: bool| {
            offered[i] = possible && (offered[i] || noise.below(stalls) == 0);
            offered[i]
        };
        let (awvalid, wvalid) = (
            wants(0, aw < writes.len().min(written + ahead)),
            wants(1, w < writes.len().min(written + ahead)),
        );
        let arvalid = wants(2, ar < reads.len().min(read + ahead));
        let (bready, rready) = (noise.below(stalls) == 0, noise.below(stalls) == 0);
        let bits = [
            ("awvalid", awvalid),
            ("wvalid", wvalid),
            ("arvalid", arvalid),
            ("bready", bready),
            ("rready", rready),
        ];
        for (name, on) in bits {
            sim.set_int(&format!("axi_in_{name}"), u128::from(on));
        }
        sim.set_int(
            "axi_in_awaddr",
            u128::from(if awvalid { writes[aw].0 } else { 0xffff }),
        );
        sim.set_int(
            "axi_in_wdata",
            u128::from(if wvalid { writes[w].1 } else { 0xffff_ffff }),
        );
        sim.set_int(
            "axi_in_araddr",
            u128::from(if arvalid { reads[ar] } else { 0xffff }),
        );

        if sim.get_int("request_valid") == 1 {
            assert!(answers.is_empty(), "two requests at once");
            let write = sim.get_int("request_write") == 1;
            let address = sim.get_int("request_address") as u32;
            let data = sim.get_int("request_data") as u32;
            if write {
                memory.insert(address, data);
            }
            let value = memory.get(&address).copied().unwrap_or(0);
            done.push((write, address, data));
            if !write {
                expected_reads.push_back(value);
            }
            answers.push_back((now + delay, write, value));
        }
        let answer = answers.pop_front_if(|answer| answer.0 == now);
        sim.set_int("response_valid", u128::from(answer.is_some()));
        sim.set_int(
            "response_data",
            u128::from(answer.map_or(0xdead_beef, |answer| answer.2)),
        );

        let mut out = |name: &str| sim.get_int(&format!("axi_out_{name}")) as u32;
        for (i, name, at) in [
            (0, "awready", &mut aw),
            (1, "wready", &mut w),
            (2, "arready", &mut ar),
        ] {
            if offered[i] && out(name) == 1 {
                *at += 1;
                offered[i] = false;
            }
        }
        if bready && out("bvalid") == 1 {
            written += 1;
        }
        if rready && out("rvalid") == 1 {
            assert_eq!(Some(out("rdata")), expected_reads.pop_front());
            read += 1;
        }
        sim.step();
        now += 1;
        assert!(now < 100_000, "it hangs: {written} written, {read} read");
    }
    let order: Vec<(u32, u32)> = done
        .iter()
        .filter(|one| one.0)
        .map(|one| (one.1, one.2))
        .collect();
    assert_eq!(order, writes);
    let order: Vec<u32> = done.iter().filter(|one| !one.0).map(|one| one.1).collect();
    assert_eq!(order, reads);
    now as u64
}

#[test]
fn every_access_is_made_once_and_answered_once() {
    for seed in 1..20 {
        for stalls in [1, 2, 5] {
            for delay in [0, 1, 2, 9] {
                run(1 + seed as usize % 3, delay, stalls, seed * 977);
            }
        }
    }
}

#[test]
fn an_access_takes_few_clocks() {
    assert!(run(1, 2, 1, 5) <= 400 * 7);
}
