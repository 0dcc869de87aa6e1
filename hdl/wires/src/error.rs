//! Mistakes in a description: reported at the line that made them, and fatal to the description.
//!
//! A description is a program about to be printed as hardware, so its mistakes are the author's and
//! panic, as an index out of bounds does. The text always begins with `file:line:col:` of the caller.

use std::panic::Location;

pub(crate) type Loc = &'static Location<'static>;

/// The place in the description that called.
#[track_caller]
pub(crate) fn here() -> Loc {
    Location::caller()
}

/// Ends the description.
pub(crate) fn fail(at: Loc, message: impl AsRef<str>) -> ! {
    panic!("{at}: {}", message.as_ref())
}
