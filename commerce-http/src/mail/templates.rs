//! The words of mails: built-in templates in English and French, and those of the shop in their place.
//!
//! A template is a file `<language>/<kind>.subject.txt`, `.txt` or `.html`; what several share lies beside them (`layout.html`,
//! `order.html`, ...), and a shop's own parts begin with `_`. A shop names a folder that holds whatever it wants to say in
//! another way, or in another language: a file there stands in place of the built-in one of the same name.
//!
//! A mail is written in the first language that has all three files of its kind: of the recipient (`fr-CI`, then `fr`), of
//! the shop, then English. Its shared parts are looked for from there on.
//!
//! All of it is read, compiled and tried on sample facts when the server starts. A template that fails later all the same,
//! with facts that the sample did not have, gives way to the built-in one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use commerce_core::mail::{Kind, Language};
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};

use super::context::Context;
use super::sample;

/// The language that every mail can be written in.
const LAST: &str = "en";
/// What a template may do before it is stopped: a mail about a thousand line items needs less.
const FUEL: u64 = 500_000;
/// The longest subject, in characters.
const SUBJECT_MAX: usize = 200;
/// The largest file of a shop, in bytes.
const FILE_MAX: u64 = 256 * 1024;
/// The three files of a kind.
const ENDINGS: [&str; 3] = ["subject.txt", "txt", "html"];
/// What they share.
const SHARED: [&str; 5] = ["layout.html", "layout.txt", "button.html", "order.html", "order.txt"];

macro_rules! built_in {
    ($($language:literal)*: $names:tt) => { [$(($language, built_in!(@ $language $names))),*] };
    (@ $language:literal [$($name:literal)*]) => {
        &[$(($name, include_str!(concat!("../../templates/mail/", $language, "/", $name)))),*]
    };
}

/// The name and text of every built-in template, by language.
const BUILT_IN: [(&str, &[(&str, &str)]); 2] = built_in!("en" "fr": [
    "layout.html" "layout.txt" "button.html" "order.html" "order.txt"
    "verification.subject.txt" "verification.txt" "verification.html"
    "already_registered.subject.txt" "already_registered.txt" "already_registered.html"
    "password_reset.subject.txt" "password_reset.txt" "password_reset.html"
    "password_changed.subject.txt" "password_changed.txt" "password_changed.html"
    "email_change.subject.txt" "email_change.txt" "email_change.html"
    "email_change_requested.subject.txt" "email_change_requested.txt" "email_change_requested.html"
    "email_changed.subject.txt" "email_changed.txt" "email_changed.html"
    "new_device.subject.txt" "new_device.txt" "new_device.html"
    "session_stolen.subject.txt" "session_stolen.txt" "session_stolen.html"
    "account_erased.subject.txt" "account_erased.txt" "account_erased.html"
    "order_placed.subject.txt" "order_placed.txt" "order_placed.html"
    "order_paid.subject.txt" "order_paid.txt" "order_paid.html"
    "order_cancelled.subject.txt" "order_cancelled.txt" "order_cancelled.html"
    "order_refunded.subject.txt" "order_refunded.txt" "order_refunded.html"
]);

/// Why the shop's templates cannot be used, and where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A folder or file cannot be read.
    #[error("cannot read the mail templates in {}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder is named after no language.
    #[error("{}: a folder of mail templates is named after a language, such as en or fr-CI", .0.display())]
    NoLanguage(PathBuf),
    /// A file is no template of any mail.
    #[error("{}: no mail has this template; a part of your own begins with _", .0.display())]
    Unknown(PathBuf),
    /// A mail is written in a language only in part.
    #[error("{}: {kind}.{missing} is missing: a mail has a subject, a text and a design in each language", folder.display())]
    Incomplete {
        /// In which folder.
        folder: PathBuf,
        /// Of which mail.
        kind: &'static str,
        /// Which of its files.
        missing: &'static str,
    },
    /// A template cannot be compiled or rendered.
    #[error("{file}:{line}: {reason}")]
    Wrong {
        /// Which file.
        file: String,
        /// In which line, counted from 1; 0: unknown.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
}

/// A text and where it comes from.
#[derive(Debug, Clone)]
struct Source {
    file: String,
    text: String,
}

/// Templates by name.
type Shelf = BTreeMap<String, Source>;

/// Every template, ready to be used.
pub struct Templates {
    books: BTreeMap<String, Book>,
}

/// The templates of one language.
struct Book {
    /// The kinds of mail that are written in it.
    kinds: BTreeSet<&'static str>,
    templates: Compiled,
    /// What stands in when a template of the shop fails.
    fallback: Compiled,
}

/// Templates that find each other.
struct Compiled {
    environment: Environment<'static>,
    files: BTreeMap<String, String>,
}

/// The words of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

impl Templates {
    /// The built-in templates.
    ///
    /// # Errors
    /// Never in a build that passed its tests.
    pub fn built_in() -> Result<Self, TemplateError> {
        Self::of(BTreeMap::new())
    }

    /// The built-in templates, with those of the folder in their place. All of them are tried.
    ///
    /// # Errors
    /// As [`TemplateError`] says, with the file and the line.
    pub fn with_own(folder: &Path) -> Result<Self, TemplateError> {
        Self::of(read(folder)?)
    }

    fn of(own: BTreeMap<String, Shelf>) -> Result<Self, TemplateError> {
        let built_in = built_in_shelves();
        let mut books = BTreeMap::new();
        let tags: BTreeSet<&String> = own.keys().chain(built_in.keys()).collect();
        for tag in tags {
            let kinds = complete(tag, &own, &built_in)?;
            let templates = Compiled::new(tag, &[&own, &built_in])?;
            let fallback = Compiled::new(tag, &[&built_in])?;
            for kind in &kinds {
                for mut context in sample::contexts(kind, tag) {
                    templates.render(kind, &mut context)?;
                }
            }
            books.insert(tag.clone(), Book { kinds, templates, fallback });
        }
        Ok(Self { books })
    }

    /// The language in which a mail of this kind is written for somebody who wants `wanted`, by a shop of `usual`.
    pub(super) fn language(&self, wanted: &Language, usual: &Language, kind: &str) -> &str {
        let written = |tag: &str| {
            let (tag, book) = self.books.get_key_value(tag)?;
            book.kinds.contains(kind).then_some(tag.as_str())
        };
        wanted.and_wider().chain(usual.and_wider()).find_map(written).unwrap_or(LAST)
    }

    /// The words of a mail of this kind, in a language that [`language`](Self::language) named.
    pub(super) fn render(
        &self,
        language: &str,
        kind: &str,
        context: &mut Context,
    ) -> Result<Words, TemplateError> {
        let unknown =
            || TemplateError::Wrong { file: language.to_owned(), line: 0, reason: "no language".to_owned() };
        let book = self.books.get(language).ok_or_else(unknown)?;
        book.templates.render(kind, context).or_else(|error| {
            tracing::warn!(%error, "a mail template fails; the built-in one stands in");
            book.fallback.render(kind, context)
        })
    }
}

impl Compiled {
    /// What the language `tag` has, or the ones that it is a form of, or English; of several shelves the first counts.
    fn new(tag: &str, shelves: &[&BTreeMap<String, Shelf>]) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        let mut files = BTreeMap::new();
        for tag in Language::tag_and_wider(tag).chain([LAST]) {
            for (name, Source { file, text }) in shelves.iter().filter_map(|shelf| shelf.get(tag)).flatten() {
                if files.contains_key(name) {
                    continue;
                }
                files.insert(name.clone(), file.clone());
                environment
                    .add_template_owned(name.clone(), text.clone())
                    .map_err(|error| wrong(&error, &files))?;
            }
        }
        Ok(Self { environment, files })
    }

    fn render(&self, kind: &str, context: &mut Context) -> Result<Words, TemplateError> {
        let part = |ending: &str, context: &Context| {
            let template = self.environment.get_template(&format!("{kind}.{ending}"));
            let rendered = template.and_then(|template| template.render(Serde(context)));
            rendered.map_err(|error| wrong(&error, &self.files))
        };
        context.subject = one_line(&part("subject.txt", context)?);
        Ok(Words {
            text: paragraphs(&part("txt", context)?),
            html: part("html", context)?,
            subject: context.subject.clone(),
        })
    }
}

/// Where the innermost error is, and what it says.
fn wrong(error: &minijinja::Error, files: &BTreeMap<String, String>) -> TemplateError {
    let mut innermost = error;
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(cause) = cause.downcast_ref::<minijinja::Error>() {
            innermost = cause;
        }
        source = cause.source();
    }
    let name = innermost.name().or_else(|| error.name()).unwrap_or_default();
    let detail = innermost.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    TemplateError::Wrong {
        file: files.get(name).cloned().unwrap_or_else(|| name.to_owned()),
        line: innermost.line().unwrap_or(0),
        reason: format!("{}{detail}", innermost.kind()),
    }
}

/// A subject that is one line whatever a template made of a name: no character in it can begin another header.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|it| !it.is_empty()).collect();
    words.join(" ").chars().take(SUBJECT_MAX).collect()
}

/// The text with one empty line between paragraphs, however many a template left.
fn paragraphs(text: &str) -> String {
    let mut neat = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 && !(neat.is_empty() && line.is_empty()) {
            // The line before the sender's name is "-- ", with its space.
            neat.push_str(if line == "--" { "-- " } else { line });
            neat.push('\n');
        }
    }
    neat.truncate(neat.trim_end().len());
    neat.push('\n');
    neat
}

fn built_in_shelves() -> BTreeMap<String, Shelf> {
    let shelf = |language: &str, templates: &[(&str, &str)]| {
        let source = |(name, text): &(&str, &str)| {
            let file = format!("(built in) {language}/{name}");
            ((*name).to_owned(), Source { file, text: (*text).to_owned() })
        };
        (language.to_owned(), templates.iter().map(source).collect())
    };
    BUILT_IN.iter().map(|(language, templates)| shelf(language, templates)).collect()
}

/// The kinds of mail of which this language has all three files.
fn complete(
    tag: &str,
    own: &BTreeMap<String, Shelf>,
    built_in: &BTreeMap<String, Shelf>,
) -> Result<BTreeSet<&'static str>, TemplateError> {
    let mut kinds = BTreeSet::new();
    for kind in Kind::NAMES {
        let has = |shelves: &BTreeMap<String, Shelf>, ending: &str| {
            shelves.get(tag).is_some_and(|shelf| shelf.contains_key(&format!("{kind}.{ending}")))
        };
        let there = ENDINGS.map(|ending| has(own, ending) || has(built_in, ending));
        match ENDINGS.iter().zip(there).find(|(_, there)| !there) {
            None => {
                kinds.insert(kind);
            }
            Some((missing, _)) if there.contains(&true) => {
                let folder = PathBuf::from(tag);
                return Err(TemplateError::Incomplete { folder, kind, missing });
            }
            Some(_) => {}
        }
    }
    Ok(kinds)
}

/// The shop's own templates: a folder for each language.
fn read(folder: &Path) -> Result<BTreeMap<String, Shelf>, TemplateError> {
    let mut shelves = BTreeMap::new();
    for path in entries(folder)? {
        if hidden(&path) {
            continue;
        }
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let tag = name.parse::<Language>().ok().filter(|tag| tag.as_str() == name && path.is_dir());
        let tag = tag.ok_or_else(|| TemplateError::NoLanguage(path.clone()))?;
        let mut shelf = Shelf::new();
        for file in entries(&path)?.into_iter().filter(|file| !hidden(file)) {
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            if !known(&name) {
                return Err(TemplateError::Unknown(file));
            }
            let unreadable = |source| TemplateError::Unreadable { path: file.clone(), source };
            let size = std::fs::metadata(&file).map_err(unreadable)?.len();
            if size > FILE_MAX {
                let error = std::io::Error::other(format!("a template has at most {FILE_MAX} bytes"));
                return Err(TemplateError::Unreadable { path: file, source: error });
            }
            let text = std::fs::read_to_string(&file).map_err(unreadable)?;
            shelf.insert(name, Source { file: file.display().to_string(), text });
        }
        shelves.insert(tag.to_string(), shelf);
    }
    Ok(shelves)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, TemplateError> {
    let unreadable = |source| TemplateError::Unreadable { path: folder.to_owned(), source };
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    paths.sort();
    Ok(paths)
}

/// What editors and systems leave in a folder.
fn hidden(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with('.') || name.ends_with('~')
}

fn known(name: &str) -> bool {
    let of_kind = |kind: &&str| {
        name.strip_prefix(*kind)
            .and_then(|rest| rest.strip_prefix('.'))
            .is_some_and(|ending| ENDINGS.contains(&ending))
    };
    SHARED.contains(&name)
        || (name.starts_with('_') && (name.ends_with(".txt") || name.ends_with(".html")))
        || Kind::NAMES.iter().any(of_kind)
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
