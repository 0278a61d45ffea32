//! The one way in which anything changes.
//!
//! Every use case has three beats. A service *looks*: the store reads one view, shaped for the decision, in one
//! snapshot. A pure function *decides*: from the view and the command it makes a [`ChangeSet`], or words a refusal. The
//! store *commits* the change set, all of it or nothing.
//!
//! Between the look and the commit the world may move on. So what the decision relied on goes into the change set as
//! **guards**, which are plain data:
//!
//! - What has one owner carries a version: a cart, an order, a product. The write names the version that was read.
//! - What many want at once is a guarded delta: `reserved` rises by `n` while `n` are free. Nobody has to retry for a
//!   popular SKU; whoever finds too little left is told so.
//! - What must happen once has a unique key: the record of an idempotent request, an order number, an open cart's token.
//! - What was relied on but not written is named in [`ChangeSet::expects`]: the rulebook, the products that were priced.
//!   It is compared in the transaction, without a lock.
//!
//! A guard that does not hold rolls everything back, and the commit answers [`CommitError::Stale`]. The service then
//! looks and decides again, a bounded number of times, and the pure function words what the shopper reads ("only 2
//! left"). A store never words a refusal of the domain.
//!
//! An adapter applies the parts in one order: what has one owner first (account, cart, order, payment, idempotency record, audit,
//! events), what is shared last, so that the lock on a popular SKU is held for the shortest time: what products are rated,
//! the counters of coupons and promotions in the order of [`Counter`](crate::promotion::Counter), then stock by variant and
//! location. Every commit takes these locks in that one order. Nothing outside the database happens between BEGIN and COMMIT.

use crate::audit;
use crate::event::Event;
use crate::idempotency::Record;
use crate::promotion::CouponCode;
use crate::{
    CartId, CustomerId, ImportId, KeyId, LocationId, MailId, MessageId, OrderId, PaymentId, ProductId,
    RefundId, ReservationId, ReviewId, SessionId, VariantId, access, account, bulk, cart, catalog, interest,
    inventory, job, mail, order, payment, personal, pricing, promotion, review,
};

/// What a decision changes, as plain data: one field per concept.
///
/// An adapter takes it apart without `..`, so that a new field stops the build wherever it is not yet handled.
#[must_use = "a change set changes nothing until a store commits it"]
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChangeSet {
    /// Accounts, their sessions and what is mailed to them.
    pub account: account::Changes,
    /// Keys of programs.
    pub access: access::Changes,
    /// Reviews, and what others say of them.
    pub review: review::Changes,
    /// What belongs to whom: orders that are claimed, and who leaves.
    pub personal: personal::Changes,
    /// Carts.
    pub cart: cart::Changes,
    /// What people like.
    pub interest: interest::Changes,
    /// Orders.
    pub order: order::Changes,
    /// Payment attempts, refunds, the money journal and what gateways told us.
    pub payment: payment::Changes,
    /// Prices; whole products go through the [bulk door](crate::Store::import).
    pub catalog: catalog::Changes,
    /// Stock.
    pub inventory: inventory::Changes,
    /// The rulebook.
    pub pricing: pricing::Changes,
    /// Coupons, and uses of promotions.
    pub promotion: promotion::Changes,
    /// Jobs.
    pub job: job::Changes,
    /// Mails.
    pub mail: mail::Changes,
    /// Imports of files.
    pub bulk: bulk::Changes,
    /// The record of the request, so that its repetition has no further effect.
    pub idempotency: Option<Record>,
    /// Who did what.
    pub audit: Vec<audit::Entry>,
    /// Seals of audit rows, by position.
    pub seals: Vec<audit::Seal>,
    /// What happened: rows of the outbox.
    pub events: Vec<Event>,
    /// What was relied on without being written.
    pub expects: Vec<Expect>,
}

/// Something that a decision relied on and that the commit compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expect {
    /// The rulebook has this version; 0: there is none.
    Rulebook(u64),
    /// The product has this version.
    Product(ProductId, u64),
}

/// The guard that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Guard {
    /// The account changed.
    Account(CustomerId),
    /// An account has this e-mail address, or one that looks like it.
    Email,
    /// The session has ended, or its refresh token was exchanged meanwhile.
    Session(SessionId),
    /// The link was used meanwhile.
    Link,
    /// The key was revoked meanwhile.
    ApiKey(KeyId),
    /// The review changed, or what somebody has voted on it or reported of it did.
    Review(ReviewId),
    /// The customer has reviewed the product meanwhile.
    Reviewed,
    /// The cart changed, was closed, or another open one has its token.
    Cart(CartId),
    /// The variant is on the account's wishlist already, or is gone.
    Wishlist(CustomerId),
    /// The order changed.
    Order(OrderId),
    /// An order has this number already.
    OrderNumber,
    /// The payment attempt changed.
    Payment(PaymentId),
    /// An attempt has this reference already.
    PaymentReference,
    /// The refund changed, or more would go back than was captured.
    Refund(RefundId),
    /// The money that counts towards no order changed, or there is a row for its reference already.
    Unmatched,
    /// The gateway's message changed.
    Message(MessageId),
    /// The mail changed.
    Mail(MailId),
    /// Somebody else runs the job.
    Job(String),
    /// The import changed: another server takes it in, or somebody ended it.
    Import(ImportId),
    /// The audit trail has a seal at this position, or of this row, already.
    Seal,
    /// Too little is free, on hand, or what is on hand is not what was read.
    Stock {
        /// The variant.
        variant: VariantId,
        /// The location.
        location: LocationId,
    },
    /// The reservation is no longer open.
    Reservation(ReservationId),
    /// A location has this code already; or it changed, or goods lie where they were to lie no more.
    Location,
    /// The rulebook changed.
    Rulebook,
    /// The promotion has been used as often as it can be, in all or by this customer, or its budget is spent.
    PromotionUses(String),
    /// The coupon has been used as often as it can be, in all or by this customer, or has ended.
    CouponUses(CouponCode),
    /// A coupon has this code already; or it changed, and is not what was read.
    Coupon(CouponCode),
    /// The product changed, or its slug or a SKU of it is taken.
    Product(ProductId),
    /// The SKU belongs to another variant.
    Sku,
    /// A brand of this name was made meanwhile.
    Brand,
    /// A category of this name was made meanwhile.
    Category,
    /// An attribute of this code was made meanwhile.
    Attribute,
    /// What products share changed meanwhile, or products have what was to go.
    Shared,
    /// The request was recorded meanwhile.
    Idempotency,
}

/// Why a change set was not committed. Nothing of it was written.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Something that the decision relied on is no longer so: look and decide again.
    #[error("decided on what is no longer so: {guard:?}")]
    Stale {
        /// What is no longer so.
        guard: Guard,
    },
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Trouble in the store: not a refusal of the domain.
#[derive(Debug, thiserror::Error)]
#[error("{kind}: {source}")]
pub struct StoreError {
    /// What kind of trouble, and whether waiting helps.
    pub kind: StoreTrouble,
    /// What the store said; for the log, never for a client.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// What kind of trouble a store has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreTrouble {
    /// It does not answer, or not in time. A later try may help.
    Unavailable,
    /// There is no room left to write. Reads go on.
    Full,
    /// A row is no valid value of the domain, or a statement failed: a bug or a damaged database.
    Broken,
}

impl std::fmt::Display for StoreTrouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "the store is not available",
            Self::Full => "the store is full",
            Self::Broken => "the store failed",
        })
    }
}

impl StoreError {
    /// Trouble of this kind.
    pub fn new(kind: StoreTrouble, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { kind, source: source.into() }
    }

    /// A row of `table` that is no valid value of the domain.
    pub fn invalid_row(
        table: &str,
        column: &str,
        row: impl std::fmt::Display,
        reason: impl std::fmt::Display,
    ) -> Self {
        Self::new(StoreTrouble::Broken, format!("{table}.{column} of row {row}: {reason}"))
    }
}
