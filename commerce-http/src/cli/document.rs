//! Reading a JSON document that somebody wrote: strictly, and with every fault named by file and place.

use std::io::Read;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::failure::Failure;
use crate::wire::json::{self, Flaw};
use crate::wire::reader;

/// Reads the file, or the standard input when it is called `-`.
pub(super) fn read<T: DeserializeOwned>(file: &Path) -> Result<T, Failure> {
    let name = name(file);
    let mut bytes = Vec::new();
    let taken = if file == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| ())
    } else {
        std::fs::read(file).map(|read| bytes = read)
    };
    taken.map_err(|error| Failure::Usage(format!("cannot read {name}: {error}")))?;
    let value = json::parse(&bytes).map_err(|flaw| {
        Failure::Usage(match flaw {
            Flaw::Encoding => format!("{name} must be UTF-8 without NUL characters"),
            Flaw::Syntax { line, column } => {
                format!("{name} is not JSON: it breaks off at line {line}, column {column}")
            }
            Flaw::TwiceThere(pointer) => format!("{name}: {pointer}: occurs twice"),
        })
    })?;
    reader::read_all(value)
        .map_err(|faults| wrong(file, faults.iter().map(|fault| (fault.pointer.as_str(), fault.words()))))
}

/// A failure that names every place that is wrong.
pub(super) fn wrong<'a>(file: &Path, faults: impl Iterator<Item = (&'a str, String)>) -> Failure {
    let name = name(file);
    let place = |pointer: &str| if pointer.is_empty() { "/".to_owned() } else { pointer.to_owned() };
    let lines: Vec<String> =
        faults.map(|(pointer, words)| format!("  {name}: {}: {words}", place(pointer))).collect();
    let errors = if lines.len() == 1 { "an error" } else { "errors" };
    Failure::Usage(format!("{name} has {errors}:\n{}", lines.join("\n")))
}

fn name(file: &Path) -> String {
    if file == Path::new("-") { "the standard input".to_owned() } else { file.display().to_string() }
}
