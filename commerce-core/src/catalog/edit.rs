//! Decisions about one product: to make it, to change it, to take it away and to put it back.
//!
//! What is said of a product is merged into it by [`plan()`], as what a file says of many is. Here is what
//! somebody who edits is held to besides: they have seen the version that they change, a merchant touches nobody else's
//! products, what they name is there already, and what cannot be taken is refused as a whole. A file is taken as far as it
//! can be; an edit is taken or not.

mod images;
pub mod schedule;
mod service;
#[cfg(test)]
mod tests;
mod told;

use super::plan::{CatalogView, NO_VARIANT, Outcome, Plan, PlanOptions, Refusal, StockRule};
use super::{
    AttributeKind, Batch, Category, Cell, Product, ProductInput, ProductWrite, Sku, Slug, VariantInput, plan,
};
use crate::access::Caller;
use crate::audit::{Actor, Entry};
use crate::commit::StoreError;
use crate::idempotency::KeyReused;
use crate::{CategoryId, Currency, Ids, ProductId};

pub use images::{
    IMAGES_MAX, ImageChanged, ImageError, ImageWords, add_image, change_image, image_room, remove_image,
};
pub use service::ProductChanged;

/// What somebody says of a product, with what it shares with others by the names that those have in addresses.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductChange {
    /// All but that. Its slug is the one that the product has, or is to have when it is new.
    pub input: ProductInput,
    /// Its brand, which is there already.
    pub brand: Cell<Slug>,
    /// Its category, which is there already.
    pub category: Cell<Slug>,
    /// Its values of attributes, by their codes: all that it is to have. The attributes are there already.
    pub attributes: Cell<Vec<(String, String)>>,
}

/// Why a product was not made or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// There is no such product or variant, or it is somebody else's.
    #[error("there is no such product")]
    NotFound,
    /// It changed since the version that was named.
    #[error("the product changed meanwhile; it is at version {0} now")]
    Version(u64),
    /// It cannot be taken as it was said; each refusal has the place of its variant as its line, from 1.
    #[error("{}", .0.first().map_or("the product was refused", |refusal| &refusal.reason))]
    Refused(Vec<Refusal>),
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// Too many others changed the same at the same time.
    #[error("the catalogue is being changed by too many requests at once")]
    Busy,
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who edits, and in which currency the shop keeps its prices.
#[derive(Debug, Clone, Copy)]
pub struct Editor<'a> {
    /// Who.
    pub caller: &'a Caller,
    /// The shop's currency.
    pub currency: Currency,
}

/// A decision about a product.
#[derive(Debug, Clone, PartialEq)]
pub struct Edited {
    /// Which product.
    pub product: ProductId,
    /// What to write; empty when it is like that already.
    pub batch: Batch,
}

/// Which product somebody means, and the version of it that they have seen, if they say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name in addresses.
    pub slug: Slug,
    /// The version.
    pub version: Option<u64>,
}

/// Makes a product.
///
/// # Errors
/// [`EditError::Refused`].
pub fn create(
    view: &CatalogView,
    change: ProductChange,
    editor: &Editor<'_>,
    ids: &mut Ids,
) -> Result<Edited, EditError> {
    let slug = &change.input.slug;
    if let Some(known) = view.products.iter().find(|product| product.slug == *slug) {
        let reason = match known.deleted_at {
            Some(_) => "a product that was deleted has this slug: restore it, or take another slug",
            None => "another product has this slug",
        };
        return Err(refused(0, slug, "slug", "slug-taken", reason));
    }
    merge(view, None, change, "product.create", editor, ids)
}

/// Changes a product. One that is like that already stays as it is.
///
/// # Errors
/// [`EditError::NotFound`], [`EditError::Version`], [`EditError::Refused`].
pub fn change(
    view: &CatalogView,
    target: &Target,
    change: ProductChange,
    editor: &Editor<'_>,
    ids: &mut Ids,
) -> Result<Edited, EditError> {
    let before = found(view, target, editor.caller)?;
    merge(view, Some(before), change, "product.update", editor, ids)
}

/// Adds a variant to a product.
///
/// # Errors
/// [`EditError::NotFound`], [`EditError::Version`], [`EditError::Refused`], also when the product has one of the same SKU or
/// option values.
pub fn add_variant(
    view: &CatalogView,
    target: &Target,
    variant: VariantInput,
    editor: &Editor<'_>,
    ids: &mut Ids,
) -> Result<Edited, EditError> {
    let before = found(view, target, editor.caller)?;
    let slug = &target.slug;
    if before.variants.iter().any(|known| Cell::Is(&known.sku) == variant.sku.as_ref()) {
        let reason = "the product has a variant with this SKU";
        return Err(refused(variant.line, slug, "sku", "sku-taken", reason));
    }
    let values: Vec<&str> = variant.option_values.iter().map(|value| value.trim()).collect();
    if before.variants.iter().any(|known| known.option_values == values) {
        let reason = "another variant of the product has these option values";
        return Err(refused(variant.line, slug, "option_values", "options-twice", reason));
    }
    merge(view, Some(before), of_variant(slug, variant), "variant.create", editor, ids)
}

/// Changes the variant of this SKU; what is said of it may give it another.
///
/// # Errors
/// [`EditError::NotFound`], [`EditError::Version`], [`EditError::Refused`].
pub fn change_variant(
    view: &CatalogView,
    target: &Target,
    sku: &Sku,
    variant: VariantInput,
    editor: &Editor<'_>,
    ids: &mut Ids,
) -> Result<Edited, EditError> {
    let before = found(view, target, editor.caller)?;
    before.variants.iter().find(|known| known.sku == *sku).ok_or(EditError::NotFound)?;
    let variant = VariantInput { was: Some(sku.clone()), ..variant };
    merge(view, Some(before), of_variant(&target.slug, variant), "variant.update", editor, ids)
}

/// Takes the variant of this SKU away from its product, which keeps another.
///
/// # Errors
/// [`EditError::NotFound`], [`EditError::Version`], [`EditError::Refused`].
pub fn remove_variant(
    view: &CatalogView,
    target: &Target,
    sku: &Sku,
    editor: &Editor<'_>,
    ids: &mut Ids,
) -> Result<Edited, EditError> {
    let before = found(view, target, editor.caller)?;
    before.variants.iter().find(|known| known.sku == *sku).ok_or(EditError::NotFound)?;
    let mut change = ProductChange::nothing(target.slug.clone());
    change.input.edit.without.push(sku.clone());
    merge(view, Some(before), change, "variant.delete", editor, ids)
}

/// Deletes a product: shoppers do not see it any more, orders keep what they say of it, and it can be restored.
///
/// # Errors
/// [`EditError::NotFound`], [`EditError::Version`].
pub fn delete(
    view: &CatalogView,
    target: &Target,
    editor: &Editor<'_>,
    ids: &mut Ids,
) -> Result<Edited, EditError> {
    let before = found(view, target, editor.caller)?;
    let after = Product { deleted_at: before.deleted_at.or(Some(view.now)), ..before.clone() };
    Ok(put(view, before, after, "product.delete", editor.caller.actor(), ids))
}

/// Takes back that a product was deleted. Its status is what it was. A brand or a category that was deleted meanwhile is
/// restored first: it was deleted because no product has it.
///
/// # Errors
/// [`EditError::NotFound`], [`EditError::Version`], [`EditError::Refused`].
pub fn restore(
    view: &CatalogView,
    target: &Target,
    editor: &Editor<'_>,
    ids: &mut Ids,
) -> Result<Edited, EditError> {
    let before = found(view, target, editor.caller)?;
    if before.deleted_at.is_some() {
        names_there(view, before)?;
    }
    let after = Product { deleted_at: None, ..before.clone() };
    let mut edited = put(view, before, after, "product.restore", editor.caller.actor(), ids);
    // Nobody deletes its brand or category between look and commit.
    edited.batch.shared = Some(view.shared);
    Ok(edited)
}

/// Whether the caller may know of the product: a merchant of their own alone.
#[must_use]
pub fn concerns(caller: &Caller, product: &Product) -> bool {
    caller.seller().is_none_or(|seller| product.seller == Some(seller))
}

impl ProductChange {
    /// Says nothing of the product of this slug yet.
    #[must_use]
    pub fn nothing(slug: Slug) -> Self {
        let input = ProductInput { name: Cell::Absent, ..ProductInput::new(slug, "") };
        Self { input, brand: Cell::Absent, category: Cell::Absent, attributes: Cell::Absent }
    }
}

/// The product that is meant, at the version that was seen.
fn found<'v>(view: &'v CatalogView, target: &Target, caller: &Caller) -> Result<&'v Product, EditError> {
    let mut products = view.products.iter();
    let product = products.find(|product| product.slug == target.slug).ok_or(EditError::NotFound)?;
    if !concerns(caller, product) {
        return Err(EditError::NotFound);
    }
    match target.version {
        Some(seen) if seen != product.version => Err(EditError::Version(product.version)),
        _ => Ok(product),
    }
}

fn of_variant(slug: &Slug, variant: VariantInput) -> ProductChange {
    let mut change = ProductChange::nothing(slug.clone());
    change.input.variants.push(variant);
    change
}

/// Whether the brand and the category that the product says it has are not deleted.
fn names_there(view: &CatalogView, product: &Product) -> Result<(), EditError> {
    let brand = view.brands.iter().find(|brand| Some(brand.id) == product.brand);
    if let Some(brand) = brand.filter(|brand| brand.deleted_at.is_some()) {
        let reason = format!("its brand {} was deleted: restore that first", brand.slug);
        return Err(refused(0, &product.slug, "brand", "brand-deleted", &reason));
    }
    let category = view.categories.iter().find(|category| Some(category.id) == product.category);
    if let Some(category) = category.filter(|category| category.deleted_at.is_some()) {
        let reason = format!("its category {} was deleted: restore that first", category.slug);
        return Err(refused(0, &product.slug, "category", "category-deleted", &reason));
    }
    Ok(())
}

/// Merges what was said into the product, or into nothing.
fn merge(
    view: &CatalogView,
    before: Option<&Product>,
    change: ProductChange,
    action: &str,
    editor: &Editor<'_>,
    ids: &mut Ids,
) -> Result<Edited, EditError> {
    let input = input(view, change)?;
    let options = PlanOptions {
        currency: editor.currency,
        location: "main".to_owned(),
        stock: StockRule::Created,
        actor: editor.caller.actor(),
        seller: editor.caller.seller(),
    };
    let slug = input.slug.clone();
    let Plan { mut batch, outcomes, mut refusals, warnings } = plan(view, vec![input], &options, ids);
    // What a file is taken with all the same, somebody who edits is told.
    let dropped = warnings.into_iter().filter(|warning| warning.field == "compare_at_price");
    refusals.extend(dropped.map(|warning| Refusal {
        line: warning.line,
        slug: slug.to_string(),
        field: warning.field,
        code: "compare-at-too-low",
        reason: "must be above the price".to_owned(),
    }));
    if !refusals.is_empty() {
        // That nothing is left follows from what cannot be taken.
        if refusals.iter().any(|refusal| refusal.code != NO_VARIANT) {
            refusals.retain(|refusal| refusal.code != NO_VARIANT);
        }
        return Err(EditError::Refused(refusals));
    }
    let after = batch.products.first().map(|write| &write.product);
    batch.audit = match after {
        Some(after) => vec![row(view, before, after, action, editor.caller.actor(), ids)],
        None => Vec::new(),
    };
    debug_assert!(after.is_some() || outcomes.iter().all(|(_, outcome)| *outcome == Outcome::Unchanged));
    let product = after.or(before).map(|product| product.id).ok_or(EditError::NotFound)?;
    Ok(Edited { product, batch })
}

/// Puts the product in place of that of before.
fn put(
    view: &CatalogView,
    before: &Product,
    mut after: Product,
    action: &str,
    actor: Actor,
    ids: &mut Ids,
) -> Edited {
    let product = after.id;
    if after == *before {
        return Edited { product, batch: Batch::default() };
    }
    after.version = before.version + 1;
    after.updated_at = view.now;
    let audit = vec![row(view, Some(before), &after, action, actor, ids)];
    let write = ProductWrite { product: after, expected_version: Some(before.version) };
    Edited { product, batch: Batch { products: vec![write], audit, ..Batch::default() } }
}

fn row(
    view: &CatalogView,
    before: Option<&Product>,
    after: &Product,
    action: &str,
    actor: Actor,
    ids: &mut Ids,
) -> Entry {
    Entry {
        id: ids.fresh(),
        at: view.now,
        actor,
        action: action.to_owned(),
        target: format!("product:{}", after.id),
        data: told::told(before, after),
    }
}

/// What was said, by the names that a plan knows things by.
fn input(view: &CatalogView, change: ProductChange) -> Result<ProductInput, EditError> {
    let ProductChange { mut input, brand, category, attributes } = change;
    let mut refusals = Vec::new();
    let mut wrong = |field, code, reason: String| {
        refusals.push(Refusal { line: 0, slug: input.slug.to_string(), field, code, reason });
    };
    input.brand = named(brand, |slug| {
        let known = view.brands.iter().find(|brand| brand.slug == *slug && brand.deleted_at.is_none());
        known.map(|brand| brand.name.clone())
    })
    .unwrap_or_else(|slug| {
        wrong("brand", "brand-unknown", format!("there is no brand {slug}"));
        Cell::Absent
    });
    input.category = named(category, |slug| {
        let mut there = view.categories.iter().filter(|category| category.deleted_at.is_none());
        let known = there.find(|category| category.slug == *slug);
        known.map(|category| branch(&view.categories, category))
    })
    .unwrap_or_else(|slug| {
        wrong("category", "category-unknown", format!("there is no category {slug}"));
        Cell::Absent
    });
    input.edit.these_attributes = attributes != Cell::Absent;
    let mut seen = std::collections::HashSet::new();
    for (code, value) in attributes.over(None).unwrap_or_default() {
        let known = view.attributes.iter().find(|attribute| attribute.code == code);
        match known.map(|attribute| (attribute.name.clone(), attribute.kind)) {
            None => wrong("attributes", "attribute-unknown", format!("there is no attribute {code}")),
            Some(_) if !seen.insert(code.clone()) => {
                wrong("attributes", "attribute-twice", format!("the attribute {code} is named twice"));
            }
            Some((name, kind)) => {
                let value = if kind == AttributeKind::Text { value } else { value.trim().to_owned() };
                input.attributes.push((code, name, kind, Cell::Is(value)));
            }
        }
    }
    for (place, variant) in (1..).zip(&mut input.variants) {
        variant.line = place;
    }
    if refusals.is_empty() { Ok(input) } else { Err(EditError::Refused(refusals)) }
}

/// What a slug stands for, or the slug when that is nothing.
fn named<T>(cell: Cell<Slug>, find: impl FnOnce(&Slug) -> Option<T>) -> Result<Cell<T>, Slug> {
    match cell {
        Cell::Absent => Ok(Cell::Absent),
        Cell::Empty => Ok(Cell::Empty),
        Cell::Is(slug) => find(&slug).map(Cell::Is).ok_or(slug),
    }
}

/// The names from the top down to the category.
fn branch(categories: &[Category], category: &Category) -> Vec<String> {
    let above = |id: CategoryId| categories.iter().find(|known| known.id == id);
    let mut names = vec![category.name.clone()];
    let mut parent = category.parent.and_then(above);
    while let Some(known) = parent.filter(|_| names.len() <= categories.len()) {
        names.push(known.name.clone());
        parent = known.parent.and_then(above);
    }
    names.reverse();
    names
}

fn refused(line: u64, slug: &Slug, field: &'static str, code: &'static str, reason: &str) -> EditError {
    EditError::Refused(vec![Refusal { line, slug: slug.to_string(), field, code, reason: reason.to_owned() }])
}
