//! How a flow begins: its first packet, who decides, and with what it goes on.

pub(super) mod births;
pub(super) mod denied;
pub(super) mod fat;
pub(super) mod floating;
pub(super) mod flow_setup;
pub(super) mod hold;
pub(super) mod masquerade;
pub(super) mod miss;
pub(super) mod moved;
pub(super) mod policy;
pub(super) mod wanted;
