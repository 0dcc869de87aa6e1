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
}
