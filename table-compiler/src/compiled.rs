//! The whole way from a network to the writes that make a card carry it.

use crate::entries::{entries, Entries, EntryError};
use crate::network::Network;
use crate::objects::Objects;
use crate::placed::Placed;
use crate::plan::{plan, Plan, PlanError};

/// A network in all its forms, each derived from the one before.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What a vRouter agent would program.
    pub objects: Objects,
    /// What the card's tables shall say.
    pub entries: Entries,
    /// The writes, in order.
    pub plan: Plan,
    /// What the card holds after the last of them.
    pub placed: Placed,
}

/// Why a network cannot be on the card.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// Its objects do not fit the card's tables, whatever else is there.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// Its entries find no room.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// What makes the card that holds `old` carry `network` instead of what it carries now. The sizes of its tables are
/// those of `old`.
///
/// # Errors
/// The network is too large for the card; nothing has been written then.
///
/// # Example
/// ```
/// use underpass_layout::profile;
/// use underpass_table_compiler::{compile, parse, Placed};
///
/// let text = "node: {name: n1}\nunderlay: {port: wire0, mac: 0c:c4:7a:59:62:5c, address: 192.0.2.1/24}\n";
/// let network = parse("net.yaml", text)?;
/// let first = compile(&network, &Placed::empty(&profile::SIM, 1))?;
/// let line = first.plan.steps.last().expect("a port opens last").to_string();
/// assert_eq!(line, "write   port[0]  valid");
/// assert!(compile(&network, &first.placed)?.plan.steps.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compile(network: &Network, old: &Placed) -> Result<Compiled, CompileError> {
    let objects = crate::objects(network);
    let entries = entries(&objects, old.profile())?;
    let (plan, placed) = plan(old, &entries)?;
    Ok(Compiled {
        objects,
        entries,
        plan,
        placed,
    })
}
