//! The worked examples of the rounding profile's settings, as its documentation has them.

use super::super::RoundingProfile;
use super::*;

#[test]
fn the_most_that_is_taken_off_is_split_exactly_where_nothing_is_rounded() {
    let rules = rules(json!({
        "home_country": "DE", "rounding": {"level": "total", "allocation": "exact"},
        "promotions": [{"code": "p", "label": "p", "action": {"percent": "50"}, "scope": "line", "max_discount": "0.09"}],
        "tax": {"zones": [{"code": "de"}], "rates": [{"code": "r", "zone": "de", "name": "T", "rate": "100"}]}
    }));
    let taxed = line("a", 1, "10.00");
    let mut untaxed = line("b", 1, "10.00");
    untaxed["tax_class"] = json!("exempt");
    // 9.955 twice, and the tax of 9.955.
    for lines in [json!([taxed, untaxed]), json!([untaxed, taxed])] {
        assert_eq!(quote(&rules, json!({"lines": lines})).summary.total, "29.87");
    }
}

/// The quote under a profile: tax at these rates, inside prices or on top.
fn under(rounding: Value, rates: &[&str], inside: bool, promotions: Value, lines: Value) -> QuoteDocument {
    let rates: Vec<Value> = rates
        .iter()
        .enumerate()
        .map(|(n, rate)| json!({"code": format!("r{n}"), "zone": "all", "name": format!("T{n}"), "rate": rate}))
        .collect();
    let rules = rules(json!({
        "home_country": "NG", "rounding": rounding, "promotions": promotions,
        "tax": {"prices_include_tax": inside, "zones": [{"code": "all", "name": "All"}], "rates": rates}
    }));
    quote(&rules, json!({ "lines": lines }))
}

#[test]
fn level() {
    let lines = json!([line("a", 1, "1.10"), line("b", 1, "1.10"), line("c", 2, "1.10")]);
    for (level, tax) in
        [("unit", "0.32"), ("line", "0.33"), ("rate", "0.33"), ("order", "0.33"), ("total", "0.33")]
    {
        let quote = under(json!({ "level": level }), &["7.5"], false, json!([]), lines.clone());
        assert_eq!(quote.summary.tax_added, tax, "{level}");
    }
}

#[test]
fn several_rates() {
    for (several, tax) in [("each", "0.02"), ("summed", "0.01")] {
        let quote = under(
            json!({"several_rates": several}),
            &["2.5", "2.5"],
            false,
            json!([]),
            json!([line("a", 1, "0.20")]),
        );
        assert_eq!(quote.summary.tax_added, tax, "{several}");
    }
}

#[test]
fn discount_basis() {
    let off = json!([{"code": "p", "label": "p", "action": {"amount": "1"}}]);
    for (basis, inside, price, discount) in [
        ("entered", true, "10.75", "1.00"),
        ("net", true, "10.75", "1.07"),
        ("gross", true, "10.75", "1.00"),
        ("gross", false, "10.00", "0.93"),
        ("net", false, "10.00", "1.00"),
    ] {
        let quote = under(
            json!({"discount_basis": basis}),
            &["7.5"],
            inside,
            off.clone(),
            json!([line("a", 1, price)]),
        );
        assert_eq!(quote.summary.discount, discount, "{basis} {inside}");
    }
}

#[test]
fn unit_percentage() {
    let off = json!([{"code": "p", "label": "p", "action": {"percent": "15"}, "scope": "unit"}]);
    for (rounding, units, discount) in
        [("per_unit", 3, "0.45"), ("exact", 3, "0.45"), ("per_unit", 5, "0.75"), ("exact", 5, "0.74")]
    {
        let lines = json!([line("a", units, "0.99")]);
        let quote = under(json!({"unit_percentage": rounding}), &[], false, off.clone(), lines);
        assert_eq!(quote.summary.discount, discount, "{rounding} {units}");
    }
}

#[test]
fn percentages() {
    let two = json!([
        {"code": "p", "label": "p", "action": {"percent": "10"}}, {"code": "q", "label": "q", "action": {"percent": "10"}}
    ]);
    for (percentages, discount) in [("compounding", "19.00"), ("additive", "20.00")] {
        let quote =
            under(json!({"percentages": percentages}), &[], false, two.clone(), json!([line("a", 1, "100")]));
        assert_eq!(quote.summary.discount, discount);
    }
    let shipping = json!([
        {"code": "p", "label": "p", "action": {"percent": "10"}, "scope": "shipping"},
        {"code": "q", "label": "q", "action": {"percent": "10"}, "scope": "shipping"}
    ]);
    for (percentages, left) in [("compounding", "81.00"), ("additive", "80.00")] {
        let rules = rules(json!({
            "rounding": {"percentages": percentages}, "promotions": shipping,
            "shipping": {"methods": [{"code": "post", "label": "Post", "rate": {"flat": "100"}}]}
        }));
        let cart = json!({"lines": [line("a", 1, "1")], "destination": {"country": "DE"}, "shipping_method": "post"});
        assert_eq!(quote(&rules, cart).summary.shipping, left, "{percentages} on shipping");
    }
}

#[test]
fn a_percentage_asks_each_for_its_own() {
    // 95 % off the first leaves 5.00 of it; 10 % of both is 10.00 + 10.00, of which the first can give 5.00 only. The other
    // gives its tenth, and not the half that is missing.
    let off = json!([
        {"code": "p", "label": "p", "action": {"percent": "95"}, "scope": "order", "targets": [{"skus": ["a"]}]},
        {"code": "q", "label": "q", "action": {"percent": "10"}, "scope": "order"}
    ]);
    let lines = json!([line("a", 1, "100"), line("b", 1, "100")]);
    let quote = under(json!({"percentages": "additive"}), &[], false, off, lines);
    let discounts: Vec<&str> = quote.lines.iter().map(|line| line.discount.as_str()).collect();
    assert_eq!(discounts, ["100.00", "10.00"]);
}

#[test]
fn below_floor() {
    // In proportion 2.50 and 7.50 are taken off; the first may lose 1.
    let off = json!([
        {"code": "p", "label": "p", "action": {"amount": "10"}, "scope": "order", "floor_price": "9"}
    ]);
    let lines = json!([line("a", 1, "10"), line("b", 1, "30")]);
    for (below, expected) in [("move", ["1.00", "9.00"]), ("drop", ["1.00", "7.50"])] {
        let quote = under(json!({"below_floor": below}), &[], false, off.clone(), lines.clone());
        assert_eq!(discounts(&quote), expected, "{below}");
    }
}

#[test]
fn order_discount() {
    let off = json!([{"code": "p", "label": "p", "action": {"amount": "4"}, "scope": "order"}]);
    for (reach, expected) in [("items", ("4.00", "8.00")), ("items_and_shipping", ("3.00", "7.00"))] {
        let rules = rules(json!({
            "rounding": {"order_discount": reach}, "promotions": off,
            "shipping": {"methods": [{"code": "post", "label": "Post", "rate": {"flat": "8"}}]}
        }));
        let cart = json!({"lines": [line("a", 1, "24")], "destination": {"country": "DE"}, "shipping_method": "post"});
        let quote = quote(&rules, cart);
        assert_eq!((&*quote.summary.discount, &*quote.summary.shipping), expected);
    }
}

#[test]
fn destination_change() {
    for (change, total, tax) in [("keep_gross", "119.00", "23.80"), ("rebase", "125.00", "25.00")] {
        let rules = rules(json!({
            "home_country": "DE", "rounding": {"destination_change": change},
            "tax": {
                "prices_include_tax": true,
                "zones": [
                    {"code": "de", "name": "Germany", "areas": [{"country": "DE"}]},
                    {"code": "se", "name": "Sweden", "areas": [{"country": "SE"}]}
                ],
                "rates": [
                    {"code": "de", "zone": "de", "name": "VAT", "rate": "19"}, {"code": "se", "zone": "se", "name": "VAT", "rate": "25"}
                ]
            }
        }));
        let quote = quote(&rules, json!({"lines": [line("a", 1, "119")], "destination": {"country": "SE"}}));
        assert_eq!((&*quote.summary.total, &*quote.summary.tax_included), (total, tax));
    }
}

#[test]
fn steps_of_gateways_and_of_cash() {
    let dinars = rules(json!({"currency": "KWD", "rounding": {"charge_step": 10}}));
    let quote_of = |rules: &CompiledRulebook, price: &str, cash: bool| {
        let quote = quote(rules, json!({"lines": [line("a", 1, price)], "cash": cash}));
        (quote.summary.total.clone(), quote.summary.cash_rounding.clone())
    };
    let pair = |total: &str, rounding: &str| (total.to_owned(), rounding.to_owned());
    assert_eq!(quote_of(&dinars, "1.234", false), pair("1.230", "-0.004"));
    assert_eq!(quote_of(&dinars, "1.235", false), pair("1.240", "0.005"));
    let coins = rules(json!({"rounding": {"cash_interval": 5}}));
    assert_eq!(quote_of(&coins, "9.98", true), pair("10.00", "0.02"));
    assert_eq!(quote_of(&coins, "9.98", false), pair("9.98", "0.00"));
    let francs = rules(json!({"currency": "XOF"}));
    assert_eq!(quote_of(&francs, "1500", false), pair("1500", "0"));
}

#[test]
fn exact_amounts_are_rounded_once() {
    // Three lines of 0.10 at a third off leave 0.2 in all; rounded line by line it would be 0.21.
    let third = json!([{"code": "p", "label": "p", "action": {"percent": "33.333333"}}]);
    let lines = json!([line("a", 1, "0.10"), line("b", 1, "0.10"), line("c", 1, "0.10")]);
    let by_line = under(json!({}), &[], false, third.clone(), lines.clone());
    assert_eq!(by_line.summary.total, "0.21");
    let exact = under(json!({"level": "total", "allocation": "exact"}), &["7.5"], false, third, lines);
    assert_eq!((&*exact.summary.total, &*exact.summary.tax_added), ("0.22", "0.01"), "0.215000…");
    let cents = |text: &str| text.replace('.', "").parse::<i64>().unwrap();
    let left: i64 = exact.lines.iter().map(|line| cents(&line.total) - cents(&line.discount)).sum();
    assert_eq!(left, 21, "the parts add up to the total");
}

#[test]
fn presets_are_profiles_and_have_names_of_their_own() {
    for name in RoundingProfile::PRESETS {
        let profile = RoundingProfile::preset(name).unwrap();
        let document = serde_json::to_value(profile).unwrap();
        rules(json!({ "rounding": document }));
        let read: RoundingProfile = serde_json::from_value(document).unwrap();
        assert_eq!(read, profile);
    }
    assert_eq!(RoundingProfile::preset("default"), Some(RoundingProfile::default()));
    assert_eq!(RoundingProfile::preset("mine"), None);
}
