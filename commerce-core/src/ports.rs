//! What the engine needs of the world: ports, each with its contract.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::access;
use crate::account::{self, Account, Password, PasswordHash};
use crate::cache::Generation;
#[cfg(feature = "answers")]
use crate::cache::InProcessCache;
use crate::catalog::{
    Batch, CatalogView, CategoryNode, ExportPage, ImportKeys, ListedProduct, Page, PriceChange, PriceLook,
    PriceView, ProductDetail, ProductFilter, ProductKey, ProductSearch, ProductSummary, Slug, TagCount,
    TaxonomyView,
};
use crate::commit::{ChangeSet, CommitError, StoreError};
use crate::invariant::Violation;
use crate::inventory::{self, LevelRow, LevelSearch, Location, MovementRow, MovementSearch, StockLevel};
use crate::job::Job;
use crate::limit::{InProcessLimiter, Quota, Verdict};
use crate::mail::{self, Envelope, Mail, MailState, MailerError};
use crate::media::{MediaError, MediaKey};
use crate::order::{OrderKey, OrderView};
use crate::payment::inbox::Message;
use crate::payment::journal::{Balance, Entry as JournalEntry};
use crate::payment::{
    Charge, ChargePage, ChargeWindow, GatewayError, GatewayMode, GatewayRefund, Intent, NextAction, Notice,
    NoticeError, Payment, PaymentMethod, PaymentReference, PaymentState, RefundRequest, RefundView,
    Unmatched, UnmatchedKey, UnmatchedState, UnmatchedView,
};
use crate::pricing::{StoredRulebook, Usage};
use crate::promotion::{CouponCode, CouponState, CustomerKey};
use crate::search::StoredSettings;
use crate::shipping::{CarrierError, CarrierRate, CarrierRequest};
use crate::tax::external::{ExternalTax, TaxProviderError, TaxRequest};
use crate::{
    AttributeId, AuditId, CartId, CustomerId, ImportId, KeyId, MailId, MessageId, Money, OrderId, PaymentId,
    PriceChangeId, ProductId, RefundId, Timestamp, UnmatchedId, VariantId, audit, bulk, cart, idempotency,
    interest, order, personal, review, search,
};

/// Where the shop is kept.
///
/// # Contract
/// - A read MUST come from one snapshot, and its `now` MUST be the store's own time of that snapshot: the database's
///   clock where several servers share it, else the [`Clock`] given to the store.
/// - [`commit`](Store::commit) MUST write all of a change set or nothing, and MUST answer `Ok` only when it survives a
///   `kill -9` of the process.
/// - A guard that does not hold MUST roll everything back and answer [`CommitError::Stale`]; it MUST hold or fail
///   atomically with the writes, whatever else runs. A store never retries a decision and never words a refusal.
/// - Retryable trouble of the database (serialization, deadlock, busy) is retried inside, bounded, with the same change
///   set; what remains is [`StoreTrouble::Unavailable`](crate::StoreTrouble::Unavailable).
/// - The [generation](Store::catalog_generation) of the catalogue MUST be another one after each commit and import that
///   changes what [`products`](Store::products), [`product`](Store::product) or [`categories`](Store::categories) answer,
///   whoever makes it, and MUST be written with it. A read of these that begins after a generation was told MUST see all
///   that it stands for: a replica that lags behind may not be read beside a generation of the primary.
/// - Sets MUST come in the order that their types name, with text compared bytewise, so that every store answers alike.
///
/// The conformance suite in `testkit` (feature `testkit`) checks all of this.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The clock by which services wait between two looks.
    fn clock(&self) -> Arc<dyn Clock>;

    /// What a decision about an account, its sessions and links looks at.
    async fn account(&self, look: &account::Look) -> Result<account::View, StoreError>;

    /// Up to `limit` accounts, by id, the newest first.
    async fn accounts(&self, search: &account::Search, limit: u32) -> Result<Vec<Account>, StoreError>;

    /// What a decision about somebody's belongings looks at.
    async fn personal(&self, look: personal::Look) -> Result<personal::View, StoreError>;

    /// What is to be seen of a wishlist.
    async fn wishlist(&self, look: &interest::Look) -> Result<interest::View, StoreError>;

    /// The products that an account looked at, the last first; ties by product id, the newest first.
    async fn viewed_products(&self, account: CustomerId) -> Result<interest::ViewedProducts, StoreError>;

    /// What a decision about the key of a program looks at.
    async fn api_key(&self, look: access::Look) -> Result<access::View, StoreError>;

    /// Up to `limit` keys of programs before `before`, by id, the newest first; revoked and expired ones too. Each as a look at
    /// it by its id sees it.
    async fn api_keys(&self, before: Option<KeyId>, limit: u32) -> Result<Vec<access::View>, StoreError>;

    /// What a decision about a cart, checkout included, looks at.
    async fn cart(&self, look: &cart::Look) -> Result<cart::View, StoreError>;

    /// An order, and the record of a request that may be a repetition.
    async fn order(
        &self,
        key: OrderKey,
        repeated: Option<idempotency::Scope>,
    ) -> Result<Option<OrderView>, StoreError>;

    /// Those of these orders that there are, by id, the newest first, without records of requests.
    async fn orders_in_full(&self, ids: &[OrderId]) -> Result<Vec<OrderView>, StoreError>;

    /// Up to `limit` orders, by id, the newest first.
    async fn orders(&self, search: &order::Search, limit: u32) -> Result<Vec<order::Summary>, StoreError>;

    /// Up to `limit` notes on an order before `before`, by id, the newest first.
    async fn order_notes(
        &self,
        order: OrderId,
        before: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<order::Note>, StoreError>;

    /// Orders that wait for payment, or for money that is collected by hand, and whose time to pay has passed by the store's
    /// clock: the oldest first, at most `limit`.
    async fn overdue_orders(&self, limit: u32) -> Result<Vec<OrderId>, StoreError>;

    /// References of attempts whose [`check_at`](crate::payment::Progress::check_at) has come, the oldest first, at most
    /// `limit`.
    async fn due_payments(&self, limit: u32) -> Result<Vec<PaymentReference>, StoreError>;

    /// Refunds whose [`check_at`](crate::payment::RefundProgress::check_at) has come, the oldest first, at most `limit`.
    async fn due_refunds(&self, limit: u32) -> Result<Vec<RefundId>, StoreError>;

    /// A refund.
    async fn refund(&self, id: RefundId) -> Result<Option<RefundView>, StoreError>;

    /// Those of the references whose money we know of: an attempt has captured it, or it counts towards no order.
    async fn known_money(&self, references: &[PaymentReference])
    -> Result<Vec<PaymentReference>, StoreError>;

    /// Money that counts towards no order, with its refunds: by its id or by its reference.
    async fn unmatched(&self, key: &UnmatchedKey) -> Result<Option<UnmatchedView>, StoreError>;

    /// Up to `limit` such rows before `before`, the newest first; of one state or of all.
    async fn unmatched_list(
        &self,
        state: Option<UnmatchedState>,
        before: Option<UnmatchedId>,
        limit: u32,
    ) -> Result<Vec<Unmatched>, StoreError>;

    /// Up to `limit` attempts before `before`, the newest first; in one state or in all.
    async fn payments(
        &self,
        state: Option<PaymentState>,
        before: Option<PaymentId>,
        limit: u32,
    ) -> Result<Vec<Payment>, StoreError>;

    /// One attempt.
    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError>;

    /// The journal's entries for an order, the oldest first.
    async fn journal(&self, order: OrderId) -> Result<Vec<JournalEntry>, StoreError>;

    /// What each account gained on each day, in UTC, from `from` up to, not including, `to`: by day, account and currency.
    /// Accounts that did not move are left out.
    async fn balances(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Balance>, StoreError>;

    /// Messages that wait and whose time has come, the oldest first, at most `limit`; and the time of the look.
    async fn waiting_messages(&self, limit: u32) -> Result<(Timestamp, Vec<Message>), StoreError>;

    /// Up to `limit` parked messages before `before`, the newest first.
    async fn parked_messages(
        &self,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError>;

    /// One message, and the time of the look.
    async fn message(&self, id: MessageId) -> Result<Option<(Timestamp, Message)>, StoreError>;

    /// Mails that wait and whose time has come, the one that has waited longest first, at most `limit`. A row that is no
    /// valid mail MUST NOT hide the others.
    async fn waiting_mails(&self, limit: u32) -> Result<mail::Waiting, StoreError>;

    /// Up to `limit` mails before `before`, the newest first; in one state or in all.
    async fn mails(
        &self,
        state: Option<MailState>,
        before: Option<MailId>,
        limit: u32,
    ) -> Result<Vec<Mail>, StoreError>;

    /// One mail, and the time of the look.
    async fn mail(&self, id: MailId) -> Result<Option<(Timestamp, Mail)>, StoreError>;

    /// What a decision about an import of a file looks at.
    async fn bulk_import(&self, look: &bulk::Look) -> Result<bulk::View, StoreError>;

    /// Up to `limit` imports whose files are there, by id, the newest first.
    async fn bulk_imports(&self, search: &bulk::Search, limit: u32) -> Result<Vec<bulk::Import>, StoreError>;

    /// The import that is queued, or whose lease has run out by the store's clock, and came first; and the time of the look.
    async fn due_import(&self) -> Result<Option<(Timestamp, bulk::Import)>, StoreError>;

    /// A piece of the file of an import.
    async fn import_chunk(&self, import: ImportId, number: u64) -> Result<Option<Bytes>, StoreError>;

    /// Up to `limit` rows that were refused of an import, behind the one of this number, by number.
    async fn import_refusals(
        &self,
        import: ImportId,
        behind: u64,
        limit: u32,
    ) -> Result<Vec<bulk::RefusedRow>, StoreError>;

    /// A job, as it would be if it had never run when it has no row; and the time of the look.
    async fn job(&self, name: &str) -> Result<(Timestamp, Job), StoreError>;

    /// The rulebook in force.
    async fn rulebook(&self) -> Result<Option<StoredRulebook>, StoreError>;

    /// How often these promotions were used, in all and by the customer, in any order; one that never was may be left out.
    async fn promotion_usage(
        &self,
        promotions: &[String],
        customer: Option<CustomerKey>,
    ) -> Result<Vec<Usage>, StoreError>;

    /// Up to `limit` coupons of a promotion, or of all of them, after `after`, by code; their uses by customer are 0.
    async fn coupons(
        &self,
        promotion: Option<String>,
        after: Option<CouponCode>,
        limit: u32,
    ) -> Result<Vec<CouponState>, StoreError>;

    /// The coupons of a promotion whose making this audit row tells of, by code; their uses by customer are 0.
    async fn issued(&self, promotion: &str, issued_by: AuditId) -> Result<Vec<CouponState>, StoreError>;

    /// Up to `limit` audit rows, by id, the newest first.
    async fn audit(&self, search: &audit::Search, limit: u32) -> Result<Vec<audit::Entry>, StoreError>;

    /// The seal at the highest position, and the time of the row that it seals.
    async fn last_seal(&self) -> Result<Option<(audit::Seal, Timestamp)>, StoreError>;

    /// Up to `limit` audit rows from this id on that have no seal, by id.
    async fn unsealed_audit(&self, from: AuditId, limit: u32) -> Result<Vec<audit::Entry>, StoreError>;

    /// Up to `limit` seals behind this position, by position, each with its row; `None`: the row is gone.
    async fn sealed_audit(
        &self,
        behind: u64,
        limit: u32,
    ) -> Result<Vec<(audit::Seal, Option<audit::Entry>)>, StoreError>;

    /// What [`cart`](Store::cart) would see of carts that changed at `since` or later, those that became orders included:
    /// up to `limit` after `after`, by id.
    async fn recent_carts(
        &self,
        since: Timestamp,
        after: Option<CartId>,
        limit: u32,
    ) -> Result<Vec<cart::View>, StoreError>;

    /// What a decision about a review looks at.
    async fn review(&self, look: &review::Look) -> Result<review::View, StoreError>;

    /// A page of reviews.
    async fn reviews(&self, search: &review::Search) -> Result<review::Found, StoreError>;

    /// A page of the products on sale.
    async fn products(&self, filter: &ProductFilter) -> Result<Page<ProductSummary>, StoreError>;

    /// One product, whatever its status, deleted or not.
    async fn product(&self, key: &ProductKey) -> Result<Option<ProductDetail>, StoreError>;

    /// Up to `limit` products on sale that go with this one: those that were bought with it in the orders of late, the ones in
    /// most of these first; then those of its category, then those of its brand, each the newest first. None is named twice.
    /// `None` when this one is not on sale.
    async fn related(&self, slug: &Slug, limit: u32) -> Result<Option<Vec<ProductSummary>>, StoreError>;

    /// Up to `limit` products in whatever status, by id, the newest first.
    async fn product_list(
        &self,
        search: &ProductSearch,
        limit: u32,
    ) -> Result<Vec<ListedProduct>, StoreError>;

    /// Up to `limit` changes of a product's prices before `before`, by id, the newest first.
    async fn price_changes(
        &self,
        product: ProductId,
        before: Option<PriceChangeId>,
        limit: u32,
    ) -> Result<Vec<PriceChange>, StoreError>;

    /// Products that are not deleted and whose time to come on sale, or to go, has come by the store's clock: the oldest
    /// first, at most `limit`.
    async fn due_products(&self, limit: u32) -> Result<Vec<Slug>, StoreError>;

    /// The category tree with the number of products on sale.
    async fn categories(&self) -> Result<Vec<CategoryNode>, StoreError>;

    /// The generation of the catalogue: as long as it is the same, so are the answers to the three above. Cheap, and asked
    /// for several times a second. A commit moves it as [`ChangeSet::moves_catalog`] says, an import always.
    async fn catalog_generation(&self) -> Result<Generation, StoreError>;

    /// What an import of these keys looks at.
    async fn import_view(&self, keys: &ImportKeys) -> Result<CatalogView, StoreError>;

    /// Up to `limit` products after `after`, for an export.
    async fn export(&self, after: Option<Slug>, limit: u32) -> Result<ExportPage, StoreError>;

    /// What a decision about prices looks at.
    async fn prices(&self, look: &PriceLook) -> Result<PriceView, StoreError>;

    /// The locations, by priority, then code.
    async fn locations(&self) -> Result<Vec<Location>, StoreError>;

    /// The stock of these variants, by variant, then location; and the time of the look.
    async fn stock(&self, variants: &[VariantId]) -> Result<(Timestamp, Vec<StockLevel>), StoreError>;

    /// What a decision about stock looks at.
    async fn inventory(&self, look: &inventory::Look) -> Result<inventory::View, StoreError>;

    /// Up to `limit` levels of products that are not deleted, by SKU, then by the id of the location.
    async fn levels(&self, search: &LevelSearch, limit: u32) -> Result<Vec<LevelRow>, StoreError>;

    /// Up to `limit` movements, by id, the newest first.
    async fn movements(&self, search: &MovementSearch, limit: u32) -> Result<Vec<MovementRow>, StoreError>;

    /// The search over this store: the engine's own, unless it is given another.
    fn search(&self) -> Arc<dyn Search>;

    /// How the shop searches.
    async fn search_settings(&self) -> Result<StoredSettings, StoreError>;

    /// Puts settings in place of those of the version before; `false` when others are there.
    async fn set_search_settings(&self, settings: &StoredSettings) -> Result<bool, StoreError>;

    /// Makes the documents of up to `limit` products that have none, or one of another version of the product, or one that
    /// was made under settings that index otherwise; says how many. 0: there are no more of them.
    async fn index(&self, limit: u32) -> Result<u64, StoreError>;

    /// Everything that products share, and the different values that they have of this attribute, by value: at most one
    /// more than [`VALUES_MAX`](crate::catalog::VALUES_MAX).
    async fn taxonomy(&self, values_of: Option<AttributeId>) -> Result<TaxonomyView, StoreError>;

    /// The slug that the category has now which had this one before. One that is deleted has none.
    async fn moved_category(&self, slug: &Slug) -> Result<Option<Slug>, StoreError>;

    /// Up to `limit` tags of products that are not deleted after `after`, bytewise; or this one alone, if they have it.
    async fn tags(
        &self,
        after: Option<String>,
        only: Option<String>,
        limit: u32,
    ) -> Result<Vec<TagCount>, StoreError>;

    /// Counts anew how many units of each product were sold, by which
    /// [`SortBy::BestSelling`](crate::catalog::SortBy::BestSelling) goes: those of the line items of all orders that were
    /// neither cancelled, nor returned, nor refunded. Says of how many products the number changed; the generation of the
    /// catalogue moves on when there are any. The version of a product stays.
    ///
    /// Orders write nothing of it, so that they do not wait for one another at a popular product.
    async fn count_sold(&self) -> Result<u64, StoreError>;

    /// Writes a change set, all of it or nothing.
    async fn commit(&self, changes: &ChangeSet) -> Result<(), CommitError>;

    /// The bulk door: writes a batch of the catalogue, all of it or nothing, in a few statements.
    ///
    /// Products that a revision names are written with it, and up to [`Batch::INDEXED_AT_ONCE`] of them are indexed with
    /// it too. Of more, the others are left to [`index`](Store::index), and found as they were until then.
    async fn import(&self, batch: &Batch) -> Result<(), CommitError>;

    /// Every row that breaks an invariant; empty when all is well. Reads the whole store.
    async fn violations(&self) -> Result<Vec<Violation>, StoreError>;

    /// Answers when the store can be read: for health checks.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// Whoever finds products: the store itself, or a search engine beside it.
///
/// # Contract
/// - Only what is on sale MUST be found, at the prices and with the stock that the store has now; a search engine that has
///   copies of them asks the store before it answers.
/// - A [`Query`](crate::search::Query) MUST find a product exactly when its [`Document`](crate::search::Document) meets it;
///   an engine that takes texts apart in its own way goes by [`Request::text`](crate::search::Request::text) and says so in
///   its documentation.
/// - Counts of a facet MUST leave its own filter out, and [`Counted::facets`](crate::search::Counted::facets) puts them in
///   order. Counting may stop at [`ROWS_MAX`](crate::catalog::ROWS_MAX), and the answer MUST then say so.
/// - The number of statements, or calls, MUST NOT depend on the size of the page.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Search: Send + Sync + 'static {
    /// Finds products on sale.
    async fn find(&self, request: &search::Request) -> Result<search::Found, StoreError>;

    /// What somebody who types may mean.
    async fn complete(&self, typed: &search::Typed) -> Result<search::Completions, StoreError>;

    /// For each of these words, those that are written like it, in the same order. Each is a word of
    /// [`Document::vocabulary`](crate::search::Document::vocabulary) of some product, perhaps one that is gone.
    async fn similar(&self, words: &[String]) -> Result<Vec<search::Similar>, StoreError>;
}

/// Time.
///
/// # Contract
/// `now` MUST be UTC. `sleep` MUST return after about `duration`, and at once on a clock that stands still for a test.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Waits.
    async fn sleep(&self, duration: Duration);
}

/// The prices of carriers.
///
/// # Contract
/// - An answer MUST name at most one rate for each service that was asked for, in the currency of the request, not
///   negative, and for all the parcels together. Rates of other services are not looked at.
/// - A service that the carrier does not offer for these parcels or this destination MUST be left out of the answer, and
///   MUST NOT be an error: a method whose service is left out is not offered, while on an error it falls back to the
///   price that the shop named.
/// - It MUST NOT block the thread. It may take as long as it likes: whoever asks drops the future when the deadline has
///   passed, so it MUST NOT leave anything half done.
/// - The same request SHOULD be answered alike for some minutes, so that what a shopper was shown is what is charged.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ShippingRates: Send + Sync + 'static {
    /// The rates of the services that are asked for.
    async fn rates(&self, request: &CarrierRequest) -> Result<Vec<CarrierRate>, CarrierError>;
}

/// A service that assesses tax in place of the rulebook's rules.
///
/// # Contract
/// - It MUST answer with amounts in the currency of the request, of the request's line items, none below nothing;
///   [`ExternalTax::check`] says what else is no answer. What it leaves out is not taxed.
/// - Asking MUST change nothing: a cart is asked for many times, and most carts never become orders.
/// - It MUST answer or fail within a time that it bounds itself: a shopper waits.
/// - [`TaxProviderError::Unavailable`] MUST mean that the same request may succeed later,
///   [`TaxProviderError::Refused`] that it will not.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait TaxProvider: Send + Sync + 'static {
    /// The tax on what is sold.
    async fn assess(&self, request: &TaxRequest) -> Result<ExternalTax, TaxProviderError>;
}

/// Whoever collects money for the shop: cards, transfers, mobile money, USSD.
///
/// # Contract
/// - It MUST answer or fail within 10 s, and MUST NOT block the thread.
/// - [`start`](PaymentGateway::start) and [`refund`](PaymentGateway::refund) MUST NOT send the same request twice by
///   themselves. When it is not certain that nothing was done, the error MUST be
///   [`GatewayTrouble::Unknown`](crate::payment::GatewayTrouble::Unknown).
/// - A reference MUST be charged at most once, whatever is asked.
/// - [`verify`](PaymentGateway::verify) MUST tell what the gateway says now, and `None` only when the gateway itself says
///   that it does not know the reference.
/// - [`notice`](PaymentGateway::notice) MUST compare the signature with the raw bytes in constant time, and MUST NOT
///   believe anything of a message whose signature is not the gateway's.
/// - No secret may appear in an error, a `Debug` form or a log line.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PaymentGateway: Send + Sync + 'static {
    /// Its name, as it stands in stores: `paystack`.
    fn name(&self) -> &'static str;

    /// Whether it moves real money.
    fn mode(&self) -> GatewayMode;

    /// Whether it can collect this amount in this way.
    fn supports(&self, method: PaymentMethod, amount: Money) -> bool;

    /// Asks to collect. The answer says what the payer does next.
    async fn start(&self, intent: &Intent) -> Result<NextAction, GatewayError>;

    /// What became of a reference.
    async fn verify(&self, reference: &PaymentReference) -> Result<Option<Charge>, GatewayError>;

    /// Asks to pay back.
    async fn refund(&self, request: &RefundRequest) -> Result<GatewayRefund, GatewayError>;

    /// The refunds of a charge, by the gateway's id of the charge, in any order.
    async fn refunds(&self, charge: &str) -> Result<Vec<GatewayRefund>, GatewayError>;

    /// Charges of a span of time, page by page.
    async fn charges(&self, window: &ChargeWindow) -> Result<ChargePage, GatewayError>;

    /// What a message is about, once its signature is found to be the gateway's; an empty one never is.
    fn notice(&self, signature: &str, body: &[u8]) -> Result<Notice, NoticeError>;

    /// What a stored message is about, whose signature was checked when it came.
    fn read_notice(&self, body: &[u8]) -> Result<Notice, NoticeError>;
}

/// Whoever counts requests.
///
/// # Contract
/// - A verdict MUST be that of [`Quota::take`] and [`Quota::give_back`] for the debt of the key, and reading and writing
///   that debt MUST be one step: of many at once, exactly as many pass as would one after the other.
/// - Keys MUST be opaque, told apart byte by byte, and independent of each other. They have at most 256 bytes.
/// - The time MUST be the limiter's own, one for all who share it. A clock that jumps MUST NOT lock a caller out for
///   longer than [`Quota::debt_max`].
/// - It MUST answer within a second, whatever has become of what it counts with, and MUST NOT let everything through when
///   that is gone: it counts as well as it can, and says in its documentation how.
/// - What it keeps of callers MUST be bounded, and gone when they have no debt.
///
/// The conformance suite in `testkit` checks this.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait RateLimiter: Send + Sync + 'static {
    /// Takes one request out of the quota of `key`, or says when that will be possible.
    async fn take(&self, key: &str, quota: Quota) -> Verdict;

    /// Gives back one request that was taken and cost nothing after all; says how things stand.
    async fn give_back(&self, key: &str, quota: Quota) -> Verdict;
}

#[async_trait]
impl RateLimiter for InProcessLimiter {
    async fn take(&self, key: &str, quota: Quota) -> Verdict {
        self.take(key, quota)
    }

    async fn give_back(&self, key: &str, quota: Quota) -> Verdict {
        self.give_back(key, quota)
    }
}

/// Whoever brings mails to people: makes words of the facts, and hands them to a mail system.
///
/// # Contract
/// - `Ok` MUST mean that the mail system has taken the mail and answers for it from now on.
/// - It MUST answer or fail within 20 s, and MUST NOT block the thread.
/// - A mail MUST go to [`Envelope::to`] and nowhere else.
/// - Every delivery of an envelope MUST carry one message id, made of its [`id`](Envelope::id), and no other envelope's: a
///   mail may be sent twice, and mail systems recognise the second copy by it.
/// - Links MUST be made of an address that the shop configured, never of anything that a request said.
/// - [`MailerTrouble::Refused`](crate::mail::MailerTrouble::Refused) MUST mean that the same mail will never be taken, and
///   [`MailerTrouble::Unavailable`](crate::mail::MailerTrouble::Unavailable) that other mails will not be taken now either.
/// - No secret may appear in an error, a `Debug` form or a log line: no token of a link, no password of a mail server.
///
/// The suite `testkit::mailer` (feature `testkit`) checks what of this can be seen from outside.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Mailer: Send + Sync + 'static {
    /// Sends a mail.
    async fn send(&self, envelope: &Envelope) -> Result<(), MailerError>;
}

/// Whoever keeps files that never change: pictures of products in their sizes.
///
/// # Contract
/// - What [`put`](MediaStore::put) has answered `Ok` for MUST survive a `kill -9` of the process and a power cut, and MUST be
///   found from then on, until it is deleted: all of it, byte by byte.
/// - Nobody MUST ever find a part of a file, whatever else runs, and whatever broke off.
/// - A key names its content, so the same is put under it however often it is: a repetition MUST be `Ok`, and MUST change
///   nothing that anybody sees. To delete what is not there MUST be `Ok` too.
/// - [`address`](MediaStore::address) MUST be where browsers find the file, end in the key, and stay right for as long as the
///   shop is: it is written into rows.
/// - It MUST answer or fail within 30 s, and MUST NOT block the thread.
/// - No secret may appear in an error, a `Debug` form or a log line.
///
/// The suite `testkit::media` (feature `testkit`) checks what of this can be seen from outside.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait MediaStore: Send + Sync + 'static {
    /// Keeps a file.
    async fn put(&self, key: &MediaKey, content: Bytes) -> Result<(), MediaError>;

    /// A file; `None`: there is none.
    async fn get(&self, key: &MediaKey) -> Result<Option<Bytes>, MediaError>;

    /// Removes a file.
    async fn delete(&self, key: &MediaKey) -> Result<(), MediaError>;

    /// Where browsers find the file, whether it is there or not: `/media/<key>`, or an address elsewhere.
    fn address(&self, key: &MediaKey) -> String;
}

/// Whoever hashes passwords.
///
/// # Contract
/// - [`hash`](PasswordHasher::hash) MUST salt each hash with fresh randomness, and cost whoever guesses time and memory.
/// - [`verify`](PasswordHasher::verify) MUST take as long without a hash as with one, and MUST NOT match then.
/// - Neither may block the thread. At most so many MUST run at once as the machine has room for; what is beyond that MUST
///   be refused with [`HasherTrouble::Busy`] rather than wait for long.
/// - A hash that was made by other parameters, or by another algorithm that it knows, MUST match the password that it was
///   made of, and be answered as [`Verified::Outdated`] when today's cost more.
/// - No password and no hash may appear in an error, a `Debug` form or a log line.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync + 'static {
    /// A fresh hash of the password.
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HasherTrouble>;

    /// Whether the hash is the password's; `None`: nobody's hash, compared with all the same.
    async fn verify<'p>(
        &self,
        password: &'p Password,
        hash: Option<&'p PasswordHash>,
    ) -> Result<Verified, HasherTrouble>;

    /// How hard the password is to guess for somebody who knows these words, from 0, not at all, to 4.
    fn strength<'p>(&self, password: &'p Password, words: &[&'p str]) -> u8;
}

/// What came out when a password was compared with a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// It is another password's, or nobody's.
    No,
    /// It is the password's.
    Yes,
    /// It is the password's, and should be replaced by a new one.
    Outdated,
}

/// Why a password was neither hashed nor compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HasherTrouble {
    /// As many as there is room for are being worked on: try again in a moment.
    #[error("too many passwords are being checked at once")]
    Busy,
    /// It failed, or does not know the algorithm of the hash.
    #[error("{0}")]
    Broken(String),
}

/// Whoever keeps answers for later, for one process or for many.
///
/// # Contract
/// - What is found under a key MUST be all of what was put there last, or nothing; a cache may forget anything at any time.
/// - Keys MUST be opaque and told apart byte by byte. They have at most 256 bytes.
/// - It MUST answer within a second, whatever has become of where it keeps things: trouble is finding nothing, and keeping
///   nothing. It MUST NOT fail and MUST NOT wait longer for what has just failed.
/// - What it keeps MUST be bounded, and MUST go by itself when nobody asks for it any more.
/// - It MUST NOT be relied on for what is right: whoever asks can do without it.
///
/// The conformance suite in `testkit` checks this.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Cache: Send + Sync + 'static {
    /// What is kept under the key.
    async fn get(&self, key: &str) -> Option<Bytes>;

    /// Keeps this under the key, in place of what was there.
    async fn put(&self, key: &str, value: Bytes);
}

#[cfg(feature = "answers")]
#[async_trait]
impl Cache for InProcessCache {
    async fn get(&self, key: &str) -> Option<Bytes> {
        self.entries.get(key).await
    }

    async fn put(&self, key: &str, value: Bytes) {
        self.entries.insert(key.to_owned(), value).await;
    }
}

/// Randomness that nobody can guess, for ids, tokens and codes.
///
/// # Contract
/// The bytes MUST come from a cryptographic source, except in tests that want the same ones again.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Random: Send + Sync + 'static {
    /// 32 fresh random bytes.
    fn seed(&self) -> [u8; 32];
}

/// The operating system's random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "the one door through which randomness enters")]
    #[expect(
        clippy::expect_used,
        reason = "without randomness no token is safe: better to stop than to go on"
    )]
    fn seed(&self) -> [u8; 32] {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).expect("the operating system has a random source");
        seed
    }
}
