//! What is promised of tax: worked examples, properties against an exact model, mistakes of documents.

mod documents;
mod guidance;
mod properties;
mod questions;
mod worked;

use super::assess::{Assessed, Taxable, assess};
use super::rates::RateSet;
use crate::money::Exact;
use crate::pricing::{RoundingLevel, RoundingProfile};

fn level(level: RoundingLevel) -> RoundingProfile {
    RoundingProfile { level, ..RoundingProfile::default() }
}

fn on_top(base: i64, units: u32, rates: &RateSet) -> Taxable<'_> {
    Taxable { base: Exact::from(base), units, included: false, rates }
}

fn inside(base: i64, units: u32, rates: &RateSet) -> Taxable<'_> {
    Taxable { included: true, ..on_top(base, units, rates) }
}

fn minor(amount: &Exact) -> i64 {
    match amount {
        Exact::Whole(minor) => *minor,
        Exact::Ratio(ratio) => panic!("{ratio} is no whole amount"),
    }
}

/// The taxes of each item, each rate by itself.
fn cells(assessed: &Assessed, items: &[Taxable<'_>]) -> Vec<Vec<i64>> {
    (0..items.len()).map(|index| assessed.of_item(index).iter().map(minor).collect()).collect()
}

/// The taxes of each item under the profile.
fn taxes(items: &[Taxable<'_>], profile: &RoundingProfile) -> Vec<Vec<i64>> {
    cells(&assess(items, profile).unwrap(), items)
}
