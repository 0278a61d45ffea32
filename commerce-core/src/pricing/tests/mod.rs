//! What a cart costs: worked examples, and what must hold for every cart and every rulebook.

#![expect(clippy::unwrap_used, reason = "a test that goes wrong shall stop")]

mod invariance;
mod price_lists;
mod profile;
mod promotions;
mod properties;
mod refusals;
mod shares;
mod tax_and_shipping;

use serde_json::{Value, json};

use super::{CartDocument, CompiledRulebook, QuoteDocument, Rulebook, RulebookError};
use crate::Timestamp;

/// When the examples happen.
fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

/// The rulebook of this document, in euros unless it says otherwise.
fn rules(mut document: Value) -> CompiledRulebook {
    document.as_object_mut().unwrap().entry("currency").or_insert(json!("EUR"));
    let rulebook: Rulebook = serde_json::from_value(document).unwrap();
    rulebook.compile().unwrap()
}

/// What is wrong with the rulebook of this document.
fn wrong(mut document: Value) -> Vec<RulebookError> {
    document.as_object_mut().unwrap().entry("currency").or_insert(json!("EUR"));
    let rulebook: Rulebook = serde_json::from_value(document).unwrap();
    rulebook.compile().unwrap_err()
}

/// The quote of the cart of this document.
fn quote(rules: &CompiledRulebook, cart: Value) -> QuoteDocument {
    let cart: CartDocument = serde_json::from_value(cart).unwrap();
    let quote = cart.quote(rules, now(), true).unwrap();
    let plain = cart.quote(rules, now(), false).unwrap();
    assert_eq!(QuoteDocument { steps: None, ..quote.clone() }, plain, "a story changes nothing");
    quote
}

/// A line item.
fn line(sku: &str, quantity: u32, unit_price: &str) -> Value {
    json!({"sku": sku, "quantity": quantity, "unit_price": unit_price})
}

/// Of each line item, its discount.
fn discounts(quote: &QuoteDocument) -> Vec<&str> {
    quote.lines.iter().map(|line| line.discount.as_str()).collect()
}

/// The reason why the promotion did not apply.
fn reason<'q>(quote: &'q QuoteDocument, promotion: &str) -> Option<&'q str> {
    let steps = quote.steps.as_ref().unwrap();
    steps.iter().find(|step| step.stage == "promotion" && step.source == promotion)?.reason
}
