//! What is refused before it is sent, because Paystack would refuse it or, worse, take it for something else.

use serde_json::{Value, json};

use crate::error::{ErrorKind, Invalid};
use crate::value::Amount;

/// An e-mail address that could be one, and an amount above nothing.
pub(crate) fn payment(email: &str, amount: Amount) -> Result<(), Invalid> {
    let plain = email.len() <= 254 && !email.chars().any(|c| c.is_whitespace() || c.is_control());
    let parts = email.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
    if !plain || !parts {
        return Err(Invalid("the e-mail address is none"));
    }
    if amount.subunits == 0 {
        return Err(Invalid("the amount is nothing"));
    }
    Ok(())
}

/// A web address.
pub(crate) fn url(text: &str) -> Result<(), Invalid> {
    match text.parse::<reqwest::Url>() {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(()),
        _ => Err(Invalid("the address is none")),
    }
}

impl From<Invalid> for ErrorKind {
    fn from(Invalid(what): Invalid) -> Self {
        Self::Invalid(what)
    }
}

/// Attaching data to a request.
pub(crate) trait Metadata {
    /// As JSON text: sent as an object, numbers and truth values would come back as text.
    fn attach(&mut self, metadata: Option<&Value>);
}

impl Metadata for Value {
    fn attach(&mut self, metadata: Option<&Value>) {
        if let Some(metadata) = metadata {
            self["metadata"] = json!(metadata.to_string());
        }
    }
}
