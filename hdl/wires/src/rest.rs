//! What may rest while nothing passes: most clocks of most simulations move empty slots.
//!
//! ```text
//!   slot.valid ──[ reg ]── valid 1 ──[ reg ]── valid 2       each clock says whether there is something in it
//!   slot.meta ── logic ──[ reg ]── logic ──[ reg ]──         what moves only where there is
//! ```
//! [`rests_unless`] says that the wires of an input mean nothing in a clock in which one of them, the valid bit, is clear.
//! Whatever is computed from them alone, and from state, then means nothing in the clocks that follow either, so its
//! registers may as well hold what they held. The Verilog has them enabled by the valid bit of their clock, with the
//! logic that only they need in the same block, and so a simulator skips both. With `SYNTHESIS` defined they are always
//! enabled: in a device the enables would cost more than the toggling.
//!
//! What the valid bit itself had a part in never rests, since it says something about empty clocks too; nor does what
//! meets another input, such as the host's bus.

use crate::graph::{with_here, Graph, Id, Op, Reg};
use crate::live::Live;
use crate::verilog::plan::resolve;
use crate::wire::Bit;
use crate::words;

/// The other wires of the input that `valid` belongs to mean nothing where it is clear. Nothing is said where it is no
/// wire of an input.
#[track_caller]
pub fn rests_unless(valid: Bit) {
    with_here(|graph, at| {
        let id = graph.take(valid.0, at);
        if matches!(graph.node(id).op, Op::Input(_)) && !graph.rests.contains(&id) {
            graph.rests.push(id);
        }
    });
}

/// What a node's value has to do with, by the bits of a number.
mod touch {
    /// The wires that came with the valid bit.
    pub const SLOT: u8 = 1;
    /// The valid bit.
    pub const VALID: u8 = 2;
    /// Other inputs.
    pub const OTHER: u8 = 4;
}

/// Which nodes rest, and when.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    /// The valid bits that something waits for.
    pub valid: Vec<Id>,
    /// By node: the one in `valid` that a register or a read waits for, or all that use a wire.
    of: Vec<Option<u32>>,
}

impl Rest {
    pub fn of(graph: &Graph, live: &Live) -> Rest {
        let mut rest = Rest {
            valid: Vec::new(),
            of: vec![None; graph.nodes.len()],
        };
        for &valid in &graph.rests {
            rest.registers(graph, live, valid);
        }
        if !rest.valid.is_empty() {
            rest.logic(graph, live);
        }
        rest
    }

    /// What `id` waits for, if it does.
    pub fn waits(&self, id: Id) -> Option<u32> {
        self.of.get(id as usize).copied().flatten()
    }

    /// The registers and reads that rest with this valid bit.
    fn registers(&mut self, graph: &Graph, live: &Live, valid: Id) {
        let chain = chain(graph, live, valid);
        let touched = touched(graph, valid, &chain);
        for id in (0..graph.nodes.len() as Id).filter(|id| live.node(*id)) {
            let node = graph.node(id);
            let from = match node.op {
                Op::Reg(index) => match &graph.regs[index as usize] {
                    Reg {
                        d,
                        en: None,
                        reset: None,
                        ..
                    } => *d,
                    _ => None,
                },
                Op::Read(memory, port) => {
                    let port = &graph.memories[memory as usize].ports[port as usize];
                    port.write.is_none().then_some(port.addr)
                }
                _ => None,
            };
            let before = node.age.and_then(|age| age.checked_sub(1));
            let valid = before.and_then(|age| chain.get(age as usize));
            if let (Some(from), Some(&valid)) = (from, valid) {
                if touched[from as usize] == touch::SLOT && node.module == 0 {
                    let index = self.index(valid);
                    self.of[id as usize] = Some(index);
                }
            }
        }
    }

    fn index(&mut self, valid: Id) -> u32 {
        let known = self.valid.iter().position(|known| *known == valid);
        known.unwrap_or_else(|| {
            self.valid.push(valid);
            self.valid.len() - 1
        }) as u32
    }

    /// The wires that nothing but registers of one clock need.
    fn logic(&mut self, graph: &Graph, live: &Live) {
        let mut users = Users {
            graph,
            of: vec![User::None; graph.nodes.len()],
        };
        for leaf in graph.outputs.iter().flat_map(|group| &group.leaves) {
            users.add(leaf.id, User::Many);
        }
        let memories = graph.memories.iter().enumerate();
        for (_, memory) in memories.filter(|(index, _)| live.has_memory(*index)) {
            let writes = memory.writes.iter().flat_map(|write| write.operands());
            writes.for_each(|id| users.add(id, User::Many));
            for port in &memory.ports {
                let (en, data) = port.write.unzip();
                let all = [Some(port.addr), en, data].into_iter().flatten();
                all.for_each(|id| users.add(id, User::Many));
            }
        }
        for &valid in &self.valid {
            users.add(valid, User::Many);
        }
        for reg in graph.regs.iter().filter(|reg| live.node(reg.q)) {
            let user = self.waits(reg.q).map_or(User::Many, User::Of);
            let needs = reg.d.into_iter().chain(reg.en);
            needs.for_each(|id| users.add(id, user));
        }
        // Whoever uses a node comes behind it, so by then all its users are known.
        for id in (0..graph.nodes.len() as Id).rev() {
            let node = graph.node(id);
            if !live.node(id) || matches!(node.op, Op::Retime(..)) {
                continue;
            }
            let user = match users.of[id as usize] {
                User::Of(index) if node.module == 0 && is_logic(&node.op) => {
                    self.of[id as usize] = Some(index);
                    User::Of(index)
                }
                _ => User::Many,
            };
            node.op.operands(|operand| users.add(operand, user));
        }
    }
}

/// Who uses a node.
#[derive(Clone, Copy, PartialEq)]
enum User {
    None,
    /// Registers that wait for one valid bit.
    Of(u32),
    /// Others too.
    Many,
}

struct Users<'a> {
    graph: &'a Graph,
    of: Vec<User>,
}

impl Users<'_> {
    fn add(&mut self, id: Id, user: User) {
        let users = &mut self.of[resolve(self.graph, id) as usize];
        *users = match *users {
            User::None => user,
            same if same == user => same,
            _ => User::Many,
        };
    }
}

/// It is printed as an expression, not as a port or a register.
fn is_logic(op: &Op) -> bool {
    use Op::{Const, Enter, Input, Leave, Read, Reg};
    !matches!(
        op,
        Const(_) | Input(_) | Enter(_) | Leave(_) | Reg(_) | Read(..)
    )
}

/// The valid bit in every clock that follows, as far as it is kept: registers that are zero after reset.
fn chain(graph: &Graph, live: &Live, valid: Id) -> Vec<Id> {
    let mut chain = vec![valid];
    for reg in graph.regs.iter().filter(|reg| live.node(reg.q)) {
        let last = chain[chain.len() - 1];
        let follows = reg.d.is_some_and(|d| resolve(graph, d) == last);
        let zero = reg.reset.as_deref().is_some_and(words::is_zero);
        if follows && zero && reg.en.is_none() && graph.node(reg.q).age == Some(chain.len() as u32)
        {
            chain.push(reg.q);
        }
    }
    chain
}

/// What every node's value has to do with, in this clock or in those before. State brings along nothing but that
/// the valid bit had a part in it, and so does a memory.
fn touched(graph: &Graph, valid: Id, chain: &[Id]) -> Vec<u8> {
    let input = |id: Id| match graph.node(id).op {
        Op::Input(group) => Some(group),
        _ => None,
    };
    let mut touched = vec![0u8; graph.nodes.len()];
    loop {
        let mut changed = false;
        for id in 0..graph.nodes.len() as Id {
            let node = graph.node(id);
            let mut now = touched[id as usize];
            match node.op {
                Op::Input(_) if chain.contains(&id) => now |= touch::VALID,
                Op::Input(_) if input(id) == input(valid) => now |= touch::SLOT,
                Op::Input(_) => now |= touch::OTHER,
                Op::Reg(index) => {
                    let reg = &graph.regs[index as usize];
                    let from = reg.d.into_iter().chain(reg.en);
                    let from = from.fold(0, |all, id| all | touched[id as usize]);
                    now |= match node.age {
                        Some(_) => from,
                        None => from & touch::VALID,
                    };
                }
                Op::Read(memory, port) => {
                    let port = &graph.memories[memory as usize].ports[port as usize];
                    now |= touched[port.addr as usize];
                }
                _ => node.op.operands(|id| now |= touched[id as usize]),
            }
            changed |= now != touched[id as usize];
            touched[id as usize] = now;
        }
        if !changed {
            return touched;
        }
    }
}
