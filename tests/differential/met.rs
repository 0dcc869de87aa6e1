//! What the random packets met: a generator that stops reaching a path would make the comparison worth less, silently.

use std::collections::BTreeMap;
use underpass_layout::meta::{HeaderKind, Key, Meta};
use underpass_layout::tables::{NexthopKind, TunnelKind};
use underpass_layout::{DropReason, PuntReason, Verdict};
use underpass_model::Output;

/// Packets after which everything in [`Met::missing`] should have been met.
pub const ENOUGH: usize = 50_000;

/// Reasons that slow path and host give, never the card.
const NOT_BY_THE_CARD: [DropReason; 12] = [
    DropReason::InterfaceTxDiscard,
    DropReason::InvalidArp,
    DropReason::FlowQueueLimitExceeded,
    DropReason::FlowTableFull,
    DropReason::FlowActionInvalid,
    DropReason::FlowUnusable,
    DropReason::NewFlows,
    DropReason::Fragments,
    DropReason::NexthopUnresolved,
    DropReason::InterfaceDrop,
    DropReason::TrapNoInterface,
    DropReason::TooBig,
];

/// What packets of both families should meet.
const FAMILIES: [&str; 12] = [
    "frame",
    "packet",
    "fragment",
    "routed",
    "flow hit",
    "flow onward",
    "flow missed at ease",
    "fat flow",
    "quoted flow",
    "source replaced",
    "port replaced",
    "quoted address replaced",
];

/// How many packets met what.
#[derive(Debug, Default)]
pub struct Met(BTreeMap<String, usize>);

impl Met {
    /// Counts one packet.
    pub fn add(&mut self, output: &Output) {
        let meta = &output.meta;
        let mut met = |what: String| *self.0.entry(what).or_insert(0) += 1;
        met(output.verdict.to_string());
        let family = match (meta.inner.ipv4, meta.inner.ipv6) {
            (true, _) => "IPv4",
            (_, true) => "IPv6",
            _ => "no IP",
        };
        let patched = output.verdict == Verdict::Deliver && meta.rewrite.patch.on;
        let fat = meta.receiver.wanted && !meta.quoted.error && meta.key != own_key(meta);
        for (there, what) in [
            (meta.decap.frame && family != "no IP", "frame"),
            (!meta.decap.frame && family != "no IP", "packet"),
            (meta.inner.fragment, "fragment"),
            (meta.inner.extension, "extension"),
            (meta.inner.neighbor, "neighbour discovery"),
            (meta.route.routed, "routed"),
            (meta.flow.hit, "flow hit"),
            (meta.flow.goes_onward, "flow onward"),
            (
                meta.flow.looked_up && !meta.flow.hit && meta.verdict.reason == 0,
                "flow missed at ease",
            ),
            (fat && meta.flow.hit, "fat flow"),
            (meta.quoted.error && meta.flow.hit, "quoted flow"),
            (patched && meta.rewrite.patch.src, "source replaced"),
            (patched && meta.rewrite.patch.dst_port, "port replaced"),
            (
                patched && meta.rewrite.patch.quoted_dst,
                "quoted address replaced",
            ),
        ] {
            if there {
                met(format!("{family} {what}"));
            }
        }
        let over = |v6: bool| if v6 { "IPv6" } else { "IPv4" };
        if meta.decap.tunnelled {
            met(format!(
                "from {:?} over {}",
                meta.parse.tunnel,
                over(meta.parse.v6)
            ));
        }
        let nexthop = &meta.nexthop;
        if output.verdict == Verdict::Deliver && nexthop.kind == NexthopKind::Tunnel {
            let kind = output.edit.kind;
            met(format!("into {kind:?} over {}", over(nexthop.tunnel_v6)));
        }
        let bytes = output.frame.len();
        if bytes > 9_000 {
            met(format!("frame over {} bytes", bytes / 7_500 * 7_500));
        }
    }

    /// What should have been met and was not.
    pub fn missing(&self) -> Vec<String> {
        let drops = DropReason::ALL
            .iter()
            .filter(|why| **why != DropReason::Unknown && !NOT_BY_THE_CARD.contains(why))
            .map(|why| Verdict::Drop(*why).to_string());
        let punts = PuntReason::ALL
            .iter()
            .filter(|why| **why != PuntReason::None)
            .map(|why| Verdict::Punt(*why).to_string());
        let families = FAMILIES
            .into_iter()
            .flat_map(|what| ["IPv4", "IPv6"].map(|family| format!("{family} {what}")));
        let from = TunnelKind::ALL[1..]
            .iter()
            .flat_map(|kind| ["IPv4", "IPv6"].map(|over| format!("from {kind:?} over {over}")));
        let into = [
            HeaderKind::MplsGre,
            HeaderKind::MplsUdp,
            HeaderKind::Vxlan,
            HeaderKind::VxlanRouted,
        ]
        .into_iter()
        .flat_map(|kind| ["IPv4", "IPv6"].map(|over| format!("into {kind:?} over {over}")));
        let others = [
            "IPv6 extension",
            "IPv6 neighbour discovery",
            "frame over 15000 bytes",
        ];
        drops
            .chain(punts)
            .chain(families)
            .chain(from)
            .chain(into)
            .chain(others.map(str::to_string))
            .filter(|what| !self.0.contains_key(what))
            .collect()
    }
}

/// The key of a packet's own headers.
fn own_key(meta: &Meta) -> Key {
    Key {
        protocol: meta.inner.protocol,
        src: meta.inner.src,
        dst: meta.inner.dst,
        src_port: meta.inner.src_port,
        dst_port: meta.inner.dst_port,
    }
}

impl std::fmt::Display for Met {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0
            .iter()
            .try_for_each(|(what, count)| writeln!(f, "{count:>8}  {what}"))
    }
}
