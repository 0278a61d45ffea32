//! Bounds of the texts in a catalogue, so that every store can keep and index them.

use super::Refusal;
use super::draft::About;
use crate::text::has_control;

/// The most characters of a title, a brand's, category's, option's or attribute's name, an option value or a tag.
pub(in crate::catalog) const NAME_CHARS_MAX: usize = 255;
/// The most bytes of a description or an attribute's value.
pub(super) const TEXT_BYTES_MAX: usize = 1_000_000;
/// The most characters of an address or of the words that describe a picture.
const ADDRESS_CHARS_MAX: usize = 2_048;

/// The name without white space around it; `None` when nothing is left.
pub(super) fn name(about: &About<'_>, field: &'static str, text: &str) -> Result<Option<String>, Refusal> {
    line(about, field, text, NAME_CHARS_MAX)
}

/// An address, or words of about that length, without white space around it; `None` when nothing is left.
pub(super) fn address(about: &About<'_>, field: &'static str, text: &str) -> Result<Option<String>, Refusal> {
    line(about, field, text, ADDRESS_CHARS_MAX)
}

/// A text of any lines, as it was written; `None` when there is nothing but white space.
pub(super) fn body(about: &About<'_>, field: &'static str, text: String) -> Result<Option<String>, Refusal> {
    if text.contains('\0') {
        return Err(about.refuse(field, "text-invalid", "it has a NUL character: remove it".to_owned()));
    }
    if text.len() > TEXT_BYTES_MAX {
        let reason = format!("it is longer than {TEXT_BYTES_MAX} bytes: shorten it");
        return Err(about.refuse(field, "text-too-long", reason));
    }
    Ok(if text.trim().is_empty() { None } else { Some(text) })
}

/// Each text without white space around it.
pub(super) fn trimmed(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| text.trim().to_owned()).collect()
}

fn line(about: &About<'_>, field: &'static str, text: &str, most: usize) -> Result<Option<String>, Refusal> {
    line_of(text, most).map_err(|(code, reason)| about.refuse(field, code, reason))
}

/// The line without white space around it; `None` when nothing is left. Else a stable code, and why.
pub(in crate::catalog) fn line_of(text: &str, most: usize) -> Result<Option<String>, (&'static str, String)> {
    let text = text.trim();
    if has_control(text) {
        let reason = format!("{text:?} has a line break or another control character: remove it");
        return Err(("text-invalid", reason));
    }
    if text.chars().count() > most {
        return Err(("text-too-long", format!("it is longer than {most} characters: shorten it")));
    }
    Ok(if text.is_empty() { None } else { Some(text.to_owned()) })
}
