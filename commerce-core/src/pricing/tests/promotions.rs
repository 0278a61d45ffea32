//! Promotions and coupons by example.

use super::*;

fn with(promotions: Value) -> CompiledRulebook {
    rules(json!({"promotions": promotions}))
}

fn promotion(code: &str, action: Value) -> Value {
    json!({"code": code, "label": code, "action": action})
}

fn and(mut promotion: Value, more: Value) -> Value {
    let fields = promotion.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    promotion
}

#[test]
fn a_percentage_is_taken_off_the_targets() {
    let sale = and(
        promotion("sale", json!({"percent": "20"})),
        json!({"targets": [{"categories": ["shoes"]}, {"tags": ["Clearance"], "brands": ["acme"]}]}),
    );
    let rules = with(json!([sale]));
    let mut lines = [line("a", 1, "10"), line("b", 2, "10"), line("c", 1, "10"), line("d", 1, "10")];
    lines[0]["categories"] = json!(["fashion", "shoes"]);
    lines[1]["tags"] = json!(["clearance"]);
    lines[1]["brand"] = json!("acme");
    lines[2]["tags"] = json!(["clearance"]);
    let quote = quote(&rules, json!({"lines": lines}));
    assert_eq!(discounts(&quote), ["2.00", "4.00", "0.00", "0.00"]);
    assert_eq!(quote.summary.total, "44.00");
}

#[test]
fn an_exception_is_not_selected_and_attributes_have_several_values() {
    let sale = and(
        promotion("sale", json!({"amount": "1"})),
        json!({"targets": [{"attributes": {"color": ["red", "blue"]}, "except": [{"skus": ["b"]}]}]}),
    );
    let mut lines = [line("a", 1, "10"), line("b", 1, "10"), line("c", 1, "10")];
    for (line, color) in lines.iter_mut().zip(["Red", "blue", "green"]) {
        line["attributes"] = json!({"color": color});
    }
    let quote = quote(&with(json!([sale])), json!({"lines": lines}));
    assert_eq!(discounts(&quote), ["1.00", "0.00", "0.00"]);
}

#[test]
fn the_scope_says_what_an_amount_is_taken_off() {
    for (scope, expected) in
        [("unit", ["6.00", "2.00"]), ("line", ["2.00", "2.00"]), ("order", ["1.50", "0.50"])]
    {
        let off = and(promotion("off", json!({"amount": "2"})), json!({"scope": scope}));
        let quote = quote(&with(json!([off])), json!({"lines": [line("a", 3, "10"), line("b", 1, "10")]}));
        assert_eq!(discounts(&quote), expected, "{scope}");
    }
}

#[test]
fn a_fixed_price_never_makes_anything_dearer() {
    // Three units at 10 and one at 5; together 9 leave 26 to take off, in proportion to 30 and 5.
    for (scope, expected) in
        [("unit", ["3.00", "0.00"]), ("line", ["21.00", "0.00"]), ("order", ["22.29", "3.71"])]
    {
        let fixed = and(promotion("fixed", json!({"fixed_price": "9"})), json!({"scope": scope}));
        let quote = quote(&with(json!([fixed])), json!({"lines": [line("a", 3, "10"), line("b", 1, "5")]}));
        assert_eq!(discounts(&quote), expected, "{scope}");
    }
}

#[test]
fn one_that_needs_a_coupon_waits_for_it() {
    let rules = with(json!([and(promotion("welcome", json!({"percent": "10"})), json!({"coupon": true}))]));
    let without = quote(&rules, json!({"lines": [line("a", 1, "10")]}));
    assert_eq!(
        (without.summary.total.as_str(), reason(&without, "welcome")),
        ("10.00", Some("needs-coupon"))
    );
    let with =
        quote(&rules, json!({"lines": [line("a", 1, "10")], "coupons": ["welcome", "easter", "welcome"]}));
    assert_eq!(with.summary.total, "9.00");
    let outcomes: Vec<_> = with.coupons.iter().map(|coupon| (coupon.applied, coupon.reason)).collect();
    assert_eq!(outcomes, [(true, None), (false, Some("unknown-code")), (false, Some("not-combinable"))]);
}

#[test]
fn conditions_say_why_they_are_not_met() {
    let cart = json!({
        "lines": [line("a", 2, "10"), line("b", 1, "5")], "channel": "web",
        "customer": {"groups": ["trade"], "ordered_before": true}, "destination": {"country": "NG"}
    });
    for (when, expected) in [
        (json!({"subtotal": {"from": "25"}}), None),
        (json!({"subtotal": {"from": "25.01"}}), Some("subtotal-too-low")),
        (json!({"subtotal": {"below": "25"}}), Some("subtotal-too-high")),
        (json!({"subtotal": {"from": "6", "of": [{"skus": ["b"]}]}}), Some("subtotal-too-low")),
        (json!({"subtotal": {"from": {"USD": "1"}}}), Some("currency")),
        (json!({"quantity": {"from": 3}}), None),
        (json!({"quantity": {"from": 4}}), Some("quantity-too-low")),
        (json!({"quantity": {"from": 1, "of": [{"skus": ["z"]}]}}), Some("no-matching-items")),
        (json!({"quantity": {"up_to": 2}}), Some("quantity-too-high")),
        (json!({"distinct_items": {"from": 3}}), Some("too-few-items")),
        (json!({"customer_group": ["trade"]}), None),
        (json!({"customer_group": ["vip"]}), Some("customer-group")),
        (json!({"first_order": true}), Some("first-order-only")),
        (json!({"first_order": false}), None),
        (json!({"country": ["GH"]}), Some("country")),
        (json!({"currency": ["NGN"]}), Some("currency")),
        (json!({"channel": ["app"]}), Some("channel")),
        (json!({"not": {"country": ["NG"]}}), Some("excluded")),
        (json!({"all": [{"country": ["NG"]}, {"quantity": {"from": 9}}]}), Some("quantity-too-low")),
        (json!({"any": [{"country": ["GH"]}, {"quantity": {"from": 1}}]}), None),
        (json!({"any": [{"country": ["GH"]}, {"quantity": {"from": 9}}]}), Some("country")),
    ] {
        let conditional = and(promotion("p", json!({"percent": "10"})), json!({ "when": when }));
        let groups = json!([{"code": "trade", "label": "Trade"}, {"code": "vip", "label": "VIP"}]);
        let rules = rules(json!({"promotions": [conditional], "customer_groups": groups}));
        let quote = quote(&rules, cart.clone());
        assert_eq!(reason(&quote, "p"), expected, "{when}");
        assert_eq!(quote.promotions.is_empty(), expected.is_some(), "{when}: what the index finds");
    }
}

#[test]
fn a_promotion_has_its_time() {
    let timed = |from: Value, until: Value| {
        and(promotion("p", json!({"percent": "10"})), json!({"from": from, "until": until}))
    };
    for (promotion, expected) in [
        (timed(json!("2026-11-22T12:00:00Z"), json!("2026-11-22T12:00:01Z")), None),
        (timed(json!("2026-11-22T12:00:01Z"), Value::Null), Some("not-started")),
        (timed(Value::Null, json!("2026-11-22T12:00:00Z")), Some("ended")),
    ] {
        let quote = quote(&with(json!([promotion])), json!({"lines": [line("a", 1, "10")]}));
        assert_eq!(reason(&quote, "p"), expected);
    }
}

#[test]
fn of_three_for_two_the_dearest_pay() {
    let sets = promotion("3for2", json!({"buy_get": {"buy": 2, "get": 1, "reduction": {"percent": "100"}}}));
    let rules = with(json!([sets]));
    let lines = [line("a", 2, "10"), line("b", 3, "4"), line("c", 2, "7")];
    let cart = quote(&rules, json!({"lines": lines}));
    assert_eq!(discounts(&cart), ["0.00", "8.00", "0.00"], "seven units are two sets");
    let two = quote(&rules, json!({"lines": [line("a", 2, "10")]}));
    assert_eq!(reason(&two, "3for2"), Some("quantity-too-low"));
    let million = quote(&rules, json!({"lines": [line("a", 10_000, "1"), line("b", 10_000, "2")]}));
    assert_eq!(discounts(&million), ["6666.00", "0.00"]);
}

#[test]
fn a_bought_unit_is_never_free_and_a_unit_serves_once() {
    let shirts = json!([{"categories": ["shirts"]}]);
    let tie = and(
        promotion(
            "tie",
            json!({"buy_get": {"buy": 2, "of": shirts, "get": 1, "reduction": {"percent": "100"}}}),
        ),
        json!({"targets": [{"skus": ["tie"]}, {"categories": ["shirts"]}]}),
    );
    let mut shirt = line("shirt", 3, "30");
    shirt["categories"] = json!(["shirts"]);
    // Two shirts are bought; the tie is the cheapest that can be had for them.
    let with_tie = quote(&with(json!([tie])), json!({"lines": [shirt.clone(), line("tie", 1, "10")]}));
    assert_eq!(discounts(&with_tie), ["0.00", "10.00"]);
    let without = quote(&with(json!([tie])), json!({"lines": [shirt.clone()]}));
    assert_eq!(discounts(&without), ["30.00"], "of three shirts one can be spared");
    // A second promotion finds one shirt that has served nothing: not enough.
    let again = promotion("again", json!({"buy_get": {"buy": 1, "get": 1, "reduction": {"percent": "50"}}}));
    let both = quote(&with(json!([tie, again])), json!({"lines": [shirt, line("tie", 1, "10")]}));
    assert_eq!(discounts(&both), ["0.00", "10.00"]);
    assert_eq!(reason(&both, "again"), Some("quantity-too-low"));
}

#[test]
fn units_that_served_do_not_change_the_price_of_the_others() {
    let first = and(
        promotion(
            "first",
            json!({"buy_get": {"buy": 1, "get": 1, "reduction": {"percent": "100"}, "sets_max": 1}}),
        ),
        json!({"priority": 2}),
    );
    let second =
        promotion("second", json!({"buy_get": {"buy": 1, "get": 1, "reduction": {"percent": "50"}}}));
    let quote = quote(&with(json!([first, second])), json!({"lines": [line("a", 4, "100")]}));
    assert_eq!(discounts(&quote), ["150.00"], "one for nothing, and of the two others one at half its price");
}

#[test]
fn the_highest_tier_that_is_reached_applies() {
    let steps = json!([
        {"from": "3", "reduction": {"percent": "5"}}, {"from": "10", "reduction": {"percent": "10"}},
        {"from": "100", "reduction": {"fixed_price": "5"}}
    ]);
    let tiers = and(
        promotion("bulk", json!({"tiers": {"by": "quantity", "steps": steps}})),
        json!({"scope": "unit"}),
    );
    let rules = with(json!([tiers]));
    for (units, expected) in [(2, "0.00"), (3, "1.50"), (9, "4.50"), (10, "10.00"), (100, "500.00")] {
        let quote = quote(&rules, json!({"lines": [line("a", units, "10")]}));
        assert_eq!(discounts(&quote), [expected], "{units}");
    }
    let amounts =
        json!([{"from": "50", "reduction": {"amount": "5"}}, {"from": "100", "reduction": {"amount": "15"}}]);
    let tiers = and(
        promotion("spend", json!({"tiers": {"by": "amount", "steps": amounts}})),
        json!({"scope": "order"}),
    );
    let rules = with(json!([tiers]));
    for (units, expected) in [(4, "0.00"), (5, "5.00"), (12, "15.00")] {
        let quote = quote(&rules, json!({"lines": [line("a", units, "10")]}));
        assert_eq!(quote.summary.discount, expected, "{units}");
    }
}

#[test]
fn a_discount_has_its_most_and_its_floor() {
    let most = and(promotion("most", json!({"percent": "50"})), json!({"max_discount": "7"}));
    let quote_of = |promotion: &Value, rounding: Value| {
        let rules = rules(json!({"promotions": [promotion], "rounding": rounding}));
        quote(&rules, json!({"lines": [line("a", 1, "10"), line("b", 1, "10")]}))
    };
    assert_eq!(discounts(&quote_of(&most, json!({}))), ["3.50", "3.50"]);
    let floor = and(promotion("floor", json!({"percent": "50"})), json!({"floor_price": "8"}));
    assert_eq!(discounts(&quote_of(&floor, json!({}))), ["2.00", "2.00"]);
    let order =
        and(promotion("order", json!({"amount": "10"})), json!({"scope": "order", "floor_price": "8"}));
    assert_eq!(discounts(&quote_of(&order, json!({}))), ["2.00", "2.00"], "no more fits anywhere");
}

#[test]
fn what_is_reduced_already_is_left_out_where_it_says_so() {
    let first = and(
        promotion("first", json!({"percent": "10"})),
        json!({"targets": [{"skus": ["a"]}], "priority": 1}),
    );
    let second = and(promotion("second", json!({"percent": "20"})), json!({"discounted_lines": "left_out"}));
    let mut sale = line("c", 1, "10");
    sale["compare_at"] = json!("15");
    let lines = json!([line("a", 1, "10"), line("b", 1, "10"), sale]);
    let both = quote(&with(json!([first, second])), json!({ "lines": lines }));
    assert_eq!(discounts(&both), ["1.00", "2.00", "0.00"]);
    let only = quote(&with(json!([first, second])), json!({"lines": [line("a", 1, "10")]}));
    assert_eq!(reason(&only, "second"), Some("already-discounted"));
}

#[test]
fn priority_comes_before_place_and_scope_before_priority() {
    let order = and(promotion("order", json!({"percent": "10"})), json!({"scope": "order", "priority": 9}));
    let lines = promotion("lines", json!({"amount": "10"}));
    for (rounding, expected) in [
        (json!({}), "19.00"),                                 // 100 - 10, and 10 % of 90
        (json!({"promotion_order": "by_priority"}), "20.00"), // 10 % of 100, and 10
    ] {
        let rules = rules(json!({"promotions": [lines, order], "rounding": rounding}));
        assert_eq!(quote(&rules, json!({"lines": [line("a", 1, "100")]})).summary.discount, expected);
    }
}

#[test]
fn an_exclusive_one_stands_alone() {
    let small = and(promotion("small", json!({"percent": "5"})), json!({"exclusive": true, "priority": 1}));
    let large = and(promotion("large", json!({"percent": "8"})), json!({"exclusive": true}));
    let (a, b) = (promotion("a", json!({"percent": "4"})), promotion("b", json!({"percent": "5"})));
    let cart = json!({"lines": [line("x", 1, "100")]});
    let first = quote(&with(json!([a, b, small, large])), cart.clone());
    assert_eq!(first.summary.discount, "5.00");
    assert_eq!(
        (reason(&first, "a"), reason(&first, "large")),
        (Some("not-combinable"), Some("not-combinable"))
    );
    let best = rules(json!({"promotions": [a, b, small, large], "rounding": {"exclusive": "best"}}));
    assert_eq!(quote(&best, cart.clone()).summary.discount, "8.80", "4 % and 5 % together take more off");
    let waiting = and(small, json!({"when": {"subtotal": {"from": "1000"}}}));
    let others = quote(&with(json!([a, b, waiting])), cart);
    assert_eq!(
        (others.summary.discount.as_str(), reason(&others, "small")),
        ("8.80", Some("subtotal-too-low"))
    );
}

#[test]
fn of_a_lane_the_best_applies() {
    let in_lane = |code: &str, action: Value| and(promotion(code, action), json!({"lane": "sale"}));
    let promotions = json!([
        in_lane("five", json!({"percent": "5"})),
        in_lane("eight", json!({"percent": "8"})),
        promotion("two", json!({"percent": "2"}))
    ]);
    let quote = quote(&with(promotions), json!({"lines": [line("a", 1, "100")]}));
    assert_eq!(quote.summary.discount, "9.84", "8 %, and 2 % of 92");
    assert_eq!(reason(&quote, "five"), Some("better-in-lane"));
}

#[test]
fn conditions_look_at_what_the_promotion_says() {
    let first = and(promotion("first", json!({"amount": "20"})), json!({"priority": 1}));
    for (on, expected) in [("original", "30.00"), ("running", "20.00")] {
        let second = and(
            promotion("second", json!({"amount": "10"})),
            json!({"when": {"subtotal": {"from": "90"}}, "conditions_on": on}),
        );
        let quote = quote(&with(json!([first, second])), json!({"lines": [line("a", 1, "100")]}));
        assert_eq!(quote.summary.discount, expected, "{on}");
    }
}

#[test]
fn one_may_need_another() {
    let base = and(
        promotion("base", json!({"percent": "10"})),
        json!({"targets": [{"skus": ["a"]}], "priority": 1}),
    );
    let more = and(promotion("more", json!({"amount": "1"})), json!({"when": {"applied": "base"}}));
    let rules = with(json!([base, more]));
    assert_eq!(quote(&rules, json!({"lines": [line("a", 1, "10")]})).summary.discount, "2.00");
    let without = quote(&rules, json!({"lines": [line("b", 1, "10")]}));
    assert_eq!(
        (without.summary.discount.as_str(), reason(&without, "more")),
        ("0.00", Some("needs-another"))
    );
}

#[test]
fn limits_and_budgets_are_kept() {
    let limited = and(
        promotion("p", json!({"amount": "10"})),
        json!({"limits": {"total": 3, "per_customer": 2, "budget": "25"}}),
    );
    let rules = with(json!([limited]));
    for (usage, expected) in [
        (json!({"uses": 2, "customer_uses": 1, "spent": "15"}), None),
        (json!({"uses": 3}), Some("uses-spent")),
        (json!({"uses": 2, "customer_uses": 2}), Some("customer-uses-spent")),
        (json!({"uses": 2, "spent": "15.01"}), Some("budget-spent")),
    ] {
        let usage = and(usage, json!({"promotion": "p"}));
        let quote = quote(&rules, json!({"lines": [line("a", 1, "50")], "usage": [usage]}));
        assert_eq!(reason(&quote, "p"), expected);
    }
}

#[test]
fn a_floor_price_holds_for_units_of_sets_too() {
    let sets = promotion("sets", json!({"buy_get": {"buy": 1, "get": 1, "reduction": {"percent": "100"}}}));
    let quote =
        quote(&with(json!([and(sets, json!({"floor_price": "3"}))])), json!({"lines": [line("a", 4, "10")]}));
    assert_eq!(discounts(&quote), ["14.00"], "two units at 3.00 each");
}

#[test]
fn of_two_that_stand_alone_priority_decides_whatever_they_reach() {
    let goods = and(promotion("goods", json!({"percent": "50"})), json!({"exclusive": true}));
    let post = and(promotion("post", json!("free_shipping")), json!({"exclusive": true, "priority": 1}));
    let rules = rules(json!({
        "promotions": [goods, post], "shipping": {"methods": [{"code": "post", "label": "Post", "rate": {"flat": "8"}}]}
    }));
    let cart =
        json!({"lines": [line("a", 1, "24")], "destination": {"country": "DE"}, "shipping_method": "post"});
    let quote = quote(&rules, cart);
    assert_eq!((&*quote.summary.total, reason(&quote, "goods")), ("24.00", Some("not-combinable")));
}

#[test]
fn a_budget_is_in_the_currency_of_the_shop() {
    let limited = and(
        promotion("p", json!({"amount": {"EUR": "10", "USD": "11"}})),
        json!({"limits": {"budget": "25"}}),
    );
    let rules = with(json!([limited]));
    let cart = |currency: &str| json!({"currency": currency, "lines": [line("a", 1, "50")]});
    assert_eq!(quote(&rules, cart("EUR")).summary.discount, "10.00");
    let dollars = quote(&rules, cart("USD"));
    assert_eq!((dollars.summary.discount.as_str(), reason(&dollars, "p")), ("0.00", Some("currency")));
}

#[test]
fn a_coupon_that_is_used_up_leaves_the_promotion_to_another() {
    use super::super::{Coupon, PricingInput, quote as price};
    use crate::promotion::Reason;
    let rules = with(json!([and(promotion("p", json!({"percent": "10"})), json!({"coupon": true}))]));
    let coupon = |code, refused| Coupon { code, promotion: "p", refused };
    let class = crate::catalog::TaxClass::standard();
    let mut input = PricingInput::new(crate::Currency::EUR, now());
    input.lines = vec![price_lists::euro_line("a", &class)];
    input.coupons = vec![coupon("OLD", Some(Reason::UsesSpent)), coupon("NEW", None), coupon("MORE", None)];
    let quote = price(&rules, &input).unwrap();
    assert_eq!(quote.promotions[0].coupon.as_deref(), Some("NEW"));
    let refused: Vec<_> = quote.coupons.iter().map(|outcome| outcome.refused).collect();
    assert_eq!(refused, [Some(Reason::UsesSpent), None, Some(Reason::NotCombinable)]);
}

#[test]
fn shipping_is_reduced_once_its_price_is_known() {
    let shipping = json!({"methods": [{"code": "post", "label": "Post", "rate": {"flat": "8"}}]});
    let cart =
        json!({"lines": [line("a", 1, "24")], "destination": {"country": "DE"}, "shipping_method": "post"});
    for (promotion, expected) in [
        (promotion("p", json!("free_shipping")), ("0.00", "0.00", "24.00")),
        (
            and(promotion("p", json!({"percent": "25"})), json!({"scope": "shipping"})),
            ("0.00", "6.00", "30.00"),
        ),
        (
            and(promotion("p", json!({"fixed_price": "3"})), json!({"scope": "shipping"})),
            ("0.00", "3.00", "27.00"),
        ),
        (
            and(promotion("p", json!({"amount": "4"})), json!({"scope": "items_and_shipping"})),
            ("3.00", "7.00", "28.00"),
        ),
    ] {
        let rules = rules(json!({"promotions": [promotion], "shipping": shipping}));
        let quote = quote(&rules, cart.clone());
        let summary = &quote.summary;
        assert_eq!((&*summary.discount, &*summary.shipping, &*summary.total), expected);
    }
    let free = rules(json!({"promotions": [promotion("p", json!("free_shipping"))], "shipping": shipping}));
    let unchosen = quote(&free, json!({"lines": [line("a", 1, "24")]}));
    assert_eq!(reason(&unchosen, "p"), Some("no-shipping"));
}
