//! Collecting what is wrong with a request, so that the client learns all of it at once.

use std::fmt::Display;
use std::str::FromStr;

use super::{FieldError, Problem};

/// What is wrong with a request so far.
#[derive(Debug, Default)]
pub(crate) struct Check {
    errors: Vec<FieldError>,
}

impl Check {
    /// Notes that the value at `pointer` is wrong.
    pub(crate) fn wrong(&mut self, pointer: &str, code: &'static str, message: impl Display) {
        self.errors.push(FieldError::new(pointer, code, message));
    }

    /// The value, or a note that it is wrong.
    pub(crate) fn take<T, E: Display>(&mut self, pointer: &str, value: Result<T, E>) -> Option<T> {
        value.map_err(|error| self.wrong(pointer, "invalid", error)).ok()
    }

    /// The value that the text stands for, or a note that it is wrong.
    pub(crate) fn parse<T: FromStr<Err: Display>>(&mut self, pointer: &str, text: &str) -> Option<T> {
        self.take(pointer, text.parse())
    }

    /// As [`Check::parse`], for text that may be left out.
    pub(crate) fn parse_optional<T: FromStr<Err: Display>>(
        &mut self,
        pointer: &str,
        text: Option<&str>,
    ) -> Option<T> {
        text.and_then(|text| self.parse(pointer, text))
    }

    /// The one of `all` that the text names, or a note that it names none.
    pub(crate) fn word<T: Copy, const N: usize>(
        &mut self,
        pointer: &str,
        text: &str,
        all: [T; N],
        name: fn(T) -> &'static str,
    ) -> Option<T> {
        let found = all.into_iter().find(|known| name(*known) == text);
        if found.is_none() {
            self.wrong(pointer, "unsupported", format_args!("one of {}", all.map(name).join(", ")));
        }
        found
    }

    /// The problem that names all that is wrong.
    pub(crate) fn problem(self) -> Problem {
        Problem::validation(self.errors)
    }

    /// The result, or the problem that names all that is wrong.
    pub(crate) fn finish<T>(self, result: Option<T>) -> Result<T, Problem> {
        match result {
            Some(result) if self.errors.is_empty() => Ok(result),
            _ => Err(self.problem()),
        }
    }
}
