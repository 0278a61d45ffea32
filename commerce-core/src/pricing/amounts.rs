//! Amounts in a document: in the shop's currency, or in several.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::wrong::Wrong;
use crate::{Currency, Money};

/// An amount in major units: `"1500.00"` in the shop's currency, or one for each currency that is sold in:
/// `{"NGN": "1500.00", "GHS": "12.00"}`. A rule that has no amount in the currency of a cart does not apply to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Amounts {
    /// In the shop's currency.
    Shop(String),
    /// In each of these currencies.
    Each(BTreeMap<Currency, String>),
}

/// The same, read: minor units by currency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MinorAmounts(Vec<(Currency, i64)>);

impl From<&str> for Amounts {
    fn from(amount: &str) -> Self {
        Self::Shop(amount.to_owned())
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
