//! The stages, in the order in which a packet meets them.
//!
//! ```text
//!   header ─▶ parse ─▶ classify ─▶ decap ─▶ inner ─▶ quoted ─▶ bridge ─▶ receiver ─▶ key ─▶ ..
//!   host ────────────▶ classify ─▶ decap ─▶ wait ────────────▶ bridge ─▶ receiver ─▶ key ─▶ ..
//!
//!   .. ─▶ flow ─▶ route ─▶ member ─▶ nexthop ─▶ rewrite ─▶ encap ─▶ count ─▶ edit, errand
//!   .. ─▶ flow ─▶ route ─▶ member ─▶ nexthop ─▶ wait ────▶ encap ─▶ count ─▶ host
//! ```
//! One header enters a clock and none is ever held up: a slot is valid or empty. The host's accesses to the tables
//! take the lower chain, in step with the packets: where a stage has no table, they wait as long as it takes. This file
//! is structure only; what a stage does stands in its own.

#[cfg(test)]
pub(crate) mod bench;
pub mod count;
pub mod entropy;
pub mod ip;
pub mod ipv4;
pub mod ipv6;
#[cfg(test)]
pub(crate) mod records;
pub mod s10_route;
pub mod s11_member;
pub mod s12_nexthop;
pub mod s13_rewrite;
pub mod s14_encap;
pub mod s1_parse;
pub mod s2_classify;
pub mod s3_decap;
pub mod s4_inner;
pub mod s5_quoted;
pub mod s6_bridge;
pub mod s7_receiver;
pub mod s8_key;
pub mod s9_flow;
pub mod slot;

use crate::buses::{
    DecidedOut, EditOut, ErrandOut, HeadOut, HeaderIn, HostIn, HostOut, PairOrdersIn,
    PairReportsOut, RoundCreditIn, RoundEventsOut, Sizes, SlotOut,
};
use crate::lookup::host::HostWait;
use count::CountStage;
use rust_hdl_core::prelude::*;
use s10_route::RouteStage;
use s11_member::MemberStage;
use s12_nexthop::NexthopStage;
use s13_rewrite::RewriteStage;
use s14_encap::EncapStage;
use s1_parse::ParseStage;
use s2_classify::ClassifyStage;
use s3_decap::DecapStage;
use s4_inner::InnerStage;
use s5_quoted::QuotedStage;
use s6_bridge::BridgeStage;
use s7_receiver::ReceiverStage;
use s8_key::KeyStage;
use s9_flow::FlowStage;
use underpass_wires::rusthdl::ClkRst;

/// The stages with what connects them.
#[derive(LogicBlock, Default)]
pub struct Pipeline {
    /// Clock and reset.
    pub cr: ClkRst,
    /// A packet's first bytes.
    pub header: HeaderIn,
    /// The host's access to the tables.
    pub host_in: HostIn,
    /// What `deliver` does with the packet.
    pub edit: EditOut,
    /// What rounds does with it, where it goes round.
    pub errand: ErrandOut,
    /// Room that became free in rounds.
    pub round_credit: RoundCreditIn,
    /// What is counted of packets that go round.
    pub round_events: RoundEventsOut,
    /// Fewest clocks from one packet that is learnt from to the next.
    pub learn_interval: Signal<In, Bits<32>>,
    /// The number of the window that punts are counted in.
    pub punt_window: Signal<In, Bits<20>>,
    /// The host's access on its way back.
    pub host: HostOut,
    /// What the registers order of flow pairs.
    pub pair_orders: PairOrdersIn,
    /// What the registers are told of them.
    pub pair_reports: PairReportsOut,
    /// All that was known of the packet at the end, for tests: `deliver` needs only the edit.
    pub tap: DecidedOut,
    parse: ParseStage,
    classify: ClassifyStage,
    decap: DecapStage,
    inner: InnerStage,
    quoted: QuotedStage,
    bridge: BridgeStage,
    receiver: ReceiverStage,
    key: KeyStage,
    flow: FlowStage,
    route: RouteStage,
    member: MemberStage,
    nexthop: NexthopStage,
    rewrite: RewriteStage,
    encap: EncapStage,
    count: CountStage,
    inner_wait: HostWait,
    rewrite_wait: HostWait,
}

impl Pipeline {
    /// The pipeline with tables of these sizes.
    pub fn new(sizes: Sizes) -> Self {
        Pipeline {
            classify: ClassifyStage::new(sizes),
            decap: DecapStage::new(sizes),
            bridge: BridgeStage::new(sizes),
            receiver: ReceiverStage::new(sizes),
            key: KeyStage::new(sizes),
            flow: FlowStage::new(sizes),
            route: RouteStage::new(sizes),
            member: MemberStage::new(sizes),
            nexthop: NexthopStage::new(sizes),
            encap: EncapStage::new(sizes),
            count: CountStage::new(sizes),
            inner_wait: HostWait::new((s4_inner::LATENCY + s5_quoted::LATENCY) as u32),
            rewrite_wait: HostWait::new(s13_rewrite::LATENCY as u32),
            ..Default::default()
        }
    }
}

impl Logic for Pipeline {
    #[hdl_gen]
    fn update(&mut self) {
        ClkRst::link(&mut self.cr, &mut self.parse.cr);
        ClkRst::link(&mut self.cr, &mut self.classify.cr);
        ClkRst::link(&mut self.cr, &mut self.decap.cr);
        ClkRst::link(&mut self.cr, &mut self.inner.cr);
        ClkRst::link(&mut self.cr, &mut self.quoted.cr);
        ClkRst::link(&mut self.cr, &mut self.bridge.cr);
        ClkRst::link(&mut self.cr, &mut self.receiver.cr);
        ClkRst::link(&mut self.cr, &mut self.key.cr);
        ClkRst::link(&mut self.cr, &mut self.flow.cr);
        ClkRst::link(&mut self.cr, &mut self.route.cr);
        ClkRst::link(&mut self.cr, &mut self.member.cr);
        ClkRst::link(&mut self.cr, &mut self.nexthop.cr);
        ClkRst::link(&mut self.cr, &mut self.rewrite.cr);
        ClkRst::link(&mut self.cr, &mut self.encap.cr);
        ClkRst::link(&mut self.cr, &mut self.count.cr);
        ClkRst::link(&mut self.cr, &mut self.inner_wait.cr);
        ClkRst::link(&mut self.cr, &mut self.rewrite_wait.cr);

        HeaderIn::link(&mut self.header, &mut self.parse.header);
        HeadOut::join(&mut self.parse.slot, &mut self.classify.slot_in);
        HeadOut::join(&mut self.classify.slot, &mut self.decap.slot_in);
        HeadOut::join(&mut self.decap.slot, &mut self.inner.slot_in);
        HeadOut::join(&mut self.inner.slot, &mut self.quoted.slot_in);
        SlotOut::join(&mut self.quoted.slot, &mut self.bridge.slot_in);
        SlotOut::join(&mut self.bridge.slot, &mut self.receiver.slot_in);
        SlotOut::join(&mut self.receiver.slot, &mut self.key.slot_in);
        SlotOut::join(&mut self.key.slot, &mut self.flow.slot_in);
        SlotOut::join(&mut self.flow.slot, &mut self.route.slot_in);
        SlotOut::join(&mut self.route.slot, &mut self.member.slot_in);
        SlotOut::join(&mut self.member.slot, &mut self.nexthop.slot_in);
        SlotOut::join(&mut self.nexthop.slot, &mut self.rewrite.slot_in);
        SlotOut::join(&mut self.rewrite.slot, &mut self.encap.slot_in);
        DecidedOut::join(&mut self.encap.decided, &mut self.count.decided);
        DecidedOut::link(&mut self.tap, &mut self.encap.tap);
        EditOut::link(&mut self.edit, &mut self.count.edit);
        ErrandOut::link(&mut self.errand, &mut self.count.errand);
        RoundEventsOut::link(&mut self.round_events, &mut self.count.round_events);
        RoundCreditIn::link(&mut self.round_credit, &mut self.encap.credit);
        self.encap.learn_interval.next = self.learn_interval.val();
        self.encap.punt_window.next = self.punt_window.val();
        self.count.lost.next = self.encap.lost.val();
        PairOrdersIn::link(&mut self.pair_orders, &mut self.count.pair_orders);
        PairReportsOut::link(&mut self.pair_reports, &mut self.count.pair_reports);

        HostIn::link(&mut self.host_in, &mut self.classify.host_in);
        HostOut::join(&mut self.classify.host, &mut self.decap.host_in);
        HostOut::join(&mut self.decap.host, &mut self.inner_wait.host_in);
        HostOut::join(&mut self.inner_wait.host, &mut self.bridge.host_in);
        HostOut::join(&mut self.bridge.host, &mut self.receiver.host_in);
        HostOut::join(&mut self.receiver.host, &mut self.key.host_in);
        HostOut::join(&mut self.key.host, &mut self.flow.host_in);
        HostOut::join(&mut self.flow.host, &mut self.route.host_in);
        HostOut::join(&mut self.route.host, &mut self.member.host_in);
        HostOut::join(&mut self.member.host, &mut self.nexthop.host_in);
        HostOut::join(&mut self.nexthop.host, &mut self.rewrite_wait.host_in);
        HostOut::join(&mut self.rewrite_wait.host, &mut self.encap.host_in);
        HostOut::join(&mut self.encap.host, &mut self.count.host_in);
        HostOut::link(&mut self.host, &mut self.count.host);
    }
}
