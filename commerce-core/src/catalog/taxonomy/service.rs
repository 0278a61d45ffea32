//! What products share: look, decide, commit.

use std::sync::Arc;

use uuid::Uuid;

use super::{
    AttributeChange, BrandChange, By, CategoryChange, Decided, NewAttribute, NewBrand, NewCategory,
    SharedKey, TagCount, TaxonomyError, TaxonomyView, attribute, brand, category, tag,
};
use crate::attempts::Attempts;
use crate::audit::Actor;
use crate::cart::Look;
use crate::catalog::{Attribute, Batch, Brand, Category, Slug};
use crate::commit::StoreError;
use crate::engine::Parts;
use crate::idempotency::Request;
use crate::{AttributeId, Ids};

/// Brands, categories, attributes and tags; reached by [`Engine::taxonomy`](crate::Engine::taxonomy).
#[derive(Clone)]
pub struct Taxonomy {
    pub(crate) parts: Arc<Parts>,
}

/// Something that was made, changed, deleted or restored.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed<T> {
    /// As it is now.
    pub row: T,
    /// How many products say something by its name; of a category that was moved or renamed, with those below it.
    pub products: u64,
    /// Whether this repeats a request that had its effect before.
    pub replayed: bool,
}

impl Taxonomy {
    /// All of it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn show(&self) -> Result<TaxonomyView, StoreError> {
        self.parts.store.taxonomy(None).await
    }

    /// The slug of the category that had this one before; `None`: none had it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn moved_category(&self, slug: &Slug) -> Result<Option<Slug>, StoreError> {
        self.parts.store.moved_category(slug).await
    }

    /// A brand, deleted or not, with how many products have it.
    ///
    /// # Errors
    /// [`TaxonomyError::NotFound`].
    pub async fn brand(&self, key: &SharedKey) -> Result<(Brand, u64), TaxonomyError> {
        self.show().await?.brand(key).cloned()
    }

    /// A category, deleted or not, with how many products are in it itself.
    ///
    /// # Errors
    /// [`TaxonomyError::NotFound`].
    pub async fn category(&self, key: &SharedKey) -> Result<(Category, u64), TaxonomyError> {
        self.show().await?.category_by(key).cloned()
    }

    /// An attribute, with how many products have it.
    ///
    /// # Errors
    /// [`TaxonomyError::NotFound`].
    pub async fn attribute(&self, key: &SharedKey) -> Result<(Attribute, u64), TaxonomyError> {
        self.show().await?.attribute(key).cloned()
    }

    /// Makes a brand. A request that was answered before is answered again.
    ///
    /// # Errors
    /// [`TaxonomyError::Exists`], [`TaxonomyError::Invalid`], [`TaxonomyError::KeyReused`].
    pub async fn create_brand(
        &self,
        new: &NewBrand,
        actor: &Actor,
        request: Option<&Request>,
    ) -> Result<Changed<Brand>, TaxonomyError> {
        let decide = |view: &TaxonomyView, by: &By<'_>, ids: &mut Ids| brand::create(view, new, by, ids);
        self.write((actor, request, None), None, decide, |view, id| view.brand(&id.into()).cloned()).await
    }

    /// Changes a brand, and what its products say by its name.
    ///
    /// # Errors
    /// [`TaxonomyError::NotFound`], [`TaxonomyError::Exists`], [`TaxonomyError::Deleted`], [`TaxonomyError::Version`],
    /// [`TaxonomyError::Invalid`].
    pub async fn change_brand(
        &self,
        key: &SharedKey,
        change: &BrandChange,
        expected: Option<u64>,
        actor: &Actor,
    ) -> Result<Changed<Brand>, TaxonomyError> {
        let decide =
            |view: &TaxonomyView, by: &By<'_>, ids: &mut Ids| brand::change(view, key, change, by, ids);
        self.write((actor, None, expected), None, decide, |view, _| view.brand(key).cloned()).await
    }

    /// Deletes a brand that no product has. It can be restored.
    ///
    /// # Errors
    /// [`TaxonomyError::NotFound`], [`TaxonomyError::InUse`], [`TaxonomyError::Version`].
    pub async fn delete_brand(
        &self,
        key: &SharedKey,
        expected: Option<u64>,
        actor: &Actor,
    ) -> Result<Changed<Brand>, TaxonomyError> {
        let decide = |view: &TaxonomyView, by: &By<'_>, ids: &mut Ids| brand::delete(view, key, by, ids);
        self.write((actor, None, expected), None, decide, |view, _| view.brand(key).cloned()).await
    }

    /// Restores a brand that was deleted. A request that was answered before is answered again.
    ///
    /// # Errors
    /// [`TaxonomyError::NotFound`], [`TaxonomyError::Version`], [`TaxonomyError::KeyReused`].
    pub async fn restore_brand(
        &self,
        key: &SharedKey,
        expected: Option<u64>,
        actor: &Actor,
        request: Option<&Request>,
    ) -> Result<Changed<Brand>, TaxonomyError> {
        let decide = |view: &TaxonomyView, by: &By<'_>, ids: &mut Ids| brand::restore(view, key, by, ids);
        self.write((actor, request, expected), None, decide, |view, _| view.brand(key).cloned()).await
    }

    /// Makes a category. A request that was answered before is answered again.
    ///
    /// # Errors
    /// [`TaxonomyError::Parent`], [`TaxonomyError::Exists`], [`TaxonomyError::TooDeep`], [`TaxonomyError::PathTooLong`],
    /// [`TaxonomyError::Invalid`], [`TaxonomyError::KeyReused`].
    pub async fn create_category(
        &self,
        new: &NewCategory,
        actor: &Actor,
        request: Option<&Request>,
    ) -> Result<Changed<Category>, TaxonomyError> {
        let decide = |view: &TaxonomyView, by: &By<'_>, ids: &mut Ids| category::create(view, new, by, ids);
        let again = |view: &TaxonomyView, id: Uuid| view.category_by(&id.into()).cloned();
        self.write((actor, request, None), None, decide, again).await
    }

    /// Changes a category, moves it with all that grows on it, or gives it another place among its siblings.
    ///
    /// # Errors
    /// As [`create_category`](Self::create_category), and [`TaxonomyError::NotFound`], [`TaxonomyError::Cycle`],
    /// [`TaxonomyError::Deleted`], [`TaxonomyError::Version`].
    pub async fn change_category(
        &self,
        key: &SharedKey,
        change: &CategoryChange,
        expected: Option<u64>,
        actor: &Actor,
    ) -> Result<Changed<Category>, TaxonomyError> {
        let decide =
            |view: &TaxonomyView, by: &By<'_>, ids: &mut Ids| category::change(view, key, change, by, ids);
        self.write((actor, None, expected), None, decide, |view, _| view.category_by(key).cloned()).await
    }

    /// Deletes a category that no product is in and on which nothing grows. It can be restored.
    ///
    /// # Errors
    /// [`TaxonomyError::NotFound`], [`TaxonomyError::InUse`], [`TaxonomyError::HasBranches`], [`TaxonomyError::Version`].
    pub async fn delete_category(
        &self,
        key: &SharedKey,
        expected: Option<u64>,
        actor: &Actor,
    ) -> Result<Changed<Category>, TaxonomyError> {
        let decide = |view: &TaxonomyView, by: &By<'_>, ids: &mut Ids| category::delete(view, key, by, ids);
        self.write((actor, None, expected), None, decide, |view, _| view.category_by(key).cloned()).await
    }

    /// Restores a category that was deleted. A request that was answered before is answered again.
    ///
    /// # Errors
    /// [`TaxonomyError::NotFound`], [`TaxonomyError::Parent`] when what it hung on is deleted, [`TaxonomyError::Version`],
    /// [`TaxonomyError::KeyReused`].
    pub async fn restore_category(
        &self,
        key: &SharedKey,
        expected: Option<u64>,
        actor: &Actor,
        request: Option<&Request>,
    ) -> Result<Changed<Category>, TaxonomyError> {
        let decide = |view: &TaxonomyView, by: &By<'_>, ids: &mut Ids| category::restore(view, key, by, ids);
        self.write((actor, request, expected), None, decide, |view, _| view.category_by(key).cloned()).await
    }

    /// Makes an attribute. A request that was answered before is answered again.
    ///
    /// # Errors
    /// [`TaxonomyError::Exists`], [`TaxonomyError::Invalid`], [`TaxonomyError::KeyReused`].
    pub async fn create_attribute(
        &self,
        new: &NewAttribute,
        actor: &Actor,
        request: Option<&Request>,
    ) -> Result<Changed<Attribute>, TaxonomyError> {
        let decide = |view: &TaxonomyView, by: &By<'_>, ids: &mut Ids| attribute::create(view, new, by, ids);
        let again = |view: &TaxonomyView, id: Uuid| view.attribute(&id.into()).cloned();
        self.write((actor, request, None), None, decide, again).await
    }

    /// Changes an attribute, unless a value that a product has would be none any more.
    ///
    /// # Errors
    /// [`TaxonomyError::NotFound`], [`TaxonomyError::Values`], [`TaxonomyError::TooManyValues`],
    /// [`TaxonomyError::Invalid`], [`TaxonomyError::Version`].
    pub async fn change_attribute(
        &self,
        key: &SharedKey,
        change: &AttributeChange,
        expected: Option<u64>,
        actor: &Actor,
    ) -> Result<Changed<Attribute>, TaxonomyError> {
        // Values are looked at only where they matter: an id is for good.
        let id = if change.restricts() { Some(self.attribute(key).await?.0.id) } else { None };
        let decide =
            |view: &TaxonomyView, by: &By<'_>, ids: &mut Ids| attribute::change(view, key, change, by, ids);
        self.write((actor, None, expected), id, decide, |view, _| view.attribute(key).cloned()).await
    }

    /// Deletes an attribute that no product has, for good.
    ///
    /// # Errors
    /// [`TaxonomyError::NotFound`], [`TaxonomyError::InUse`], [`TaxonomyError::Version`].
    pub async fn delete_attribute(
        &self,
        key: &SharedKey,
        expected: Option<u64>,
        actor: &Actor,
    ) -> Result<Changed<Attribute>, TaxonomyError> {
        let decide = |view: &TaxonomyView, by: &By<'_>, ids: &mut Ids| attribute::delete(view, key, by, ids);
        self.write((actor, None, expected), None, decide, |view, _| view.attribute(key).cloned()).await
    }

    /// Up to `limit` tags after `after`, bytewise, with how many products have each.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn tags(&self, after: Option<String>, limit: u32) -> Result<Vec<TagCount>, StoreError> {
        self.parts.store.tags(after, None, limit).await
    }

    /// Gives every product of the tag another one in its place; `None` takes it away. One that has the other one already
    /// keeps that once. A request that was answered before is answered again.
    ///
    /// # Errors
    /// [`TaxonomyError::NotFound`] when no product has it, [`TaxonomyError::Invalid`], [`TaxonomyError::KeyReused`].
    pub async fn change_tag(
        &self,
        from: &str,
        to: Option<&str>,
        actor: &Actor,
        request: Option<&Request>,
    ) -> Result<Changed<String>, TaxonomyError> {
        let found = self.parts.store.tags(None, Some(from.to_owned()), 1).await?.pop();
        let decide = |view: &TaxonomyView, by: &By<'_>, ids: &mut Ids| {
            tag::change(view, found.as_ref().ok_or(TaxonomyError::NotFound)?, to, by, ids)
        };
        let now = to.unwrap_or(from).to_owned();
        self.write((actor, request, None), None, decide, |_, _| Ok((now.clone(), 0))).await
    }

    /// Looks, decides, commits; `again` finds what a request made that was answered before.
    async fn write<T: Clone>(
        &self,
        (actor, request, expected): (&Actor, Option<&Request>, Option<u64>),
        values_of: Option<AttributeId>,
        decide: impl Fn(&TaxonomyView, &By<'_>, &mut Ids) -> Result<Decided<T>, TaxonomyError>,
        again: impl Fn(&TaxonomyView, Uuid) -> Result<(T, u64), TaxonomyError>,
    ) -> Result<Changed<T>, TaxonomyError> {
        let look = Look { repeated: request.map(|request| request.scope.clone()), ..Look::default() };
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let before = self.parts.store.cart(&look).await?;
            let view = self.parts.store.taxonomy(values_of).await?;
            if let (Some(request), Some(record)) = (request, &before.record) {
                let (row, products) = again(&view, request.audited_by(record)?.0)?;
                return Ok(Changed { row, products, replayed: true });
            }
            let rules = self.parts.rulebook(before.rulebook_version).await?;
            let rules =
                crate::pricing::StoredRulebook { version: rules.version, rulebook: rules.rulebook.clone() };
            let by = By { actor, request, expected, rules: &rules };
            let Decided { row, products, batch } = decide(&view, &by, &mut self.parts.ids(view.now))?;
            let Some(batch) = batch else { return Ok(Changed { row, products, replayed: false }) };
            match self.parts.store.import(&batch).await {
                Ok(()) => {
                    self.index_the_rest(&batch, products).await?;
                    return Ok(Changed { row, products, replayed: false });
                }
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// The transaction indexed the first of many products; the others come in steps of their own, so that nobody who writes
    /// waits for all of them. What is not indexed by then is found by its old names.
    async fn index_the_rest(&self, batch: &Batch, products: u64) -> Result<(), StoreError> {
        let rewritten = batch.revise.rewrite != super::Rewrite::default();
        if rewritten && products > Batch::INDEXED_AT_ONCE as u64 {
            crate::search::Searching { parts: Arc::clone(&self.parts) }.index().await?;
        }
        Ok(())
    }
}
