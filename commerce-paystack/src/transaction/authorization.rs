//! Saved cards: paying again without the payer.

use std::fmt;

use serde_json::{Value, json};

use super::{Reference, Transaction};
use crate::client::Client;
use crate::door::{self, Metadata};
use crate::error::{Error, ErrorKind};
use crate::transport::Call;
use crate::value::{Amount, Fields, Unreadable};

/// A card or account that was paid with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authorization {
    /// What it is charged by.
    pub code: AuthorizationCode,
    /// Whether it can be charged again; it stays true after the payer has revoked it.
    pub reusable: bool,
    /// The same for the same card whoever uses it; none for other ways to pay.
    pub signature: Option<String>,
    /// `card`, `bank`, `mobile_money` and others.
    pub channel: Option<String>,
    /// The card scheme or the operator, such as `visa`.
    pub brand: Option<String>,
    /// The first digits.
    pub bin: Option<String>,
    /// The last four digits.
    pub last4: Option<String>,
    /// The month it expires.
    pub exp_month: Option<u64>,
    /// The year it expires.
    pub exp_year: Option<u64>,
    /// The bank.
    pub bank: Option<String>,
}

/// The code of a saved card. Whoever has it and the secret key can take money, so it does not print.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AuthorizationCode(String);

impl AuthorizationCode {
    /// A code as Paystack gave it (`AUTH_...`).
    #[must_use]
    pub fn new(code: impl Into<String>) -> Self {
        Self(code.into())
    }

    /// The code.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AuthorizationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AUTH_...")
    }
}

impl Authorization {
    pub(crate) fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self {
            code: AuthorizationCode::new(fields.text("authorization_code")?),
            reusable: fields.truth("reusable").unwrap_or(false),
            signature: fields.text("signature"),
            channel: fields.text("channel"),
            brand: fields.text("brand"),
            bin: fields.text("bin"),
            last4: fields.text("last4"),
            exp_month: fields.number("exp_month"),
            exp_year: fields.number("exp_year"),
            bank: fields.text("bank"),
        })
    }
}

/// A saved card that is to be charged.
#[derive(Debug, Clone)]
pub struct ChargeAuthorization {
    email: String,
    amount: Amount,
    reference: Reference,
    code: AuthorizationCode,
    metadata: Option<Value>,
}

impl ChargeAuthorization {
    /// Charges `amount` to the card behind `code`, which was saved with this e-mail address, under a new reference.
    #[must_use]
    pub fn new(
        email: impl Into<String>,
        amount: Amount,
        reference: Reference,
        code: AuthorizationCode,
    ) -> Self {
        Self { email: email.into(), amount, reference, code, metadata: None }
    }

    /// Attaches data that comes back with the transaction.
    #[must_use]
    pub fn metadata(mut self, metadata: Value) -> Self {
        self.metadata = Some(metadata);
        self
    }
}

/// What became of charging a saved card.
#[derive(Debug, Clone, PartialEq)]
pub enum AuthorizationCharge {
    /// The bank was asked. Look at the status: it may say failed.
    Attempted(Box<Transaction>),
    /// The bank wants to see the payer first: send them to the address, then verify.
    Paused {
        /// Where the payer goes.
        authorization_url: String,
        /// The reference.
        reference: Reference,
    },
}

impl Client {
    /// Charges a saved card.
    ///
    /// # Errors
    /// [`Error`]. When the outcome is unknown, verify the reference.
    pub async fn charge_authorization(
        &self,
        charge: &ChargeAuthorization,
    ) -> Result<AuthorizationCharge, Error> {
        let ChargeAuthorization { email, amount, reference, code, metadata } = charge;
        let mut body = json!({
            "email": email,
            "amount": amount.subunits,
            "currency": amount.currency.as_str(),
            "reference": reference.as_str(),
            "authorization_code": code.expose(),
        });
        body.attach(metadata.as_ref());
        let call = Call::write("charge authorization", "transaction/charge_authorization", body);
        door::payment(email, *amount).map_err(|invalid| call.error(invalid.into()))?;
        let data = self.transport.data(&call).await?;
        let charge = read(&data, reference);
        charge.map_err(|unreadable| call.error(ErrorKind::Unreadable(unreadable)))
    }
}

fn read(data: &Value, reference: &Reference) -> Result<AuthorizationCharge, Unreadable> {
    let fields = Fields::of(data);
    if let (None, Some(authorization_url)) = (fields.get("status"), fields.text("authorization_url")) {
        let reference = fields.reference("reference")?.unwrap_or_else(|| reference.clone());
        return Ok(AuthorizationCharge::Paused { authorization_url, reference });
    }
    Transaction::read(data).map(Box::new).map(AuthorizationCharge::Attempted)
}
