//! Money that came in and counts towards no order.

use serde::{Deserialize, Serialize};

use super::{GatewayMode, PaymentReference, Refund};
use crate::{Money, OrderId, PaymentId, Timestamp, UnmatchedId};

/// A charge, or the rest of one, that counts towards no order: staff can see it, nothing is shipped for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmatched {
    /// Its id.
    pub id: UnmatchedId,
    /// The reference of the charge: one row for each.
    pub reference: PaymentReference,
    /// The gateway's own id of the charge; absent for money that was collected by hand.
    pub charge: Option<String>,
    /// The attempt whose reference it carries, if it is one of ours.
    pub payment: Option<PaymentId>,
    /// The order of that attempt.
    pub order: Option<OrderId>,
    /// How much came.
    pub amount: Money,
    /// Real money or not.
    pub mode: Option<GatewayMode>,
    /// Why it counts towards no order.
    pub reason: UnmatchedReason,
    /// When we learned of it.
    pub seen_at: Timestamp,
    /// What becomes of it.
    pub state: UnmatchedState,
    /// What staff wrote about it.
    pub note: Option<String>,
    /// 1 at first, one more with each change.
    pub version: u64,
}

/// Why money counts towards no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnmatchedReason {
    /// No attempt of ours has the reference.
    UnknownReference,
    /// Another amount than the attempt's.
    Amount,
    /// Another currency than the attempt's.
    Currency,
    /// Test money for a live attempt, or the other way round.
    Mode,
    /// The order had been paid by another attempt.
    AlreadyPaid,
    /// It went back at the gateway before we learned of it.
    Reversed,
    /// More was collected by hand than was due: the rest.
    Excess,
}

impl UnmatchedReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::UnknownReference,
        Self::Amount,
        Self::Currency,
        Self::Mode,
        Self::AlreadyPaid,
        Self::Reversed,
        Self::Excess,
    ];

    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownReference => "unknown_reference",
            Self::Amount => "amount",
            Self::Currency => "currency",
            Self::Mode => "mode",
            Self::AlreadyPaid => "already_paid",
            Self::Reversed => "reversed",
            Self::Excess => "excess",
        }
    }
}

/// What becomes of money that counts towards no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnmatchedState {
    /// Staff decides.
    Open,
    /// It goes back.
    Refunding,
    /// It went back.
    Refunded,
    /// Staff has dealt with it in another way, which the note says.
    Resolved,
}

impl UnmatchedState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Open, Self::Refunding, Self::Refunded, Self::Resolved];

    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Refunding => "refunding",
            Self::Refunded => "refunded",
            Self::Resolved => "resolved",
        }
    }
}

/// How such money is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum UnmatchedKey {
    /// By id.
    Id(UnmatchedId),
    /// By the reference of the charge.
    Reference(PaymentReference),
}

/// Such money, with what goes back of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmatchedView {
    /// When it was read.
    pub now: Timestamp,
    /// The money.
    pub unmatched: Unmatched,
    /// Its refunds, the oldest first.
    pub refunds: Vec<Refund>,
}
