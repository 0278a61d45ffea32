//! Promotions: reductions that the shop gives by rule.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::money::{Percent, largest_remainder};
use crate::pricing::{Adjustment, AdjustmentKind, PricingError, PricingInput, QuoteLine, Rulebook, Step};
use crate::{Currency, Money};

/// A reduction that every cart gets which meets its condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    /// Its code, unique in the rulebook.
    pub code: String,
    /// What to call it before the shopper.
    pub label: String,
    /// What it gives.
    pub action: Action,
    /// The subtotal, in major units of the shop's currency, from which it applies; what earlier promotions took off
    /// does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_subtotal: Option<String>,
}

/// What a promotion gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A percentage off every line item, rounded per line.
    PercentOffLines(Percent),
    /// An amount off the order, in major units; at most what the order still costs. It becomes shares of the line items,
    /// by largest remainder over what each still costs.
    AmountOffOrder(String),
}

impl Promotion {
    pub(crate) fn check(&self, currency: Currency, wrong: &mut dyn FnMut(&str, &str)) {
        if self.code.is_empty() {
            wrong("code", "must not be empty");
        }
        if self.label.is_empty() {
            wrong("label", "must not be empty");
        }
        let not_an_amount =
            "must be an amount from 0 such as \"1500.00\", with no more decimals than the currency has";
        if self.min_subtotal.as_deref().is_some_and(|text| Money::parse_unsigned(text, currency).is_err()) {
            wrong("min_subtotal", not_an_amount);
        }
        match &self.action {
            Action::AmountOffOrder(text) if Money::parse_unsigned(text, currency).is_err() => {
                wrong("action/amount_off_order", not_an_amount);
            }
            Action::PercentOffLines(percent) if *percent > Percent::HUNDRED => {
                wrong("action/percent_off_lines", "must be at most 100");
            }
            Action::AmountOffOrder(_) | Action::PercentOffLines(_) => {}
        }
    }
}

/// Lets every promotion take its part off the lines.
pub(crate) fn apply(
    rulebook: &Rulebook,
    input: &PricingInput,
    lines: &mut [QuoteLine],
    adjustments: &mut Vec<Adjustment>,
    tell: &mut dyn FnMut(&dyn Fn() -> Step),
) -> Result<(), PricingError> {
    debug_assert_eq!(input.lines.len(), lines.len());
    let subtotal = lines.iter().try_fold(Money::zero(rulebook.currency), |sum, line| sum.plus(line.total))?;
    for promotion in &rulebook.promotions {
        let step = |applied: bool, detail: String| Step {
            stage: "promotion",
            source: promotion.code.clone(),
            applied,
            detail,
        };
        if let Some(text) = &promotion.min_subtotal {
            let least = Money::parse_unsigned(text, rulebook.currency)?;
            if subtotal.minor < least.minor {
                tell(&|| step(false, format!("the subtotal {subtotal} is below {least}")));
                continue;
            }
        }
        let reductions = reductions(promotion, rulebook, lines)?;
        if reductions.iter().all(|reduction| reduction.minor == 0) {
            tell(&|| step(false, "nothing is left to reduce".to_owned()));
            continue;
        }
        let (label, source): (Arc<str>, Arc<str>) =
            (promotion.label.as_str().into(), format!("promotion:{}", promotion.code).into());
        adjustments.reserve(lines.len());
        for (line, reduction) in lines.iter_mut().zip(reductions).filter(|(_, reduction)| reduction.minor > 0)
        {
            line.discount = line.discount.plus(reduction)?;
            let line_id = line.id;
            tell(&|| step(true, format!("{reduction} off line {line_id}")));
            adjustments.push(Adjustment {
                kind: AdjustmentKind::Promotion,
                label: Arc::clone(&label),
                source: Arc::clone(&source),
                amount: Money::from_minor(-reduction.minor, reduction.currency),
                line: Some(line.id),
            });
        }
    }
    Ok(())
}

/// What the promotion takes off each line: never more than the line still costs.
fn reductions(
    promotion: &Promotion,
    rulebook: &Rulebook,
    lines: &[QuoteLine],
) -> Result<Vec<Money>, PricingError> {
    let left = lines.iter().map(QuoteLine::net_of_discount).collect::<Result<Vec<_>, _>>()?;
    match &promotion.action {
        Action::PercentOffLines(percent) => left
            .iter()
            .map(|left| {
                let reduction = percent.of(left.minor, rulebook.rounding.mode)?.min(left.minor);
                Ok(Money::from_minor(reduction, left.currency))
            })
            .collect(),
        Action::AmountOffOrder(text) => {
            let whole = left.iter().try_fold(Money::zero(rulebook.currency), |sum, left| sum.plus(*left))?;
            let off = Money::parse_unsigned(text, rulebook.currency)?.minor.min(whole.minor);
            let weights: Vec<u64> = left.iter().map(|left| left.minor.unsigned_abs()).collect();
            Ok(largest_remainder(Money::from_minor(off, rulebook.currency), &weights)?)
        }
    }
}
