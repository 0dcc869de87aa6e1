//! What travels from stage to stage: one header slot a clock, valid or empty, never held up.

use crate::hardware::{Arrival, Meta, VerdictBits};
use crate::stream::beat::HeaderSlot;
use underpass_layout::meta::RoundKind;
use underpass_layout::{DropReason, PuntReason, VerdictKind};
use underpass_wires::{any_of, bundle, k, mux, rests_unless, zero, Bit, Bundle, BundleExt, U};

bundle! {
    /// A packet's metadata, from `s5_quoted` on all that the stages see of it.
    pub struct Slot {
        /// There is a packet in this clock.
        valid: Bit,
        /// What is known of it.
        meta: Meta,
    }

    /// A packet's metadata with its first bytes, for the stages that read headers.
    pub struct HeadSlot {
        /// There is a packet in this clock.
        valid: Bit,
        /// What is known of it.
        meta: Meta,
        /// Its first 192 bytes.
        window: U<1536>,
    }
}

/// How far the records of [`Meta`] are written: the stage that wrote the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Written {
    /// Gather.
    Arrival,
    /// And those after it.
    Parse,
    /// `s2_classify`, the first that may decide.
    Classify,
    /// `s3_decap`.
    Decap,
    /// `s4_inner`.
    Inner,
    /// `s5_quoted`.
    Quoted,
    /// `s6_bridge`.
    Bridge,
    /// `s7_receiver`, which may know the route already.
    Receiver,
    /// `s8_key`.
    Key,
    /// `s9_flow`.
    Flow,
    /// `s10_route`.
    Route,
    /// `s11_member`.
    Member,
    /// `s12_nexthop`.
    Nexthop,
}

impl Meta {
    /// The records up to `last` as they are and the rest as the constant zero, so that no register holds and no
    /// simulator moves what nobody has written yet.
    pub fn written(self, last: Written) -> Meta {
        fn keep<T: Bundle>(record: T, written: bool) -> T {
            if written {
                record
            } else {
                zero()
            }
        }
        Meta {
            arrival: self.arrival,
            parse: keep(self.parse, last >= Written::Parse),
            classify: keep(self.classify, last >= Written::Classify),
            decap: keep(self.decap, last >= Written::Decap),
            inner: keep(self.inner, last >= Written::Inner),
            quoted: keep(self.quoted, last >= Written::Quoted),
            syn: keep(self.syn, last >= Written::Quoted),
            bridge: keep(self.bridge, last >= Written::Bridge),
            receiver: keep(self.receiver, last >= Written::Receiver),
            answer: keep(self.answer, last >= Written::Receiver),
            key: keep(self.key, last >= Written::Key),
            flow: keep(self.flow, last >= Written::Flow),
            route: keep(self.route, last >= Written::Receiver),
            member: keep(self.member, last >= Written::Member),
            nexthop: keep(self.nexthop, last >= Written::Nexthop),
            qos: keep(self.qos, last >= Written::Nexthop),
            rewrite: zero(),
            verdict: keep(self.verdict, last >= Written::Classify),
        }
    }
}

impl Slot {
    /// What comes into a stage: the same slot with nothing in the records behind `last`. Where it is empty the stage rests.
    pub fn written(self, last: Written) -> Slot {
        rests_unless(self.valid);
        Slot {
            meta: self.meta.written(last),
            ..self
        }
    }

    /// The same slot `clocks` later.
    pub fn later(self, name: &str, clocks: usize) -> Slot {
        let mut later = self.delay(name, clocks);
        later.valid = (0..clocks).fold(self.valid, |valid, i| {
            valid.reg_rst(&format!("{name}_valid{i}"))
        });
        later
    }
}

impl HeadSlot {
    /// A slot that has just been gathered: nothing is known but how it came. Where it is empty the first stage rests.
    pub fn new(header: HeaderSlot) -> Self {
        rests_unless(header.valid);
        let meta = Meta {
            arrival: header.arrival,
            ..zero()
        };
        HeadSlot {
            valid: header.valid,
            meta,
            window: header.window,
        }
    }

    /// What comes into a stage: the same slot with nothing in the records behind `last`. Where it is empty the stage rests.
    pub fn written(self, last: Written) -> HeadSlot {
        rests_unless(self.valid);
        HeadSlot {
            meta: self.meta.written(last),
            ..self
        }
    }

    /// The same slot `clocks` later.
    pub fn later(self, name: &str, clocks: usize) -> HeadSlot {
        let slot = self.without_window().later(name, clocks);
        HeadSlot {
            valid: slot.valid,
            meta: slot.meta,
            window: self.window.delay(&format!("{name}_window"), clocks),
        }
    }

    /// The slot for stages that need no bytes.
    pub fn without_window(self) -> Slot {
        Slot {
            valid: self.valid,
            meta: self.meta,
        }
    }
}

impl Arrival {
    /// Bytes in front of the frame that are not its own: the shim of an injected one.
    pub fn shim_bytes(self) -> U<8> {
        mux(self.injected, k(underpass_layout::meta::BEAT_BYTES), k(0))
    }

    /// It comes as one of these.
    pub fn comes_as(self, kinds: &[RoundKind]) -> Bit {
        let is = |kind: &RoundKind| self.round.kind.eq(kind.code());
        any_of(&kinds.iter().map(is).collect::<Vec<_>>())
    }

    /// Where it entered the card, in whichever round it is.
    pub fn receiving_port(self) -> U<10> {
        mux(
            self.comes_as(&[RoundKind::First]),
            self.port,
            self.round.port,
        )
    }
}

impl VerdictBits {
    /// The packet ends here.
    pub fn drop(reason: DropReason) -> Self {
        VerdictBits {
            kind: k(VerdictKind::Drop.code()),
            reason: k(reason.code()),
        }
    }

    /// The packet goes to the slow path.
    pub fn punt(reason: PuntReason) -> Self {
        VerdictBits {
            kind: k(VerdictKind::Punt.code()),
            reason: k(reason.code()),
        }
    }

    /// The packet leaves as it is decided now.
    pub fn deliver() -> Self {
        VerdictBits {
            kind: k(VerdictKind::Deliver.code()),
            reason: k(0),
        }
    }

    /// Not decided yet.
    pub fn open(self) -> Bit {
        self.kind.eq(VerdictKind::Continue.code())
    }

    /// Of this kind.
    pub fn is(self, kind: VerdictKind) -> Bit {
        self.kind.eq(kind.code())
    }

    /// This verdict, or where it is still open the first that applies.
    pub fn or_first(self, cases: &[(Bit, VerdictBits)]) -> VerdictBits {
        mux(self.open(), underpass_wires::first(cases, zero()), self)
    }
}
