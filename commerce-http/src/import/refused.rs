//! The file of refused rows.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::summary::Refused;

/// The file of refused rows; it is created only when there is one.
pub(super) struct RefusedFile {
    path: Option<PathBuf>,
    file: Option<BufWriter<File>>,
}

/// Where the refused rows of `input` go unless somebody says otherwise: `shop.csv.refused.csv`.
#[must_use]
pub fn refused_path(input: &Path) -> PathBuf {
    let mut path = input.as_os_str().to_owned();
    path.push(".refused.csv");
    path.into()
}

impl RefusedFile {
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        Self { path, file: None }
    }

    pub(super) fn write(&mut self, refused: &Refused) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let mut file = BufWriter::new(File::create(path)?);
                file.write_all(HEAD.as_bytes())?;
                self.file.insert(file)
            }
        };
        let Refused { line, handle, column, code, reason } = refused;
        write_refused(file, *line, [handle, column, code, reason])
    }

    /// Writes what is left, and says where; `None` when nothing was refused.
    pub(super) fn finish(self) -> io::Result<Option<PathBuf>> {
        match self.file {
            Some(mut file) => file.flush().map(|()| self.path),
            None => Ok(None),
        }
    }
}

/// The header of a file of refused rows.
pub(crate) const HEAD: &str = "line,handle,column,code,reason\n";

/// Writes a row of it: handle, column, code and reason.
pub(crate) fn write_refused(
    out: &mut impl Write,
    line: u64,
    [handle, column, code, reason]: [&str; 4],
) -> io::Result<()> {
    write_row(out, &[&line.to_string(), &plain(handle), &plain(column), code, &plain(reason)])
}

/// What a spreadsheet would take for a formula, with an apostrophe before it: this file is read by people.
pub(crate) fn plain(text: &str) -> std::borrow::Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}").into() } else { text.into() }
}

/// Adds a row of CSV to a text.
pub(super) fn push_row(out: &mut String, fields: &[&str]) {
    let mut row = Vec::new();
    if write_row(&mut row, fields).is_ok() {
        out.push_str(&String::from_utf8_lossy(&row));
    }
}

/// Writes a row of CSV, quoting only what has to be quoted.
pub(crate) fn write_row(out: &mut impl Write, fields: &[&str]) -> io::Result<()> {
    for (place, field) in fields.iter().enumerate() {
        if place > 0 {
            out.write_all(b",")?;
        }
        // White space at the ends too: some readers drop it outside quotes.
        let quoted = field.contains([',', '"', '\n', '\r']) || field.trim() != *field;
        if quoted {
            write!(out, "\"{}\"", field.replace('"', "\"\""))?;
        } else {
            out.write_all(field.as_bytes())?;
        }
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_quoted_where_they_must_be() {
        let mut out = Vec::new();
        write_row(&mut out, &["a", "", "b,c", "say \"x\"", "two\nlines", " d", "=1"]).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "a,,\"b,c\",\"say \"\"x\"\"\",\"two\nlines\",\" d\",=1\n"
        );
        assert_eq!(plain("=cmd()"), "'=cmd()");
    }
}
