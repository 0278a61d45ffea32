//! The story of a quote.

use std::fmt::Write;

use serde::Serialize;

use super::input::PricingInput;
use super::quote::{PricingError, Quote};
use super::rulebook::CompiledRulebook;
use super::run::{Worked, run};
use super::settle::settle;
use crate::promotion::Place;
use crate::{LineId, Money};

/// One step of the story: which rule did what, or why it did nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Which step of the pipeline: `rounding`, `price`, `promotion`, `coupon`, `shipping`, `tax`, `total`.
    pub stage: &'static str,
    /// Which rule.
    pub source: String,
    /// The line item that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<LineId>,
    /// Whether it changed anything.
    pub applied: bool,
    /// The amount that it came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Why it did nothing, as a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// What it did with which numbers, or why it did nothing, in words.
    pub detail: String,
}

/// A quote with its story.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The quote: the same that [`quote`](super::quote()) gives.
    pub quote: Quote,
    /// How it came about, in order.
    pub steps: Vec<Step>,
}

impl Quote {
    /// Prices the input and tells how: every rule, rounding and allocation, and why each promotion did not apply.
    ///
    /// # Errors
    /// As [`quote`](super::quote()).
    pub fn explain(
        rulebook: &CompiledRulebook,
        input: &PricingInput<'_>,
    ) -> Result<Explanation, PricingError> {
        // Every promotion is tried here, for the reason why it does not apply; that changes no amount, because what the
        // index leaves out would not have applied.
        let worked = run(rulebook, input, true)?;
        let quote = settle(&worked)?;
        let mut steps = vec![rounding(&worked)];
        prices(&worked, &quote, &mut steps);
        promotions(&worked, &quote, &mut steps);
        coupons(&quote, &mut steps);
        shipping(&worked, &mut steps);
        taxes(&worked, &quote, &mut steps);
        steps.push(total(&quote));
        Ok(Explanation { quote, steps })
    }
}

impl Explanation {
    /// The story as a table that a shopkeeper can read: stage, rule, amount, and what happened.
    #[must_use]
    pub fn table(&self) -> String {
        let rows: Vec<[String; 4]> = self
            .steps
            .iter()
            .map(|step| {
                let amount = step.amount.map_or_else(String::new, Money::amount);
                let mark = if step.applied { "" } else { "not applied: " };
                [step.stage.to_owned(), step.source.clone(), amount, format!("{mark}{}", step.detail)]
            })
            .collect();
        let width = |column: usize| {
            let longest = rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
            longest.max(HEAD[column].len())
        };
        let [stage, source, amount] = [width(0), width(1), width(2)];
        let mut table = String::new();
        for [a, b, c, d] in std::iter::once(HEAD.map(str::to_owned)).chain(rows) {
            // Writing to a string cannot fail.
            writeln!(table, "{a:stage$}  {b:source$}  {c:>amount$}  {d}").ok();
        }
        table
    }
}

const HEAD: [&str; 4] = ["stage", "rule", "amount", "what happened"];

fn step(stage: &'static str, source: impl Into<String>, applied: bool, detail: String) -> Step {
    Step { stage, source: source.into(), line: None, applied, amount: None, reason: None, detail }
}

fn rounding(worked: &Worked<'_>) -> Step {
    let profile = worked.rulebook.rounding;
    // The names are those of the document.
    fn word(value: impl Serialize) -> String {
        serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
    }
    let detail = format!(
        "{}, per {}, shares by {}, discounts on {} prices",
        word(profile.mode),
        word(profile.level),
        word(profile.allocation),
        word(profile.discount_basis),
    );
    step("rounding", "rounding", true, detail)
}

fn prices(worked: &Worked<'_>, quote: &Quote, steps: &mut Vec<Step>) {
    for ((line, priced), quoted) in worked.input.lines.iter().zip(&worked.lines).zip(&quote.lines) {
        let source = priced.chosen.source.as_deref().unwrap_or("list_price");
        let mut detail =
            format!("{}: {} x {} = {}", line.sku, line.quantity, quoted.unit_price, quoted.total);
        if source != "list_price" {
            write!(detail, " instead of {} each", line.unit_price).ok();
        }
        if let Some(before) = priced.rebased_from {
            write!(detail, "; {before} re-based on the tax of the destination").ok();
        }
        detail.push_str(if priced.included { ", tax inside" } else { ", tax on top" });
        steps.push(Step {
            line: Some(line.id),
            amount: Some(quoted.total),
            ..step("price", source, true, detail)
        });
    }
}

fn promotions(worked: &Worked<'_>, quote: &Quote, steps: &mut Vec<Step>) {
    let state = &worked.state;
    let sku = |place: Place| match place {
        Place::Line(index) => worked.input.lines[index as usize].sku,
        Place::Shipping => "shipping",
    };
    for taken in &state.taken {
        let promotion = &state.promotions[taken.promotion as usize];
        let applied = quote.promotions.iter().find(|applied| applied.code == promotion.code);
        let shares: Vec<String> = taken
            .parts
            .iter()
            .map(|(place, amount)| format!("{} {}", sku(*place), shown(amount, worked)))
            .collect();
        let line = match taken.parts[..] {
            [(Place::Line(index), _)] => Some(worked.input.lines[index as usize].id),
            _ => None,
        };
        steps.push(Step {
            line,
            amount: applied.map(|applied| Money::from_minor(-applied.amount.minor, quote.currency)),
            ..step(
                "promotion",
                &*promotion.code,
                true,
                format!("{}: off {}", promotion.origin.label, shares.join(", ")),
            )
        });
    }
    for (number, reason) in &state.refused {
        let promotion = &state.promotions[*number as usize];
        steps.push(Step {
            reason: Some(reason.code()),
            ..step("promotion", &*promotion.code, false, reason.to_string())
        });
    }
}

fn coupons(quote: &Quote, steps: &mut Vec<Step>) {
    for coupon in &quote.coupons {
        let detail = match coupon.refused {
            None => format!("takes {}", coupon.promotion),
            Some(reason) => reason.to_string(),
        };
        steps.push(Step {
            reason: coupon.refused.map(crate::promotion::Reason::code),
            ..step("coupon", &*coupon.code, coupon.refused.is_none(), detail)
        });
    }
}

fn shipping(worked: &Worked<'_>, steps: &mut Vec<Step>) {
    if !worked.delivery.needed {
        steps.push(step("shipping", "none", false, "nothing is shipped".to_owned()));
    }
    steps.extend(worked.delivery.told().map(|(code, chosen, price, detail)| Step {
        amount: price,
        ..step("shipping", code, chosen, detail)
    }));
}

fn taxes(worked: &Worked<'_>, quote: &Quote, steps: &mut Vec<Step>) {
    for total in &quote.taxes {
        let detail = format!(
            "{} {} {} = {}{}",
            total.origin.label,
            if total.included { "inside, net" } else { "on" },
            total.base,
            total.amount,
            if total.included { ", stated and not added" } else { "" }
        );
        steps.push(Step { amount: Some(total.amount), ..step("tax", &*total.origin.source, true, detail) });
    }
    for (line, priced) in worked.input.lines.iter().zip(&worked.lines) {
        if let Some(why) = worked.rates.at(priced.rates).untaxed() {
            let detail = format!("{}: {}", line.sku, why.words());
            steps.push(Step { line: Some(line.id), ..step("tax", "none", false, detail) });
        }
    }
}

fn total(quote: &Quote) -> Step {
    let summary = quote.summary;
    let mut detail = format!(
        "{} - {} discount + {} shipping + {} tax",
        summary.subtotal, summary.discount, summary.shipping, summary.tax_added
    );
    if summary.cash_rounding.minor != 0 {
        write!(detail, " + {} rounding", summary.cash_rounding).ok();
    }
    write!(detail, " = {}", summary.total).ok();
    Step { amount: Some(summary.total), ..step("total", "order", true, detail) }
}

/// An amount that may lie between two minor units.
fn shown(exact: &crate::money::Exact, worked: &Worked<'_>) -> String {
    match exact {
        crate::money::Exact::Whole(minor) => Money::from_minor(*minor, worked.input.currency).to_string(),
        crate::money::Exact::Ratio(ratio) => format!("{ratio} minor units"),
    }
}
