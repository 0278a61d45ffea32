//! Tax: one rate for each country, on top of prices or inside them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::catalog::TaxClass;
use crate::customer::Country;
use crate::money::Percent;
use crate::pricing::{Adjustment, AdjustmentKind, PricingError, PricingInput, QuoteLine, Rulebook, Step};
use crate::{LineId, Money};

/// How the shop taxes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaxRules {
    /// Whether list prices and shipping prices hold the tax already.
    pub prices_include_tax: bool,
    /// Whether shipping is taxed like the goods.
    pub shipping_is_taxed: bool,
    /// The rates; where none is given, nothing is taxed.
    pub rates: Vec<TaxRate>,
}

/// The tax of a country on goods of the class `standard`. Goods of the class `exempt` are not taxed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxRate {
    /// The country where the goods go.
    pub country: Country,
    /// What the tax is called: `VAT`.
    pub name: String,
    /// The rate in percent.
    pub rate: Percent,
}

/// The tax on shipping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShippingTax {
    pub(crate) added: Money,
    pub(crate) included: Money,
}

impl TaxRules {
    /// The rate for goods that go to `country`.
    #[must_use]
    pub fn rate(&self, country: Country) -> Option<&TaxRate> {
        self.rates.iter().find(|rate| rate.country == country)
    }

    pub(crate) fn check(&self, wrong: &mut dyn FnMut(&str, &str)) {
        for (index, rate) in self.rates.iter().enumerate() {
            if rate.name.is_empty() {
                wrong(&format!("rates/{index}/name"), "must not be empty");
            }
            if self.rates[..index].iter().any(|earlier| earlier.country == rate.country) {
                wrong(&format!("rates/{index}/country"), "has a rate already");
            }
        }
    }
}

/// Assesses the tax on what each line costs after discounts, and on shipping.
pub(crate) fn assess(
    rulebook: &Rulebook,
    input: &PricingInput,
    lines: &mut [QuoteLine],
    shipping: Money,
    adjustments: &mut Vec<Adjustment>,
    tell: &mut dyn FnMut(&dyn Fn() -> Step),
) -> Result<ShippingTax, PricingError> {
    let zero = Money::zero(rulebook.currency);
    let mut shipping_tax = ShippingTax { added: zero, included: zero };
    let country = input.destination.as_ref().map(|destination| destination.country).or(rulebook.home_country);
    let Some(rate) =
        country.and_then(|country| rulebook.tax.rate(country)).filter(|rate| !rate.rate.is_zero())
    else {
        tell(&|| Step {
            stage: "tax",
            source: country.map_or_else(|| "nowhere".to_owned(), Country::code),
            applied: false,
            detail: if country.is_some() {
                "the rulebook has no rate for the country"
            } else {
                "no destination yet"
            }
            .to_owned(),
        });
        return Ok(shipping_tax);
    };
    let included = rulebook.tax.prices_include_tax;
    let label: Arc<str> = format!("{} {} %", rate.name, rate.rate).into();
    let source: Arc<str> = format!("tax:{}", rate.country).into();
    let mut tax_on = |base: Money, line: Option<LineId>| -> Result<Money, PricingError> {
        let mode = rulebook.rounding.mode;
        let minor =
            if included { rate.rate.within(base.minor, mode)? } else { rate.rate.of(base.minor, mode)? };
        let tax = Money::from_minor(minor, base.currency);
        tell(&|| Step {
            stage: "tax",
            source: rate.country.code(),
            applied: true,
            detail: format!(
                "{} {} % {} {base} = {tax} ({})",
                rate.name,
                rate.rate,
                if included { "inside" } else { "on" },
                line.map_or_else(|| "shipping".to_owned(), |line| format!("line {line}"))
            ),
        });
        if tax.minor > 0 {
            adjustments.push(Adjustment {
                kind: if included { AdjustmentKind::TaxIncluded } else { AdjustmentKind::TaxAdded },
                label: Arc::clone(&label),
                source: Arc::clone(&source),
                amount: tax,
                line,
            });
        }
        Ok(tax)
    };
    for (line, wanted) in lines.iter_mut().zip(&input.lines) {
        if wanted.tax_class == TaxClass::exempt() {
            continue;
        }
        let tax = tax_on(line.net_of_discount()?, Some(line.id))?;
        *(if included { &mut line.tax_included } else { &mut line.tax_added }) = tax;
    }
    if rulebook.tax.shipping_is_taxed && shipping.minor > 0 {
        let tax = tax_on(shipping, None)?;
        *(if included { &mut shipping_tax.included } else { &mut shipping_tax.added }) = tax;
    }
    Ok(shipping_tax)
}
