//! What a quote costs: 100 line items, 10 promotions, tax and shipping, with and without the trace.
//!
//! `cargo xtask bench quote`

use std::hint::black_box;

use commerce_core::catalog::TaxClass;
use commerce_core::customer::{Country, Destination};
use commerce_core::pricing::{PricingInput, PricingLine, Quote, Rulebook, quote};
use commerce_core::{Currency, LineId, ProductId, Quantity, UnitPrice};
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;

fn rulebook() -> Rulebook {
    let promotions: Vec<_> = (0..10)
        .map(|n| {
            let action = if n % 2 == 0 {
                json!({"percent_off_lines": "1.25"})
            } else {
                json!({"amount_off_order": "150.00"})
            };
            json!({"code": format!("p{n}"), "label": "Promotion", "action": action, "min_subtotal": "1000.00"})
        })
        .collect();
    let rulebook = json!({
        "currency": "NGN",
        "home_country": "NG",
        "promotions": promotions,
        "tax": {"prices_include_tax": true, "rates": [{"country": "NG", "name": "VAT", "rate": "7.5"}]},
        "shipping": [{
            "code": "standard", "label": "Standard", "countries": ["NG"],
            "rate": {"by_weight": [{"up_to_grams": 5000, "price": "1500.00"}, {"up_to_grams": 100_000_000, "price": "9000.00"}]}
        }]
    });
    serde_json::from_value(rulebook).expect("the rulebook is well formed")
}

fn input(lines: u32) -> PricingInput {
    let line = |n: u32| PricingLine {
        id: LineId(uuid(n)),
        product: ProductId(uuid(1_000 + n)),
        categories: Vec::new(),
        unit_price: UnitPrice {
            ten_thousandths: 12_345_678 + i64::from(n) * 7_919_000,
            currency: Currency::NGN,
        },
        quantity: Quantity::new(n % 7 + 1).expect("a quantity"),
        milligrams: u64::from(n) * 1_750,
        tax_class: TaxClass::standard(),
        digital: false,
    };
    PricingInput {
        lines: (0..lines).map(line).collect(),
        destination: Some(Destination::in_country(Country::NG)),
        shipping_method: Some("standard".to_owned()),
    }
}

fn uuid(n: u32) -> uuid::Uuid {
    uuid::Uuid::from_u128(u128::from(n))
}

fn quotes(criterion: &mut Criterion) {
    let (rulebook, input) = (rulebook(), input(100));
    criterion.bench_function("quote/100 lines, 10 promotions", |bencher| {
        bencher.iter(|| quote(black_box(&rulebook), black_box(&input)).expect("it can be priced"));
    });
    criterion.bench_function("quote/the same with its trace", |bencher| {
        bencher.iter(|| Quote::explain(black_box(&rulebook), black_box(&input)).expect("it can be priced"));
    });
}

criterion_group!(benches, quotes);
criterion_main!(benches);
