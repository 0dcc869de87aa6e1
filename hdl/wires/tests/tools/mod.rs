//! What the tests share: a random source, and Verilator where it is installed.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::path::PathBuf;
use std::process::Command;

/// A small repeatable generator (splitmix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.word() % limit as u64) as usize
    }

    /// A value of `width` bits, often one of the corners.
    pub fn bits(&mut self, width: usize) -> Vec<u64> {
        let kind = self.below(8);
        let mut value: Vec<u64> = (0..width.div_ceil(64))
            .map(|_| match kind {
                0 => 0,
                1 => u64::MAX,
                2 => self.word() & self.word() & self.word(),
                _ => self.word(),
            })
            .collect();
        if width % 64 != 0 {
            *value.last_mut().expect("a word") &= (1 << (width % 64)) - 1;
        }
        value
    }
}

/// Whether Verilator can be run; says so where it cannot.
pub fn verilator() -> bool {
    let found = Command::new("verilator")
        .arg("--version")
        .output()
        .is_ok_and(|out| out.status.success());
    if !found {
        println!("SKIPPED: verilator is not installed");
    }
    found
}

/// A fresh folder for `name`.
pub fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

/// Fails where Verilator has anything to say about `verilog`.
pub fn lint(verilog: &str, top: &str) {
    if !verilator() {
        return;
    }
    let name = std::thread::current()
        .name()
        .unwrap_or("lint")
        .replace("::", "_");
    let file = folder(&format!("lint_{name}")).join(format!("{top}.v"));
    std::fs::write(&file, verilog).expect("the file can be written");
    let out = Command::new("verilator")
        .args([
            "--lint-only",
            "-Wall",
            "-Wno-DECLFILENAME",
            "-Wno-UNUSED",
            "--top-module",
            top,
        ])
        .arg(&file)
        .output()
        .expect("it ran a moment ago");
    let text = String::from_utf8_lossy(&out.stderr);
    assert!(
        out.status.success() && text.trim().is_empty(),
        "{text}\n{}",
        file.display()
    );
}
