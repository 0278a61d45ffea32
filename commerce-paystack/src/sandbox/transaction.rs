//! A transaction: what was asked, how far it is, what came of it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::cards::{RefundFate, TestCard};
use super::clock::{Moment, Stamp};
use super::country::{Channel, Currency};

/// What `verify` says of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Status {
    /// Not completed, yet or ever.
    Abandoned,
    /// The payer is at it.
    Ongoing,
    /// Paid.
    Success,
    /// Dead.
    Failed,
    /// Paid; a refund is under way.
    ReversalPending,
    /// Paid and given back.
    Reversed,
}

impl Status {
    /// Its name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Ongoing => "ongoing",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::ReversalPending => "reversal-pending",
            Self::Reversed => "reversed",
        }
    }
}

/// What the payer has to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Choose how to pay.
    Choose,
    Pin,
    Phone,
    Otp {
        text: &'static str,
    },
    Birthday,
    /// Go to a page of the bank.
    BankPage,
    /// Send money to an account.
    Transfer(Account),
    /// Approve on a phone, or dial a code.
    Offline(Offline),
    /// Nothing: it is paid or dead.
    Nothing,
}

/// The account that a transfer goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) number: String,
    pub(crate) name: &'static str,
    pub(crate) bank: (&'static str, &'static str, u64),
    pub(crate) expires: Moment,
    pub(crate) expires_at: Stamp,
    /// What the payer has to write into a Pesalink transfer.
    pub(crate) transfer_reference: Option<String>,
}

/// What happens away from the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offline {
    pub(crate) text: String,
    /// The code to dial.
    pub(crate) ussd_code: Option<String>,
    pub(crate) qr_code: Option<String>,
    /// Number and reference of an M-PESA paybill.
    pub(crate) paybill: Option<(String, u64)>,
}

/// What it is paid with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Instrument {
    Card {
        card: &'static TestCard,
        month: String,
        year: String,
    },
    MobileMoney {
        provider: Provider,
        phone: String,
    },
    BankTransfer,
    Ussd {
        bank: String,
    },
    Bank {
        code: String,
        name: String,
    },
    Qr,
    Eft,
    CapitecPay,
    /// A card that was saved.
    Saved(usize),
}

/// Who runs a mobile wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Provider {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) currency: Currency,
    /// The number that pays in test mode, and whether it asks for an OTP.
    pub(crate) number: &'static str,
    pub(crate) otp: Option<&'static str>,
}

impl Instrument {
    pub(crate) fn channel(&self) -> Channel {
        match self {
            Self::Card { .. } | Self::Saved(_) => Channel::Card,
            Self::MobileMoney { .. } => Channel::MobileMoney,
            Self::BankTransfer => Channel::BankTransfer,
            Self::Ussd { .. } => Channel::Ussd,
            Self::Bank { .. } => Channel::Bank,
            Self::Qr => Channel::Qr,
            Self::Eft => Channel::Eft,
            Self::CapitecPay => Channel::CapitecPay,
        }
    }
}

/// How a transaction came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Initialize,
    Charge,
    ChargeAuthorization,
}

impl Origin {
    pub(crate) fn source(self) -> Value {
        let entry_point = match self {
            Self::Initialize => "transaction_initialize",
            Self::Charge => "charge",
            Self::ChargeAuthorization => "charge_authorization",
        };
        json!({"type": "api", "source": "merchant_api", "entry_point": entry_point, "identifier": null})
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Transaction {
    pub(crate) id: u64,
    pub(crate) reference: String,
    pub(crate) access_code: String,
    pub(crate) origin: Origin,
    pub(crate) status: Status,
    /// What was asked for; `amount` is more when the payer bears the fee.
    pub(crate) requested: u64,
    pub(crate) amount: u64,
    pub(crate) currency: Currency,
    pub(crate) channels: Vec<Channel>,
    pub(crate) channel: Channel,
    /// Index of the customer.
    pub(crate) customer: usize,
    pub(crate) metadata: Value,
    pub(crate) callback_url: Option<String>,
    pub(crate) ip: String,
    pub(crate) began: Moment,
    pub(crate) created_at: Stamp,
    pub(crate) paid_at: Option<Stamp>,
    pub(crate) gateway_response: String,
    pub(crate) message: Option<String>,
    pub(crate) fees: Option<u64>,
    /// Index of what it was paid with.
    pub(crate) authorization: Option<usize>,
    pub(crate) refund_fate: RefundFate,
    pub(crate) instrument: Option<Instrument>,
    pub(crate) step: Step,
    /// How often the payer began anew.
    pub(crate) attempt: u32,
    pub(crate) log: Log,
}

/// What the payer did, for the timeline.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    attempts: u32,
    errors: u32,
    success: bool,
    history: Vec<(&'static str, String, Stamp)>,
}

impl Log {
    pub(crate) fn note(&mut self, kind: &'static str, message: impl Into<String>, at: Stamp) {
        match kind {
            "action" => self.attempts += 1,
            "error" => self.errors += 1,
            "success" => self.success = true,
            _ => {}
        }
        self.history.push((kind, message.into(), at));
    }

    /// What went wrong, if nothing happened since.
    pub(crate) fn last_error(&self) -> Option<&str> {
        self.history.last().filter(|(kind, ..)| *kind == "error").map(|(_, message, _)| message.as_str())
    }

    /// Null until something happened.
    pub(crate) fn body(&self) -> Value {
        let (Some(first), Some(last)) = (self.history.first(), self.history.last()) else {
            return Value::Null;
        };
        let since = |at: Stamp| (at - first.2) / 1000;
        let history: Vec<Value> = self
            .history
            .iter()
            .map(|(kind, message, at)| json!({"type": kind, "message": message, "time": since(*at)}))
            .collect();
        json!({
            "start_time": first.2 / 1000,
            "time_spent": since(last.2),
            "attempts": self.attempts,
            "errors": self.errors,
            "success": self.success,
            "mobile": false,
            "input": [],
            "history": history,
        })
    }
}

impl Transaction {
    /// Whether money has come in, whatever became of it afterwards.
    pub(crate) fn paid(&self) -> bool {
        self.paid_at.is_some()
    }

    /// Whether nothing can happen to it any more until it is refunded.
    pub(crate) fn over(&self) -> bool {
        self.paid() || self.status == Status::Failed
    }
}
