//! What a cart costs: worked examples, and what must hold for every cart and every rulebook.

#![expect(clippy::unwrap_used, reason = "a test that goes wrong shall stop")]

use proptest::collection::vec;
use proptest::prelude::*;

use super::RoundingProfile;
use super::{AdjustmentKind, PricingError, PricingInput, PricingLine, Quote, Rulebook, quote};
use crate::catalog::TaxClass;
use crate::customer::{Country, Destination};
use crate::money::Rounding;
use crate::promotion::{Action, Promotion};
use crate::shipping::{ShippingMethod, ShippingRate, WeightBand};
use crate::tax::{TaxRate, TaxRules};
use crate::testkit::{line_id, product_id, units};
use crate::{Currency, Money, MoneyError, UnitPrice};

fn line(place: usize, price: &str, quantity: u32) -> PricingLine {
    PricingLine {
        id: line_id(place),
        product: product_id("mug"),
        categories: Vec::new(),
        unit_price: UnitPrice::parse(price, Currency::NGN).unwrap(),
        quantity: units(quantity),
        milligrams: 400_000,
        tax_class: TaxClass::standard(),
        digital: false,
    }
}

fn to_nigeria(lines: Vec<PricingLine>) -> PricingInput {
    let destination = Some(Destination::in_country(Country::NG));
    PricingInput { lines, destination, shipping_method: Some("standard".to_owned()) }
}

fn vat(rate: &str, prices_include_tax: bool) -> TaxRules {
    let rate = TaxRate { country: Country::NG, name: "VAT".to_owned(), rate: rate.parse().unwrap() };
    TaxRules { prices_include_tax, shipping_is_taxed: true, rates: vec![rate] }
}

fn percent_off(percent: &str) -> Promotion {
    promotion(Action::PercentOffLines(percent.parse().unwrap()))
}

fn promotion(action: Action) -> Promotion {
    Promotion { code: "code".to_owned(), label: "Label".to_owned(), action, min_subtotal: None }
}

fn minor(quote: &Quote) -> [i64; 6] {
    let amounts = quote.summary;
    [
        amounts.subtotal,
        amounts.discount,
        amounts.shipping,
        amounts.tax_added,
        amounts.tax_included,
        amounts.total,
    ]
    .map(|amount| amount.minor)
}

#[test]
fn tax_is_added_to_what_is_left_after_the_discount() {
    let mut rulebook = Rulebook::starter(Currency::NGN);
    rulebook.promotions = vec![percent_off("10")];
    rulebook.tax = vat("7.5", false);
    rulebook.shipping = vec![ShippingMethod::flat("standard", "Standard", "20.00")];
    let quote = quote(&rulebook, &to_nigeria(vec![line(0, "100.00", 2)])).unwrap();
    assert_eq!(minor(&quote), [20_000, 2_000, 2_000, 1_500, 0, 21_500], "7.5 % of 180.00 and of 20.00");
}

#[test]
fn tax_inside_prices_is_stated_and_not_added_again() {
    let mut rulebook = Rulebook::starter(Currency::NGN);
    rulebook.tax = vat("7.5", true);
    let quote = quote(&rulebook, &to_nigeria(vec![line(0, "107.50", 2)])).unwrap();
    assert_eq!(minor(&quote), [21_500, 0, 0, 0, 1_500, 21_500]);
    assert_eq!(quote.adjustments.last().unwrap().kind, AdjustmentKind::TaxIncluded);
}

#[test]
fn exempt_goods_and_other_countries_are_not_taxed() {
    let mut rulebook = Rulebook::starter(Currency::NGN);
    rulebook.tax = vat("7.5", false);
    let exempt = PricingLine { tax_class: TaxClass::exempt(), ..line(0, "100", 1) };
    assert_eq!(minor(&quote(&rulebook, &to_nigeria(vec![exempt])).unwrap())[3], 0);
    let mut abroad = to_nigeria(vec![line(0, "100", 1)]);
    abroad.destination = Some(Destination::in_country(Country::GH));
    assert_eq!(minor(&quote(&rulebook, &abroad).unwrap())[3], 0);
    let mut nowhere = to_nigeria(vec![line(0, "100", 1)]);
    nowhere.destination = None;
    assert_eq!(minor(&quote(&rulebook, &nowhere).unwrap())[3], 0);
    rulebook.home_country = Some(Country::NG);
    assert_eq!(
        minor(&quote(&rulebook, &nowhere).unwrap())[3],
        750,
        "at home until the shopper says otherwise"
    );
}

#[test]
fn an_amount_off_the_order_becomes_shares_of_its_lines() {
    let mut rulebook = Rulebook::starter(Currency::NGN);
    rulebook.promotions = vec![promotion(Action::AmountOffOrder("1.00".to_owned()))];
    let lines = (0..3).map(|place| line(place, "10", 1)).collect();
    let quote = quote(&rulebook, &to_nigeria(lines)).unwrap();
    assert_eq!(quote.lines.iter().map(|line| line.discount.minor).collect::<Vec<_>>(), [34, 33, 33]);
    rulebook.promotions = vec![promotion(Action::AmountOffOrder("99".to_owned()))];
    let all = super::quote(&rulebook, &to_nigeria(vec![line(0, "10", 1)])).unwrap();
    assert_eq!(minor(&all), [1_000, 1_000, 0, 0, 0, 0], "at most what the order still costs");
}

#[test]
fn a_threshold_counts_the_subtotal() {
    let mut rulebook = Rulebook::starter(Currency::NGN);
    rulebook.promotions = vec![Promotion { min_subtotal: Some("20".to_owned()), ..percent_off("10") }];
    let discount =
        |quantity| minor(&quote(&rulebook, &to_nigeria(vec![line(0, "10", quantity)])).unwrap())[1];
    assert_eq!((discount(1), discount(2)), (0, 200));
    let story = Quote::explain(&rulebook, &to_nigeria(vec![line(0, "10", 1)])).unwrap();
    let step = story.steps.iter().find(|step| step.stage == "promotion").unwrap();
    assert!(!step.applied && step.detail.contains("below"), "{step:?}");
}

#[test]
fn shipping_goes_by_the_first_band_that_holds_the_weight() {
    let band = |up_to_grams, price: &str| WeightBand { up_to_grams, price: price.to_owned() };
    let mut rulebook = Rulebook::starter(Currency::NGN);
    rulebook.shipping = vec![ShippingMethod {
        rate: ShippingRate::ByWeight(vec![band(400, "5"), band(1_200, "9")]),
        free_from: Some("100".to_owned()),
        ..ShippingMethod::free("standard", "Standard")
    }];
    let shipped = |lines| {
        let quote = quote(&rulebook, &to_nigeria(lines)).unwrap();
        quote.shipping_method.map(|option| option.price.minor)
    };
    assert_eq!(shipped(vec![line(0, "1", 1)]), Some(500), "400 g");
    assert_eq!(shipped(vec![line(0, "1", 3)]), Some(900), "1200 g");
    assert_eq!(shipped(vec![line(0, "1", 4)]), None, "too heavy");
    assert_eq!(shipped(vec![line(0, "50", 2)]), Some(0), "free from 100.00");
    assert_eq!(shipped(vec![PricingLine { digital: true, ..line(0, "1", 9) }]), None, "nothing is shipped");
}

#[test]
fn a_price_in_another_currency_is_refused() {
    let refused = quote(&Rulebook::starter(Currency::GHS), &to_nigeria(vec![line(0, "1", 1)]));
    assert!(matches!(refused, Err(PricingError::Money(MoneyError::CurrencyMismatch { .. }))));
}

prop_compose! {
    fn any_rulebook()(
        percents in vec(0..100_u32, 0..3),
        amount in prop::option::of(0..5_000_i64),
        least in prop::option::of(0..100_000_i64),
        rate in 0..300_u32,
        inside in any::<bool>(),
        taxed in any::<bool>(),
        shipping in 0..5_000_i64,
        mode in prop::sample::select(vec![
            Rounding::HalfUp, Rounding::HalfEven, Rounding::HalfDown, Rounding::Up, Rounding::Down,
        ]),
    ) -> Rulebook {
        let major = |minor: i64| Money::from_minor(minor, Currency::NGN).amount();
        let mut rulebook = Rulebook::starter(Currency::NGN);
        rulebook.rounding = RoundingProfile { mode, ..RoundingProfile::default() };
        rulebook.promotions = percents.iter().map(|percent| percent_off(&percent.to_string())).collect();
        rulebook.promotions.extend(amount.map(|amount| promotion(Action::AmountOffOrder(major(amount)))));
        rulebook.promotions.iter_mut().for_each(|promotion| promotion.min_subtotal = least.map(major));
        rulebook.tax = TaxRules { shipping_is_taxed: taxed, ..vat(&format!("{}.{}", rate / 10, rate % 10), inside) };
        rulebook.shipping = vec![ShippingMethod::flat("standard", "Standard", &major(shipping))];
        rulebook
    }
}

prop_compose! {
    fn any_input()(
        lines in vec((0..200_000_000_i64, 1..200_u32, any::<bool>(), any::<bool>()), 0..12),
        shipped in any::<bool>(),
    ) -> PricingInput {
        let lines = lines.into_iter().enumerate().map(|(place, (price, quantity, exempt, digital))| {
            let tax_class = if exempt { TaxClass::exempt() } else { TaxClass::standard() };
            let unit_price = UnitPrice { ten_thousandths: price, currency: Currency::NGN };
            PricingLine { unit_price, tax_class, digital, ..line(place, "0", quantity) }
        });
        let destination = shipped.then(|| Destination::in_country(Country::NG));
        PricingInput { destination, ..to_nigeria(lines.collect()) }
    }
}

proptest! {
    #[test]
    fn order_total(rulebook in any_rulebook(), input in any_input()) {
        let quote = quote(&rulebook, &input).unwrap();
        let amounts = quote.summary;
        let sum = |part: fn(&super::QuoteLine) -> Money| quote.lines.iter().map(|line| part(line).minor).sum::<i64>();
        prop_assert_eq!(amounts.subtotal.minor, sum(|line| line.total));
        prop_assert_eq!(amounts.discount.minor, sum(|line| line.discount));
        prop_assert!(amounts.tax_added.minor >= sum(|line| line.tax_added));
        prop_assert!(amounts.tax_included.minor >= sum(|line| line.tax_included));
        prop_assert_eq!(
            amounts.total.minor,
            amounts.subtotal.minor - amounts.discount.minor + amounts.shipping.minor + amounts.tax_added.minor
        );
        prop_assert!(minor(&quote).iter().all(|amount| *amount >= 0));
        for line in &quote.lines {
            prop_assert!(line.discount.minor <= line.total.minor);
        }
    }

    #[test]
    fn every_amount_says_where_it_comes_from(rulebook in any_rulebook(), input in any_input()) {
        let quote = quote(&rulebook, &input).unwrap();
        let sum = |kind| {
            let of_kind = quote.adjustments.iter().filter(|adjustment| adjustment.kind == kind);
            of_kind.map(|adjustment| adjustment.amount.minor).sum::<i64>()
        };
        let amounts = quote.summary;
        prop_assert_eq!(sum(AdjustmentKind::Promotion), -amounts.discount.minor);
        prop_assert_eq!(sum(AdjustmentKind::Shipping), amounts.shipping.minor);
        prop_assert_eq!(sum(AdjustmentKind::TaxAdded), amounts.tax_added.minor);
        prop_assert_eq!(sum(AdjustmentKind::TaxIncluded), amounts.tax_included.minor);
    }

    #[test]
    fn the_story_has_the_same_quote(rulebook in any_rulebook(), input in any_input()) {
        prop_assert_eq!(Quote::explain(&rulebook, &input).unwrap().quote, quote(&rulebook, &input).unwrap());
    }
}
