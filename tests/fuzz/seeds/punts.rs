//! Inputs of `slow_path` and `punt_ring`: what the model punts of the frames of the examples.

use underpass_layout::meta::BEAT_BYTES;
use underpass_layout::port;
use underpass_layout::profile::SIM;
use underpass_model::Core;
use underpass_tests::fuzz::bytes::put_counted;
use underpass_tests::fuzz::networks::{compiled, IPV6_UNDERLAY, TWO_COMPUTES};
use underpass_tests::fuzz::rtl_and_model::Input;

/// Punted frames behind their shims, of one input.
pub struct Punts {
    name: String,
    network: u8,
    frames: Vec<Vec<u8>>,
}

/// What is punted of the inputs that belong to an example.
pub fn of(inputs: &[(String, Input)]) -> Vec<Punts> {
    let mut cores = [TWO_COMPUTES, IPV6_UNDERLAY].map(core);
    let mut all = Vec::new();
    for (name, input) in inputs {
        let Some(core) = cores.get_mut(usize::from(input.tables)) else {
            continue;
        };
        let outputs = input.packets.iter();
        let outputs = outputs.map(|packet| core.process(&packet.bytes, packet.port));
        let punted = outputs.filter(|output| output.port == Some(port::SLOW));
        let frames: Vec<Vec<u8>> = punted.map(|output| output.frame).collect();
        if !frames.is_empty() {
            all.push(Punts {
                name: name.clone(),
                network: input.tables,
                frames,
            });
        }
    }
    all
}

fn core(network: &str) -> Core {
    let mut core = Core::new(&SIM);
    for step in compiled(network).1.plan.steps {
        core.write_row(step.table, step.address as usize, &step.words)
            .unwrap_or_else(|error| panic!("{error}"));
    }
    core
}

/// As inputs of `slow_path`, a tenth of a second apart.
pub fn files(punts: &[Punts]) -> Vec<(String, Vec<u8>)> {
    let file = |punts: &Punts| {
        let mut bytes = vec![punts.network];
        for frame in &punts.frames {
            let (shim, frame) = frame.split_at(BEAT_BYTES);
            bytes.push(5);
            bytes.extend(shim);
            put_counted(&mut bytes, frame);
        }
        (punts.name.clone(), bytes)
    };
    punts.iter().map(file).collect()
}

/// As inputs of `punt_ring`: a round for each frame.
pub fn rings(punts: &[Punts]) -> Vec<(String, Vec<u8>)> {
    let file = |punts: &Punts| {
        let (mut bytes, mut filled) = (Vec::new(), 0u32);
        for frame in &punts.frames {
            let beats = frame.len().div_ceil(BEAT_BYTES);
            let first = filled % 64;
            filled += beats as u32;
            bytes.extend(filled.to_le_bytes());
            bytes.extend([0; 12]);
            bytes.extend([beats as u8, first as u8]);
            bytes.extend(frame);
            bytes.resize(bytes.len() + beats * BEAT_BYTES - frame.len(), 0);
        }
        (punts.name.clone(), bytes)
    };
    punts.iter().map(file).collect()
}
