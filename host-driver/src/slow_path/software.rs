//! Frames that the slow path itself puts into a tunnel, with the model's own stages.

use underpass_layout::meta::{Arrival, Decap, Meta, Route};
use underpass_layout::tables::{NexthopEntry, NexthopKind};
use underpass_layout::Verdict;
use underpass_model::s13_rewrite;
use underpass_model::s14_encap::{self, Identification};

use super::tenant::Tenant;

/// The frame of a tenant behind the headers of a tunnel. None: the nexthop is no tunnel that is ready, or the frame does
/// not fit the underlay.
pub fn into_tunnel(
    tenant: &Tenant<'_>,
    vrf: u16,
    nexthop: &NexthopEntry,
    label: u32,
) -> Option<Vec<u8>> {
    if nexthop.kind != NexthopKind::Tunnel {
        return None;
    }
    let mut meta = Meta {
        arrival: Arrival {
            length: u16::try_from(tenant.bytes.len()).ok()?,
            ..Arrival::default()
        },
        decap: Decap {
            frame: true,
            vrf,
            ..Decap::default()
        },
        inner: tenant.headers,
        route: Route {
            label,
            ..Route::default()
        },
        nexthop: *nexthop,
        ..Meta::default()
    };
    s13_rewrite::rewrite(&mut meta);
    let edit = s14_encap::encap(&mut Identification::default(), &mut meta);
    let header = edit.header.get(..usize::from(edit.add))?;
    (Verdict::from(meta.verdict) == Verdict::Deliver).then(|| [header, tenant.bytes].concat())
}
