//! Chapter: what copies, mirrors and another round cost.

use std::fmt::Write;

use underpass_layout::profile::SIM;
use underpass_tests::paths::copies::{until_quiet, Left, Legs, Scene};
use underpass_tests::paths::{self, Path};
use underpass_tests::rtl;
use underpass_verilator::Library;

/// Packets of one line that go back to back.
const STREAM: usize = 40;

const SCENES: [Scene; 10] = [
    Scene::List(Legs::Local, 1),
    Scene::List(Legs::Local, 16),
    Scene::List(Legs::Local, 256),
    Scene::List(Legs::HeadEnd, 16),
    Scene::List(Legs::Tree, 16),
    Scene::MirrorHere,
    Scene::MirrorAway,
    Scene::MirrorEgress,
    Scene::MirrorBoth,
    Scene::Translate,
];

/// The chapter.
pub fn chapter() -> String {
    let library = rtl::library(&SIM);
    let mut text = String::from(
        "## Copies, mirrors, another round

One packet of VM 1 by itself, and many of them back to back. Latency: from its first beat in to the first beat of the first
frame that leaves. Between frames: clocks from the last beat of one to that of the next, least and most. In a stream: when up
to 40 come back to back, clocks from the last frame of one to that of the next. That is the pace of the output; what comes
faster waits in the buffer of rounds, and is lost, counted, when that is full: a packet that goes round is taken in twice, so
64 bytes with one copy can go on for ever at every third clock.

| what happens to it | bytes | frames that leave | latency | between frames | all out after | in a stream |
|---|---:|---:|---:|---:|---:|---:|
",
    );
    for scene in SCENES {
        for bytes in [64, 1500] {
            line(&mut text, &library, scene, bytes);
        }
    }
    beside_a_storm(&mut text, &library);
    text
}

fn line(text: &mut String, library: &Library, scene: Scene, bytes: usize) {
    let mut core = paths::core(library, &SIM);
    scene.set(&mut core, &SIM);
    let packet = scene.packet(bytes);
    let alone = until_quiet(&mut core, std::slice::from_ref(&packet));
    assert_eq!(alone.frames.len(), scene.frames(), "{}", scene.name());
    // No more than the buffer of rounds holds at once.
    let count = STREAM
        .min(4_000 / (scene.frames() * bytes.div_ceil(64)))
        .max(3);
    let many = until_quiet(&mut core, &vec![packet; count]);
    let _ = writeln!(
        text,
        "| {} | {bytes} | {} | {} | {} | {} | {} |",
        scene.name(),
        scene.frames(),
        alone.latency(),
        between(&alone),
        alone.clocks(),
        per_packet(&many, scene.frames(), count),
    );
}

fn between(left: &Left) -> String {
    let steps = left.steps();
    match (steps.iter().min(), steps.iter().max()) {
        (Some(least), Some(most)) if least == most => least.to_string(),
        (Some(least), Some(most)) => format!("{least} to {most}"),
        _ => "-".into(),
    }
}

/// Clocks of a packet in the second half of a stream.
fn per_packet(left: &Left, frames: usize, count: usize) -> String {
    if left.frames.len() != frames * count {
        return format!("{} of {} frames left", left.frames.len(), frames * count);
    }
    let half = count / 2;
    let clocks = left.frames[frames * count - 1].1 - left.frames[frames * half - 1].1;
    format!("{:.1}", clocks as f64 / (count - half) as f64)
}

fn beside_a_storm(text: &mut String, library: &Library) {
    text.push_str(
        "
A stream of frames from VM 2 to VM 1 alone, and beside a storm of broadcasts of VM 1 to 16 members as fast as they are
taken, both on one input and in turn: clocks a frame of the stream, and what became of the broadcasts. Fresh packets and
copies share the way in by beats; on the way out copies are longer by their tunnel headers.

| bytes of the stream's frames | of the broadcasts | alone | in the storm | copies that left for each frame of the stream |
|---:|---:|---:|---:|---:|
",
    );
    let path = Path::named("MPLSoGRE, bridged, to VM");
    for (bytes, storm) in [(64, 64), (1500, 64), (64, 1500), (1500, 1500)] {
        let scene = Scene::List(Legs::Tree, 16);
        let mut core = paths::core(library, &SIM);
        scene.set(&mut core, &SIM);
        let count = 400;
        let stream = path.packet(bytes);
        let alone = until_quiet(&mut core, &vec![stream.clone(); count]);
        let both: Vec<_> = (0..count)
            .flat_map(|_| [stream.clone(), scene.packet(storm)])
            .collect();
        let ran = until_quiet(&mut core, &both);
        let of_stream = |left: &Left| {
            let ends: Vec<u64> = left
                .frames
                .iter()
                .filter(|frame| Some(frame.2) == path.out)
                .map(|frame| frame.1)
                .collect();
            (ends[ends.len() - 1] - ends[0]) as f64 / (ends.len() - 1) as f64
        };
        let copies = ran.frames.iter().filter(|frame| Some(frame.2) != path.out);
        let _ = writeln!(
            text,
            "| {bytes} | {storm} | {:.1} | {:.1} | {:.1} |",
            of_stream(&alone),
            of_stream(&ran),
            copies.count() as f64 / count as f64
        );
    }
}
