//! Registers: those that carry a bundle to the next clock, and state that feeds back.
//!
//! ```text
//!   x --[ reg ]-- one clock older          state.q --.--> logic --> state.next(en, d) --.
//!                                                    '----------------<----------------'
//! ```
//!
//! A register in the flow adds one to the age of what passes. State belongs to no clock: it is timeless,
//! and the only way to feed anything back, so that a combinational loop cannot be written.

use crate::bundle::{leaves, make, map, Bundle};
use crate::error::{fail, here, Loc};
use crate::field::cat_of;
use crate::graph::{joined, with, Graph, Id, Op, Reg, Wire};
use crate::wire::{Bit, U};
use crate::words;
use std::marker::PhantomData;

/// What every [`Bundle`] can do.
pub trait BundleExt: Bundle {
    /// One clock later.
    #[track_caller]
    fn reg(self, name: &str) -> Self {
        register(here(), &self, name, None, false)
    }

    /// One clock later where `en` is set; else what it held.
    #[track_caller]
    fn reg_en(self, name: &str, en: Bit) -> Self {
        register(here(), &self, name, Some(en), false)
    }

    /// One clock later, zero after reset. For valid bits: data needs no reset.
    #[track_caller]
    fn reg_rst(self, name: &str) -> Self {
        register(here(), &self, name, None, true)
    }

    /// `clocks` clocks later, by registers without reset, which become shift registers.
    #[track_caller]
    fn delay(self, name: &str, clocks: usize) -> Self {
        let at = here();
        (1..=clocks).fold(self, |x, clock| {
            let step = if clock == clocks {
                name.to_string()
            } else {
                format!("{name}_{clock}")
            };
            register(at, &x, &step, None, false)
        })
    }

    /// The same wires, which may meet those of any age: configuration, a value held on purpose.
    #[track_caller]
    fn timeless(self) -> Self {
        aged(here(), &self, None)
    }

    /// The same wires with an age told rather than counted: what came around by a memory or a FIFO.
    #[track_caller]
    fn aged(self, clocks: u32) -> Self {
        aged(here(), &self, Some(clocks))
    }

    /// Clocks since the inputs, as operators see it; none where the wires belong to no clock.
    #[track_caller]
    fn age(self) -> Option<u32> {
        let at = here();
        let wires = leaves(&self);
        with(at, |graph| {
            let ids: Vec<Id> = wires.into_iter().map(|wire| graph.take(wire, at)).collect();
            graph.age(&ids, at)
        })
    }

    /// All wires in one, the first field lowest.
    #[track_caller]
    fn pack<const N: usize>(self) -> U<N> {
        if N != Self::W {
            fail(
                here(),
                format!("pack gives {} bits where {N} are wanted", Self::W),
            );
        }
        cat_of(&[leaves(&self)])
    }

    /// All wires in one, the first field lowest, zeros above.
    #[track_caller]
    fn pack_ext<const N: usize>(self) -> U<N> {
        let at = here();
        if N < Self::W {
            fail(
                at,
                format!("pack_ext gives {} bits where {N} have room", Self::W),
            );
        }
        let mut wires = leaves(&self);
        if N > Self::W {
            wires.push(with(at, |graph| {
                let zeros = graph.zeros((N - Self::W) as u32, at);
                graph.wire(zeros)
            }));
        }
        cat_of(&[wires])
    }
}

impl<T: Bundle> BundleExt for T {}

fn aged<T: Bundle>(at: Loc, x: &T, age: Option<u32>) -> T {
    map(at, &[x], |graph, ids, _| graph.retime(ids[0], age, at))
}

fn register<T: Bundle>(at: Loc, x: &T, name: &str, en: Option<Bit>, reset: bool) -> T {
    map(at, &[x], |graph, ids, path| {
        let d = ids[0];
        let en = en.map(|en| graph.take(en.0, at));
        let age = graph.age(&[Some(d), en].into_iter().flatten().collect::<Vec<_>>(), at);
        // Without a reset value of its own, a register of a constant is that constant.
        if graph
            .constant(d)
            .is_some_and(|value| !reset || words::is_zero(value))
        {
            return d;
        }
        let width = graph.width(d);
        let reset = reset.then(|| vec![0; words::count(width)].into());
        let q = graph.register(width, age.map(|age| age + 1), reset, at);
        graph.call(q, &joined(name, path));
        let reg = graph.regs.last_mut().expect("just made");
        (reg.d, reg.en) = (Some(d), en);
        q
    })
}

impl Graph {
    /// A register that is not driven yet: its output.
    fn register(&mut self, width: u32, age: Option<u32>, reset: Option<Box<[u64]>>, at: Loc) -> Id {
        let q = self.fresh(Op::Reg(self.regs.len() as u32), width, age, at);
        self.regs.push(Reg {
            q,
            d: None,
            en: None,
            reset,
        });
        q
    }
}

/// Registers that may depend on themselves. They must be driven once, by [`State::next`].
#[derive(Clone, Copy, Debug)]
pub struct State<T> {
    /// What they hold in this clock; timeless.
    pub q: T,
    first: usize,
    of: PhantomData<T>,
}

/// State that is zero after reset.
#[track_caller]
pub fn state<T: Bundle>(name: &str) -> State<T> {
    held(here(), name, |_| None)
}

/// State that is `reset` after reset; its wires are constants.
#[track_caller]
pub fn state_from<T: Bundle>(name: &str, reset: T) -> State<T> {
    let at = here();
    let reset = leaves(&reset);
    held(at, name, |leaf| Some(reset[leaf]))
}

fn held<T: Bundle>(at: Loc, name: &str, reset: impl Fn(usize) -> Option<Wire>) -> State<T> {
    let first = with(at, |graph| graph.regs.len());
    let mut leaf = 0;
    let q = make(at, |graph, path, width| {
        let value = match reset(leaf) {
            None => vec![0; words::count(width)].into(),
            Some(wire) => {
                let wire = graph.take(wire, at);
                match graph.constant(wire) {
                    Some(value) => value.into(),
                    None => fail(at, format!("reset value of {name} is not constant")),
                }
            }
        };
        leaf += 1;
        let q = graph.register(width, None, Some(value), at);
        graph.call(q, &joined(name, path));
        q
    });
    State {
        q,
        first,
        of: PhantomData,
    }
}

impl<T: Bundle> State<T> {
    /// Takes `d` at the end of this clock where `en` is set.
    #[track_caller]
    pub fn next(self, en: Bit, d: T) {
        let at = here();
        let (q, d) = (leaves(&self.q), leaves(&d));
        with(at, |graph| {
            let en = graph.take(en.0, at);
            for (leaf, (q, d)) in q.into_iter().zip(d).enumerate() {
                let (q, d) = (graph.take(q, at), graph.take(d, at));
                graph.age(&[en, d], at);
                if graph.regs[self.first + leaf].d.is_some() {
                    let called = graph.called(q);
                    fail(at, format!("register {called} driven twice"));
                }
                let always = graph.constant(en) == Some(&[1]);
                let reg = &mut graph.regs[self.first + leaf];
                (reg.d, reg.en) = (Some(d), (!always).then_some(en));
            }
        });
    }
}
