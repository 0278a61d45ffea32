//! What really happened, as opposed to what clients were told.

use serde::Serialize;
use serde_json::Value;

use super::books::Books;
use super::calls::Call;
use super::clock::iso;
use super::country::{Channel, Currency};
use super::refund::{RefundStatus, still_counts};
use super::transaction::Status;
use super::webhook::Delivery;

/// Everything that happened.
#[derive(Debug, Clone, Serialize)]
pub struct Truth {
    /// Every transaction, paid or not, in the order of their making.
    pub charges: Vec<Charge>,
    /// Every refund.
    pub refunds: Vec<TrueRefund>,
    /// Every webhook.
    pub deliveries: Vec<Delivery>,
    /// The newest calls to the API, at most 10 000.
    pub requests: Vec<Request>,
}

/// A transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Charge {
    /// Its number.
    pub id: u64,
    /// Its reference.
    pub reference: String,
    /// The code in the address of its checkout page.
    pub access_code: String,
    /// What the payer paid or would pay, in hundredths.
    pub amount: u64,
    /// What the shop asked for, in hundredths; less than `amount` if the payer bears the fee.
    pub requested_amount: u64,
    /// Its currency.
    pub currency: Currency,
    /// Where it stands.
    pub status: Status,
    /// What it was paid with, or `card`.
    pub channel: Channel,
    /// The payer.
    pub email: String,
    /// When the money came, as ISO 8601. It stays when the money goes back.
    pub paid_at: Option<String>,
    /// What Paystack keeps, in hundredths.
    pub fees: Option<u64>,
    /// The sum of its refunds that have not failed, in hundredths.
    pub refunded: u64,
    /// What its authorization is called, if it was paid.
    pub authorization_code: Option<String>,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TrueRefund {
    /// Its number.
    pub id: u64,
    /// The reference of its transaction.
    pub reference: String,
    /// In hundredths.
    pub amount: u64,
    /// Its currency.
    pub currency: Currency,
    /// Where it stands.
    pub status: RefundStatus,
}

/// A call to the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Request {
    /// When it was answered, as ISO 8601.
    pub at: String,
    /// Which call.
    pub call: Call,
    /// What it is about: the reference or id that it names; empty if it names none.
    pub subject: String,
    /// The HTTP status that was sent; none if the connection was closed instead.
    pub status: Option<u16>,
    /// The fault that struck it, as it was set.
    pub fault: Option<String>,
}

/// How many calls are remembered.
pub(crate) const REQUESTS_MAX: usize = 10_000;

impl Truth {
    /// The transaction with this reference.
    #[must_use]
    pub fn charge(&self, reference: &str) -> Option<&Charge> {
        self.charges.iter().find(|charge| charge.reference == reference)
    }

    /// The sum of what was really taken in this currency, refunds not counted, in hundredths.
    #[must_use]
    pub fn taken(&self, currency: Currency) -> u64 {
        let paid =
            self.charges.iter().filter(|charge| charge.currency == currency && charge.paid_at.is_some());
        paid.map(|charge| charge.amount).sum()
    }
}

pub(crate) fn charge(books: &Books, index: usize) -> Charge {
    let transaction = &books.transactions[index];
    let refunds =
        books.refunds.iter().filter(|refund| refund.transaction == index && still_counts(refund.status));
    let code = transaction.authorization.map(|known| books.authorizations[known].code.clone());
    Charge {
        id: transaction.id,
        reference: transaction.reference.clone(),
        access_code: transaction.access_code.clone(),
        amount: transaction.amount,
        requested_amount: transaction.requested,
        currency: transaction.currency,
        status: transaction.status,
        channel: transaction.channel,
        email: books.customers[transaction.customer].email.clone(),
        paid_at: transaction.paid_at.map(iso),
        fees: transaction.fees,
        refunded: refunds.map(|refund| refund.amount).sum(),
        authorization_code: code,
    }
}

pub(crate) fn truth(books: &Books) -> Truth {
    let refunds = books.refunds.iter().map(|refund| TrueRefund {
        id: refund.id,
        reference: books.transactions[refund.transaction].reference.clone(),
        amount: refund.amount,
        currency: books.transactions[refund.transaction].currency,
        status: refund.status,
    });
    Truth {
        charges: (0..books.transactions.len()).map(|index| charge(books, index)).collect(),
        refunds: refunds.collect(),
        deliveries: books.deliveries.clone(),
        requests: books.requests.clone(),
    }
}

/// As JSON, for other processes.
pub(crate) fn body(books: &Books) -> Value {
    serde_json::to_value(truth(books)).unwrap_or_default()
}
