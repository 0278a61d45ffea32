//! Why a promotion does not apply.

use std::fmt;

use serde::Serialize;

use crate::Timestamp;

/// Why a promotion, or the coupon for it, does not apply: a stable code, and words that a shopper understands.
///
/// ```
/// use commerce_core::promotion::Reason;
/// assert_eq!(Reason::UsesSpent.code(), "uses-spent");
/// assert_eq!(Reason::UsesSpent.to_string(), "it has been used as often as it can be");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reason {
    /// No coupon has this code, or its promotion is gone.
    Unknown,
    /// It begins later.
    NotStarted(Timestamp),
    /// It is over.
    Ended,
    /// It needs a coupon, and none is on the cart.
    NeedsCoupon,
    /// The goods cost too little: so many minor units are missing.
    SubtotalTooLow {
        /// How much is missing, in minor units.
        missing: i64,
    },
    /// The goods cost too much.
    SubtotalTooHigh,
    /// Too few units: so many are missing.
    QuantityTooLow {
        /// How many are missing.
        missing: u64,
    },
    /// Too many units.
    QuantityTooHigh,
    /// Too few different items: so many are missing.
    TooFewItems {
        /// How many are missing.
        missing: u64,
    },
    /// None of the goods is meant.
    NoMatchingItems,
    /// The customer is not in a group for which it is.
    CustomerGroup,
    /// It is for a first order.
    FirstOrderOnly,
    /// It is for those who have ordered before.
    ReturningOnly,
    /// It is not known who buys.
    CustomerUnknown,
    /// It is not for the country to which the goods go.
    Country,
    /// It is not known where the goods go.
    DestinationUnknown,
    /// It has no amount in the currency of the cart.
    Currency,
    /// It is not for where it is sold.
    Channel,
    /// It needs another promotion, which was not applied.
    NeedsAnother,
    /// Something is so that must not be.
    Excluded,
    /// It cannot be combined with another promotion that applies.
    NotCombinable,
    /// Another promotion of its lane takes more off.
    BetterInLane,
    /// It has been used as often as it can be.
    UsesSpent,
    /// This customer has used it as often as one may.
    CustomerUsesSpent,
    /// What is left of its budget is too little.
    BudgetSpent,
    /// All that it is for is reduced already.
    AlreadyDiscounted,
    /// Nothing is left to reduce.
    NothingToReduce,
    /// Nothing is shipped, or no way of shipping is chosen yet.
    NoShipping,
}

impl Reason {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown-code",
            Self::NotStarted(_) => "not-started",
            Self::Ended => "ended",
            Self::NeedsCoupon => "needs-coupon",
            Self::SubtotalTooLow { .. } => "subtotal-too-low",
            Self::SubtotalTooHigh => "subtotal-too-high",
            Self::QuantityTooLow { .. } => "quantity-too-low",
            Self::QuantityTooHigh => "quantity-too-high",
            Self::TooFewItems { .. } => "too-few-items",
            Self::NoMatchingItems => "no-matching-items",
            Self::CustomerGroup => "customer-group",
            Self::FirstOrderOnly => "first-order-only",
            Self::ReturningOnly => "returning-only",
            Self::CustomerUnknown => "customer-unknown",
            Self::Country => "country",
            Self::DestinationUnknown => "destination-unknown",
            Self::Currency => "currency",
            Self::Channel => "channel",
            Self::NeedsAnother => "needs-another",
            Self::Excluded => "excluded",
            Self::NotCombinable => "not-combinable",
            Self::BetterInLane => "better-in-lane",
            Self::UsesSpent => "uses-spent",
            Self::CustomerUsesSpent => "customer-uses-spent",
            Self::BudgetSpent => "budget-spent",
            Self::AlreadyDiscounted => "already-discounted",
            Self::NothingToReduce => "nothing-to-reduce",
            Self::NoShipping => "no-shipping",
        }
    }

    /// Whether it is used up or over, whatever is in the cart: an order with such a coupon is refused.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::UsesSpent | Self::CustomerUsesSpent | Self::BudgetSpent | Self::Ended)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "this code does not exist",
            Self::NotStarted(from) => return write!(f, "it begins at {from}"),
            Self::Ended => "it is over",
            Self::NeedsCoupon => "it needs a coupon",
            Self::SubtotalTooLow { .. } => "the goods it counts cost too little",
            Self::SubtotalTooHigh => "the goods it counts cost too much",
            Self::QuantityTooLow { missing } => return write!(f, "{missing} more of its items are needed"),
            Self::QuantityTooHigh => "there are too many of its items in the cart",
            Self::TooFewItems { missing } => return write!(f, "{missing} more different items are needed"),
            Self::NoMatchingItems => "it is not for the items in the cart",
            Self::CustomerGroup => "it is for other customers",
            Self::FirstOrderOnly => "it is for a first order",
            Self::ReturningOnly => "it is for those who have ordered before",
            Self::CustomerUnknown => "it depends on who orders: give an e-mail address first",
            Self::Country => "it is not for the country of delivery",
            Self::DestinationUnknown => "it depends on where the order goes: give an address first",
            Self::Currency => "it is not for this currency",
            Self::Channel => "it is not sold here",
            Self::NeedsAnother => "it needs another offer that does not apply",
            Self::Excluded => "something in the cart excludes it",
            Self::NotCombinable => "it cannot be combined with another offer in the cart",
            Self::BetterInLane => "another offer in its place takes more off",
            Self::UsesSpent => "it has been used as often as it can be",
            Self::CustomerUsesSpent => "you have used it as often as one may",
            Self::BudgetSpent => "what was set aside for it is used up",
            Self::AlreadyDiscounted => "the items it is for are reduced already",
            Self::NothingToReduce => "nothing is left to reduce",
            Self::NoShipping => "it is for shipping: choose how the order is shipped first",
        })
    }
}
