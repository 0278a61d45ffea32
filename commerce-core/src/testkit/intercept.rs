//! Decorators of a store: one that lets something happen between the look and the commit, one that has many commits meet,
//! one that loses answers.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::Notify;

use crate::access;
use crate::account::{self, Account};
use crate::audit::{Entry, Seal, Search};
use crate::bulk;
use crate::cache::Generation;
use crate::cart::{Look, View};
use crate::catalog::{
    Batch, CatalogView, CategoryNode, ExportPage, ImportKeys, ListedProduct, Page, PriceChange, PriceLook,
    PriceView, ProductDetail, ProductFilter, ProductKey, ProductSearch, ProductSummary, Slug,
};
use crate::idempotency::Scope;
use crate::interest;
use crate::inventory::{self, LevelRow, LevelSearch, Location, MovementRow, MovementSearch};
use crate::job::Job;
use crate::mail::{Mail, MailState, Waiting};
use crate::order::{OrderKey, OrderView};
use crate::payment::inbox::Message;
use crate::payment::journal::{self, Balance};
use crate::payment::{
    Payment, PaymentReference, PaymentState, RefundView, Unmatched, UnmatchedKey, UnmatchedState,
    UnmatchedView,
};
use crate::personal;
use crate::pricing::{StoredRulebook, Usage};
use crate::promotion::{CouponCode, CouponState, CustomerKey};
use crate::{
    AuditId, CartId, ChangeSet, Clock, CommitError, CustomerId, ImportId, KeyId, MailId, MessageId, OrderId,
    PaymentId, PriceChangeId, ProductId, RefundId, StockLevel, Store, StoreError, StoreTrouble, Timestamp,
    UnmatchedId, VariantId, Violation,
};

/// What stands between the engine and a store. Without a say of its own it lets everything through.
#[async_trait]
pub trait Intercept: Send + Sync + 'static {
    /// What becomes of a commit.
    async fn commit(&self, store: &dyn Store, changes: &ChangeSet) -> Result<(), CommitError> {
        store.commit(changes).await
    }

    /// What becomes of a write through the bulk door.
    async fn import(&self, store: &dyn Store, batch: &Batch) -> Result<(), CommitError> {
        store.import(batch).await
    }

    /// What a decision about a cart gets to see.
    fn seen(&self, view: View) -> View {
        view
    }

    /// By which clock whoever asks the store for one goes.
    fn clock(&self, store: &dyn Store) -> Arc<dyn Clock> {
        store.clock()
    }
}

#[async_trait]
impl<I: Intercept> Intercept for Arc<I> {
    async fn commit(&self, store: &dyn Store, changes: &ChangeSet) -> Result<(), CommitError> {
        I::commit(self, store, changes).await
    }

    async fn import(&self, store: &dyn Store, batch: &Batch) -> Result<(), CommitError> {
        I::import(self, store, batch).await
    }

    fn seen(&self, view: View) -> View {
        I::seen(self, view)
    }

    fn clock(&self, store: &dyn Store) -> Arc<dyn Clock> {
        I::clock(self, store)
    }
}

/// A store with an [`Intercept`] before it.
pub struct Intercepted<I> {
    store: Arc<dyn Store>,
    intercept: I,
}

impl<I: Intercept> Intercepted<I> {
    /// The store with this before it.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, intercept: I) -> Self {
        Self { store, intercept }
    }

    /// What stands before it.
    #[must_use]
    pub fn intercept(&self) -> &I {
        &self.intercept
    }
}

#[async_trait]
impl<I: Intercept> Store for Intercepted<I> {
    fn clock(&self) -> Arc<dyn Clock> {
        self.intercept.clock(&*self.store)
    }

    async fn account(&self, look: &account::Look) -> Result<account::View, StoreError> {
        self.store.account(look).await
    }

    async fn accounts(&self, search: &account::Search, limit: u32) -> Result<Vec<Account>, StoreError> {
        self.store.accounts(search, limit).await
    }

    async fn personal(&self, look: personal::Look) -> Result<personal::View, StoreError> {
        self.store.personal(look).await
    }

    async fn wishlist(&self, look: &interest::Look) -> Result<interest::View, StoreError> {
        self.store.wishlist(look).await
    }

    async fn viewed_products(&self, account: CustomerId) -> Result<interest::ViewedProducts, StoreError> {
        self.store.viewed_products(account).await
    }

    async fn api_key(&self, look: access::Look) -> Result<access::View, StoreError> {
        self.store.api_key(look).await
    }

    async fn api_keys(&self, before: Option<KeyId>, limit: u32) -> Result<Vec<access::View>, StoreError> {
        self.store.api_keys(before, limit).await
    }

    async fn cart(&self, look: &Look) -> Result<View, StoreError> {
        Ok(self.intercept.seen(self.store.cart(look).await?))
    }

    async fn order(&self, key: OrderKey, repeated: Option<Scope>) -> Result<Option<OrderView>, StoreError> {
        self.store.order(key, repeated).await
    }

    async fn orders_in_full(&self, ids: &[OrderId]) -> Result<Vec<OrderView>, StoreError> {
        self.store.orders_in_full(ids).await
    }

    async fn orders(
        &self,
        search: &crate::order::Search,
        limit: u32,
    ) -> Result<Vec<crate::order::Summary>, StoreError> {
        self.store.orders(search, limit).await
    }

    async fn order_notes(
        &self,
        order: OrderId,
        before: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<crate::order::Note>, StoreError> {
        self.store.order_notes(order, before, limit).await
    }

    async fn overdue_orders(&self, limit: u32) -> Result<Vec<OrderId>, StoreError> {
        self.store.overdue_orders(limit).await
    }

    async fn due_payments(&self, limit: u32) -> Result<Vec<PaymentReference>, StoreError> {
        self.store.due_payments(limit).await
    }

    async fn due_refunds(&self, limit: u32) -> Result<Vec<RefundId>, StoreError> {
        self.store.due_refunds(limit).await
    }

    async fn refund(&self, id: RefundId) -> Result<Option<RefundView>, StoreError> {
        self.store.refund(id).await
    }

    async fn known_money(
        &self,
        references: &[PaymentReference],
    ) -> Result<Vec<PaymentReference>, StoreError> {
        self.store.known_money(references).await
    }

    async fn unmatched(&self, key: &UnmatchedKey) -> Result<Option<UnmatchedView>, StoreError> {
        self.store.unmatched(key).await
    }

    async fn unmatched_list(
        &self,
        state: Option<UnmatchedState>,
        before: Option<UnmatchedId>,
        limit: u32,
    ) -> Result<Vec<Unmatched>, StoreError> {
        self.store.unmatched_list(state, before, limit).await
    }

    async fn payments(
        &self,
        state: Option<PaymentState>,
        before: Option<PaymentId>,
        limit: u32,
    ) -> Result<Vec<Payment>, StoreError> {
        self.store.payments(state, before, limit).await
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        self.store.payment(id).await
    }

    async fn journal(&self, order: OrderId) -> Result<Vec<journal::Entry>, StoreError> {
        self.store.journal(order).await
    }

    async fn balances(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Balance>, StoreError> {
        self.store.balances(from, to).await
    }

    async fn waiting_messages(&self, limit: u32) -> Result<(Timestamp, Vec<Message>), StoreError> {
        self.store.waiting_messages(limit).await
    }

    async fn parked_messages(
        &self,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        self.store.parked_messages(before, limit).await
    }

    async fn message(&self, id: MessageId) -> Result<Option<(Timestamp, Message)>, StoreError> {
        self.store.message(id).await
    }

    async fn waiting_mails(&self, limit: u32) -> Result<Waiting, StoreError> {
        self.store.waiting_mails(limit).await
    }

    async fn mails(
        &self,
        state: Option<MailState>,
        before: Option<MailId>,
        limit: u32,
    ) -> Result<Vec<Mail>, StoreError> {
        self.store.mails(state, before, limit).await
    }

    async fn mail(&self, id: MailId) -> Result<Option<(Timestamp, Mail)>, StoreError> {
        self.store.mail(id).await
    }

    async fn bulk_import(&self, look: &bulk::Look) -> Result<bulk::View, StoreError> {
        self.store.bulk_import(look).await
    }

    async fn bulk_imports(&self, search: &bulk::Search, limit: u32) -> Result<Vec<bulk::Import>, StoreError> {
        self.store.bulk_imports(search, limit).await
    }

    async fn due_import(&self) -> Result<Option<(Timestamp, bulk::Import)>, StoreError> {
        self.store.due_import().await
    }

    async fn import_chunk(&self, import: ImportId, number: u64) -> Result<Option<Bytes>, StoreError> {
        self.store.import_chunk(import, number).await
    }

    async fn import_refusals(
        &self,
        import: ImportId,
        behind: u64,
        limit: u32,
    ) -> Result<Vec<bulk::RefusedRow>, StoreError> {
        self.store.import_refusals(import, behind, limit).await
    }

    async fn job(&self, name: &str) -> Result<(Timestamp, Job), StoreError> {
        self.store.job(name).await
    }

    async fn rulebook(&self) -> Result<Option<StoredRulebook>, StoreError> {
        self.store.rulebook().await
    }

    async fn promotion_usage(
        &self,
        promotions: &[String],
        customer: Option<CustomerKey>,
    ) -> Result<Vec<Usage>, StoreError> {
        self.store.promotion_usage(promotions, customer).await
    }

    async fn coupons(
        &self,
        promotion: Option<String>,
        after: Option<CouponCode>,
        limit: u32,
    ) -> Result<Vec<CouponState>, StoreError> {
        self.store.coupons(promotion, after, limit).await
    }

    async fn issued(&self, promotion: &str, issued_by: AuditId) -> Result<Vec<CouponState>, StoreError> {
        self.store.issued(promotion, issued_by).await
    }

    async fn audit(&self, search: &Search, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.store.audit(search, limit).await
    }

    async fn last_seal(&self) -> Result<Option<(Seal, Timestamp)>, StoreError> {
        self.store.last_seal().await
    }

    async fn unsealed_audit(&self, from: AuditId, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.store.unsealed_audit(from, limit).await
    }

    async fn sealed_audit(&self, behind: u64, limit: u32) -> Result<Vec<(Seal, Option<Entry>)>, StoreError> {
        self.store.sealed_audit(behind, limit).await
    }

    async fn recent_carts(
        &self,
        since: Timestamp,
        after: Option<CartId>,
        limit: u32,
    ) -> Result<Vec<View>, StoreError> {
        self.store.recent_carts(since, after, limit).await
    }

    async fn review(&self, look: &crate::review::Look) -> Result<crate::review::View, StoreError> {
        self.store.review(look).await
    }

    async fn reviews(&self, search: &crate::review::Search) -> Result<crate::review::Found, StoreError> {
        self.store.reviews(search).await
    }

    async fn products(&self, filter: &ProductFilter) -> Result<Page<ProductSummary>, StoreError> {
        self.store.products(filter).await
    }

    async fn product(&self, key: &ProductKey) -> Result<Option<ProductDetail>, StoreError> {
        self.store.product(key).await
    }

    async fn related(&self, slug: &Slug, limit: u32) -> Result<Option<Vec<ProductSummary>>, StoreError> {
        self.store.related(slug, limit).await
    }

    async fn product_list(
        &self,
        search: &ProductSearch,
        limit: u32,
    ) -> Result<Vec<ListedProduct>, StoreError> {
        self.store.product_list(search, limit).await
    }

    async fn price_changes(
        &self,
        product: ProductId,
        before: Option<PriceChangeId>,
        limit: u32,
    ) -> Result<Vec<PriceChange>, StoreError> {
        self.store.price_changes(product, before, limit).await
    }

    async fn due_products(&self, limit: u32) -> Result<Vec<Slug>, StoreError> {
        self.store.due_products(limit).await
    }

    async fn categories(&self) -> Result<Vec<CategoryNode>, StoreError> {
        self.store.categories().await
    }

    async fn catalog_generation(&self) -> Result<Generation, StoreError> {
        self.store.catalog_generation().await
    }

    async fn import_view(&self, keys: &ImportKeys) -> Result<CatalogView, StoreError> {
        self.store.import_view(keys).await
    }

    async fn export(&self, after: Option<Slug>, limit: u32) -> Result<ExportPage, StoreError> {
        self.store.export(after, limit).await
    }

    async fn locations(&self) -> Result<Vec<Location>, StoreError> {
        self.store.locations().await
    }

    async fn prices(&self, look: &PriceLook) -> Result<PriceView, StoreError> {
        self.store.prices(look).await
    }

    async fn inventory(&self, look: &inventory::Look) -> Result<inventory::View, StoreError> {
        self.store.inventory(look).await
    }

    async fn levels(&self, search: &LevelSearch, limit: u32) -> Result<Vec<LevelRow>, StoreError> {
        self.store.levels(search, limit).await
    }

    async fn movements(&self, search: &MovementSearch, limit: u32) -> Result<Vec<MovementRow>, StoreError> {
        self.store.movements(search, limit).await
    }

    async fn stock(&self, variants: &[VariantId]) -> Result<(Timestamp, Vec<StockLevel>), StoreError> {
        self.store.stock(variants).await
    }

    fn search(&self) -> Arc<dyn crate::Search> {
        self.store.search()
    }

    async fn search_settings(&self) -> Result<crate::search::StoredSettings, StoreError> {
        self.store.search_settings().await
    }

    async fn set_search_settings(
        &self,
        settings: &crate::search::StoredSettings,
    ) -> Result<bool, StoreError> {
        self.store.set_search_settings(settings).await
    }

    async fn index(&self, limit: u32) -> Result<u64, StoreError> {
        self.store.index(limit).await
    }

    async fn taxonomy(
        &self,
        values_of: Option<crate::AttributeId>,
    ) -> Result<crate::catalog::TaxonomyView, StoreError> {
        self.store.taxonomy(values_of).await
    }

    async fn moved_category(&self, slug: &Slug) -> Result<Option<Slug>, StoreError> {
        self.store.moved_category(slug).await
    }

    async fn tags(
        &self,
        after: Option<String>,
        only: Option<String>,
        limit: u32,
    ) -> Result<Vec<crate::catalog::TagCount>, StoreError> {
        self.store.tags(after, only, limit).await
    }

    async fn count_sold(&self) -> Result<u64, StoreError> {
        self.store.count_sold().await
    }

    async fn commit(&self, changes: &ChangeSet) -> Result<(), CommitError> {
        self.intercept.commit(&*self.store, changes).await
    }

    async fn import(&self, batch: &Batch) -> Result<(), CommitError> {
        self.intercept.import(&*self.store, batch).await
    }

    async fn violations(&self) -> Result<Vec<Violation>, StoreError> {
        self.store.violations().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }
}

type Interlude = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Lets something happen between a look and its commit: each interlude runs once, before one commit. What would need
/// luck to meet in a race comes about every time.
#[derive(Default)]
pub struct Crossing {
    interludes: Mutex<VecDeque<Interlude>>,
}

impl Crossing {
    /// Before the next commit, or the one after those that have an interlude already, this happens.
    #[must_use]
    pub fn then(self, interlude: impl Future<Output = ()> + Send + 'static) -> Self {
        self.interludes.lock().unwrap().push_back(Box::pin(interlude));
        self
    }

    /// How many interludes are still to come.
    #[must_use]
    pub fn left(&self) -> usize {
        self.interludes.lock().unwrap().len()
    }
}

#[async_trait]
impl Intercept for Crossing {
    async fn commit(&self, store: &dyn Store, changes: &ChangeSet) -> Result<(), CommitError> {
        let interlude = self.interludes.lock().unwrap().pop_front();
        if let Some(interlude) = interlude {
            interlude.await;
        }
        store.commit(changes).await
    }
}

/// Has the first so many commits wait for each other: all of them were decided before any is written.
#[derive(Debug)]
pub struct Meeting {
    expected: usize,
    arrived: AtomicUsize,
    all_here: Notify,
}

impl Meeting {
    /// A meeting of so many commits.
    #[must_use]
    pub fn of(expected: usize) -> Self {
        Self { expected, arrived: AtomicUsize::new(0), all_here: Notify::new() }
    }
}

#[async_trait]
impl Intercept for Meeting {
    async fn commit(&self, store: &dyn Store, changes: &ChangeSet) -> Result<(), CommitError> {
        let all_here = self.all_here.notified();
        let arrived = self.arrived.fetch_add(1, Ordering::SeqCst) + 1;
        if arrived >= self.expected {
            self.all_here.notify_waiters();
        } else {
            // Who was refused before the commit does not come. That is wrong in every race, so it may cost its time.
            let _ = tokio::time::timeout(Duration::from_secs(5), all_here).await;
        }
        store.commit(changes).await
    }
}

/// When the store stops answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Before it writes: nothing happened.
    Before,
    /// After it wrote: what was asked for happened, and nobody was told.
    After,
}

/// Loses the answers to commits, as a network does.
#[derive(Debug, Default)]
pub struct Losing {
    faults: Mutex<VecDeque<Option<Fault>>>,
}

impl Losing {
    /// The next commit meets this fault; said again, the one after it.
    pub fn next(&self, fault: Fault) {
        self.faults.lock().unwrap().push_back(Some(fault));
    }

    /// The next commit is answered; said between faults.
    pub fn answered(&self) {
        self.faults.lock().unwrap().push_back(None);
    }

    /// No more faults.
    pub fn heal(&self) {
        self.faults.lock().unwrap().clear();
    }
}

#[async_trait]
impl Intercept for Losing {
    async fn commit(&self, store: &dyn Store, changes: &ChangeSet) -> Result<(), CommitError> {
        let fault = self.faults.lock().unwrap().pop_front().flatten();
        let lost = || CommitError::Store(StoreError::new(StoreTrouble::Unavailable, "the answer was lost"));
        match fault {
            None => store.commit(changes).await,
            Some(Fault::Before) => Err(lost()),
            Some(Fault::After) => {
                store.commit(changes).await?;
                Err(lost())
            }
        }
    }
}
