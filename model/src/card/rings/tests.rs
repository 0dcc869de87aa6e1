//! A driver for the tests: it keeps its own counts of each ring and looks at memory, not at the model.

mod command;
mod common;
mod inject;
mod punt;
mod trespass;

use crate::card::memory::{HostMemory, Unmapped};
use crate::card::tests::{arp, card, pop};
use crate::card::ModelCard;
use std::collections::BTreeMap;
use underpass_layout::hash::Split;
use underpass_layout::port;
use underpass_layout::profile::SIM;
use underpass_layout::registers::rings::{
    BASE_LOW, CONSUMER, CONTROL, DROPPED, ENABLE, FAULT, MODERATION, PRODUCER, REFUSED, SIZE,
    STATUS_HIGH, STATUS_LOW, STRIDE,
};
use underpass_layout::registers::slow::PUNT_STATUS;
use underpass_layout::registers::{self, CONTROL_ENABLE};
use underpass_layout::rings::{
    ring::{COMMAND, INJECT, PUNT},
    CommandKind, RingCommand, RingStatus, FAULT_VECTOR, STATUS_EVERY,
};
use underpass_layout::shim::{InjectCommand, InjectShim};
use underpass_layout::tables::{id, MplsEntry, TABLES};
use underpass_layout::Record;

const RINGS: [u32; 3] = [COMMAND, PUNT, INJECT];

/// Memory that answers everywhere but where it is told not to, and remembers what was written.
#[derive(Default)]
struct Memory {
    beats: BTreeMap<u64, [u8; 64]>,
    written: Vec<u64>,
    silent: Vec<u64>,
}

impl Memory {
    fn answers(&self, address: u64) -> Result<(), Unmapped> {
        assert_eq!(address % 64, 0, "whole beats");
        match self.silent.contains(&address) {
            true => Err(Unmapped { address }),
            false => Ok(()),
        }
    }

    fn at(&self, address: u64) -> [u8; 64] {
        self.beats.get(&address).copied().unwrap_or([0xcc; 64])
    }

    fn words(&self, address: u64) -> [u32; 16] {
        let beat = self.at(address);
        std::array::from_fn(|i| u32::from_le_bytes(std::array::from_fn(|j| beat[4 * i + j])))
    }
}

impl HostMemory for Memory {
    fn read(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), Unmapped> {
        self.answers(address)?;
        bytes.copy_from_slice(&self.at(address));
        Ok(())
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), Unmapped> {
        self.answers(address)?;
        self.written.push(address);
        self.beats
            .insert(address, bytes.try_into().expect("a beat"));
        Ok(())
    }
}

/// A card, memory, and what a driver keeps of each ring.
struct Host {
    card: ModelCard,
    memory: Memory,
    /// Beats that the host has filled or emptied.
    mine: [u32; 3],
}

fn base(ring: u32) -> u64 {
    0x7_0000_0000 + (u64::from(ring) << 28)
}

fn status(ring: u32) -> u64 {
    0x9_0000_0040 + (u64::from(ring) << 12)
}

impl Host {
    /// Wire and host are cross-connected; all rings are of 64 beats and run.
    fn new() -> Self {
        let mut host = Host {
            card: card(),
            memory: Memory::default(),
            mine: [0; 3],
        };
        for ring in RINGS {
            host.place(ring);
            host.set(ring, CONTROL, ENABLE);
            assert_eq!(host.get(ring, CONTROL), ENABLE);
        }
        host
    }

    fn place(&mut self, ring: u32) {
        for (low, address) in [(BASE_LOW, base(ring)), (STATUS_LOW, status(ring))] {
            self.set(ring, low, address as u32);
            self.set(ring, low + 4, (address >> 32) as u32);
        }
        self.set(ring, SIZE, 6);
        self.set(ring, MODERATION, 1);
    }

    fn set(&mut self, ring: u32, register: u32, value: u32) {
        self.card.write(register + ring * STRIDE, value);
    }

    fn get(&mut self, ring: u32, register: u32) -> u32 {
        self.card.read(register + ring * STRIDE)
    }

    fn run(&mut self) -> Vec<u32> {
        let vectors = self.card.run(&mut self.memory);
        assert!(self.card.quiet());
        assert_eq!(self.card.run(&mut self.memory), [], "all is done");
        vectors
    }

    fn status(&self, ring: u32) -> RingStatus {
        let words = self.memory.words(status(ring));
        let status = RingStatus::unpack(&words).expect("no codes");
        assert_eq!(status.padding, [0; 48]);
        status
    }

    /// Puts beats where the host goes on to fill.
    fn fill(&mut self, ring: u32, bytes: &[u8]) {
        for chunk in bytes.chunks(64) {
            let mut beat = [0xee; 64];
            beat[..chunk.len()].copy_from_slice(chunk);
            let index = &mut self.mine[ring as usize];
            let address = base(ring) + u64::from(*index % 64) * 64;
            self.memory.beats.insert(address, beat);
            *index = index.wrapping_add(1);
        }
    }

    fn bell(&mut self, ring: u32) {
        let register = if ring == PUNT { CONSUMER } else { PRODUCER };
        self.set(ring, register, self.mine[ring as usize]);
    }

    fn command(&mut self, command: &RingCommand, data: &[u32]) {
        let mut words = command.pack().to_vec();
        words.extend(data);
        words.resize(32, 0xdddd_dddd);
        self.fill(COMMAND, &bytes(&words));
    }

    fn label(&mut self, row: u32, nexthop: u32) {
        let entry = MplsEntry {
            nexthop,
            ..MplsEntry::default()
        };
        self.command(&write_row(id::MPLS, row), &entry.pack());
    }

    fn nexthop_of(&self, label: u32) -> u32 {
        let entry = self.card.core().tables.mpls(label);
        entry.expect("the table is that long").nexthop
    }

    /// A frame for the host's port that begins with `mark`.
    fn inject(&mut self, mark: u8, frame: usize) {
        let shim = InjectShim {
            command: InjectCommand::Transmit,
            vif: 1,
            port: port::HOST0,
            length: frame as u16 + 64,
            ..InjectShim::default()
        };
        let mut whole = bytes(&shim.pack());
        whole.resize(64 + frame, mark);
        self.fill(INJECT, &whole);
    }

    /// A frame that is punted: with its shim, `beats` beats.
    fn punt(&mut self, mark: u8, beats: usize) -> Vec<u8> {
        let mut frame = arp();
        frame.resize((beats - 1) * 64 - 5, mark);
        assert!(self.card.send(port::WIRE0, &frame));
        frame
    }
}

fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn write_row(table: u32, row: u32) -> RingCommand {
    RingCommand {
        kind: CommandKind::WriteRow.code() as u8,
        table: table as u8,
        // What is not looked at.
        reserved: 0xffff,
        row,
        padding: [0xff; 56],
    }
}
