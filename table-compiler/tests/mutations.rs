//! Text that somebody broke is refused or taken, but never makes the reader panic.

use proptest::prelude::*;
use underpass_table_compiler::{objects, parse};

const EXAMPLES: [&str; 2] = [
    include_str!("../../examples/two-computes/compute-1.yaml"),
    include_str!("golden/gateways.yaml"),
];

/// Pieces that mean something in the file or to YAML.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ":",
            ": ",
            "- ",
            ",",
            "\n",
            "  ",
            "\"",
            "'",
            "#",
            "&a ",
            "*a",
            "!x ",
            "|\n",
            ">\n",
            "? ",
            "---\n",
            "...\n",
            "%",
            "@",
            "~",
            "null",
            "true",
            "-1",
            "4096",
            "99999999999999999999",
            "10.1.1.3",
            "10.1.1.0/24",
            "0.0.0.0/0",
            "::1",
            "02:00:00:01:01:03",
            "vf0",
            "red",
            "mac",
            "\u{0}",
            "\u{feff}",
            "é",
            "\t",
            "\r",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ]
}

/// A cut of the text, in thousandths of its length, and what is put there.
fn edits() -> impl Strategy<Value = Vec<(usize, usize, String)>> {
    prop::collection::vec((0..1000usize, 0..12usize, piece()), 1..6)
}

fn broken(example: &str, edits: &[(usize, usize, String)]) -> String {
    let mut text: Vec<char> = example.chars().collect();
    for (at, length, piece) in edits {
        let start = text.len() * at / 1000;
        let end = (start + length).min(text.len());
        text.splice(start..end, piece.chars());
    }
    text.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_broken_file_is_refused_with_a_place_or_taken(
        example in prop::sample::select(&EXAMPLES),
        edits in edits(),
    ) {
        let text = broken(example, &edits);
        match parse("n.yaml", &text) {
            Ok(network) => {
                let once = objects(&network);
                prop_assert_eq!(objects(&network), once);
            }
            Err(error) => {
                // To YAML a carriage return ends a line too; the end may be on a line of its own.
                let lines = text.matches(['\n', '\r']).count() + 2;
                prop_assert!((1..=lines).contains(&error.place.line), "{}", error);
                prop_assert!(error.place.col >= 1, "{}", error);
                prop_assert!(error.to_string().contains("expected"), "{}", error);
            }
        }
    }

    #[test]
    fn any_text_at_all_is_survived(text in "\\PC{0,200}") {
        let _ = parse("n.yaml", &text);
    }
}
