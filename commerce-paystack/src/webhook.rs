//! What Paystack sends on its own: the signature, and the events.
//!
//! A message may come twice, late, and before the call that caused it has answered. Store it, answer 200, and then ask
//! ([`Client::verify`](crate::Client::verify), [`Client::refunds`](crate::Client::refunds)) instead of believing it.

use std::fmt;
use std::net::Ipv4Addr;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::Sha512;

use crate::refund::Refund;
use crate::transaction::Transaction;
use crate::value::{Fields, Reference, Unreadable};

/// The header that carries the signature.
pub const SIGNATURE_HEADER: &str = "x-paystack-signature";

/// Where messages come from, for test and live keys. The signature is what counts; this is for a firewall.
pub const SOURCE_ADDRESSES: [Ipv4Addr; 3] =
    [Ipv4Addr::new(52, 31, 139, 75), Ipv4Addr::new(52, 49, 173, 169), Ipv4Addr::new(52, 214, 14, 220)];

/// Why a message is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature.
    #[error("the message has no signature")]
    Missing,
    /// It is not 128 hexadecimal digits.
    #[error("the signature is misshapen")]
    Malformed,
    /// None of the keys made it.
    #[error("the signature belongs to another key or another message")]
    Wrong,
}

/// Why a message cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is not from Paystack.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// It is from Paystack and says nothing.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
}

/// Checks signatures. There may be several keys: while one is being replaced, messages are signed with the old one for
/// a while.
#[derive(Clone)]
pub struct Verifier {
    keys: Vec<SecretString>,
}

impl Verifier {
    /// Takes messages that were signed with any of these secret keys. Without a key it takes none.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = SecretString>) -> Self {
        Self { keys: keys.into_iter().filter(|key| !key.expose_secret().is_empty()).collect() }
    }

    /// Checks the signature over the bytes as they came. Parsing and writing them again would change them.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn verify(&self, body: &[u8], signature: Option<&str>) -> Result<(), SignatureError> {
        let signature = signature.map(str::trim).filter(|text| !text.is_empty());
        let signature =
            bytes_of(signature.ok_or(SignatureError::Missing)?).ok_or(SignatureError::Malformed)?;
        // Every key is tried, so that the time taken does not tell which one fits.
        let mut fits = false;
        for key in &self.keys {
            let Ok(mut mac) = Hmac::<Sha512>::new_from_slice(key.expose_secret().as_bytes()) else {
                continue;
            };
            mac.update(body);
            fits |= mac.verify_slice(&signature).is_ok();
        }
        if fits { Ok(()) } else { Err(SignatureError::Wrong) }
    }

    /// Checks the signature and reads the event.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(&self, body: &[u8], signature: Option<&str>) -> Result<Event, OpenError> {
        self.verify(body, signature)?;
        Ok(Event::read(body)?)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("keys", &self.keys.len()).finish()
    }
}

/// 64 bytes from 128 hexadecimal digits of either case.
fn bytes_of(hex: &str) -> Option<[u8; 64]> {
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else { return None };
    if pairs.len() != 64 {
        return None;
    }
    let mut bytes = [0; 64];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let digit = |hex: u8| char::from(hex).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Somebody paid. There is no message about who did not: that has to be asked for.
    ChargeSuccess(Box<Transaction>),
    /// A refund went on.
    Refund(Box<Refund>),
    /// A transfer was sent back to the payer, because its amount was wrong or its account had expired.
    TransferRejected(TransferRejected),
    /// A payer disputes a charge with their bank.
    Dispute(Dispute),
    /// Anything else, known or new: answer 200 and go on. A message of the kinds above that cannot be read is here too.
    Other {
        /// The event.
        name: String,
        /// What came with it; a list for some events.
        data: Value,
    },
}

/// A transfer that was sent back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferRejected {
    /// The number of the transaction that it was meant for.
    pub transaction_id: Option<u64>,
    /// How many subunits were sent.
    pub subunits: Option<u64>,
    /// Why, as a word such as `INCORRECT_AMOUNT`.
    pub reason: Option<String>,
}

/// A disputed charge.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dispute {
    /// What happened to it: `create`, `remind` or `resolve`.
    pub step: String,
    /// Its number.
    pub id: Option<u64>,
    /// The reference of the charge.
    pub transaction_reference: Option<Reference>,
    /// How many subunits would go back.
    pub refund_subunits: Option<u64>,
    /// How far it is.
    pub status: Option<String>,
    /// How it ended.
    pub resolution: Option<String>,
    /// Until when the merchant has to answer, ISO 8601.
    pub due_at: Option<String>,
}

impl Event {
    /// Reads a message whose signature was checked.
    ///
    /// # Errors
    /// [`Unreadable`] when it is not JSON, or names no event.
    pub fn read(body: &[u8]) -> Result<Self, Unreadable> {
        let body: Value = serde_json::from_slice(body)
            .map_err(|_| Unreadable { field: "the body", problem: "is no JSON" })?;
        let name = Fields::of(&body).text("event").ok_or(Unreadable::missing("event"))?;
        let data = body.get("data").unwrap_or(&Value::Null);
        let event = match name.as_str() {
            "charge.success" => Transaction::read(data).ok().map(|it| Self::ChargeSuccess(Box::new(it))),
            "bank.transfer.rejected" => TransferRejected::read(data).map(Self::TransferRejected),
            other => match other.split_once("charge.dispute.") {
                Some(("", step)) => Dispute::read(step, data).map(Self::Dispute),
                _ if other.starts_with("refund.") => {
                    Refund::read(data).ok().map(|it| Self::Refund(Box::new(it)))
                }
                _ => None,
            },
        };
        Ok(event.unwrap_or_else(|| Self::Other { name, data: data.clone() }))
    }

    /// The reference of the charge that this is about, where it says so.
    #[must_use]
    pub fn transaction_reference(&self) -> Option<&Reference> {
        match self {
            Self::ChargeSuccess(transaction) => Some(&transaction.reference),
            Self::Refund(refund) => refund.transaction_reference.as_ref(),
            Self::Dispute(dispute) => dispute.transaction_reference.as_ref(),
            Self::TransferRejected(_) | Self::Other { .. } => None,
        }
    }
}

impl TransferRejected {
    fn read(data: &Value) -> Option<Self> {
        let fields = Fields::of(data).object("bank_transfer")?;
        Some(Self {
            transaction_id: fields.number("transaction_id"),
            subunits: fields.number("amount"),
            reason: fields.either("message_type", "message"),
        })
    }
}

impl Dispute {
    fn read(step: &str, data: &Value) -> Option<Self> {
        let fields = Fields::of(data);
        let transaction = fields.object("transaction")?;
        Some(Self {
            step: step.to_owned(),
            id: fields.number("id"),
            transaction_reference: transaction.reference("reference").ok().flatten(),
            refund_subunits: fields.number("refund_amount"),
            status: fields.text("status"),
            resolution: fields.text("resolution"),
            due_at: fields.text("dueAt"),
        })
    }
}
