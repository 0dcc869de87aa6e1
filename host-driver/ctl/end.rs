//! How a command ends: exit status, error and hint.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

/// A command that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Done.
    Done,
    /// A comparison found a difference, or a selector nothing.
    Differs,
}

/// A command that was refused or failed.
#[derive(Debug)]
pub struct Failure {
    /// Why.
    error: Box<dyn Error>,
    /// What may help.
    hint: Option<String>,
    /// The exit status.
    status: u8,
}

impl Failure {
    /// An error with what may help.
    pub fn new(error: impl Error + 'static, hint: Option<String>) -> Failure {
        Failure {
            error: Box::new(error),
            hint,
            status: 2,
        }
    }

    /// The same where a selector found nothing: that is said, but nothing was refused.
    #[must_use]
    pub fn not_found(self) -> Failure {
        Failure { status: 1, ..self }
    }

    /// The reader of our output went away.
    fn is_broken_pipe(&self) -> bool {
        let mut next: Option<&dyn Error> = Some(&*self.error);
        while let Some(error) = next {
            let io = error.downcast_ref::<io::Error>();
            if io.is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe) {
                return true;
            }
            next = error.source();
        }
        false
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::new(error, None)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Failure::new(io::Error::from(error), None)
    }
}

/// The status of a command, with its error on stderr.
pub fn exit(ended: Result<End, Failure>) -> ExitCode {
    match ended {
        Ok(End::Done) => ExitCode::SUCCESS,
        Ok(End::Differs) => ExitCode::from(1),
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            let mut text = format!("error: {}", failure.error);
            let mut next = failure.error.source();
            while let Some(cause) = next {
                text += &format!(": {cause}");
                next = cause.source();
            }
            if let Some(hint) = failure.hint {
                text += &format!("\nhint: {hint}");
            }
            complain(&text);
            ExitCode::from(failure.status)
        }
    }
}

/// The status of a command line that was not understood, or that asked for help.
pub fn of_clap(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // Help and version; whoever closed the pipe has read enough.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.to_string();
    let text = text
        .trim_end()
        .trim_end_matches("For more information, try '--help'.");
    complain(&format!("{}\nhint: underpass --help", text.trim_end()));
    ExitCode::from(2)
}

/// Says it on stderr. Where nobody listens there is nobody to tell.
fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
