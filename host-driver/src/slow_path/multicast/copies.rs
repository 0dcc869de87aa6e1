//! Flows of which somebody gets copies: the mirrors that a rule names, and what stands in front of each copy.
//!
//! ```text
//!   rule ─▶ mirrors, at most two ─▶ both directions of the flow
//!   metadata: this node, sent by a guest here or not, source's network, destination's network
//! ```

use underpass_table_compiler::objects::{FlowFlags, FlowSide, Metadata};

use crate::slow_path::world::World;

/// Where copies of a flow's packets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copies<'a> {
    mirrors: &'a [u32],
    /// The VRF of the network that its first packet comes from.
    from: u16,
    /// That of the network it goes to.
    to: u16,
}

/// A direction of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// That of the first packet.
    There,
    /// That of the answers.
    Back,
}

impl<'a> Copies<'a> {
    /// Copies for these mirrors, of a flow between two networks. None: nobody gets any.
    pub fn new(mirrors: &'a [u32], from: u16, to: u16) -> Option<Copies<'a>> {
        (!mirrors.is_empty()).then_some(Copies { mirrors, from, to })
    }

    /// Has a direction copied. `sent_here`: a guest of this node sends its packets.
    pub fn mark(&self, world: &World, side: &mut FlowSide, way: Way, sent_here: bool) {
        side.flags = side.flags | FlowFlags::MIRROR;
        side.mirror_index = self.mirrors.first().copied();
        side.second_mirror_index = self.mirrors.get(1).copied();
        let mut all = world.objects().mirrors.iter();
        let with_header =
            all.any(|mirror| mirror.dynamic_juniper_header && self.mirrors.contains(&mirror.index));
        if !with_header {
            return;
        }
        let name = |vrf| world.vrf(vrf).map_or("", |network| network.name.as_str());
        let (source, destination) = match way {
            Way::There => (self.from, self.to),
            Way::Back => (self.to, self.from),
        };
        let metadata = Metadata::Flow {
            host: world.tunnel_address(),
            ingress: sent_here,
            source: name(source),
            destination: name(destination),
        };
        side.mirror_metadata_hex = metadata.bytes();
    }
}
