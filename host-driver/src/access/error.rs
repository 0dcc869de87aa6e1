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
    /// The simulated card does not come to an end.
    #[error("the simulated card was not done after {clocks} clocks")]
    Stuck {
        /// How long it was given.
        clocks: u64,
    },
    /// There is no Verilog to simulate.
    #[error(transparent)]
    Emit(underpass_hdl::shells::EmitError),
    /// The Verilog cannot be simulated, or its simulation stopped.
    #[error(transparent)]
    Verilator(#[from] underpass_verilator::Error),
    /// The RTL broke the rules of a bus.
    #[error("the card broke a rule of its bus")]
    Violation(#[from] underpass_bench::Violation),
}

impl AccessError {
    /// What may help.
    pub fn hint(&self) -> Option<String> {
        match self {
            AccessError::Verilator(error) => error
                .hint()
                .map(|hint| format!("{hint}; or use the model: --card sim:model")),
            _ => None,
        }
    }
}
