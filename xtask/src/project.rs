//! The one place where xtask sees the project's own crates; `formal::blocks`, which describes modules, is its other half.
//!
//! They are behind the feature `project`, so that the gate starts, and says what is wrong, even where they do not
//! compile. A command that needs them finds `None` here and starts itself again with the feature on.

use crate::formal::Block;
use crate::rtl::Rtl;
use crate::{run, Outcome};
use anyhow::Result;
use std::ffi::OsStr;
use std::process::Command;

/// Pages of `docs/generated/`: path below it and text.
pub fn pages() -> Option<Vec<(String, String)>> {
    #[cfg(feature = "project")]
    return Some(underpass_layout::docs::render());
    #[cfg(not(feature = "project"))]
    None
}

/// The Verilog of a profile in a shell, both by name.
pub fn rtl(profile: &str, shell: &str) -> Option<Result<Rtl>> {
    #[cfg(feature = "project")]
    return Some(emit(profile, shell));
    #[cfg(not(feature = "project"))]
    {
        let _ = (profile, shell);
        None
    }
}

/// A stream block as a module of its own, by the name of its proof.
pub fn block(name: &str) -> Option<Result<Block>> {
    #[cfg(feature = "project")]
    return Some(
        crate::formal::blocks::block(name)
            .ok_or_else(|| anyhow::anyhow!("no block is called {name}")),
    );
    #[cfg(not(feature = "project"))]
    {
        let _ = name;
        None
    }
}

/// Runs the command line `args` in an xtask that sees the project's crates, in the folder where we are.
pub fn again<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Result<Outcome> {
    run::check(
        Command::new(run::cargo_program())
            .args([
                "run",
                "--quiet",
                "--package",
                "xtask",
                "--features",
                "project",
                "--manifest-path",
            ])
            .arg(run::root().join("Cargo.toml"))
            .arg("--")
            .args(args),
    )
}

#[cfg(feature = "project")]
fn emit(profile: &str, shell: &str) -> Result<Rtl> {
    use anyhow::{anyhow, Context};
    use underpass_hdl::shells::{self, Shell};
    use underpass_layout::profile::{Profile, PROFILES};

    let shell = match shell {
        "core" => Shell::Core,
        "sim" => Shell::Sim,
        "card" => Shell::Card,
        _ => {
            return Err(anyhow!(
                "shell {shell} is not known: expected core, sim or card"
            ))
        }
    };
    let profile = Profile::by_name(profile).with_context(|| {
        let known: Vec<_> = PROFILES.iter().map(|profile| profile.name).collect();
        format!(
            "profile {profile} is not known: expected one of {}",
            known.join(", ")
        )
    })?;
    let rtl = shells::emit(profile, shell)?;
    Ok(Rtl {
        layout_id: underpass_layout::id::layout_id(),
        top: rtl.top,
        verilog: rtl.verilog,
        ports: rtl
            .ports
            .into_iter()
            .map(|port| (port.name, port.width, port.input))
            .collect(),
    })
}
