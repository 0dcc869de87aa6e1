//! The executor: polls the test until it waits, then lets clocks pass until what it waits for can have happened.
//!
//! ```text
//!   poll body and tasks ──▶ all wait ──▶ clock, clock, clock .. ──▶ a packet or answer ended, ──▶ poll again
//!                                          no task is polled         or the clock that a task
//!                                          meanwhile                 asked for has come
//! ```
//!
//! A clock with nothing to wake for costs the channels' look at their signals and no allocation.

use std::cell::{Cell, RefCell, RefMut};
use std::future::{poll_fn, Future};
use std::pin::{pin, Pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::channel::{Activity, Channel};
use crate::dut::Dut;
use crate::task::{Again, Boxed, Task};

/// Clocks for which the design's reset is held.
const RESET_CLOCKS: u64 = 8;

/// Clocks without a beat after which a run that waits is taken to be stuck.
const PATIENCE: u64 = 10_000;

/// Clocks after which a single run is taken to go round in circles.
const LIMIT: u64 = 50_000_000;

/// A design and its channels under an executor.
pub struct Bench<D: Dut> {
    shared: Rc<Shared<D>>,
}

impl<D: Dut> Clone for Bench<D> {
    /// Another handle of the same bench, for a task.
    fn clone(&self) -> Self {
        Bench {
            shared: self.shared.clone(),
        }
    }
}

struct Shared<D> {
    dut: RefCell<D>,
    channels: RefCell<Vec<Rc<RefCell<dyn Channel<D>>>>>,
    tasks: RefCell<Vec<Boxed>>,
    /// Tasks started while tasks are polled.
    started: RefCell<Vec<Boxed>>,
    /// The earliest clock that somebody waits for.
    wake_at: Cell<u64>,
    /// A packet or an answer has ended since the last polling.
    event: Cell<bool>,
    in_reset: Cell<bool>,
    /// The last clock in which a beat moved.
    moved_at: Cell<u64>,
    patience: Cell<u64>,
    limit: Cell<u64>,
}

impl<D: Dut + 'static> Bench<D> {
    /// A bench over a design, at its first clock and without channels.
    pub fn new(dut: D) -> Bench<D> {
        let moved_at = Cell::new(dut.cycle());
        Bench {
            shared: Rc::new(Shared {
                dut: RefCell::new(dut),
                channels: RefCell::default(),
                tasks: RefCell::default(),
                started: RefCell::default(),
                wake_at: Cell::new(u64::MAX),
                event: Cell::new(false),
                in_reset: Cell::new(false),
                moved_at,
                patience: Cell::new(PATIENCE),
                limit: Cell::new(LIMIT),
            }),
        }
    }

    /// Puts a channel on the design, driven and sampled every clock from now on.
    pub fn attach<C: Channel<D> + 'static>(&self, channel: C) -> Rc<RefCell<C>> {
        let channel = Rc::new(RefCell::new(channel));
        self.shared.channels.borrow_mut().push(channel.clone());
        channel
    }

    /// The design, for signals that no channel drives. Not to be held across an `await`.
    pub fn dut(&self) -> RefMut<'_, D> {
        self.shared.dut.borrow_mut()
    }

    /// Drives an input of up to 64 bits from the next clock on.
    ///
    /// # Panics
    /// If the design has no such port.
    pub fn set(&self, name: &str, value: u64) {
        let mut dut = self.dut();
        let port = known(dut.port(name));
        dut.set_u64(port, value);
    }

    /// Reads the low 64 bits of a port, as after the last edge.
    ///
    /// # Panics
    /// If the design has no such port.
    pub fn get(&self, name: &str) -> u64 {
        let dut = self.dut();
        let port = known(dut.port(name));
        dut.get_u64(port)
    }

    /// Edges so far.
    pub fn now(&self) -> u64 {
        self.shared.dut.borrow().cycle()
    }

    /// A run that waits while no beat moves for so many clocks fails (10,000 if not said).
    pub fn set_patience(&self, clocks: u64) {
        self.shared.patience.set(clocks);
    }

    /// A single run of more than so many clocks fails (50 million if not said).
    pub fn set_limit(&self, clocks: u64) {
        self.shared.limit.set(clocks);
    }

    /// Runs a test body to its end, clocks passing whenever it and all spawned tasks wait.
    ///
    /// # Panics
    /// If the design breaks a rule of a bus, if nothing moves for too long, and as the body does.
    pub fn run<F: Future>(&self, body: F) -> F::Output {
        let shared = &*self.shared;
        let mut body = pin!(body);
        let again = Arc::new(Again::default());
        let waker = Waker::from(again.clone());
        let mut context = Context::from_waker(&waker);
        let began = self.now();
        loop {
            let polled_at = self.now();
            shared.wake_at.set(u64::MAX);
            shared.event.set(false);
            if let Poll::Ready(output) = self.poll_all(body.as_mut(), &mut context, &again) {
                return output;
            }
            loop {
                self.step();
                let now = self.now();
                if shared.event.get() || now >= shared.wake_at.get() {
                    break;
                }
                let still = now - shared.moved_at.get().max(polled_at);
                if shared.wake_at.get() == u64::MAX && still > shared.patience.get() {
                    self.fail("nothing moved", still);
                }
                if now - began > shared.limit.get() {
                    self.fail("the run is not over", now - began);
                }
            }
        }
    }

    /// Starts a task that runs beside the test body.
    pub fn spawn<T: 'static>(&self, body: impl Future<Output = T> + 'static) -> Task<T> {
        let (task, boxed) = Task::new(body);
        self.shared.started.borrow_mut().push(boxed);
        task
    }

    /// Lets so many clocks pass.
    pub async fn clock(&self, clocks: u64) {
        let until = self.now() + clocks;
        self.until(until).await;
    }

    /// Waits for a condition that can only change when a packet or an answer ends.
    pub async fn until_event<T>(&self, mut condition: impl FnMut() -> Option<T>) -> T {
        poll_fn(|_| condition().map_or(Poll::Pending, Poll::Ready)).await
    }

    /// Holds `rst` high for a few clocks with every bus idle. Packets queued stay queued, and one that was under way
    /// is sent again.
    pub async fn reset(&self) {
        self.reset_by("rst", RESET_CLOCKS).await;
    }

    /// [`Bench::reset`] by another active-high input.
    pub async fn reset_by(&self, name: &str, clocks: u64) {
        for channel in self.shared.channels.borrow().iter() {
            channel.borrow_mut().reset(&mut self.dut());
        }
        self.shared.in_reset.set(true);
        self.set(name, 1);
        self.clock(clocks).await;
        self.set(name, 0);
        self.shared.in_reset.set(false);
    }

    /// Waits until nothing has moved for `clocks` clocks, and fails if then anything is left: a packet half sent, or
    /// one that nobody received.
    pub async fn expect_quiet(&self, clocks: u64) {
        let began = self.now();
        loop {
            let quiet_at = self.shared.moved_at.get().max(began) + clocks;
            if self.now() >= quiet_at {
                break;
            }
            self.until(quiet_at).await;
        }
        let left = self.told(|c| c.pending().or(c.leftover()));
        assert!(
            left.is_empty(),
            "clock {}: expected quiet, found {left}",
            self.now()
        );
    }

    /// Clocks without polling anything: for long runs whose channels do all the work.
    pub fn step_many(&self, clocks: u64) {
        for _ in 0..clocks {
            self.step();
        }
    }

    /// Clocks without polling anything until nothing has moved for `quiet` clocks and no channel has anything left to
    /// do. How many clocks it took, the quiet ones included; `None` if `limit` clocks were not enough.
    pub fn run_until_quiet(&self, quiet: u64, limit: u64) -> Option<u64> {
        let began = self.now();
        self.shared.moved_at.set(began);
        for clocks in 1..=limit {
            self.step();
            if self.now() - self.shared.moved_at.get() >= quiet
                && self.told(|c| c.pending()).is_empty()
            {
                return Some(clocks);
            }
        }
        None
    }

    async fn until(&self, clock: u64) {
        poll_fn(|_| {
            if self.now() >= clock {
                return Poll::Ready(());
            }
            self.shared
                .wake_at
                .set(self.shared.wake_at.get().min(clock));
            Poll::Pending
        })
        .await;
    }

    /// Polls the body and the tasks until none asks for another round.
    fn poll_all<F: Future>(
        &self,
        mut body: Pin<&mut F>,
        context: &mut Context<'_>,
        again: &Again,
    ) -> Poll<F::Output> {
        loop {
            if let Poll::Ready(output) = body.as_mut().poll(context) {
                return Poll::Ready(output);
            }
            let mut tasks = self.shared.tasks.borrow_mut();
            tasks.append(&mut self.shared.started.borrow_mut());
            tasks.retain_mut(|task| task.as_mut().poll(context).is_pending());
            if !again.take() && self.shared.started.borrow().is_empty() {
                return Poll::Pending;
            }
        }
    }

    /// One clock.
    fn step(&self) {
        let shared = &*self.shared;
        let mut dut = shared.dut.borrow_mut();
        if shared.in_reset.get() {
            return dut.tick();
        }
        let channels = shared.channels.borrow();
        for channel in channels.iter() {
            channel.borrow_mut().drive(&mut dut);
        }
        dut.settle();
        let mut activity = Activity::Idle;
        for channel in channels.iter() {
            match channel.borrow_mut().sample(&dut) {
                Ok(seen) => activity = activity.max(seen),
                Err(violation) => panic!("{violation}"),
            }
        }
        dut.tick();
        if activity != Activity::Idle {
            shared.moved_at.set(dut.cycle());
            shared
                .event
                .set(shared.event.get() || activity == Activity::Done);
        }
    }

    /// What channels say of themselves, in one line.
    fn told(&self, tell: impl Fn(&dyn Channel<D>) -> Option<String>) -> String {
        let channels = self.shared.channels.borrow();
        let told: Vec<String> = channels.iter().filter_map(|c| tell(&*c.borrow())).collect();
        told.join("; ")
    }

    fn fail(&self, what: &str, clocks: u64) -> ! {
        let pending = self.told(|c| c.pending());
        let pending = if pending.is_empty() {
            "nothing is pending on any channel".into()
        } else {
            pending
        };
        panic!(
            "clock {}: {what} for {clocks} clocks: {pending}",
            self.now()
        );
    }
}

/// A port that a test names must be there.
pub(crate) fn known<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    match result {
        Ok(found) => found,
        Err(error) => panic!("{error}"),
    }
}
