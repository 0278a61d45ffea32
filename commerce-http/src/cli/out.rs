//! Writing to the terminal. A reader that has seen enough, such as `head`, is no error.

use std::io::{self, Write};

/// Writes a line for the user.
pub(super) fn line(text: &str) -> io::Result<()> {
    write(&format!("{text}\n"))
}

/// Writes text for the user.
pub(super) fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Says what went wrong.
pub(super) fn error(text: &str) {
    // When even that cannot be said, the exit code is what is left.
    writeln!(io::stderr().lock(), "commerce: {text}").ok();
}

/// Writes a remark that is no result of the command.
pub(super) fn remark(text: &str) {
    writeln!(io::stderr().lock(), "{text}").ok();
}
