//! How a stage reads and sets the verdict. A stage may set it only where it is still open.

use underpass_layout::meta::Meta;
use underpass_layout::{DropReason, PuntReason, Verdict, VerdictKind};

/// The verdict of a packet on its way.
pub(crate) trait Decide {
    /// No stage has decided yet.
    fn open(&self) -> bool;
    /// Decides.
    fn decide(&mut self, verdict: Verdict);

    /// The packet ends here.
    fn drop(&mut self, why: DropReason) {
        self.decide(Verdict::Drop(why));
    }

    /// The packet goes to the slow path.
    fn punt(&mut self, why: PuntReason) {
        self.decide(Verdict::Punt(why));
    }
}

impl Decide for Meta {
    fn open(&self) -> bool {
        self.verdict.kind == VerdictKind::Continue
    }

    fn decide(&mut self, verdict: Verdict) {
        self.verdict = verdict.bits();
    }
}
