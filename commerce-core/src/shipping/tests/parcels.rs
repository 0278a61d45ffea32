//! How goods are packed.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::shipping::parcel::{PARCELS_MAX, Packing, pack};

/// Location and units of every parcel.
fn packed(items: &[Item], max_grams: Option<u64>) -> Vec<(Option<u32>, u64)> {
    let packing = pack(&goods(items), max_grams).unwrap();
    let parcels = packing.parcels(None);
    assert_eq!(parcels.len(), packing.parcels as usize);
    parcels.iter().map(|parcel| (parcel.location, parcel.units)).collect()
}

#[test]
fn by_location_then_by_weight() {
    assert_eq!(packed(&[item(3, 500), item(2, 100)], None), [(None, 5)]);
    // Two locations; what names none goes with the first.
    let items = [item(1, 100), item(5, 500).from(&[(7, 3), (2, 2)]), item(2, 100).from(&[(2, 2)])];
    assert_eq!(packed(&items, None), [(Some(7), 4), (Some(2), 4)]);
    // At most 1 kg: 2 x 500 g each.
    assert_eq!(packed(&items, Some(1_000)), [(Some(7), 2), (Some(7), 2), (Some(2), 2), (Some(2), 2)]);
}

#[test]
fn each_unit_goes_into_the_first_parcel_with_room() {
    // 3 x 700 g make three parcels of 1 kg; 300 g fit into each of them, 200 g only where 300 g are not.
    assert_eq!(packed(&[item(3, 700), item(2, 300)], Some(1_000)), [(None, 2), (None, 2), (None, 1)]);
    assert_eq!(
        packed(&[item(3, 700), item(1, 300), item(3, 200)], Some(1_000)),
        [(None, 2), (None, 2), (None, 2), (None, 1)]
    );
    assert_eq!(packed(&[item(2, 1_000), item(9, 0)], Some(1_000)), [(None, 10), (None, 1)]);
}

#[test]
fn sources_that_do_not_add_up_lose_nothing() {
    assert_eq!(packed(&[item(5, 1).from(&[(1, 2), (2, 1)])], None), [(Some(1), 4), (Some(2), 1)]);
    assert_eq!(packed(&[item(2, 1).from(&[(1, 1), (2, 9)])], None), [(Some(1), 1), (Some(2), 1)]);
    assert_eq!(packed(&[item(2, 1).from(&[(1, 0)])], None), [(None, 2)]);
}

#[test]
fn a_unit_that_is_too_heavy_cannot_go() {
    let mut heavy = item(1, 1_000);
    assert_eq!(packed(&[heavy.clone()], Some(1_000)), [(None, 1)]);
    heavy.milligrams += 1;
    let refused = NotServed::UnitTooHeavy { milligrams: 1_000_001, max_grams: 1_000 };
    assert_eq!(pack(&goods(&[heavy.clone()]), Some(1_000)), Err(refused));
    heavy.digital = true;
    assert_eq!(pack(&goods(&[heavy]), Some(1_000)), Ok(Packing::default()));
}

#[test]
fn a_billion_units_take_no_longer_than_one() {
    let rules = method(r#""rate": {"flat": "1"}, "per": "parcel", "max_parcel_grams": 1000"#);
    let begun = std::time::Instant::now();
    for _ in 0..1_000 {
        assert_eq!(price(&rules, &[item(1_000_000_000, 1)]), Err(NotServed::TooManyParcels));
        // A thousandth of a milligram cannot be written, but nothing at all can: all of them fit into one parcel.
        assert_eq!(price(&rules, &[item(1_000_000_000, 0)]), Ok((100, 0)));
    }
    let many: Vec<Item> = (0..1_000).map(|n| item(1_000_000_000, 0).from(&[(n % 50, 500_000_000)])).collect();
    assert!(price(&rules, &many).is_ok());
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}

#[test]
fn a_thousand_parcels_and_no_more() {
    assert_eq!(pack(&goods(&[item(1_000, 10)]), Some(10)).unwrap().parcels, PARCELS_MAX);
    assert_eq!(pack(&goods(&[item(1_001, 10)]), Some(10)), Err(NotServed::TooManyParcels));
    let scattered: Vec<Item> = (0..1_001).map(|n| item(1, 1).from(&[(n, 1)])).collect();
    assert_eq!(pack(&goods(&scattered), None), Err(NotServed::TooManyParcels));
}

/// The same, unit by unit: location, units and weight of each parcel.
fn unit_by_unit(items: &[Item], max: u64) -> Vec<(Option<u32>, u64, u64)> {
    let home = items.iter().flat_map(|item| &item.sources).find(|(_, units)| *units > 0).map(|(at, _)| *at);
    let mut parcels: Vec<(Option<u32>, u64, u64)> = Vec::new();
    let mut locations: Vec<Option<u32>> = Vec::new();
    for item in items {
        let first = item.sources.iter().find(|(_, units)| *units > 0).map(|(at, _)| *at).or(home);
        let named =
            item.sources.iter().flat_map(|(at, units)| std::iter::repeat_n(Some(*at), *units as usize));
        for location in named.chain(std::iter::repeat(first)).take(item.units as usize) {
            if !locations.contains(&location) {
                locations.push(location);
            }
            let fits = |(at, _, weight): &&mut (Option<u32>, u64, u64)| {
                *at == location && *weight + item.milligrams <= max
            };
            match parcels.iter_mut().find(fits) {
                Some((_, units, weight)) => (*units, *weight) = (*units + 1, *weight + item.milligrams),
                None => parcels.push((location, 1, item.milligrams)),
            }
        }
    }
    parcels.sort_by_key(|(at, ..)| locations.iter().position(|known| known == at));
    parcels
}

pub(super) fn items() -> impl Strategy<Value = Vec<Item>> {
    let sides = prop::option::of([1_u32..2_000, 1_u32..2_000, 1_u32..2_000]);
    let sources = vec((0_u32..4, 0_u32..20), 0..3);
    let one = (1_u32..40, 0_u64..1_000, sides, sources, prop::bool::weighted(0.1));
    vec(one, 1..8).prop_map(|all| {
        let item = |(units, grams, sides, sources, digital): (u32, u64, _, Vec<(u32, u32)>, bool)| Item {
            millimetres: sides,
            digital,
            ..item(units, grams).from(&sources)
        };
        all.into_iter().map(item).collect()
    })
}

proptest! {
    #[test]
    fn packing_by_division_is_packing_unit_by_unit(mut items in items(), max_grams in 1_000_u64..5_000) {
        items.retain(|item| !item.digital);
        let packing = pack(&goods(&items), Some(max_grams)).unwrap();
        let parcels: Vec<_> = packing
            .parcels(Some(5_000))
            .iter()
            .map(|parcel| (parcel.location, parcel.units, parcel.milligrams))
            .collect();
        prop_assert_eq!(parcels, unit_by_unit(&items, max_grams * 1_000));
    }

    #[test]
    fn parcels_hold_all_units_and_none_is_too_heavy(
        items in items(),
        max_grams in prop::option::of(1_000_u64..5_000),
        divisor in prop::option::of(1_u32..10_000),
    ) {
        let packing = pack(&goods(&items), max_grams).unwrap();
        let parcels = packing.parcels(divisor);
        let shipped: Vec<&Item> = items.iter().filter(|item| !item.digital).collect();
        let units: u64 = shipped.iter().map(|item| u64::from(item.units)).sum();
        let weight: u64 = shipped.iter().map(|item| item.milligrams * u64::from(item.units)).sum();
        let volume: u64 = shipped
            .iter()
            .map(|item| {
                let sides = item.millimetres.map_or(0, |[a, b, c]| u64::from(a) * u64::from(b) * u64::from(c));
                sides * u64::from(item.units)
            })
            .sum();
        prop_assert_eq!(parcels.iter().map(|parcel| parcel.units).sum::<u64>(), units);
        prop_assert_eq!(parcels.iter().map(|parcel| parcel.milligrams).sum::<u64>(), weight);
        prop_assert_eq!(parcels.iter().map(|parcel| parcel.cubic_millimetres).sum::<u64>(), volume);
        for parcel in &parcels {
            prop_assert!(parcel.units > 0);
            prop_assert!(max_grams.is_none_or(|grams| parcel.milligrams <= grams * 1_000));
            prop_assert!(parcel.chargeable_milligrams >= parcel.milligrams);
        }
    }
}
