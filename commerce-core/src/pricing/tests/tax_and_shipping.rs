//! Tax and shipping within a quote: what each is computed on.

use super::*;

fn taxed(rate: &str, inside: bool, more: Value) -> CompiledRulebook {
    let mut document = json!({
        "home_country": "DE",
        "tax": {
            "prices_include_tax": inside,
            "zones": [{"code": "de", "name": "Germany", "areas": [{"country": "DE"}]}],
            "rates": [{"code": "vat", "zone": "de", "name": "VAT", "rate": rate}],
            "shipping_class": "standard"
        },
        "shipping": {"methods": [{"code": "post", "label": "Post", "rate": {"flat": "8"}}]}
    });
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rules(document)
}

fn to_germany(lines: Value) -> Value {
    json!({"lines": lines, "destination": {"country": "DE"}, "shipping_method": "post"})
}

#[test]
fn tax_is_on_what_discounts_leave_of_goods_and_shipping() {
    let tenth = json!({"promotions": [{"code": "p", "label": "p", "action": {"percent": "10"}}]});
    let on_top = quote(&taxed("19", false, tenth.clone()), to_germany(json!([line("a", 1, "100")])));
    assert_eq!(
        (&*on_top.summary.tax_added, &*on_top.summary.total),
        ("18.62", "116.62"),
        "19 % of 90 and of 8"
    );
    assert_eq!((&*on_top.taxes[0].base, &*on_top.taxes[0].amount), ("98.00", "18.62"));
    let inside = quote(&taxed("19", true, tenth), to_germany(json!([line("a", 1, "119")])));
    assert_eq!((&*inside.summary.tax_included, &*inside.summary.total), ("18.38", "115.10"));
}

#[test]
fn a_discount_of_everything_leaves_nothing_to_tax() {
    let all = json!({"promotions": [{"code": "p", "label": "p", "action": {"percent": "100"}}]});
    let quote = quote(
        &taxed("19", true, all),
        json!({"lines": [line("a", 3, "33.33")], "destination": {"country": "DE"}}),
    );
    assert_eq!((&*quote.summary.total, &*quote.summary.tax_included), ("0.00", "0.00"));
}

#[test]
fn a_line_may_bring_its_own_rates_and_say_whether_they_are_inside() {
    let mut own = line("a", 1, "110");
    own["tax_rates"] = json!([{"name": "GST", "rate": "5"}, {"name": "PST", "rate": "7", "compound": true}]);
    let mut inside = own.clone();
    inside["includes_tax"] = json!(true);
    let rules = taxed("19", false, json!({}));
    let quote = quote(&rules, json!({"lines": [own, inside], "destination": {"country": "DE"}}));
    assert_eq!(quote.lines[0].tax_added, "13.59", "5.50, and 7 % of 115.50 = 8.09");
    assert_eq!(quote.lines[1].tax_included, "12.10", "4.90 and 7.20");
}

#[test]
fn exempt_buyers_and_reverse_charge_pay_the_net_price() {
    let rules =
        taxed("19", true, json!({"customer_groups": [{"code": "ngo", "label": "NGO", "tax_exempt": true}]}));
    for customer in [json!({"exempt": true}), json!({"groups": ["ngo"]})] {
        let quote = quote(
            &rules,
            json!({"lines": [line("a", 1, "119")], "destination": {"country": "DE"}, "customer": customer}),
        );
        assert_eq!((&*quote.summary.total, &*quote.summary.tax_included), ("100.00", "0.00"));
    }
    let union = json!({
        "home_country": "DE",
        "tax": {
            "prices_include_tax": true,
            "zones": [
                {"code": "de", "name": "Germany", "areas": [{"country": "DE"}]},
                {"code": "eu", "name": "Union", "areas": [{"country": "DE"}, {"country": "FR"}]},
                {"code": "fr", "name": "France", "areas": [{"country": "FR"}]}
            ],
            "rates": [
                {"code": "de", "zone": "de", "name": "VAT", "rate": "19"}, {"code": "fr", "zone": "fr", "name": "VAT", "rate": "20"}
            ],
            "reverse_charge": {"zone": "eu"}
        }
    });
    let union = super::rules(union);
    let total = |country: &str, customer: Value| {
        let cart = json!({"lines": [line("a", 1, "119")], "destination": {"country": country}, "customer": customer});
        let quote = quote(&union, cart);
        (quote.summary.total.clone(), quote.summary.tax_included.clone())
    };
    let pair = |total: &str, tax: &str| (total.to_owned(), tax.to_owned());
    assert_eq!(total("FR", json!({"vat_id": "FR40303265045"})), pair("100.00", "0.00"));
    assert_eq!(
        total("DE", json!({"vat_id": "DE136695976"})),
        pair("119.00", "19.00"),
        "at home the tax is due"
    );
    assert_eq!(
        total("FR", json!({})),
        pair("119.00", "19.83"),
        "the gross price stays, of which 20 % are due"
    );
}

#[test]
fn free_shipping_from_a_value_before_or_after_discounts() {
    for (measured, expected) in [("before_discounts", "0.00"), ("after_discounts", "8.00")] {
        let method = json!({
            "code": "post", "label": "Post", "rate": {"flat": "8"}, "free_from": {"amount": "100", "measured": measured}
        });
        let rules = rules(json!({
            "promotions": [{"code": "p", "label": "p", "action": {"percent": "10"}}], "shipping": {"methods": [method]}
        }));
        let quote = quote(&rules, to_germany(json!([line("a", 1, "100")])));
        assert_eq!(quote.summary.shipping, expected, "{measured}");
    }
}

#[test]
fn digital_goods_need_no_shipping() {
    let mut pdf = line("pdf", 1, "5");
    pdf["digital"] = json!(true);
    let quote = quote(&taxed("19", false, json!({})), to_germany(json!([pdf])));
    assert_eq!((quote.shipping_options.len(), &*quote.summary.total), (0, "5.95"));
}
