//! Charging without Paystack's page: a transfer, mobile money, a USSD code, and the steps in between.

mod instrument;
mod step;

use std::fmt;

use serde_json::{Value, json};

pub use instrument::{Instrument, MobileMoneyProvider, UssdBank};
pub use step::Step;

use crate::client::Client;
use crate::door::{self, Metadata};
use crate::error::{Error, ErrorKind};
use crate::transaction::Transaction;
use crate::transport::Call;
use crate::value::{Amount, Fields, Reference, Unreadable};

/// A charge to begin.
#[derive(Debug, Clone)]
pub struct ChargeRequest {
    email: String,
    amount: Amount,
    reference: Reference,
    instrument: Instrument,
    metadata: Option<Value>,
}

impl ChargeRequest {
    /// Charges `amount` to `instrument` under a new reference.
    #[must_use]
    pub fn new(
        email: impl Into<String>,
        amount: Amount,
        reference: Reference,
        instrument: Instrument,
    ) -> Self {
        Self { email: email.into(), amount, reference, instrument, metadata: None }
    }

    /// Attaches data that comes back with the transaction.
    #[must_use]
    pub fn metadata(mut self, metadata: Value) -> Self {
        self.metadata = Some(metadata);
        self
    }
}

/// How far a charge is, and so what comes next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChargeStatus {
    /// Send the payer's PIN.
    SendPin,
    /// Send the code that the payer got. One wrong code ends the charge.
    SendOtp,
    /// Send the payer's phone number.
    SendPhone,
    /// Send the payer's birthday.
    SendBirthday,
    /// Send the payer's address.
    SendAddress,
    /// Send the payer to the page.
    OpenUrl,
    /// The payer dials, scans or approves; wait.
    PayOffline,
    /// The payer transfers to the account; wait.
    PendingBankTransfer,
    /// Ask again, not before ten seconds have passed.
    Pending,
    /// Paid. Verify all the same: this answer carries no proof of the amount.
    Success,
    /// Not paid; another try needs a new reference.
    Failed,
    /// The payer took too long; another try needs a new reference.
    Timeout,
    /// A word that is not known: take it as pending.
    Unknown(String),
}

impl ChargeStatus {
    /// Whether nothing more will come of it.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::Timeout)
    }

    fn read(text: &str) -> Self {
        match text {
            "send_pin" => Self::SendPin,
            "send_otp" => Self::SendOtp,
            "send_phone" => Self::SendPhone,
            "send_birthday" => Self::SendBirthday,
            "send_address" => Self::SendAddress,
            "open_url" => Self::OpenUrl,
            "pay_offline" => Self::PayOffline,
            "pending_bank_transfer" => Self::PendingBankTransfer,
            "pending" => Self::Pending,
            "success" => Self::Success,
            "failed" => Self::Failed,
            "timeout" => Self::Timeout,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// The word on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::SendPin => "send_pin",
            Self::SendOtp => "send_otp",
            Self::SendPhone => "send_phone",
            Self::SendBirthday => "send_birthday",
            Self::SendAddress => "send_address",
            Self::OpenUrl => "open_url",
            Self::PayOffline => "pay_offline",
            Self::PendingBankTransfer => "pending_bank_transfer",
            Self::Pending => "pending",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Unknown(word) => word,
        }
    }
}

impl fmt::Display for ChargeStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A charge under way or ended. Only reference and status are always known.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Charge {
    /// What it is known by, through all its steps.
    pub reference: Reference,
    /// How far it is.
    pub status: ChargeStatus,
    /// What to tell the payer.
    pub display_text: Option<String>,
    /// Why it failed, for people.
    pub message: Option<String>,
    /// The page to open, or the picture of the code to scan.
    pub url: Option<String>,
    /// What to dial.
    pub ussd_code: Option<String>,
    /// What to scan.
    pub qr_code: Option<String>,
    /// The account to transfer or to pay to.
    pub account: Option<TransferAccount>,
    /// For whose address the bank asks, as a country code.
    pub country_code: Option<String>,
    /// The transaction, once it has ended.
    pub transaction: Option<Box<Transaction>>,
}

/// An account that takes one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferAccount {
    /// Its number.
    pub number: String,
    /// Whose it is, as the payer's bank shows it.
    pub name: Option<String>,
    /// The bank.
    pub bank: Option<String>,
    /// What the payer has to write with the payment, where that is needed.
    pub reference: Option<String>,
    /// Until when it can be paid, ISO 8601.
    pub expires_at: Option<String>,
}

impl Charge {
    /// Reads `data`. A failed step may leave the reference out, so it is taken from the request.
    pub(crate) fn read(data: &Value, asked: Option<&Reference>) -> Result<Self, Unreadable> {
        let fields = Fields::of(data);
        let (inner, status) = match fields.object("transaction") {
            // One South African channel wraps the transaction and says "success" when the payer has been asked.
            Some(inner) if fields.get("reference").is_none() => (inner, ChargeStatus::Pending),
            _ => {
                let status = fields.text("status").ok_or(Unreadable::missing("status"))?;
                (fields, ChargeStatus::read(&status))
            }
        };
        let reference = match (inner.reference("reference")?, asked) {
            (Some(reference), Some(asked)) if reference != *asked => {
                return Err(Unreadable { field: "reference", problem: "is not the one that was sent" });
            }
            (Some(reference), _) => reference,
            (None, Some(asked)) => asked.clone(),
            (None, None) => return Err(Unreadable::missing("reference")),
        };
        let transaction = match status {
            ChargeStatus::Success | ChargeStatus::Failed => Transaction::read(data).ok().map(Box::new),
            _ => None,
        };
        Ok(Self {
            reference,
            status,
            display_text: fields.text("display_text"),
            message: fields.text("message").or_else(|| fields.text("gateway_response")),
            url: fields.text("url").filter(|url| door::url(url).is_ok()),
            ussd_code: fields.text("ussd_code"),
            qr_code: fields.text("qr_code"),
            account: TransferAccount::read(fields),
            country_code: fields.text("country_code"),
            transaction,
        })
    }
}

impl TransferAccount {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self {
            number: fields.text("account_number")?,
            name: fields.text("account_name"),
            bank: fields.object("bank").and_then(|bank| bank.text("name")).or_else(|| fields.text("bank")),
            reference: fields.either("account_reference", "transaction_reference"),
            expires_at: fields.text("account_expires_at"),
        })
    }
}

impl Client {
    /// Begins a charge.
    ///
    /// # Errors
    /// [`Error`]. When the outcome is unknown, verify the reference.
    pub async fn charge(&self, request: &ChargeRequest) -> Result<Charge, Error> {
        let ChargeRequest { email, amount, reference, instrument, metadata } = request;
        let mut body = json!({
            "email": email,
            "amount": amount.subunits,
            "currency": amount.currency.as_str(),
            "reference": reference.as_str(),
        });
        instrument.write(&mut body);
        body.attach(metadata.as_ref());
        let call = Call::write("charge", "charge", body);
        door::payment(email, *amount)
            .and_then(|()| instrument.check())
            .map_err(|invalid| call.error(invalid.into()))?;
        self.charge_step(&call, reference).await
    }

    /// Sends what a charge waits for.
    ///
    /// # Errors
    /// [`Error`]. A wrong PIN or code is no error but a charge that failed. When the outcome is unknown, check the charge
    /// and do not send the step again: a code counts once.
    pub async fn submit(&self, reference: &Reference, step: &Step) -> Result<Charge, Error> {
        let call = Call::write(step.operation(), step.path(), step.body(reference));
        step.check().map_err(|invalid| call.error(invalid.into()))?;
        self.charge_step(&call, reference).await
    }

    /// Asks how far a charge is. Not sooner than ten seconds after it became pending.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn check_charge(&self, reference: &Reference) -> Result<Charge, Error> {
        self.charge_step(&Call::read("check charge", format!("charge/{reference}")), reference).await
    }

    /// An answer about a charge counts also when the envelope says no: a declined step comes as a refusal with the
    /// charge inside.
    async fn charge_step(&self, call: &Call, reference: &Reference) -> Result<Charge, Error> {
        let envelope = self.transport.exchange(call).await?;
        let charge = envelope.body.get("data").map(|data| Charge::read(data, Some(reference)));
        match charge {
            Some(Ok(charge)) if envelope.accepted => Ok(charge),
            Some(Ok(charge)) if matches!(charge.status, ChargeStatus::Failed | ChargeStatus::Timeout) => {
                Ok(charge)
            }
            _ if !envelope.accepted => Err(call.error(self.transport.refused(envelope))),
            Some(Err(unreadable)) => Err(call.error(ErrorKind::Unreadable(unreadable))),
            _ => Err(call.error(ErrorKind::Unreadable(Unreadable::missing("data")))),
        }
    }
}
