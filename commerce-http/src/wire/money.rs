//! Money on the wire: a decimal string with the currency's own number of decimals, never a JSON number.

use commerce_core::{Currency, Money, UnitPrice};
use poem_openapi::Object;
use poem_openapi::registry::MetaSchema;
use serde::{Deserialize, Serialize};

use super::{Check, wire_type};

/// A decimal number written as a string, so that no client rounds it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Amount(String);

wire_type!(
    Amount,
    "amount",
    MetaSchema {
        pattern: Some(r"^-?\d+(\.\d+)?$".to_owned()),
        ..MetaSchema::new_with_format("string", "decimal")
    }
);

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(rename = "Money")]
pub(crate) struct MoneyDto {
    /// A decimal string with the currency's own number of decimals, such as `"299.99"`; a price per unit may carry up
    /// to four more.
    amount: Amount,
    /// Three letters of ISO 4217.
    currency: String,
}

impl From<Money> for MoneyDto {
    fn from(money: Money) -> Self {
        Self { amount: Amount(money.amount()), currency: money.currency.code().to_owned() }
    }
}

impl From<UnitPrice> for MoneyDto {
    fn from(price: UnitPrice) -> Self {
        Self { amount: Amount(price.amount()), currency: price.currency.code().to_owned() }
    }
}

/// An amount of money.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "MoneyInput", deny_unknown_fields)]
pub(crate) struct MoneyBody {
    /// A decimal string such as `"299.99"`, with at most the currency's own number of decimals.
    amount: String,
    /// Three upper-case letters of ISO 4217.
    currency: String,
}

impl MoneyBody {
    /// For examples.
    pub(crate) fn of(amount: &str, currency: &str) -> Self {
        Self { amount: amount.to_owned(), currency: currency.to_owned() }
    }

    /// The amount and the currency, as they were sent.
    pub(super) fn parts(&self) -> (&str, &str) {
        (&self.amount, &self.currency)
    }

    /// The amount, or what is wrong with it.
    pub(crate) fn check(&self, pointer: &str, check: &mut Check) -> Option<Money> {
        let Some(currency) = Currency::from_code(&self.currency) else {
            check.wrong(&format!("{pointer}/currency"), "invalid", "not a currency code such as NGN");
            return None;
        };
        check.take(&format!("{pointer}/amount"), Money::parse(&self.amount, currency))
    }
}
