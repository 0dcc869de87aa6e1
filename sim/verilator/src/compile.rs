//! C++ to a shared library: few translation units, several compilers, the runtime only once.
//!
//! Most of the time of a small build is reading Verilator's headers, so the generated files are joined into a few
//! units of about the same size. Code that runs once (`__Slow`) is not optimised. Verilator's runtime depends on the
//! tools only, and its objects are kept in the cache beside the models.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use std::thread;

use crate::cache;
use crate::error::Error;
use crate::shim;
use crate::source::Source;
use crate::toolchain::Toolchain;
use crate::verilate::printed;

/// A unit is closed when it holds this much generated C++; beyond it g++ gains nothing and the last unit keeps the
/// others waiting.
const UNIT_BYTES: u64 = 400_000;

/// Symbols stay inside the library (and g++'s unique ones too), since several models live in one process, each with
/// its own copy of the runtime.
const FLAGS: &str = "-std=gnu++17 -fPIC -fvisibility=hidden -faligned-new -fcf-protection=none -w -DVL_TIME_CONTEXT \
     -DVL_USER_FATAL -DVM_SC=0 -DVM_TRACE_FST=0 -DVM_TRACE_SAIF=0";

/// What the C++ build of a source depends on besides the text, for the cache key.
pub(crate) fn flags(tools: &Toolchain, source: &Source) -> Vec<String> {
    let mut list: Vec<String> = FLAGS.split_whitespace().map(String::from).collect();
    if !tools.compiler_version().contains("clang") {
        list.push("-fno-gnu-unique".into());
    }
    let (trace, coverage) = (source.trace as u8, source.coverage as u8);
    list.push(format!("-DVM_TRACE={trace}"));
    list.push(format!("-DVM_TRACE_VCD={trace}"));
    list.push(format!("-DVM_COVERAGE={coverage}"));
    list
}

/// For code that runs every clock, each line of it once: what counts is how short it is, and that wide registers move by
/// vectors (measured against `-O1`, `-O2` and `-O3`).
pub(crate) const FAST: &[&str] = &["-Os", "-ftree-vectorize"];

/// One run of the compiler.
struct Unit {
    source: PathBuf,
    object: PathBuf,
    optimise: &'static [&'static str],
}

/// Compiles `dir/obj` and the shim into `library`.
pub(crate) fn compile(
    tools: &Toolchain,
    source: &Source,
    cache: &Path,
    dir: &Path,
    library: &Path,
) -> Result<(), Error> {
    let include = tools.include_dir()?;
    let mut common = flags(tools, source);
    for path in [&include, &include.join("vltstd")] {
        common.push(format!("-I{}", path.display()));
    }
    let runtime = runtime(tools, source, cache, &include, &common)?;

    let obj = dir.join("obj");
    let shim_file = obj.join("shim.cpp");
    fs::write(&shim_file, shim::text(source, source.clock_index()?))
        .map_err(Error::file("write", &shim_file))?;
    let units = units(&obj)?;
    run_all(tools, source, &common, &units)?;

    let mut link = tools.compiler_command();
    link.args(["-shared", "-Wl,-Bsymbolic", "-o"])
        .arg(library)
        .args(units.iter().map(|u| &u.object))
        .args(&runtime);
    link.args(["-pthread"]);
    run(&mut link, "linking", source)
}

/// The objects of Verilator's runtime, compiled unless the cache has them.
fn runtime(
    tools: &Toolchain,
    source: &Source,
    cache: &Path,
    include: &Path,
    common: &[String],
) -> Result<Vec<PathBuf>, Error> {
    let mut names = vec!["verilated", "verilated_threads"];
    if source.trace {
        names.push("verilated_vcd_c");
    }
    if source.coverage {
        names.push("verilated_cov");
    }
    let versions = [tools.version(), tools.compiler_version()];
    let key = cache::key(
        versions
            .into_iter()
            .chain(common.iter().map(String::as_str)),
    );
    let unit = |dir: &Path, name: &str| Unit {
        source: include.join(format!("{name}.cpp")),
        object: dir.join(format!("{name}.o")),
        optimise: &["-O2"],
    };
    let published = cache::publish(&cache.join("runtime"), &key, |dir| {
        let units: Vec<Unit> = names.iter().map(|name| unit(dir, name)).collect();
        run_all(tools, source, common, &units)
    })?;
    Ok(names
        .iter()
        .map(|name| unit(&published.dir, name).object)
        .collect())
}

/// Joins the generated files of `obj` into units, the biggest first so that the last to finish is a small one.
fn units(obj: &Path) -> Result<Vec<Unit>, Error> {
    let mut fast = Vec::new();
    let mut slow = Vec::new();
    for entry in fs::read_dir(obj)
        .map_err(Error::file("read", obj))?
        .flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".cpp") {
            let bytes = entry.metadata().map(|m| m.len()).unwrap_or(0);
            let list = if name.contains("__Slow") {
                &mut slow
            } else {
                &mut fast
            };
            list.push((bytes, name));
        }
    }
    let mut units = Vec::new();
    for (kind, optimise, mut files) in [("fast", FAST, fast), ("slow", &["-O0"], slow)] {
        files.sort_by(|a, b| b.cmp(a));
        for (at, group) in grouped(files).into_iter().enumerate() {
            let source = obj.join(format!("unit_{kind}_{at}.cpp"));
            let text: String = group
                .iter()
                .map(|name| format!("#include \"{name}\"\n"))
                .collect();
            fs::write(&source, text).map_err(Error::file("write", &source))?;
            units.push(Unit {
                object: source.with_extension("o"),
                source,
                optimise,
            });
        }
    }
    Ok(units)
}

/// Groups of file names, each of `UNIT_BYTES` or a little more.
fn grouped(files: Vec<(u64, String)>) -> Vec<Vec<String>> {
    let mut groups = Vec::new();
    let mut open = (0, Vec::new());
    for (bytes, name) in files {
        open.0 += bytes;
        open.1.push(name);
        if open.0 >= UNIT_BYTES {
            groups.push(std::mem::take(&mut open).1);
        }
    }
    if !open.1.is_empty() {
        groups.push(open.1);
    }
    groups
}

/// Compiles the units, as many at a time as there are jobs; the first failure is the one reported.
fn run_all(
    tools: &Toolchain,
    source: &Source,
    common: &[String],
    units: &[Unit],
) -> Result<(), Error> {
    let cores = || thread::available_parallelism().map_or(1, |n| n.get());
    let jobs = if source.jobs == 0 {
        cores()
    } else {
        source.jobs
    }
    .min(units.len());
    let next = AtomicUsize::new(0);
    let failure = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(unit) = units.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut command = tools.compiler_command();
                    command
                        .args(unit.optimise)
                        .args(common)
                        .arg("-c")
                        .arg(&unit.source)
                        .arg("-o")
                        .arg(&unit.object);
                    if let Err(error) = run(&mut command, "compiling", source) {
                        // The others need not start.
                        next.store(units.len(), Ordering::Relaxed);
                        failure
                            .lock()
                            .unwrap_or_else(|e| e.into_inner())
                            .get_or_insert(error);
                    }
                }
            });
        }
    });
    match failure.into_inner().unwrap_or_else(|e| e.into_inner()) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

fn run(command: &mut Command, step: &'static str, source: &Source) -> Result<(), Error> {
    let output = command.output().map_err(|error| Error::Start {
        command: command.get_program().to_string_lossy().into_owned(),
        source: error,
    })?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Refused {
        step,
        top: source.top.clone(),
        output: printed(&output),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_share_a_unit_and_big_ones_do_not_wait() {
        let file = |bytes, name: &str| (bytes, name.to_string());
        let groups = grouped(vec![
            file(900_000, "a"),
            file(300_000, "b"),
            file(200_000, "c"),
            file(10, "d"),
        ]);
        assert_eq!(groups, [vec!["a"], vec!["b", "c"], vec!["d"]]);
        assert!(grouped(Vec::new()).is_empty());
    }
}
