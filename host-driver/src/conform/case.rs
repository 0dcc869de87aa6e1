//! What a behaviour case says: what is programmed, what enters, and what is expected of it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use underpass_table_compiler::objects::{FlowAction, HexBytes, Object};

/// A case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// What it shows, in words.
    pub verifies: String,
    /// What an empty card is programmed with.
    pub config: Vec<Object>,
    /// What happens then, in order.
    pub steps: Vec<Step>,
}

/// One step of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is programmed first.
    pub change: Option<Change>,
    /// What enters then.
    pub inject: Option<Inject>,
    /// What is expected.
    pub expect: Expect,
    /// The frames that leave an interface are expected in the order in which they are listed.
    pub in_order: bool,
}

/// What is programmed between packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Objects. Of two with one number the later one counts.
    Objects(Vec<Object>),
    /// What the agent says about the one flow that waits.
    Reply(Reply),
}

/// The agent's word about a flow that waits: its packets may pass, and so may the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// S(nh) of the flow.
    pub rpf_nh: u32,
    /// K(nh) of the answers.
    pub rev_key_nh: u32,
    /// S(nh) of the answers.
    pub rev_rpf_nh: u32,
}

/// A frame that enters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inject {
    /// The interface.
    pub vif: u32,
    /// Its bytes, without FCS.
    pub frame: Vec<u8>,
}

/// What is expected of a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// Every frame that leaves.
    pub out: Vec<Out>,
    /// Drop counters that rise, by how much.
    pub drops: BTreeMap<String, u64>,
    /// Flows that are new or changed, and in the first step any that were configured.
    pub flows: Vec<FlowState>,
    /// Flows that are there no more.
    pub gone: Vec<FlowKey>,
    /// Originals that the peer gave up for their copies: whether there are any is what can be compared.
    pub clones: Option<u64>,
}

/// A frame that leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Out {
    /// The interface.
    pub vif: u32,
    /// Its bytes, without FCS.
    pub frame: Vec<u8>,
}

/// What a flow is looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowKey {
    /// K(nh).
    pub nh: u32,
    /// Source address.
    pub sip: IpAddr,
    /// Source port, or the identifier of an ICMP echo.
    pub sport: u16,
    /// Destination address.
    pub dip: IpAddr,
    /// Destination port, or the type of ICMP that is no echo.
    pub dport: u16,
    /// IP protocol.
    pub proto: u8,
}

/// A flow as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowState {
    /// What it is looked up by.
    pub key: FlowKey,
    /// The VRF of its packets.
    pub vrf: u16,
    /// What is done with them.
    pub action: FlowAction,
    /// How far its TCP connection is, in the peer's words: SYN, EST_R, ...
    pub tcp_state: Vec<String>,
    /// Packets.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Which member of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecmp_index: Option<u32>,
}

/// The form of a step in JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepForm {
    #[serde(default)]
    pub config_change: Option<serde_json::Value>,
    #[serde(default)]
    pub inject: Option<InjectForm>,
    pub expect: ExpectForm,
    #[serde(default)]
    pub note: String,
}

/// The form of a frame that enters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InjectForm {
    pub vif: u32,
    pub len: usize,
    #[serde(default, rename = "summary")]
    _summary: serde_json::Value,
    pub hex: HexBytes,
    #[serde(default)]
    pub note: String,
}

/// The form of what is expected.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectForm {
    pub out: Vec<OutForm>,
    pub drops: BTreeMap<String, u64>,
    #[serde(default)]
    pub flows_new_or_changed: Vec<FlowState>,
    #[serde(default)]
    pub flows_gone: Vec<FlowKey>,
    #[serde(default)]
    pub clones_accounted: Option<u64>,
}

/// The form of a frame that leaves.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OutForm {
    pub vif: u32,
    pub len: usize,
    #[serde(default, rename = "summary")]
    _summary: serde_json::Value,
    pub hex: HexBytes,
    #[serde(default, rename = "note")]
    _note: serde_json::Value,
}
