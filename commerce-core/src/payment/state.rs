//! The states of payment, and the moves between them.

use serde::{Deserialize, Serialize};

use crate::order::Move;

/// How far payment has got: of one attempt, and of an order as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// Money is collected by hand; no gateway acts.
    Due,
    /// A gateway attempt is open.
    Pending,
    /// The money is set aside but not yet taken.
    Authorized,
    /// The money is here.
    Paid,
    /// Some of the money went back.
    PartiallyRefunded,
    /// All of the money went back.
    Refunded,
    /// No money counts: none came in time, or what came is [`Unmatched`](super::Unmatched).
    Failed,
}

impl PaymentState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Due,
        Self::Pending,
        Self::Authorized,
        Self::Paid,
        Self::PartiallyRefunded,
        Self::Refunded,
        Self::Failed,
    ];

    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Pending => "pending",
            Self::Authorized => "authorized",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
        }
    }
}

/// The moves of payment.
pub const PAYMENT_MOVES: &[Move<PaymentState>] = &[
    Move::start(PaymentState::Due, "cash on delivery or another payment by hand"),
    Move::start(PaymentState::Pending, "a gateway is asked"),
    Move::start(PaymentState::Paid, "nothing is to be paid"),
    Move::new(PaymentState::Due, PaymentState::Paid, "the money was collected"),
    Move::new(PaymentState::Due, PaymentState::Failed, "the order was cancelled or nobody paid"),
    Move::new(PaymentState::Due, PaymentState::Pending, "the shopper pays through a gateway instead"),
    Move::new(PaymentState::Pending, PaymentState::Authorized, "the gateway set the money aside"),
    Move::new(PaymentState::Pending, PaymentState::Paid, "the gateway took the money"),
    Move::new(
        PaymentState::Pending,
        PaymentState::Failed,
        "the payment window closed or the order was cancelled",
    ),
    Move::new(PaymentState::Authorized, PaymentState::Paid, "the money was captured"),
    Move::new(PaymentState::Authorized, PaymentState::Failed, "the authorization was voided or lapsed"),
    Move::new(PaymentState::Failed, PaymentState::Pending, "another attempt, or the order was reopened"),
    Move::new(PaymentState::Failed, PaymentState::Paid, "money came late"),
    Move::new(PaymentState::Paid, PaymentState::PartiallyRefunded, "a part was refunded"),
    Move::new(PaymentState::Paid, PaymentState::Refunded, "all was refunded"),
    Move::new(PaymentState::PartiallyRefunded, PaymentState::Refunded, "the rest was refunded"),
];
