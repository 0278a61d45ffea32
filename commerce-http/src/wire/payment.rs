//! Payment attempts, as the shopper sees them.

use commerce_core::payment::Payment;
use poem_openapi::Object;
use serde::Serialize;

use super::word::{Method, NextAction, PaymentStatus};
use super::{Instant, MoneyDto};

/// A payment attempt.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Payment")]
pub(crate) struct PaymentDto {
    /// The shop's own reference.
    reference: String,
    /// How far it has got. `due`: the money is collected by hand.
    status: PaymentStatus,
    /// How it is paid.
    method: Method,
    /// What is to be paid.
    amount: MoneyDto,
    /// What the shopper does next.
    next_action: NextActionDto,
    /// When it was made.
    created_at: Instant,
}

/// What the shopper does next to pay.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "NextAction")]
pub(crate) struct NextActionDto {
    /// `none`: nothing now, the money is collected when the goods are handed over.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    kind: NextAction,
}

impl From<&Payment> for PaymentDto {
    fn from(payment: &Payment) -> Self {
        Self {
            reference: payment.reference.to_string(),
            status: payment.state.into(),
            method: payment.method.into(),
            amount: payment.amount.into(),
            next_action: NextActionDto { kind: NextAction::None },
            created_at: payment.created_at.into(),
        }
    }
}
