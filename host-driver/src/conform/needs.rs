//! What a case needs that this card does not do: such a case is skipped, not failed.
//!
//! What is asked for is read off objects; nothing is tried. A feature that comes is a row less here.

use underpass_table_compiler::objects::{Nexthop, NexthopFlags, Object, Vif, VifFlags};

use super::case::{Case, Change};

/// Flags of interfaces that ask for something.
const VIF_FLAGS: &[(VifFlags, &str)] = &[
    (VifFlags::SERVICE, "service chains"),
    (VifFlags::MAC_IP_LEARN, "learning of MACs with addresses"),
    (VifFlags::NATIVE_VLAN_TAG, "native VLANs"),
];
/// Flags of nexthops that do.
const NEXTHOP_FLAGS: &[(NexthopFlags, &str)] = &[(NexthopFlags::PBB, "provider backbone bridging")];

/// The first thing that a case needs and this card does not do.
pub fn missing(case: &Case) -> Option<&'static str> {
    let changes = case.steps.iter().filter_map(|step| match &step.change {
        Some(Change::Objects(objects)) => Some(objects),
        _ => None,
    });
    let objects = || case.config.iter().chain(changes.clone().flatten());
    objects().find_map(|object| match object {
        Object::Vif(vif) => of_vif(vif),
        Object::Nexthop(nexthop) => of_nexthop(nexthop),
        _ => None,
    })
}

fn of_vif(vif: &Vif) -> Option<&'static str> {
    let mut flags = VIF_FLAGS.iter();
    flags
        .find(|(flag, _)| vif.flags.contains(*flag))
        .map(|(_, needs)| *needs)
}

fn of_nexthop(nexthop: &Nexthop) -> Option<&'static str> {
    let mut flags = NEXTHOP_FLAGS.iter();
    let found = flags.find(|(flag, _)| nexthop.flags.contains(*flag));
    found.map(|(_, needs)| *needs)
}

#[cfg(test)]
mod tests {
    use super::super::file::parse;
    use super::*;

    fn of(objects: &str) -> Option<&'static str> {
        let step = r#"{"config_change": [], "expect": {"out": [], "drops": {}}}"#;
        let text =
            format!(r#"{{"cases": [{{"id": "one", "config": [{objects}], "steps": [{step}]}}]}}"#);
        let cases = parse("c.json", &text).unwrap_or_else(|error| panic!("{error}"));
        missing(&cases[0])
    }

    #[test]
    fn what_is_missing_has_a_name() {
        let vif = |flags: &str| {
            format!(
                r#"{{"object": "vif", "idx": 3, "type": "vm", "mac": "02:00:00:00:00:01", "vrf": 2,
                "flags": {{"value": "{flags}", "names": []}}, "mtu": 1500}}"#
            )
        };
        let composite = |flags: &str| {
            format!(
                r#"{{"object": "nexthop", "id": 9, "type": "composite", "family": "inet",
                "flags": {{"value": "{flags}", "names": []}}, "components": []}}"#
            )
        };
        assert_eq!(of(&vif("0x2001c1")), None);
        assert_eq!(of(&vif("0x4")), Some("service chains"));
        assert_eq!(of(&composite("0x2000")), None);
        assert_eq!(
            of(&composite("0x80000")),
            Some("provider backbone bridging")
        );
    }
}
