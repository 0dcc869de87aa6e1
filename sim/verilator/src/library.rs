//! A built model on disk, loaded into this process; as many instances as one likes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crate::cache;
use crate::compile;
use crate::error::Error;
use crate::ffi::{Api, Model};
use crate::header;
use crate::instance::Instance;
use crate::shim;
use crate::source::Source;
use crate::toolchain::Toolchain;
use crate::verilate::{self, PREFIX};

/// The shared library in a model's directory of the cache.
const LIBRARY: &str = "model.so";

/// The build's two times in a model's directory: seconds of Verilator and of C++, one a line.
const TIMES: &str = "times";

/// What a build is doing, for a line on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Looking for the tools, or fetching them.
    FindingTools,
    /// Waiting for another process that builds the same model, or about to build it.
    Preparing,
    /// Verilator runs.
    Verilating,
    /// The C++ compilers run.
    Compiling,
}

/// A model that is built and loaded.
#[derive(Clone)]
pub struct Library {
    api: Arc<Api>,
    source: Arc<Source>,
    path: PathBuf,
    was_cached: bool,
    verilate_s: f64,
    compile_s: f64,
}

/// Builds a model, or finds it in the cache (`None`: `$UNDERPASS_CACHE`, or the user's cache directory).
pub fn build(source: &Source, cache: Option<&Path>) -> Result<Library, Error> {
    build_with_progress(source, cache, &mut |_| ())
}

/// [`build`], telling what it does before it does it.
pub fn build_with_progress(
    source: &Source,
    cache: Option<&Path>,
    on_step: &mut dyn FnMut(Step),
) -> Result<Library, Error> {
    let clock = source.clock_index()?;
    on_step(Step::FindingTools);
    let tools = Toolchain::find()?;
    let cache = cache.map_or_else(cache::default_dir, Path::to_path_buf);
    // Compilers run in other directories than ours.
    let cache = std::path::absolute(&cache).map_err(Error::file("find", &cache))?;
    let published = cache::publish(&cache.join("models"), &key(&tools, source, clock), |dir| {
        on_step(Step::Preparing);
        make(&tools, source, &cache, dir, on_step)
    })?;
    let path = published.dir.join(LIBRARY);
    let api = Api::load(&path).map_err(|error| Error::Load {
        path: path.clone(),
        source: error,
    })?;
    let (verilate_s, compile_s) = read_times(&published.dir);
    let source = Arc::new(source.clone());
    Ok(Library {
        api: Arc::new(api),
        source,
        path,
        was_cached: published.was_there,
        verilate_s,
        compile_s,
    })
}

/// Hash of everything that the shared library depends on.
fn key(tools: &Toolchain, source: &Source, clock: Option<usize>) -> String {
    let ports = source
        .ports
        .iter()
        .map(|p| format!("{:?} {} {}", p.dir, p.width, p.name));
    let mut parts = vec![
        source.top.clone(),
        source.verilog.clone(),
        shim::text(source, clock),
    ];
    parts.extend([tools.version().into(), tools.compiler_version().into()]);
    parts.extend(verilate::switches(source).into_iter().map(String::from));
    parts.extend(compile::flags(tools, source));
    parts.extend(compile::FAST.iter().map(|flag| flag.to_string()));
    parts.extend(ports);
    cache::key(parts.iter().map(String::as_str))
}

/// Fills a model's directory; the objects and generated C++ do not stay in it.
fn make(
    tools: &Toolchain,
    source: &Source,
    cache: &Path,
    dir: &Path,
    on_step: &mut dyn FnMut(Step),
) -> Result<(), Error> {
    on_step(Step::Verilating);
    let start = Instant::now();
    let obj = verilate::verilate(tools, source, dir)?;
    let verilate_s = start.elapsed().as_secs_f64();
    let header_file = obj.join(format!("{PREFIX}.h"));
    let text = fs::read_to_string(&header_file).map_err(Error::file("read", &header_file))?;
    header::check(source, &text)?;

    on_step(Step::Compiling);
    let start = Instant::now();
    compile::compile(tools, source, cache, dir, &dir.join(LIBRARY))?;
    let compile_s = start.elapsed().as_secs_f64();
    let times = dir.join(TIMES);
    fs::write(&times, format!("{verilate_s}\n{compile_s}\n"))
        .map_err(Error::file("write", &times))?;
    fs::remove_dir_all(&obj).map_err(Error::file("remove", &obj))
}

/// Zeroes where the file is damaged: times are for reports only.
fn read_times(dir: &Path) -> (f64, f64) {
    let text = fs::read_to_string(dir.join(TIMES)).unwrap_or_default();
    let mut numbers = text.lines().map(|line| line.parse().unwrap_or(0.0));
    (numbers.next().unwrap_or(0.0), numbers.next().unwrap_or(0.0))
}

impl Library {
    /// A new model with every register and input zero.
    pub fn instance(&self) -> Result<Instance, Error> {
        match Model::new(self.api.clone(), &self.source.ports) {
            Some(model) => Ok(Instance::new(model, self.source.clone())),
            None => {
                let reason = "the C++ constructor failed".into();
                Err(Error::Stopped {
                    top: self.source.top.clone(),
                    clock: 0,
                    reason,
                })
            }
        }
    }

    /// Whether nothing had to be built.
    pub fn was_cached(&self) -> bool {
        self.was_cached
    }

    /// Seconds that Verilator took when the model was built.
    pub fn verilate_s(&self) -> f64 {
        self.verilate_s
    }

    /// Seconds that the C++ build took when the model was built.
    pub fn compile_s(&self) -> f64 {
        self.compile_s
    }

    /// The shared library; the Verilog lies beside it as `top.v`.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
