//! What a program does besides computing wires: registers, memories, and its ports.

use super::compile::Compiler;
use super::program::{MemStep, Place, ReadStep, RegStep, WriteStep};
use crate::design::Design;
use crate::graph::{Group, Leaf};
use crate::memory::Ram;
use crate::words;

impl Compiler<'_> {
    pub(super) fn steps(&mut self, design: &Design) {
        let graph = self.graph;
        for reg in graph.regs.iter().filter(|reg| design.live.node(reg.q)) {
            let d = reg.d.expect("checked when the description ended");
            let step = RegStep {
                q: self.at(reg.q),
                d: self.at(d),
                en: reg.en.map(|en| self.at(en)),
                n: words::count(graph.width(reg.q)) as u32,
                reset: reg.reset.clone(),
            };
            self.program.regs.push(step);
        }
        for (index, memory) in graph.memories.iter().enumerate() {
            let mut step = MemStep {
                n: words::count(memory.width) as u32,
                depth: if design.live.has_memory(index) {
                    memory.depth
                } else {
                    0
                },
                writes: Vec::new(),
                reads: Vec::new(),
            };
            if design.live.has_memory(index) {
                let writes = memory.writes.iter().flat_map(|write| {
                    let parts = write.parts.iter();
                    parts.map(|part| (part.en, write.addr, part.data, part.lo))
                });
                let ports = memory.ports.iter().filter(|port| design.live.node(port.q));
                let port_writes = ports
                    .clone()
                    .filter_map(|p| p.write.map(|(en, data)| (en, p.addr, data, 0)));
                step.writes = writes
                    .chain(port_writes)
                    .map(|(en, addr, data, lo)| WriteStep {
                        en: self.at(en),
                        addr: self.at(addr),
                        data: self.at(data),
                        lo,
                        width: graph.width(data),
                    })
                    .collect();
                step.reads = ports
                    .map(|port| ReadStep {
                        addr: self.at(port.addr),
                        q: self.at(port.q),
                        held: match (memory.ram, port.write) {
                            (Ram::Ultra, Some((en, _))) => Some(self.at(en)),
                            _ => None,
                        },
                    })
                    .collect();
            }
            self.program.memories.push(step);
        }
        let place = |group: &Group| Place {
            name: group.name.clone(),
            width: group.width,
            leaves: group
                .leaves
                .iter()
                .map(|leaf| (leaf.lo, leaf.width, self.at(leaf.id)))
                .collect(),
        };
        let leaves = |group: &Group| -> Vec<Place> {
            let one = |leaf: &Leaf| Place {
                name: leaf.name.clone(),
                width: leaf.width,
                leaves: vec![(0, leaf.width, self.at(leaf.id))],
            };
            let alone = group.leaves.len() == 1 && group.leaves[0].name == group.name;
            if alone {
                vec![]
            } else {
                group.leaves.iter().map(one).collect()
            }
        };
        let all = |groups: &[Group]| -> Vec<Place> {
            groups
                .iter()
                .map(place)
                .chain(groups.iter().flat_map(leaves))
                .collect()
        };
        let (inputs, outputs) = (all(&graph.inputs), all(&graph.outputs));
        let by_name = |places: &[Place]| {
            // A group comes before a field of the same name.
            places
                .iter()
                .enumerate()
                .rev()
                .map(|(index, place)| (place.name.clone(), index))
                .collect()
        };
        self.program.input_by_name = by_name(&inputs);
        self.program.output_by_name = by_name(&outputs);
        (self.program.inputs, self.program.outputs) = (inputs, outputs);
    }
}
