//! What must hold for every cart under every rulebook and every rounding profile.

use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::{AdjustmentKind, Quote};
use super::*;
use crate::Money;
use crate::money::{Allocation, Rounding};
use crate::testkit::property_cases;

const CLASSES: [&str; 4] = ["standard", "standard", "reduced", "exempt"];

pub(super) fn any_rounding() -> impl Strategy<Value = Value> {
    let word = |words: &'static [&'static str]| select(words);
    let modes: Vec<Value> = Rounding::ALL.iter().map(|mode| serde_json::to_value(mode).unwrap()).collect();
    let first = (
        select(modes),
        word(&["unit", "line", "rate", "order", "total"]),
        word(&["tax", "net_and_gross"]),
        word(&["each", "summed"]),
        select(Allocation::ALL.to_vec()),
        word(&["entered", "net", "gross"]),
        word(&["entered", "net", "gross"]),
        word(&["per_unit", "exact"]),
    );
    let second = (
        word(&["compounding", "additive"]),
        word(&["by_scope", "by_priority"]),
        word(&["first", "best"]),
        word(&["original", "running"]),
        word(&["move", "drop"]),
        word(&["take_part", "left_out"]),
        word(&["items", "items_and_shipping"]),
        word(&["own", "highest", "weighted"]),
        word(&["like_goods", "with_tax", "without_tax"]),
        word(&["keep_gross", "rebase"]),
    );
    (first, second).prop_map(|(first, second)| {
        let (mode, level, tax, several_rates, mut allocation, weights, discount_basis, unit_percentage) = first;
        let (percentages, order, exclusive, conditions, floor, discounted, reach, shipping_tax, price, change) =
            second;
        if level != "total" && allocation == Allocation::Exact {
            allocation = Allocation::LargestRemainder;
        }
        json!({
            "mode": mode, "level": level, "tax": tax, "several_rates": several_rates, "allocation": allocation,
            "weights": weights, "discount_basis": discount_basis, "unit_percentage": unit_percentage,
            "percentages": percentages, "promotion_order": order, "exclusive": exclusive, "conditions": conditions,
            "below_floor": floor, "discounted_lines": discounted, "order_discount": reach,
            "shipping_tax": shipping_tax, "shipping_price": price, "destination_change": change
        })
    })
}

fn any_action() -> impl Strategy<Value = (Value, &'static str)> {
    let amount = || (1..5_000_u32).prop_map(|minor| format!("{}.{:02}", minor / 100, minor % 100));
    let percent = || (1..=1_000_u32).prop_map(|tenths| format!("{}.{}", tenths / 10, tenths % 10));
    let reduction = || {
        prop_oneof![
            percent().prop_map(|percent| json!({ "percent": percent })),
            amount().prop_map(|amount| json!({ "amount": amount })),
            amount().prop_map(|price| json!({ "fixed_price": price })),
        ]
    };
    let scope = select(vec!["unit", "line", "order", "items_and_shipping", "shipping"]);
    prop_oneof![
        6 => (reduction(), scope),
        1 => Just((json!("free_shipping"), "shipping")),
        2 => (1..4_u32, 1..3_u32, reduction()).prop_map(|(buy, get, reduction)| {
            (json!({"buy_get": {"buy": buy, "of": [{"categories": ["x"]}], "get": get, "reduction": reduction}}), "unit")
        }),
        1 => (reduction(), reduction(), select(vec!["unit", "line", "order"])).prop_map(|(low, high, scope)| {
            let steps = json!([{"from": "2", "reduction": low}, {"from": "9", "reduction": high}]);
            (json!({"tiers": {"by": "quantity", "steps": steps}}), scope)
        }),
    ]
}

fn any_promotion() -> impl Strategy<Value = Value> {
    let when = prop_oneof![
        3 => Just(Value::Null),
        1 => (0..20_000_u32).prop_map(|minor| json!({"subtotal": {"from": format!("{}", minor / 100 + 1)}})),
        1 => Just(json!({"quantity": {"from": 3, "of": [{"categories": ["x"]}]}})),
        1 => Just(json!({"country": ["GH"]})),
        1 => Just(json!({"customer_group": ["trade"]})),
        1 => Just(json!({"not": {"channel": ["app"]}})),
    ];
    let targets = prop_oneof![
        2 => Just(json!([])),
        1 => Just(json!([{"categories": ["x"]}])),
        1 => Just(json!([{"skus": ["sku0", "sku3"]}, {"tags": ["t"], "except": [{"skus": ["sku1"]}]}])),
    ];
    let flags =
        (any::<bool>(), 0..8_u32, 0..4_i32, prop::option::of(1..900_u32), prop::option::of(1..3_000_u32));
    (any_action(), when, targets, flags).prop_map(|((action, scope), when, targets, flags)| {
        let (coupon, eighth, priority, floor, most) = flags;
        let shipping = scope == "shipping";
        let cents = |minor: u32| format!("{}.{:02}", minor / 100, minor % 100);
        let mut promotion = json!({
            "label": "p", "action": action, "scope": scope, "coupon": coupon, "priority": priority,
            "exclusive": eighth == 0
        });
        let mut set = |field: &str, value: Value| promotion[field] = value;
        if !when.is_null() {
            set("when", when);
        }
        if !shipping {
            set("targets", targets);
            set(
                "floor_price",
                floor.filter(|_| eighth == 1).map_or(Value::Null, |minor| json!(cents(minor))),
            );
        }
        set("max_discount", most.filter(|_| eighth == 2).map_or(Value::Null, |minor| json!(cents(minor))));
        if eighth == 3 {
            set("lane", json!(if shipping || scope == "items_and_shipping" { "late" } else { "early" }));
        }
        promotion
    })
}

prop_compose! {
    pub(super) fn any_rulebook()(
        rounding in any_rounding(),
        mut promotions in prop::collection::vec(any_promotion(), 0..7),
        rates in prop::collection::vec((0..300_u32, any::<bool>(), any::<bool>()), 0..4),
        inside in any::<bool>(),
        shipping in 0..3_000_u32,
    ) -> Value {
        let order_reaches_shipping = rounding["order_discount"] == "items_and_shipping";
        for (n, promotion) in promotions.iter_mut().enumerate() {
            promotion["code"] = json!(format!("p{n}"));
            if promotion["scope"] == "order" && order_reaches_shipping && promotion["lane"] == "early" {
                promotion["lane"] = json!("late");
            }
        }
        let rates: Vec<Value> = rates
            .iter()
            .enumerate()
            .map(|(n, (tenths, compound, reduced))| json!({
                "code": format!("r{n}"), "zone": "all", "name": format!("T{n}"),
                "rate": format!("{}.{}", tenths / 10, tenths % 10), "compound": compound,
                "classes": if *reduced { json!(["standard", "reduced"]) } else { json!(["standard"]) }
            }))
            .collect();
        json!({
            "currency": "EUR", "home_country": "NG", "rounding": rounding, "promotions": promotions,
            "customer_groups": [{"code": "trade", "label": "Trade"}],
            "tax": {
                "prices_include_tax": inside, "zones": [{"code": "all", "name": "All"}], "rates": rates,
                "shipping_class": "standard"
            },
            "shipping": {"methods": [{
                "code": "post", "label": "Post", "rate": {"flat": format!("{}.{:02}", shipping / 100, shipping % 100)}
            }]}
        })
    }
}

prop_compose! {
    pub(super) fn any_cart()(
        lines in prop::collection::vec(
            (0..2_000_000_i64, 1..60_u32, any::<bool>(), any::<bool>(), 0..4_u32, any::<bool>()), 0..8
        ),
        whole in any::<bool>(),
        shipped in any::<bool>(),
        trade in any::<bool>(),
        app in any::<bool>(),
    ) -> Value {
        let lines: Vec<Value> = lines
            .into_iter()
            .enumerate()
            .map(|(n, (price, quantity, in_category, tagged, class, digital))| {
                let price = if whole { price / 10_000 * 10_000 + 10_000 } else { price };
                json!({
                    "sku": format!("sku{n}"), "quantity": quantity,
                    "unit_price": format!("{}.{:06}", price / 1_000_000, price % 1_000_000),
                    "categories": if in_category { json!(["root", "x"]) } else { json!([]) },
                    "tags": if tagged { json!(["T"]) } else { json!([]) },
                    "tax_class": CLASSES[class as usize],
                    "digital": digital
                })
            })
            .collect();
        let mut cart = json!({
            "lines": lines, "channel": if app { "app" } else { "web" }, "coupons": ["p0", "p1", "p2", "p3"],
            "customer": {"groups": if trade { json!(["trade"]) } else { json!([]) }}
        });
        if shipped {
            cart["destination"] = json!({"country": "NG"});
            cart["shipping_method"] = json!("post");
        }
        cart
    }
}

/// Promotions of which none takes the place of another: each makes every place cheaper that was cheaper before it.
///
/// One that stands alone, uses units up or gives a fixed price of everything may leave more than there was without it;
/// and what a floor price moves to other goods is asked of them whatever they cost. That is what they are for.
fn promotions_for_all() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(any_promotion(), 1..5).prop_map(|mut promotions| {
        for (n, promotion) in promotions.iter_mut().enumerate() {
            promotion["code"] = json!(format!("p{n}"));
            promotion["exclusive"] = json!(false);
            promotion["lane"] = Value::Null;
            promotion["priority"] = json!(0);
            if !promotion["action"]["percent"].is_string() && !promotion["action"]["amount"].is_string() {
                promotion["action"] = json!({"percent": "10"});
            }
        }
        promotions
    })
}

pub(super) fn priced(rules: &CompiledRulebook, cart: &Value) -> Quote {
    let cart: CartDocument = serde_json::from_value(cart.clone()).unwrap();
    cart.explain(rules, now()).unwrap().quote
}

/// What must hold of a quote by itself.
pub(super) fn check(quote: &Quote) -> Result<(), TestCaseError> {
    let summary = quote.summary;
    let lines = |part: fn(&super::super::QuoteLine) -> Money| -> i64 {
        quote.lines.iter().map(|line| part(line).minor).sum()
    };
    let of = |kind: AdjustmentKind, on_line: bool| -> i64 {
        let these = quote.adjustments().filter(|part| part.kind == kind && part.line.is_some() == on_line);
        these.map(|part| part.amount.minor).sum()
    };
    prop_assert_eq!(summary.subtotal.minor, lines(|line| line.total));
    prop_assert_eq!(summary.discount.minor, lines(|line| line.discount));
    prop_assert_eq!(of(AdjustmentKind::Promotion, true), -summary.discount.minor);
    prop_assert_eq!(
        of(AdjustmentKind::Shipping, false) + of(AdjustmentKind::Promotion, false),
        summary.shipping.minor
    );
    prop_assert_eq!(of(AdjustmentKind::TaxAdded, true), lines(|line| line.tax_added));
    prop_assert_eq!(of(AdjustmentKind::TaxIncluded, true), lines(|line| line.tax_included));
    let taxes = |included: bool| -> i64 {
        quote.taxes.iter().filter(|tax| tax.included == included).map(|tax| tax.amount.minor).sum()
    };
    prop_assert_eq!(summary.tax_added.minor, taxes(false));
    prop_assert_eq!(summary.tax_included.minor, taxes(true));
    prop_assert_eq!(
        of(AdjustmentKind::TaxAdded, true) + of(AdjustmentKind::TaxAdded, false),
        summary.tax_added.minor
    );
    prop_assert_eq!(
        summary.total.minor,
        summary.subtotal.minor - summary.discount.minor
            + summary.shipping.minor
            + summary.tax_added.minor
            + summary.cash_rounding.minor
    );
    let promotions: i64 = quote.promotions.iter().map(|promotion| promotion.amount.minor).sum();
    prop_assert_eq!(promotions, -of(AdjustmentKind::Promotion, true) - of(AdjustmentKind::Promotion, false));
    for amount in [
        summary.subtotal,
        summary.discount,
        summary.shipping,
        summary.tax_added,
        summary.tax_included,
        summary.total,
    ] {
        prop_assert!(amount.minor >= 0, "{summary:?}");
    }
    for line in &quote.lines {
        prop_assert!(line.discount.minor >= 0 && line.discount.minor <= line.total.minor, "{line:?}");
        prop_assert!(line.tax_added.minor >= 0 && line.tax_included.minor >= 0, "{line:?}");
        prop_assert!(line.tax_included.minor <= line.total.minor - line.discount.minor, "{line:?}");
    }
    for tax in &quote.taxes {
        prop_assert!(tax.base.minor >= 0 && tax.amount.minor >= 0);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(property_cases(2_000)))]

    #[test]
    fn order_total(rulebook in any_rulebook(), cart in any_cart()) {
        let rules = rules(rulebook);
        check(&priced(&rules, &cart))?;
    }

    #[test]
    fn what_the_index_leaves_out_would_not_have_applied(rulebook in any_rulebook(), cart in any_cart()) {
        let rules = rules(rulebook);
        let cart: CartDocument = serde_json::from_value(cart).unwrap();
        let every = cart.quote(&rules, now(), true).unwrap();
        let indexed = cart.quote(&rules, now(), false).unwrap();
        prop_assert_eq!(QuoteDocument { steps: None, ..every }, indexed);
    }

    #[test]
    fn tax_per_rate_is_its_base_times_the_rate(cart in any_cart(), tenths in 0..300_i128, mode in select(&Rounding::ALL[..])) {
        let rules = rules(json!({
            "home_country": "NG", "rounding": {"level": "rate", "mode": mode},
            "tax": {
                "zones": [{"code": "all", "name": "All"}], "shipping_class": "standard",
                "rates": [{"code": "r", "zone": "all", "name": "T", "rate": format!("{}.{}", tenths / 10, tenths % 10)}]
            }
        }));
        let quote = priced(&rules, &cart);
        for tax in &quote.taxes {
            let expected = crate::money::divide(i128::from(tax.base.minor) * tenths, 1_000, mode);
            prop_assert_eq!(i128::from(tax.amount.minor), expected);
        }
    }

    #[test]
    fn inside_and_on_top_agree(
        lines in prop::collection::vec((1..500_i64, 1..20_u32), 1..6),
        tenths in 0..300_i64,
        level in select(vec!["unit", "line", "rate", "order", "total"]),
        percent in 1..100_u32,
    ) {
        // Net prices in steps of ten, so that the gross price is whole too.
        let cart = |inside: bool| {
            let line = |(step, quantity): &(i64, u32)| {
                let minor = if inside { step * (1_000 + tenths) } else { step * 1_000 };
                json!({"sku": "a", "quantity": quantity, "unit_price": format!("{}.{:02}", minor / 100, minor % 100)})
            };
            json!({"lines": lines.iter().map(line).collect::<Vec<_>>()})
        };
        let quote = |inside: bool| {
            let rules = rules(json!({
                "home_country": "NG", "rounding": {"level": level},
                "promotions": [{"code": "p", "label": "p", "action": {"percent": percent.to_string()}}],
                "tax": {
                    "prices_include_tax": inside, "zones": [{"code": "all", "name": "All"}],
                    "rates": [{"code": "r", "zone": "all", "name": "T", "rate": format!("{}.{}", tenths / 10, tenths % 10)}]
                }
            }));
            priced(&rules, &cart(inside)).summary.total.minor
        };
        // Each line item rounds its discount once and its tax once in both views; per unit, each unit does.
        let units: i64 = lines.iter().map(|(_, quantity)| i64::from(*quantity)).sum();
        let bound = if level == "unit" { 2 * units } else { 2 * i64::try_from(lines.len()).unwrap() };
        prop_assert!((quote(true) - quote(false)).abs() <= bound);
    }

    #[test]
    fn another_promotion_never_raises_the_total(
        promotions in promotions_for_all(),
        cart in any_cart(),
        percentages in select(vec!["compounding", "additive"]),
    ) {
        let total = |promotions: &[Value], level: &str| {
            let rules = rules(json!({
                "promotions": promotions,
                "rounding": {
                    "level": level, "percentages": percentages, "unit_percentage": "exact", "below_floor": "drop"
                },
                "customer_groups": [{"code": "trade", "label": "Trade"}],
                "shipping": {"methods": [{"code": "post", "label": "Post", "rate": {"flat": "7"}}]}
            }));
            priced(&rules, &cart).summary.total.minor
        };
        let (without, with) = (total(&promotions[1..], "total"), total(&promotions, "total"));
        prop_assert!(with <= without, "{with} after {without}");
        // Each promotion rounds what it takes off together, and what it takes off each place. Which promotions apply must not
        // hang on it here: a subtotal that is rounded may reach what the exact one does not.
        let always: Vec<Value> = promotions.iter().map(|promotion| {
            let mut promotion = promotion.clone();
            promotion["when"] = Value::Null;
            promotion
        }).collect();
        let places = cart["lines"].as_array().unwrap().len() + 1;
        let bound = i64::try_from((promotions.len() + 1) * (places + 1)).unwrap();
        let (exact, rounded) = (total(&always, "total"), total(&always, "line"));
        prop_assert!((rounded - exact).abs() <= bound, "{rounded}, exactly {exact}");
    }

    #[test]
    fn the_model_in_exact_ratios_is_near(
        lines in prop::collection::vec((1..200_000_i64, 1..50_u32), 1..8),
        percents in prop::collection::vec((1..=1_000_i64, any::<bool>()), 0..4),
        amount in 0..20_000_i64,
        tenths in 0..300_i64,
        inside in any::<bool>(),
        level in select(vec!["line", "rate", "order", "total"]),
        mode in select(&Rounding::ALL[..]),
    ) {
        let decimal = |tenths: i64| format!("{}.{}", tenths / 10, tenths % 10);
        let cents = |minor: i64| format!("{}.{:02}", minor / 100, minor % 100);
        let mut promotions: Vec<Value> = percents
            .iter()
            .enumerate()
            .map(|(n, (percent, order))| json!({
                "code": n.to_string(), "label": "p", "action": {"percent": decimal(*percent)},
                "scope": if *order { "order" } else { "line" }
            }))
            .collect();
        if amount > 0 {
            promotions.push(json!({"code": "off", "label": "p", "action": {"amount": cents(amount)}, "scope": "order"}));
        }
        let rules = rules(json!({
            "home_country": "NG", "rounding": {"level": level, "mode": mode}, "promotions": promotions,
            "tax": {
                "prices_include_tax": inside, "zones": [{"code": "all", "name": "All"}],
                "rates": [{"code": "r", "zone": "all", "name": "T", "rate": decimal(tenths)}]
            }
        }));
        let documents: Vec<Value> =
            lines.iter().map(|(price, quantity)| line("a", *quantity, &cents(*price))).collect();
        let quote = priced(&rules, &json!({"lines": documents}));

        // The model: line items in exact ratios; those on lines first, then those on the order, each on what is left.
        let ratio = |n: i64, d: i64| BigRational::new(BigInt::from(n), BigInt::from(d));
        let mut left: Vec<BigRational> =
            lines.iter().map(|(price, quantity)| ratio(price * i64::from(*quantity), 1)).collect();
        for scope in [false, true] {
            for (percent, _) in percents.iter().filter(|(_, order)| *order == scope) {
                left.iter_mut().for_each(|left| *left = &*left * ratio(1_000 - percent, 1_000));
            }
        }
        let sum: BigRational = left.iter().sum();
        let off = ratio(amount, 1).min(sum.clone());
        if sum > ratio(0, 1) {
            left.iter_mut().for_each(|left| *left = &*left - &off * &*left / &sum);
        }
        let goods: BigRational = left.iter().sum();
        let total = if inside { goods } else { goods * ratio(1_000 + tenths, 1_000) };
        let difference = (ratio(quote.summary.total.minor, 1) - total) / ratio(1_000 + tenths, 1_000);
        let (most, none) = (i64::try_from(lines.len() * (percents.len() + 1) + 2).unwrap(), ratio(0, 1));
        // Where nothing is rounded before the total, only the total is, by less than a minor unit.
        let bound = if level == "total" { ratio(1, 1) } else { ratio(most, 1) };
        let size = if difference < none { -difference } else { difference };
        prop_assert!(size <= bound, "{size} of {}", quote.summary.total);
    }
}
