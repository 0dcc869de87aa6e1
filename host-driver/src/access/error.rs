//! What can go wrong between the driver and a card.

/// An access failed.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The card answered with an error.
    #[error("the card refused the access to register {offset:#06x}")]
    Refused {
        /// The register.
        offset: u32,
    },
    /// A frame was sent before the card takes any.
    #[error("the card takes no packets yet, expected it to be enabled first")]
    NotEnabled,
}
