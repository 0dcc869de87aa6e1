//! `dropstats`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::line;

/// Counters in the order of the tool: the name of the counter, what is printed.
const LABELS: &[(&str, &str)] = &[
    ("INVALID_IF", "Invalid IF"),
    ("INVALID_ARP", "Invalid ARP"),
    ("TRAP_NO_IF", "Trap No IF"),
    ("INTERFACE_TX_DISCARD", "IF TX Discard"),
    ("INTERFACE_DROP", "IF Drop"),
    ("INTERFACE_RX_DISCARD", "IF RX Discard"),
    ("FLOW_UNUSABLE", "Flow Unusable"),
    ("FLOW_NO_MEMORY", "Flow No Memory"),
    ("FLOW_TABLE_FULL", "Flow Table Full"),
    ("FLOW_NAT_NO_RFLOW", "Flow NAT no rflow"),
    ("FLOW_ACTION_DROP", "Flow Action Drop"),
    ("FLOW_ACTION_INVALID", "Flow Action Invalid"),
    ("FLOW_INVALID_PROTOCOL", "Flow Invalid Protocol"),
    ("FLOW_QUEUE_LIMIT_EXCEEDED", "Flow Queue Limit Exceeded"),
    ("NEW_FLOWS", "New Flow Drops"),
    ("FLOW_EVICT", "Flow Unusable (Eviction)"),
    ("TRAP_ORIGINAL", "Original Packet Trapped"),
    ("DISCARD", "Discards"),
    ("TTL_EXCEEDED", "TTL Exceeded"),
    ("MCAST_CLONE_FAIL", "Mcast Clone Fail"),
    ("INVALID_NH", "Invalid NH"),
    ("INVALID_LABEL", "Invalid Label"),
    ("INVALID_PROTOCOL", "Invalid Protocol"),
    ("LEAF_TO_LEAF", "Etree Leaf to Leaf"),
    ("BMAC_ISID_MISMATCH", "Bmac/ISID Mismatch"),
    ("REWRITE_FAIL", "Rewrite Fail"),
    ("INVALID_MCAST_SOURCE", "Invalid Mcast Source"),
    ("PKT_LOOP", "Packet Loop"),
    ("PUSH", "Push Fails"),
    ("PULL", "Pull Fails"),
    ("DUPLICATED", "Duplicate"),
    ("HEAD_ALLOC_FAIL", "Head Alloc Fails"),
    ("PCOW_FAIL", "PCOW fails"),
    ("INVALID_PACKET", "Invalid Packets"),
    ("MISC", "Misc"),
    ("NOWHERE_TO_GO", "Nowhere to go"),
    ("CKSUM_ERR", "Checksum errors"),
    ("NO_FMD", "No Fmd"),
    ("INVALID_VNID", "Invalid VNID"),
    ("FRAGMENTS", "Fragment errors"),
    ("INVALID_SOURCE", "Invalid Source"),
    ("MCAST_DF_BIT", "Jumbo Mcast Pkt with DF Bit"),
    ("L2_NO_ROUTE", "No L2 Route"),
    ("NO_MEMORY", "Memory Failures"),
    ("FRAGMENT_QUEUE_FAIL", "Fragment Queueing Failures"),
    ("NO_CRYPT_PATH", "No Encrypt Path Failures"),
    ("INVALID_HBS_PKT", "Invalid HBS received packet"),
    ("NO_FRAG_ENTRY", "No Fragment Entries"),
    ("ICMP_ERROR", "ICMP errors"),
    ("CLONE_FAIL", "Clone Failures"),
    ("INVALID_UNDERLAY_ECMP", "Invalid underlay ECMP"),
];

/// Drop counters by the peer's names. A counter that is absent is zero.
#[derive(Clone, Debug, Default)]
pub struct DropTable {
    /// Packets by name.
    pub drops: BTreeMap<String, u64>,
}

impl DropTable {
    /// Writes what `dropstats` writes.
    ///
    /// # Errors
    /// `out` takes no more.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        for (name, label) in LABELS {
            let packets = self.drops.get(*name).copied().unwrap_or(0);
            line(out, format_args!("{label:<30}{packets}"))?;
        }
        Ok(())
    }
}

/// Whether a counter of this name has a line.
#[cfg(test)]
pub(super) fn is_known(name: &str) -> bool {
    LABELS.iter().any(|(known, _)| *known == name)
}
