//! Look, decide, commit of edits.

use std::sync::Arc;

use super::{EditError, Edited, Editor, ProductChange, Target};
use crate::access::Caller;
use crate::attempts::Attempts;
use crate::audit;
use crate::catalog::plan::CatalogView;
use crate::catalog::{
    Catalog, Cell, ImportKeys, ListedProduct, PriceChange, ProductDetail, ProductKey, ProductSearch, Sku,
    Slug, VariantInput,
};
use crate::idempotency::{Outcome, Request};
use crate::{Currency, Ids, PriceChangeId, ProductId};

/// A product that was made or changed.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductChanged {
    /// The product as it is now.
    pub product: ProductDetail,
    /// Whether this repeats a request that had its effect before.
    pub replayed: bool,
}

impl Catalog {
    /// One product, in whatever status, deleted ones included, as far as the caller may know of it.
    ///
    /// # Errors
    /// [`EditError::NotFound`].
    pub async fn product_in_full(&self, caller: &Caller, slug: &Slug) -> Result<ProductDetail, EditError> {
        let found = self.parts.store.product(&ProductKey::Slug(slug.clone())).await?;
        found.filter(|detail| super::concerns(caller, &detail.product)).ok_or(EditError::NotFound)
    }

    /// Makes a product. A request that was answered before is answered again, with the product as it is now.
    ///
    /// # Errors
    /// [`EditError::Refused`], [`EditError::KeyReused`].
    pub async fn create(
        &self,
        caller: &Caller,
        new: &ProductChange,
        request: Option<&Request>,
    ) -> Result<ProductChanged, EditError> {
        let keys = ImportKeys::of(std::slice::from_ref(&new.input));
        let decide = |view: &CatalogView, editor: &Editor<'_>, ids: &mut Ids| {
            super::create(view, new.clone(), editor, ids)
        };
        self.edit(caller, keys, request, decide).await
    }

    /// Changes a product.
    ///
    /// # Errors
    /// [`EditError::NotFound`], [`EditError::Version`], [`EditError::Refused`].
    pub async fn change(
        &self,
        caller: &Caller,
        target: &Target,
        change: &ProductChange,
    ) -> Result<ProductChanged, EditError> {
        let keys = ImportKeys::of(std::slice::from_ref(&change.input));
        let decide = |view: &CatalogView, editor: &Editor<'_>, ids: &mut Ids| {
            super::change(view, target, change.clone(), editor, ids)
        };
        self.edit(caller, keys, None, decide).await
    }

    /// Deletes a product. One that was deleted stays so.
    ///
    /// # Errors
    /// [`EditError::NotFound`], [`EditError::Version`].
    pub async fn delete(&self, caller: &Caller, target: &Target) -> Result<ProductChanged, EditError> {
        let decide =
            |view: &CatalogView, editor: &Editor<'_>, ids: &mut Ids| super::delete(view, target, editor, ids);
        self.edit(caller, keys(target, Vec::new()), None, decide).await
    }

    /// Takes back that a product was deleted. A request that was answered before is answered again.
    ///
    /// # Errors
    /// [`EditError::NotFound`], [`EditError::Version`], [`EditError::Refused`] when its brand or category is deleted,
    /// [`EditError::KeyReused`].
    pub async fn restore(
        &self,
        caller: &Caller,
        target: &Target,
        request: Option<&Request>,
    ) -> Result<ProductChanged, EditError> {
        let decide = |view: &CatalogView, editor: &Editor<'_>, ids: &mut Ids| {
            super::restore(view, target, editor, ids)
        };
        self.edit(caller, keys(target, Vec::new()), request, decide).await
    }

    /// Adds a variant to a product. A request that was answered before is answered again, with the product as it is now.
    ///
    /// # Errors
    /// [`EditError::NotFound`], [`EditError::Version`], [`EditError::Refused`], [`EditError::KeyReused`].
    pub async fn add_variant(
        &self,
        caller: &Caller,
        target: &Target,
        variant: &VariantInput,
        request: Option<&Request>,
    ) -> Result<ProductChanged, EditError> {
        let input = super::of_variant(&target.slug, variant.clone()).input;
        let decide = |view: &CatalogView, editor: &Editor<'_>, ids: &mut Ids| {
            super::add_variant(view, target, variant.clone(), editor, ids)
        };
        self.edit(caller, ImportKeys::of(&[input]), request, decide).await
    }

    /// Changes the variant of this SKU.
    ///
    /// # Errors
    /// [`EditError::NotFound`], [`EditError::Version`], [`EditError::Refused`].
    pub async fn change_variant(
        &self,
        caller: &Caller,
        target: &Target,
        sku: &Sku,
        variant: &VariantInput,
    ) -> Result<ProductChanged, EditError> {
        let named = match &variant.sku {
            Cell::Is(named) => vec![named.clone()],
            Cell::Absent | Cell::Empty => Vec::new(),
        };
        let decide = |view: &CatalogView, editor: &Editor<'_>, ids: &mut Ids| {
            super::change_variant(view, target, sku, variant.clone(), editor, ids)
        };
        self.edit(caller, keys(target, named), None, decide).await
    }

    /// Takes the variant of this SKU away from its product.
    ///
    /// # Errors
    /// [`EditError::NotFound`], [`EditError::Version`], [`EditError::Refused`] when it is the only one.
    pub async fn remove_variant(
        &self,
        caller: &Caller,
        target: &Target,
        sku: &Sku,
    ) -> Result<ProductChanged, EditError> {
        let decide = |view: &CatalogView, editor: &Editor<'_>, ids: &mut Ids| {
            super::remove_variant(view, target, sku, editor, ids)
        };
        self.edit(caller, keys(target, Vec::new()), None, decide).await
    }

    /// Up to `limit` products, in whatever status, as far as the caller may know of them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list(
        &self,
        caller: &Caller,
        search: &ProductSearch,
        limit: u32,
    ) -> Result<Vec<ListedProduct>, EditError> {
        let seller = match (caller.seller(), search.seller) {
            (Some(own), Some(asked)) if own != asked => return Ok(Vec::new()),
            (own, asked) => own.or(asked),
        };
        let search = ProductSearch { seller, ..search.clone() };
        Ok(self.parts.store.product_list(&search, limit).await?)
    }

    /// Up to `limit` changes of the product's prices before `before`, the newest first.
    ///
    /// # Errors
    /// [`EditError::NotFound`].
    pub async fn price_history(
        &self,
        caller: &Caller,
        slug: &Slug,
        before: Option<PriceChangeId>,
        limit: u32,
    ) -> Result<Vec<PriceChange>, EditError> {
        let product = self.product_in_full(caller, slug).await?.product;
        Ok(self.parts.store.price_changes(product.id, before, limit).await?)
    }

    /// Publishes products whose time has come, and archives those whose time is over; looks at no more than `limit` of them
    /// and says how many it found.
    ///
    /// # Errors
    /// When the store cannot be read or written, or [`EditError::Busy`].
    pub async fn publish_due(&self, limit: u32) -> Result<u32, EditError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let slugs = self.parts.store.due_products(limit).await?;
            let found = u32::try_from(slugs.len()).unwrap_or(limit);
            if found == 0 {
                return Ok(0);
            }
            let view = self.parts.store.import_view(&ImportKeys { slugs, ..ImportKeys::default() }).await?;
            let batch = super::schedule::due(&view, &mut self.parts.ids(view.now));
            if batch.is_empty() {
                return Ok(0);
            }
            match self.parts.store.import(&batch).await {
                Ok(()) => return Ok(found),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    pub(super) async fn edit(
        &self,
        caller: &Caller,
        mut keys: ImportKeys,
        request: Option<&Request>,
        decide: impl Fn(&CatalogView, &Editor<'_>, &mut Ids) -> Result<Edited, EditError> + Sync,
    ) -> Result<ProductChanged, EditError> {
        keys.repeated = request.map(|request| request.scope.clone());
        let currency = self.currency().await?;
        let editor = Editor { caller, currency };
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.import_view(&keys).await?;
            if let (Some(request), Some(record)) = (request, &view.record) {
                let product = self.written_by(request.audited_by(record)?).await?;
                // It may be another merchant's by now.
                if !super::concerns(caller, &product.product) {
                    return Err(EditError::NotFound);
                }
                return Ok(ProductChanged { product, replayed: true });
            }
            let Edited { product, mut batch } = decide(&view, &editor, &mut self.parts.ids(view.now))?;
            if let (Some(request), Some(row)) = (request, batch.audit.first()) {
                batch.idempotency = Some(request.record(Outcome::Audited(row.id), view.now));
            }
            let written = match batch.is_empty() {
                true => Ok(()),
                false => self.parts.store.import(&batch).await,
            };
            match written {
                Ok(()) => return Ok(ProductChanged { product: self.by_id(product).await?, replayed: false }),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// The product that the change is about of which this audit row tells.
    async fn written_by(&self, row: crate::AuditId) -> Result<ProductDetail, EditError> {
        let search = audit::Search { id: Some(row), ..audit::Search::default() };
        let rows = self.parts.store.audit(&search, 1).await?;
        let product = rows.first().and_then(|row| row.target.strip_prefix("product:")?.parse().ok());
        self.by_id(product.ok_or(EditError::NotFound)?).await
    }

    async fn by_id(&self, product: ProductId) -> Result<ProductDetail, EditError> {
        self.parts.store.product(&ProductKey::Id(product)).await?.ok_or(EditError::NotFound)
    }

    async fn currency(&self) -> Result<Currency, EditError> {
        let rules = crate::pricing::Rules { parts: Arc::clone(&self.parts) };
        Ok(rules.show().await?.rulebook.currency)
    }
}

pub(super) fn keys(target: &Target, skus: Vec<Sku>) -> ImportKeys {
    ImportKeys { slugs: vec![target.slug.clone()], skus, repeated: None }
}
