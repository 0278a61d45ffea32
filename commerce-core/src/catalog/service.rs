//! The catalogue: what shoppers read, and the look, decide, commit of imports.

use std::sync::Arc;
use std::time::Duration;

use super::{
    CategoryNode, ExportPage, ImportKeys, PRICES_MAX, Page, Plan, PlanOptions, PriceInput, PriceLook,
    PriceRefused, ProductDetail, ProductFilter, ProductInput, ProductKey, ProductSummary, RELATED_MAX,
    Refusal, Repriced, Sku, Slug, plan, reprice,
};
use crate::access::Caller;
use crate::attempts::Attempts;
use crate::audit::{self, Actor};
use crate::commit::{ChangeSet, StoreError};
use crate::engine::Parts;
use crate::idempotency::{KeyReused, Request};
use crate::inventory::Mode;
use crate::job::Turn;
use crate::{AuditId, bulk};

/// The catalogue of the shop; reached by [`Engine::catalog`](crate::Engine::catalog).
#[derive(Clone)]
pub struct Catalog {
    pub(crate) parts: Arc<Parts>,
}

/// Why the catalogue was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// The product cannot be taken as it was said.
    #[error("{}", .0.first().map_or("the product was refused", |refusal| &refusal.reason))]
    Refused(Vec<Refusal>),
    /// Prices that cannot be taken.
    #[error("{} price(s) cannot be taken, the first because {}", .0.len(), .0.first().map_or("", |refused| &refused.reason))]
    Prices(Vec<PriceRefused>),
    /// No row at all, or more than are taken at once.
    #[error("must have 1 to {most} rows, not {rows}")]
    Rows {
        /// How many there are.
        rows: usize,
        /// How many there may be.
        most: usize,
    },
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

/// Prices that were set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricesSet {
    /// The audit row of the change; absent when nothing changed.
    pub audit: Option<AuditId>,
    /// How many variants changed.
    pub written: u64,
    /// How many had these prices already.
    pub unchanged: u64,
    /// What could not be taken, with [`Mode::Valid`].
    pub refusals: Vec<PriceRefused>,
    /// Whether this repeats a request that had its effect before.
    pub replayed: bool,
}

impl Catalog {
    /// The name of the job that counts what was sold.
    pub const SOLD_JOB: &str = "catalog.sold";
    /// For how long a run has the job to itself.
    const SOLD_LEASE: Duration = Duration::from_secs(10 * 60);

    /// A page of the products on sale.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn products(&self, filter: &ProductFilter) -> Result<Page<ProductSummary>, StoreError> {
        self.parts.store.products(filter).await
    }

    /// One product that is on sale.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn product(&self, slug: &Slug) -> Result<Option<ProductDetail>, StoreError> {
        let found = self.parts.store.product(&ProductKey::Slug(slug.clone())).await?;
        Ok(found.filter(|detail| detail.product.on_sale()))
    }

    /// Up to `limit` products on sale that go with this one: bought with it of late, then of its category, then of its brand;
    /// `None` when this one is not on sale. Which orders count: the last hundreds, those that were cancelled left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn related(&self, slug: &Slug, limit: u32) -> Result<Option<Vec<ProductSummary>>, StoreError> {
        self.parts.store.related(slug, limit.min(RELATED_MAX)).await
    }

    /// The name in addresses that a product on sale has now, of one that it had before.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn moved(&self, former: &Slug) -> Result<Option<Slug>, StoreError> {
        let found = self.parts.store.product(&ProductKey::Former(former.clone())).await?;
        Ok(found.filter(|detail| detail.product.on_sale()).map(|detail| detail.product.slug))
    }

    /// The category tree with the number of products on sale.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn categories(&self) -> Result<Vec<CategoryNode>, StoreError> {
        self.parts.store.categories().await
    }

    /// Up to `limit` products after `after`, whatever their status, for an export.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn export(&self, after: Option<Slug>, limit: u32) -> Result<ExportPage, StoreError> {
        self.parts.store.export(after, limit).await
    }

    /// Adds a product, or changes the one of its slug to what is said here. Prices are in the currency of the rulebook;
    /// stock goes to the location `main`.
    ///
    /// # Errors
    /// [`CatalogError::Refused`] says why it, or a variant of it, cannot be taken; nothing is changed then.
    pub async fn put(&self, product: ProductInput) -> Result<Plan, CatalogError> {
        let rules = crate::pricing::Rules { parts: Arc::clone(&self.parts) };
        let currency = rules.show().await?.rulebook.currency;
        let options = PlanOptions {
            currency,
            location: "main".to_owned(),
            stock: super::StockRule::Created,
            actor: Actor::System,
            seller: None,
        };
        self.write(vec![product], &options, true, &|_| bulk::Changes::default()).await
    }

    /// Takes in what is said about these products, as far as it can be taken: the plan names what was refused. Up to
    /// some hundred products at once; all that is taken of them is written in one transaction.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn import(
        &self,
        products: Vec<ProductInput>,
        options: &PlanOptions,
    ) -> Result<Plan, CatalogError> {
        self.write(products, options, false, &|_| bulk::Changes::default()).await
    }

    /// The same for an import of a file, of which `beside` says what is written in the same commit, whatever the plan is.
    ///
    /// # Errors
    /// As [`import`](Self::import); [`CatalogError::Busy`] when somebody else has the import now.
    pub async fn import_beside(
        &self,
        products: Vec<ProductInput>,
        options: &PlanOptions,
        beside: &(dyn Fn(&Plan) -> bulk::Changes + Send + Sync),
    ) -> Result<Plan, CatalogError> {
        self.write(products, options, false, beside).await
    }

    /// Counts anew how many units of each product were sold, unless that was done less than `period` ago or somebody does it
    /// now. Says of how many products the number changed; `None`: it was not time.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn count_sold_when_due(&self, period: Duration) -> Result<Option<u64>, StoreError> {
        let turn = Turn::take(&self.parts, Self::SOLD_JOB, period, Self::SOLD_LEASE).await?;
        let Some(turn) = turn else { return Ok(None) };
        let changed = self.parts.store.count_sold().await?;
        turn.done(serde_json::json!({ "products_changed": changed })).await?;
        Ok(Some(changed))
    }

    /// Sets the prices of up to [`PRICES_MAX`] variants, all in one commit. Prices are in the currency of the rulebook.
    /// A request that was answered before is answered again.
    ///
    /// # Errors
    /// [`CatalogError::Prices`] with [`Mode::All`], [`CatalogError::Rows`], [`CatalogError::KeyReused`].
    pub async fn set_prices(
        &self,
        inputs: &[PriceInput],
        mode: Mode,
        caller: &Caller,
        request: Option<&Request>,
    ) -> Result<PricesSet, CatalogError> {
        if inputs.is_empty() || inputs.len() > PRICES_MAX {
            return Err(CatalogError::Rows { rows: inputs.len(), most: PRICES_MAX });
        }
        self.reprice(inputs, mode, caller, request, &|_| bulk::Changes::default()).await
    }

    /// The same for an import of a file, of which `beside` says what is written in the same commit, whatever is set: the rows
    /// that can be taken are, and no row at all is right too.
    ///
    /// # Errors
    /// [`CatalogError::Busy`] when somebody else has the import now.
    pub async fn set_prices_beside(
        &self,
        inputs: &[PriceInput],
        caller: &Caller,
        beside: &(dyn Fn(&PricesSet) -> bulk::Changes + Send + Sync),
    ) -> Result<PricesSet, CatalogError> {
        self.reprice(inputs, Mode::Valid, caller, None, beside).await
    }

    async fn reprice(
        &self,
        inputs: &[PriceInput],
        mode: Mode,
        caller: &Caller,
        request: Option<&Request>,
        beside: &(dyn Fn(&PricesSet) -> bulk::Changes + Send + Sync),
    ) -> Result<PricesSet, CatalogError> {
        let rules = crate::pricing::Rules { parts: Arc::clone(&self.parts) };
        let currency = rules.show().await?.rulebook.currency;
        let mut skus: Vec<Sku> = inputs.iter().filter_map(|input| input.sku.parse().ok()).collect();
        skus.sort_unstable();
        skus.dedup();
        let look = PriceLook { skus, repeated: request.map(|request| request.scope.clone()) };
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.prices(&look).await?;
            if let (Some(request), Some(record)) = (request, &view.record) {
                return self.prices_set(request.audited_by(record)?).await;
            }
            let decided =
                reprice(&view, inputs, mode, currency, caller, request, &mut self.parts.ids(view.now));
            let Repriced { mut changes, audit, written, unchanged, refusals } = decided;
            if mode == Mode::All && !refusals.is_empty() {
                return Err(CatalogError::Prices(refusals));
            }
            let set = PricesSet {
                audit: audit.filter(|_| written > 0),
                written,
                unchanged,
                refusals,
                replayed: false,
            };
            changes.bulk = beside(&set);
            if audit.is_none() && changes.bulk.is_empty() {
                return Ok(set);
            }
            match self.parts.store.commit(&changes).await {
                Ok(()) => return Ok(set),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// What a request did that was recorded, as its audit row tells.
    async fn prices_set(&self, row: AuditId) -> Result<PricesSet, CatalogError> {
        let search = audit::Search { id: Some(row), ..audit::Search::default() };
        let entry = self.parts.store.audit(&search, 1).await?.into_iter().next();
        let data = entry.map(|entry| entry.data).unwrap_or_default();
        let count = |name: &str| data[name].as_u64().unwrap_or_default();
        let refused = data["refused"].as_array().into_iter().flatten();
        let written = count("written");
        Ok(PricesSet {
            audit: (written > 0).then_some(row),
            written,
            unchanged: count("unchanged"),
            refusals: refused.filter_map(PriceRefused::read).collect(),
            replayed: true,
        })
    }

    async fn write(
        &self,
        products: Vec<ProductInput>,
        options: &PlanOptions,
        all: bool,
        beside: &(dyn Fn(&Plan) -> bulk::Changes + Send + Sync),
    ) -> Result<Plan, CatalogError> {
        let keys = ImportKeys::of(&products);
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.import_view(&keys).await?;
            let mut plan = plan(&view, products.clone(), options, &mut self.parts.ids(view.now));
            if all && !plan.refusals.is_empty() {
                return Err(CatalogError::Refused(plan.refusals));
            }
            let bulk = beside(&plan);
            let done = match (plan.batch.is_empty(), bulk.is_empty()) {
                (true, true) => return Ok(plan),
                // Nothing of the catalogue: its generation stays.
                (true, false) => self.parts.store.commit(&ChangeSet { bulk, ..ChangeSet::default() }).await,
                (false, _) => {
                    plan.batch.bulk = bulk;
                    self.parts.store.import(&plan.batch).await
                }
            };
            match done {
                Ok(()) => return Ok(plan),
                Err(error) => attempts.again(error).await?,
            }
        }
    }
}
