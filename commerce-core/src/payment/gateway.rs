//! What a payment gateway is asked, and what it answers.
//!
//! Everything that comes from a gateway is untrusted: a charge counts only when its amount, currency, reference and mode
//! are those of the attempt that we stored; [`settle`](super::settle()) compares them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Payment, PaymentMethod, PaymentReference, RefundState};
use crate::customer::{Email, Phone};
use crate::order::{OrderNumber, OrderView};
use crate::{Money, RefundId, Timestamp};

/// Whether a gateway moves real money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayMode {
    /// Nothing is charged: test keys, or a sandbox.
    Test,
    /// Real money.
    Live,
}

impl GatewayMode {
    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }
}

/// A mobile money account that is asked to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MobileMoney {
    /// The number that the account belongs to.
    pub phone: Phone,
    /// The gateway's code of the operator, in lower case: `mtn`.
    pub provider: String,
}

/// What a gateway is asked to collect: an attempt, as it was stored before the gateway was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Our own reference: whoever asks twice with one reference is never charged twice.
    pub reference: PaymentReference,
    /// How much; more than 0.
    pub amount: Money,
    /// How.
    pub method: PaymentMethod,
    /// Who pays.
    pub email: Email,
    /// The account to ask, when mobile money is paid without a page of the gateway.
    pub mobile_money: Option<MobileMoney>,
    /// Where the browser goes after a page of the gateway.
    pub return_url: Option<String>,
    /// For which order, as people call it: shown to the payer, never read back.
    pub order: OrderNumber,
    /// When it is asked, by the store's clock.
    pub now: Timestamp,
    /// Until when the order waits for its money. What a payer is shown to pay to, such as an account made for this attempt,
    /// ends then where the gateway can do so; money that comes later is still taken up.
    pub pay_until: Option<Timestamp>,
}

impl Intent {
    /// What the gateway is asked for an attempt of an order.
    #[must_use]
    pub fn of(view: &OrderView, payment: &Payment) -> Self {
        Self {
            reference: payment.reference.clone(),
            amount: payment.amount,
            method: payment.method,
            email: view.order.email.clone(),
            mobile_money: payment.mobile_money.clone(),
            return_url: payment.return_url.clone(),
            order: view.order.number.clone(),
            now: view.now,
            pay_until: view.order.pay_until,
        }
    }
}

/// What the payer does next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NextAction {
    /// Opens a page of the gateway.
    Redirect {
        /// The page.
        authorization_url: String,
        /// What a gateway's own browser code opens the page by.
        access_code: Option<String>,
    },
    /// Follows instructions: transfers to an account, dials a code.
    Display(Instructions),
    /// Approves on the phone.
    Await {
        /// What the gateway says to the payer.
        text: Option<String>,
        /// Until when.
        expires_at: Option<Timestamp>,
    },
    /// Nothing: the gateway has decided already.
    None,
}

/// Instructions that a payer follows; what does not apply is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instructions {
    /// The bank of the account.
    pub bank: Option<String>,
    /// The number of the account.
    pub account_number: Option<String>,
    /// Whose account it is.
    pub account_name: Option<String>,
    /// The code to dial.
    pub ussd_code: Option<String>,
    /// What the gateway says to the payer.
    pub text: Option<String>,
    /// Until when it can be paid.
    pub expires_at: Option<Timestamp>,
}

/// A charge, as the gateway tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The reference that it was asked for by: ours, unless somebody else charges through the same account.
    pub reference: PaymentReference,
    /// The gateway's own id.
    pub id: String,
    /// How far it got.
    pub status: ChargeStatus,
    /// What the payer paid, or is to pay.
    pub amount: Money,
    /// What was asked for, where the gateway adds its fee to it for the payer.
    pub requested: Option<Money>,
    /// Real money or not.
    pub mode: GatewayMode,
    /// How it was paid in the end, in the gateway's word: the payer may choose another way on the gateway's page.
    pub channel: Option<String>,
    /// What the gateway keeps.
    pub fee: Option<Money>,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// Why it failed, in words that a payer may see.
    pub reason: Option<String>,
}

impl Charge {
    /// What counts towards the order: what was asked for when the payer bore the fee on top, else what was paid.
    #[must_use]
    pub fn credited(&self) -> Money {
        match self.requested {
            Some(requested)
                if requested.currency == self.amount.currency && requested.minor < self.amount.minor =>
            {
                requested
            }
            _ => self.amount,
        }
    }
}

/// How far a charge got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChargeStatus {
    /// Not decided, or not for good: a page that was left may be opened again. What a gateway says that we do not know
    /// is this.
    Open,
    /// Paid.
    Succeeded,
    /// Not paid, for good.
    Failed,
    /// Paid; a refund of all or a part is under way.
    Reversing,
    /// Paid, and the money went back.
    Reversed,
}

/// What a gateway is asked to pay back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRequest {
    /// Our own id, which the gateway keeps with the refund so that it is found again.
    pub refund: RefundId,
    /// Of which charge, by our reference.
    pub reference: PaymentReference,
    /// Of which charge, by the gateway's id, where we know it.
    pub charge: Option<String>,
    /// How much; more than 0.
    pub amount: Money,
    /// Why, for the shop's own eyes.
    pub reason: String,
}

/// A refund, as the gateway tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRefund {
    /// The gateway's own id.
    pub id: String,
    /// Our id, when it was us who asked.
    pub refund: Option<RefundId>,
    /// How much goes back.
    pub amount: Money,
    /// How far it got.
    pub state: RefundState,
    /// Why it failed, for staff.
    pub reason: Option<String>,
}

/// Which charges are listed: those made from `from` up to, not including, `to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeWindow {
    /// The first instant.
    pub from: Timestamp,
    /// The instant after the last.
    pub to: Timestamp,
    /// Where the page before ended: its [`ChargePage::next`].
    pub after: Option<String>,
}

/// A page of charges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChargePage {
    /// The charges, in the gateway's order.
    pub charges: Vec<Charge>,
    /// Where the next page begins; `None`: there is none.
    pub next: Option<String>,
}

/// What a gateway's message is about. Nothing else of a message is believed: the gateway is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Something happened to this charge.
    Charge(PaymentReference),
    /// Something happened to a refund of this charge.
    Refund(PaymentReference),
    /// Money was sent that the gateway could not match to a charge, or a charge is disputed: for staff to see.
    Attention {
        /// What happened, in the gateway's word.
        event: String,
        /// Of which charge, when it says so.
        reference: Option<PaymentReference>,
    },
    /// An event that means nothing to us.
    Other(String),
}

/// Why a gateway's message is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoticeError {
    /// It does not carry the gateway's signature over these very bytes.
    #[error("the signature does not belong to this message")]
    Signature,
    /// It is signed but cannot be read.
    #[error("the message cannot be read")]
    Unreadable,
}

/// Why a gateway did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {detail}")]
pub struct GatewayError {
    /// What it means for us.
    pub kind: GatewayTrouble,
    /// What happened, for the log: without secrets, never for a shopper.
    pub detail: String,
    /// How long to wait before the next try, when the gateway says so.
    pub retry_after: Option<Duration>,
    /// Why a payment is refused, in words that a payer may see, where the gateway has such words.
    pub reason: Option<String>,
}

impl GatewayError {
    /// Trouble of this kind.
    pub fn new(kind: GatewayTrouble, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), retry_after: None, reason: None }
    }
}

/// What a gateway's trouble means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GatewayTrouble {
    /// Nothing was done: it was not reached, is too busy, or keeps us waiting on purpose. The same may be asked again.
    Unavailable,
    /// It may have been done or not: no answer, a broken one, or an error of the gateway itself. It has to be asked what
    /// happened before anything is asked again.
    Unknown,
    /// Nothing was done: our reference is known to it already.
    Duplicate,
    /// Nothing was done, and the same will not help: it refuses this payment or refund.
    Refused,
    /// Nothing was done: the shop's own account, key or settings are wrong. For the shop's staff.
    Misconfigured,
}

impl std::fmt::Display for GatewayTrouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "the payment gateway is not available",
            Self::Unknown => "the payment gateway did not say what became of it",
            Self::Duplicate => "the payment gateway knows this reference already",
            Self::Refused => "the payment gateway refuses",
            Self::Misconfigured => "the payment gateway is not set up rightly",
        })
    }
}
