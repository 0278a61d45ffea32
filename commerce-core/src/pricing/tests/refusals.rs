//! Rulebooks that are refused, each with the field and the reason.

use super::*;

#[test]
fn whatever_is_wrong_is_named_with_its_place() {
    let promotion = |field: &str, value: Value| {
        let mut promotion = json!({"code": "p", "label": "p", "action": {"percent": "10"}});
        promotion[field] = value;
        json!({ "promotions": [promotion] })
    };
    let condition = |when: Value| promotion("when", when);
    let deep = (0..9).fold(json!({"first_order": true}), |inner, _| json!({ "not": inner }));
    let many = json!({"all": vec![json!({"first_order": true}); 201]});
    let list = |price: Value| json!({"price_lists": [{"code": "l", "label": "l", "prices": [price]}]});
    for (document, pointer) in [
        (promotion("code", json!("")), "/promotions/0/code"),
        (promotion("label", json!(" ")), "/promotions/0/label"),
        (promotion("action", json!({"percent": "100.01"})), "/promotions/0/action/percent"),
        (promotion("action", json!({"percent": "0"})), "/promotions/0/action/percent"),
        (promotion("action", json!({"amount": "-1"})), "/promotions/0/action/amount"),
        (promotion("action", json!({"amount": "0"})), "/promotions/0/action/amount"),
        (promotion("action", json!({"amount": "1.001"})), "/promotions/0/action/amount"),
        (promotion("action", json!({"amount": {}})), "/promotions/0/action/amount"),
        (promotion("action", json!({"fixed_price": {"EUR": "x"}})), "/promotions/0/action/fixed_price/EUR"),
        (promotion("max_discount", json!("0")), "/promotions/0/max_discount"),
        (promotion("lane", json!("")), "/promotions/0/lane"),
        (promotion("limits", json!({"total": 0})), "/promotions/0/limits/total"),
        (promotion("limits", json!({"budget": "0.00"})), "/promotions/0/limits/budget"),
        (promotion("targets", json!([{"skus": [""]}])), "/promotions/0/targets/0/skus/0"),
        (promotion("targets", json!([{"except": [{}]}])), "/promotions/0/targets/0/except/0"),
        (promotion("targets", json!([{"skus": vec!["x"; 10_001]}])), "/promotions/0/targets/0"),
        (
            json!({"promotions": [{"code": "p", "label": "p", "action": {"percent": "1"}, "from": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}]}),
            "/promotions/0/until",
        ),
        (condition(json!({"all": []})), "/promotions/0/when/all"),
        (condition(json!({"any": []})), "/promotions/0/when/any"),
        (condition(json!({"subtotal": {}})), "/promotions/0/when/subtotal"),
        (condition(json!({"subtotal": {"from": "5", "below": "5"}})), "/promotions/0/when/subtotal/below"),
        (condition(json!({"quantity": {"from": 5, "up_to": 4}})), "/promotions/0/when/quantity/up_to"),
        (condition(json!({"customer_group": ["nobody"]})), "/promotions/0/when/customer_group/0"),
        (condition(json!({"country": []})), "/promotions/0/when/country"),
        (condition(json!({"applied": "nothing"})), "/promotions/0/when/applied"),
        (condition(json!({"applied": "p"})), "/promotions/0/when"),
        (condition(deep), "/promotions/0/when/not/not/not/not/not/not/not/not"),
        (condition(many), "/promotions/0/when/all/199"),
        (
            json!({"promotions": [{"code": "p", "label": "p", "action": "free_shipping", "scope": "line"}]}),
            "/promotions/0/scope",
        ),
        (
            json!({"promotions": [{"code": "p", "label": "p", "action": {"buy_get": {"buy": 0, "get": 1, "reduction": {"percent": "5"}}}}]}),
            "/promotions/0/action/buy_get/buy",
        ),
        (
            json!({"promotions": [{"code": "p", "label": "p", "action": {"tiers": {"by": "quantity", "steps": []}}}]}),
            "/promotions/0/action/tiers/steps",
        ),
        (
            json!({"promotions": [{"code": "p", "label": "p", "action": {"tiers": {"by": "quantity", "steps": [
                {"from": "5", "reduction": {"percent": "5"}}, {"from": "5", "reduction": {"percent": "6"}}
            ]}}}]}),
            "/promotions/0/action/tiers/steps/1/from",
        ),
        (
            json!({"promotions": [
                {"code": "p", "label": "p", "action": {"percent": "5"}}, {"code": "p", "label": "p", "action": {"percent": "5"}}
            ]}),
            "/promotions/1/code",
        ),
        (
            json!({"promotions": [
                {"code": "a", "label": "a", "action": {"percent": "5"}, "when": {"applied": "b"}},
                {"code": "b", "label": "b", "action": {"percent": "5"}, "when": {"not": {"applied": "a"}}}
            ]}),
            "/promotions/0/when",
        ),
        (
            json!({"promotions": [
                {"code": "a", "label": "a", "action": {"percent": "5"}, "lane": "x"},
                {"code": "b", "label": "b", "action": "free_shipping", "lane": "x"}
            ]}),
            "/promotions/1/lane",
        ),
        (list(json!({"sku": "a", "price": "-1"})), "/price_lists/0/prices/0/price"),
        (list(json!({"sku": "a", "price": "0.0000001"})), "/price_lists/0/prices/0/price"),
        (list(json!({"sku": "a", "price": "5", "compare_at": "5"})), "/price_lists/0/prices/0/compare_at"),
        (
            list(json!({"sku": "a", "price": "5", "from_quantity": 0})),
            "/price_lists/0/prices/0/from_quantity",
        ),
        (
            json!({"price_lists": [{"code": "l", "label": "l", "groups": ["x"], "prices": []}]}),
            "/price_lists/0/groups/0",
        ),
        (json!({"rounding": {"allocation": "exact"}}), "/rounding/allocation"),
        (json!({"customer_groups": [{"code": "a", "label": ""}]}), "/customer_groups/0/label"),
    ] {
        let errors = wrong(document.clone());
        assert!(
            errors.iter().any(|error| error.pointer == pointer),
            "{document} should be wrong at {pointer}: {errors:?}"
        );
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let errors = wrong(json!({
        "promotions": [{"code": "", "label": "", "action": {"percent": "200"}}],
        "price_lists": [{"code": "l", "label": "l", "prices": [{"sku": "", "price": "x"}]}]
    }));
    assert_eq!(errors.len(), 5, "{errors:?}");
}

#[test]
fn a_cart_says_what_is_wrong_with_it() {
    let cart: CartDocument = serde_json::from_value(json!({
        "lines": [{"sku": " ", "quantity": 0, "unit_price": "-1", "weight_grams": "x", "sources": [{"location": 1, "units": 5}]}],
        "usage": [{"promotion": "p", "spent": "x"}]
    }))
    .unwrap();
    let error = cart.quote(&rules(json!({})), now(), false).unwrap_err();
    let super::super::CartDocumentError::Invalid(errors) = error else { panic!("{error}") };
    let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/lines/0/unit_price",
            "/lines/0/quantity",
            "/lines/0/weight_grams",
            "/lines/0/sku",
            "/lines/0/sources",
            "/usage/0/spent"
        ]
    );
    assert!(
        serde_json::from_value::<CartDocument>(json!({"lines": [], "total": "1"})).is_err(),
        "unknown fields"
    );
}
