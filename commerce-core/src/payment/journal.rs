//! The money journal: every movement of money, twice, so that nothing is lost between two places.
//!
//! An entry is never changed, and its legs sum to nothing in each currency: what one account gains another loses. A
//! positive leg is a debit, a negative one a credit, as in any double-entry book. Accounts hold what they say: `gateway`,
//! `cash` and `bank` are places where money lies, `orders` is what was received for orders, `unmatched` what was received
//! for none, `fees` what gateways kept.
//!
//! ```
//! use commerce_core::payment::journal::{Account, Leg, balanced};
//! use commerce_core::{Currency, Money};
//! let naira = |minor| Money::from_minor(minor, Currency::NGN);
//! let captured = [Leg::new(Account::Gateway, naira(10_000)), Leg::new(Account::Orders, naira(-10_000))];
//! assert!(balanced(&captured));
//! assert!(!balanced(&captured[..1]));
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{PaymentMethod, PaymentReference};
use crate::{Currency, JournalId, Money, MoneyError, OrderId, Timestamp};

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: JournalId,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub kind: EntryKind,
    /// For which order; absent for money that belongs to none.
    pub order: Option<OrderId>,
    /// The reference of the charge.
    pub reference: PaymentReference,
    /// The movements: at least two, which sum to nothing.
    pub legs: Vec<Leg>,
}

/// A movement on an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// Which account.
    pub account: Account,
    /// How much it gains; negative: loses.
    pub amount: Money,
}

impl Leg {
    /// So much more, or less, on the account.
    #[must_use]
    pub fn new(account: Account, amount: Money) -> Self {
        Self { account, amount }
    }
}

/// What happened to money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Money came for an order.
    Capture,
    /// A gateway kept its fee.
    Fee,
    /// Money came that counts towards no order.
    Unmatched,
    /// Money went back.
    Refund,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Capture, Self::Fee, Self::Unmatched, Self::Refund];

    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Fee => "fee",
            Self::Unmatched => "unmatched",
            Self::Refund => "refund",
        }
    }
}

/// An account of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// Money that lies with the gateway.
    Gateway,
    /// Cash that was collected.
    Cash,
    /// Money on the shop's own bank account.
    Bank,
    /// What was received for orders: gains are negative.
    Orders,
    /// What was received for no order: gains are negative.
    Unmatched,
    /// What gateways kept.
    Fees,
}

impl Account {
    /// Every account.
    pub const ALL: [Self; 6] =
        [Self::Gateway, Self::Cash, Self::Bank, Self::Orders, Self::Unmatched, Self::Fees];

    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Cash => "cash",
            Self::Bank => "bank",
            Self::Orders => "orders",
            Self::Unmatched => "unmatched",
            Self::Fees => "fees",
        }
    }

    /// Where money lies that came by this method.
    #[must_use]
    pub fn of(method: PaymentMethod) -> Self {
        match method {
            PaymentMethod::CashOnDelivery => Self::Cash,
            PaymentMethod::Manual => Self::Bank,
            PaymentMethod::Card
            | PaymentMethod::BankTransfer
            | PaymentMethod::MobileMoney
            | PaymentMethod::Ussd => Self::Gateway,
        }
    }
}

/// Whether the legs are an entry: at least two, none of nothing, and a sum of nothing in each currency.
#[must_use]
pub fn balanced(legs: &[Leg]) -> bool {
    let sum = |currency: Currency| -> i128 {
        legs.iter()
            .filter(|leg| leg.amount.currency == currency)
            .map(|leg| i128::from(leg.amount.minor))
            .sum()
    };
    legs.len() >= 2 && legs.iter().all(|leg| leg.amount.minor != 0 && sum(leg.amount.currency) == 0)
}

/// What accounts gained, added up by account and currency and in that order.
///
/// # Errors
/// When a sum does not fit.
pub fn totals(legs: impl IntoIterator<Item = Leg>) -> Result<Vec<Leg>, MoneyError> {
    let mut sums: BTreeMap<(Account, &str), Money> = BTreeMap::new();
    for Leg { account, amount } in legs {
        let sum = sums.entry((account, amount.currency.code())).or_insert(Money::zero(amount.currency));
        *sum = sum.plus(amount)?;
    }
    Ok(sums.into_iter().map(|((account, _), amount)| Leg { account, amount }).collect())
}

/// What an account gained on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// The first instant of the day, in UTC.
    pub day: Timestamp,
    /// Which account.
    pub account: Account,
    /// How much; negative: it lost.
    pub amount: Money,
}
