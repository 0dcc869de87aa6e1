//! Sets of flags with the peer's bit values and names.
//!
//! A set is declared once by `flag_set!`; constants, names and both JSON forms come from that.
//! [`valued`] is the form with a number and names, of which the number is read and the names are for
//! people; [`listed`] is the form with names alone, of which the letter in parentheses is read.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of flags of one noun.
pub trait FlagSet: Copy {
    /// Bit and name of every flag, by rising bit. Names end in the peer's letter, `proxy(P)`, where
    /// its tools print one.
    const FLAGS: &'static [(u32, &'static str)];

    /// The set as a number.
    fn bits(self) -> u32;

    /// The set of a number all of whose bits have names.
    ///
    /// # Errors
    /// Some bit has no name.
    fn from_bits(bits: u32) -> Result<Self, InvalidFlags>;

    /// The names of the flags in the set, by rising bit.
    fn names(self) -> impl Iterator<Item = &'static str> {
        Self::FLAGS
            .iter()
            .filter(move |(bit, _)| self.bits() & bit != 0)
            .map(|(_, name)| *name)
    }
}

/// A number or a name that is no flag of the set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFlags {
    /// Not a hexadecimal number.
    #[error("flags `{found}` are not a number, expected the form 0x1c0")]
    NotANumber {
        /// What was read.
        found: String,
    },
    /// A bit without a name.
    #[error("flags {found:#x} have unknown bits {unknown:#x}, expected only {known:#x}")]
    UnknownBits {
        /// What was read.
        found: u32,
        /// Those of its bits that mean nothing.
        unknown: u32,
        /// All bits that mean something.
        known: u32,
    },
    /// A name that is none.
    #[error("flag `{found}` is unknown, expected one of {known}")]
    UnknownName {
        /// What was read.
        found: String,
        /// All names.
        known: String,
    },
}

macro_rules! flag_set {
    ($(#[$doc:meta])* $set:ident { $($(#[$flag_doc:meta])* $flag:ident = $bit:literal $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $set(u32);

        impl $set {
            /// No flag.
            pub const NONE: Self = Self(0);
            $($(#[$flag_doc])* pub const $flag: Self = Self($bit);)*

            /// True if every flag of `other` is in this set.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// These flags if `condition` holds, else none.
            #[must_use]
            pub const fn when(self, condition: bool) -> Self {
                if condition { self } else { Self::NONE }
            }
        }

        impl $crate::objects::flags::FlagSet for $set {
            const FLAGS: &'static [(u32, &'static str)] = &[$(($bit, $name)),*];

            fn bits(self) -> u32 {
                self.0
            }

            fn from_bits(bits: u32) -> Result<Self, $crate::objects::flags::InvalidFlags> {
                $crate::objects::flags::checked(bits, Self::FLAGS).map(Self)
            }
        }

        impl std::ops::BitOr for $set {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl std::fmt::Debug for $set {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_set().entries($crate::objects::flags::FlagSet::names(*self)).finish()
            }
        }
    };
}
pub(super) use flag_set;

pub(super) fn checked(bits: u32, flags: &[(u32, &str)]) -> Result<u32, InvalidFlags> {
    let known = flags.iter().fold(0, |known, (bit, _)| known | bit);
    match bits & !known {
        0 => Ok(bits),
        unknown => Err(InvalidFlags::UnknownBits {
            found: bits,
            unknown,
            known,
        }),
    }
}

/// `{"value": "0x41", "names": [...]}`
pub(super) mod valued {
    use super::{Deserialize, Deserializer, FlagSet, InvalidFlags, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        value: String,
        names: Vec<String>,
    }

    pub fn serialize<F: FlagSet, S: Serializer>(flags: &F, to: S) -> Result<S::Ok, S::Error> {
        let names = flags.names().map(str::to_owned).collect();
        Form {
            value: format!("{:#x}", flags.bits()),
            names,
        }
        .serialize(to)
    }

    pub fn deserialize<'de, F: FlagSet, D: Deserializer<'de>>(from: D) -> Result<F, D::Error> {
        let Form { value, .. } = Form::deserialize(from)?;
        value
            .strip_prefix("0x")
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or(InvalidFlags::NotANumber { found: value })
            .and_then(F::from_bits)
            .map_err(serde::de::Error::custom)
    }
}

/// `["label_valid(L)", "proxy(P)"]`
pub(super) mod listed {
    use super::{Deserialize, Deserializer, FlagSet, InvalidFlags, Serializer};

    pub fn serialize<F: FlagSet, S: Serializer>(flags: &F, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(flags.names())
    }

    pub fn deserialize<'de, F: FlagSet, D: Deserializer<'de>>(from: D) -> Result<F, D::Error> {
        let bits = Vec::<String>::deserialize(from)?
            .into_iter()
            .try_fold(0, |bits, name| Ok(bits | bit::<F>(name)?));
        bits.and_then(F::from_bits)
            .map_err(serde::de::Error::custom)
    }

    fn bit<F: FlagSet>(name: String) -> Result<u32, InvalidFlags> {
        let found = F::FLAGS
            .iter()
            .find(|(_, known)| letter(known) == letter(&name));
        found
            .map(|(bit, _)| *bit)
            .ok_or_else(|| InvalidFlags::UnknownName {
                found: name,
                known: F::FLAGS
                    .iter()
                    .map(|(_, name)| *name)
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    }

    /// `P` of `proxy(P)`; the whole name where it has no letter.
    fn letter(name: &str) -> &str {
        name.split_once('(')
            .and_then(|(_, rest)| rest.strip_suffix(')'))
            .unwrap_or(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::{BridgeFlags, FlowFlags, NexthopFlags, RouteFlags, VifFlags};

    fn one_bit_each_and_rising<F: FlagSet>() {
        let bits: Vec<u32> = F::FLAGS.iter().map(|(bit, _)| *bit).collect();
        assert!(bits.iter().all(|bit| bit.count_ones() == 1), "{bits:x?}");
        assert!(bits.windows(2).all(|pair| pair[0] < pair[1]), "{bits:x?}");
    }

    #[test]
    fn every_flag_is_one_bit_of_its_own() {
        one_bit_each_and_rising::<VifFlags>();
        one_bit_each_and_rising::<NexthopFlags>();
        one_bit_each_and_rising::<RouteFlags>();
        one_bit_each_and_rising::<BridgeFlags>();
        one_bit_each_and_rising::<FlowFlags>();
    }

    #[test]
    fn unknown_bits_are_refused() {
        assert_eq!(
            RouteFlags::from_bits(0x22)
                .expect_err("no such flag")
                .to_string(),
            "flags 0x22 have unknown bits 0x20, expected only 0x1f"
        );
        assert_eq!(
            RouteFlags::from_bits(3),
            Ok(RouteFlags::LABEL_VALID | RouteFlags::PROXY)
        );
    }
}
