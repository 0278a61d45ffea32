//! The shares of a discount on several line items: they add up, and none is far from its proportion.

use proptest::prelude::*;

use super::properties::{any_cart, any_rounding, priced};
use super::*;
use crate::money::{Allocation, Exact, Fraction};
use crate::pricing::Weights;
use crate::testkit::property_cases;

/// How far a share may be from its proportion, in halves of a minor unit, and whether it may be as far as that: of the share
/// that takes what others leave, and of the others.
fn bounds(method: Allocation, shares: i64) -> [(i64, bool); 2] {
    match method {
        // Rounded down, and up again by one at most.
        Allocation::LargestRemainder | Allocation::Exact => [(2, false); 2],
        // Rounded by a half at most, and moved by one.
        Allocation::HalfDownResidueFirst => [(3, true); 2],
        // What all others were rounded by. Rounded up, the last ones may find nothing left.
        Allocation::LastTakesRest => [(2 * shares, false); 2],
        Allocation::TruncatedBackwards => [(2 * shares, false), (2, false)],
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(property_cases(2_000)))]

    #[test]
    fn a_share_is_near_its_proportion(
        mut rounding in any_rounding().prop_filter("shares are rounded", |rounding| rounding["level"] != "total"),
        cart in any_cart(),
        off in prop_oneof![(1..=999_u32).prop_map(|tenths| json!({"percent": format!("{}.{}", tenths / 10, tenths % 10)})),
                           (1..20_000_u32).prop_map(|minor| json!({"amount": format!("{}.{:02}", minor / 100, minor % 100)}))],
        tenths in 0..300_i128,
        inside in any::<bool>(),
    ) {
        // Shares are of what is entered, so that no conversion comes in between.
        rounding["discount_basis"] = json!("entered");
        rounding["order_discount"] = json!("items");
        let rules = rules(json!({
            "home_country": "NG", "rounding": rounding,
            "promotions": [{"code": "p", "label": "p", "action": off, "scope": "order"}],
            "tax": {
                "prices_include_tax": inside, "zones": [{"code": "all", "name": "All"}],
                "rates": [{
                    "code": "r", "zone": "all", "name": "T", "rate": format!("{}.{}", tenths / 10, tenths % 10),
                    "classes": ["standard"]
                }]
            }
        }));
        let profile = rules.rounding();
        let quote = priced(&rules, &cart);
        let gross = Fraction::new(1_000 + tenths, 1_000).unwrap();
        // The share of each line item that costs something goes by its weight.
        let mut shares = Vec::new();
        for (line, asked) in quote.lines.iter().zip(cart["lines"].as_array().unwrap()) {
            // Goods of a class without a rate of its own are taxed by the standard one.
            let taxed = asked["tax_class"] != "exempt";
            let factor = match (profile.weights, inside) {
                (Weights::Net, true) if taxed => Fraction::ONE.over(gross).unwrap(),
                (Weights::Gross, false) if taxed => gross,
                _ => Fraction::ONE,
            };
            let price = Exact::from(line.total.minor);
            if price.is_positive() {
                shares.push((line, price.scaled(factor, Some(profile.mode)).unwrap()));
            }
        }
        // A line item of which nothing is left took what it could, and others the rest.
        if shares.is_empty() || shares.iter().any(|(line, _)| line.discount == line.total) {
            return Ok(());
        }
        let whole = Exact::from(quote.summary.discount.minor);
        let sum = shares.iter().try_fold(Exact::ZERO, |sum, (_, weight)| sum.plus(weight)).unwrap();
        let count = i64::try_from(shares.len()).unwrap();
        let [rest, others] = bounds(profile.allocation, count);
        for (place, (line, weight)) in shares.iter().enumerate() {
            let proportion = weight.share_of(&sum, &whole);
            let given = Exact::from(line.discount.minor);
            let off = if given > proportion { given.minus(&proportion) } else { proportion.minus(&given) }.unwrap();
            let (halves, reached) = if place == 0 { rest } else { others };
            let twice = off.plus(&off).unwrap();
            let bound = Exact::from(halves);
            prop_assert!(twice < bound || reached && twice == bound, "{off:?} of {:?}: {quote:?}", profile.allocation);
        }
    }
}
