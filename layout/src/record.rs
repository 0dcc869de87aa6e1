//! The two macros that declare layouts: `record!` for rows and messages, `code!` for enums.
//!
//! A record gives a Rust struct with `pack`/`unpack`, its description as plain data, and a macro of the name in
//! parentheses that hands the same fields to another macro: `underpass_layout::vif_entry!(hardware)` is how the HDL
//! gets its bundle, so that no width is written twice.

/// Declares a record: `name: type = bits`, or `name: Other = record` for a record within a record.
macro_rules! record {
    ($($all:tt)*) => { $crate::record::record_with_dollar! { ($) $($all)* } };
}

macro_rules! record_with_dollar {
    (($d:tt)
     $(#[doc = $doc:literal])*
     pub struct $Name:ident ($fields_of:ident) {
        $( $(#[doc = $field_doc:literal])* $field:ident : $ty:ident $(<$len:literal>)? = $width:tt, )*
     }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $Name { $( $(#[doc = $field_doc])* pub $field: $crate::record::rust_type!($ty $($len)?), )* }

        impl $crate::bits::Field for $Name {
            const FIELDS: &'static [$crate::bits::FieldSpec] = <Self as $crate::bits::Record>::SPEC;
            fn put(&self, to: &mut $crate::bits::Writer<'_>, _width: usize) {
                $( $crate::bits::Field::put(&self.$field, to, $crate::record::width!($ty, $width)); )*
            }
            fn take(from: &mut $crate::bits::Reader<'_>, _width: usize) -> Result<Self, $crate::bits::BadCode> {
                Ok($Name { $( $field: $crate::bits::Field::take(from, $crate::record::width!($ty, $width))?, )* })
            }
        }

        impl $crate::bits::Record for $Name {
            const NAME: &'static str = stringify!($Name);
            const DOC: &'static str = concat!($($doc, "\n"),*);
            const WIDTH: usize = 0 $( + $crate::record::width!($ty, $width) )*;
            const SPEC: &'static [$crate::bits::FieldSpec] = &[ $( $crate::bits::FieldSpec {
                name: stringify!($field),
                doc: concat!($($field_doc, "\n"),*),
                width: $crate::record::width!($ty, $width),
                codes: <$crate::record::rust_type!($ty $($len)?) as $crate::bits::Field>::CODES,
                fields: <$crate::record::rust_type!($ty $($len)?) as $crate::bits::Field>::FIELDS,
            }, )* ];
        }

        impl Default for $Name {
            /// All bits zero.
            fn default() -> Self {
                let zeros = [0; $crate::bits::words_for(<Self as $crate::bits::Record>::WIDTH)];
                <Self as $crate::bits::Record>::unpack(&zeros).expect("every enum has a code 0")
            }
        }

        impl $Name {
            /// The record as 32-bit words, bit 0 of word 0 first.
            pub fn pack(&self) -> [u32; $crate::bits::words_for(<Self as $crate::bits::Record>::WIDTH)] {
                let mut words = [0; $crate::bits::words_for(<Self as $crate::bits::Record>::WIDTH)];
                $crate::bits::Record::pack_into(self, &mut words);
                words
            }
        }

        /// Hands this record's declaration to the macro named in the call.
        #[macro_export]
        macro_rules! $fields_of {
            ($d to:ident) => {
                $d to! { $(#[doc = $doc])* pub struct $Name { $( $(#[doc = $field_doc])* $field: $ty = $width, )* } }
            };
        }
    };
}

/// `bytes<N>` is `[u8; N]`; all other types are themselves.
macro_rules! rust_type {
    (bytes $len:literal) => {
        [u8; $len]
    };
    ($ty:ident) => {
        $ty
    };
}

/// The width of a field: the number given, or the width of the record named.
macro_rules! width {
    ($ty:ident, record) => {
        <$ty as $crate::bits::Record>::WIDTH
    };
    ($ty:ident, $width:literal) => {
        $width
    };
}

/// Declares an enum with fixed numbers and, where the peer has a name for the same thing, that name.
macro_rules! code {
    ($(#[doc = $doc:literal])* pub enum $Name:ident : $width:literal {
        $( $(#[doc = $variant_doc:literal])* $Variant:ident = $code:literal $(, peer $peer:literal)? ; )*
    }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u32)]
        pub enum $Name { $( $(#[doc = $variant_doc])* $Variant = $code, )* }

        impl $Name {
            /// Bits that hold a code.
            pub const WIDTH: usize = $width;
            /// Every variant, in the order of the numbers.
            pub const ALL: &'static [$Name] = &[ $( $Name::$Variant, )* ];

            /// The number that is stored.
            pub const fn code(self) -> u32 { self as u32 }

            /// The variant of a stored number.
            pub fn from_code(code: u32) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }

            /// The name that people and programs see.
            pub const fn name(self) -> &'static str {
                match self { $( $Name::$Variant => $crate::record::shown_name!($Variant $($peer)?), )* }
            }

            /// The variant's doc comment.
            pub const fn doc(self) -> &'static str {
                match self { $( $Name::$Variant => concat!($($variant_doc, "\n"),*), )* }
            }
        }

        impl $crate::bits::Field for $Name {
            const CODES: &'static [(&'static str, u32)] = &[ $( (stringify!($Variant), $code), )* ];
            fn put(&self, to: &mut $crate::bits::Writer<'_>, width: usize) {
                to.put(u128::from(self.code()), width);
            }
            fn take(from: &mut $crate::bits::Reader<'_>, width: usize) -> Result<Self, $crate::bits::BadCode> {
                let found = from.take(width);
                Self::from_code(found as u32).ok_or($crate::bits::BadCode { expected: stringify!($Name), found })
            }
        }

        impl core::fmt::Display for $Name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result { f.pad(self.name()) }
        }
    };
}

/// The peer's name where there is one, else the variant's.
macro_rules! shown_name {
    ($Variant:ident) => {
        stringify!($Variant)
    };
    ($Variant:ident $peer:literal) => {
        $peer
    };
}

pub(crate) use {code, record, record_with_dollar, rust_type, shown_name, width};
