//! Decisions about brands.

use super::{
    By, Decided, SharedKey, TaxonomyError, TaxonomyView, at_version, fresh_row, name_of, rules_renamed,
    slug_of,
};
use crate::catalog::{Brand, Redirect, RedirectKind, SharedId, Slug};
use crate::{BrandId, Ids, fold};

/// A brand to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBrand {
    /// Its name.
    pub name: String,
    /// Its name in addresses; absent: made of its name.
    pub slug: Option<Slug>,
}

/// What is to be changed of a brand: nothing of what is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BrandChange {
    /// Its name.
    pub name: Option<String>,
    /// Its name in addresses. The one of before goes on finding it.
    pub slug: Option<Slug>,
}

impl TaxonomyView {
    /// The brand, deleted or not.
    pub(crate) fn brand(&self, key: &SharedKey) -> Result<&(Brand, u64), TaxonomyError> {
        key.find(&self.brands, |brand| brand.id.0, |brand| brand.slug.as_str()).ok_or(TaxonomyError::NotFound)
    }

    fn brand_names_free(&self, brand: &Brand) -> Result<(), TaxonomyError> {
        for (other, _) in self.brands.iter().filter(|(other, _)| other.id != brand.id) {
            let deleted = other.deleted_at.is_some();
            if other.slug == brand.slug {
                return Err(TaxonomyError::Exists { field: "slug", value: brand.slug.to_string(), deleted });
            }
            if fold(&other.name) == fold(&brand.name) {
                return Err(TaxonomyError::Exists { field: "name", value: brand.name.clone(), deleted });
            }
        }
        Ok(())
    }
}

pub(super) fn create(
    view: &TaxonomyView,
    new: &NewBrand,
    by: &By<'_>,
    ids: &mut Ids,
) -> Result<Decided<Brand>, TaxonomyError> {
    let name = name_of("name", &new.name)?;
    let slug = slug_of(new.slug.as_ref(), &name)?;
    // What is made has the id of the audit row that tells of its making: a repeated request finds it by that.
    let row = fresh_row(ids);
    let brand = Brand::new(BrandId(row.0), slug, name);
    view.brand_names_free(&brand)?;
    let mut batch = view.batch(by, row, ("brand", "create"), brand.id, [None, Some(&brand)]);
    batch.brands.push(brand.clone());
    Ok(Decided { row: brand, products: 0, batch: Some(batch) })
}

pub(super) fn change(
    view: &TaxonomyView,
    key: &SharedKey,
    change: &BrandChange,
    by: &By<'_>,
    ids: &mut Ids,
) -> Result<Decided<Brand>, TaxonomyError> {
    let (before, products) = view.brand(key)?;
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
    if after == *before {
        return Ok(Decided::unchanged(after, *products));
    }
    view.brand_names_free(&after)?;
    after.version += 1;
    let mut batch =
        view.batch(by, fresh_row(ids), ("brand", "update"), after.id, [Some(before), Some(&after)]);
    batch.revise.brands.push(after.clone());
    batch.revise.rewrite = view.rewrite();
    batch.revise.rewrite.brands.push((after.id, after.slug.clone()));
    if after.slug != before.slug {
        let slug = before.slug.clone();
        batch.redirects.push(Redirect { kind: RedirectKind::Brand, slug, id: after.id.0 });
        batch.pricing.rulebook =
            rules_renamed(by, |selection| &mut selection.brands, &before.slug, &after.slug);
    }
    Ok(Decided { row: after, products: *products, batch: Some(batch) })
}

pub(super) fn delete(
    view: &TaxonomyView,
    key: &SharedKey,
    by: &By<'_>,
    ids: &mut Ids,
) -> Result<Decided<Brand>, TaxonomyError> {
    let (before, products) = view.brand(key)?;
    if before.deleted_at.is_some() {
        return Ok(Decided::unchanged(before.clone(), *products));
    }
    at_version(by, before.version)?;
    if *products > 0 {
        return Err(TaxonomyError::InUse(*products));
    }
    let after = Brand { deleted_at: Some(view.now), version: before.version + 1, ..before.clone() };
    let mut batch =
        view.batch(by, fresh_row(ids), ("brand", "delete"), after.id, [Some(before), Some(&after)]);
    batch.revise.brands.push(after.clone());
    batch.revise.unused.push(SharedId::Brand(after.id));
    Ok(Decided { row: after, products: 0, batch: Some(batch) })
}

pub(super) fn restore(
    view: &TaxonomyView,
    key: &SharedKey,
    by: &By<'_>,
    ids: &mut Ids,
) -> Result<Decided<Brand>, TaxonomyError> {
    let (before, products) = view.brand(key)?;
    if before.deleted_at.is_none() {
        return Ok(Decided::unchanged(before.clone(), *products));
    }
    at_version(by, before.version)?;
    let after = Brand { deleted_at: None, version: before.version + 1, ..before.clone() };
    let mut batch =
        view.batch(by, fresh_row(ids), ("brand", "restore"), after.id, [Some(before), Some(&after)]);
    batch.revise.brands.push(after.clone());
    Ok(Decided { row: after, products: *products, batch: Some(batch) })
}
