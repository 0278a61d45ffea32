//! What must always hold in a store, whatever happened to it.

use std::fmt;

/// An invariant of the stored data. `commerce doctor` checks every one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Invariant {
    /// What is on hand is the sum of the movements and never below 0; and nothing is kept where a location is not active.
    StockSum,
    /// What is reserved is the sum of the open reservations, and no more than is on hand unless backorder is allowed.
    ReservedSum,
    /// An open reservation belongs to a live order; it is held for as long as that waits for payment, else for good.
    ReservationLive,
    /// Units in orders that are not cancelled, without those that went back into stock, are no more than ever came in.
    NoOversell,
    /// An order's total is the sum of its parts, and its lines agree with its totals.
    OrderTotal,
    /// An order's history is a path in the state tables and ends in its present states.
    StateLegal,
    /// Payment has got as far as paid if and only if the captures are the total, and further as refunds were processed.
    PaidIsPaid,
    /// A payment reference belongs to one attempt; money that counts towards no order and carries one names that attempt.
    RefOne,
    /// A request key has one recorded outcome, and what it names exists.
    KeyOne,
    /// A closed cart has its order, and an order its closed cart.
    CartOne,
    /// A placed order has its event in the outbox, once.
    OutboxOnce,
    /// What is counted of promotions and coupons, in all and by customer, is what redemptions add up to that were not given
    /// back; a coupon whose limits are those of its making is used no more often than it may be; no cancelled order keeps a
    /// use.
    CouponCap,
    /// What goes back of an attempt is what its refunds add up to that did not fail, and no more than was captured.
    CaptureBal,
    /// Each entry of the journal has two legs or more, which sum to nothing in each currency; and what an order received is
    /// what was captured for it, less what was paid back.
    LedgerZero,
    /// Each seal of the audit trail fits to its row and to the seal before it, and no row is without one for long. The store
    /// looks for rows without a seal, the engine computes the hashes.
    AuditChain,
    /// A mail that was sent or given up holds no token, and one that waits for its link has it.
    MailSecret,
    /// An e-mail address has one account.
    AccountOne,
    /// A session has one refresh token that no other has, exchanges none after it ended, and does not go on when its
    /// account is deactivated.
    SessionOne,
    /// What an account is to the shop, whether it is active, and each key of a program, is what audit rows say; and none of
    /// these was changed by a shopper.
    RoleAudit,
    /// What a product is rated is what its published reviews add up to, and the votes and reports of a review are as many as
    /// it says; and nobody has two reviews of one product.
    RatingSum,
}

impl Invariant {
    /// Every invariant.
    pub const ALL: [Self; 20] = [
        Self::StockSum,
        Self::ReservedSum,
        Self::ReservationLive,
        Self::NoOversell,
        Self::OrderTotal,
        Self::StateLegal,
        Self::PaidIsPaid,
        Self::RefOne,
        Self::KeyOne,
        Self::CartOne,
        Self::OutboxOnce,
        Self::CouponCap,
        Self::CaptureBal,
        Self::LedgerZero,
        Self::AuditChain,
        Self::MailSecret,
        Self::AccountOne,
        Self::SessionOne,
        Self::RoleAudit,
        Self::RatingSum,
    ];

    /// The name by which tests, logs and reports call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::StockSum => "STOCK_SUM",
            Self::ReservedSum => "RESERVED_SUM",
            Self::ReservationLive => "RESERVATION_LIVE",
            Self::NoOversell => "NO_OVERSELL",
            Self::OrderTotal => "ORDER_TOTAL",
            Self::StateLegal => "STATE_LEGAL",
            Self::PaidIsPaid => "PAID_IS_PAID",
            Self::RefOne => "REF_ONE",
            Self::KeyOne => "KEY_ONE",
            Self::CartOne => "CART_ONE",
            Self::OutboxOnce => "OUTBOX_ONCE",
            Self::CouponCap => "COUPON_CAP",
            Self::CaptureBal => "CAPTURE_BAL",
            Self::LedgerZero => "LEDGER_ZERO",
            Self::AuditChain => "AUDIT_CHAIN",
            Self::MailSecret => "MAIL_SECRET",
            Self::AccountOne => "ACCOUNT_ONE",
            Self::SessionOne => "SESSION_ONE",
            Self::RoleAudit => "ROLE_AUDIT",
            Self::RatingSum => "RATING_SUM",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A row that breaks an invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which invariant.
    pub invariant: Invariant,
    /// Which row: `stock variant=... location=...`.
    pub row: String,
    /// What it says and what it should say.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.invariant, self.row, self.detail)
    }
}
