//! The port: each method takes a connection, does its work, and does it again when the database asks for that.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use commerce_core::account::Account;
use commerce_core::audit::{Entry, Seal, Search as AuditSearch};
use commerce_core::bulk::{Import, RefusedRow};
use commerce_core::cache::Generation;
use commerce_core::catalog::{
    Batch, CatalogView, CategoryNode, ExportPage, ImportKeys, ListedProduct, Page, PriceChange, PriceLook,
    PriceView, ProductDetail, ProductFilter, ProductKey, ProductSearch, ProductSummary, Slug, TagCount,
    TaxonomyView,
};
use commerce_core::interest::ViewedProducts;
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
    StoreTrouble, Timestamp, UnmatchedId, VariantId, Violation,
    cart::{Look, View},
    idempotency,
};
use sqlx::Connection;
use sqlx::postgres::{PgConnection, PgPool};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::clock::SystemClock;
use crate::error::{Attempts, Stage, store_error, trouble_of};
use crate::lent::Lent;
use crate::{
    access, account, audit, bulk, cart, catalog, catalog_list, commit, doctor, generation, import, interest,
    inventory, inventory_look, job, journal, listing, mail, message, order, order_list, order_note, payment,
    personal, pricing, promotion, refund, related, reprice, review, search, search_find, sold, taxonomy,
    unmatched,
};

/// The store on PostgreSQL. Cheap to clone; every clone shares the pool.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    pub(crate) pool: PgPool,
    pub(crate) schema: Option<String>,
    pub(crate) migration_lock: bool,
    pub(crate) answer_timeout: Duration,
    /// The schema of `pg_trgm`, once it was asked for.
    pub(crate) trigrams: Arc<OnceCell<Option<String>>>,
}

/// Work that is done in a transaction, as data, so that it can be done again.
#[derive(Clone, Copy)]
enum Work<'w> {
    Commit(&'w ChangeSet),
    Import(&'w Batch),
    Index(&'w [Uuid]),
}

impl PostgresStore {
    async fn acquire(&self) -> Result<Lent, StoreError> {
        self.pool.acquire().await.map(Lent::from).map_err(store_error)
    }

    /// Gives the work up when its time is over, and its connection with it. The server's own timeouts are shorter, but a
    /// server that cannot be heard keeps none.
    async fn in_time<T, E: From<StoreError>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let late =
            |_| Err(StoreError::new(StoreTrouble::Unavailable, "the database did not answer in time").into());
        tokio::time::timeout(self.answer_timeout, work).await.unwrap_or_else(late)
    }

    async fn write(&self, work: Work<'_>) -> Result<(), CommitError> {
        let mut attempts = Attempts::default();
        loop {
            let (stage, done) = self.try_write(work).await;
            let Err(error) = done else { return Ok(()) };
            match trouble_of(&error) {
                Some(trouble) if attempts.again(trouble, stage).await => {}
                _ => return Err(error),
            }
        }
    }

    async fn try_write(&self, work: Work<'_>) -> (Stage, Result<(), CommitError>) {
        let mut conn = match self.acquire().await {
            Ok(conn) => conn,
            Err(error) => return (Stage::Before, Err(error.into())),
        };
        let mut transaction = match conn.begin().await {
            Ok(transaction) => transaction,
            Err(error) => return (Stage::Before, Err(store_error(error).into())),
        };
        let applied = work.apply(&mut transaction).await;
        if let Err(error) = applied {
            // At once, for the locks' sake. Should this fail, the connection is gone and the server rolls back itself.
            let _ = transaction.rollback().await;
            return (Stage::Before, Err(error));
        }
        (Stage::Commit, transaction.commit().await.map_err(|error| store_error(error).into()))
    }
}

impl Work<'_> {
    async fn apply(self, conn: &mut PgConnection) -> Result<(), CommitError> {
        match self {
            Self::Commit(changes) => commit::apply(conn, changes).await,
            Self::Import(batch) => catalog::apply(conn, batch).await,
            Self::Index(products) => search::index(conn, products).await,
        }
    }
}

/// Reads what somebody waits for, in a bounded time.
macro_rules! look {
    ($store:expr, $conn:ident => $look:expr) => {
        $store.in_time(async { read!($store, $conn => $look) }).await
    };
}

/// Reads, and reads once more when the connection broke or the database asks for that: a read leaves nothing behind.
macro_rules! read {
    ($store:expr, $conn:ident => $look:expr) => {{
        let mut attempts = Attempts::default();
        loop {
            let looked = match $store.acquire().await {
                Ok(mut held) => {
                    let $conn = &mut *held;
                    $look.await
                }
                Err(error) => Err(error),
            };
            match looked {
                Err(error) if attempts.again(&error, Stage::Before).await => {}
                looked => break looked,
            }
        }
    }};
}

#[async_trait]
impl Store for PostgresStore {
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    async fn account(
        &self,
        look: &commerce_core::account::Look,
    ) -> Result<commerce_core::account::View, StoreError> {
        look!(self, conn => account::view(conn, look))
    }

    async fn personal(
        &self,
        look: commerce_core::personal::Look,
    ) -> Result<commerce_core::personal::View, StoreError> {
        look!(self, conn => personal::view(conn, look))
    }

    async fn accounts(
        &self,
        search: &commerce_core::account::Search,
        limit: u32,
    ) -> Result<Vec<Account>, StoreError> {
        look!(self, conn => account::list(conn, search, limit))
    }

    async fn wishlist(
        &self,
        look: &commerce_core::interest::Look,
    ) -> Result<commerce_core::interest::View, StoreError> {
        look!(self, conn => interest::wishlist(conn, look))
    }

    async fn viewed_products(&self, account: CustomerId) -> Result<ViewedProducts, StoreError> {
        look!(self, conn => interest::viewed_products(conn, account))
    }

    async fn api_key(
        &self,
        look: commerce_core::access::Look,
    ) -> Result<commerce_core::access::View, StoreError> {
        look!(self, conn => access::view(conn, look))
    }

    async fn api_keys(
        &self,
        before: Option<KeyId>,
        limit: u32,
    ) -> Result<Vec<commerce_core::access::View>, StoreError> {
        look!(self, conn => access::list(conn, before, limit))
    }

    async fn cart(&self, look: &Look) -> Result<View, StoreError> {
        look!(self, conn => cart::view(conn, look))
    }

    async fn order(
        &self,
        key: OrderKey,
        repeated: Option<idempotency::Scope>,
    ) -> Result<Option<OrderView>, StoreError> {
        look!(self, conn => order::view(conn, key.clone(), repeated.as_ref()))
    }

    async fn orders_in_full(&self, ids: &[OrderId]) -> Result<Vec<OrderView>, StoreError> {
        look!(self, conn => order::views(conn, ids))
    }

    async fn orders(
        &self,
        search: &commerce_core::order::Search,
        limit: u32,
    ) -> Result<Vec<Summary>, StoreError> {
        look!(self, conn => order_list::orders(conn, search, limit))
    }

    async fn order_notes(
        &self,
        order: OrderId,
        before: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<Note>, StoreError> {
        look!(self, conn => order_note::notes(conn, order, before, limit))
    }

    async fn overdue_orders(&self, limit: u32) -> Result<Vec<OrderId>, StoreError> {
        look!(self, conn => order::overdue(conn, limit))
    }

    async fn due_payments(&self, limit: u32) -> Result<Vec<PaymentReference>, StoreError> {
        look!(self, conn => payment::due(conn, limit))
    }

    async fn due_refunds(&self, limit: u32) -> Result<Vec<RefundId>, StoreError> {
        look!(self, conn => refund::due(conn, limit))
    }

    async fn refund(&self, id: RefundId) -> Result<Option<RefundView>, StoreError> {
        look!(self, conn => refund::view(conn, id))
    }

    async fn known_money(
        &self,
        references: &[PaymentReference],
    ) -> Result<Vec<PaymentReference>, StoreError> {
        look!(self, conn => payment::known(conn, references))
    }

    async fn unmatched(&self, key: &UnmatchedKey) -> Result<Option<UnmatchedView>, StoreError> {
        look!(self, conn => unmatched::view(conn, key))
    }

    async fn unmatched_list(
        &self,
        state: Option<UnmatchedState>,
        before: Option<UnmatchedId>,
        limit: u32,
    ) -> Result<Vec<Unmatched>, StoreError> {
        look!(self, conn => unmatched::list(conn, state, before, limit))
    }

    async fn payments(
        &self,
        state: Option<PaymentState>,
        before: Option<PaymentId>,
        limit: u32,
    ) -> Result<Vec<Payment>, StoreError> {
        look!(self, conn => payment::list(conn, state, before, limit))
    }

    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        look!(self, conn => payment::payment(conn, id))
    }

    async fn journal(&self, order: OrderId) -> Result<Vec<JournalEntry>, StoreError> {
        look!(self, conn => journal::of_order(conn, order))
    }

    async fn balances(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Balance>, StoreError> {
        look!(self, conn => journal::balances(conn, from, to))
    }

    async fn waiting_messages(&self, limit: u32) -> Result<(Timestamp, Vec<Message>), StoreError> {
        look!(self, conn => message::waiting(conn, limit))
    }

    async fn parked_messages(
        &self,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        look!(self, conn => message::parked(conn, before, limit))
    }

    async fn message(&self, id: MessageId) -> Result<Option<(Timestamp, Message)>, StoreError> {
        look!(self, conn => message::message(conn, id))
    }

    async fn waiting_mails(&self, limit: u32) -> Result<Waiting, StoreError> {
        look!(self, conn => mail::waiting(conn, limit))
    }

    async fn mails(
        &self,
        state: Option<MailState>,
        before: Option<MailId>,
        limit: u32,
    ) -> Result<Vec<Mail>, StoreError> {
        look!(self, conn => mail::mails(conn, state, before, limit))
    }

    async fn mail(&self, id: MailId) -> Result<Option<(Timestamp, Mail)>, StoreError> {
        look!(self, conn => mail::mail(conn, id))
    }

    async fn bulk_import(
        &self,
        look: &commerce_core::bulk::Look,
    ) -> Result<commerce_core::bulk::View, StoreError> {
        look!(self, conn => bulk::view(conn, look))
    }

    async fn bulk_imports(
        &self,
        search: &commerce_core::bulk::Search,
        limit: u32,
    ) -> Result<Vec<Import>, StoreError> {
        look!(self, conn => bulk::list(conn, search, limit))
    }

    async fn due_import(&self) -> Result<Option<(Timestamp, Import)>, StoreError> {
        look!(self, conn => bulk::due(conn))
    }

    async fn import_chunk(&self, import: ImportId, number: u64) -> Result<Option<Bytes>, StoreError> {
        look!(self, conn => bulk::chunk(conn, import, number))
    }

    async fn import_refusals(
        &self,
        import: ImportId,
        behind: u64,
        limit: u32,
    ) -> Result<Vec<RefusedRow>, StoreError> {
        look!(self, conn => bulk::refusals(conn, import, behind, limit))
    }

    async fn job(&self, name: &str) -> Result<(Timestamp, Job), StoreError> {
        look!(self, conn => job::job(conn, name))
    }

    async fn rulebook(&self) -> Result<Option<StoredRulebook>, StoreError> {
        look!(self, conn => pricing::current(conn))
    }

    async fn promotion_usage(
        &self,
        promotions: &[String],
        customer: Option<CustomerKey>,
    ) -> Result<Vec<Usage>, StoreError> {
        look!(self, conn => promotion::usage(conn, promotions, customer))
    }

    async fn coupons(
        &self,
        of: Option<String>,
        after: Option<CouponCode>,
        limit: u32,
    ) -> Result<Vec<CouponState>, StoreError> {
        look!(self, conn => promotion::coupons(conn, of.as_deref(), after.as_ref(), limit))
    }

    async fn issued(&self, promotion: &str, issued_by: AuditId) -> Result<Vec<CouponState>, StoreError> {
        look!(self, conn => promotion::issued(conn, promotion, issued_by))
    }

    async fn audit(&self, search: &AuditSearch, limit: u32) -> Result<Vec<Entry>, StoreError> {
        look!(self, conn => audit::search(conn, search, limit))
    }

    async fn last_seal(&self) -> Result<Option<(Seal, Timestamp)>, StoreError> {
        look!(self, conn => audit::last_seal(conn))
    }

    async fn unsealed_audit(&self, from: AuditId, limit: u32) -> Result<Vec<Entry>, StoreError> {
        look!(self, conn => audit::unsealed(conn, from, limit))
    }

    async fn sealed_audit(&self, behind: u64, limit: u32) -> Result<Vec<(Seal, Option<Entry>)>, StoreError> {
        look!(self, conn => audit::sealed(conn, behind, limit))
    }

    async fn recent_carts(
        &self,
        since: Timestamp,
        after: Option<CartId>,
        limit: u32,
    ) -> Result<Vec<View>, StoreError> {
        read!(self, conn => cart::recent(conn, since, after, limit))
    }

    async fn review(
        &self,
        look: &commerce_core::review::Look,
    ) -> Result<commerce_core::review::View, StoreError> {
        look!(self, conn => review::view(conn, look))
    }

    async fn reviews(
        &self,
        search: &commerce_core::review::Search,
    ) -> Result<commerce_core::review::Found, StoreError> {
        look!(self, conn => review::search(conn, search))
    }

    async fn products(&self, filter: &ProductFilter) -> Result<Page<ProductSummary>, StoreError> {
        look!(self, conn => listing::products(conn, filter))
    }

    async fn product(&self, key: &ProductKey) -> Result<Option<ProductDetail>, StoreError> {
        look!(self, conn => listing::product(conn, key))
    }

    async fn related(&self, slug: &Slug, limit: u32) -> Result<Option<Vec<ProductSummary>>, StoreError> {
        look!(self, conn => related::related(conn, slug, limit))
    }

    async fn product_list(
        &self,
        search: &ProductSearch,
        limit: u32,
    ) -> Result<Vec<ListedProduct>, StoreError> {
        look!(self, conn => catalog_list::list(conn, search, limit))
    }

    async fn price_changes(
        &self,
        product: ProductId,
        before: Option<PriceChangeId>,
        limit: u32,
    ) -> Result<Vec<PriceChange>, StoreError> {
        look!(self, conn => catalog_list::prices(conn, product, before, limit))
    }

    async fn due_products(&self, limit: u32) -> Result<Vec<Slug>, StoreError> {
        look!(self, conn => catalog_list::due(conn, limit))
    }

    async fn categories(&self) -> Result<Vec<CategoryNode>, StoreError> {
        look!(self, conn => listing::categories(conn))
    }

    async fn catalog_generation(&self) -> Result<Generation, StoreError> {
        look!(self, conn => generation::current(conn))
    }

    async fn import_view(&self, keys: &ImportKeys) -> Result<CatalogView, StoreError> {
        read!(self, conn => import::view(conn, keys))
    }

    async fn export(&self, after: Option<Slug>, limit: u32) -> Result<ExportPage, StoreError> {
        read!(self, conn => import::export(conn, after.as_ref(), limit))
    }

    async fn locations(&self) -> Result<Vec<Location>, StoreError> {
        look!(self, conn => inventory::locations(conn))
    }

    async fn stock(&self, variants: &[VariantId]) -> Result<(Timestamp, Vec<StockLevel>), StoreError> {
        look!(self, conn => inventory::levels(conn, variants))
    }

    async fn prices(&self, look: &PriceLook) -> Result<PriceView, StoreError> {
        look!(self, conn => reprice::view(conn, look))
    }

    async fn inventory(&self, look: &stock::Look) -> Result<stock::View, StoreError> {
        look!(self, conn => inventory_look::view(conn, look))
    }

    async fn levels(&self, search: &LevelSearch, limit: u32) -> Result<Vec<LevelRow>, StoreError> {
        look!(self, conn => inventory_look::levels(conn, search, limit))
    }

    async fn movements(&self, search: &MovementSearch, limit: u32) -> Result<Vec<MovementRow>, StoreError> {
        look!(self, conn => inventory_look::movements(conn, search, limit))
    }

    fn search(&self) -> Arc<dyn Search> {
        Arc::new(self.clone())
    }

    async fn search_settings(&self) -> Result<StoredSettings, StoreError> {
        look!(self, conn => search::settings(conn))
    }

    async fn set_search_settings(&self, settings: &StoredSettings) -> Result<bool, StoreError> {
        let mut conn = self.acquire().await?;
        search::set_settings(&mut conn, settings).await
    }

    async fn index(&self, limit: u32) -> Result<u64, StoreError> {
        let unindexed = read!(self, conn => search::unindexed(conn, limit))?;
        if !unindexed.is_empty() {
            self.write(Work::Index(&unindexed)).await.map_err(|error| match error {
                CommitError::Store(error) => error,
                stale @ CommitError::Stale { .. } => StoreError::new(StoreTrouble::Broken, stale),
            })?;
        }
        Ok(unindexed.len() as u64)
    }

    async fn taxonomy(&self, values_of: Option<AttributeId>) -> Result<TaxonomyView, StoreError> {
        read!(self, conn => taxonomy::view(conn, values_of))
    }

    async fn moved_category(&self, slug: &Slug) -> Result<Option<Slug>, StoreError> {
        look!(self, conn => taxonomy::moved_category(conn, slug))
    }

    async fn tags(
        &self,
        after: Option<String>,
        only: Option<String>,
        limit: u32,
    ) -> Result<Vec<TagCount>, StoreError> {
        read!(self, conn => taxonomy::tags(conn, after.as_deref(), only.as_deref(), limit))
    }

    async fn count_sold(&self) -> Result<u64, StoreError> {
        read!(self, conn => sold::count(conn))
    }

    async fn commit(&self, changes: &ChangeSet) -> Result<(), CommitError> {
        self.in_time(self.write(Work::Commit(changes))).await
    }

    async fn import(&self, batch: &Batch) -> Result<(), CommitError> {
        self.write(Work::Import(batch)).await
    }

    async fn violations(&self) -> Result<Vec<Violation>, StoreError> {
        read!(self, conn => doctor::violations(conn))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        look!(self, conn => doctor::ping(conn))
    }
}

#[async_trait]
impl Search for PostgresStore {
    async fn find(&self, request: &Request) -> Result<Found, StoreError> {
        look!(self, conn => search_find::find(conn, request))
    }

    async fn complete(&self, typed: &Typed) -> Result<Completions, StoreError> {
        look!(self, conn => search::complete(conn, typed))
    }

    async fn similar(&self, words: &[String]) -> Result<Vec<Similar>, StoreError> {
        let asked = async || look!(self, conn => search::trigrams(conn));
        let trigrams = self.trigrams.get_or_try_init(asked).await?;
        look!(self, conn => search::similar(conn, words, trigrams.as_deref()))
    }
}
