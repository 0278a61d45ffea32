//! Examples after public guidance of tax offices, each with its source.

use super::*;
use crate::customer::Destination;
use crate::money::Rounding;
use crate::pricing::{SeveralRates, Wrong};
use crate::tax::compiled::TaxQuestion;
use crate::tax::presets::preset;
use crate::tax::rates::tests::set;

/// The rates of a preset at home, for the class.
fn at_home(name: &str, country: &str, now: &str, class: &str) -> RateSet {
    let home = Destination::in_country(country.parse().unwrap());
    let mut errors = Vec::new();
    let compiled = preset(name).unwrap().compile(Some(&home), &mut Wrong::root(&mut errors));
    assert_eq!(errors, []);
    let question =
        TaxQuestion { destination: None, now: now.parse().unwrap(), exempt: false, vat_country: None };
    compiled.rates(&question, &class.parse().unwrap()).unwrap()
}

const TODAY: &str = "2026-11-22T12:00:00Z";

/// South African Revenue Service, VAT 404, Guide for Vendors: the tax fraction at 15 % is 15/115 = 3/23.
#[test]
fn south_african_tax_fraction() {
    let vat = at_home("za", "ZA", TODAY, "standard");
    let line = RoundingProfile::default();
    assert_eq!(taxes(&[inside(11_500, 1, &vat)], &line), [[1_500]]);
    assert_eq!(taxes(&[inside(10_000, 1, &vat)], &line), [[1_304]]);
    assert_eq!(taxes(&[inside(23, 1, &vat)], &line), [[3]]);
}

/// HM Revenue and Customs, VAT Notice 700, section 7.3.1: the VAT fraction at 20 % is 1/6, at 5 % 1/21.
#[test]
fn british_vat_fraction() {
    let (standard, reduced) = (at_home("gb", "GB", TODAY, "standard"), at_home("gb", "GB", TODAY, "reduced"));
    let line = RoundingProfile::default();
    assert_eq!(taxes(&[inside(600, 1, &standard), inside(2_100, 1, &reduced)], &line), [[100], [100]]);
    assert_eq!(taxes(&[inside(1_000, 1, &standard)], &line), [[167]]);
}

/// The same, section 17.5: the VAT on all goods of an invoice may be rounded down to a whole penny; where it is worked
/// out by line it may not be, but is rounded to the nearest penny.
#[test]
fn british_rounding_on_invoices() {
    let vat = at_home("gb", "GB", TODAY, "standard");
    // 86.8p, 86.8p and 0.2p: 173.8p.
    let items = [on_top(434, 1, &vat), on_top(434, 1, &vat), on_top(1, 1, &vat)];
    let invoice = RoundingProfile { mode: Rounding::Down, ..level(RoundingLevel::Order) };
    let lines = level(RoundingLevel::Line);
    assert_eq!(minor(&assess(&items, &invoice).unwrap().added), 173);
    assert_eq!(taxes(&items, &lines), [[87], [87], [0]]);
}

/// Directive 2006/112/EC, Article 226 (8) to (10): an invoice states the taxable amount per rate, the rate, and the VAT.
#[test]
fn european_invoices_state_amounts_per_rate() {
    let (standard, reduced) = (at_home("eu", "DE", TODAY, "standard"), at_home("eu", "DE", TODAY, "reduced"));
    let items = [
        on_top(33, 1, &standard),
        on_top(33, 1, &standard),
        on_top(33, 1, &standard),
        on_top(1_999, 1, &reduced),
    ];
    let per_rate = assess(&items, &level(RoundingLevel::Rate)).unwrap();
    let totals: Vec<_> = per_rate
        .totals
        .iter()
        .map(|total| (&*total.label, minor(&total.base), minor(&total.amount)))
        .collect();
    // 0.99 at 19 % are 0.1881, by line they would be three times 0.06.
    assert_eq!(totals, [("VAT 19 %", 99, 19), ("VAT 7 %", 1_999, 140)]);
    assert_eq!(cells(&per_rate, &items), [[7], [6], [6], [140]]);
    assert_eq!(minor(&assess(&items, &level(RoundingLevel::Line)).unwrap().added), 158);
}

/// Ghana Revenue Authority: until 2025 the levies are taken of the value, and VAT of the value with the levies; since the
/// Value Added Tax Act, 2025 (Act 1151) all are taken of the value.
#[test]
fn ghanaian_levies_before_and_after_the_reform() {
    let line = RoundingProfile::default();
    let before = at_home("gh", "GH", "2025-12-31T12:00:00Z", "standard");
    assert_eq!(taxes(&[on_top(100_000, 1, &before)], &line), [[2_500, 2_500, 1_000, 15_900]]);
    assert_eq!(taxes(&[inside(121_900, 1, &before)], &line), [[2_500, 2_500, 1_000, 15_900]]);
    let since = at_home("gh", "GH", TODAY, "standard");
    assert_eq!(taxes(&[on_top(100_000, 1, &since)], &line), [[2_500, 2_500, 15_000]]);
    assert_eq!(taxes(&[inside(120_000, 1, &since)], &line), [[2_500, 2_500, 15_000]]);
}

/// Federal Inland Revenue Service of Nigeria: VAT inside a price is 7.5/107.5 of it.
#[test]
fn nigerian_vat() {
    let vat = at_home("ng", "NG", TODAY, "standard");
    assert_eq!(
        taxes(&[inside(10_750, 1, &vat), on_top(10_000, 1, &vat)], &RoundingProfile::default()),
        [[750], [750]]
    );
}

/// Streamlined Sales and Use Tax Agreement, section 324: half a cent rounds up, on state and local taxes together, by item
/// or by invoice.
#[test]
fn american_state_and_local_taxes_are_rounded_together() {
    let rates = set(&["5.125", "1.375", "0.5"]);
    let together = RoundingProfile { several_rates: SeveralRates::Summed, ..RoundingProfile::default() };
    // 0.0615 + 0.0165 + 0.006 = 0.084.
    assert_eq!(taxes(&[on_top(120, 1, &rates)], &together), [[6, 2, 0]]);
    assert_eq!(taxes(&[on_top(120, 1, &rates)], &RoundingProfile::default()), [[6, 2, 1]]);
    let invoice = RoundingProfile { level: RoundingLevel::Order, ..together };
    let items = [on_top(120, 1, &rates), on_top(120, 1, &rates)];
    assert_eq!(minor(&assess(&items, &together).unwrap().added), 16);
    assert_eq!(minor(&assess(&items, &invoice).unwrap().added), 17);
}
