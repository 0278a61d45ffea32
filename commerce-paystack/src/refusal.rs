//! What Paystack answers when it refuses a request, sorted by reason.

use std::fmt;

use serde_json::Value;

use crate::error::Fault;
use crate::value::Fields;

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The reason, as far as it is known.
    pub reason: Reason,
    /// Paystack's code, such as `duplicate_reference`; old and rare answers have none.
    pub code: Option<String>,
    /// Paystack's words, shortened to 200 characters. For people: they change.
    pub message: String,
    /// What Paystack advises to do, shortened to 200 characters.
    pub next_step: Option<String>,
}

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The key is wrong or revoked.
    InvalidKey,
    /// The account may not trade.
    AccountDisabled,
    /// The account cannot take this currency.
    CurrencyUnsupported,
    /// A feature that Paystack has to switch on for this account.
    FeatureDisabled,
    /// The reference belongs to a transaction already.
    DuplicateReference,
    /// There is no such transaction, refund or reference in this mode.
    NotFound,
    /// The amount is missing, zero, fractional or out of bounds.
    InvalidAmount,
    /// The e-mail address is missing or wrong.
    InvalidEmail,
    /// The saved card is unknown, revoked or another customer's.
    InvalidAuthorization,
    /// The payer took too long, or tried too often.
    AttemptOver,
    /// More would be refunded than was paid, or all of it is refunded already.
    RefundExceeds,
    /// The refund is smaller than the smallest allowed.
    RefundTooSmall,
    /// Anything else.
    Other,
}

impl Reason {
    /// Who has to do something.
    #[must_use]
    pub const fn fault(self) -> Fault {
        match self {
            Self::InvalidKey | Self::AccountDisabled | Self::CurrencyUnsupported | Self::FeatureDisabled => {
                Fault::Merchant
            }
            Self::InvalidEmail | Self::InvalidAuthorization | Self::AttemptOver => Fault::Payer,
            Self::DuplicateReference
            | Self::NotFound
            | Self::InvalidAmount
            | Self::RefundExceeds
            | Self::RefundTooSmall
            | Self::Other => Fault::Caller,
        }
    }
}

impl Refusal {
    const TEXT_LENGTH_MAX: usize = 200;

    /// Reads the body of a refusal. A body that is no JSON object has no words.
    pub(crate) fn read(status: u16, body: &Value, secret: &str) -> Self {
        let fields = Fields::of(body);
        let printable = |text: String| printable(&text, secret);
        let code = fields.text("code").map(printable);
        let message = fields.text("message").map(printable).unwrap_or_default();
        let next_step =
            fields.object("meta").and_then(|meta| meta.either("nextStep", "next_step")).map(printable);
        Self { status, reason: reason(status, code.as_deref(), &message), code, message, next_step }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused with {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

/// One line of at most 200 characters in which the key does not occur.
pub(crate) fn printable(text: &str, secret: &str) -> String {
    let text = if secret.is_empty() { text.to_owned() } else { text.replace(secret, "[key]") };
    text.chars()
        .map(|c| if c.is_control() || c == '\u{a0}' { ' ' } else { c })
        .take(Refusal::TEXT_LENGTH_MAX)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// The code decides where there is one. Many refusals have only words, so the documented ones are known by how they
/// begin; a word that is not known decides nothing.
fn reason(status: u16, code: Option<&str>, message: &str) -> Reason {
    let by_code = match code.map(str::to_ascii_lowercase).as_deref() {
        Some("invalid_key") => Some(Reason::InvalidKey),
        Some("duplicate_reference") => Some(Reason::DuplicateReference),
        Some("transaction_not_found") => Some(Reason::NotFound),
        Some("invalid_amount") => Some(Reason::InvalidAmount),
        Some("invalid_email_address") => Some(Reason::InvalidEmail),
        Some("unsupported_currency") => Some(Reason::CurrencyUnsupported),
        Some("transaction_reversed") => Some(Reason::RefundExceeds),
        _ => None,
    };
    if let Some(reason) = by_code {
        return reason;
    }
    if status == 401 {
        return Reason::InvalidKey;
    }
    let message = message.to_ascii_lowercase();
    match KNOWN_WORDS.iter().find(|(words, _)| message.contains(words)) {
        Some((_, reason)) => *reason,
        // Only Paystack's own 404 is one: a proxy says the same about a wrong address, without these words.
        None if status == 404 && !message.is_empty() => Reason::NotFound,
        None => Reason::Other,
    }
}

const KNOWN_WORDS: [(&str, Reason); 25] = [
    ("duplicate transaction reference", Reason::DuplicateReference),
    ("duplicate charge request", Reason::DuplicateReference),
    ("transaction reference not found", Reason::NotFound),
    ("transaction reference is invalid", Reason::NotFound),
    ("transaction not found", Reason::NotFound),
    ("invalid key", Reason::InvalidKey),
    ("integration has been deactivated", Reason::AccountDisabled),
    ("invalid merchant selected", Reason::AccountDisabled),
    ("currency not supported by merchant", Reason::CurrencyUnsupported),
    ("is not enabled for", Reason::FeatureDisabled),
    ("not supported for partial debit", Reason::FeatureDisabled),
    ("invalid amount", Reason::InvalidAmount),
    ("amount limit exceeded", Reason::InvalidAmount),
    ("is not currently supported for transactions less than", Reason::InvalidAmount),
    ("invalid email address", Reason::InvalidEmail),
    ("email address is required", Reason::InvalidEmail),
    ("email is not allowed to be empty", Reason::InvalidEmail),
    ("authorization code is invalid", Reason::InvalidAuthorization),
    ("email does not match authorization code", Reason::InvalidAuthorization),
    ("charge attempt cannot be fulfilled", Reason::AttemptOver),
    ("session timeout exceeded", Reason::AttemptOver),
    ("exceeded the time to pay", Reason::AttemptOver),
    ("total refund amount cannot exceed", Reason::RefundExceeds),
    ("has been fully reversed", Reason::RefundExceeds),
    ("the minimum amount you may send in a single refund", Reason::RefundTooSmall),
];
