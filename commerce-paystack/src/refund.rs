//! Refunds.

use std::fmt;

use serde_json::{Value, json};

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::transaction::{Page, Paging};
use crate::transport::Call;
use crate::value::{Amount, Currency, Fields, Mode, Reference, Unreadable};

/// A refund to make.
#[derive(Debug, Clone)]
pub struct CreateRefund {
    transaction: TransactionKey,
    amount: Option<Amount>,
    customer_note: Option<String>,
    merchant_note: Option<String>,
}

/// What a transaction is named by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionKey {
    /// Its reference.
    Reference(Reference),
    /// Its number.
    Id(u64),
}

impl From<Reference> for TransactionKey {
    fn from(reference: Reference) -> Self {
        Self::Reference(reference)
    }
}

impl From<u64> for TransactionKey {
    fn from(id: u64) -> Self {
        Self::Id(id)
    }
}

impl CreateRefund {
    /// Gives `amount` back. Several refunds may share a transaction as long as they do not exceed it.
    #[must_use]
    pub fn new(transaction: impl Into<TransactionKey>, amount: Amount) -> Self {
        Self {
            transaction: transaction.into(),
            amount: Some(amount),
            customer_note: None,
            merchant_note: None,
        }
    }

    /// Gives back all that was paid. It is refused when a part was given back before.
    #[must_use]
    pub fn whole(transaction: impl Into<TransactionKey>) -> Self {
        Self { transaction: transaction.into(), amount: None, customer_note: None, merchant_note: None }
    }

    /// A note for the payer.
    #[must_use]
    pub fn customer_note(mut self, note: impl Into<String>) -> Self {
        self.customer_note = Some(note.into());
        self
    }

    /// A note for the merchant. An id of one's own in it finds the refund again in the list.
    #[must_use]
    pub fn merchant_note(mut self, note: impl Into<String>) -> Self {
        self.merchant_note = Some(note.into());
        self
    }
}

/// How far a refund is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefundStatus {
    /// Waits.
    Pending,
    /// Sent to the bank.
    Processing,
    /// Done; the payer sees it within ten working days.
    Processed,
    /// Not possible; the money is back with the merchant.
    Failed,
    /// Paystack needs the payer's account to go on.
    NeedsAttention,
    /// A word that is not known: take it as pending.
    Unknown(String),
}

impl RefundStatus {
    /// Whether nothing more will come of it.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Processed | Self::Failed)
    }

    pub(crate) fn read(text: &str) -> Self {
        match text {
            "pending" => Self::Pending,
            "processing" => Self::Processing,
            "processed" => Self::Processed,
            "failed" => Self::Failed,
            "needs-attention" => Self::NeedsAttention,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// The word on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Processed => "processed",
            Self::Failed => "failed",
            Self::NeedsAttention => "needs-attention",
            Self::Unknown(word) => word,
        }
    }
}

impl fmt::Display for RefundStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refund. Times are ISO 8601.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refund {
    /// Its number; older messages leave it out.
    pub id: Option<u64>,
    /// The number of its transaction.
    pub transaction_id: Option<u64>,
    /// The reference of its transaction.
    pub transaction_reference: Option<Reference>,
    /// How much goes back.
    pub amount: Amount,
    /// How far it is.
    pub status: RefundStatus,
    /// Test or live.
    pub mode: Option<Mode>,
    /// The note for the payer.
    pub customer_note: Option<String>,
    /// The note for the merchant.
    pub merchant_note: Option<String>,
    /// What the bank knows it by.
    pub bank_reference: Option<String>,
    /// Why it is where it is, for people.
    pub reason: Option<String>,
    /// When it was made.
    pub created_at: Option<String>,
    /// When it was done.
    pub refunded_at: Option<String>,
    /// When it should be done.
    pub expected_at: Option<String>,
}

impl Refund {
    pub(crate) fn read(value: &Value) -> Result<Self, Unreadable> {
        let fields = Fields::of(value);
        // The transaction is an object in one answer and its number in the others.
        let transaction = fields.object("transaction");
        let reference = |fields: Fields<'_>, name| fields.reference(name).ok().flatten();
        Ok(Self {
            id: fields.number("id"),
            transaction_id: transaction
                .and_then(|transaction| transaction.number("id"))
                .or_else(|| fields.number("transaction")),
            transaction_reference: transaction
                .and_then(|transaction| reference(transaction, "reference"))
                .or_else(|| reference(fields, "transaction_reference")),
            amount: fields.amount("amount")?.ok_or(Unreadable::missing("amount"))?,
            status: RefundStatus::read(&fields.text("status").ok_or(Unreadable::missing("status"))?),
            mode: fields.mode(),
            customer_note: fields.text("customer_note"),
            merchant_note: fields.text("merchant_note"),
            bank_reference: fields.either("bank_reference", "refund_reference"),
            reason: fields.text("reason"),
            created_at: fields.either("created_at", "createdAt"),
            refunded_at: fields.text("refunded_at"),
            expected_at: fields.text("expected_at"),
        })
    }
}

/// Which refunds to list; all without any of these.
#[derive(Debug, Clone, Default)]
pub struct RefundFilter {
    /// Those of the transaction with this number. Its reference does not do: the list would be empty.
    pub transaction: Option<u64>,
    /// Those in this currency.
    pub currency: Option<Currency>,
    /// Those since this moment, ISO 8601.
    pub from: Option<String>,
    /// Those until this moment, ISO 8601.
    pub to: Option<String>,
}

impl Client {
    /// Makes a refund.
    ///
    /// # Errors
    /// [`Error`]. Nothing guards against making the same refund twice: when the outcome is unknown, list the refunds of
    /// the transaction first.
    pub async fn create_refund(&self, refund: &CreateRefund) -> Result<Refund, Error> {
        let CreateRefund { transaction, amount, customer_note, merchant_note } = refund;
        let mut body = match transaction {
            TransactionKey::Reference(reference) => json!({ "transaction": reference.as_str() }),
            TransactionKey::Id(id) => json!({ "transaction": id }),
        };
        if let Some(amount) = amount {
            body["amount"] = json!(amount.subunits);
            body["currency"] = json!(amount.currency.as_str());
        }
        for (name, note) in [("customer_note", customer_note), ("merchant_note", merchant_note)] {
            if let Some(note) = note {
                body[name] = json!(note);
            }
        }
        let call = Call::write("create refund", "refund", body);
        if amount.is_some_and(|amount| amount.subunits == 0) {
            return Err(call.error(ErrorKind::Invalid("the amount is nothing")));
        }
        self.refund_data(&call).await
    }

    /// Asks how far a refund is.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn refund(&self, id: u64) -> Result<Refund, Error> {
        self.refund_data(&Call::read("fetch refund", format!("refund/{id}"))).await
    }

    /// Lists refunds, the newest first. They have no cursor.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn refunds(
        &self,
        filter: &RefundFilter,
        page: u32,
        per_page: u32,
    ) -> Result<Page<Refund>, Error> {
        let mut call = Call::read("list refunds", "refund");
        call.query = Paging::Number { page, per_page }.query().map_err(|kind| call.error(kind))?;
        let RefundFilter { transaction, currency, from, to } = filter;
        let filters = [
            ("transaction", transaction.map(|id| id.to_string())),
            ("currency", currency.map(|currency| currency.to_string())),
            ("from", from.clone()),
            ("to", to.clone()),
        ];
        call.query.extend(filters.into_iter().filter_map(|(name, value)| Some((name, value?))));
        let body = self.transport.body(&call).await?;
        Page::read(&body, Refund::read).map_err(|unreadable| call.error(ErrorKind::Unreadable(unreadable)))
    }

    async fn refund_data(&self, call: &Call) -> Result<Refund, Error> {
        let data = self.transport.data(call).await?;
        Refund::read(&data).map_err(|unreadable| call.error(ErrorKind::Unreadable(unreadable)))
    }
}
