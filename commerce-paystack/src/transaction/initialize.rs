//! Beginning a transaction that the payer finishes on Paystack's page.

use serde_json::{Value, json};

use super::Reference;
use crate::client::Client;
use crate::door::{self, Metadata};
use crate::error::{Error, ErrorKind};
use crate::transport::Call;
use crate::value::{Amount, Fields, Unreadable};

/// A way to pay that the page may offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Channel {
    /// Bank cards.
    Card,
    /// The payer's bank account.
    Bank,
    /// A transfer to an account that is made for this payment.
    BankTransfer,
    /// A code to dial.
    Ussd,
    /// Mobile money.
    MobileMoney,
    /// A code to scan.
    Qr,
    /// Electronic funds transfer, in South Africa.
    Eft,
    /// Apple Pay.
    ApplePay,
}

impl Channel {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Bank => "bank",
            Self::BankTransfer => "bank_transfer",
            Self::Ussd => "ussd",
            Self::MobileMoney => "mobile_money",
            Self::Qr => "qr",
            Self::Eft => "eft",
            Self::ApplePay => "apple_pay",
        }
    }
}

/// A transaction to begin.
#[derive(Debug, Clone)]
pub struct Initialize {
    email: String,
    amount: Amount,
    reference: Reference,
    callback_url: Option<String>,
    channels: Vec<Channel>,
    metadata: Option<Value>,
}

impl Initialize {
    /// Asks the payer with this e-mail address for `amount` under a new reference.
    #[must_use]
    pub fn new(email: impl Into<String>, amount: Amount, reference: Reference) -> Self {
        let (callback_url, channels, metadata) = (None, Vec::new(), None);
        Self { email: email.into(), amount, reference, callback_url, channels, metadata }
    }

    /// Where the browser goes afterwards, with `?trxref=` and `?reference=` added. That it comes there proves nothing.
    #[must_use]
    pub fn callback_url(mut self, url: impl Into<String>) -> Self {
        self.callback_url = Some(url.into());
        self
    }

    /// Which ways to pay the page offers; all that the account has without this.
    #[must_use]
    pub fn channels(mut self, channels: impl IntoIterator<Item = Channel>) -> Self {
        self.channels = channels.into_iter().collect();
        self
    }

    /// Attaches data that comes back with the transaction.
    #[must_use]
    pub fn metadata(mut self, metadata: Value) -> Self {
        self.metadata = Some(metadata);
        self
    }
}

/// Where the payer pays. It is given once: who loses it needs a new reference.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkout {
    /// The page.
    pub authorization_url: String,
    /// What Paystack's script in a browser resumes the transaction with.
    pub access_code: String,
    /// The reference.
    pub reference: Reference,
}

impl Client {
    /// Begins a transaction.
    ///
    /// # Errors
    /// [`Error`]. When the outcome is unknown, the reference may be taken: begin again with a new one, and verify the old
    /// one before the order is given up.
    pub async fn initialize(&self, initialize: &Initialize) -> Result<Checkout, Error> {
        let Initialize { email, amount, reference, callback_url, channels, metadata } = initialize;
        let mut body = json!({
            "email": email,
            "amount": amount.subunits,
            "currency": amount.currency.as_str(),
            "reference": reference.as_str(),
        });
        if let Some(url) = callback_url {
            body["callback_url"] = json!(url);
        }
        if !channels.is_empty() {
            body["channels"] = channels.iter().map(|channel| channel.as_str()).collect();
        }
        body.attach(metadata.as_ref());
        let call = Call::write("initialize", "transaction/initialize", body);
        door::payment(email, *amount)
            .and_then(|()| callback_url.as_deref().map_or(Ok(()), door::url))
            .map_err(|invalid| call.error(invalid.into()))?;
        let data = self.transport.data(&call).await?;
        let checkout = Checkout::read(&data, reference);
        checkout.map_err(|unreadable| call.error(ErrorKind::Unreadable(unreadable)))
    }
}

impl Checkout {
    fn read(data: &Value, asked: &Reference) -> Result<Self, Unreadable> {
        let fields = Fields::of(data);
        let reference = fields.reference("reference")?.ok_or(Unreadable::missing("reference"))?;
        if reference != *asked {
            return Err(Unreadable { field: "reference", problem: "is not the one that was sent" });
        }
        let authorization_url =
            fields.text("authorization_url").ok_or(Unreadable::missing("authorization_url"))?;
        // The payer's browser is sent there, so it has to be a web address and not a script.
        door::url(&authorization_url)
            .map_err(|_| Unreadable { field: "authorization_url", problem: "is no web address" })?;
        let access_code = fields.text("access_code").ok_or(Unreadable::missing("access_code"))?;
        Ok(Self { authorization_url, access_code, reference })
    }
}
