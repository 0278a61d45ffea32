//! The port: each read on a reading connection, each write through the one writer.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use commerce_core::access;
use commerce_core::account::{self, Account};
use commerce_core::audit::{Entry, Seal, Search as AuditSearch};
use commerce_core::cache::Generation;
use commerce_core::catalog::{
    Batch, CatalogView, CategoryNode, ExportPage, ImportKeys, ListedProduct, Page, PriceChange, PriceLook,
    PriceView, ProductDetail, ProductFilter, ProductKey, ProductSearch, ProductSummary, Slug, TagCount,
    TaxonomyView,
};
use commerce_core::inventory::{self as stock, LevelRow, LevelSearch, Location, MovementRow, MovementSearch};
use commerce_core::job::Job;
use commerce_core::mail::{Mail, MailState, Waiting};
use commerce_core::order::{Note, OrderKey, OrderView, Summary};
use commerce_core::payment::inbox::Message;
use commerce_core::payment::journal::{Balance, Entry as JournalEntry};
use commerce_core::payment::{
    Payment, PaymentReference, PaymentState, RefundView, Unmatched, UnmatchedKey, UnmatchedState,
    UnmatchedView,
};
use commerce_core::pricing::{StoredRulebook, Usage};
use commerce_core::promotion::{CouponCode, CouponState, CustomerKey};
use commerce_core::search::{Completions, Found, Request, Similar, StoredSettings, Typed};
use commerce_core::{
    AttributeId, AuditId, CartId, ChangeSet, Clock, CommitError, CustomerId, ImportId, KeyId, MailId,
    MessageId, OrderId, PaymentId, PriceChangeId, ProductId, RefundId, Search, StockLevel, Store, StoreError,
    StoreTrouble, Timestamp, UnmatchedId, VariantId, Violation, bulk, cart, idempotency, interest, personal,
    review,
};

use crate::connect::SqliteStore;
use crate::trouble::trouble;
use crate::writer::Write;
use crate::{
    audit, catalog_list, doctor, generation, inventory, inventory_look, job, journal, listing, mail, message,
    order, order_list, order_note, payment, pricing, product, promotion, refund, related, reprice, search,
    search_find, sold, taxonomy, unmatched,
};

impl SqliteStore {
    /// Writes what has no guard.
    async fn write_alone(&self, write: Write) -> Result<(), StoreError> {
        self.write(write).await.map_err(|error| match error {
            CommitError::Store(error) => error,
            stale @ CommitError::Stale { .. } => StoreError::new(StoreTrouble::Broken, stale),
        })
    }
}

#[async_trait]
impl Search for SqliteStore {
    async fn find(&self, request: &Request) -> Result<Found, StoreError> {
        let mut tx = self.snapshot().await?;
        let found = search_find::find(&mut tx, request).await?;
        tx.commit().await.map_err(trouble)?;
        Ok(found)
    }

    async fn complete(&self, typed: &Typed) -> Result<Completions, StoreError> {
        let mut tx = self.snapshot().await?;
        let found = search::complete(&mut tx, typed).await?;
        tx.commit().await.map_err(trouble)?;
        Ok(found)
    }

    async fn similar(&self, words: &[String]) -> Result<Vec<Similar>, StoreError> {
        let mut conn = self.reader().await?;
        search::similar(&mut conn, words).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn clock(&self) -> Arc<dyn Clock> {
        self.the_clock().clone()
    }

    async fn account(&self, look: &account::Look) -> Result<account::View, StoreError> {
        let mut tx = self.snapshot().await?;
        let view = crate::account::view(&mut tx, look, self.the_clock().now()).await?;
        tx.commit().await.map_err(trouble)?;
        Ok(view)
    }

    async fn accounts(&self, search: &account::Search, limit: u32) -> Result<Vec<Account>, StoreError> {
        let mut conn = self.reader().await?;
        crate::account::accounts(&mut conn, search, limit).await
    }

    async fn personal(&self, look: personal::Look) -> Result<personal::View, StoreError> {
        let mut tx = self.snapshot().await?;
        let view = crate::personal::view(&mut tx, look, self.the_clock().now()).await?;
        tx.commit().await.map_err(trouble)?;
        Ok(view)
    }

    async fn wishlist(&self, look: &interest::Look) -> Result<interest::View, StoreError> {
        let mut conn = self.reader().await?;
        crate::interest::wishlist(&mut conn, look, self.the_clock().now()).await
    }

    async fn viewed_products(&self, account: CustomerId) -> Result<interest::ViewedProducts, StoreError> {
        let mut tx = self.snapshot().await?;
        let found = crate::interest::viewed_products(&mut tx, account).await?;
        tx.commit().await.map_err(trouble)?;
        Ok(found)
    }

    async fn api_key(&self, look: access::Look) -> Result<access::View, StoreError> {
        let mut conn = self.reader().await?;
        crate::access::view(&mut conn, look, self.the_clock().now()).await
    }

    async fn api_keys(&self, before: Option<KeyId>, limit: u32) -> Result<Vec<access::View>, StoreError> {
        let mut conn = self.reader().await?;
        crate::access::keys(&mut conn, before, limit, self.the_clock().now()).await
    }

    async fn cart(&self, look: &cart::Look) -> Result<cart::View, StoreError> {
        let mut conn = self.reader().await?;
        crate::cart_view(&mut conn, look, self.the_clock().now()).await
    }

    async fn order(
        &self,
        key: OrderKey,
        repeated: Option<idempotency::Scope>,
    ) -> Result<Option<OrderView>, StoreError> {
        let mut conn = self.reader().await?;
        crate::order_view(&mut conn, key, repeated.as_ref(), self.the_clock().now()).await
    }

    async fn orders_in_full(&self, ids: &[OrderId]) -> Result<Vec<OrderView>, StoreError> {
        let mut conn = self.reader().await?;
        crate::order_views(&mut conn, ids, self.the_clock().now()).await
    }

    async fn orders(
        &self,
        search: &commerce_core::order::Search,
        limit: u32,
    ) -> Result<Vec<Summary>, StoreError> {
        let mut conn = self.reader().await?;
        order_list::orders(&mut conn, search, limit).await
    }

    async fn order_notes(
        &self,
        order: OrderId,
        before: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<Note>, StoreError> {
        let mut conn = self.reader().await?;
        order_note::notes(&mut conn, order, before, limit).await
    }

    async fn overdue_orders(&self, limit: u32) -> Result<Vec<OrderId>, StoreError> {
        let mut conn = self.reader().await?;
        order::overdue(&mut conn, self.the_clock().now(), limit).await
    }

    async fn due_payments(&self, limit: u32) -> Result<Vec<PaymentReference>, StoreError> {
        let mut conn = self.reader().await?;
        payment::due(&mut conn, self.the_clock().now(), limit).await
    }

    async fn due_refunds(&self, limit: u32) -> Result<Vec<RefundId>, StoreError> {
        let mut conn = self.reader().await?;
        refund::due(&mut conn, self.the_clock().now(), limit).await
    }

    async fn refund(&self, id: RefundId) -> Result<Option<RefundView>, StoreError> {
        let mut conn = self.reader().await?;
        refund::view(&mut conn, id, self.the_clock().now()).await
    }

    async fn known_money(
        &self,
        references: &[PaymentReference],
    ) -> Result<Vec<PaymentReference>, StoreError> {
        let mut conn = self.reader().await?;
        payment::known(&mut conn, references).await
    }

    async fn unmatched(&self, key: &UnmatchedKey) -> Result<Option<UnmatchedView>, StoreError> {
        let mut conn = self.reader().await?;
        unmatched::view(&mut conn, key, self.the_clock().now()).await
    }

    async fn unmatched_list(
        &self,
        state: Option<UnmatchedState>,
        before: Option<UnmatchedId>,
        limit: u32,
    ) -> Result<Vec<Unmatched>, StoreError> {
        let mut conn = self.reader().await?;
        unmatched::list(&mut conn, state, before, limit).await
    }

    async fn payments(
        &self,
        state: Option<PaymentState>,
        before: Option<PaymentId>,
        limit: u32,
    ) -> Result<Vec<Payment>, StoreError> {
        let mut conn = self.reader().await?;
        payment::payments(&mut conn, state, before, limit).await
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        let mut conn = self.reader().await?;
        payment::payment(&mut conn, id).await
    }

    async fn journal(&self, order: OrderId) -> Result<Vec<JournalEntry>, StoreError> {
        let mut conn = self.reader().await?;
        journal::of_order(&mut conn, order).await
    }

    async fn balances(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Balance>, StoreError> {
        let mut conn = self.reader().await?;
        journal::balances(&mut conn, from, to).await
    }

    async fn waiting_messages(&self, limit: u32) -> Result<(Timestamp, Vec<Message>), StoreError> {
        let mut conn = self.reader().await?;
        let now = self.the_clock().now();
        Ok((now, message::waiting(&mut conn, now, limit).await?))
    }

    async fn parked_messages(
        &self,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let mut conn = self.reader().await?;
        message::parked(&mut conn, before, limit).await
    }

    async fn message(&self, id: MessageId) -> Result<Option<(Timestamp, Message)>, StoreError> {
        let mut conn = self.reader().await?;
        let message = message::message(&mut conn, id).await?;
        Ok(message.map(|message| (self.the_clock().now(), message)))
    }

    async fn waiting_mails(&self, limit: u32) -> Result<Waiting, StoreError> {
        let mut conn = self.reader().await?;
        let now = self.the_clock().now();
        mail::waiting(&mut conn, now, limit).await
    }

    async fn mails(
        &self,
        state: Option<MailState>,
        before: Option<MailId>,
        limit: u32,
    ) -> Result<Vec<Mail>, StoreError> {
        let mut conn = self.reader().await?;
        mail::mails(&mut conn, state, before, limit).await
    }

    async fn mail(&self, id: MailId) -> Result<Option<(Timestamp, Mail)>, StoreError> {
        let mut conn = self.reader().await?;
        let mail = mail::mail(&mut conn, id).await?;
        Ok(mail.map(|mail| (self.the_clock().now(), mail)))
    }

    async fn bulk_import(&self, look: &bulk::Look) -> Result<bulk::View, StoreError> {
        let mut tx = self.snapshot().await?;
        let view = crate::bulk::view(&mut tx, look, self.the_clock().now()).await?;
        tx.commit().await.map_err(trouble)?;
        Ok(view)
    }

    async fn bulk_imports(&self, search: &bulk::Search, limit: u32) -> Result<Vec<bulk::Import>, StoreError> {
        let mut conn = self.reader().await?;
        crate::bulk::list(&mut conn, search, limit).await
    }

    async fn due_import(&self) -> Result<Option<(Timestamp, bulk::Import)>, StoreError> {
        let mut conn = self.reader().await?;
        let now = self.the_clock().now();
        Ok(crate::bulk::due(&mut conn, now).await?.map(|import| (now, import)))
    }

    async fn import_chunk(&self, import: ImportId, number: u64) -> Result<Option<Bytes>, StoreError> {
        let mut conn = self.reader().await?;
        crate::bulk::chunk(&mut conn, import, number).await
    }

    async fn import_refusals(
        &self,
        import: ImportId,
        behind: u64,
        limit: u32,
    ) -> Result<Vec<bulk::RefusedRow>, StoreError> {
        let mut conn = self.reader().await?;
        crate::bulk::refusals(&mut conn, import, behind, limit).await
    }

    async fn job(&self, name: &str) -> Result<(Timestamp, Job), StoreError> {
        let mut conn = self.reader().await?;
        let job = job::job(&mut conn, name).await?;
        Ok((self.the_clock().now(), job))
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

    async fn audit(&self, search: &AuditSearch, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let mut conn = self.reader().await?;
        audit::search(&mut conn, search, limit).await
    }

    async fn last_seal(&self) -> Result<Option<(Seal, Timestamp)>, StoreError> {
        let mut conn = self.reader().await?;
        audit::last_seal(&mut conn).await
    }

    async fn unsealed_audit(&self, from: AuditId, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let mut conn = self.reader().await?;
        audit::unsealed(&mut conn, from, limit).await
    }

    async fn sealed_audit(&self, behind: u64, limit: u32) -> Result<Vec<(Seal, Option<Entry>)>, StoreError> {
        let mut conn = self.reader().await?;
        audit::sealed(&mut conn, behind, limit).await
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

    async fn review(&self, look: &review::Look) -> Result<review::View, StoreError> {
        let mut tx = self.snapshot().await?;
        let view = crate::review::view(&mut tx, look, self.the_clock().now()).await?;
        tx.commit().await.map_err(trouble)?;
        Ok(view)
    }

    async fn reviews(&self, search: &review::Search) -> Result<review::Found, StoreError> {
        let mut tx = self.snapshot().await?;
        let found = crate::review::search(&mut tx, search).await?;
        tx.commit().await.map_err(trouble)?;
        Ok(found)
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

    async fn related(&self, slug: &Slug, limit: u32) -> Result<Option<Vec<ProductSummary>>, StoreError> {
        let mut tx = self.snapshot().await?;
        let found = related::related(&mut tx, slug, limit).await?;
        tx.commit().await.map_err(trouble)?;
        Ok(found)
    }

    async fn product_list(
        &self,
        search: &ProductSearch,
        limit: u32,
    ) -> Result<Vec<ListedProduct>, StoreError> {
        let mut conn = self.reader().await?;
        catalog_list::list(&mut conn, search, limit).await
    }

    async fn price_changes(
        &self,
        product: ProductId,
        before: Option<PriceChangeId>,
        limit: u32,
    ) -> Result<Vec<PriceChange>, StoreError> {
        let mut conn = self.reader().await?;
        catalog_list::prices(&mut conn, product, before, limit).await
    }

    async fn due_products(&self, limit: u32) -> Result<Vec<Slug>, StoreError> {
        let mut conn = self.reader().await?;
        catalog_list::due(&mut conn, self.the_clock().now(), limit).await
    }

    async fn categories(&self) -> Result<Vec<CategoryNode>, StoreError> {
        let mut conn = self.reader().await?;
        listing::categories(&mut conn).await
    }

    async fn catalog_generation(&self) -> Result<Generation, StoreError> {
        let mut conn = self.reader().await?;
        generation::current(&mut conn).await
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

    async fn prices(&self, look: &PriceLook) -> Result<PriceView, StoreError> {
        let mut tx = self.snapshot().await?;
        let view = reprice::view(&mut tx, look, self.the_clock().now()).await?;
        tx.commit().await.map_err(trouble)?;
        Ok(view)
    }

    async fn inventory(&self, look: &stock::Look) -> Result<stock::View, StoreError> {
        let mut tx = self.snapshot().await?;
        let view = inventory_look::view(&mut tx, look, self.the_clock().now()).await?;
        tx.commit().await.map_err(trouble)?;
        Ok(view)
    }

    async fn levels(&self, search: &LevelSearch, limit: u32) -> Result<Vec<LevelRow>, StoreError> {
        let mut conn = self.reader().await?;
        inventory_look::levels(&mut conn, search, limit).await
    }

    async fn movements(&self, search: &MovementSearch, limit: u32) -> Result<Vec<MovementRow>, StoreError> {
        let mut conn = self.reader().await?;
        inventory_look::movements(&mut conn, search, limit).await
    }

    fn search(&self) -> Arc<dyn Search> {
        Arc::new(self.clone())
    }

    async fn search_settings(&self) -> Result<StoredSettings, StoreError> {
        let mut conn = self.reader().await?;
        search::settings(&mut conn).await
    }

    async fn set_search_settings(&self, settings: &StoredSettings) -> Result<bool, StoreError> {
        self.write_alone(Write::Settings(Box::new(settings.clone()))).await?;
        Ok(self.search_settings().await? == *settings)
    }

    async fn index(&self, limit: u32) -> Result<u64, StoreError> {
        let mut conn = self.reader().await?;
        let unindexed = search::unindexed(&mut conn, limit).await?;
        drop(conn);
        let found = unindexed.len() as u64;
        if found > 0 {
            self.write_alone(Write::Documents(unindexed)).await?;
        }
        Ok(found)
    }

    async fn taxonomy(&self, values_of: Option<AttributeId>) -> Result<TaxonomyView, StoreError> {
        let mut tx = self.snapshot().await?;
        let view = taxonomy::view(&mut tx, values_of, self.the_clock().now()).await?;
        tx.commit().await.map_err(trouble)?;
        Ok(view)
    }

    async fn moved_category(&self, slug: &Slug) -> Result<Option<Slug>, StoreError> {
        let mut conn = self.reader().await?;
        taxonomy::moved_category(&mut conn, slug).await
    }

    async fn tags(
        &self,
        after: Option<String>,
        only: Option<String>,
        limit: u32,
    ) -> Result<Vec<TagCount>, StoreError> {
        let mut conn = self.reader().await?;
        taxonomy::tags(&mut conn, after.as_deref(), only.as_deref(), limit).await
    }

    async fn count_sold(&self) -> Result<u64, StoreError> {
        let mut conn = self.reader().await?;
        let differing = sold::differing(&mut conn).await?;
        drop(conn);
        for sold in differing.chunks(sold::WRITTEN_AT_ONCE) {
            self.write_alone(Write::Sold(sold.to_vec())).await?;
        }
        Ok(differing.len() as u64)
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
