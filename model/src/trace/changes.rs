//! What is told of addresses and ports that change.

use super::names::{ip, target};
use underpass_layout::meta::Patch;
use underpass_layout::tables::OnwardEntry;

/// What a flow goes on with.
pub(super) fn onward(onward: &OnwardEntry, v6: bool) -> String {
    let mut parts = Vec::new();
    if onward.snat {
        parts.push(format!("from {}", ip(v6, onward.src)));
    }
    if onward.spat {
        parts.push(format!("from port {}", onward.src_port));
    }
    if onward.dnat {
        parts.push(format!("to {}", ip(v6, onward.dst)));
    }
    if onward.dpat {
        parts.push(format!("to port {}", onward.dst_port));
    }
    if onward.translate {
        parts.push(format!("in vrf {}", onward.vrf));
    }
    if onward.steer {
        parts.push(target(onward.nexthop, onward.label));
    }
    parts.join(", ")
}

/// What is replaced in the packet.
pub(super) fn patch(patch: &Patch) -> String {
    if !patch.on {
        return "unchanged".into();
    }
    let v6 = patch.v6;
    let mut parts = Vec::new();
    if patch.ttl {
        let word = if v6 { "hop limit" } else { "ttl" };
        parts.push(format!("{word} {}", patch.new_ttl));
    }
    if patch.src {
        parts.push(format!("from {}", ip(v6, patch.new_src)));
    }
    if patch.src_port {
        parts.push(format!("from port {}", patch.new_src_port));
    }
    if patch.dst {
        parts.push(format!("to {}", ip(v6, patch.new_dst)));
    }
    if patch.dst_port {
        parts.push(format!("to port {}", patch.new_dst_port));
    }
    if patch.mss {
        parts.push(format!("segments of {}", patch.new_mss));
    }
    if patch.quoted_src || patch.quoted_dst || patch.quoted_src_port || patch.quoted_dst_port {
        parts.push("likewise in the quote".into());
    }
    if !v6 {
        parts.push(format!("checksum {:#06x}", patch.new_checksum));
    }
    parts.join(", ")
}
