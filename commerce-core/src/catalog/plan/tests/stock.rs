//! Stock: for new variants, and on purpose.

use super::*;
use crate::catalog::Batch;
use crate::inventory::{Location, MovementReason};

fn mugs(units: i64) -> ProductInput {
    input("mug").variant(variant("MUG", "10").stock(units))
}

#[test]
fn stock_is_set_for_new_variants_only() {
    let mut shop = empty_shop();
    let plan = shop.takes([mugs(12)]);
    assert_eq!(shop.on_hand("MUG"), Some(12));
    assert_eq!(plan.batch.inventory.locations[0].code, "LAGOS");
    let moved = &plan.batch.inventory.adjust[0];
    assert_eq!((moved.movement.reason, moved.expected_on_hand), (MovementReason::Import, None));

    shop.view.levels[0].on_hand = 5; // sold
    let plan = shop.takes([mugs(12)]);
    assert_eq!(plan.batch, Batch::default());
    let two = mugs(12).options(&["Size"]);
    let rows =
        vec![variant("MUG", "10").values(&["S"]).stock(12), variant("MUG-L", "10").values(&["L"]).stock(3)];
    shop.takes([ProductInput { variants: rows, ..two }]);
    assert_eq!((shop.on_hand("MUG"), shop.on_hand("MUG-L")), (Some(5), Some(3)));
}

#[test]
fn no_stock_is_no_row_and_none_left_is_one_without_a_movement() {
    let mut shop = empty_shop();
    let plan = shop.takes([mug()]);
    assert!(plan.batch.inventory.is_empty(), "no location is made for nothing");
    let plan = shop.takes([input("cup").variant(variant("CUP", "1").stock(0))]);
    assert_eq!((shop.on_hand("MUG"), shop.on_hand("CUP")), (None, Some(0)));
    assert!(plan.batch.inventory.adjust.is_empty());
}

#[test]
fn stock_is_overwritten_on_purpose_by_a_recorded_movement() {
    let mut shop = empty_shop().stock(StockRule::Set);
    shop.takes([mugs(12)]);
    shop.view.levels[0].on_hand = 5;
    let plan = shop.takes([mugs(12)]);
    let moved = &plan.batch.inventory.adjust[0];
    assert_eq!((moved.movement.delta, moved.expected_on_hand), (7, Some(5)));
    assert_eq!(outcomes(&plan), [Outcome::Unchanged], "the product itself is as it was");
    assert_eq!(plan.batch.audit[0].data["stock_movements"], 1);
    assert_eq!(shop.takes([mugs(12)]).batch, Batch::default());

    let untracked = VariantInput { tracked: Cell::Is(false), ..variant("MUG", "10").stock(99) };
    shop.takes([later("mug").variant(untracked)]);
    assert_eq!(shop.on_hand("MUG"), Some(12), "what is not counted is not set");
}

#[test]
fn stock_is_never_set_below_what_is_promised() {
    let mut shop = empty_shop().stock(StockRule::Set);
    shop.takes([mugs(12)]);
    shop.view.levels[0].reserved = 4;
    let mut dearer = mugs(3);
    dearer.variants[0].price = Cell::Is(naira("11"));
    let plan = shop.takes([dearer]);
    assert_eq!(codes(&plan), ["stock-below-reserved"]);
    assert_eq!(outcomes(&plan), [Outcome::Updated], "the rest of the row is taken");
    assert_eq!(shop.on_hand("MUG"), Some(12));
    shop.takes([mugs(4)]);
    assert_eq!(shop.on_hand("MUG"), Some(4));
    shop.view.levels[0].reserved = 9; // backorders
    shop.takes([mugs(6)]);
    assert_eq!(shop.on_hand("MUG"), Some(6), "more is always welcome");
}

#[test]
fn less_than_nothing_is_nothing() {
    let mut shop = empty_shop();
    let plan = shop.takes([mugs(-3)]);
    assert_eq!(shop.on_hand("MUG"), Some(0));
    assert_eq!(plan.warnings[0].code, "stock-negative");
    assert!(shop.takes([mugs(-3)]).warnings.is_empty());
}

#[test]
fn stock_is_set_at_the_location_and_what_lies_elsewhere_is_mentioned() {
    let mut shop = empty_shop().stock(StockRule::Set);
    shop.view.locations.push(Location::new(Ids::new([9; 32], shop.view.now).fresh(), "ABUJA", "Abuja", 3));
    "ABUJA".clone_into(&mut shop.options.location);
    shop.takes([mugs(2)]);
    "LAGOS".clone_into(&mut shop.options.location);
    let plan = shop.takes([mugs(5)]);
    assert_eq!(plan.batch.inventory.locations[0].priority, 4);
    assert_eq!(plan.warnings[0].code, "stock-elsewhere");
    assert_eq!(shop.on_hand("MUG"), Some(7));
}

#[test]
fn the_last_word_in_a_batch_counts() {
    let mut shop = empty_shop();
    shop.takes([mugs(5), mugs(8)]);
    assert_eq!(shop.on_hand("MUG"), Some(8));
}
