//! Which locations an order's units come from.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Allocation, Demand, Shortage, StockLevel, allocate};
use crate::testkit::{line_id, location_id, units, variant_id};
use crate::{LocationId, VariantId};

const SKUS: [&str; 3] = ["a", "b", "c"];
const PLACES: [&str; 5] = ["p0", "p1", "p2", "p3", "p4"];

fn level(sku: &str, place: usize, free: i64) -> StockLevel {
    let (variant, location) = (variant_id(sku), location_id(PLACES[place]));
    StockLevel { variant, location, priority: place as i32, on_hand: free, reserved: 0, safety_stock: 0 }
}

fn demand(line: usize, sku: &str, quantity: u32) -> Demand {
    Demand { line: line_id(line), variant: variant_id(sku), quantity: units(quantity), backorder: false }
}

fn taken(allocations: &[Allocation], sku: &str, place: usize) -> u32 {
    let (variant, location) = (variant_id(sku), location_id(PLACES[place]));
    let here = allocations.iter().filter(|known| (known.variant, known.location) == (variant, location));
    here.map(|allocation| allocation.quantity.get()).sum()
}

#[test]
fn one_location_that_has_all_is_better_than_two_that_come_first() {
    let levels = [level("a", 0, 2), level("a", 1, 2), level("a", 2, 3)];
    let allocations = allocate(&[demand(0, "a", 3)], &levels).unwrap();
    assert_eq!((allocations.len(), taken(&allocations, "a", 2)), (1, 3));
}

#[test]
fn of_equal_sets_the_first_by_priority_ships() {
    let levels = [level("a", 1, 9), level("a", 0, 9)];
    assert_eq!(taken(&allocate(&[demand(0, "a", 3)], &levels).unwrap(), "a", 0), 3);
}

#[test]
fn two_lines_of_one_variant_never_count_on_the_same_units() {
    let levels = [level("a", 0, 5)];
    let refused = allocate(&[demand(0, "a", 3), demand(1, "a", 3)], &levels).unwrap_err();
    assert_eq!(refused, [Shortage { variant: variant_id("a"), wanted: 6, available: 5 }]);
}

#[test]
fn safety_stock_and_what_is_short_elsewhere_are_not_free() {
    let mut levels = [level("a", 0, 5), level("a", 1, 1)];
    levels[0].safety_stock = 4;
    levels[1].reserved = 7;
    let refused = allocate(&[demand(0, "a", 2)], &levels).unwrap_err();
    assert_eq!(refused[0].available, 1);
}

#[test]
fn what_may_go_short_takes_what_is_there_first() {
    let going_short = Demand { backorder: true, ..demand(0, "a", 5) };
    let allocations = allocate(&[going_short], &[level("a", 0, 1), level("a", 1, 2)]).unwrap();
    let shape: Vec<_> = allocations.iter().map(|known| (known.quantity.get(), known.backorder)).collect();
    assert_eq!(shape, [(1, false), (2, false), (2, true)]);
    assert_eq!(allocate(&[going_short], &[]).unwrap(), [], "what is stocked nowhere is promised nowhere");
}

/// The fewest locations that can ship everything, by trying all sets.
fn fewest(demands: &[Demand], levels: &[StockLevel]) -> u32 {
    let suffices = |set: u32| {
        SKUS.map(variant_id).iter().all(|variant| {
            let wanted: i64 = of(demands, *variant).map(|demand| i64::from(demand.quantity.get())).sum();
            let chosen = (0..PLACES.len()).filter(|place| set >> place & 1 == 1);
            let free = |place: usize| free(levels, *variant, location_id(PLACES[place]));
            chosen.map(free).sum::<i64>() >= wanted
        })
    };
    (0..1_u32 << PLACES.len()).filter(|set| suffices(*set)).map(u32::count_ones).min().unwrap_or(u32::MAX)
}

fn of(demands: &[Demand], variant: VariantId) -> impl Iterator<Item = &Demand> {
    demands.iter().filter(move |demand| demand.variant == variant)
}

fn free(levels: &[StockLevel], variant: VariantId, location: LocationId) -> i64 {
    levels
        .iter()
        .filter(|level| (level.variant, level.location) == (variant, location))
        .map(StockLevel::free)
        .sum()
}

proptest! {
    #[test]
    fn allocations_are_free_sum_to_the_demand_and_use_the_fewest_parcels(
        wanted in vec((0..SKUS.len(), 1..6_u32), 1..5),
        stock in vec((0..8_i64, 0..3_i64, 0..2_i64), SKUS.len() * PLACES.len()),
    ) {
        let demands: Vec<Demand> =
            wanted.iter().enumerate().map(|(line, (sku, quantity))| demand(line, SKUS[*sku], *quantity)).collect();
        let mut levels = Vec::new();
        for (index, (on_hand, reserved, safety_stock)) in stock.into_iter().enumerate() {
            let plain = level(SKUS[index % SKUS.len()], index / SKUS.len(), on_hand);
            levels.push(StockLevel { reserved, safety_stock, ..plain });
        }
        match allocate(&demands, &levels) {
            Ok(allocations) => {
                for demand in &demands {
                    let sum: u32 =
                        allocations.iter().filter(|known| known.line == demand.line).map(|known| known.quantity.get()).sum();
                    prop_assert_eq!(sum, demand.quantity.get());
                }
                for level in &levels {
                    let here = allocations.iter().filter(|known| (known.variant, known.location) == (level.variant, level.location));
                    let sum: i64 = here.map(|known| i64::from(known.quantity.get())).sum();
                    prop_assert!(sum <= level.free());
                }
                let mut parcels: Vec<LocationId> = allocations.iter().map(|known| known.location).collect();
                parcels.sort_unstable();
                parcels.dedup();
                prop_assert_eq!(u32::try_from(parcels.len()).unwrap(), fewest(&demands, &levels));
            }
            Err(shortages) => {
                prop_assert!(!shortages.is_empty());
                for Shortage { variant, wanted, available } in shortages {
                    let sum: u64 = of(&demands, variant).map(|demand| u64::from(demand.quantity.get())).sum();
                    let left: i64 = PLACES.iter().map(|place| free(&levels, variant, location_id(place))).sum();
                    prop_assert_eq!((wanted, i64::try_from(available).unwrap()), (sum, left));
                    prop_assert!(wanted > available);
                }
            }
        }
    }
}
