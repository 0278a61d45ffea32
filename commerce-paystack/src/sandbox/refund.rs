//! Refunds: what may be given back, and how a refund goes its way.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::bodies::{self, View};
use super::books::{Books, Job};
use super::cards::RefundFate;
use super::clock::{Stamp, iso, stamp};
use super::country::Currency;
use super::envelope::{Answer, Refusal};
use super::faults::{Effect, On};
use super::request::{Amount, Fields, amount};
use super::transaction::Status;

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RefundStatus {
    /// Queued.
    Pending,
    /// With the bank.
    Processing,
    /// Done.
    Processed,
    /// It could not be done; the money is back with the shop.
    Failed,
    /// The shop has to say which account it goes to.
    NeedsAttention,
}

impl RefundStatus {
    /// Its name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Processed => "processed",
            Self::Failed => "failed",
            Self::NeedsAttention => "needs-attention",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub(crate) id: u64,
    /// Index of the transaction.
    pub(crate) transaction: usize,
    pub(crate) amount: u64,
    pub(crate) status: RefundStatus,
    fate: RefundFate,
    customer_note: String,
    merchant_note: String,
    refund_reference: Option<String>,
    created_at: Stamp,
    updated_at: Stamp,
    refunded_at: Option<Stamp>,
}

/// Who the sandbox says has asked for refunds.
const MERCHANT: &str = "merchant@sandbox.test";
const WORKING_DAYS: Stamp = 10 * 86_400_000;

/// Whether the money of a refund in this state counts as given back.
pub(crate) fn still_counts(status: RefundStatus) -> bool {
    status != RefundStatus::Failed
}

impl Books {
    pub(crate) fn refunded(&self, transaction: usize) -> u64 {
        let refunds = self.refunds.iter().filter(|refund| refund.transaction == transaction);
        refunds.filter(|refund| still_counts(refund.status)).map(|refund| refund.amount).sum()
    }

    pub(crate) fn create_refund(&mut self, fields: &Fields) -> Result<Answer, Refusal> {
        let key = fields.filled("transaction").ok_or_else(|| Refusal::missing("Transaction is required"))?;
        let index = self
            .by_reference(&key)
            .or_else(|| key.parse().ok().and_then(|id| self.by_id(id)))
            .ok_or_else(|| Refusal::new(404, "Transaction not found"))?;
        let asked = self.refundable(index, fields)?;
        let transaction = &self.transactions[index];
        let reference = transaction.reference.clone();
        let fate = match self.faults.take(On::RefundOutcome, &[&reference]) {
            Some(Effect::RefundFails) => RefundFate::Fails,
            Some(Effect::RefundNeedsAttention) => RefundFate::NeedsAttention,
            _ => transaction.refund_fate,
        };
        let note = format!("Refund for transaction {reference}");
        let now = stamp();
        let refund = Refund {
            id: self.id(),
            transaction: index,
            amount: asked,
            status: RefundStatus::Pending,
            fate,
            merchant_note: fields.filled("merchant_note").unwrap_or_else(|| format!("{note} by {MERCHANT}")),
            customer_note: fields.filled("customer_note").unwrap_or(note),
            refund_reference: None,
            created_at: now,
            updated_at: now,
            refunded_at: None,
        };
        self.refunds.push(refund);
        let number = self.refunds.len() - 1;
        self.transactions[index].status = Status::ReversalPending;
        self.announce_refund(number);
        self.plan(self.settings.refund_pace, Job::Refund(number));
        Ok(Answer::ok("Refund has been queued for processing", self.created_refund(number)))
    }

    /// How much is to be given back. Without an amount it is all of it, never the rest.
    fn refundable(&self, index: usize, fields: &Fields) -> Result<u64, Refusal> {
        let transaction = &self.transactions[index];
        let currency = transaction.currency;
        if let Some(code) = fields.filled("currency")
            && Currency::from_code(&code) != Some(currency)
        {
            return Err(Refusal::new(400, "Transaction currency must match refund currency"));
        }
        if transaction.status == Status::Reversed {
            return Err(Refusal::reversed());
        }
        if !transaction.paid() {
            return Err(Refusal::new(400, "Transaction has not been paid"));
        }
        let asked = match amount(fields, "amount") {
            Amount::Missing => transaction.amount,
            Amount::Whole(asked) => asked,
            Amount::Fraction => return Err(Refusal::fraction()),
            Amount::Wrong => return Err(Refusal::amount()),
        };
        let left = transaction.amount - self.refunded(index);
        // The least amount is known of one currency alone.
        if currency == Currency::Ghs && left == 0 && asked < 50 {
            return Err(Refusal::new(400, "Cannot refund less than GHS0.5"));
        }
        if asked > left {
            return Err(Refusal::new(400, "Total refund amount cannot exceed original transaction amount"));
        }
        if currency == Currency::Ghs && asked < 100 {
            let text = "The minimum amount you may send in a single refund at this time is: GHS1.00";
            return Err(Refusal::new(400, text));
        }
        Ok(asked)
    }

    pub(crate) fn fetch_refund(&self, id: &str) -> Result<Answer, Refusal> {
        let number = self.refund(id).ok_or_else(|| Refusal::new(404, "Refund not found"))?;
        Ok(Answer::ok("Refund retrieved", self.listed_refund(number)))
    }

    /// Finds a refund by its number.
    pub(crate) fn refund(&self, id: &str) -> Option<usize> {
        self.refunds.iter().position(|refund| refund.id.to_string() == id)
    }

    pub(crate) fn retry_refund(&mut self, id: &str, fields: &Fields) -> Result<Answer, Refusal> {
        let number = self.refund(id).ok_or_else(|| Refusal::new(404, "Refund not found"))?;
        let account = fields.object("refund_account_details");
        let given = account.is_some_and(|account| {
            ["currency", "account_number", "bank_id"].iter().all(|name| account.filled(name).is_some())
        });
        if !given {
            return Err(Refusal::missing("Refund account details are required"));
        }
        if self.refunds[number].status != RefundStatus::NeedsAttention {
            let text = "Invalid Refund state, refund status should be \"needs-attention\"";
            return Err(Refusal::params(422, text));
        }
        self.refunds[number].fate = RefundFate::Processed;
        self.move_refund(number, RefundStatus::Processing);
        self.plan(self.settings.refund_pace, Job::Refund(number));
        let mut data = self.listed_refund(number);
        data["reversed_at"] = Value::Null;
        Ok(Answer::ok("Refund retried and has been queued for processing", data))
    }

    /// The next step of a refund on its own way.
    pub(crate) fn carry_refund_on(&mut self, number: usize) {
        let refund = &self.refunds[number];
        match (refund.status, refund.fate) {
            (RefundStatus::Pending, _) => {
                self.move_refund(number, RefundStatus::Processing);
                self.plan(self.settings.refund_pace, Job::Refund(number));
            }
            (RefundStatus::Processing, RefundFate::Processed) => {
                self.move_refund(number, RefundStatus::Processed);
            }
            (RefundStatus::Processing, RefundFate::Fails) => self.move_refund(number, RefundStatus::Failed),
            (RefundStatus::Processing, RefundFate::NeedsAttention) => {
                self.move_refund(number, RefundStatus::NeedsAttention);
            }
            _ => {}
        }
    }

    /// Puts a refund into a state, its transaction with it, and tells the shop.
    pub(crate) fn move_refund(&mut self, number: usize, status: RefundStatus) {
        let reference = format!("TRF_{}", self.codes.lower(15));
        let now = stamp();
        let refund = &mut self.refunds[number];
        refund.status = status;
        refund.updated_at = now;
        if status != RefundStatus::Processing {
            refund.refund_reference.get_or_insert(reference);
        }
        if status == RefundStatus::Processed {
            refund.refunded_at = Some(now);
        }
        let index = refund.transaction;
        self.transactions[index].status = self.status_after_refunds(index);
        self.announce_refund(number);
    }

    /// Under way while any refund is; reversed when all of the money is back; paid otherwise.
    fn status_after_refunds(&self, index: usize) -> Status {
        let statuses = || self.refunds.iter().filter(|refund| refund.transaction == index);
        let under_way =
            statuses().any(|refund| !matches!(refund.status, RefundStatus::Processed | RefundStatus::Failed));
        if under_way {
            Status::ReversalPending
        } else if self.refunded(index) >= self.transactions[index].amount {
            Status::Reversed
        } else {
            Status::Success
        }
    }

    fn announce_refund(&mut self, number: usize) {
        let refund = &self.refunds[number];
        let transaction = &self.transactions[refund.transaction];
        let customer = &self.customers[transaction.customer];
        let plain = matches!(refund.status, RefundStatus::Failed | RefundStatus::NeedsAttention);
        // In some events the amount is a number, in others text.
        let amount = if plain { json!(refund.amount) } else { json!(refund.amount.to_string()) };
        let data = json!({
            "status": refund.status.name(),
            "transaction_reference": transaction.reference,
            "refund_reference": refund.refund_reference,
            "amount": amount,
            "currency": transaction.currency.code(),
            "processor": "instant-transfer",
            "customer": {
                "first_name": customer.first_name,
                "last_name": customer.last_name,
                "email": customer.email,
            },
            "integration": self.settings.integration,
            "domain": "test",
            "id": refund.id.to_string(),
            "customer_note": refund.customer_note,
            "merchant_note": refund.merchant_note,
        });
        let (event, reference) = (format!("refund.{}", refund.status.name()), transaction.reference.clone());
        self.announce(&event, &reference, data);
    }

    /// A refund in the answer to its creation: the transaction is an object there.
    fn created_refund(&self, number: usize) -> Value {
        let refund = &self.refunds[number];
        json!({
            "transaction": bodies::transaction(self, refund.transaction, View::Refund),
            "integration": self.settings.integration,
            "deducted_amount": 0,
            "channel": null,
            "merchant_note": refund.merchant_note,
            "customer_note": refund.customer_note,
            "status": refund.status.name(),
            "refunded_by": MERCHANT,
            "expected_at": iso(refund.created_at + WORKING_DAYS),
            "currency": self.transactions[refund.transaction].currency.code(),
            "domain": "test",
            "amount": refund.amount,
            "fully_deducted": false,
            "id": refund.id,
            "createdAt": iso(refund.created_at),
            "updatedAt": iso(refund.updated_at),
        })
    }

    /// A refund everywhere else: the transaction is a number.
    pub(crate) fn listed_refund(&self, number: usize) -> Value {
        let refund = &self.refunds[number];
        let transaction = &self.transactions[refund.transaction];
        let deducted = if still_counts(refund.status) { refund.amount } else { 0 };
        json!({
            "integration": self.settings.integration,
            "transaction": transaction.id,
            "dispute": null,
            "settlement": null,
            "id": refund.id,
            "domain": "test",
            "currency": transaction.currency.code(),
            "amount": refund.amount,
            "status": refund.status.name(),
            "refunded_at": refund.refunded_at.map(iso),
            "refunded_by": MERCHANT,
            "expected_at": iso(refund.created_at + WORKING_DAYS),
            "channel": transaction.channel.name(),
            "customer_note": refund.customer_note,
            "merchant_note": refund.merchant_note,
            "deducted_amount": deducted,
            "fully_deducted": deducted > 0,
            "bank_reference": null,
            "transaction_reference": transaction.reference,
            "transaction_amount": transaction.amount,
            "refund_type": if refund.amount == transaction.amount { "full" } else { "partial" },
            "refund_channel": transaction.channel.name(),
            "reason": refund.status.name().to_uppercase(),
            "customer": self.customers[transaction.customer].short(),
            "collect_account_number": false,
            "initiated_by": MERCHANT,
            "session_id": null,
            "createdAt": iso(refund.created_at),
            "updatedAt": iso(refund.updated_at),
        })
    }

    /// When a refund was made.
    pub(crate) fn refund_created_at(&self, number: usize) -> Stamp {
        self.refunds[number].created_at
    }
}

/// How long a refund stays in each of its states, unless the host says otherwise.
pub(crate) const PACE: Duration = Duration::from_secs(300);
