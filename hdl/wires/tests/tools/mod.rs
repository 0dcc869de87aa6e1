//! What the tests share: a random source, and Verilator, installed or fetched.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use underpass_verilator::Toolchain;

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
        if !width.is_multiple_of(64) {
            *value.last_mut().expect("a word") &= (1 << (width % 64)) - 1;
        }
        value
    }
}

/// A command that runs Verilator, installed or fetched as the project does it; says so where there is none.
pub fn verilator() -> Option<Command> {
    static TOOLCHAIN: OnceLock<Result<Toolchain, String>> = OnceLock::new();
    let found = TOOLCHAIN.get_or_init(|| Toolchain::find().map_err(|error| error.to_string()));
    match found {
        Ok(toolchain) => Some(toolchain.verilator_command()),
        Err(error) => {
            println!("SKIPPED: {error}");
            None
        }
    }
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
    let Some(mut verilator) = verilator() else {
        return;
    };
    let name = std::thread::current()
        .name()
        .unwrap_or("lint")
        .replace("::", "_");
    let file = folder(&format!("lint_{name}")).join(format!("{top}.v"));
    std::fs::write(&file, verilog).expect("the file can be written");
    let out = verilator
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

/// A design compiled by Verilator into a program that reads inputs and prints outputs, clock by clock.
pub struct Verilated {
    program: PathBuf,
    outputs: Vec<usize>,
    folder: PathBuf,
}

impl Verilated {
    /// `None` where Verilator is not installed.
    pub fn new(name: &str, design: &underpass_wires::Design) -> Option<Self> {
        use underpass_wires::Dir;
        let mut verilator = verilator()?;
        let (folder, top) = (folder(name), design.name());
        let ports = design.ports();
        let mut io = [String::from("    read(reset);\n"), String::new()];
        for port in &ports {
            let call = match (port.dir, port.width.div_ceil(64)) {
                (Dir::In, 1) => format!("    read(top.{});\n", port.name),
                (Dir::In, _) => format!(
                    "    read_wide(top.{}, {});\n",
                    port.name,
                    port.width.div_ceil(32)
                ),
                (Dir::Out, 1) => format!("    print(top.{});\n", port.name),
                (Dir::Out, _) => format!(
                    "    print_wide(top.{}, {});\n",
                    port.name,
                    port.width.div_ceil(32)
                ),
            };
            io[usize::from(port.dir == Dir::Out)] += &call;
        }
        let [reads, prints] = io;
        let main = MAIN
            .replace("@TOP@", top)
            .replace("@READ@", &reads)
            .replace("@PRINT@", &prints);
        std::fs::write(folder.join("main.cpp"), main).expect("the folder is ours");
        std::fs::write(folder.join("design.v"), design.verilog()).expect("the folder is ours");
        // Verilator's rewriting of bit-operator trees gives wrong answers for XORs of single bits, in
        // Debian's 5.006 and in some later releases (its issues 4059 and 5186); -O3 would
        // switch it on again.
        let out = verilator
            .args([
                "--cc",
                "--exe",
                "--build",
                "-O3",
                "-fno-const-bit-op-tree",
                "--x-assign",
                "0",
                "--x-initial",
                "0",
                "-CFLAGS",
                "-O0",
            ])
            .args([
                "-Wall",
                "-Wno-DECLFILENAME",
                "-Wno-UNUSED",
                "--top-module",
                top,
                "-o",
                "run",
            ])
            .args(["design.v", "main.cpp"])
            .current_dir(&folder)
            .output()
            .expect("it ran a moment ago");
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        let outputs = ports
            .iter()
            .filter(|port| port.dir == Dir::Out)
            .map(|port| port.width)
            .collect();
        Some(Verilated {
            program: folder.join("obj_dir/run"),
            outputs,
            folder,
        })
    }

    /// Outputs for each clock's inputs, `reset` first.
    pub fn run(&self, stimulus: &[Vec<Vec<u64>>]) -> Vec<Vec<Vec<u64>>> {
        let line = |words: &Vec<Vec<u64>>| -> String {
            words
                .iter()
                .flatten()
                .map(|word| format!("{word:x} "))
                .collect()
        };
        let text: Vec<String> = stimulus.iter().map(line).collect();
        let file = self.folder.join("stimulus");
        std::fs::write(&file, text.join("\n") + "\n").expect("the folder is ours");
        let out = Command::new(&self.program)
            .arg(&file)
            .output()
            .expect("it was just built");
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        let text = String::from_utf8(out.stdout).expect("hexadecimal");
        let answers = text.lines().map(|line| {
            let mut words = line
                .split(' ')
                .map(|word| u64::from_str_radix(word, 16).expect("hexadecimal"));
            self.outputs
                .iter()
                .map(|width| words.by_ref().take(width.div_ceil(64)).collect())
                .collect()
        });
        answers.collect()
    }
}

const MAIN: &str = r#"#include "V@TOP@.h"
#include "verilated.h"
#include <cstdio>
#include <cstdint>
static FILE *in;
static uint64_t word() { unsigned long long x; if (fscanf(in, "%llx", &x) != 1) x = 0; return x; }
template <class T> static void read(T &x) { x = static_cast<T>(word()); }
template <class T> static void read_wide(T &x, int n) {
    for (int i = 0; i < n; i += 2) {
        uint64_t w = word();
        x[i] = static_cast<uint32_t>(w);
        if (i + 1 < n) x[i + 1] = static_cast<uint32_t>(w >> 32);
    }
}
static const char *gap = "";
static void put(uint64_t x) { printf("%s%llx", gap, (unsigned long long)x); gap = " "; }
template <class T> static void print(const T &x) { put(x); }
template <class T> static void print_wide(const T &x, int n) {
    for (int i = 0; i < n; i += 2) put(x[i] | (i + 1 < n ? uint64_t(x[i + 1]) << 32 : 0));
}
int main(int argc, char **argv) {
    if (argc < 2 || !(in = fopen(argv[1], "r"))) return 1;
    static V@TOP@ top;
    uint8_t reset = 0;
    top.clock = 0;
    top.eval();
    for (int c; (c = fgetc(in)) != EOF;) {
        ungetc(c, in);
@READ@
        top.reset = reset;
        top.eval();
        gap = "";
@PRINT@
        putchar('\n');
        top.clock = 1;
        top.eval();
        top.clock = 0;
        top.eval();
        while ((c = fgetc(in)) == ' ' || c == '\n') {}
        if (c != EOF) ungetc(c, in);
    }
    return 0;
}
"#;
