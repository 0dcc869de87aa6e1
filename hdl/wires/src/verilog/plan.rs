//! What to print where: how often each node is used, and which must have a name of its own.

use crate::design::Design;
use crate::graph::{Graph, Id, Op};

/// Decisions about every node of a design, made before any text.
pub(crate) struct Plan {
    /// Uses by printed text.
    pub uses: Vec<u32>,
    /// Something takes bits of it, which Verilog allows of names only.
    pub sliced: Vec<bool>,
    /// A choice that is printed as the rest of another choice.
    pub chained: Vec<bool>,
    /// Live nodes by module, constants and retimed wires left out.
    pub by_module: Vec<Vec<Id>>,
}

impl Plan {
    pub fn of(design: &Design) -> Self {
        let graph = &design.graph;
        let count = graph.nodes.len();
        let mut plan = Plan {
            uses: vec![0; count],
            sliced: vec![false; count],
            chained: vec![false; count],
            by_module: vec![Vec::new(); graph.modules.len()],
        };
        for id in (0..count as Id).filter(|&id| design.live.node(id)) {
            let node = graph.node(id);
            match node.op {
                Op::Const(_) | Op::Retime(..) => continue,
                Op::Slice(of, _) => plan.sliced[resolve(graph, of) as usize] = true,
                Op::Reg(index) => {
                    let reg = &graph.regs[index as usize];
                    reg.d
                        .into_iter()
                        .chain(reg.en)
                        .for_each(|id| plan.used(graph, id));
                }
                _ => {}
            }
            node.op.operands(|id| plan.used(graph, id));
            plan.by_module[node.module as usize].push(id);
        }
        for (index, memory) in graph.memories.iter().enumerate() {
            if design.live.has_memory(index) {
                let writes = memory.writes.iter().flat_map(|w| w.operands());
                let ports = memory.ports.iter().flat_map(|port| {
                    let (en, data) = port.write.unzip();
                    [Some(port.addr), en, data].into_iter().flatten()
                });
                writes.chain(ports).for_each(|id| plan.used(graph, id));
            }
        }
        for leaf in graph.outputs.iter().flat_map(|group| &group.leaves) {
            plan.used(graph, leaf.id);
        }
        plan.chain(graph);
        plan
    }

    fn used(&mut self, graph: &Graph, id: Id) {
        self.uses[resolve(graph, id) as usize] += 1;
    }

    fn chain(&mut self, graph: &Graph) {
        for &id in self.by_module.iter().flatten() {
            if let Op::Mux(_, _, e) = graph.node(id).op {
                let rest = resolve(graph, e);
                let node = graph.node(rest);
                let index = rest as usize;
                self.chained[index] = matches!(node.op, Op::Mux(..))
                    && self.uses[index] == 1
                    && node.name.is_none()
                    && !self.sliced[index];
            }
        }
    }
}

/// The node behind changes of age, which are not hardware.
pub(crate) fn resolve(graph: &Graph, id: Id) -> Id {
    match graph.node(id).op {
        Op::Retime(of, _) => resolve(graph, of),
        _ => id,
    }
}
