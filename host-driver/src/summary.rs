//! What a run counted, in the words of `summary.json`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::Serialize;
use underpass_layout::DropReason;
use underpass_table_compiler::objects::{FlowAction, FlowFlags, FlowSide};

use crate::access::Card;
use crate::driver::{DriverError, Rounds, Traffic};
use crate::flow_state::FlowState;
use crate::session::{Session, SessionError};
use crate::slow_path::{Denied, Flapping, Moved, Place, SoftwareCounters, SoftwareFlow, World};

/// Packets by reason.
pub type Reasons = BTreeMap<String, u64>;

/// All counters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// By the port's name.
    pub ports: BTreeMap<String, PortSummary>,
    /// Dropped packets, by whomever and on whatever interface.
    pub drops: Reasons,
    /// Packets that the card handed over.
    pub punts: Reasons,
    /// Packets that found no room on their way to the slow path.
    #[serde(skip_serializing_if = "is_zero")]
    pub punts_lost: u32,
    /// What went round within the card, if anything did.
    #[serde(skip_serializing_if = "RoundsSummary::is_none")]
    pub rounds: RoundsSummary,
    /// What the slow path forwarded in place of the card, if it did.
    #[serde(skip_serializing_if = "SoftwareCounters::is_none")]
    pub software: SoftwareCounters,
    /// Flows, the oldest first; then those that the card has no room for.
    pub flows: Vec<FlowSummary>,
    /// What happened to addresses that several guests may have, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventSummary>,
    /// MACs that moved so often that they are held down, the oldest report first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub held_down: Vec<HeldDown>,
    /// Clocks since reset, of a card that has a clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clocks: Option<u64>,
}

/// Addresses that went from one guest to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventSummary {
    /// When, nanoseconds since the epoch.
    pub time_ns: u128,
    /// `address moved`.
    pub event: &'static str,
    /// The network.
    pub network: String,
    /// The addresses.
    pub address: IpNet,
    /// The MAC that goes with them.
    pub mac: String,
    /// The interface that had them; none, if nobody was heard before.
    pub from: Option<String>,
    /// The interface that has them.
    pub to: Option<String>,
}

/// A MAC that moved so often that it stays where it is for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldDown {
    /// When, nanoseconds since the epoch.
    pub time_ns: u128,
    /// The network.
    pub network: String,
    /// The MAC.
    pub mac: String,
    /// Where it stays: an interface, or a tunnel end.
    pub stays: String,
    /// Where it was seen as well.
    pub seen: String,
}

/// Packets that became several, or were looked up again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RoundsSummary {
    /// Packets that were put into the buffer.
    pub packets: u64,
    /// What came back from there: copies, and packets themselves.
    pub copies: u64,
    /// Copies that were none, because the leg was not for them.
    pub skipped: u64,
    /// Packets that went on without their copies, because the buffer had no room.
    pub lost: u64,
}

impl RoundsSummary {
    /// Nothing went round, for want of room or otherwise.
    fn is_none(&self) -> bool {
        *self == RoundsSummary::default()
    }
}

impl From<Rounds> for RoundsSummary {
    fn from(rounds: Rounds) -> RoundsSummary {
        RoundsSummary {
            packets: rounds.packets,
            copies: rounds.copies,
            skipped: rounds.skipped,
            lost: rounds.lost,
        }
    }
}

/// Counters of one port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PortSummary {
    /// Packets that entered.
    pub rx_packets: u64,
    /// Their bytes.
    pub rx_bytes: u64,
    /// Packets that left.
    pub tx_packets: u64,
    /// Their bytes.
    pub tx_bytes: u64,
    /// Of those that entered, the dropped ones.
    pub drops: Reasons,
}

/// A flow, in the words of the behaviour cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlowSummary {
    /// What is looked up.
    pub key: KeySummary,
    /// The VRF of its packets.
    pub vrf: u16,
    /// `forward`, `nat`, `drop` or `hold`.
    pub action: &'static str,
    /// The peer's name of why it is dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop_reason: Option<&'static str>,
    /// Packets of it.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How far its TCP connection is, in the peer's words.
    pub tcp_state: Vec<&'static str>,
    /// Which of several next hops it keeps to.
    pub ecmp_index: Option<u32>,
    /// Mirrors that its packets are copied to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mirrors: Vec<u32>,
    /// The card has no room for it: the slow path forwards its packets.
    #[serde(skip_serializing_if = "is_false")]
    pub software: bool,
}

/// The key of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeySummary {
    /// K(nh).
    pub nh: u32,
    /// Source address.
    pub sip: IpAddr,
    /// Source port.
    pub sport: u16,
    /// Destination address.
    pub dip: IpAddr,
    /// Destination port.
    pub dport: u16,
    /// Protocol.
    pub proto: u8,
}

impl Summary {
    /// Reads the card's counters and adds the slow path's.
    pub fn read<C: Card>(session: &mut Session<C>) -> Result<Summary, SessionError> {
        let mut summary = Summary {
            clocks: session.driver().card().clocks(),
            punts_lost: session.driver().punts_lost()?,
            rounds: session.driver().rounds()?.into(),
            ..Summary::default()
        };
        for (vif, port) in interfaces(session) {
            summary.add_interface(session, vif, port)?;
        }
        let flows = session.flows()?.into_iter();
        summary.flows = flows.map(FlowSummary::from).collect();
        let slow_path = session.slow_path();
        summary.software = *slow_path.software_counters();
        let kept_here = slow_path.software_flows().into_iter();
        summary.flows.extend(kept_here.map(FlowSummary::from));
        let moves = slow_path.moves();
        summary.events = moves.map(|moved| event(slow_path.world(), moved)).collect();
        let flapping = slow_path.flapping();
        summary.held_down = flapping
            .map(|one| held_down(slow_path.world(), one))
            .collect();
        Ok(summary)
    }

    fn add_interface<C: Card>(
        &mut self,
        session: &mut Session<C>,
        vif: usize,
        name: Option<String>,
    ) -> Result<(), DriverError> {
        let software = session.software_drops().iter();
        let software = software.filter(|((of, _), _)| usize::from(*of) == vif);
        let mut drops: Vec<(DropReason, u64)> = software
            .map(|((_, reason), packets)| (*reason, *packets))
            .collect();
        let driver = session.driver();
        drops.extend(driver.drops(vif)?);
        for (reason, packets) in &drops {
            *self.drops.entry(reason.to_string()).or_default() += packets;
        }
        for (reason, packets) in driver.punts(vif)? {
            *self.punts.entry(reason.to_string()).or_default() += packets;
        }
        if let Some(name) = name {
            let (rx, tx) = (driver.received(vif)?, driver.sent(vif)?);
            let mut port = PortSummary {
                rx_packets: rx.packets,
                rx_bytes: rx.bytes,
                tx_packets: tx.packets,
                tx_bytes: tx.bytes,
                drops: Reasons::new(),
            };
            for (reason, packets) in drops {
                *port.drops.entry(reason.to_string()).or_default() += packets;
            }
            self.ports.insert(name, port);
        }
        Ok(())
    }
}

/// What never happens need not be said.
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What is not so need not be said.
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Every interface with the name of its port, and last the row of what belongs to none.
fn interfaces<C: Card>(session: &mut Session<C>) -> Vec<(usize, Option<String>)> {
    let no_vif = session.driver().profile().no_vif();
    let vifs = session.slow_path().world().objects().vifs.iter();
    let named = vifs.map(|vif| (vif.idx as usize, vif.port.map(|port| port.to_string())));
    named.chain([(no_vif, None)]).collect()
}

/// A flow in the words of the behaviour cases.
impl From<FlowState> for FlowSummary {
    fn from(state: FlowState) -> FlowSummary {
        FlowSummary {
            tcp_state: state.tcp,
            mirrors: mirrors(&state.flow.side),
            ..summary(&state.flow.side, state.flow.denied, state.traffic)
        }
    }
}

/// One that the card has no room for; its TCP connection is not followed, and it is not mirrored.
impl From<SoftwareFlow> for FlowSummary {
    fn from(flow: SoftwareFlow) -> FlowSummary {
        FlowSummary {
            software: true,
            ..summary(&flow.side, flow.denied, flow.traffic)
        }
    }
}

fn summary(side: &FlowSide, denied: Option<Denied>, traffic: Traffic) -> FlowSummary {
    FlowSummary {
        key: KeySummary {
            nh: side.key_nh,
            sip: side.sip,
            sport: side.sport,
            dip: side.dip,
            dport: side.dport,
            proto: side.proto,
        },
        vrf: side.vrf,
        action: action(side.action),
        drop_reason: denied.map(Denied::name),
        packets: traffic.packets,
        bytes: traffic.bytes,
        tcp_state: Vec::new(),
        ecmp_index: side.ecmp_index,
        mirrors: Vec::new(),
        software: false,
    }
}

/// The word of an action.
const fn action(action: FlowAction) -> &'static str {
    match action {
        FlowAction::Drop => "drop",
        FlowAction::Hold => "hold",
        FlowAction::Forward => "forward",
        FlowAction::Nat => "nat",
    }
}

/// The mirrors of a flow's direction.
pub(crate) fn mirrors(side: &FlowSide) -> Vec<u32> {
    let all = [side.mirror_index, side.second_mirror_index];
    let there = side.flags.contains(FlowFlags::MIRROR);
    all.into_iter().flatten().filter(|_| there).collect()
}

fn held_down(world: &World, flapping: &Flapping) -> HeldDown {
    let network = world.vrf(flapping.vrf).map(|network| network.name.clone());
    let place = |place: &Place| match place.address {
        Some(end) => end.to_string(),
        None => {
            let vif = u16::try_from(place.vif).ok().and_then(|vif| world.vif(vif));
            vif.and_then(|vif| vif.name.clone()).unwrap_or_default()
        }
    };
    HeldDown {
        time_ns: flapping.time.as_nanos(),
        network: network.unwrap_or_default(),
        mac: flapping.mac.to_string(),
        stays: place(&flapping.stays),
        seen: place(&flapping.seen),
    }
}

fn event(world: &World, moved: &Moved) -> EventSummary {
    let name = |vif: u32| world.vif(u16::try_from(vif).ok()?)?.name.clone();
    let network = world.vrf(moved.vrf).map(|network| network.name.clone());
    EventSummary {
        time_ns: moved.time.as_nanos(),
        event: "address moved",
        network: network.unwrap_or_default(),
        address: moved.address,
        mac: moved.mac.to_string(),
        from: moved.from.and_then(name),
        to: name(moved.to),
    }
}
