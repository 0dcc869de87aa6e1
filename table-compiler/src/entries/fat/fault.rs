//! Why an interface's rules of fat flows are refused.

/// What is wrong with them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FatFault {
    /// More than a set holds.
    #[error("{found} {what}, expected at most {most}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many.
        found: usize,
        /// How many fit.
        most: usize,
    },
    /// An aggregate that is shorter than its prefix, or longer than an address.
    #[error("rule {rule} keeps {found} bits of the {side}, expected {least} to {most}")]
    Aggregate {
        /// The rule.
        rule: String,
        /// Which side.
        side: &'static str,
        /// Bits that it keeps.
        found: u8,
        /// Bits of the prefix.
        least: u8,
        /// Bits of an address.
        most: u8,
    },
    /// A side that is left out and cut.
    #[error("rule {rule} ignores the {side} and has a {side} prefix, expected one of them")]
    IgnoredAndCut {
        /// The rule.
        rule: String,
        /// Which side.
        side: &'static str,
    },
    /// Prefixes of two families.
    #[error("rule {rule} has prefixes of two families, expected one")]
    Families {
        /// The rule.
        rule: String,
    },
    /// A word for other sides than the rule has.
    #[error("rule {rule} has aggr `{word}`, expected the sides and the family of its prefixes")]
    Word {
        /// The rule.
        rule: String,
        /// The word.
        word: String,
    },
}
