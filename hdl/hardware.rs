//! The layout's records as wires. Every width comes from the layout crate; nothing is written here but names.

use underpass_wires::{bundle, U};

/// The wires of one field: a record within a record is its own bundle, everything else is as many bits as declared.
macro_rules! wires_of {
    ($Record:ident = record) => { $Record };
    ($type:ident = $width:literal) => { U<$width> };
}

/// Makes a bundle of a record that the layout declares.
macro_rules! hardware {
    ($(#[doc = $doc:literal])* pub struct $Name:ident {
        $( $(#[doc = $field_doc:literal])* $field:ident : $type:ident = $width:tt, )*
    }) => {
        bundle! {
            $(#[doc = $doc])*
            pub struct $Name { $( $(#[doc = $field_doc])* pub $field: wires_of!($type = $width), )* }
        }
    };
}

use underpass_layout as layout;

layout::port_entry!(hardware);
layout::vif_entry!(hardware);
layout::mpls_entry!(hardware);
layout::vxlan_key!(hardware);
layout::vxlan_entry!(hardware);
layout::bridge_key!(hardware);
layout::bridge_entry!(hardware);
layout::flood_entry!(hardware);
layout::learned_key!(hardware);
layout::learned_entry!(hardware);
layout::vrf_entry!(hardware);
layout::route_key!(hardware);
layout::route_entry!(hardware);
layout::stitched_key!(hardware);
layout::stitched_entry!(hardware);
layout::group_entry!(hardware);
layout::member_entry!(hardware);
layout::origin_key!(hardware);
layout::origin_entry!(hardware);
layout::nexthop_entry!(hardware);
layout::qos_entry!(hardware);
layout::flow_key!(hardware);
layout::flow_key6!(hardware);
layout::flow_entry!(hardware);
layout::flow_entry6!(hardware);
layout::source_entry!(hardware);
layout::onward_entry!(hardware);
layout::fat_rule_entry!(hardware);
layout::fat_exclude_entry!(hardware);
layout::punt_quota_entry!(hardware);
layout::punted_entry!(hardware);
layout::tcp_side!(hardware);
layout::tcp_entry!(hardware);
layout::age_entry!(hardware);
layout::mirror_entry!(hardware);
layout::mirror_text_entry!(hardware);
layout::traffic_counter!(hardware);
layout::flow_counter!(hardware);
layout::outcome_counter!(hardware);

layout::split!(hardware);
layout::seed_target!(hardware);

layout::known!(hardware);
layout::round!(hardware);
layout::errand!(hardware);
layout::arrival!(hardware);
layout::parse!(hardware);
layout::classify!(hardware);
layout::decap!(hardware);
layout::inner!(hardware);
layout::quoted!(hardware);
layout::syn!(hardware);
layout::bridge!(hardware);
layout::receiver!(hardware);
layout::answer!(hardware);
layout::key!(hardware);
layout::route!(hardware);
layout::member!(hardware);
layout::flow!(hardware);
layout::patch!(hardware);
layout::rewrite!(hardware);
layout::edit!(hardware);
layout::verdict_bits!(hardware);
layout::meta!(hardware);
layout::inject_shim!(hardware);
layout::punt_shim!(hardware);
layout::ring_command!(hardware);
layout::ring_status!(hardware);

#[cfg(test)]
mod tests {
    use underpass_layout::Record;
    use underpass_wires::Bundle;

    #[test]
    fn wires_and_records_have_the_same_widths() {
        assert_eq!(super::Meta::W, underpass_layout::meta::Meta::WIDTH);
        assert_eq!(super::Edit::W, underpass_layout::meta::Edit::WIDTH);
        assert_eq!(
            super::FlowEntry::W,
            underpass_layout::tables::FlowEntry::WIDTH
        );
        assert_eq!(super::PuntShim::W, underpass_layout::shim::PuntShim::WIDTH);
    }
}
