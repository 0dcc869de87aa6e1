//! What a case needs that this card does not do: such a case is skipped, not failed.
//!
//! What is asked for is read off objects and frames; nothing is tried. A feature that comes is a row less here.

use underpass_table_compiler::objects::{Nexthop, NexthopFlags, Object, Vif, VifFlags, VifType};

use super::case::{Case, Change, Step};

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
    let by_object = objects().find_map(|object| match object {
        Object::Vif(vif) => of_vif(vif),
        Object::Nexthop(nexthop) => of_nexthop(nexthop),
        _ => None,
    });
    let host = objects().find_map(|object| match object {
        Object::Vif(vif) if vif.vif_type == VifType::Host => Some(vif.idx),
        _ => None,
    });
    by_object.or_else(|| case.steps.iter().find_map(|step| of_step(step, host?)))
}

/// What the underlay sends to the node itself crosses to the host as it is; the peer routes it there, and takes one from
/// its TTL.
fn of_step(step: &Step, host: u32) -> Option<&'static str> {
    let sent = step.inject.as_ref()?;
    let mut out = step.expect.out.iter();
    let routed = out.any(|out| out.vif == host && is_a_hop_further(&sent.frame, &out.frame));
    routed.then_some("TTL taken from packets to the node itself")
}

/// Nothing differs but a TTL less by one and the header checksum (RFC 791 section 3.1), untagged. Any other difference is
/// one to be found by running the case.
fn is_a_hop_further(sent: &[u8], left: &[u8]) -> bool {
    const TTL: usize = 14 + 8;
    const CHECKSUM: [usize; 2] = [14 + 10, 14 + 11];
    let mut differ = (0..sent.len()).filter(|at| sent.get(*at) != left.get(*at));
    let ttl = |frame: &[u8]| frame.get(TTL).copied().map(u16::from);
    sent.len() == left.len()
        && ttl(sent).is_some_and(|before| ttl(left).is_some_and(|after| before == after + 1))
        && differ.all(|at| at == TTL || CHECKSUM.contains(&at))
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
    use super::super::case::{Expect, Inject, Out};
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

    #[test]
    fn what_the_host_would_see_changed_is_missing() {
        let sent: Vec<u8> = (0..34).collect();
        let of = |changed: &[usize]| {
            let mut left = sent.clone();
            for at in changed {
                left[*at] -= 1;
            }
            let step = Step {
                inject: Some(Inject {
                    vif: 0,
                    frame: sent.clone(),
                }),
                expect: Expect {
                    out: vec![Out {
                        vif: 1,
                        frame: left,
                    }],
                    ..Expect::default()
                },
                change: None,
                in_order: false,
            };
            of_step(&step, 1)
        };
        assert_eq!(of(&[]), None);
        let why = Some("TTL taken from packets to the node itself");
        assert_eq!(of(&[22, 24, 25]), why);
        // Another byte beside, or the checksum alone, is a difference like any other.
        assert_eq!(of(&[22, 24, 30]), None);
        assert_eq!(of(&[24]), None);
    }
}
