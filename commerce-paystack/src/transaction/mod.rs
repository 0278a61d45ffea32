//! Transactions: what was to be paid, and what became of it.

mod authorization;
mod initialize;
mod list;

use std::fmt;

use serde_json::Value;

pub use authorization::{Authorization, AuthorizationCharge, AuthorizationCode, ChargeAuthorization};
pub use initialize::{Channel, Checkout, Initialize};
pub use list::{Page, Paging, TransactionFilter};

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::transport::Call;
use crate::value::{Amount, Fields, Mode, Reference, Unreadable};

/// How far a transaction is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransactionStatus {
    /// Begun and not finished. Not the end: it can still succeed.
    Abandoned,
    /// The payer is acting.
    Ongoing,
    /// Under way.
    Pending,
    /// Under way, by direct debit.
    Processing,
    /// Waits to be charged.
    Queued,
    /// Paid.
    Success,
    /// Not paid, and it will not be.
    Failed,
    /// Paid; a refund of all or a part is under way.
    ReversalPending,
    /// Paid, then refunded or charged back.
    Reversed,
    /// A word that is not known: take it as pending.
    Unknown(String),
}

impl TransactionStatus {
    /// Whether money came in, now or earlier: paid, being refunded, or refunded. A paid order must not be taken back
    /// because the status is no longer `success`.
    #[must_use]
    pub const fn was_paid(&self) -> bool {
        matches!(self, Self::Success | Self::ReversalPending | Self::Reversed)
    }

    /// Whether it can still become paid.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !self.was_paid() && !matches!(self, Self::Failed)
    }

    pub(crate) fn read(text: &str) -> Self {
        match text {
            "abandoned" => Self::Abandoned,
            "ongoing" => Self::Ongoing,
            "pending" => Self::Pending,
            "processing" => Self::Processing,
            "queued" => Self::Queued,
            "success" => Self::Success,
            "failed" => Self::Failed,
            "reversal-pending" => Self::ReversalPending,
            "reversed" => Self::Reversed,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// The word on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Ongoing => "ongoing",
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Queued => "queued",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::ReversalPending => "reversal-pending",
            Self::Reversed => "reversed",
            Self::Unknown(word) => word,
        }
    }
}

impl fmt::Display for TransactionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A transaction. Times are ISO 8601 with milliseconds, as Paystack writes them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Transaction {
    /// Its number; a card that was just charged may not have one yet.
    pub id: Option<u64>,
    /// What it is known by.
    pub reference: Reference,
    /// How far it is.
    pub status: TransactionStatus,
    /// What the payer pays. It is more than was asked for when the account lets the payer bear the fee.
    pub amount: Amount,
    /// What was asked for, in subunits, where that is said.
    pub requested_subunits: Option<u64>,
    /// Paystack's fee in subunits, once paid.
    pub fee_subunits: Option<u64>,
    /// Test or live.
    pub mode: Option<Mode>,
    /// How it is paid: `card`, `bank_transfer`, `mobile_money`, `ussd` and others.
    pub channel: Option<String>,
    /// What the bank says, for people. Its words vary by bank: decide nothing by them.
    pub gateway_response: Option<String>,
    /// What Paystack says, for people; on a failure the reason.
    pub message: Option<String>,
    /// When it was paid.
    pub paid_at: Option<String>,
    /// When it was begun.
    pub created_at: Option<String>,
    /// What the caller attached. Nothing in it is to be trusted: a browser can write it too.
    pub metadata: Option<Value>,
    /// The card or account, once one was used.
    pub authorization: Option<Authorization>,
    /// Who pays.
    pub customer: Option<Customer>,
}

/// Who pays.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Customer {
    /// Their number.
    pub id: Option<u64>,
    /// Their code, `CUS_...`.
    pub code: Option<String>,
    /// Their e-mail address.
    pub email: Option<String>,
}

/// Why a transaction does not pay what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Mismatch {
    /// It is not paid.
    #[error("it is not paid")]
    NotPaid,
    /// Another reference.
    #[error("the reference is another one")]
    Reference,
    /// Another currency.
    #[error("the currency is another one")]
    Currency,
    /// Another amount.
    #[error("the amount is another one")]
    Amount,
    /// A test payment for a live one, or the other way round.
    #[error("test and live are mixed up")]
    Mode,
}

impl Transaction {
    /// Whether this pays exactly `amount` under `reference`. Status, reference, amount and currency all have to agree;
    /// `status` alone proves nothing. Where the payer bears the fee, what was asked for is compared.
    ///
    /// # Errors
    /// The first thing that differs.
    pub fn pays(&self, reference: &Reference, amount: Amount, mode: Mode) -> Result<(), Mismatch> {
        let asked = match self.requested_subunits {
            Some(requested) if requested <= self.amount.subunits => requested,
            _ => self.amount.subunits,
        };
        if self.reference != *reference {
            Err(Mismatch::Reference)
        } else if self.mode.is_some_and(|other| other != mode) {
            Err(Mismatch::Mode)
        } else if self.amount.currency != amount.currency {
            Err(Mismatch::Currency)
        } else if asked != amount.subunits && self.amount.subunits != amount.subunits {
            Err(Mismatch::Amount)
        } else if !self.status.was_paid() {
            Err(Mismatch::NotPaid)
        } else {
            Ok(())
        }
    }

    pub(crate) fn read(value: &Value) -> Result<Self, Unreadable> {
        let fields = Fields::of(value);
        Ok(Self {
            id: fields.number("id"),
            reference: fields.reference("reference")?.ok_or(Unreadable::missing("reference"))?,
            status: TransactionStatus::read(&fields.text("status").ok_or(Unreadable::missing("status"))?),
            amount: fields.amount("amount")?.ok_or(Unreadable::missing("amount"))?,
            requested_subunits: fields.subunits("requested_amount")?,
            // What it costs is for information: an unknown form of it must not hide that something was paid.
            fee_subunits: fields.number("fees"),
            mode: fields.mode(),
            channel: fields.text("channel"),
            gateway_response: fields.text("gateway_response"),
            message: fields.text("message"),
            paid_at: fields.either("paid_at", "paidAt"),
            created_at: fields.either("created_at", "createdAt").or_else(|| fields.text("transaction_date")),
            metadata: fields.metadata("metadata"),
            authorization: fields.object("authorization").and_then(Authorization::read),
            customer: fields.object("customer").map(Customer::read),
        })
    }
}

impl Customer {
    pub(crate) fn read(fields: Fields<'_>) -> Self {
        Self { id: fields.number("id"), code: fields.text("customer_code"), email: fields.text("email") }
    }
}

impl Client {
    /// Asks what became of a transaction, by its reference.
    ///
    /// # Errors
    /// [`Error`]; a reference that is not known is refused with [`Reason::NotFound`](crate::Reason::NotFound).
    pub async fn verify(&self, reference: &Reference) -> Result<Transaction, Error> {
        let call = Call::read("verify", format!("transaction/verify/{reference}"));
        let transaction = self.transaction(&call).await?;
        if transaction.reference == *reference {
            Ok(transaction)
        } else {
            let other = Unreadable { field: "reference", problem: "is not the one that was asked for" };
            Err(call.error(ErrorKind::Unreadable(other)))
        }
    }

    /// Asks what became of a transaction, by its number.
    ///
    /// # Errors
    /// [`Error`]; a number that is not known is refused with [`Reason::NotFound`](crate::Reason::NotFound).
    pub async fn transaction_by_id(&self, id: u64) -> Result<Transaction, Error> {
        self.transaction(&Call::read("fetch transaction", format!("transaction/{id}"))).await
    }

    async fn transaction(&self, call: &Call) -> Result<Transaction, Error> {
        let data = self.transport.data(call).await?;
        Transaction::read(&data).map_err(|unreadable| call.error(ErrorKind::Unreadable(unreadable)))
    }
}
