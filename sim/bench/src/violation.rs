//! A broken promise of a bus: which clock, which signal, which rule.

/// What a design did that its bus does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("clock {clock}: {signal}: {rule}")]
pub struct Violation {
    /// The clock at whose edge it was seen.
    pub clock: u64,
    /// The signal, with its prefix.
    pub signal: String,
    /// The rule, with what was expected and found.
    pub rule: String,
}

impl Violation {
    pub(crate) fn new(
        clock: u64,
        prefix: &str,
        signal: &str,
        rule: impl Into<String>,
    ) -> Violation {
        Violation {
            clock,
            signal: format!("{prefix}_{signal}"),
            rule: rule.into(),
        }
    }
}
