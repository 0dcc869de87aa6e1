//! The peer's drop counters by name: what a case may expect to rise.

/// All 54, in the peer's order.
pub const DROP_NAMES: [&str; 54] = [
    "DISCARD",
    "PULL",
    "INVALID_IF",
    "INVALID_ARP",
    "TRAP_NO_IF",
    "NOWHERE_TO_GO",
    "FLOW_QUEUE_LIMIT_EXCEEDED",
    "FLOW_NO_MEMORY",
    "FLOW_INVALID_PROTOCOL",
    "FLOW_NAT_NO_RFLOW",
    "FLOW_ACTION_DROP",
    "FLOW_ACTION_INVALID",
    "FLOW_UNUSABLE",
    "FLOW_TABLE_FULL",
    "INTERFACE_TX_DISCARD",
    "INTERFACE_DROP",
    "DUPLICATED",
    "PUSH",
    "TTL_EXCEEDED",
    "INVALID_NH",
    "INVALID_LABEL",
    "INVALID_PROTOCOL",
    "INTERFACE_RX_DISCARD",
    "INVALID_MCAST_SOURCE",
    "HEAD_ALLOC_FAIL",
    "PCOW_FAIL",
    "MCAST_DF_BIT",
    "MCAST_CLONE_FAIL",
    "NO_MEMORY",
    "REWRITE_FAIL",
    "MISC",
    "INVALID_PACKET",
    "CKSUM_ERR",
    "NO_FMD",
    "CLONED_ORIGINAL",
    "INVALID_VNID",
    "FRAGMENTS",
    "INVALID_SOURCE",
    "L2_NO_ROUTE",
    "FRAGMENT_QUEUE_FAIL",
    "VLAN_FWD_TX",
    "VLAN_FWD_ENQ",
    "NEW_FLOWS",
    "FLOW_EVICT",
    "TRAP_ORIGINAL",
    "LEAF_TO_LEAF",
    "BMAC_ISID_MISMATCH",
    "PKT_LOOP",
    "NO_CRYPT_PATH",
    "INVALID_HBS_PKT",
    "NO_FRAG_ENTRY",
    "ICMP_ERROR",
    "CLONE_FAIL",
    "INVALID_UNDERLAY_ECMP",
];

/// Counters that say nothing about a packet that is lost: the copy that a trap cuts short, the original of clones.
pub const BOOKKEEPING: [&str; 2] = ["DUPLICATED", "CLONED_ORIGINAL"];

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_layout::DropReason;

    #[test]
    fn every_reason_of_the_card_is_one_of_them() {
        for reason in DropReason::ALL {
            let name = reason.to_string();
            assert!(
                *reason == DropReason::Unknown || DROP_NAMES.contains(&name.as_str()),
                "{name}"
            );
        }
    }
}
