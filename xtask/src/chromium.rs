//! The browser of the tests, which drive it themselves.

use crate::Error;
use crate::debian;

/// What the tests call it.
const PROGRAM: &str = "chromium";

/// Sees to it that there is one.
///
/// # Errors
/// [`Error::Missing`] when there is none and we may not install it.
pub(crate) fn ensure() -> Result<(), Error> {
    if debian::in_path(PROGRAM) {
        return Ok(());
    }
    debian::may_install()
        .map_err(|why| missing(&format!("there is no program {PROGRAM} in PATH, and {why}")))?;
    eprintln!("no browser here: installing the Debian package chromium");
    debian::install("chromium").map_err(|why| missing(&why))
}

fn missing(what: &str) -> Error {
    Error::Missing(format!(
        "{what}.\n\
         A test pays in a headless browser.\n  \
         Debian:     sudo apt-get install chromium\n  \
         elsewhere:  Chromium or Chrome, as `{PROGRAM}` in PATH\n\
         Then run the same command again.",
    ))
}
