//! What reaches an output: everything else is neither printed nor simulated.

use crate::graph::{Graph, Id, Op};

/// Marks of the nodes, and of the memories they read.
#[derive(Debug)]
pub(crate) struct Live {
    nodes: Vec<bool>,
    memories: Vec<bool>,
}

impl Live {
    pub fn of(graph: &Graph) -> Self {
        let mut live = Live {
            nodes: vec![false; graph.nodes.len()],
            memories: vec![false; graph.memories.len()],
        };
        let mut open: Vec<Id> = graph
            .outputs
            .iter()
            .flat_map(|group| group.leaves.iter().map(|leaf| leaf.id))
            .collect();
        while let Some(id) = open.pop() {
            if std::mem::replace(&mut live.nodes[id as usize], true) {
                continue;
            }
            let op = &graph.node(id).op;
            op.operands(|operand| open.push(operand));
            match *op {
                Op::Reg(index) => {
                    let reg = &graph.regs[index as usize];
                    open.extend([reg.d, reg.en].into_iter().flatten());
                }
                Op::Read(memory, port) => {
                    open.push(graph.memories[memory as usize].ports[port as usize].addr);
                    live.memory(graph, memory, &mut open);
                }
                Op::ReadNow(memory, _) => live.memory(graph, memory, &mut open),
                _ => {}
            }
        }
        live
    }

    /// A memory that is read needs all that writes it.
    fn memory(&mut self, graph: &Graph, index: u32, open: &mut Vec<Id>) {
        if std::mem::replace(&mut self.memories[index as usize], true) {
            return;
        }
        let memory = &graph.memories[index as usize];
        for write in &memory.writes {
            open.extend(write.operands());
        }
        for port in &memory.ports {
            if let Some((en, data)) = port.write {
                open.extend([port.q, en, data, port.addr]);
            }
        }
    }

    pub fn node(&self, id: Id) -> bool {
        self.nodes[id as usize]
    }

    pub fn has_memory(&self, index: usize) -> bool {
        self.memories[index]
    }
}
