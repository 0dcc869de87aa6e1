//! [`leaf!`](crate::leaf): a RustHDL block whose inside is a wire description.
//!
//! The description runs once, when the block is first simulated or printed. Printing gives its statements
//! between RustHDL's port declarations; simulating clocks its evaluator and moves the ports' bits.

use super::bits::buffer;
use super::{ClkRst, InPort, OutPort};
use crate::bundle::Bundle;
use crate::design::{build, input_port, output_port, Blocks, Design, Ports};
use crate::error::{fail, here, Loc};
use crate::sim::Sim;
use crate::verilog;
use rust_hdl_core::ast::{Verilog, Wrapper};
use std::sync::OnceLock;

/// The description inside a leaf, and its state while RustHDL simulates it.
#[derive(Debug, Default)]
pub struct Leaf {
    design: OnceLock<Design>,
    /// RustHDL asks for the text once for printing and once for each of its checks.
    code: OnceLock<String>,
    sim: Option<Sim>,
}

/// The description of a leaf as a design of its own.
#[doc(hidden)]
#[track_caller]
pub fn leaf_design(name: &str, describe: impl FnOnce()) -> Design {
    build(name, Ports::Packed, Blocks::Inline, describe)
}

impl Leaf {
    fn design(&self, name: &str, describe: impl FnOnce()) -> &Design {
        self.design.get_or_init(|| leaf_design(name, describe))
    }

    /// What RustHDL prints between the port declarations and `endmodule`.
    pub fn hdl(&self, name: &str, describe: impl FnOnce()) -> Verilog {
        // A wrapper's outputs are nets, which a constant may drive; `output reg` would need an event.
        let print = || verilog::body(self.design(name, describe), "cr$clock", "cr$reset");
        let code = self.code.get_or_init(print).clone();
        Verilog::Wrapper(Wrapper {
            code,
            cores: String::new(),
        })
    }

    /// One pass of RustHDL's simulation: `true` where the outputs may be new.
    pub fn update(
        &mut self,
        name: &str,
        describe: impl FnOnce(),
        cr: &ClkRst,
        inputs: &[&dyn Input],
    ) -> bool {
        let first = self.sim.is_none();
        if first {
            self.sim = Some(Sim::new(self.design(name, describe)));
        }
        let Some(sim) = &mut self.sim else {
            return false;
        };
        let edge = cr.clock.pos_edge();
        let mut new = first | edge;
        for (index, input) in inputs.iter().enumerate() {
            if first || input.changed() {
                sim.set_nth(index, &input.value());
                new = true;
            }
        }
        if edge {
            sim.hold_reset(cr.reset.val());
            sim.step();
        }
        new
    }

    /// Puts output number `index` on its port.
    pub fn drive(&mut self, index: usize, port: &mut impl OutPort) {
        if let Some(sim) = &mut self.sim {
            port.drive(&sim.get_nth(index));
        }
    }
}

/// An [`InPort`] of any width.
pub trait Input {
    /// Whether its value is new in this pass.
    fn changed(&self) -> bool;
    /// Its value.
    fn value(&self) -> Vec<u64>;
}

impl<T: InPort> Input for T {
    fn changed(&self) -> bool {
        InPort::changed(self)
    }

    fn value(&self) -> Vec<u64> {
        let mut words = buffer(T::WIDTH);
        self.read(&mut words);
        words
    }
}

#[track_caller]
fn same_width<T: Bundle>(name: &str, port: usize, at: Loc) {
    if T::W != port {
        fail(
            at,
            format!("port {name} has {port} bits, its bundle has {}", T::W),
        );
    }
}

/// The wires of an input port of a leaf.
#[doc(hidden)]
#[track_caller]
pub fn leaf_input<T: Bundle, P: InPort>(name: &str) -> T {
    same_width::<T>(name, P::WIDTH, here());
    input_port(&format!("{name}{}", P::SUFFIX), name)
}

/// Wires to an output port of a leaf.
#[doc(hidden)]
#[track_caller]
pub fn leaf_output<T: Bundle, P: OutPort>(name: &str, x: T) {
    same_width::<T>(name, P::WIDTH, here());
    output_port(&format!("{name}{}", P::SUFFIX), name, x);
}

/// Declares a RustHDL block from a function of bundles:
///
/// ```text
/// leaf!(pub RouteStage { meta_in: MetaIn, table_in: TableIn } -> { meta: MetaOut, table: TableOut },
///     |m: Meta, t: TableBus| -> (Meta, TableBus) { route(m, t) });
/// leaf!(pub HashStage(sizes: Sizes) { key_in: KeyIn } -> { hash: HashOut },
///     |key: Key| -> Hash { hash(sizes, key) });
/// ```
///
/// The block has the fields named, `cr: ClkRst`, and, where a configuration is asked for, `_cfg`, which
/// the body sees by reference under the name given and which must be set before first use; `new(cfg)` does.
/// Ports are interfaces of [`bus!`](crate::bus) or plain `Signal<In, ..>` and `Signal<Out, ..>`.
#[macro_export]
macro_rules! leaf {
    ($(#[$meta:meta])* $vis:vis $name:ident $(($cfg:ident : $cfg_type:ty))?
        { $($in:ident : $in_type:ty),* $(,)? } -> { $($out:ident : $out_type:ty),+ $(,)? },
        |$($arg:ident : $arg_type:ty),* $(,)?| -> $result:ty $body:block) =>
    {
        $(#[$meta])*
        #[derive(Debug, Default)]
        $vis struct $name {
            /// Clock and reset.
            pub cr: $crate::rusthdl::ClkRst,
            $(#[doc = concat!("Input `", stringify!($in), "`.")] pub $in: $in_type,)*
            $(#[doc = concat!("Output `", stringify!($out), "`.")] pub $out: $out_type,)+
            $(/// What the description is made for.
              pub _cfg: $cfg_type,)?
            _leaf: $crate::rusthdl::Leaf,
        }

        $(impl $name {
            /// The block for one configuration.
            pub fn new(cfg: $cfg_type) -> Self {
                Self { _cfg: cfg, ..Default::default() }
            }
        })?

        const _: () = {
            use $crate::rusthdl::rust_hdl_core::{ast::Verilog, block::Block, logic::Logic, probe::Probe};

            #[allow(unused_parens, reason = "one output is a tuple of one without a comma")]
            fn describe($($cfg: &$cfg_type)?) {
                $(let $arg: $arg_type = $crate::rusthdl::leaf_input::<_, $in_type>(stringify!($in));)*
                let result: $result = $body;
                let ($($out),+) = result;
                $($crate::rusthdl::leaf_output::<_, $out_type>(stringify!($out), $out);)+
            }

            impl $name {
                /// The description on its own, for tests of the leaf and for its latency; the ports have
                /// the names of the fields.
                #[allow(dead_code, reason = "not every leaf is looked at alone")]
                pub fn design(&self) -> $crate::Design {
                    $(let $cfg = &self._cfg;)?
                    $crate::rusthdl::leaf_design(stringify!($name), || describe($($cfg)?))
                }
            }

            impl Logic for $name {
                fn update(&mut self) {
                    $(let $cfg = &self._cfg;)?
                    let inputs: &[&dyn $crate::rusthdl::Input] = &[$(&self.$in),*];
                    let new = self._leaf.update(stringify!($name), || describe($($cfg)?), &self.cr, inputs);
                    if new {
                        let mut _next = 0..;
                        $(self._leaf.drive(_next.next().unwrap_or_default(), &mut self.$out);)+
                    }
                }

                fn connect(&mut self) {
                    $($crate::rusthdl::OutPort::claim(&mut self.$out);)+
                }

                fn hdl(&self) -> Verilog {
                    $(let $cfg = &self._cfg;)?
                    self._leaf.hdl(stringify!($name), || describe($($cfg)?))
                }
            }

            impl Block for $name {
                fn connect_all(&mut self) {
                    Logic::connect(self);
                    self.cr.connect_all();
                    $(self.$in.connect_all();)*
                    $(self.$out.connect_all();)+
                }

                fn update_all(&mut self) {
                    Logic::update(self);
                    self.cr.update_all();
                    $(self.$in.update_all();)*
                    $(self.$out.update_all();)+
                }

                fn has_changed(&self) -> bool {
                    self.cr.has_changed() $(|| self.$in.has_changed())* $(|| self.$out.has_changed())+
                }

                fn accept(&self, name: &str, probe: &mut dyn Probe) {
                    probe.visit_start_scope(name, self);
                    self.cr.accept("cr", probe);
                    $(self.$in.accept(stringify!($in), probe);)*
                    $(self.$out.accept(stringify!($out), probe);)+
                    probe.visit_end_scope(name, self);
                }
            }
        };
    };
}
