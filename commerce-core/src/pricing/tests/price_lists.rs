//! Price lists by example.

use super::*;

fn listed(lists: Value, choice: &str) -> CompiledRulebook {
    let groups = json!([{"code": "trade", "label": "Trade"}]);
    rules(json!({"price_lists": lists, "price_choice": choice, "customer_groups": groups}))
}

fn unit_prices(quote: &QuoteDocument) -> Vec<&str> {
    quote.lines.iter().map(|line| line.unit_price.as_str()).collect()
}

#[test]
fn a_list_is_for_whom_where_and_when_it_says() {
    let list = json!({
        "code": "trade", "label": "Trade", "groups": ["trade"], "channels": ["web"],
        "from": "2026-11-01T00:00:00Z", "until": "2026-12-01T00:00:00Z", "prices": [{"sku": "a", "price": "8"}]
    });
    let rules = listed(json!([list]), "cheapest");
    let price = |group: &str, channel: &str, now: &str| {
        let cart = json!({"lines": [line("a", 1, "10")], "customer": {"groups": [group]}, "channel": channel, "now": now});
        quote(&rules, cart).lines[0].unit_price.clone()
    };
    assert_eq!(price("trade", "web", "2026-11-01T00:00:00Z"), "8.00");
    assert_eq!(price("retail", "web", "2026-11-22T00:00:00Z"), "10.00");
    assert_eq!(price("trade", "app", "2026-11-22T00:00:00Z"), "10.00");
    assert_eq!(price("trade", "web", "2026-12-01T00:00:00Z"), "10.00");
}

#[test]
fn a_quantity_tier_counts_all_line_items_of_the_sku() {
    let list = json!({"code": "bulk", "label": "Bulk", "prices": [
        {"sku": "screw", "price": "0.05"}, {"sku": "screw", "from_quantity": 1000, "price": "0.0035"}
    ]});
    let rules = listed(json!([list]), "cheapest");
    let few = quote(&rules, json!({"lines": [line("screw", 999, "0.10")]}));
    assert_eq!((few.lines[0].unit_price.as_str(), few.summary.total.as_str()), ("0.05", "49.95"));
    let many = quote(
        &rules,
        json!({"lines": [line("screw", 600, "0.10"), line("screw", 400, "0.10"), line("nut", 1, "1")]}),
    );
    assert_eq!(unit_prices(&many), ["0.0035", "0.0035", "1.00"]);
    assert_eq!(many.lines[0].total, "2.10");
    assert_eq!(many.summary.total, "4.50", "rounded at the line");
}

#[test]
fn the_cheapest_or_the_most_specific_holds() {
    let lists = json!([
        {"code": "summer", "label": "Summer", "until": "2027-01-01T00:00:00Z", "prices": [{"sku": "a", "price": "7"}]},
        {"code": "trade", "label": "Trade", "groups": ["trade"], "prices": [{"sku": "a", "price": "8"}]},
        {"code": "dear", "label": "Dear", "prices": [{"sku": "b", "price": "12"}]}
    ]);
    let cart = json!({"lines": [line("a", 1, "10"), line("b", 1, "10")], "customer": {"groups": ["trade"]}});
    assert_eq!(unit_prices(&quote(&listed(lists.clone(), "cheapest"), cart.clone())), ["7.00", "10.00"]);
    assert_eq!(unit_prices(&quote(&listed(lists, "most_specific"), cart)), ["8.00", "12.00"]);
}

#[test]
fn another_currency_needs_a_price_in_it() {
    let list = json!({"code": "usd", "label": "Dollars", "currency": "USD", "prices": [{"sku": "a", "price": "11"}]});
    let rules = listed(json!([list]), "cheapest");
    let quote = quote(&rules, json!({"currency": "USD", "lines": [line("a", 2, "10")]}));
    // The document has prices in its own currency, so the list price is in dollars too: the cheaper one holds.
    assert_eq!((quote.summary.total.as_str(), quote.currency.code()), ("20.00", "USD"));
    let mut input = super::super::PricingInput::new(crate::Currency::USD, now());
    let class = crate::catalog::TaxClass::standard();
    input.lines = vec![euro_line("a", &class), euro_line("b", &class)];
    let refused = super::super::quote(&rules, &input).unwrap_err();
    assert_eq!(refused.to_string(), "EUR and USD do not add up");
    input.lines.pop();
    assert_eq!(super::super::quote(&rules, &input).unwrap().summary.total.amount(), "11.00");
}

pub(super) fn euro_line<'a>(
    sku: &'a str,
    tax_class: &'a crate::catalog::TaxClass,
) -> super::super::PricingLine<'a> {
    super::super::PricingLine {
        id: crate::testkit::line_id(0),
        product: "",
        sku,
        categories: &[],
        brand: None,
        tags: &[],
        attributes: &[],
        unit_price: crate::UnitPrice::parse("10", crate::Currency::EUR).unwrap(),
        compare_at: None,
        quantity: crate::Quantity::ONE,
        milligrams: 0,
        millimetres: None,
        tax_class,
        tax_rates: None,
        includes_tax: None,
        digital: true,
        sources: &[],
    }
}
