//! Case files: taken, or refused with the file and a reason; what is taken runs on the model, whatever it programs.

use underpass_host_driver::access::CardName;
use underpass_host_driver::conform::{parse, run_all, FileError};
use underpass_layout::profile::SIM;

/// Takes one file.
///
/// # Panics
/// A refusal without the file or a reason, or a card that fails over what a case programs or injects.
pub fn run(data: &[u8]) {
    // What is not UTF-8 is refused by whoever reads the file.
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match parse("c.json", text) {
        Ok(cases) => {
            let card = CardName::Model.open(&SIM, &mut |_| ());
            let card = card.unwrap_or_else(|error| panic!("{error}"));
            let report = run_all(&cases, card, &mut |_| Ok(()));
            let report = report.unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(report.cases.len(), cases.len());
        }
        Err(error) => refused(&error),
    }
}

fn refused(error: &FileError) {
    let text = error.to_string();
    assert!(
        text.starts_with("c.json: ") && text.len() > "c.json: ".len(),
        "{text}"
    );
}
