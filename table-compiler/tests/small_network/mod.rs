//! A small network for cases that are right but for one thing, and what is asserted of them.

use underpass_table_compiler::parse;

/// What every case stands in, in front of which its own sections are put.
const SECTIONS: &[(&str, &str)] = &[
    ("node", "node: {name: n1}\n"),
    (
        "underlay",
        "underlay: {port: wire0, mac: \"0c:c4:7a:59:62:5c\", address: 192.168.200.11/24}\n",
    ),
    (
        "networks",
        "networks: [{name: red, subnets: [{prefix: 10.1.1.0/24, gateway: 10.1.1.1}], vni: 51},\n\
         \x20          {name: blue, mode: l2}]\n",
    ),
];

/// A whole file: `text`, then every section of the small network that `text` does not have.
pub fn file(text: &str) -> String {
    let missing = SECTIONS.iter().filter(|(key, _)| {
        let has = |line: &str| {
            line.strip_prefix(*key)
                .is_some_and(|rest| rest.starts_with(':'))
        };
        !text.lines().any(has)
    });
    missing.fold(text.to_owned(), |file, (_, section)| file + section)
}

/// Asserts that each case is refused with its message, which starts with `LINE:COL: `.
#[track_caller]
pub fn refused(cases: &[(&str, &str)]) {
    for (text, message) in cases {
        let error = parse("n.yaml", &file(text)).expect_err(text);
        assert_eq!(error.to_string(), format!("n.yaml:{message}"), "\n{text}");
    }
}

#[track_caller]
pub fn taken(cases: &[&str]) {
    for text in cases {
        if let Err(error) = parse("n.yaml", &file(text)) {
            panic!("{error}\n{text}");
        }
    }
}
