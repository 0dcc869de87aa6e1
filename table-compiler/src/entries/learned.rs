//! `learned`: where source MACs were last seen, as far as the objects say.

use std::collections::BTreeMap;

use underpass_layout::tables::{LearnedEntry, LearnedKey};

use super::error::EntryError;
use super::index::Index;
use super::{address, bridge, vrf};
use crate::mac::Mac;
use crate::objects::Learned;

pub(super) fn entries(index: &Index<'_>) -> Result<BTreeMap<(u16, Mac), LearnedEntry>, EntryError> {
    let learned = index.objects.learned.iter();
    learned.map(|one| entry(one, index)).collect()
}

fn entry(learned: &Learned, index: &Index<'_>) -> Result<((u16, Mac), LearnedEntry), EntryError> {
    let user = || format!("learned MAC {} of vrf {}", learned.mac, learned.vrf);
    let vrf = vrf::number(learned.vrf)?.unwrap_or(0);
    let vif = index.vif(learned.vif, user)?;
    let (address, v6) = learned.address.map(address::bits).unwrap_or_default();
    let entry = LearnedEntry {
        valid: true,
        key: LearnedKey {
            vrf,
            mac: bridge::mac(&learned.mac.0),
        },
        tunnelled: learned.address.is_some(),
        vif: vif.idx as u16,
        v6,
        address,
    };
    Ok(((vrf, learned.mac), entry))
}
