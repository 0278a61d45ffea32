//! What a quote costs: carts of 1, 10 and 100 line items, with tax and shipping, by a rulebook of 10 promotions that
//! apply, alone and among 1,000 that do not; and with its story.
//!
//! `cargo xtask bench quote`

use std::hint::black_box;

use commerce_core::catalog::TaxClass;
use commerce_core::customer::{Country, Destination};
use commerce_core::pricing::{CompiledRulebook, PricingInput, PricingLine, Quote, Rulebook, quote};
use commerce_core::{Currency, LineId, Quantity, Timestamp, UnitPrice};
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};

/// Ten promotions that apply to every cart here, and so many that do not.
fn rulebook(others: u32) -> CompiledRulebook {
    let mut promotions: Vec<Value> = (0..10)
        .map(|n| {
            let (action, scope) = if n % 2 == 0 {
                (json!({"percent": "1.25"}), "line")
            } else {
                (json!({"amount": "15.00"}), "order")
            };
            json!({
                "code": format!("p{n}"), "label": "Promotion", "action": action, "scope": scope,
                "when": {"subtotal": {"from": "100.00"}}
            })
        })
        .collect();
    promotions.extend((0..others).map(inapplicable));
    let rulebook = json!({
        "currency": "NGN",
        "home_country": "NG",
        "customer_groups": [{"code": "trade", "label": "Trade"}],
        "promotions": promotions,
        "tax": {
            "prices_include_tax": true,
            "zones": [{"code": "ng", "name": "Nigeria", "areas": [{"country": "NG"}]}],
            "rates": [{"code": "vat", "zone": "ng", "name": "VAT", "rate": "7.5"}],
            "shipping_class": "standard"
        },
        "shipping": {
            "zones": [{"code": "ng", "name": "Nigeria", "areas": [{"country": "NG"}]}],
            "methods": [{
                "code": "standard", "label": "Standard", "zones": ["ng"],
                "rate": {"by_weight": [{"up_to": 5000, "price": "1500.00"}, {"price": "9000.00"}]}
            }]
        }
    });
    let rulebook: Rulebook = serde_json::from_value(rulebook).expect("the rulebook is well formed");
    rulebook.compile().expect("the rulebook is right")
}

/// One of the many ways not to apply.
fn inapplicable(n: u32) -> Value {
    let mut promotion = json!({"code": format!("q{n}"), "label": "Another", "action": {"percent": "5"}});
    match n % 8 {
        0 => promotion["targets"] = json!([{"products": [format!("product-{}", 10_000 + n)]}]),
        1 => promotion["targets"] = json!([{"categories": [format!("category-{}", 10_000 + n)]}]),
        2 => promotion["when"] = json!({"subtotal": {"from": format!("{}", 100_000_000 + n)}}),
        3 => promotion["when"] = json!({"customer_group": ["trade"]}),
        4 => promotion["when"] = json!({"country": ["GH"]}),
        5 => promotion["coupon"] = json!(true),
        6 => promotion["until"] = json!("2020-01-01T00:00:00Z"),
        _ => promotion["when"] = json!({"quantity": {"from": 2, "of": [{"tags": [format!("tag-{n}")]}]}}),
    }
    promotion
}

/// What the lines of a cart borrow.
struct Shelf {
    goods: Vec<Goods>,
    class: TaxClass,
}

struct Goods {
    product: String,
    sku: String,
    categories: Vec<String>,
    tags: Vec<String>,
}

impl Shelf {
    fn new() -> Self {
        let goods = (0..100).map(|n| Goods {
            product: format!("product-{n}"),
            sku: format!("SKU-{n}"),
            categories: vec!["shop".to_owned(), format!("category-{}", n % 12)],
            tags: vec!["new".to_owned(), format!("t{}", n % 5)],
        });
        Self { goods: goods.collect(), class: TaxClass::standard() }
    }

    fn cart<'a>(&'a self, lines: u32) -> PricingInput<'a> {
        let line = |n: u32, goods: &'a Goods| PricingLine {
            id: LineId(uuid::Uuid::from_u128(u128::from(n))),
            product: &goods.product,
            sku: &goods.sku,
            categories: &goods.categories,
            brand: Some("acme"),
            tags: &goods.tags,
            attributes: &[],
            unit_price: UnitPrice {
                ten_thousandths: 12_340_000 + i64::from(n) * 7_910_000,
                currency: Currency::NGN,
            },
            compare_at: None,
            quantity: Quantity::new(n % 7 + 1).expect("a quantity"),
            milligrams: u64::from(n) * 1_750,
            millimetres: None,
            tax_class: &self.class,
            tax_rates: None,
            includes_tax: None,
            digital: false,
            sources: &[],
        };
        let mut input = PricingInput::new(
            Currency::NGN,
            Timestamp::from_micros(1_795_000_000_000_000).expect("an instant"),
        )
        .to(Destination::in_country(Country::NG));
        input.lines = (0..lines).zip(&self.goods).map(|(n, goods)| line(n, goods)).collect();
        input.shipping_method = Some("standard");
        input
    }
}

fn quotes(criterion: &mut Criterion) {
    let shelf = Shelf::new();
    let (few, many) = (rulebook(0), rulebook(1_000));
    for lines in [1, 10, 100] {
        let input = shelf.cart(lines);
        for (name, rulebook) in [("10 promotions", &few), ("10 promotions among 1,000", &many)] {
            criterion.bench_function(&format!("quote/{lines} lines, {name}"), |bencher| {
                bencher.iter(|| quote(black_box(rulebook), black_box(&input)).expect("it can be priced"));
            });
        }
    }
    let input = shelf.cart(100);
    criterion.bench_function("quote/100 lines, 10 promotions, with its story", |bencher| {
        bencher.iter(|| Quote::explain(black_box(&few), black_box(&input)).expect("it can be priced"));
    });
}

criterion_group!(benches, quotes);
criterion_main!(benches);
