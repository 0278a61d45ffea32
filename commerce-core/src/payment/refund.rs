//! Refunds: money that goes back, and how far it got.

use serde::{Deserialize, Serialize};

use super::{Payment, PaymentReference, Unmatched};
use crate::audit::Actor;
use crate::order::Move;
use crate::{Ids, LineId, Money, OrderId, PaymentId, Quantity, RefundId, Timestamp, UnmatchedId};

/// Money that goes back, of one charge. What it is about never changes; how far it got does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Its id, which the gateway keeps with its own.
    pub id: RefundId,
    /// The first of the refunds that one request made: an order paid in two parts is refunded in two.
    pub request: RefundId,
    /// The order, unless the money belongs to none.
    pub order: Option<OrderId>,
    /// What it is taken from.
    pub source: RefundSource,
    /// Our reference of the charge.
    pub reference: PaymentReference,
    /// How much; more than 0.
    pub amount: Money,
    /// For which units; empty when an amount was named.
    pub lines: Vec<RefundLine>,
    /// How much of it is for shipping.
    pub shipping: Money,
    /// Why: at most [`Refund::REASON_MAX`] characters.
    pub reason: String,
    /// Whether the units go back into stock.
    pub restock: bool,
    /// Who asked for it.
    pub actor: Actor,
    /// When.
    pub created_at: Timestamp,
    /// How far it got.
    pub progress: RefundProgress,
    /// 1 at first, one more with each change.
    pub version: u64,
}

impl Refund {
    /// The longest reason, in characters.
    pub const REASON_MAX: usize = 500;

    /// Money of an attempt that is to go back.
    pub(crate) fn of_payment(
        payment: &Payment,
        amount: Money,
        wish: &Wish<'_>,
        progress: RefundProgress,
        ids: &mut Ids,
    ) -> Self {
        let source = RefundSource::Payment(payment.id);
        Self::wanted(Some(payment.order), source, &payment.reference, amount, wish, progress, ids)
    }

    /// Money that counts towards no order and is to go back, all of it.
    pub(crate) fn of_unmatched(
        row: &Unmatched,
        wish: &Wish<'_>,
        progress: RefundProgress,
        ids: &mut Ids,
    ) -> Self {
        let source = RefundSource::Unmatched(row.id);
        Self::wanted(row.order, source, &row.reference, row.amount, wish, progress, ids)
    }

    fn wanted(
        order: Option<OrderId>,
        source: RefundSource,
        reference: &PaymentReference,
        amount: Money,
        wish: &Wish<'_>,
        progress: RefundProgress,
        ids: &mut Ids,
    ) -> Self {
        let id = ids.fresh();
        Self {
            id,
            request: id,
            order,
            source,
            reference: reference.clone(),
            amount,
            lines: Vec::new(),
            shipping: Money::zero(amount.currency),
            reason: wish.reason.to_owned(),
            restock: false,
            actor: wish.actor.clone(),
            created_at: wish.at,
            progress,
            version: 1,
        }
    }

    /// The change to `progress` of the refund as it was read.
    #[must_use]
    pub fn advance(&self, progress: RefundProgress) -> super::RefundAdvance {
        super::RefundAdvance { id: self.id, expected_version: self.version, progress }
    }
}

/// Who wants money to go back, why, and when.
pub(crate) struct Wish<'a> {
    pub(crate) reason: &'a str,
    pub(crate) actor: &'a Actor,
    pub(crate) at: Timestamp,
}

/// What a refund is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefundSource {
    /// Money that counts towards an order.
    Payment(PaymentId),
    /// Money that counts towards none.
    Unmatched(UnmatchedId),
}

/// Units that a refund is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundLine {
    /// Of which line item.
    pub line: LineId,
    /// How many.
    pub quantity: Quantity,
}

/// How far a refund got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundProgress {
    /// Where it stands.
    pub state: RefundState,
    /// The gateway's own id, once we know it.
    pub gateway_id: Option<String>,
    /// When somebody first asked the gateway for it. From then on the gateway's list is read before it is asked again.
    pub asked_at: Option<Timestamp>,
    /// When the gateway is asked, or asked again what became of it; `None`: not any more.
    pub check_at: Option<Timestamp>,
    /// How often it was asked.
    pub checks: u32,
    /// Why it failed, or what staff should know.
    pub note: Option<String>,
    /// When the money was gone.
    pub processed_at: Option<Timestamp>,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// Wanted; the gateway may not know of it yet.
    Pending,
    /// The gateway works on it.
    Processing,
    /// The money is gone.
    Processed,
    /// The money is still here, and counts again as captured.
    Failed,
    /// The gateway or the shop's staff has to know more before it goes on.
    NeedsAttention,
}

impl RefundState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Processing, Self::Processed, Self::Failed, Self::NeedsAttention];

    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Processed => "processed",
            Self::Failed => "failed",
            Self::NeedsAttention => "needs_attention",
        }
    }

    /// Whether its money is spoken for: all but failed ones.
    #[must_use]
    pub fn counts(self) -> bool {
        self != Self::Failed
    }

    /// Whether it stays as it is.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Processed | Self::Failed)
    }
}

/// The moves of a refund.
pub const REFUND_MOVES: &[Move<RefundState>] = &[
    Move::start(RefundState::Pending, "somebody asks for it"),
    Move::start(RefundState::Processed, "staff has paid it back by hand"),
    Move::start(RefundState::NeedsAttention, "staff is to pay it back by hand"),
    Move::new(RefundState::Pending, RefundState::Processing, "the gateway works on it"),
    Move::new(RefundState::Pending, RefundState::Processed, "the gateway paid at once"),
    Move::new(RefundState::Pending, RefundState::Failed, "the gateway refused"),
    Move::new(RefundState::Pending, RefundState::NeedsAttention, "the gateway has a question"),
    Move::new(RefundState::Processing, RefundState::Processed, "the gateway paid"),
    Move::new(RefundState::Processing, RefundState::Failed, "the money could not be sent"),
    Move::new(RefundState::Processing, RefundState::NeedsAttention, "the gateway has a question"),
    Move::new(RefundState::NeedsAttention, RefundState::Processing, "the question is answered"),
    Move::new(RefundState::NeedsAttention, RefundState::Processed, "staff has paid it back by hand"),
    Move::new(RefundState::NeedsAttention, RefundState::Failed, "it is given up"),
];

/// A refund with what it is taken from when that is no order's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundView {
    /// When it was read.
    pub now: Timestamp,
    /// The refund.
    pub refund: Refund,
    /// The money that belongs to no order, when it is taken from that.
    pub unmatched: Option<Unmatched>,
}
