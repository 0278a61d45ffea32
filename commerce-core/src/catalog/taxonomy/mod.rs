//! What products share, as the back office manages it: brands, the category tree, attributes and tags.
//!
//! All of it is looked at at once, for there is little of it, and each decision is a [`Batch`] that names the state it was
//! made on. What products say by the names of what changes is written again with it: see [`Rewrite`].

mod attribute;
mod brand;
mod category;
mod error;
mod service;
mod tag;
#[cfg(test)]
mod tests;

use std::fmt::Display;

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{Attribute, Batch, Brand, Category, Rewrite, SharedVersion, Slug};
use crate::audit::{Actor, Entry};
use crate::idempotency::{Outcome, Request};
use crate::pricing::{Rulebook, StoredRulebook};
use crate::{AuditId, CategoryId, Ids, Timestamp};

pub use attribute::{AttributeChange, NewAttribute};
pub use brand::{BrandChange, NewBrand};
pub use category::{CategoryChange, NewCategory};
pub use error::TaxonomyError;
pub use service::{Changed, Taxonomy};
pub use tag::TagCount;

/// The most different values of an attribute that a change of its kind or rules is compared with.
pub const VALUES_MAX: u32 = 10_000;

/// Everything that products share, in one snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct TaxonomyView {
    /// The store's time of the look.
    pub now: Timestamp,
    /// Its state as a whole.
    pub shared: SharedVersion,
    /// Every brand, deleted ones too, by slug; with how many products have it that are not deleted.
    pub brands: Vec<(Brand, u64)>,
    /// Every category, deleted ones too, by path; with how many products are in it itself that are not deleted.
    pub categories: Vec<(Category, u64)>,
    /// Every attribute, by code; with how many products have a value or an option of it, deleted ones too.
    pub attributes: Vec<(Attribute, u64)>,
    /// The different values of the attribute that was asked about, options that are linked to it included, by value: at most
    /// one more than [`VALUES_MAX`].
    pub values: Vec<String>,
}

/// By what something is named: its id, or its slug or code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedKey(String);

impl SharedKey {
    /// This.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    fn find<'v, T>(
        &self,
        all: &'v [(T, u64)],
        id: impl Fn(&T) -> Uuid,
        name: impl Fn(&T) -> &str,
    ) -> Option<&'v (T, u64)> {
        let wanted: Option<Uuid> = self.0.parse().ok();
        let by_id = all.iter().find(|(row, _)| Some(id(row)) == wanted);
        by_id.or_else(|| all.iter().find(|(row, _)| name(row) == self.0))
    }
}

impl From<Uuid> for SharedKey {
    fn from(id: Uuid) -> Self {
        Self(id.to_string())
    }
}

/// Who decides, on which request.
#[derive(Debug, Clone)]
pub(crate) struct By<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) request: Option<&'a Request>,
    /// The version of what is to be changed that it is meant for.
    pub(crate) expected: Option<u64>,
    /// What it may have to name otherwise.
    pub(crate) rules: &'a StoredRulebook,
}

/// What was decided: the row as it will be, and what to write; nothing when it is like that already.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decided<T> {
    pub(crate) row: T,
    pub(crate) products: u64,
    pub(crate) batch: Option<Batch>,
}

impl<T> Decided<T> {
    fn unchanged(row: T, products: u64) -> Self {
        Self { row, products, batch: None }
    }
}

impl TaxonomyView {
    /// A batch that is decided on this view and says so in one audit row: what was done to what, and how it was before and
    /// is after, `None` where there is nothing.
    fn batch<T: Serialize>(
        &self,
        by: &By<'_>,
        row: AuditId,
        (kind, verb): (&str, &str),
        target: impl Display,
        [before, after]: [Option<&T>; 2],
    ) -> Batch {
        Batch {
            shared: Some(self.shared),
            idempotency: by.request.map(|request| request.record(Outcome::Audited(row), self.now)),
            audit: vec![Entry {
                id: row,
                at: self.now,
                actor: by.actor.clone(),
                action: format!("{kind}.{verb}"),
                target: format!("{kind}:{target}"),
                data: json!({"before": before, "after": after}),
            }],
            ..Batch::default()
        }
    }

    fn rewrite(&self) -> Rewrite {
        Rewrite { at: Some(self.now), ..Rewrite::default() }
    }

    fn category(&self, id: CategoryId) -> Option<&Category> {
        self.categories.iter().map(|(category, _)| category).find(|category| category.id == id)
    }
}

/// Whether the version is the one that a change is meant for.
fn at_version(by: &By<'_>, now: u64) -> Result<(), TaxonomyError> {
    match by.expected {
        Some(expected) if expected != now => Err(TaxonomyError::Version(now)),
        _ => Ok(()),
    }
}

/// A name as it is kept.
fn name_of(field: &'static str, text: &str) -> Result<String, TaxonomyError> {
    let name = super::plan::line_of(text, super::plan::NAME_CHARS_MAX)
        .map_err(|(code, reason)| TaxonomyError::Invalid { field, code, reason })?;
    name.ok_or_else(|| TaxonomyError::invalid(field, "required", "say a name"))
}

/// The slug that is said, else one that is made of the name.
fn slug_of(said: Option<&Slug>, name: &str) -> Result<Slug, TaxonomyError> {
    said.cloned().or_else(|| Slug::from_name(name)).ok_or_else(|| {
        TaxonomyError::invalid("slug", "required", "none can be made of the name: say which it is to be")
    })
}

/// The rulebook in which nothing is called by the old slug any more; `None`: it does not name it.
fn rules_renamed(
    by: &By<'_>,
    of: fn(&mut crate::pricing::Selection) -> &mut Vec<String>,
    old: &Slug,
    new: &Slug,
) -> Option<StoredRulebook> {
    let mut rulebook: Rulebook = by.rules.rulebook.clone();
    let mut found = false;
    rulebook.each_selection(&mut |selection| {
        for name in of(selection).iter_mut().filter(|name| *name == old.as_str()) {
            *name = new.to_string();
            found = true;
        }
    });
    found.then(|| StoredRulebook { version: by.rules.version + 1, rulebook })
}

fn fresh_row(ids: &mut Ids) -> AuditId {
    ids.fresh()
}
