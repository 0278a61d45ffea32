//! What a charge asks the payer for on its way.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::error::Invalid;
use crate::value::Reference;

/// What a charge asked for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Step {
    /// The card's PIN.
    Pin(SecretString),
    /// The code that the payer got, or the voucher they made.
    Otp(SecretString),
    /// The payer's phone number.
    Phone(String),
    /// The payer's birthday, `YYYY-MM-DD`.
    Birthday(String),
    /// The payer's address.
    Address {
        /// Street and number.
        address: String,
        /// City.
        city: String,
        /// State.
        state: String,
        /// Postal code.
        zip_code: String,
    },
}

impl Step {
    pub(super) fn operation(&self) -> &'static str {
        match self {
            Self::Pin(_) => "submit PIN",
            Self::Otp(_) => "submit OTP",
            Self::Phone(_) => "submit phone",
            Self::Birthday(_) => "submit birthday",
            Self::Address { .. } => "submit address",
        }
    }

    pub(super) fn path(&self) -> &'static str {
        match self {
            Self::Pin(_) => "charge/submit_pin",
            Self::Otp(_) => "charge/submit_otp",
            Self::Phone(_) => "charge/submit_phone",
            Self::Birthday(_) => "charge/submit_birthday",
            Self::Address { .. } => "charge/submit_address",
        }
    }

    pub(super) fn check(&self) -> Result<(), Invalid> {
        let filled = match self {
            Self::Pin(secret) | Self::Otp(secret) => !secret.expose_secret().trim().is_empty(),
            Self::Phone(phone) => !phone.trim().is_empty(),
            Self::Birthday(date) => {
                let mut parts = date.split('-').map(str::len);
                let shape = [parts.next(), parts.next(), parts.next(), parts.next()];
                shape == [Some(4), Some(2), Some(2), None]
                    && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
            }
            Self::Address { address, city, .. } => !address.is_empty() && !city.is_empty(),
        };
        if filled { Ok(()) } else { Err(Invalid("what the charge asked for is empty or misshapen")) }
    }

    pub(super) fn body(&self, reference: &Reference) -> Value {
        let reference = reference.as_str();
        match self {
            Self::Pin(pin) => json!({ "pin": pin.expose_secret(), "reference": reference }),
            Self::Otp(otp) => json!({ "otp": otp.expose_secret(), "reference": reference }),
            Self::Phone(phone) => json!({ "phone": phone, "reference": reference }),
            Self::Birthday(birthday) => json!({ "birthday": birthday, "reference": reference }),
            Self::Address { address, city, state, zip_code } => json!({
                "address": address,
                "city": city,
                "state": state,
                "zip_code": zip_code,
                "reference": reference,
            }),
        }
    }
}
