//! What the random packets met: a generator that stops reaching a path would make the comparison worth less, silently.

use std::collections::BTreeMap;
use underpass_layout::meta::{ArpStep, HeaderKind, Key, Meta, RoundKind};
use underpass_layout::tables::{NexthopKind, TunnelKind};
use underpass_layout::{DropReason, PuntReason, Verdict, VerdictKind};
use underpass_model::Output;

/// Packets after which everything in [`Met::missing`] should have been met.
pub const ENOUGH: usize = 50_000;

/// Reasons that slow path and host give, never the card.
const NOT_BY_THE_CARD: [DropReason; 11] = [
    DropReason::FragmentQueueFail,
    DropReason::FlowQueueLimitExceeded,
    DropReason::FlowTableFull,
    DropReason::FlowActionInvalid,
    DropReason::FlowUnusable,
    DropReason::NewFlows,
    DropReason::Fragments,
    DropReason::NexthopUnresolved,
    DropReason::InterfaceDrop,
    DropReason::TrapNoInterface,
    // Only without room, which these runs see to.
    DropReason::NoCopyRoom,
];

/// In front of what a packet was in a pass; each pass is counted once under it.
const CAME: &str = "came as ";

/// Tunnels that are taken off.
const TUNNELS: [TunnelKind; 4] = [
    TunnelKind::MplsGre,
    TunnelKind::MplsUdp,
    TunnelKind::Vxlan,
    TunnelKind::Nvgre,
];

/// What packets of both families should meet.
const FAMILIES: [&str; 16] = [
    "first part with known ports",
    "later part with known ports",
    "flow of a part",
    "smaller segments",
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
        let is_known_part = meta.inner.fragment && meta.arrival.round.known.ports;
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
            (
                is_known_part && meta.inner.l4_offset != 0,
                "first part with known ports",
            ),
            (
                is_known_part && meta.inner.l4_offset == 0,
                "later part with known ports",
            ),
            (is_known_part && meta.flow.hit, "flow of a part"),
            (patched && meta.rewrite.patch.mss, "smaller segments"),
        ] {
            if there {
                met(format!("{family} {what}"));
            }
        }
        let round = &meta.arrival.round;
        met(format!("{CAME}{:?}", round.kind));
        if round.kind == RoundKind::Member {
            let what = if meta.member.skip { "skipped" } else { "copy" };
            met(format!(
                "{what} for {:?} from {:?}",
                meta.member.leg, meta.member.origin
            ));
        }
        self.add_arp(output);
        let mut met = |what: String| *self.0.entry(what).or_insert(0) += 1;
        let errand = &output.edit.errand;
        let known = &round.known;
        let told = known.routed
            && meta.route.routed
            && meta.verdict.kind != VerdictKind::Punt
            && (meta.route.nexthop, meta.route.label) == (known.nexthop, known.label);
        for (there, what) in [
            (errand.on, "goes round"),
            (errand.mirror != 0, "mirrored"),
            (errand.second != 0, "mirrored twice"),
            (errand.third != 0, "mirrored three times"),
            (errand.learn, "learnt from"),
            (errand.members > 0, "for many"),
            (errand.on && errand.round.hops > 0, "into another VRF"),
            (
                errand.on && errand.round.kind == RoundKind::Transmit,
                "mirrored on its way out",
            ),
            (
                errand.on && errand.round.kind == RoundKind::Tenant,
                "mirrored by its flow",
            ),
            (
                errand.on && meta.verdict.kind == VerdictKind::Drop,
                "mirrored and dropped",
            ),
            (
                round.quiet && meta.nexthop.kind == NexthopKind::Tunnel,
                "copy in a tunnel",
            ),
            (meta.qos.valid, "marked"),
            (meta.bridge.control, "control word"),
            (meta.decap.tree, "from a tree"),
            (patched && meta.decap.host, "one hop less for the host"),
            (
                patched
                    && meta.syn.offset % 2 != meta.inner.l4_offset % 2
                    && meta.rewrite.patch.mss,
                "smaller segments at an odd place",
            ),
            (told, "routed as the slow path knew"),
        ] {
            if there {
                met(what.to_string());
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
        let leaves = output.verdict == Verdict::Deliver && output.port.is_some();
        if leaves && nexthop.kind == NexthopKind::Tunnel {
            let kind = output.edit.kind;
            met(format!("into {kind:?} over {}", over(nexthop.tunnel_v6)));
        }
        let bytes = output.frame.len();
        if bytes > 9_000 {
            met(format!("frame over {} bytes", bytes / 7_500 * 7_500));
        }
    }

    /// Counts what became of ARP.
    fn add_arp(&mut self, output: &Output) {
        let meta = &output.meta;
        let from = match meta.decap.tunnelled {
            true => "another node",
            false => "here",
        };
        let open = !matches!(output.verdict, Verdict::Drop(_) | Verdict::Punt(_));
        let flooded = open && !meta.answer.on && meta.bridge.floods;
        let became = match meta.bridge.arp {
            ArpStep::None => return,
            _ if output.edit.errand.learn && meta.answer.shown => "shown",
            _ if output.edit.kind == HeaderKind::Arp => "answered",
            ArpStep::Query if flooded => "flooded",
            ArpStep::Announce if flooded => "told to all",
            _ => "else",
        };
        *self
            .0
            .entry(format!("ARP from {from} {became}"))
            .or_insert(0) += 1;
    }

    /// What should have been met and was not.
    pub fn missing(&self) -> Vec<String> {
        let drops = DropReason::ALL
            .iter()
            .filter(|why| **why != DropReason::Unknown && !NOT_BY_THE_CARD.contains(why))
            .map(|why| Verdict::Drop(*why).to_string());
        let punts = PuntReason::ALL
            .iter()
            .filter(|why| !matches!(why, PuntReason::None | PuntReason::Multicast))
            .map(|why| Verdict::Punt(*why).to_string());
        let families = FAMILIES
            .into_iter()
            .flat_map(|what| ["IPv4", "IPv6"].map(|family| format!("{family} {what}")));
        let from = TUNNELS
            .iter()
            .flat_map(|kind| ["IPv4", "IPv6"].map(|over| format!("from {kind:?} over {over}")));
        let into = [
            HeaderKind::MplsGre,
            HeaderKind::MplsUdp,
            HeaderKind::Vxlan,
            HeaderKind::VxlanRouted,
            HeaderKind::Nvgre,
            HeaderKind::ControlGre,
            HeaderKind::ControlUdp,
        ]
        .into_iter()
        .flat_map(|kind| ["IPv4", "IPv6"].map(|over| format!("into {kind:?} over {over}")));
        let rounds = RoundKind::ALL.iter().map(|kind| format!("{CAME}{kind:?}"));
        let others = [
            "IPv6 extension",
            "IPv6 neighbour discovery",
            "frame over 15000 bytes",
            "into TreeGre over IPv4",
            "into TreeUdp over IPv4",
            "mirrored",
            "mirrored twice",
            "mirrored three times",
            "learnt from",
            "for many",
            "into another VRF",
            "mirrored on its way out",
            "mirrored by its flow",
            "mirrored and dropped",
            "copy in a tunnel",
            "marked",
            "control word",
            "from a tree",
            "ARP from here answered",
            "ARP from here flooded",
            "ARP from here told to all",
            "ARP from here shown",
            "ARP from another node answered",
            "ARP from another node flooded",
            "one hop less for the host",
            "smaller segments at an odd place",
            "routed as the slow path knew",
        ];
        drops
            .chain(punts)
            .chain(families)
            .chain(from)
            .chain(into)
            .chain(rounds)
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
            .try_for_each(|(what, count)| writeln!(f, "{count:>8}  {what}"))?;
        let came = self.0.iter().filter(|(what, _)| what.starts_with(CAME));
        let passes: usize = came.map(|(_, count)| count).sum();
        writeln!(f, "{passes:>8}  passes in all")
    }
}
