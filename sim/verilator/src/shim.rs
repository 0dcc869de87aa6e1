//! The C++ between a generated class and Rust: a handful of C functions, the same for every model, and one line a port.
//!
//! Rust gets a pointer to each port's storage inside the model and reads and writes it without a call; only evaluating
//! costs one. A model that gives up (`$stop`, logic that does not settle) throws inside, and comes out as a null or a
//! false with a message, never through the C boundary.

use crate::header::mangled;
use crate::source::Source;
use crate::verilate::PREFIX;

/// Part of every cache key: a model built by another shim is another model.
pub(crate) const ABI: u32 = 1;

/// The text of `shim.cpp`.
pub(crate) fn text(source: &Source, clock: Option<usize>) -> String {
    let ports: String = source
        .ports
        .iter()
        .enumerate()
        .map(|(at, port)| {
            let (name, bytes) = (mangled(&port.name), storage_bytes(port.width));
            format!(
                "  static_assert(sizeof(model->top.{name}) == {bytes}, \"{name}\");\n  out[{at}] = &model->top.{name};\n"
            )
        })
        .collect();
    let set_clock = |value: u8| match clock {
        Some(at) => format!("top.{} = {value};", mangled(&source.ports[at].name)),
        None => String::new(),
    };
    TEMPLATE
        .replace("@PREFIX@", PREFIX)
        .replace("@PORTS@", &ports)
        .replace("@CLOCK_HIGH@", &set_clock(1))
        .replace("@CLOCK_LOW@", &set_clock(0))
        .replace("@ABI@", &ABI.to_string())
}

/// Bytes that Verilator stores a port of this width in.
pub(crate) fn storage_bytes(width: usize) -> usize {
    match width {
        0..=8 => 1,
        9..=16 => 2,
        17..=32 => 4,
        33..=64 => 8,
        _ => width.div_ceil(32) * 4,
    }
}

const TEMPLATE: &str = r#"#include "@PREFIX@.h"
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include "verilated.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif
#if VM_COVERAGE
#include "verilated_cov.h"
#endif

// Verilator's own would abort the process.
void vl_fatal(const char* file, int line, const char*, const char* message) {
  throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": " + message);
}

namespace {

struct Model {
  VerilatedContext context;
  @PREFIX@ top;
#if VM_TRACE
  std::unique_ptr<VerilatedVcdC> trace;
#endif
  std::string error;
  // Verilator has seen the clock low since it was last high, so that the next rise is an edge.
  bool clock_was_low = false;

  Model() : top(prepared(context), "TOP") {}

  static VerilatedContext* prepared(VerilatedContext& context) {
#if VM_TRACE
    context.traceEverOn(true);
#endif
    return &context;
  }

  void evaluate() {
    // $time and $finish ask the thread for its context; instances may share a thread or move between threads.
    Verilated::threadContextp(&context);
    top.eval();
#if VM_TRACE
    if (trace) trace->dump(context.time());
#endif
  }

  void settle() {
    evaluate();
    clock_was_low = true;
  }

  void tick(uint64_t half_period) {
    if (!clock_was_low) settle();
    context.timeInc(half_period);
    @CLOCK_HIGH@
    evaluate();
    context.timeInc(half_period);
    @CLOCK_LOW@
    clock_was_low = false;
  }

  template <typename Body> bool guard(Body body) {
    try {
      body();
      return true;
    } catch (const std::exception& e) {
      error = e.what();
    } catch (...) {
      error = "unknown C++ exception";
    }
    return false;
  }
};

}  // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT uint32_t underpass_abi() { return @ABI@; }

EXPORT Model* underpass_new(uint64_t ports, void** out) try {
  auto model = std::make_unique<Model>();
  (void)ports;
  (void)out;
@PORTS@  return model.release();
} catch (...) {
  return nullptr;
}

EXPORT void underpass_delete(Model* model) {
  model->guard([&] {
    Verilated::threadContextp(&model->context);
    model->top.final();
  });
#if VM_TRACE
  if (model->trace) model->trace->close();
#endif
  delete model;
}

EXPORT bool underpass_eval(Model* model) {
  return model->guard([&] { model->settle(); });
}

EXPORT bool underpass_tick(Model* model, uint64_t clocks, uint64_t half_period) {
  return model->guard([&] { while (clocks--) model->tick(half_period); });
}

EXPORT uint64_t underpass_time(const Model* model) { return model->context.time(); }

EXPORT const char* underpass_error(const Model* model) { return model->error.c_str(); }

EXPORT bool underpass_trace(Model* model, const char* path) {
#if VM_TRACE
  return model->guard([&] {
    if (model->trace) model->trace->close();
    model->trace = std::make_unique<VerilatedVcdC>();
    model->top.trace(model->trace.get(), 99);
    model->trace->open(path);
    if (!model->trace->isOpen()) {
      model->trace.reset();
      throw std::runtime_error(std::string("cannot write ") + path);
    }
  });
#else
  (void)path;
  model->error = "built without tracing";
  return false;
#endif
}

EXPORT bool underpass_coverage(Model* model, const char* path) {
#if VM_COVERAGE
  return model->guard([&] { model->context.coveragep()->write(path); });
#else
  (void)path;
  model->error = "built without coverage";
  return false;
#endif
}
"#;
