//! [`Bundle`]: wires that travel together, and what can be done to any of them.
//!
//! ```text
//!   Key { v6: Bit, proto: U<8>, src: U<128> }      first field = bit 0
//!   bit  0    1        9                    137
//!       | v6 | proto  | src               |
//! ```

use crate::error::{fail, here, Loc};
use crate::graph::{joined, with, Graph, Id, Wire};
use crate::wire::U;

/// Wires that travel together: `U<N>`, arrays, tuples to eight, `()`, and the structs of [`bundle!`](macro@crate::bundle).
pub trait Bundle: Copy {
    /// Bits in all.
    const W: usize;

    /// Calls `f` with each leaf's path (`inner_src`) and wire, from bit 0 upwards.
    fn visit(&self, path: &str, f: &mut dyn FnMut(&str, Wire));

    /// Builds a bundle from what `f` gives for each leaf's path and width, from bit 0 upwards.
    fn make(path: &str, f: &mut dyn FnMut(&str, usize) -> Wire) -> Self;
}

impl<const N: usize> Bundle for U<N> {
    const W: usize = {
        assert!(N > 0, "a wire has at least one bit");
        N
    };

    fn visit(&self, path: &str, f: &mut dyn FnMut(&str, Wire)) {
        f(path, self.0);
    }

    fn make(path: &str, f: &mut dyn FnMut(&str, usize) -> Wire) -> Self {
        U(f(path, N))
    }
}

impl<T: Bundle, const K: usize> Bundle for [T; K] {
    const W: usize = K * T::W;

    fn visit(&self, path: &str, f: &mut dyn FnMut(&str, Wire)) {
        for (index, item) in self.iter().enumerate() {
            item.visit(&joined(path, &index.to_string()), f);
        }
    }

    fn make(path: &str, f: &mut dyn FnMut(&str, usize) -> Wire) -> Self {
        std::array::from_fn(|index| T::make(&joined(path, &index.to_string()), f))
    }
}

impl Bundle for () {
    const W: usize = 0;

    fn visit(&self, _path: &str, _f: &mut dyn FnMut(&str, Wire)) {}

    fn make(_path: &str, _f: &mut dyn FnMut(&str, usize) -> Wire) -> Self {}
}

macro_rules! tuples {
    ($(($($t:ident $i:tt)*))*) => {$(
        impl<$($t: Bundle),*> Bundle for ($($t,)*) {
            const W: usize = 0 $(+ $t::W)*;

            fn visit(&self, path: &str, f: &mut dyn FnMut(&str, Wire)) {
                $(self.$i.visit(&joined(path, stringify!($i)), f);)*
            }

            fn make(path: &str, f: &mut dyn FnMut(&str, usize) -> Wire) -> Self {
                ($($t::make(&joined(path, stringify!($i)), f),)*)
            }
        }
    )*};
}
tuples! {
    (A 0)
    (A 0 B 1)
    (A 0 B 1 C 2)
    (A 0 B 1 C 2 D 3)
    (A 0 B 1 C 2 D 3 E 4)
    (A 0 B 1 C 2 D 3 E 4 F 5)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7)
}

/// Declares structs of wires. The first field is bit 0; a field is anything that is itself a bundle.
///
/// ```
/// use underpass_wires::*;
/// bundle! {
///     /// What a flow is looked up by.
///     pub struct Key {
///         /// Addresses are of the second kind.
///         v6: Bit,
///         /// Ports, source first.
///         ports: [U<16>; 2],
///     }
/// }
/// assert_eq!(Key::W, 33);
/// ```
#[macro_export]
macro_rules! bundle {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident : $type:ty),* $(,)?
    })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        $vis struct $name { $($(#[$field_meta])* pub $field: $type),* }

        impl $crate::Bundle for $name {
            const W: usize = 0 $(+ <$type as $crate::Bundle>::W)*;

            fn visit(&self, path: &str, f: &mut dyn FnMut(&str, $crate::Wire)) {
                $($crate::Bundle::visit(&self.$field, &$crate::field_path(path, stringify!($field)), f);)*
            }

            fn make(path: &str, f: &mut dyn FnMut(&str, usize) -> $crate::Wire) -> Self {
                $name { $($field: $crate::Bundle::make(&$crate::field_path(path, stringify!($field)), f)),* }
            }
        }
    )*};
}

/// The path of a field below `path`.
#[doc(hidden)]
pub fn field_path(path: &str, field: &str) -> String {
    joined(path, field.trim_start_matches("r#"))
}

/// A leaf of a bundle when it is one vector.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// Its path, `inner_src`.
    pub path: String,
    /// Its lowest bit.
    pub lo: usize,
    /// Its bits.
    pub width: usize,
}

/// Where the leaves of a bundle lie, from bit 0 upwards. Needs no description.
pub fn fields<T: Bundle>() -> Vec<Field> {
    let mut list = Vec::new();
    let mut lo = 0;
    T::make("", &mut |path, width| {
        list.push(Field {
            path: path.into(),
            lo,
            width,
        });
        lo += width;
        Wire::nowhere()
    });
    list
}

/// The leaves of a bundle, from bit 0 upwards.
pub(crate) fn leaves<T: Bundle>(x: &T) -> Vec<Wire> {
    let mut wires = Vec::new();
    x.visit("", &mut |_, wire| wires.push(wire));
    wires
}

/// A bundle of new leaves; `f` is given path and width of each.
pub(crate) fn make<T: Bundle>(at: Loc, mut f: impl FnMut(&mut Graph, &str, u32) -> Id) -> T {
    T::make("", &mut |path, width| {
        with(at, |graph| {
            let id = f(graph, path, width as u32);
            graph.wire(id)
        })
    })
}

/// A bundle whose leaves are made one by one from those of others.
pub(crate) fn map<T: Bundle>(
    at: Loc,
    of: &[&T],
    mut f: impl FnMut(&mut Graph, &[Id], &str) -> Id,
) -> T {
    let columns: Vec<Vec<Wire>> = of.iter().map(|x| leaves(*x)).collect();
    let mut row = 0;
    make(at, |graph, path, _| {
        let ids: Vec<Id> = columns
            .iter()
            .map(|column| graph.take(column[row], at))
            .collect();
        row += 1;
        f(graph, &ids, path)
    })
}

/// The bundle whose every wire is zero.
#[track_caller]
pub fn zero<T: Bundle>() -> T {
    let at = here();
    make(at, |graph, _, width| graph.zeros(width, at))
}

/// Gives wires the name they have in the Verilog; a bundle's fields get theirs behind it.
///
/// The first name given to a wire stays. [`wire!`](macro@crate::wire) is the usual way.
#[track_caller]
pub fn name<T: Bundle>(called: &str, x: T) -> T {
    let at = here();
    map(at, &[&x], |graph, ids, path| {
        graph.call(ids[0], &joined(called, path));
        ids[0]
    })
}

/// `let`, and the name reaches the Verilog: `wire!(hit = a.eq(b))`, `wire!(port: U<16> = w.at(0))`.
#[macro_export]
macro_rules! wire {
    ($name:ident = $x:expr $(,)?) => {
        let $name = $crate::name(&$crate::field_path("", stringify!($name)), $x);
    };
    ($name:ident : $type:ty = $x:expr $(,)?) => {
        let $name: $type = $crate::name(&$crate::field_path("", stringify!($name)), $x);
    };
}

/// The bits of `word` as a bundle of the same width; [`BundleExt::pack`](crate::BundleExt::pack) undoes it.
#[track_caller]
pub fn unpack<T: Bundle, const N: usize>(word: U<N>) -> T {
    if N != T::W {
        fail(
            here(),
            format!("unpack gives {N} bits where {} are wanted", T::W),
        );
    }
    unpack_low(word)
}

/// The low bits of a word that is at least as wide as the bundle.
#[track_caller]
pub fn unpack_low<T: Bundle, const N: usize>(word: U<N>) -> T {
    let at = here();
    if N < T::W {
        fail(
            at,
            format!("unpack_low has {N} bits where {} are wanted", T::W),
        );
    }
    let mut lo = 0;
    make(at, |graph, _, width| {
        let word = graph.take(word.0, at);
        lo += width;
        graph.slice(word, lo - width, width, at)
    })
}
