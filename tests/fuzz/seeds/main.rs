//! Makes the corpus of every fuzz target anew, out of the examples: `cargo run -p underpass-tests --example fuzz_seeds`.
//!
//! ```text
//!   examples/*/*.pcap ─▶ frames ─┬─▶ rtl_and_model
//!                                └─▶ model ─▶ punts ─┬─▶ slow_path
//!                                                    └─▶ punt_ring
//! ```
//! Files of other names in `corpus/`, which are findings of old, stay as they are.

mod files;
mod frames;
mod messages;
mod punts;

use std::path::Path;

use underpass_tests::fuzz::corpus;

fn main() -> std::io::Result<()> {
    let traffic = frames::inputs();
    let punts = punts::of(&traffic);
    let seeds = |name: &'static str, files: Vec<(String, Vec<u8>)>| (name, files);
    let all = [
        seeds("conform_cases", files::cases()?),
        seeds("image_header", files::images()),
        seeds("network_yaml", files::networks()?),
        seeds("pcap", files::captures()?),
        seeds("punt_ring", punts::rings(&punts)),
        seeds("rtl_and_model", frames::files(&traffic)),
        seeds("slow_path", punts::files(&punts)),
        seeds("vfio_user_message", messages::files()),
    ];
    for (target, files) in all {
        let folder = corpus::folder(target);
        std::fs::create_dir_all(&folder)?;
        for (name, bytes) in &files {
            std::fs::write(folder.join(name), bytes)?;
        }
        println!("{}: {} inputs", folder.display(), files.len());
    }
    Ok(())
}

/// A file of the examples.
fn example(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples")
        .join(name)
}
