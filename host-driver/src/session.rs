//! A card that carries a network: driver and slow path together, and what became of each packet.
//!
//! ```text
//!   send ─▶ card ─▶ settle ─┬─▶ departures
//!             ▲             └─▶ punts ─▶ slow path ─▶ reactions ─┐
//!             └───────────── rows, injected frames ──────────────┘     until nothing happens any more
//! ```
//! Every packet that enters, from a port, from the slow path, or as a copy, must leave, be punted, or be dropped by the
//! card. Those that are missing in this sum are looked for in the card's drop counters, so each drop has its reason without asking
//! the card about packets that were not dropped.

mod ageing;
mod fair;
mod live;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use underpass_layout::{DropReason, PuntReason};
use underpass_table_compiler::objects::PUNT_WINDOW;
use underpass_table_compiler::placed::Placed;
use underpass_table_compiler::{compile, CompileError, Network};

use crate::access::{Card, Departure};
use crate::driver::{Driver, DriverError, RingLayout, Rounds, Traffic};
use crate::flow_state::{self, FlowState};
use crate::slow_path::{Reaction, SlowPath, TableWrite, World};
use fair::Fair;

pub use live::Turn;

/// Clocks from one packet that is shown for its source MAC to the next: at 250 MHz half a million a second.
const LEARN_INTERVAL: u32 = 500;

/// A network cannot be carried, or a card stopped carrying it.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The card or the way to it.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// The network says something that the card has no row for, or more than it has rows for.
    #[error("the network does not fit the card")]
    Compile(#[from] CompileError),
}

impl SessionError {
    /// What may help.
    pub fn hint(&self) -> Option<String> {
        match self {
            SessionError::Driver(error) => error.hint(),
            SessionError::Compile(_) => {
                Some("see what the card has room for with `underpass card show`".to_owned())
            }
        }
    }
}

impl From<crate::access::AccessError> for SessionError {
    fn from(error: crate::access::AccessError) -> Self {
        SessionError::Driver(error.into())
    }
}

/// What became of a packet, and of those that it caused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Frames that left, in order.
    pub departures: Vec<Departure>,
    /// How often the card handed a packet over, and why.
    pub punts: Vec<PuntReason>,
    /// Packets that ended, by whomever.
    pub drops: Vec<DropReason>,
    /// Packets that served their purpose in the slow path.
    pub consumed: usize,
    /// Packets for which there was no room on the way to the slow path.
    pub lost: usize,
}

/// A card that carries a network.
#[derive(Debug)]
pub struct Session<C> {
    driver: Driver<C>,
    slow_path: SlowPath,
    /// The interface of each port.
    vifs: HashMap<u16, u16>,
    now: Duration,
    /// Packets that have entered the card and of which nothing was seen yet.
    missing: usize,
    /// What had gone round in the card by then.
    rounds: Rounds,
    /// Interfaces that a missing packet may have been counted at.
    suspects: BTreeSet<u16>,
    /// The card's drop counters as they were last read.
    card_drops: BTreeMap<(u16, DropReason), u64>,
    /// What the slow path dropped.
    software_drops: BTreeMap<(u16, DropReason), u64>,
    /// Punted packets of a live card.
    fair: Fair,
    /// How long a window of punt quotas is that begins when we say so; none: the card's own clock begins them.
    window: Option<Duration>,
    /// Something was handed over in this window, which may have used up a quota.
    window_used: bool,
}

impl<C: Card> Session<C> {
    /// Programs a card, which must be as after a reset, and lets packets in.
    pub fn start(card: C, network: Network, seed: u128) -> Result<Self, SessionError> {
        let mut driver = Driver::open(card)?;
        let compiled = compile(&network, &Placed::empty(driver.profile(), seed))?;
        let rings = match driver.card().ports().is_empty() {
            true => RingLayout::default(),
            false => RingLayout::simulated(),
        };
        driver.open_rings(rings)?;
        driver.seed(seed)?;
        for step in &compiled.plan.steps {
            write(&mut driver, &TableWrite::from(step))?;
        }
        driver.enable(true)?;
        let slow_path = SlowPath::new(network, compiled);
        let vifs = slow_path.world().objects().vifs.iter();
        let vifs = vifs.filter_map(|vif| Some((World::port(vif)?, vif.idx as u16)));
        let mut session = Session {
            driver,
            vifs: vifs.collect(),
            slow_path,
            now: Duration::ZERO,
            missing: 0,
            rounds: Rounds::default(),
            suspects: BTreeSet::new(),
            card_drops: BTreeMap::new(),
            software_drops: BTreeMap::new(),
            fair: Fair::default(),
            window: Some(PUNT_WINDOW),
            window_used: false,
        };
        session.start_ageing()?;
        if session.slow_path.learns() {
            session.driver.set_learn_interval(LEARN_INTERVAL)?;
        }
        Ok(session)
    }

    /// The driver.
    pub fn driver(&mut self) -> &mut Driver<C> {
        &mut self.driver
    }

    /// The slow path.
    pub fn slow_path(&self) -> &SlowPath {
        &self.slow_path
    }

    /// What the slow path dropped, by interface and reason.
    pub fn software_drops(&self) -> &BTreeMap<(u16, DropReason), u64> {
        &self.software_drops
    }

    /// Sets the clock. What waited too long ends; that is no outcome of any packet that comes now.
    pub fn advance(&mut self, now: Duration) -> Result<(), SessionError> {
        let last = self.now;
        self.now = self.now.max(now);
        let is_over = |window| windows(self.now, window) != windows(last, window);
        if self.window.is_some_and(is_over) {
            self.driver.begin_window()?;
            self.window_used = false;
        }
        let mut late = self.slow_path.tick(self.now);
        late.extend(self.age(last)?);
        self.perform(late, &mut Outcome::default())
    }

    /// The flows that are set up, the oldest first, each before its answers, with what the card knows of them.
    pub fn flows(&mut self) -> Result<Vec<FlowState>, SessionError> {
        let flows = self.slow_path.flows();
        let mut states = Vec::with_capacity(flows.len());
        let now = ageing::ticks(self.now);
        for flow in flows {
            let counted = self.driver.flow(flow.flow_id() as usize)?;
            let tcp = match flow_state::is_followed(&flow) {
                true => flow_state::tcp_words(&flow, &self.driver.tcp(flow.pair.number)?),
                false => Vec::new(),
            };
            let age = self.driver.age(flow.pair.number)?;
            states.push(FlowState {
                traffic: Traffic {
                    packets: since(counted.packets, flow.base.packets) + flow.carried.packets,
                    bytes: since(counted.bytes, flow.base.bytes) + flow.carried.bytes,
                },
                tcp,
                idle: flow_state::idle(&flow, &age, now),
                flow,
            });
        }
        Ok(states)
    }

    /// Waits until what was handed to the card has left it, or waits behind it.
    pub fn rest(&mut self) -> Result<(), SessionError> {
        if self.missing > 0 {
            self.driver.card().settle()?;
        }
        Ok(())
    }

    /// Hands a frame to a port without waiting for anything.
    pub fn push(&mut self, port: u16, frame: &[u8]) -> Result<(), SessionError> {
        self.driver.card().send(port, frame)?;
        self.missing += 1;
        let no_vif = self.driver.profile().no_vif() as u16;
        let vif = self.vifs.get(&port).copied().unwrap_or(no_vif);
        self.suspects.insert(vif);
        Ok(())
    }

    /// Hands a frame to a port and waits until the card and the slow path are quiet.
    pub fn send(&mut self, port: u16, frame: &[u8]) -> Result<Outcome, SessionError> {
        self.push(port, frame)?;
        self.serve()
    }

    /// Waits until the card and the slow path are quiet; what only waits for time counts as quiet.
    pub fn serve(&mut self) -> Result<Outcome, SessionError> {
        let mut outcome = Outcome::default();
        loop {
            self.driver.card().settle()?;
            self.count_copies()?;
            while let Some(departure) = self.driver.card().receive()? {
                self.seen();
                outcome.departures.push(departure);
            }
            let mut reactions = Vec::new();
            while let Some(punt) = self.driver.punt()? {
                self.seen();
                self.suspects.insert(punt.shim.vif);
                outcome.punts.push(punt.shim.reason);
                reactions.extend(self.slow_path.take(punt, self.now));
            }
            reactions.extend(self.slow_path.decide(self.now));
            if reactions.is_empty() {
                reactions = self.end_told()?;
            }
            if reactions.is_empty() {
                break;
            }
            self.perform(reactions, &mut outcome)?;
        }
        self.find_missing(&mut outcome)?;
        Ok(outcome)
    }

    /// No more time will pass: what still waits ends.
    pub fn finish(&mut self) -> Result<Outcome, SessionError> {
        let mut outcome = Outcome::default();
        let waiting = self.slow_path.finish();
        self.perform(waiting, &mut outcome)?;
        Ok(outcome)
    }

    fn perform(
        &mut self,
        reactions: Vec<Reaction>,
        outcome: &mut Outcome,
    ) -> Result<(), SessionError> {
        let mut gone = Vec::new();
        for reaction in reactions {
            match reaction {
                Reaction::Retire(pair) => gone.push(pair),
                Reaction::Write(row) => write(&mut self.driver, &row)?,
                Reaction::Inject(shim, frame) => {
                    self.driver.inject(&shim, &frame)?;
                    self.missing += 1;
                    self.suspects.insert(shim.vif);
                }
                Reaction::Drop(vif, reason) => {
                    *self.software_drops.entry((vif, reason)).or_default() += 1;
                    outcome.drops.push(reason);
                }
                Reaction::Consume(_) => outcome.consumed += 1,
            }
        }
        // What comes next must meet these rows.
        self.driver.flush()?;
        self.retire(gone)
    }

    /// A packet that entered has come to light.
    fn seen(&mut self) {
        self.missing = self.missing.saturating_sub(1);
    }

    /// Copies have entered of which nothing was seen yet; they count at any interface.
    fn count_copies(&mut self) -> Result<(), SessionError> {
        if self.driver.has_gone_round(&self.rounds)? {
            let rounds = self.driver.rounds()?;
            let more = rounds.more_than(&self.rounds);
            self.missing = self.missing.saturating_add_signed(more as isize);
            self.suspects.extend(self.vifs.values());
            self.rounds = rounds;
        }
        Ok(())
    }

    /// Looks for packets of which nothing was seen among the drops of the interfaces they may be counted at.
    fn find_missing(&mut self, outcome: &mut Outcome) -> Result<(), SessionError> {
        let suspects = std::mem::take(&mut self.suspects);
        if self.missing == 0 {
            return Ok(());
        }
        for vif in suspects {
            for (reason, packets) in self.driver.drops(usize::from(vif))? {
                let before = self.card_drops.insert((vif, reason), packets).unwrap_or(0);
                let new = packets.saturating_sub(before) as usize;
                outcome.drops.extend(std::iter::repeat_n(reason, new));
                self.missing = self.missing.saturating_sub(new);
            }
        }
        outcome.lost = std::mem::take(&mut self.missing);
        Ok(())
    }
}

/// How many windows have begun by some time.
const fn windows(time: Duration, window: Duration) -> u128 {
    time.as_nanos() / window.as_nanos()
}

/// What a counter has counted since it stood at `base`.
const fn since(counted: u64, base: u64) -> u64 {
    counted.saturating_sub(base)
}

fn write<C: Card>(driver: &mut Driver<C>, write: &TableWrite) -> Result<(), SessionError> {
    Ok(driver.write_row(write.table, write.row, &write.words)?)
}
