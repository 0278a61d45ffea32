//! Payment attempts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::PaymentState;
use crate::{Money, OrderId, PaymentId, Timestamp};

/// A way to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// A bank card, through a gateway.
    Card,
    /// A transfer to a bank account that the gateway names.
    BankTransfer,
    /// Mobile money, through a gateway.
    MobileMoney,
    /// A USSD code, through a gateway.
    Ussd,
    /// Cash, collected when the goods are handed over.
    CashOnDelivery,
}

/// The text names no payment method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a payment method: card, bank_transfer, mobile_money, ussd or cash_on_delivery")]
pub struct PaymentMethodError;

impl PaymentMethod {
    /// Every method.
    pub const ALL: [Self; 5] =
        [Self::Card, Self::BankTransfer, Self::MobileMoney, Self::Ussd, Self::CashOnDelivery];

    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::BankTransfer => "bank_transfer",
            Self::MobileMoney => "mobile_money",
            Self::Ussd => "ussd",
            Self::CashOnDelivery => "cash_on_delivery",
        }
    }

    /// Whether a gateway acts, so that goods are held for a payment window rather than committed at once.
    #[must_use]
    pub fn needs_gateway(self) -> bool {
        self != Self::CashOnDelivery
    }
}

impl fmt::Display for PaymentMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PaymentMethod {
    type Err = PaymentMethodError;

    fn from_str(text: &str) -> Result<Self, PaymentMethodError> {
        Self::ALL.into_iter().find(|method| method.as_str() == text).ok_or(PaymentMethodError)
    }
}

/// Our own reference of a payment attempt, unique and not guessable: at least 100 random bits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PaymentReference(pub String);

impl fmt::Display for PaymentReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One attempt to pay an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// The order.
    pub order: OrderId,
    /// Our own reference.
    pub reference: PaymentReference,
    /// How it is paid.
    pub method: PaymentMethod,
    /// What is to be paid.
    pub amount: Money,
    /// How far it got.
    pub state: PaymentState,
    /// When it was made.
    pub created_at: Timestamp,
    /// 1 at first, one more with each change.
    pub version: u64,
}
