//! The catalogue: what shoppers read, and the look, decide, commit of imports.

use std::sync::Arc;
use std::time::Duration;

use super::{
    CategoryNode, ExportPage, ImportKeys, Page, Plan, PlanOptions, ProductDetail, ProductFilter,
    ProductInput, ProductKey, ProductSummary, Refusal, Slug, plan,
};
use crate::attempts::Attempts;
use crate::audit::Actor;
use crate::commit::StoreError;
use crate::engine::Parts;
use crate::job::Turn;

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
    /// Too many others changed the same at the same time.
    #[error("the catalogue is being changed by too many requests at once")]
    Busy,
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
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
        };
        self.write(vec![product], &options, true).await
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
        self.write(products, options, false).await
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

    async fn write(
        &self,
        products: Vec<ProductInput>,
        options: &PlanOptions,
        all: bool,
    ) -> Result<Plan, CatalogError> {
        let keys = ImportKeys::of(&products);
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.import_view(&keys).await?;
            let plan = plan(&view, products.clone(), options, &mut self.parts.ids(view.now));
            if all && !plan.refusals.is_empty() {
                return Err(CatalogError::Refused(plan.refusals));
            }
            if plan.batch.is_empty() {
                return Ok(plan);
            }
            match self.parts.store.import(&plan.batch).await {
                Ok(()) => return Ok(plan),
                Err(error) => attempts.again(error).await?,
            }
        }
    }
}
