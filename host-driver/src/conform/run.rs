//! One case on a card: programmed, stepped through, compared.

use std::error::Error;

use underpass_table_compiler::objects::{FlowPair, Nexthop, NexthopKind, Object, Objects};

use super::case::{Case, Change, Expect, Reply, Step};
use super::drop_names::BOOKKEEPING;
use super::flows::{self, Flows};
use super::frames::{Frames, Side};
use super::needs;
use super::ports::Ports;
use super::report::{Ended, Found};
use super::station::{Left, Station};
use crate::access::Card;
use crate::agent_face::Word;
use crate::driver::DriverError;

use underpass_table_compiler::objects::VifType;

/// Runs a case on a card that any other case may have run on before.
pub fn run<C: Card>(station: &mut Station<C>, case: &Case) -> Result<Ended, DriverError> {
    if let Some(needs) = needs::missing(case) {
        return Ok(Ended::Skip {
            needs: needs.to_owned(),
        });
    }
    station.clear()?;
    let mut run = Run {
        station,
        ports: Ports::default(),
        objects: Objects::default(),
        frames: Frames::default(),
        found: Vec::new(),
    };
    if let Err(what) = run.program(&case.config)? {
        run.found.push(Found { step: None, what });
        return Ok(run.ended());
    }
    let mut before = run.station.flows()?;
    for (number, step) in case.steps.iter().enumerate() {
        before = run.step(number + 1, step, before)?;
    }
    Ok(run.ended())
}

struct Run<'a, C> {
    station: &'a mut Station<C>,
    ports: Ports,
    /// Everything that is programmed, flow pairs apart.
    objects: Objects,
    frames: Frames,
    found: Vec<Found>,
}

impl<C: Card> Run<'_, C> {
    fn ended(self) -> Ended {
        match self.found.is_empty() {
            true => Ended::Ok,
            false => Ended::Fail {
                differences: self.found,
            },
        }
    }

    /// Programs more objects; the text says why it cannot be.
    fn program(&mut self, more: &[Object]) -> Result<Result<(), String>, DriverError> {
        let mut objects = self.objects.clone();
        objects.extend(more.iter().cloned());
        let pairs: Vec<FlowPair> = std::mem::take(&mut objects.flow_pairs);
        if let Err(error) = self.ports.give(&mut objects, self.station.ports()) {
            return Ok(Err(error.to_string()));
        }
        if let Err(error) = self.station.program(&objects)? {
            return Ok(Err(chain(&error)));
        }
        let analyzers = objects.nexthops.iter().filter_map(analyzer);
        self.frames.analyzers_at(analyzers);
        self.objects = objects;
        for pair in &pairs {
            if let Err(error) = self.station.install(pair)? {
                return Ok(Err(chain(&error)));
            }
        }
        Ok(Ok(()))
    }

    fn change(
        &mut self,
        change: &Change,
        left: &mut Left,
    ) -> Result<Result<(), String>, DriverError> {
        match change {
            Change::Objects(objects) => self.program(objects),
            Change::Reply(Reply {
                rpf_nh,
                rev_key_nh,
                rev_rpf_nh,
            }) => {
                let word = Word {
                    source: *rpf_nh,
                    answer_nexthop: *rev_key_nh,
                    answer_source: *rev_rpf_nh,
                };
                let replied = self.station.reply(word, left)?;
                Ok(replied.map_err(|error| chain(&error)))
            }
        }
    }

    /// One step; the flows as they stand behind it.
    fn step(&mut self, number: usize, step: &Step, before: Flows) -> Result<Flows, DriverError> {
        let mut left = Left::default();
        let mut said = Vec::new();
        if let Some(change) = &step.change {
            if let Err(what) = self.change(change, &mut left)? {
                said.push(format!("config_change: {what}"));
            }
        }
        if let Some(inject) = &step.inject {
            self.station.send(inject, &mut left)?;
        }
        said.extend(self.frames(step, &left));
        said.extend(drops(&step.expect, &left));
        let after = self.station.flows()?;
        let flows = flows::compare(&before, &after, &step.expect);
        said.extend(flows.iter().map(ToString::to_string));
        let found = said.into_iter().map(|what| Found {
            step: Some(number),
            what,
        });
        self.found.extend(found);
        Ok(after)
    }

    fn frames(&mut self, step: &Step, left: &Left) -> Vec<String> {
        let vifs = &self.objects.vifs;
        let side = |vif: u32| {
            let found = vifs.iter().find(|one| one.idx == vif);
            match found.map(|vif| vif.vif_type) {
                Some(VifType::Fabric) => Side::Fabric,
                Some(VifType::Agent) => Side::Agent,
                _ => Side::Plain,
            }
        };
        let found = self
            .frames
            .compare(&step.expect.out, &left.out, step.in_order, side);
        found
            .into_iter()
            .map(|(vif, difference)| format!("vif {vif}: {difference}"))
            .collect()
    }
}

/// The UDP port at which an analyzer takes copies, of a nexthop that leads to one.
fn analyzer(nexthop: &Nexthop) -> Option<u16> {
    match &nexthop.kind {
        NexthopKind::Tunnel(tunnel) => tunnel.udp_ports.map(|(_, to)| to),
        _ => None,
    }
}

/// Drop counters that rose otherwise than expected.
fn drops(expect: &Expect, left: &Left) -> Vec<String> {
    let names = expect.drops.keys().chain(left.drops.keys());
    let mut names: Vec<&String> = names
        .filter(|name| !BOOKKEEPING.contains(&name.as_str()))
        .collect();
    names.sort_unstable();
    names.dedup();
    let of = |drops: &std::collections::BTreeMap<String, u64>, name: &String| {
        drops.get(name).copied().unwrap_or(0)
    };
    let mut said: Vec<String> = names
        .into_iter()
        .map(|name| (name, of(&expect.drops, name), of(&left.drops, name)))
        .filter(|(_, want, got)| want != got)
        .map(|(name, want, got)| format!("drops: {name} want {want} got {got}"))
        .collect();
    if let Some(want) = expect
        .clones
        .filter(|want| (*want > 0) != (left.copied > 0))
    {
        said.push(format!(
            "clones: want {want} originals given up for copies, got {}",
            left.copied
        ));
    }
    if left.lost > 0 {
        said.push(format!("{} packets without a trace", left.lost));
    }
    said
}

/// An error with its causes.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text += &format!(": {cause_text}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_counter_but_bookkeeping_is_compared() {
        let mut expect = Expect::default();
        expect.drops.insert("L2_NO_ROUTE".to_owned(), 1);
        expect.drops.insert("DUPLICATED".to_owned(), 1);
        let mut left = Left {
            lost: 2,
            ..Left::default()
        };
        left.drops.insert("DISCARD".to_owned(), 3);
        expect.clones = Some(2);
        left.copied = 1;
        assert_eq!(
            drops(&expect, &left),
            [
                "drops: DISCARD want 0 got 3",
                "drops: L2_NO_ROUTE want 1 got 0",
                "2 packets without a trace"
            ]
        );
        left = Left::default();
        expect.drops.clear();
        assert_eq!(
            drops(&expect, &left),
            ["clones: want 2 originals given up for copies, got 0"]
        );
    }
}
