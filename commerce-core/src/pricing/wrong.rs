//! What is wrong with a document, and where.

use std::fmt::Display;

use super::RulebookError;

/// Collects errors under a place in the document, as a JSON pointer.
pub(crate) struct Wrong<'a> {
    errors: &'a mut Vec<RulebookError>,
    place: String,
}

impl<'a> Wrong<'a> {
    /// At the root of the document.
    pub(crate) fn root(errors: &'a mut Vec<RulebookError>) -> Self {
        Self { errors, place: String::new() }
    }

    /// What is below the field, or the element of that number.
    pub(crate) fn below(&mut self, field: impl Display) -> Wrong<'_> {
        // `~` and `/` are written as RFC 6901 has them.
        let field = field.to_string().replace('~', "~0").replace('/', "~1");
        Wrong { place: format!("{}/{field}", self.place), errors: self.errors }
    }

    /// The field is wrong.
    pub(crate) fn at(&mut self, field: impl Display, reason: impl Into<String>) {
        self.below(field).here(reason);
    }

    /// The place itself is wrong.
    pub(crate) fn here(&mut self, reason: impl Into<String>) {
        self.errors.push(RulebookError { pointer: self.place.clone(), reason: reason.into() });
    }

    /// A code, which must be 1 to 100 visible characters and must not have occurred before.
    pub(crate) fn code(&mut self, code: &str, earlier: &mut std::collections::HashSet<String>) {
        if code.trim() != code
            || code.is_empty()
            || code.chars().count() > 100
            || crate::text::has_control(code)
        {
            self.at("code", "must have 1 to 100 characters, no control characters and no space around it");
        }
        if !earlier.insert(code.to_owned()) {
            self.at("code", format!("`{code}` occurs twice"));
        }
    }

    /// A label that shoppers read, which must be 1 to 200 characters.
    pub(crate) fn label(&mut self, label: &str) {
        if label.trim().is_empty() || label.chars().count() > 200 || crate::text::has_control(label) {
            self.at("label", "must have 1 to 200 characters and no control characters");
        }
    }

    /// A time window, which must not end before it begins.
    pub(crate) fn window(&mut self, from: Option<crate::Timestamp>, until: Option<crate::Timestamp>) {
        if from.zip(until).is_some_and(|(from, until)| until <= from) {
            self.at("until", "must be after `from`");
        }
    }
}
