//! What shipping costs: worked examples, what must hold for every order, and every mistake with its place.

#![expect(clippy::unwrap_used, reason = "a test that goes wrong shall stop")]

mod carriers;
mod estimates;
mod examples;
mod mistakes;
mod parcels;
mod properties;

use std::sync::Arc;

use super::carrier::CarrierAnswers;
use super::compile::CompiledShipping;
use super::options::{Goods, NotServed, ShippingOption, options};
use super::rules::ShippingRules;
use crate::customer::{Country, Destination};
use crate::money::Exact;
use crate::pricing::{RulebookError, Symbols, Wrong};
use crate::{Currency, Timestamp};

/// A line item that owns what [`Goods`] borrow: one unit of 400 g for 1000.00, nothing off.
#[derive(Debug, Clone)]
struct Item {
    units: u32,
    milligrams: u64,
    millimetres: Option<[u32; 3]>,
    digital: bool,
    before: Exact,
    after: Exact,
    symbols: Vec<u32>,
    sources: Vec<(u32, u32)>,
}

fn item(units: u32, grams: u64) -> Item {
    Item {
        units,
        milligrams: grams * 1_000,
        millimetres: None,
        digital: false,
        before: Exact::from(100_000),
        after: Exact::from(100_000),
        symbols: Vec::new(),
        sources: Vec::new(),
    }
}

impl Item {
    fn goods(&self) -> Goods<'_> {
        let Self { units, milligrams, millimetres, digital, before, after, symbols, sources } = self;
        Goods {
            units: *units,
            milligrams: *milligrams,
            millimetres: *millimetres,
            digital: *digital,
            value_before: before,
            value_after: after,
            symbols,
            sources,
        }
    }

    fn worth(mut self, before: i64, after: i64) -> Self {
        (self.before, self.after) = (Exact::from(before), Exact::from(after));
        self
    }

    fn sized(mut self, sides: [u32; 3]) -> Self {
        self.millimetres = Some(sides);
        self
    }

    fn from(mut self, sources: &[(u32, u32)]) -> Self {
        self.sources = sources.to_vec();
        self
    }
}

fn goods(items: &[Item]) -> Vec<Goods<'_>> {
    items.iter().map(Item::goods).collect()
}

fn read(json: &str, symbols: &mut Symbols) -> (CompiledShipping, Vec<RulebookError>) {
    let rules: ShippingRules = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"));
    let mut errors = Vec::new();
    let compiled = rules.compile(Currency::NGN, symbols, &mut Wrong::root(&mut errors));
    (compiled, errors)
}

fn compiled(json: &str) -> CompiledShipping {
    let (compiled, errors) = read(json, &mut Symbols::default());
    assert!(errors.is_empty(), "{errors:?}");
    compiled
}

/// Rules with one method, from its fields beside code and label.
fn method(fields: &str) -> CompiledShipping {
    compiled(&format!(r#"{{"methods": [{{"code": "m", "label": "M", {fields}}}]}}"#))
}

fn nigeria() -> Destination {
    Destination::in_country(Country::NG)
}

/// Sunday 22 November 2026, 09:30 UTC.
fn now() -> Timestamp {
    crate::testkit::MockClock::START.parse().unwrap()
}

type Outcome = Result<ShippingOption, NotServed>;

fn outcomes_in(rules: &CompiledShipping, items: &[Item], currency: Currency) -> Vec<Outcome> {
    let carriers = CarrierAnswers::default();
    let considered = options(rules, &nigeria(), now(), currency, &goods(items), &carriers).unwrap();
    considered.into_iter().map(|considered| considered.outcome).collect()
}

fn outcomes(rules: &CompiledShipping, items: &[Item]) -> Vec<Outcome> {
    outcomes_in(rules, items, Currency::NGN)
}

/// What the only method says.
fn outcome(rules: &CompiledShipping, items: &[Item]) -> Outcome {
    let mut outcomes = outcomes(rules, items);
    assert_eq!(outcomes.len(), 1);
    outcomes.pop().unwrap()
}

/// Minor units, and what is handling of them.
fn price(rules: &CompiledShipping, items: &[Item]) -> Result<(i64, i64), NotServed> {
    outcome(rules, items).map(|option| (option.price.minor, option.handling.minor))
}

fn arc(text: &str) -> Arc<str> {
    text.into()
}
