//! What must not matter to a price: in which order line items stand, and whether its prices were quoted before.

use proptest::prelude::*;
use proptest::sample::select;

use super::super::{Quote, QuoteLine};
use super::properties::{any_cart, any_rulebook, check, priced};
use super::*;
use crate::testkit::property_cases;

/// The rulebook with those of its promotions.
fn with_promotions(mut rulebook: Value, kept: fn(&Value) -> bool) -> Value {
    rulebook["promotions"].as_array_mut().unwrap().retain(kept);
    rulebook
}

/// Whether the promotion takes a discount off several line items together, of which each gets a share.
fn is_shared(promotion: &Value) -> bool {
    promotion["scope"] == "order" || promotion["scope"] == "items_and_shipping"
}

/// Whether the promotion takes units for itself: of equally dear ones, those that come first.
fn takes_units(promotion: &Value) -> bool {
    promotion["action"]["buy_get"].is_object()
}

/// Whether it depends on what others left that the promotion applies, or by which step: there a minor unit may tip the scales.
fn depends_on_others(promotion: &Value) -> bool {
    let asks = |part: &str| promotion["when"][part].is_object();
    asks("subtotal")
        || promotion["action"]["tiers"].is_object()
        || promotion["lane"].is_string()
        || promotion["exclusive"] == true
}

/// A cart, and its line items in another order: the place that each has then.
fn reordered() -> impl Strategy<Value = (Value, Vec<usize>)> {
    any_cart().prop_flat_map(|cart| {
        let places: Vec<usize> = (0..cart["lines"].as_array().unwrap().len()).collect();
        (Just(cart), Just(places).prop_shuffle())
    })
}

/// The quotes of the cart and of the one in another order, whose line items are put back in their places.
fn both_ways(rulebook: Value, cart: &Value, order: &[usize]) -> Result<(Quote, Quote), TestCaseError> {
    let rules = rules(rulebook);
    let mut other = cart.clone();
    other["lines"] = order.iter().map(|place| cart["lines"][*place].clone()).collect();
    let (first, mut second) = (priced(&rules, cart), priced(&rules, &other));
    check(&second)?;
    let mut back: Vec<(usize, QuoteLine)> = order.iter().copied().zip(second.lines).collect();
    back.sort_unstable_by_key(|(place, _)| *place);
    second.lines = back.into_iter().map(|(_, line)| line).collect();
    Ok((first, second))
}

/// By how much a line item differs most, in minor units.
fn apart(first: &Quote, second: &Quote) -> i64 {
    let amounts = |line: &QuoteLine| [line.total, line.discount, line.tax_added, line.tax_included];
    let lines = first.lines.iter().zip(&second.lines);
    lines
        .flat_map(|(one, other)| amounts(one).into_iter().zip(amounts(other)))
        .map(|(one, other)| (one.minor - other.minor).abs())
        .max()
        .unwrap_or(0)
}

/// How many taxes a line item may have.
fn taxes_of(rulebook: &Value) -> i64 {
    i64::try_from(rulebook["tax"]["rates"].as_array().unwrap().len()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(property_cases(2_000)))]

    #[test]
    fn the_order_of_line_items_does_not_matter_where_nothing_is_rounded_before_the_total(
        rulebook in any_rulebook(),
        (cart, order) in reordered(),
    ) {
        let mut rulebook = with_promotions(rulebook, |promotion| !takes_units(promotion));
        rulebook["rounding"]["level"] = json!("total");
        rulebook["rounding"]["allocation"] = json!("exact");
        let most = 1 + taxes_of(&rulebook);
        let (first, second) = both_ways(rulebook, &cart, &order)?;
        let (one, other) = (first.summary, second.summary);
        prop_assert_eq!((one.total, one.shipping), (other.total, other.shipping));
        // What is charged is stated in whole minor units of line items: of equal remainders the first gets one, and with it
        // a line item may be stated at a unit more or less before its discount.
        prop_assert!(apart(&first, &second) <= most);
        let lines = i64::try_from(order.len()).unwrap();
        prop_assert!((one.subtotal.minor - other.subtotal.minor).abs() <= lines, "{one:?} {other:?}");
        prop_assert!((one.tax_added.minor - other.tax_added.minor).abs() <= lines, "{one:?} {other:?}");
        prop_assert!((one.tax_included.minor - other.tax_included.minor).abs() <= lines, "{one:?} {other:?}");
    }

    #[test]
    fn the_order_of_line_items_does_not_matter_to_discounts_of_their_own(
        rulebook in any_rulebook(),
        (cart, order) in reordered(),
    ) {
        let mut rulebook = with_promotions(rulebook, |promotion| {
            !is_shared(promotion) && !takes_units(promotion) && promotion["max_discount"].is_null()
        });
        // Parts of shipping that are taxed as the goods are shares too.
        if rulebook["rounding"]["shipping_tax"] == "weighted" {
            rulebook["rounding"]["shipping_tax"] = json!("highest");
        }
        let level = rulebook["rounding"]["level"].clone();
        let most = if level == "unit" || level == "line" { 0 } else { 1 + taxes_of(&rulebook) };
        let (first, second) = both_ways(rulebook, &cart, &order)?;
        prop_assert_eq!(first.summary, second.summary);
        prop_assert!(apart(&first, &second) <= most, "{} at the level {level}", apart(&first, &second));
    }

    #[test]
    fn the_order_of_line_items_matters_to_shares_by_no_more_than_their_rounding(
        rulebook in any_rulebook(),
        (cart, order) in reordered(),
    ) {
        let mut rulebook =
            with_promotions(rulebook, |promotion| !takes_units(promotion) && !depends_on_others(promotion));
        // A tax on shipping that goes by what is left of the goods turns with a minor unit when little is left of them.
        rulebook["rounding"]["shipping_tax"] = json!("own");
        // Which line items have a minor unit of a small discount, and are left out of the next, is for their order to say.
        rulebook["rounding"]["discounted_lines"] = json!("take_part");
        let promotions = rulebook["promotions"].as_array().unwrap();
        let shared = promotions.iter().filter(|promotion| is_shared(promotion) || !promotion["max_discount"].is_null());
        let shared = i64::try_from(shared.count()).unwrap();
        let lines = i64::try_from(order.len()).unwrap();
        let taxes = taxes_of(&rulebook);
        let (first, second) = both_ways(rulebook, &cart, &order)?;
        let (one, other) = (first.summary, second.summary);
        prop_assert_eq!(one.subtotal, other.subtotal);
        // Each shared discount may leave each line item, and shipping, a minor unit away from where it was.
        let moved = shared * (lines + 1);
        prop_assert!((one.discount.minor - other.discount.minor).abs() <= moved);
        prop_assert!((one.shipping.minor - other.shipping.minor).abs() <= moved);
        prop_assert!((one.total.minor - other.total.minor).abs() <= moved * (1 + taxes), "{one:?} {other:?}");
    }

    #[test]
    fn what_a_quote_says_of_prices_gives_the_same_quote(
        mut rulebook in any_rulebook(),
        mut cart in any_cart(),
        abroad in any::<bool>(),
        relief in select(vec!["none", "exempt", "vat_id"]),
        before in prop::collection::vec(prop::option::of(1..3_000_u32), 8),
    ) {
        let cents = |minor: u32| format!("{}.{:02}", minor / 100, minor % 100);
        let prices: Vec<Value> = (0..8)
            .step_by(2)
            .map(|n| {
                let price = json!({"sku": format!("sku{n}"), "price": format!("0.{n}5"), "from_quantity": n + 1});
                let (mut price, compare_at) = (price, before[n + 1]);
                if let Some(compare_at) = compare_at {
                    price["compare_at"] = json!(cents(compare_at + 100));
                }
                price
            })
            .collect();
        // Another country of the union, with a rate of its own for the first tax.
        rulebook["tax"]["zones"].as_array_mut().unwrap().push(json!({"code": "gh", "areas": [{"country": "GH"}]}));
        let abroad_rate = json!({"code": "gh", "zone": "gh", "name": "T0", "rate": "12.5"});
        rulebook["tax"]["rates"].as_array_mut().unwrap().push(abroad_rate);
        rulebook["tax"]["reverse_charge"] = json!({"zone": "all"});
        if abroad {
            cart["destination"] = json!({"country": "GH"});
        }
        match relief {
            "exempt" => cart["customer"]["exempt"] = json!(true),
            "vat_id" => cart["customer"]["vat_id"] = json!("GHC0001234567"),
            _ => {}
        }
        for (line, before) in cart["lines"].as_array_mut().unwrap().iter_mut().zip(&before) {
            if let Some(before) = before {
                line["compare_at"] = json!(cents(*before));
            }
        }
        let relieved = relief == "exempt" || relief == "vat_id" && abroad;
        let without_lists = rulebook.clone();
        rulebook["price_lists"] = json!([{"code": "l", "label": "l", "prices": prices}]);
        let first = priced(&rules(rulebook.clone()), &cart);
        for (line, quoted) in cart["lines"].as_array_mut().unwrap().iter_mut().zip(&first.lines) {
            line["unit_price"] = json!(quoted.unit_price.amount());
            line["compare_at"] = json!(quoted.compare_at.map(|price| price.amount()));
            if relieved {
                // A price that was re-based to no tax is quoted as the net price that it is.
                line["includes_tax"] = json!(false);
            }
        }
        let mut again = without_lists;
        if abroad {
            // And one that was re-based to the tax of the destination holds that one already.
            again["rounding"]["destination_change"] = json!("keep_gross");
        }
        prop_assert_eq!(priced(&rules(again), &cart), first);
    }
}
