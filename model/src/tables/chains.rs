//! How a key finds its entry: chains of places, one chain for the keys of one hash.
//!
//! ```text
//!   key ─▶ head: place (way, row, slot), entry ─next─▶ place ─next─▶ ..      newest write first
//! ```
//! A head holds a copy of its first entry, so that most searches that find something read one line of cache; those that
//! find nothing mostly end with a bit that says so, in an array small enough to stay near.
//! Every place of the memory is a link of at most one chain, so a write needs no allocation, and two copies of a key
//! (an entry on its way to another row) are two links: taking one away leaves the other. The hash is not the card's.

use underpass_layout::tables::{
    BridgeEntry, BridgeKey, FlowEntry, FlowEntry6, FlowKey, FlowKey6, LearnedEntry, LearnedKey,
    OriginEntry, OriginKey, RouteEntry, RouteKey, StitchedEntry, StitchedKey, VxlanEntry, VxlanKey,
};
use underpass_layout::Record;

/// An entry that is found by its key.
pub(super) trait Keyed: Record + Default + Copy {
    /// What is looked up.
    type Key: PartialEq;
    /// The entry is in use.
    fn valid(&self) -> bool;
    /// Its key.
    fn key(&self) -> &Self::Key;
    /// 64 bits made of the key, any that differ for most keys.
    fn mix(key: &Self::Key) -> u64;
}

macro_rules! keyed {
    ($Entry:ident, $Key:ident, $key:ident => $mix:expr) => {
        impl Keyed for $Entry {
            type Key = $Key;
            fn valid(&self) -> bool {
                self.valid
            }
            fn key(&self) -> &$Key {
                &self.key
            }
            fn mix($key: &$Key) -> u64 {
                $mix
            }
        }
    };
}
keyed!(VxlanEntry, VxlanKey, key => key.vni.into());
keyed!(BridgeEntry, BridgeKey, key => key.mac | u64::from(key.vrf) << 48);
keyed!(LearnedEntry, LearnedKey, key => key.mac | u64::from(key.vrf) << 48);
keyed!(StitchedEntry, StitchedKey, key => u64::from(key.address) | u64::from(key.vrf) << 32);
keyed!(OriginEntry, OriginKey, key => {
    let whose = u64::from(key.nexthop) << 32 | u64::from(key.v6) << 56;
    high(key.address).wrapping_mul(SPREAD).rotate_left(29) ^ key.address as u64 ^ whose
});
keyed!(RouteEntry, RouteKey, key => {
    let whose = u64::from(key.vrf) << 32 | u64::from(key.length) << 48 | u64::from(key.v6) << 56;
    high(key.prefix).wrapping_mul(SPREAD).rotate_left(29) ^ key.prefix as u64 ^ whose
});
keyed!(FlowEntry, FlowKey, key => {
    let ends = u64::from(key.src) << 32 | u64::from(key.dst);
    conversation(ends, key.nexthop, key.protocol, key.src_port, key.dst_port)
});
keyed!(FlowEntry6, FlowKey6, key => {
    let low = u64::from(key.src_low) << 32 | u64::from(key.dst_low);
    let middle = (key.src_high as u64).wrapping_mul(SPREAD) ^ key.dst_high as u64;
    let top = high(key.src_high) << 32 | high(key.dst_high);
    let ends = (middle.rotate_left(29) ^ top).wrapping_mul(SPREAD) ^ low;
    conversation(ends, key.nexthop, key.protocol, key.src_port, key.dst_port)
});

fn conversation(ends: u64, nexthop: u32, protocol: u8, src_port: u16, dst_port: u16) -> u64 {
    let ports = u64::from(src_port) << 16 | u64::from(dst_port);
    let whose = u64::from(nexthop) << 8 | u64::from(protocol);
    (ends.wrapping_mul(SPREAD) ^ ports ^ whose << 32).rotate_left(29)
}

fn high(address: u128) -> u64 {
    (address >> 64) as u64
}

/// 2^64 over the golden ratio: its multiples spread well (Knuth, TAOCP 3, 6.4).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
/// Chains of a bank, as a power of two, before there are entries.
const FIRST_BITS: u32 = 6;
/// The end of a chain.
const END: u32 = u32::MAX;

/// The start of a chain.
#[derive(Clone)]
#[repr(align(64))]
struct Head<E> {
    /// The first place; [`END`]: none.
    place: u32,
    /// The entry there.
    entry: E,
}

/// The entries of all places, and the chains that find them.
#[derive(Clone)]
pub(super) struct Chains<E> {
    banks: usize,
    /// Places of a bank: its entries never match in another.
    bank_places: usize,
    /// One a place.
    entries: Vec<E>,
    /// One a place: the next place of its chain.
    next: Vec<u32>,
    /// One a chain, those of a bank together.
    heads: Vec<Head<E>>,
    /// One bit a chain: it is not empty.
    begun: Vec<u64>,
    /// Chains of a bank are 2^`bits`.
    bits: u32,
    /// Entries in use.
    used: usize,
}

impl<E: Keyed> Chains<E> {
    /// Empty places, in `banks` banks of as many each.
    pub(super) fn new(places: usize, banks: usize) -> Self {
        let mut chains = Chains {
            banks,
            bank_places: places / banks,
            entries: vec![E::default(); places],
            next: vec![END; places],
            heads: Vec::new(),
            begun: Vec::new(),
            bits: 0,
            used: 0,
        };
        chains.start(FIRST_BITS);
        chains
    }

    /// Empty chains, 2^`bits` a bank.
    fn start(&mut self, bits: u32) {
        let none = Head {
            place: END,
            entry: E::default(),
        };
        let chains = self.banks << bits;
        self.bits = bits;
        self.heads.clear();
        self.heads.resize(chains, none);
        self.begun.clear();
        self.begun.resize(chains.div_ceil(64), 0);
    }

    /// Twice as many chains: enough for few to have a second entry, and no more, so that they lie close together. Within
    /// a chain the order stays.
    fn grow(&mut self) {
        let firsts: Vec<u32> = self.heads.iter().map(|head| head.place).collect();
        self.start(self.bits + 1);
        let mut places = Vec::new();
        for first in firsts {
            let mut place = first;
            while place != END {
                places.push(place as usize);
                place = self.next[place as usize];
            }
            while let Some(place) = places.pop() {
                self.link(place);
            }
        }
    }

    fn chain(&self, bank: usize, key: &E::Key) -> usize {
        let spread = E::mix(key).wrapping_mul(SPREAD) >> (64 - self.bits);
        (bank << self.bits) + spread as usize
    }

    /// The entry of a key in a bank: of several, the one that was written last.
    pub(super) fn find(&self, bank: usize, key: &E::Key) -> Option<&E> {
        let chain = self.chain(bank, key);
        if self.begun[chain / 64] >> (chain % 64) & 1 == 0 {
            return None;
        }
        let head = &self.heads[chain];
        if head.entry.key() == key {
            return Some(&head.entry);
        }
        let mut place = self.next[head.place as usize];
        while place != END {
            let entry = &self.entries[place as usize];
            if entry.key() == key {
                return Some(entry);
            }
            place = self.next[place as usize];
        }
        None
    }

    /// Starts to read the head of a key's chain from memory: nothing waits for the value.
    pub(super) fn touch(&self, bank: usize, key: &E::Key) {
        std::hint::black_box(self.heads[self.chain(bank, key)].place);
    }

    /// Puts an entry into a place, in the stead of what was there.
    pub(super) fn set(&mut self, place: usize, entry: E) {
        if self.entries[place].valid() {
            self.unlink(place);
            self.used -= 1;
        }
        if entry.valid() {
            self.used += 1;
            if 2 * self.used > self.heads.len() {
                self.grow();
            }
        }
        self.entries[place] = entry;
        if entry.valid() {
            self.link(place);
        }
    }

    fn unlink(&mut self, place: usize) {
        let chain = self.chain(place / self.bank_places, self.entries[place].key());
        let after = self.next[place];
        if self.heads[chain].place as usize == place {
            self.begin(chain, after);
            return;
        }
        let mut at = self.heads[chain].place as usize;
        while self.next[at] as usize != place {
            at = self.next[at] as usize;
        }
        self.next[at] = after;
    }

    fn link(&mut self, place: usize) {
        let chain = self.chain(place / self.bank_places, self.entries[place].key());
        self.next[place] = self.heads[chain].place;
        self.begin(chain, place as u32);
    }

    /// Lets a chain begin at a place.
    fn begin(&mut self, chain: usize, place: u32) {
        self.heads[chain].place = place;
        let bit = 1 << (chain % 64);
        match place {
            END => self.begun[chain / 64] &= !bit,
            _ => self.begun[chain / 64] |= bit,
        }
        if let Some(entry) = self.entries.get(place as usize) {
            self.heads[chain].entry = *entry;
        }
    }
}
