//! Interfaces: clock and reset, and the pair that carries one bundle between two blocks.
//!
//! RustHDL's own derive needs its prelude in the scope of the declaration; these are spelled out so that
//! `bus!` works anywhere.

use rust_hdl_core::clock::Clock;
use rust_hdl_core::direction::In;
use rust_hdl_core::signal::Signal;

/// What every RustHDL interface implements, for a struct of signals.
#[doc(hidden)]
#[macro_export]
macro_rules! interface_impls {
    ($name:ident { $($field:ident : $type:ty),* }) => {
        impl $crate::rusthdl::rust_hdl_core::logic::Logic for $name {
            fn update(&mut self) {}
            fn connect(&mut self) {}
        }

        impl $crate::rusthdl::rust_hdl_core::block::Block for $name {
            fn connect_all(&mut self) {
                $($crate::rusthdl::rust_hdl_core::block::Block::connect_all(&mut self.$field);)*
            }

            fn update_all(&mut self) {
                $($crate::rusthdl::rust_hdl_core::block::Block::update_all(&mut self.$field);)*
            }

            fn has_changed(&self) -> bool {
                $($crate::rusthdl::rust_hdl_core::block::Block::has_changed(&self.$field))||*
            }

            fn accept(&self, name: &str, probe: &mut dyn $crate::rusthdl::rust_hdl_core::probe::Probe) {
                probe.visit_start_namespace(name, self);
                $($crate::rusthdl::rust_hdl_core::block::Block::accept(&self.$field, stringify!($field), probe);)*
                probe.visit_end_namespace(name, self);
            }
        }

        impl $crate::rusthdl::rust_hdl_core::logic::LogicLink for $name {
            fn link(&mut self, other: &mut Self) {
                $($crate::rusthdl::rust_hdl_core::logic::LogicLink::link(&mut self.$field, &mut other.$field);)*
            }

            fn link_hdl(
                my_name: &str,
                this: &str,
                that: &str,
            ) -> Vec<$crate::rusthdl::rust_hdl_core::ast::VerilogLink> {
                let mut links = Vec::new();
                $(links.extend(<$type as $crate::rusthdl::rust_hdl_core::logic::LogicLink>::link_hdl(
                    &format!(concat!("{}.", stringify!($field)), my_name), this, that));)*
                links
            }

            fn link_connect_source(&mut self) {
                $($crate::rusthdl::rust_hdl_core::logic::LogicLink::link_connect_source(&mut self.$field);)*
            }

            fn link_connect_dest(&mut self) {
                $($crate::rusthdl::rust_hdl_core::logic::LogicLink::link_connect_dest(&mut self.$field);)*
            }
        }

        impl $crate::rusthdl::rust_hdl_core::logic::LogicJoin for $name {
            fn join_connect(&mut self) {
                $($crate::rusthdl::rust_hdl_core::logic::LogicJoin::join_connect(&mut self.$field);)*
            }

            fn join_hdl(
                my_name: &str,
                this: &str,
                that: &str,
            ) -> Vec<$crate::rusthdl::rust_hdl_core::ast::VerilogLink> {
                let mut links = Vec::new();
                $(links.extend(<$type>::join_hdl(
                    &format!(concat!("{}.", stringify!($field)), my_name), this, that));)*
                links
            }
        }
    };
}

/// Clock and synchronous, active-high reset, as every block has them: `ClkRst::link(&mut self.cr, &mut self.part.cr)`.
#[derive(Clone, Debug, Default)]
pub struct ClkRst {
    /// Rising edges count.
    pub clock: Signal<In, Clock>,
    /// Sampled at the clock.
    pub reset: Signal<In, bool>,
}

crate::interface_impls!(ClkRst { clock: Signal<In, Clock>, reset: Signal<In, bool> });

/// Declares the two ends of a bus of the given width: `bus! { pub MetaOut, pub MetaIn, Meta::W }`.
///
/// Each has one signal, `data`; they are joined to each other (`MetaOut::join(&mut a, &mut b)`) and
/// linked to their like in a parent.
#[macro_export]
macro_rules! bus {
    ($(#[$out_meta:meta])* $out_vis:vis $out:ident, $(#[$in_meta:meta])* $in_vis:vis $in:ident, $width:expr) => {
        $(#[$out_meta])*
        #[doc = concat!("The sending end of a bus to [`", stringify!($in), "`].")]
        #[derive(Clone, Debug, Default)]
        $out_vis struct $out {
            /// The bundle, its first field at bit 0.
            pub data: $crate::rusthdl::rust_hdl_core::signal::Signal<
                $crate::rusthdl::rust_hdl_core::direction::Out,
                $crate::rusthdl::rust_hdl_core::bits::Bits<{ $width }>,
            >,
        }

        $(#[$in_meta])*
        #[doc = concat!("The receiving end of a bus from [`", stringify!($out), "`].")]
        #[derive(Clone, Debug, Default)]
        $in_vis struct $in {
            /// The bundle, its first field at bit 0.
            pub data: $crate::rusthdl::rust_hdl_core::signal::Signal<
                $crate::rusthdl::rust_hdl_core::direction::In,
                $crate::rusthdl::rust_hdl_core::bits::Bits<{ $width }>,
            >,
        }

        $crate::interface_impls!($out { data: $crate::rusthdl::rust_hdl_core::signal::Signal<
            $crate::rusthdl::rust_hdl_core::direction::Out,
            $crate::rusthdl::rust_hdl_core::bits::Bits<{ $width }>,
        > });
        $crate::interface_impls!($in { data: $crate::rusthdl::rust_hdl_core::signal::Signal<
            $crate::rusthdl::rust_hdl_core::direction::In,
            $crate::rusthdl::rust_hdl_core::bits::Bits<{ $width }>,
        > });

        impl $out {
            /// Drives the other end.
            pub fn join(&mut self, other: &mut $in) {
                self.data.join(&mut other.data);
            }
        }

        impl $in {
            /// Is driven by the other end.
            pub fn join(&mut self, other: &mut $out) {
                self.data.join(&mut other.data);
            }
        }

        impl $crate::rusthdl::OutPort for $out {
            const SUFFIX: &'static str = "$data";
            const WIDTH: usize = $width;

            fn drive(&mut self, words: &[u64]) {
                self.data.drive(words);
            }

            fn claim(&mut self) {
                self.data.claim();
            }
        }

        impl $crate::rusthdl::InPort for $in {
            const SUFFIX: &'static str = "$data";
            const WIDTH: usize = $width;

            fn changed(&self) -> bool {
                self.data.changed
            }

            fn read(&self, words: &mut [u64]) {
                self.data.read(words);
            }
        }
    };
}
