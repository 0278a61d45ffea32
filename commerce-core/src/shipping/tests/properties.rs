//! What holds for every order.

use proptest::collection::vec;
use proptest::prelude::*;

use super::parcels::items;
use super::*;
use crate::shipping::rules::{Band, Handling, Per, ShippingMethod, ShippingRate};

fn major(minor: u32) -> crate::pricing::Amounts {
    crate::Money::from_minor(minor.into(), Currency::NGN).amount().as_str().into()
}

/// Bands with rising ends and, when they are sorted, prices that do not fall; the last may be open.
fn bands() -> impl Strategy<Value = (Vec<u64>, Vec<u32>, bool)> {
    vec((1_u64..5_000, 0_u32..100_000), 1..12).prop_flat_map(|bands| {
        let mut end = 0;
        let ends = bands.iter().map(|(width, _)| {
            end += width;
            end
        });
        let ends: Vec<u64> = ends.collect();
        let prices: Vec<u32> = bands.iter().map(|(_, price)| *price).collect();
        (Just(ends), Just(prices), any::<bool>())
    })
}

fn table(ends: &[u64], prices: &[u32], open: bool) -> Vec<Band<u64>> {
    let mut bands: Vec<Band<u64>> = ends
        .iter()
        .zip(prices)
        .map(|(end, price)| Band { from: None, up_to: Some(*end), price: major(*price) })
        .collect();
    if open {
        bands.last_mut().unwrap().up_to = None;
    }
    bands
}

fn rate() -> impl Strategy<Value = ShippingRate> {
    let amount = || (0_u32..10_000_000).prop_map(major);
    prop_oneof![
        amount().prop_map(ShippingRate::Flat),
        bands().prop_map(|(ends, prices, open)| ShippingRate::ByWeight(table(&ends, &prices, open))),
        bands().prop_map(|(ends, prices, open)| ShippingRate::ByItems(table(&ends, &prices, open))),
        (amount(), 0_u64..5_000, 1_u64..5_000, amount()).prop_map(
            |(base, included_grams, step_grams, per_step)| ShippingRate::ByStep {
                base,
                included_grams,
                step_grams,
                per_step
            }
        ),
        (amount(), amount()).prop_map(|(base, per_unit)| ShippingRate::PerUnit { base, per_unit }),
    ]
}

fn any_method() -> impl Strategy<Value = ShippingMethod> {
    let handling = [0_u32..100_000, 0..100_000, 0..100_000].prop_map(|[order, parcel, unit]| Handling {
        per_order: (order % 2 == 0).then(|| major(order)),
        per_parcel: (parcel % 2 == 0).then(|| major(parcel)),
        per_unit: (unit % 2 == 0).then(|| major(unit)),
    });
    let packing = (prop::option::of(500_u64..5_000), prop::option::of(1_u32..10_000));
    (rate(), any::<bool>(), handling, packing).prop_map(|(rate, per_parcel, handling, packing)| {
        ShippingMethod {
            per: if per_parcel { Per::Parcel } else { Per::Order },
            handling,
            max_parcel_grams: packing.0,
            volumetric_divisor: packing.1,
            ..ShippingMethod::rated("m", "M", rate)
        }
    })
}

fn of(method: ShippingMethod) -> CompiledShipping {
    let rules = ShippingRules { methods: vec![method], ..ShippingRules::default() };
    // What is written is read back as it was.
    let json = serde_json::to_string(&rules).unwrap();
    assert_eq!(serde_json::from_str::<ShippingRules>(&json).unwrap(), rules);
    compiled(&json)
}

proptest! {
    #[test]
    fn no_price_is_negative_and_handling_is_a_part_of_it(method in any_method(), items in items()) {
        for outcome in outcomes(&of(method), &items) {
            let Ok(option) = outcome else { continue };
            prop_assert!(option.handling.minor >= 0);
            prop_assert!(option.price.minor >= option.handling.minor);
            prop_assert!(option.parcels >= 1);
        }
    }

    #[test]
    fn more_weight_never_costs_less(
        (ends, mut prices, open) in bands(),
        per_parcel: bool,
        divisor in prop::option::of(1_u32..10_000),
        items in items(),
        more in 1_u64..2_000,
    ) {
        prices.sort_unstable();
        let mut method =
            ShippingMethod::rated("m", "M", ShippingRate::ByWeight(table(&ends, &prices, open)));
        method.per = if per_parcel { Per::Parcel } else { Per::Order };
        method.volumetric_divisor = divisor;
        let rules = of(method);
        let mut heavier = items.clone();
        heavier.iter_mut().for_each(|item| item.milligrams += more * 1_000);
        for (light, heavy) in outcomes(&rules, &items).iter().zip(outcomes(&rules, &heavier)) {
            match (light, heavy) {
                (Ok(light), Ok(heavy)) => prop_assert!(light.price.minor <= heavy.price.minor),
                (Err(_), Ok(_)) => prop_assert!(false, "the lighter order is served as well"),
                (_, Err(_)) => {}
            }
        }
    }

    #[test]
    fn the_band_is_the_first_that_ends_at_the_weight_or_above((ends, prices, open) in bands(), grams in 0_u64..70_000) {
        let rules = of(ShippingMethod::rated("m", "M", ShippingRate::ByWeight(table(&ends, &prices, open))));
        let last = ends.len() - 1;
        let band = ends.iter().position(|end| grams <= *end).or(open.then_some(last));
        let found = price(&rules, &[item(1, grams)]).ok().map(|(minor, _)| minor);
        prop_assert_eq!(found, band.map(|band| i64::from(prices[band])));
    }

    #[test]
    fn no_text_panics(text in ".{0,12}") {
        let json = serde_json::json!({
            "time_zone": text, "holidays": [text],
            "methods": [{"code": text, "label": text, "rate": {"flat": text},
                         "estimate": {"min_days": 1, "max_days": 1, "cutoff": text}}],
        });
        read(&json.to_string(), &mut Symbols::default());
    }
}
