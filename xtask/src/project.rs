//! The one place where xtask sees the project's own crates.
//!
//! They are behind the feature `project`, so that the gate starts, and says what is wrong, even where they do not
//! compile. A command that needs them finds `None` here and starts itself again with the feature on.

use crate::{run, Outcome};
use anyhow::Result;

/// Pages of `docs/generated/`: path below it and text.
pub fn pages() -> Option<Vec<(String, String)>> {
    #[cfg(feature = "project")]
    return Some(underpass_layout::docs::render());
    #[cfg(not(feature = "project"))]
    None
}

/// Runs the command line `args` in an xtask that sees the project's crates.
pub fn again<'a>(args: impl IntoIterator<Item = &'a str>) -> Result<Outcome> {
    run::check(
        run::cargo()
            .args([
                "run",
                "--quiet",
                "--package",
                "xtask",
                "--features",
                "project",
                "--",
            ])
            .args(args),
    )
}
