//! Amounts in a document: in the shop's currency, or in several.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::wrong::Wrong;
use crate::{Currency, Money};

/// An amount in major units: `"1500.00"` in the shop's currency, or one for each currency that is sold in:
/// `{"NGN": "1500.00", "GHS": "12.00"}`. A rule that has no amount in the currency of a cart does not apply to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Amounts {
    /// In the shop's currency.
    Shop(#[cfg_attr(feature = "schema", schemars(extend("pattern" = crate::schema::AMOUNT)))] String),
    /// In each of these currencies.
    Each(
        #[cfg_attr(feature = "schema", schemars(with = "crate::schema::AmountsByCurrency"))]
        BTreeMap<Currency, String>,
    ),
}

/// The same, read: minor units by currency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MinorAmounts(Vec<(Currency, i64)>);

impl From<&str> for Amounts {
    fn from(amount: &str) -> Self {
        Self::Shop(amount.to_owned())
    }
}

impl<'de> Deserialize<'de> for Amounts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        // Derived, the reader would know that neither form fits, but not which was meant and where it goes wrong.
        impl<'de> Visitor<'de> for Either {
            type Value = Amounts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount such as \"1500.00\", or one for each currency: {\"NGN\": \"1500.00\"}")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Amounts, E> {
                Ok(Amounts::Shop(text.to_owned()))
            }

            fn visit_string<E: Error>(self, text: String) -> Result<Amounts, E> {
                Ok(Amounts::Shop(text))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Amounts, A::Error> {
                BTreeMap::deserialize(MapAccessDeserializer::new(map)).map(Amounts::Each)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

impl Amounts {
    /// Reads the amounts; what is wrong is said of the place where `wrong` stands.
    pub(crate) fn compile(&self, shop: Currency, wrong: &mut Wrong<'_>) -> MinorAmounts {
        let read = |text: &str, currency: Currency, wrong: &mut Wrong<'_>| {
            Money::parse_unsigned(text, currency).map(|money| (currency, money.minor)).unwrap_or_else(
                |error| {
                    wrong
                        .here(format!("must be an amount of {currency} from 0 such as \"1500.00\": {error}"));
                    (currency, 0)
                },
            )
        };
        MinorAmounts(match self {
            Self::Shop(text) => vec![read(text, shop, wrong)],
            Self::Each(each) => {
                if each.is_empty() {
                    wrong.here("must name an amount for at least one currency");
                }
                each.iter()
                    .map(|(currency, text)| read(text, *currency, &mut wrong.below(currency)))
                    .collect()
            }
        })
    }
}

impl MinorAmounts {
    /// Minor units of the currency, when there is an amount in it.
    pub(crate) fn of(&self, currency: Currency) -> Option<i64> {
        self.0.iter().find(|(known, _)| *known == currency).map(|(_, minor)| *minor)
    }

    /// Every currency with its amount.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Currency, i64)> + '_ {
        self.0.iter().copied()
    }

    /// Whether every amount is above nothing.
    pub(crate) fn all_positive(&self) -> bool {
        self.0.iter().all(|(_, minor)| *minor > 0)
    }
}
