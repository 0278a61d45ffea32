//! Decisions about the category tree.

use super::{
    By, Decided, SharedKey, TaxonomyError, TaxonomyView, at_version, fresh_row, name_of, rules_renamed,
    slug_of,
};
use crate::catalog::{Category, Redirect, RedirectKind, SharedId, Slug};
use crate::{CategoryId, Ids, fold};

/// The most characters of a description.
const DESCRIPTION_CHARS_MAX: usize = 10_000;

/// A category to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCategory {
    /// Its name.
    pub name: String,
    /// Its name in addresses; absent: made of its name.
    pub slug: Option<Slug>,
    /// What it hangs on; absent: it is a root.
    pub parent: Option<SharedKey>,
    /// What it is about.
    pub description: String,
    /// Its place among its siblings, from 1; absent: behind them.
    pub position: Option<u32>,
}

/// What is to be changed of a category: nothing of what is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CategoryChange {
    /// Its name.
    pub name: Option<String>,
    /// Its name in addresses. The one of before goes on finding it.
    pub slug: Option<Slug>,
    /// What it hangs on; `Some(None)`: it becomes a root. What grows on it goes with it.
    pub parent: Option<Option<SharedKey>>,
    /// What it is about.
    pub description: Option<String>,
    /// Its place among its siblings, from 1.
    pub position: Option<u32>,
}

impl TaxonomyView {
    /// The category, deleted or not.
    pub(crate) fn category_by(&self, key: &SharedKey) -> Result<&(Category, u64), TaxonomyError> {
        let found = key.find(&self.categories, |category| category.id.0, |category| category.slug.as_str());
        found.ok_or(TaxonomyError::NotFound)
    }

    /// Those that are not deleted and hang on this one, itself left out, in their order.
    fn siblings(&self, parent: Option<CategoryId>, but: CategoryId) -> Vec<&Category> {
        let all = self.categories.iter().map(|(category, _)| category);
        let mut siblings: Vec<&Category> = all
            .filter(|other| other.parent == parent && other.id != but && other.deleted_at.is_none())
            .collect();
        siblings.sort_by_cached_key(|category| category.rank());
        siblings
    }

    fn category_names_free(&self, category: &Category) -> Result<(), TaxonomyError> {
        for (other, _) in self.categories.iter().filter(|(other, _)| other.id != category.id) {
            let deleted = other.deleted_at.is_some();
            if other.slug == category.slug {
                let value = category.slug.to_string();
                return Err(TaxonomyError::Exists { field: "slug", value, deleted });
            }
            if other.parent == category.parent && fold(&other.name) == fold(&category.name) {
                return Err(TaxonomyError::Exists { field: "name", value: category.name.clone(), deleted });
            }
        }
        Ok(())
    }

    /// The category to hang something on.
    fn parent(&self, key: &SharedKey) -> Result<&Category, TaxonomyError> {
        match self.category_by(key) {
            Ok((parent, _)) if parent.deleted_at.is_none() => Ok(parent),
            _ => Err(TaxonomyError::Parent(key.0.clone())),
        }
    }

    /// Whether `below` is the category or grows on it.
    fn grows_on(&self, mut below: CategoryId, category: CategoryId) -> bool {
        // A tree has no way up that is longer than all of it.
        for _ in 0..=self.categories.len() {
            if below == category {
                return true;
            }
            match self.category(below).and_then(|found| found.parent) {
                Some(parent) => below = parent,
                None => return false,
            }
        }
        true
    }

    /// Everything that grows on the category, deleted or not.
    fn branch_below(&self, category: &Category) -> impl Iterator<Item = &Category> {
        let id = category.id;
        let all = self.categories.iter().map(|(category, _)| category);
        all.filter(move |other| other.id != id && self.grows_on(other.id, id))
    }

    /// The siblings whose place becomes another one so that `position` is free; and the place itself.
    fn make_room(&self, category: &Category, position: Option<u32>) -> (Vec<Category>, u32) {
        let siblings = self.siblings(category.parent, category.id);
        let Some(position) = position else {
            let last = siblings.last().map_or(0, |last| last.position);
            return (Vec::new(), if last == 0 { 0 } else { last + 1 });
        };
        let place = (position.max(1) as usize).min(siblings.len() + 1);
        let others = (1..).filter(|number| *number != place).zip(siblings);
        let moved = others.filter_map(|(number, sibling)| {
            let number = number as u32;
            (sibling.position != number).then(|| Category { position: number, ..sibling.clone() })
        });
        (moved.collect(), place as u32)
    }
}

fn description_of(text: &str) -> Result<String, TaxonomyError> {
    let wrong = |code, reason: String| Err(TaxonomyError::invalid("description", code, reason));
    if text.contains('\0') {
        return wrong("text-invalid", "it has a NUL character: remove it".to_owned());
    }
    if text.chars().count() > DESCRIPTION_CHARS_MAX {
        return wrong("text-too-long", format!("it is longer than {DESCRIPTION_CHARS_MAX} characters"));
    }
    Ok(text.trim().to_owned())
}

/// Whether the path fits into the tree.
fn fits(path: &str) -> Result<(), TaxonomyError> {
    let levels = path.split('/').count();
    if levels > Category::LEVELS_MAX {
        return Err(TaxonomyError::TooDeep(levels));
    }
    if path.len() > Category::PATH_BYTES_MAX {
        return Err(TaxonomyError::PathTooLong(path.len()));
    }
    Ok(())
}

pub(super) fn create(
    view: &TaxonomyView,
    new: &NewCategory,
    by: &By<'_>,
    ids: &mut Ids,
) -> Result<Decided<Category>, TaxonomyError> {
    let name = name_of("name", &new.name)?;
    let slug = slug_of(new.slug.as_ref(), &name)?;
    let parent = new.parent.as_ref().map(|key| view.parent(key)).transpose()?;
    // What is made has the id of the audit row that tells of its making: a repeated request finds it by that.
    let row = fresh_row(ids);
    let mut category = Category::new(CategoryId(row.0), parent, slug, name);
    category.description = description_of(&new.description)?;
    view.category_names_free(&category)?;
    fits(&category.path)?;
    let (moved, position) = view.make_room(&category, new.position);
    category.position = position;
    let mut batch = view.batch(by, row, ("category", "create"), category.id, [None, Some(&category)]);
    batch.categories.push(category.clone());
    batch.revise.categories = moved;
    Ok(Decided { row: category, products: 0, batch: Some(batch) })
}

pub(super) fn change(
    view: &TaxonomyView,
    key: &SharedKey,
    change: &CategoryChange,
    by: &By<'_>,
    ids: &mut Ids,
) -> Result<Decided<Category>, TaxonomyError> {
    let (before, products) = view.category_by(key)?;
    at_version(by, before.version)?;
    if before.deleted_at.is_some() {
        return Err(TaxonomyError::Deleted);
    }
    let mut after = before.clone();
    if let Some(name) = &change.name {
        after.name = name_of("name", name)?;
    }
    if let Some(slug) = &change.slug {
        after.slug = slug.clone();
    }
    if let Some(description) = &change.description {
        after.description = description_of(description)?;
    }
    if let Some(parent) = &change.parent {
        let parent = parent.as_ref().map(|key| view.parent(key)).transpose()?;
        if parent.is_some_and(|parent| view.grows_on(parent.id, before.id)) {
            return Err(TaxonomyError::Cycle);
        }
        after.parent = parent.map(|parent| parent.id);
    }
    let parent = after.parent.and_then(|id| view.category(id));
    after.path = Category::new(after.id, parent, after.slug.clone(), "").path;
    let elsewhere = after.parent != before.parent;
    let mut moved = Vec::new();
    if elsewhere || change.position.is_some() {
        (moved, after.position) = view.make_room(&after, change.position);
    }
    if after == *before && moved.is_empty() {
        return Ok(Decided::unchanged(after, *products));
    }
    view.category_names_free(&after)?;
    fits(&after.path)?;
    after.version += 1;

    let mut batch =
        view.batch(by, fresh_row(ids), ("category", "update"), after.id, [Some(before), Some(&after)]);
    batch.revise.categories = moved;
    if after.path != before.path || after.name != before.name {
        let (was, mut touched) = (before.path.len(), *products);
        let mut rewrite = view.rewrite();
        let slugs = |category: &Category| category.slugs().map(str::to_owned).collect();
        rewrite.categories.push((after.id, slugs(&after)));
        for below in view.branch_below(before) {
            let path = format!("{}{}", after.path, &below.path[was..]);
            fits(&path)?;
            let below = Category { path, ..below.clone() };
            touched +=
                view.categories.iter().find(|(known, _)| known.id == below.id).map_or(0, |found| found.1);
            rewrite.categories.push((below.id, slugs(&below)));
            if after.path != before.path {
                batch.revise.categories.push(below);
            }
        }
        batch.revise.rewrite = rewrite;
        batch.revise.categories.push(after.clone());
        if after.slug != before.slug {
            let slug = before.slug.clone();
            batch.redirects.push(Redirect { kind: RedirectKind::Category, slug, id: after.id.0 });
            batch.pricing.rulebook =
                rules_renamed(by, |selection| &mut selection.categories, &before.slug, &after.slug);
        }
        return Ok(Decided { row: after, products: touched, batch: Some(batch) });
    }
    batch.revise.categories.push(after.clone());
    Ok(Decided { row: after, products: *products, batch: Some(batch) })
}

pub(super) fn delete(
    view: &TaxonomyView,
    key: &SharedKey,
    by: &By<'_>,
    ids: &mut Ids,
) -> Result<Decided<Category>, TaxonomyError> {
    let (before, products) = view.category_by(key)?;
    if before.deleted_at.is_some() {
        return Ok(Decided::unchanged(before.clone(), *products));
    }
    at_version(by, before.version)?;
    let branches = view.siblings(Some(before.id), before.id).len();
    if branches > 0 {
        return Err(TaxonomyError::HasBranches(branches as u64));
    }
    if *products > 0 {
        return Err(TaxonomyError::InUse(*products));
    }
    let after = Category { deleted_at: Some(view.now), version: before.version + 1, ..before.clone() };
    let mut batch =
        view.batch(by, fresh_row(ids), ("category", "delete"), after.id, [Some(before), Some(&after)]);
    batch.revise.categories.push(after.clone());
    batch.revise.unused.push(SharedId::Category(after.id));
    Ok(Decided { row: after, products: 0, batch: Some(batch) })
}

pub(super) fn restore(
    view: &TaxonomyView,
    key: &SharedKey,
    by: &By<'_>,
    ids: &mut Ids,
) -> Result<Decided<Category>, TaxonomyError> {
    let (before, products) = view.category_by(key)?;
    if before.deleted_at.is_none() {
        return Ok(Decided::unchanged(before.clone(), *products));
    }
    at_version(by, before.version)?;
    let parent = before.parent.and_then(|parent| view.category(parent));
    if let Some(parent) = parent.filter(|parent| parent.deleted_at.is_some()) {
        return Err(TaxonomyError::Parent(parent.slug.to_string()));
    }
    let after = Category { deleted_at: None, version: before.version + 1, ..before.clone() };
    let mut batch =
        view.batch(by, fresh_row(ids), ("category", "restore"), after.id, [Some(before), Some(&after)]);
    batch.revise.categories.push(after.clone());
    Ok(Decided { row: after, products: *products, batch: Some(batch) })
}
