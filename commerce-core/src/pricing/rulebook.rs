//! The rules by which a shop prices: one document, kept in the store, versioned.

use serde::{Deserialize, Serialize};

use super::profile::RoundingProfile;
use crate::Currency;
use crate::customer::Country;
use crate::promotion::Promotion;
use crate::shipping::ShippingMethod;
use crate::tax::TaxRules;

/// The rules by which a shop prices.
///
/// It is immutable: a change is a new version, and an order keeps the number of the version that priced it.
///
/// ```
/// use commerce_core::pricing::Rulebook;
/// let rulebook: Rulebook = serde_json::from_str(r#"{
///     "currency": "NGN",
///     "home_country": "NG",
///     "tax": {"prices_include_tax": true, "rates": [{"country": "NG", "name": "VAT", "rate": "7.5"}]},
///     "shipping": [{"code": "standard", "label": "Standard", "countries": ["NG"], "rate": {"flat": "1500.00"}}]
/// }"#)?;
/// assert!(rulebook.check().is_ok());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rulebook {
    /// The shop's currency: of its list prices, carts and orders.
    pub currency: Currency,
    /// The country that is assumed until the shopper gives an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_country: Option<Country>,
    /// How amounts are rounded.
    #[serde(default)]
    pub rounding: RoundingProfile,
    /// Promotions, tried in this order.
    #[serde(default)]
    pub promotions: Vec<Promotion>,
    /// Tax.
    #[serde(default)]
    pub tax: TaxRules,
    /// Shipping methods, offered in this order.
    #[serde(default)]
    pub shipping: Vec<ShippingMethod>,
}

/// A rulebook with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRulebook {
    /// 1 for the first, one more with each change.
    pub version: u64,
    /// The rules.
    pub rulebook: Rulebook,
}

/// What is wrong with a rulebook, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {reason}")]
pub struct RulebookError {
    /// Where, as a JSON pointer: `/shipping/0/code`.
    pub pointer: String,
    /// What is wrong.
    pub reason: String,
}

impl Rulebook {
    /// The rules of a new shop: no tax, and one method of shipping, everywhere and free of charge, so that it can sell
    /// at once. `commerce rules apply` puts the shop's own in place.
    #[must_use]
    pub fn starter(currency: Currency) -> Self {
        Self {
            currency,
            home_country: None,
            rounding: RoundingProfile::default(),
            promotions: Vec::new(),
            tax: TaxRules::default(),
            shipping: vec![ShippingMethod::free("standard", "Standard delivery")],
        }
    }

    /// Looks for what the types alone do not rule out.
    ///
    /// # Errors
    /// Names every place that is wrong: codes that are empty or occur twice, two rates for one country, weight bands
    /// that do not ascend, negative amounts, amounts with more decimals than the currency has.
    pub fn check(&self) -> Result<(), Vec<RulebookError>> {
        let mut errors = Vec::new();
        let mut wrong = |pointer: String, reason: &str| {
            errors.push(RulebookError { pointer, reason: reason.to_owned() });
        };
        for (index, promotion) in self.promotions.iter().enumerate() {
            promotion.check(self.currency, &mut |field, reason| {
                wrong(format!("/promotions/{index}/{field}"), reason);
            });
            if self.promotions[..index].iter().any(|earlier| earlier.code == promotion.code) {
                wrong(format!("/promotions/{index}/code"), "occurs twice");
            }
        }
        self.tax.check(&mut |field, reason| wrong(format!("/tax/{field}"), reason));
        for (index, method) in self.shipping.iter().enumerate() {
            method.check(self.currency, &mut |field, reason| {
                wrong(format!("/shipping/{index}/{field}"), reason)
            });
            if self.shipping[..index].iter().any(|earlier| earlier.code == method.code) {
                wrong(format!("/shipping/{index}/code"), "occurs twice");
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}
