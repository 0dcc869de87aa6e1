//! What the choice of one of several nexthops looks at, where no flow says which.

use serde::{Deserialize, Serialize};

/// Fields of a packet, as the peer numbers them: a sum of bits, in which 0 stands for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct EcmpFields(u8);

/// A number that has bits without a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`ecmp_config_hash` is {found}, expected a sum of 1, 2, 4, 8 and 16")]
pub struct InvalidEcmpFields {
    /// What was read.
    pub found: u32,
}

impl EcmpFields {
    /// The IP protocol.
    pub const PROTOCOL: Self = Self(1);
    /// The source address.
    pub const SOURCE: Self = Self(2);
    /// The source port.
    pub const SOURCE_PORT: Self = Self(4);
    /// The destination address.
    pub const DESTINATION: Self = Self(8);
    /// The destination port.
    pub const DESTINATION_PORT: Self = Self(0x10);
    /// Every field.
    pub const ALL: Self = Self(0x1f);

    /// True if every field of `other` is looked at.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// All of them.
impl Default for EcmpFields {
    fn default() -> Self {
        Self::ALL
    }
}

impl FromIterator<EcmpFields> for EcmpFields {
    /// All fields that are named; all there are where none is.
    fn from_iter<I: IntoIterator<Item = EcmpFields>>(fields: I) -> Self {
        match fields.into_iter().fold(0, |all, field| all | field.0) {
            0 => Self::ALL,
            some => Self(some),
        }
    }
}

impl TryFrom<u32> for EcmpFields {
    type Error = InvalidEcmpFields;

    fn try_from(found: u32) -> Result<Self, Self::Error> {
        match u8::try_from(found) {
            Ok(0) => Ok(Self::ALL),
            Ok(fields) if Self::ALL.contains(Self(fields)) => Ok(Self(fields)),
            _ => Err(InvalidEcmpFields { found }),
        }
    }
}

impl From<EcmpFields> for u32 {
    fn from(fields: EcmpFields) -> Self {
        fields.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_all_and_other_bits_are_none() {
        assert_eq!(EcmpFields::try_from(0), Ok(EcmpFields::ALL));
        assert_eq!(EcmpFields::try_from(0x1f), Ok(EcmpFields::ALL));
        let two = EcmpFields::try_from(0xa).expect("two fields");
        assert!(two.contains(EcmpFields::SOURCE) && two.contains(EcmpFields::DESTINATION));
        assert!(!two.contains(EcmpFields::PROTOCOL));
        assert_eq!(u32::from(two), 0xa);
        for found in [0x20, 0x100, u32::MAX] {
            assert_eq!(
                EcmpFields::try_from(found),
                Err(InvalidEcmpFields { found })
            );
        }
        let named = [EcmpFields::SOURCE, EcmpFields::DESTINATION];
        assert_eq!(named.into_iter().collect::<EcmpFields>(), two);
        assert_eq!(EcmpFields::from_iter([]), EcmpFields::ALL);
    }
}
