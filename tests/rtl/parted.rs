//! Where the RTL and the model part over one packet: the first stage, and the field that it wrote.

use super::Decided;
use underpass_layout::meta::{Edit, Meta, STAGES};
use underpass_layout::{words_for, FieldSpec, Record, Verdict, VerdictKind};
use underpass_model::{Output, Trace};

/// What differs first, with both values; `None` where the two agree. Behind the stage that decided, records say
/// nothing; the verdict and the edit are always compared.
pub fn parted(model: &Output, trace: &Trace, rtl: &Decided) -> Option<String> {
    let (ours, theirs) = (words(&model.meta), words(&rtl.meta));
    let decided_at = deciding_stage(trace);
    let mut at = 0;
    for field in Meta::SPEC {
        let stage = stage_of(field.name);
        if let Some(stage) = stage.filter(|stage| *stage < decided_at) {
            if let Some(difference) = differs(field, field.name, at, &ours, &theirs) {
                return Some(format!("differ at {}: {difference}", STAGES[stage].0));
            }
        }
        at += field.width;
    }
    let verdict = Verdict::from(rtl.meta.verdict);
    if verdict != model.verdict {
        return Some(format!("verdict model={} card={verdict}", model.verdict));
    }
    let (ours, theirs) = (words(&model.edit), words(&rtl.edit));
    let mut at = 0;
    Edit::SPEC.iter().find_map(|field| {
        let difference = differs(field, field.name, at, &ours, &theirs);
        at += field.width;
        let header = match field.name {
            "header" => format!(
                "\n{:02x?}\n{:02x?}",
                &model.edit.header[..],
                &rtl.edit.header[..]
            ),
            _ => String::new(),
        };
        difference.map(|difference| format!("differ at s14_encap: {difference}{header}"))
    })
}

/// The stage that writes a record.
fn stage_of(record: &str) -> Option<usize> {
    let named = match record {
        "qos" => "nexthop",
        "syn" => "quoted",
        "answer" => "receiver",
        other => other,
    };
    STAGES.iter().position(|(_, name)| *name == named)
}

/// The first stage after which the packet is decided.
fn deciding_stage(trace: &Trace) -> usize {
    let decided = trace
        .steps
        .iter()
        .find(|(_, meta)| meta.verdict.kind != VerdictKind::Continue);
    decided
        .and_then(|(name, _)| STAGES.iter().position(|(stage, _)| stage == name))
        .unwrap_or(STAGES.len())
}

fn words<R: Record>(record: &R) -> Vec<u32> {
    let mut words = vec![0; words_for(R::WIDTH)];
    record.pack_into(&mut words);
    words
}

/// The first innermost field, within the one that starts at bit `at`, whose values differ.
fn differs(
    field: &FieldSpec,
    name: &str,
    mut at: usize,
    ours: &[u32],
    theirs: &[u32],
) -> Option<String> {
    for inner in field.fields {
        let name = format!("{name}.{}", inner.name);
        if let Some(difference) = differs(inner, &name, at, ours, theirs) {
            return Some(difference);
        }
        at += inner.width;
    }
    if !field.fields.is_empty() {
        return None;
    }
    let bit = |words: &[u32], i: usize| u128::from(words[(at + i) / 32] >> ((at + i) % 32) & 1);
    let value = |words: &[u32]| (0..field.width.min(128)).fold(0, |v, i| v | bit(words, i) << i);
    let (model, card) = (value(ours), value(theirs));
    (model != card).then(|| format!("{name} model={model:#x} card={card:#x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use underpass_layout::profile::SIM;
    use underpass_model::Core;

    fn of_the_model() -> (Output, Trace, Decided) {
        let (output, trace) = Core::new(&SIM).process_traced(&[0; 60], 0);
        let decided = Decided {
            meta: output.meta,
            edit: output.edit,
            at: 0,
        };
        (output, trace, decided)
    }

    #[test]
    fn what_is_equal_does_not_part() {
        let (output, trace, decided) = of_the_model();
        assert_eq!(parted(&output, &trace, &decided), None);
    }

    #[test]
    fn the_field_is_named_with_its_stage_and_both_values() {
        let (output, trace, mut decided) = of_the_model();
        decided.meta.arrival.length += 1;
        assert_eq!(
            parted(&output, &trace, &decided).as_deref(),
            Some("differ at gather: arrival.length model=0x3c card=0x3d")
        );
    }

    #[test]
    fn the_edit_counts_even_of_a_packet_that_is_decided() {
        let (output, trace, mut decided) = of_the_model();
        decided.edit.port ^= 1;
        let difference = parted(&output, &trace, &decided).unwrap_or_default();
        assert!(
            difference.starts_with("differ at s14_encap"),
            "{difference}"
        );
    }
}
