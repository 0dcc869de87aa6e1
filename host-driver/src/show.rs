//! Tables of a run: what the network became, and what it carried.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::net::SocketAddr;

use serde_json::Value;
use underpass_layout::tables::{FlowEntry, Table};
use underpass_table_compiler::objects::{FlagSet, HexBytes, Nexthop, NexthopKind, Objects, Vif};

use crate::access::Card;
use crate::classic::{views, BridgeTable, RouteTable};
use crate::flow_state::FlowState;
use crate::print;
use crate::session::Session;
use crate::summary::{FlowSummary, Summary};

/// A table that can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Show {
    /// Networks.
    Vrf,
    /// Interfaces, with what they carried.
    Vif,
    /// Nexthops.
    Nh,
    /// Routes.
    Rt,
    /// MAC addresses.
    Bridge,
    /// MPLS labels of this node.
    Mpls,
    /// VNIs.
    Vxlan,
    /// Flows, with what they carried.
    Flow,
    /// Mirrors.
    Mirror,
    /// Dropped packets by reason.
    Drop,
}

/// In which shape tables are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Columns with headers.
    #[default]
    Table,
    /// As the vRouter's tools print them: `flow -l`, `vif --list`, `nh --list`, `rt --dump`, ...
    Classic,
}

impl Show {
    /// The word on the command line and in JSON.
    const fn word(self) -> &'static str {
        match self {
            Show::Vrf => "vrf",
            Show::Vif => "vif",
            Show::Nh => "nh",
            Show::Rt => "rt",
            Show::Bridge => "bridge",
            Show::Mpls => "mpls",
            Show::Vxlan => "vxlan",
            Show::Flow => "flow",
            Show::Mirror => "mirror",
            Show::Drop => "drop",
        }
    }
}

/// The tables as JSON, in the objects' own form.
pub fn json<C: Card>(
    show: &[Show],
    session: &mut Session<C>,
    summary: &Summary,
) -> io::Result<BTreeMap<&'static str, Value>> {
    let objects = session.slow_path().world().objects();
    let mut tables = BTreeMap::new();
    for what in show {
        let value = match what {
            Show::Vrf => serde_json::to_value(&objects.vrfs),
            Show::Vif => serde_json::to_value(&objects.vifs),
            Show::Nh => serde_json::to_value(&objects.nexthops),
            Show::Rt => serde_json::to_value(&objects.routes),
            Show::Bridge => serde_json::to_value(&objects.bridges),
            Show::Mpls => serde_json::to_value(&objects.mpls),
            Show::Vxlan => serde_json::to_value(&objects.vxlans),
            Show::Flow => serde_json::to_value(&summary.flows),
            Show::Mirror => serde_json::to_value(&objects.mirrors),
            Show::Drop => serde_json::to_value(&summary.drops),
        };
        tables.insert(what.word(), value?);
    }
    Ok(tables)
}

/// One table for people.
pub fn print<C: Card>(
    what: Show,
    out: &mut dyn Write,
    session: &mut Session<C>,
    summary: &Summary,
) -> io::Result<()> {
    let objects = session.slow_path().world().objects();
    match what {
        Show::Vrf => vrfs(out, objects),
        Show::Vif => vifs(out, objects, summary),
        Show::Nh => nexthops(out, objects),
        Show::Rt => routes(out, objects),
        Show::Bridge => bridges(out, objects),
        Show::Mpls => {
            let rows = objects.mpls.iter();
            let rows = rows.map(|mpls| [mpls.label, mpls.nh].map(|number| number.to_string()));
            print::table(out, &["LABEL", "NH"], rows)
        }
        Show::Vxlan => {
            let rows = objects.vxlans.iter();
            let rows = rows.map(|vxlan| [vxlan.vnid, vxlan.nh].map(|number| number.to_string()));
            print::table(out, &["VNI", "NH"], rows)
        }
        Show::Flow => flows(out, &summary.flows),
        Show::Mirror => {
            let rows = objects.mirrors.iter().map(|mirror| {
                let header = match mirror.dynamic_juniper_header {
                    true => "juniper",
                    false => "none",
                };
                [
                    mirror.index.to_string(),
                    mirror.nh.to_string(),
                    header.to_owned(),
                    some(mirror.vni),
                    some(mirror.snap_length),
                    some(mirror.rate_limit),
                ]
            });
            let headers = ["MIRROR", "NH", "HEADER", "VNI", "SNAP_BYTES", "COPIES_S"];
            print::table(out, &headers, rows)
        }
        Show::Drop => {
            let rows = summary.drops.iter();
            let rows = rows.map(|(reason, packets)| [reason.clone(), packets.to_string()]);
            print::table(out, &["DROPPED", "PACKETS"], rows)
        }
    }
}

/// One table as the vRouter's tools print it.
///
/// # Errors
/// `out` takes no more.
pub fn print_classic<C: Card>(
    what: Show,
    mut out: &mut dyn Write,
    session: &mut Session<C>,
    summary: &Summary,
    flows: &[FlowState],
) -> io::Result<()> {
    let out = &mut out;
    let places = session.driver().profile().entries(&FlowEntry::TABLE) as u64;
    let objects = session.slow_path().world().objects();
    match what {
        Show::Flow => views::flows(objects, flows, places).print(out),
        Show::Vif => views::interfaces(objects, summary).print(out),
        Show::Nh => views::nexthops(objects)
            .iter()
            .try_for_each(|one| one.print(out)),
        Show::Rt => apart(out, &views::routes(objects), RouteTable::print),
        Show::Bridge => apart(out, &views::bridges(objects), BridgeTable::print),
        Show::Mpls => views::labels(objects).print(out),
        Show::Vxlan => views::vnis(objects).print(out),
        Show::Mirror => views::mirrors(objects).print(out),
        Show::Drop => views::drops(summary).print(out),
        // No tool of theirs lists what a network is like.
        Show::Vrf => vrfs(out, objects),
    }
}

/// Tables with an empty line between two.
fn apart<T, W: Write>(
    out: &mut W,
    tables: &[T],
    print: impl Fn(&T, &mut W) -> io::Result<()>,
) -> io::Result<()> {
    for (number, table) in tables.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        print(table, out)?;
    }
    Ok(())
}

fn vrfs(out: &mut dyn Write, objects: &Objects) -> io::Result<()> {
    let rows = objects.vrfs.iter().map(|vrf| {
        let subnets: Vec<String> = vrf
            .subnets
            .iter()
            .map(|one| one.prefix.to_string())
            .collect();
        [
            vrf.vrf.to_string(),
            vrf.name.clone(),
            word(&vrf.mode),
            yes(vrf.rpf),
            subnets.join(", "),
        ]
    });
    print::table(out, &["VRF", "NAME", "MODE", "RPF", "SUBNETS"], rows)
}

fn vifs(out: &mut dyn Write, objects: &Objects, summary: &Summary) -> io::Result<()> {
    const HEADERS: [&str; 12] = [
        "VIF",
        "NAME",
        "TYPE",
        "PORT",
        "MAC",
        "ADDRESS",
        "VRF",
        "NH",
        "FLAGS",
        "RX_PACKETS",
        "TX_PACKETS",
        "DROPS",
    ];
    let rows = objects.vifs.iter().map(|vif| {
        let port = vif.port.map(|port| port.to_string());
        let counted = port.as_ref().and_then(|port| summary.ports.get(port));
        let counted = counted.cloned().unwrap_or_default();
        [
            vif.idx.to_string(),
            vif.name.clone().unwrap_or_default(),
            word(&vif.vif_type),
            port.unwrap_or_default(),
            vif.mac.to_string(),
            some(vif.ip),
            vrf_of(vif),
            some(vif.nh_id),
            flags(vif.flags),
            counted.rx_packets.to_string(),
            counted.tx_packets.to_string(),
            counted.drops.values().sum::<u64>().to_string(),
        ]
    });
    print::table(out, &HEADERS, rows)
}

fn nexthops(out: &mut dyn Write, objects: &Objects) -> io::Result<()> {
    const HEADERS: [&str; 6] = ["NH", "TYPE", "FAMILY", "VRF", "TO", "FLAGS"];
    let rows = objects.nexthops.iter().map(|nexthop| {
        let (kind, to) = nexthop_words(nexthop);
        [
            nexthop.id.to_string(),
            kind.to_owned(),
            word(&nexthop.family),
            nexthop.vrf.to_string(),
            to,
            flags(nexthop.flags),
        ]
    });
    print::table(out, &HEADERS, rows)
}

fn nexthop_words(nexthop: &Nexthop) -> (&'static str, String) {
    match &nexthop.kind {
        NexthopKind::Discard => ("discard", String::new()),
        NexthopKind::Encap { out_vif, rewrite } => (
            "encap",
            format!("vif {out_vif} mac {}", destination(rewrite)),
        ),
        NexthopKind::Receive { out_vif } => ("receive", format!("vif {out_vif}")),
        NexthopKind::L2Receive => ("l2_receive", String::new()),
        NexthopKind::Tunnel(tunnel) => {
            let mac = match tunnel.resolved {
                true => format!("mac {}", destination(&tunnel.rewrite)),
                false => "unresolved".to_owned(),
            };
            (
                "tunnel",
                format!(
                    "vif {} {} > {} {mac}",
                    tunnel.out_vif, tunnel.sip, tunnel.dip
                ),
            )
        }
        NexthopKind::Composite { components, .. } => {
            let members: Vec<String> = components.iter().map(|one| one.nh.to_string()).collect();
            ("composite", format!("nh {}", members.join(", ")))
        }
        NexthopKind::VrfTranslate => ("vrf_translate", String::new()),
        NexthopKind::Resolve { .. } => ("resolve", String::new()),
    }
}

/// The destination MAC of an Ethernet header.
fn destination(rewrite: &HexBytes) -> String {
    let mac = rewrite.0.first_chunk::<6>();
    mac.map_or_else(String::new, |mac| crate::describe::mac(*mac))
}

fn routes(out: &mut dyn Write, objects: &Objects) -> io::Result<()> {
    const HEADERS: [&str; 6] = ["VRF", "PREFIX", "NH", "LABEL", "MAC", "FLAGS"];
    let rows = objects.routes.iter().map(|route| {
        [
            route.vrf.to_string(),
            route.prefix.to_string(),
            route.nh.to_string(),
            some(route.label),
            some(route.stitched_mac),
            flags(route.flags),
        ]
    });
    // By VRF and prefix, whatever the order in which they are programmed.
    let sorted: BTreeSet<_> = objects
        .routes
        .iter()
        .zip(rows)
        .map(|(route, row)| ((route.vrf, route.prefix), row))
        .collect();
    print::table(out, &HEADERS, sorted.into_iter().map(|(_, row)| row))
}

fn bridges(out: &mut dyn Write, objects: &Objects) -> io::Result<()> {
    let mut bridges: Vec<_> = objects.bridges.iter().collect();
    bridges.sort_by_key(|bridge| (bridge.vrf, bridge.mac));
    let rows = bridges.into_iter().map(|bridge| {
        [
            bridge.vrf.to_string(),
            bridge.mac.to_string(),
            bridge.nh.to_string(),
            some(bridge.label),
            flags(bridge.flags),
        ]
    });
    print::table(out, &["VRF", "MAC", "NH", "LABEL", "FLAGS"], rows)
}

fn flows(out: &mut dyn Write, flows: &[FlowSummary]) -> io::Result<()> {
    const HEADERS: [&str; 9] = [
        "NH",
        "SOURCE",
        "DESTINATION",
        "PROTO",
        "VRF",
        "ACTION",
        "WHY",
        "PACKETS",
        "BYTES",
    ];
    let rows = flows.iter().map(|flow| {
        let key = &flow.key;
        [
            key.nh.to_string(),
            SocketAddr::new(key.sip, key.sport).to_string(),
            SocketAddr::new(key.dip, key.dport).to_string(),
            key.proto.to_string(),
            flow.vrf.to_string(),
            flow.action.to_owned(),
            flow.drop_reason.unwrap_or_default().to_owned(),
            flow.packets.to_string(),
            flow.bytes.to_string(),
        ]
    });
    print::table(out, &HEADERS, rows)
}

fn vrf_of(vif: &Vif) -> String {
    match vif.vrf {
        u16::MAX => String::new(),
        vrf => vrf.to_string(),
    }
}

fn some(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn yes(value: bool) -> String {
    (if value { "yes" } else { "no" }).to_owned()
}

fn flags(flags: impl FlagSet) -> String {
    flags.names().collect::<Vec<_>>().join(" ")
}

/// The word that a plain enum has in JSON.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}
