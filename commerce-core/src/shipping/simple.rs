//! The methods as the first pipeline knows them: by country, flat or by weight.

use serde::{Deserialize, Serialize};

use crate::customer::{Country, Destination};
use crate::pricing::{Adjustment, AdjustmentKind, PricingError, PricingInput, QuoteLine, Rulebook, Step};
use crate::{Currency, Money, MoneyError};

/// A way in which goods go to some countries, and what it costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShippingMethod {
    /// Its code, unique in the rulebook.
    pub code: String,
    /// What to call it before the shopper.
    pub label: String,
    /// Where it goes; empty: everywhere.
    #[serde(default)]
    pub countries: Vec<Country>,
    /// What it costs.
    pub rate: ShippingRate,
    /// The value of the goods after discounts, in major units, from which it costs nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_from: Option<String>,
}

/// What shipping costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShippingRate {
    /// The same for every order, in major units.
    Flat(String),
    /// By the weight of all that is shipped: the first band that holds it. Heavier orders are not served.
    ByWeight(Vec<WeightBand>),
}

/// What it costs to ship up to a weight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightBand {
    /// The most that the goods may weigh, in grams, inclusive.
    pub up_to_grams: u64,
    /// The price in major units.
    pub price: String,
}

/// A method that serves a destination, with its price for this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShippingOption {
    /// The code of the method.
    pub code: String,
    /// What to call it before the shopper.
    pub label: String,
    /// What it costs.
    pub price: Money,
}

/// What shipping an order takes.
pub(crate) struct Delivered {
    pub(crate) options: Vec<ShippingOption>,
    pub(crate) chosen: Option<ShippingOption>,
    pub(crate) needed: bool,
    pub(crate) cost: Money,
}

impl ShippingMethod {
    /// A method that goes everywhere and costs nothing.
    #[must_use]
    pub fn free(code: &str, label: &str) -> Self {
        Self::flat(code, label, "0")
    }

    /// A method that goes everywhere and costs the same for every order: `price` in major units.
    #[must_use]
    pub fn flat(code: &str, label: &str, price: &str) -> Self {
        Self {
            code: code.to_owned(),
            label: label.to_owned(),
            countries: Vec::new(),
            rate: ShippingRate::Flat(price.to_owned()),
            free_from: None,
        }
    }

    pub(crate) fn check(&self, currency: Currency, wrong: &mut dyn FnMut(&str, &str)) {
        const NOT_AN_AMOUNT: &str =
            "must be an amount from 0 such as \"1500.00\", with no more decimals than the currency has";
        if self.code.is_empty() {
            wrong("code", "must not be empty");
        }
        if self.label.is_empty() {
            wrong("label", "must not be empty");
        }
        if self.free_from.as_deref().is_some_and(|text| Money::parse_unsigned(text, currency).is_err()) {
            wrong("free_from", NOT_AN_AMOUNT);
        }
        match &self.rate {
            ShippingRate::Flat(price) if Money::parse_unsigned(price, currency).is_err() => {
                wrong("rate/flat", NOT_AN_AMOUNT)
            }
            ShippingRate::Flat(_) => {}
            ShippingRate::ByWeight(bands) => {
                if bands.is_empty() {
                    wrong("rate/by_weight", "must have a band");
                }
                for (index, band) in bands.iter().enumerate() {
                    if Money::parse_unsigned(&band.price, currency).is_err() {
                        wrong(&format!("rate/by_weight/{index}/price"), NOT_AN_AMOUNT);
                    }
                    if index > 0 && bands[index - 1].up_to_grams >= band.up_to_grams {
                        wrong(
                            &format!("rate/by_weight/{index}/up_to_grams"),
                            "must be above that of the band before",
                        );
                    }
                }
            }
        }
    }

    /// The price for goods of this weight and value, or why they are not served.
    fn price(
        &self,
        destination: &Destination,
        milligrams: u64,
        value: Money,
    ) -> Result<Result<Money, String>, MoneyError> {
        if !self.countries.is_empty() && !self.countries.contains(&destination.country) {
            return Ok(Err(format!("does not go to {}", destination.country)));
        }
        let price = match &self.rate {
            ShippingRate::Flat(price) => Money::parse_unsigned(price, value.currency)?,
            ShippingRate::ByWeight(bands) => {
                match bands.iter().find(|band| milligrams <= band.up_to_grams.saturating_mul(1_000)) {
                    Some(band) => Money::parse_unsigned(&band.price, value.currency)?,
                    None => {
                        return Ok(Err(format!(
                            "the goods weigh {} g, too much",
                            milligrams.div_ceil(1_000)
                        )));
                    }
                }
            }
        };
        let free = match &self.free_from {
            Some(text) => value.minor >= Money::parse_unsigned(text, value.currency)?.minor,
            None => false,
        };
        Ok(Ok(if free { Money::zero(value.currency) } else { price }))
    }
}

/// Prices every method that serves the destination, and takes the chosen one.
pub(crate) fn price(
    rulebook: &Rulebook,
    input: &PricingInput,
    lines: &[QuoteLine],
    adjustments: &mut Vec<Adjustment>,
    tell: &mut dyn FnMut(&dyn Fn() -> Step),
) -> Result<Delivered, PricingError> {
    let needed = input.lines.iter().any(|line| !line.digital);
    let cost = Money::zero(rulebook.currency);
    let mut delivered = Delivered { options: Vec::new(), chosen: None, needed, cost };
    let Some(destination) = input.destination.as_ref().filter(|_| needed) else {
        return Ok(delivered);
    };
    let mut milligrams = 0_u64;
    let mut value = Money::zero(rulebook.currency);
    for (line, wanted) in lines.iter().zip(&input.lines).filter(|(_, wanted)| !wanted.digital) {
        let weight = wanted.milligrams.saturating_mul(u64::from(wanted.quantity.get()));
        milligrams = milligrams.saturating_add(weight);
        value = value.plus(line.net_of_discount()?)?;
    }
    for method in &rulebook.shipping {
        let price = method.price(destination, milligrams, value)?;
        let chosen = input.shipping_method.as_deref() == Some(method.code.as_str());
        tell(&|| Step {
            stage: "shipping",
            source: method.code.clone(),
            applied: chosen && price.is_ok(),
            detail: match &price {
                Ok(price) => {
                    format!("{price} to {}{}", destination.country, if chosen { "" } else { ", not chosen" })
                }
                Err(reason) => reason.clone(),
            },
        });
        let Ok(price) = price else { continue };
        let option = ShippingOption { code: method.code.clone(), label: method.label.clone(), price };
        if chosen {
            adjustments.push(Adjustment {
                kind: AdjustmentKind::Shipping,
                label: method.label.as_str().into(),
                source: format!("shipping:{}", method.code).into(),
                amount: price,
                line: None,
            });
            delivered.cost = price;
            delivered.chosen = Some(option.clone());
        }
        delivered.options.push(option);
    }
    Ok(delivered)
}
