//! The port: each read on a reading connection, each write through the one writer.

use std::sync::Arc;

use async_trait::async_trait;
use commerce_core::audit::{Entry, Search};
use commerce_core::catalog::{
    Batch, CatalogView, CategoryNode, ExportPage, ImportKeys, Page, ProductDetail, ProductFilter, ProductKey,
    ProductSummary, Slug,
};
use commerce_core::inventory::Location;
use commerce_core::order::OrderView;
use commerce_core::pricing::{StoredRulebook, Usage};
use commerce_core::promotion::{CouponCode, CouponState, CustomerKey};
use commerce_core::{
    AuditId, CartId, ChangeSet, Clock, CommitError, OrderId, StockLevel, Store, StoreError, Timestamp,
    VariantId, Violation, cart, idempotency,
};

use crate::connect::SqliteStore;
use crate::trouble::trouble;
use crate::writer::Write;
use crate::{audit, doctor, inventory, listing, order, pricing, product, promotion};

#[async_trait]
impl Store for SqliteStore {
    fn clock(&self) -> Arc<dyn Clock> {
        self.the_clock().clone()
    }

    async fn cart(&self, look: &cart::Look) -> Result<cart::View, StoreError> {
        let mut conn = self.reader().await?;
        crate::cart_view(&mut conn, look, self.the_clock().now()).await
    }

    async fn order(
        &self,
        id: OrderId,
        repeated: Option<idempotency::Scope>,
    ) -> Result<Option<OrderView>, StoreError> {
        let mut conn = self.reader().await?;
        crate::order_view(&mut conn, id, repeated.as_ref(), self.the_clock().now()).await
    }

    async fn overdue_orders(&self, limit: u32) -> Result<Vec<OrderId>, StoreError> {
        let mut conn = self.reader().await?;
        order::overdue(&mut conn, self.the_clock().now(), limit).await
    }

    async fn rulebook(&self) -> Result<Option<StoredRulebook>, StoreError> {
        let mut conn = self.reader().await?;
        pricing::rulebook(&mut conn).await
    }

    async fn promotion_usage(
        &self,
        promotions: &[String],
        customer: Option<CustomerKey>,
    ) -> Result<Vec<Usage>, StoreError> {
        let mut conn = self.reader().await?;
        promotion::usage(&mut conn, promotions, customer).await
    }

    async fn coupons(
        &self,
        of: Option<String>,
        after: Option<CouponCode>,
        limit: u32,
    ) -> Result<Vec<CouponState>, StoreError> {
        let mut conn = self.reader().await?;
        promotion::coupons(&mut conn, of.as_deref(), after.as_ref(), limit).await
    }

    async fn issued(&self, promotion: &str, issued_by: AuditId) -> Result<Vec<CouponState>, StoreError> {
        let mut conn = self.reader().await?;
        promotion::issued(&mut conn, promotion, issued_by).await
    }

    async fn audit(&self, search: &Search, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let mut conn = self.reader().await?;
        audit::search(&mut conn, search, limit).await
    }

    async fn recent_carts(
        &self,
        since: Timestamp,
        after: Option<CartId>,
        limit: u32,
    ) -> Result<Vec<cart::View>, StoreError> {
        let mut tx = self.snapshot().await?;
        let views = crate::cart::recent(&mut tx, since, after, limit, self.the_clock().now()).await?;
        tx.commit().await.map_err(trouble)?;
        Ok(views)
    }

    async fn products(&self, filter: &ProductFilter) -> Result<Page<ProductSummary>, StoreError> {
        let mut tx = self.snapshot().await?;
        let page = listing::products(&mut tx, filter).await?;
        tx.commit().await.map_err(trouble)?;
        Ok(page)
    }

    async fn product(&self, key: &ProductKey) -> Result<Option<ProductDetail>, StoreError> {
        let mut tx = self.snapshot().await?;
        let detail = product::detail(&mut tx, key, self.the_clock().now()).await?;
        tx.commit().await.map_err(trouble)?;
        Ok(detail)
    }

    async fn categories(&self) -> Result<Vec<CategoryNode>, StoreError> {
        let mut conn = self.reader().await?;
        listing::categories(&mut conn).await
    }

    async fn import_view(&self, keys: &ImportKeys) -> Result<CatalogView, StoreError> {
        let mut tx = self.snapshot().await?;
        let view = product::import_view(&mut tx, keys, self.the_clock().now()).await?;
        tx.commit().await.map_err(trouble)?;
        Ok(view)
    }

    async fn export(&self, after: Option<Slug>, limit: u32) -> Result<ExportPage, StoreError> {
        let mut tx = self.snapshot().await?;
        let page = product::export(&mut tx, after.as_ref(), limit).await?;
        tx.commit().await.map_err(trouble)?;
        Ok(page)
    }

    async fn locations(&self) -> Result<Vec<Location>, StoreError> {
        let mut conn = self.reader().await?;
        inventory::locations(&mut conn).await
    }

    async fn stock(&self, variants: &[VariantId]) -> Result<(Timestamp, Vec<StockLevel>), StoreError> {
        let mut conn = self.reader().await?;
        let levels = inventory::levels(&mut conn, variants).await?;
        Ok((self.the_clock().now(), levels))
    }

    async fn commit(&self, changes: &ChangeSet) -> Result<(), CommitError> {
        self.write(Write::Changes(Box::new(changes.clone()))).await
    }

    async fn import(&self, batch: &Batch) -> Result<(), CommitError> {
        self.write(Write::Batch(Box::new(batch.clone()))).await
    }

    async fn violations(&self) -> Result<Vec<Violation>, StoreError> {
        let mut tx = self.snapshot().await?;
        let found = doctor::violations(&mut tx).await?;
        tx.commit().await.map_err(trouble)?;
        Ok(found)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let mut conn = self.reader().await?;
        sqlx::query("SELECT 1").execute(&mut *conn).await.map(drop).map_err(trouble)
    }
}
