//! Refunds, transactions and what else of money staff sees.

use commerce_core::audit::Actor;
use commerce_core::order::OrderKey;
use commerce_core::payment::inbox::Message;
use commerce_core::payment::{
    Collect, PayBack, Payment, PaymentReference, Refund, RefundLine, Unmatched, What,
};
use commerce_core::{LineId, LocationId, OrderId, Quantity};
use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::payment::PaymentDto;
use super::word::{MessageStatus, PaymentStatus, RefundStatus, UnmatchedReasonName, UnmatchedStatus};
use super::{Check, Instant, MoneyBody, MoneyDto, OrNull, Problem};

/// Asks for money to go back.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "RequestRefund", deny_unknown_fields, example, skip_serializing_if_is_none)]
pub(crate) struct RefundBody {
    /// Of this payment attempt.
    reference: Option<String>,
    /// Of this order: of all its attempts, the oldest first. One of the two has to be named.
    order_id: Option<Uuid>,
    /// How much; absent, and without `lines`: all that has not gone back yet.
    amount: Option<MoneyBody>,
    /// For which units: what they were worth when the order was placed. Not together with `amount`.
    lines: Option<Vec<RefundLineBody>>,
    /// With `lines`: whether what was paid for shipping goes back too.
    shipping: Option<bool>,
    /// With `lines`: the code of the location where the units go back into stock; absent: they do not.
    pub(crate) restock: Option<String>,
    /// Why: at most 500 characters.
    reason: String,
}

/// Units that a refund is for.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "RefundLineInput", deny_unknown_fields)]
pub(crate) struct RefundLineBody {
    /// The order's line item.
    line_id: Uuid,
    /// How many units.
    quantity: u32,
}

impl Example for RefundBody {
    fn example() -> Self {
        Self {
            reference: None,
            order_id: Some(Uuid::nil()),
            amount: None,
            lines: Some(vec![RefundLineBody { line_id: Uuid::nil(), quantity: 1 }]),
            shipping: Some(false),
            restock: Some("LAGOS".to_owned()),
            reason: "arrived broken".to_owned(),
        }
    }
}

impl RefundBody {
    /// Of which order, and what; `restock` is where units go back into stock.
    pub(crate) fn command(
        self,
        actor: Actor,
        restock: Option<LocationId>,
    ) -> Result<(OrderKey, PayBack), Problem> {
        let mut check = Check::default();
        let reference = self.reference.map(PaymentReference);
        let key = match (self.order_id, &reference) {
            (Some(order), _) => Some(OrderKey::Id(OrderId(order))),
            (None, Some(reference)) => Some(OrderKey::Payment(reference.clone())),
            (None, None) => {
                check.wrong("/order_id", "required", "name the order, or the payment's reference");
                None
            }
        };
        if self.amount.is_some() && self.lines.is_some() {
            check.wrong("/amount", "invalid", "name an amount or line items, not both");
        }
        let with_lines = self.lines.is_some();
        for (name, named) in [("shipping", self.shipping == Some(true)), ("restock", restock.is_some())] {
            if named && !with_lines {
                check.wrong(&format!("/{name}"), "invalid", "only together with line items");
            }
        }
        let what = match (self.amount, self.lines) {
            (Some(amount), _) => amount.check("/amount", &mut check).map(What::Amount),
            (None, Some(lines)) => {
                if lines.is_empty() {
                    check.wrong("/lines", "required", "name at least one line item");
                }
                let read: Vec<RefundLine> = lines
                    .into_iter()
                    .take(commerce_core::cart::Cart::LINES_MAX)
                    .enumerate()
                    .filter_map(|(index, line)| {
                        let pointer = format!("/lines/{index}/quantity");
                        let quantity = check.take(&pointer, Quantity::try_from(line.quantity))?;
                        Some(RefundLine { line: LineId(line.line_id), quantity })
                    })
                    .collect();
                Some(What::Lines { lines: read, shipping: self.shipping == Some(true) })
            }
            (None, None) => Some(What::All),
        };
        let command = key.zip(what).map(|(key, what)| {
            (key, PayBack { what, reference, reason: self.reason, restock, actor, request: None })
        });
        check.finish(command)
    }
}

/// Refunds that one request made.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Refunds")]
pub(crate) struct RefundsDto {
    /// The order.
    order_id: Uuid,
    /// How far its payment has got now.
    payment_status: PaymentStatus,
    /// One for each payment that money is taken from.
    refunds: Vec<RefundDto>,
}

impl RefundsDto {
    pub(crate) fn new(answer: &commerce_core::payment::RefundAnswer) -> Self {
        Self {
            order_id: answer.order.order.id.0,
            payment_status: answer.order.order.payment_status.into(),
            refunds: answer.refunds.iter().map(Into::into).collect(),
        }
    }
}

/// Money that goes back.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Refund")]
pub(crate) struct RefundDto {
    /// Its id.
    id: Uuid,
    /// The reference of the payment that it is taken from.
    reference: String,
    /// How much.
    amount: MoneyDto,
    /// How far it got.
    status: RefundStatus,
    /// For which units; empty when an amount was named.
    lines: Vec<RefundedLineDto>,
    /// How much of it is for shipping.
    shipping: MoneyDto,
    /// Why.
    reason: String,
    /// When it was asked for.
    created_at: Instant,
    /// When the money was gone.
    processed_at: OrNull<Instant>,
}

/// Units that a refund is for.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "RefundLine")]
pub(crate) struct RefundedLineDto {
    /// The order's line item.
    line_id: Uuid,
    /// How many units.
    quantity: u32,
}

impl From<&Refund> for RefundDto {
    fn from(refund: &Refund) -> Self {
        let line =
            |line: &RefundLine| RefundedLineDto { line_id: line.line.0, quantity: line.quantity.get() };
        Self {
            id: refund.id.0,
            reference: refund.reference.to_string(),
            amount: refund.amount.into(),
            status: refund.progress.state.into(),
            lines: refund.lines.iter().map(line).collect(),
            shipping: refund.shipping.into(),
            reason: refund.reason.clone(),
            created_at: refund.created_at.into(),
            processed_at: OrNull::of(refund.progress.processed_at),
        }
    }
}

/// Says that money was collected by hand.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "CollectPayment", deny_unknown_fields, example, skip_serializing_if_is_none)]
pub(crate) struct CollectBody {
    /// How much came. Less than is due leaves the rest due; what is more is kept apart until staff decides.
    amount: MoneyBody,
    /// What proves it: the number of a receipt or of the bank's booking, in at most 500 characters.
    proof: Option<String>,
    /// Who collected it, when somebody else than who says so: at most 100 characters.
    collected_by: Option<String>,
}

impl Example for CollectBody {
    fn example() -> Self {
        let amount: MoneyBody = MoneyBody::of("12500.00", "NGN");
        Self { amount, proof: Some("receipt 118".to_owned()), collected_by: Some("rider Musa".to_owned()) }
    }
}

impl CollectBody {
    pub(crate) fn command(self, reference: PaymentReference, actor: Actor) -> Result<Collect, Problem> {
        let mut check = Check::default();
        let amount = self.amount.check("/amount", &mut check);
        let by = self.collected_by.unwrap_or_default();
        if by.chars().count() > 100 || by.chars().any(char::is_control) {
            check.wrong("/collected_by", "invalid", "a name of at most 100 characters");
        }
        let proof = match (self.proof, by.is_empty()) {
            (proof, true) => proof,
            (None, false) => Some(format!("collected by {by}")),
            (Some(proof), false) => Some(format!("{proof}, collected by {by}")),
        };
        check.finish(amount.map(|amount| Collect { reference, amount, proof, actor, request: None }))
    }
}

/// A page of payment attempts.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "TransactionPage")]
pub(crate) struct TransactionPageDto {
    /// The attempts, the newest first.
    pub(crate) results: Vec<TransactionDto>,
    /// The next page; null at the end.
    pub(crate) next: OrNull<String>,
}

/// A payment attempt, as staff sees it.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Transaction")]
pub(crate) struct TransactionDto {
    /// Its id.
    id: Uuid,
    /// The order.
    order_id: Uuid,
    /// What the shopper sees of it.
    payment: PaymentDto,
    /// The gateway's mode: `test`, `live`, or null where none acts.
    mode: OrNull<String>,
    /// The money that came in by it and counts.
    captured: MoneyDto,
    /// What of that goes back, or went.
    refunded: MoneyDto,
    /// What the gateway keeps.
    fee: OrNull<MoneyDto>,
    /// The gateway's own id.
    gateway_id: OrNull<String>,
    /// How it was paid in the end, in the gateway's word.
    channel: OrNull<String>,
    /// When it was paid.
    paid_at: OrNull<Instant>,
    /// Why no money came, or what proves that it did.
    note: OrNull<String>,
}

impl From<&Payment> for TransactionDto {
    fn from(payment: &Payment) -> Self {
        let progress = &payment.progress;
        Self {
            id: payment.id.0,
            order_id: payment.order.0,
            payment: payment.into(),
            mode: OrNull(payment.mode.map(|mode| mode.as_str().to_owned())),
            captured: progress.captured.into(),
            refunded: progress.refunded.into(),
            fee: OrNull::of(progress.fee),
            gateway_id: OrNull(progress.charge.clone()),
            channel: OrNull(progress.channel.clone()),
            paid_at: OrNull::of(progress.paid_at),
            note: OrNull(progress.note.clone()),
        }
    }
}

/// A page of money that counts towards no order.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "UnmatchedPage")]
pub(crate) struct UnmatchedPageDto {
    /// The newest first.
    pub(crate) results: Vec<UnmatchedDto>,
    /// The next page; null at the end.
    pub(crate) next: OrNull<String>,
}

/// Money that came in and counts towards no order.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "UnmatchedPayment")]
pub(crate) struct UnmatchedDto {
    /// Its id.
    id: Uuid,
    /// The reference of the charge.
    reference: String,
    /// The gateway's own id of it; null for money that was collected by hand.
    gateway_id: OrNull<String>,
    /// The order whose attempt has the reference, if one has.
    order_id: OrNull<Uuid>,
    /// How much came.
    amount: MoneyDto,
    /// Why it counts towards no order.
    reason: UnmatchedReasonName,
    /// What becomes of it.
    status: UnmatchedStatus,
    /// What staff wrote about it.
    note: OrNull<String>,
    /// When the shop learned of it.
    seen_at: Instant,
}

impl From<&Unmatched> for UnmatchedDto {
    fn from(row: &Unmatched) -> Self {
        Self {
            id: row.id.0,
            reference: row.reference.to_string(),
            gateway_id: OrNull(row.charge.clone()),
            order_id: OrNull(row.order.map(|order| order.0)),
            amount: row.amount.into(),
            reason: row.reason.into(),
            status: row.state.into(),
            note: OrNull(row.note.clone()),
            seen_at: row.seen_at.into(),
        }
    }
}

/// Why, or what was done.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "Note", deny_unknown_fields, example)]
pub(crate) struct NoteBody {
    /// At most 500 characters.
    pub(crate) note: String,
}

impl Example for NoteBody {
    fn example() -> Self {
        Self { note: "paid in the shop for order 7KQ2-M4XW".to_owned() }
    }
}

/// A page of messages of the gateway that staff has to look at.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "PaymentMessagePage")]
pub(crate) struct MessagePageDto {
    /// The newest first.
    pub(crate) results: Vec<MessageDto>,
    /// The next page; null at the end.
    pub(crate) next: OrNull<String>,
}

/// A message of the gateway. What it says about people is left out.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "PaymentMessage")]
pub(crate) struct MessageDto {
    /// Its id.
    id: Uuid,
    /// Which gateway.
    gateway: String,
    /// Where it stands.
    status: MessageStatus,
    /// How often it was taken up.
    tries: u32,
    /// What went wrong last.
    note: OrNull<String>,
    /// When it came.
    received_at: Instant,
}

impl From<&Message> for MessageDto {
    fn from(message: &Message) -> Self {
        Self {
            id: message.id.0,
            gateway: message.gateway.clone(),
            status: message.handling.state.into(),
            tries: message.handling.tries,
            note: OrNull(message.handling.note.clone()),
            received_at: message.received_at.into(),
        }
    }
}
