//! The Redis of the tests, which start and kill servers themselves.

use crate::Error;
use crate::debian;

/// What the tests call it.
const PROGRAM: &str = "redis-server";

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
    eprintln!("no Redis here: installing the Debian package redis-server");
    debian::install(PROGRAM).map_err(|why| missing(&why))
}

fn missing(what: &str) -> Error {
    Error::Missing(format!(
        "{what}.\n\
         Tests of rate limits start, kill and stop Redis servers.\n  \
         Debian:     sudo apt-get install redis-server\n  \
         elsewhere:  Redis 6.2 or later, as `{PROGRAM}` in PATH\n\
         Then run the same command again.",
    ))
}
