//! What moves: nothing that is reserved leaves, and nothing is lost on the way.

#![expect(clippy::unwrap_used, reason = "a test that goes wrong shall stop")]

use proptest::collection::vec;
use proptest::prelude::*;

use super::{
    Adjustment, Asked, Holdings, Location, Mode, Move, Moved, MovementReason, Moving, Refused, Shelf,
    StockLevel, StockedVariant, View, move_stock,
};
use crate::access::Caller;
use crate::testkit::{location_id, start, variant_id};
use crate::{ChangeSet, Ids, ProductId, SellerId};

const SKUS: [&str; 2] = ["mug", "pen"];
const PLACES: [&str; 2] = ["main", "second"];

fn view(levels: &[(usize, usize, i64, i64)]) -> View {
    let shelf = |(sku, place, on_hand, reserved): &(usize, usize, i64, i64)| Shelf {
        level: StockLevel {
            variant: variant_id(SKUS[*sku]),
            location: location_id(PLACES[*place]),
            priority: 0,
            on_hand: *on_hand,
            reserved: *reserved,
            safety_stock: 0,
        },
        reorder_level: None,
    };
    let variant = |sku: &str| StockedVariant {
        id: variant_id(sku),
        sku: sku.parse().unwrap(),
        product: ProductId(uuid::Uuid::nil()),
        seller: Some(SellerId(uuid::Uuid::nil())),
    };
    View {
        now: start(),
        locations: PLACES.iter().map(|code| Location::new(location_id(code), code, code, 0)).collect(),
        variants: SKUS.iter().map(|sku| variant(sku)).collect(),
        levels: levels.iter().map(shelf).collect(),
        holdings: Holdings::default(),
        record: None,
    }
}

fn decide(view: &View, moving: &Moving) -> Moved {
    let caller = Caller::Operator { name: "grace".to_owned() };
    move_stock(view, moving, &caller, None, &mut Ids::new([3; 32], start()))
}

/// The view after what moved.
fn after(view: &View, moved: &Moved) -> View {
    let mut after = view.clone();
    for level in &moved.changes.inventory.levels {
        let level = StockLevel {
            variant: level.variant,
            location: level.location,
            priority: 0,
            on_hand: 0,
            reserved: 0,
            safety_stock: 0,
        };
        after.levels.push(Shelf { level, reorder_level: None });
    }
    for Adjustment { movement, expected_on_hand } in &moved.changes.inventory.adjust {
        let at = |shelf: &&mut Shelf| {
            (shelf.level.variant, shelf.level.location) == (movement.variant, movement.location)
        };
        let shelf = after.levels.iter_mut().find(at).unwrap();
        assert!(expected_on_hand.is_none_or(|expected| expected == shelf.level.on_hand));
        shelf.level.on_hand += movement.delta;
    }
    after
}

#[test]
fn a_transfer_to_where_nothing_was_opens_a_level() {
    let moved = decide(&view(&[(0, 0, 5, 2)]), &Moving::transfer("main", "second", &[("mug".to_owned(), 3)]));
    assert_eq!((moved.written, moved.changes.inventory.levels.len(), moved.refusals.len()), (2, 1, 0));
    let too_many = Moving::transfer("main", "second", &[("mug".to_owned(), 4)]);
    let refused = decide(&view(&[(0, 0, 5, 2)]), &too_many);
    assert_eq!((refused.refusals[0].code, refused.changes), ("out-of-stock", ChangeSet::default()));
    assert!(refused.refusals[0].reason.contains("3 can leave"), "{:?}", refused.refusals);
    let none = Moving::transfer("main", "second", &[("mug".to_owned(), -3)]);
    let refused = decide(&view(&[(0, 0, 5, 2)]), &none).refusals;
    assert_eq!((refused.len(), refused[0].code), (1, "out-of-range"));
}

#[test]
fn refusals_read_back_from_an_audit_row() {
    let one = |sku: &str, units| Move {
        index: 0,
        sku: sku.to_owned(),
        location: "main".to_owned(),
        asked: Asked::By(units),
        reason: MovementReason::Found,
    };
    let moves = vec![one("mug", 1), Move { index: 1, ..one("none", 1) }, Move { index: 2, ..one("pen", -1) }];
    let moved = decide(&view(&[]), &Moving { mode: Mode::Valid, ..Moving::new("stock.bulk", moves) });
    let told = moved.changes.audit[0].data["refused"].as_array().unwrap().clone();
    assert_eq!(told.iter().filter_map(Refused::read).collect::<Vec<_>>(), moved.refusals);
    assert_eq!(moved.refusals.len(), 2);
}

proptest! {
    #[test]
    fn nothing_that_is_reserved_ever_leaves_and_transfers_lose_nothing(
        begin in vec((0..6_i64, 0..6_i64), 4),
        steps in vec((0..SKUS.len(), 0..PLACES.len(), -4..5_i64, 0..3_u8), 1..20),
    ) {
        let level = |(at, (more, reserved)): (usize, &(i64, i64))| (at % 2, at / 2, reserved + more, *reserved);
        let mut now = view(&begin.iter().enumerate().map(level).collect::<Vec<_>>());
        for (sku, place, units, kind) in steps {
            let one = |asked, reason| Moving::new("stock.adjust", vec![Move {
                index: 0,
                sku: SKUS[sku].to_owned(),
                location: PLACES[place].to_owned(),
                asked,
                reason,
            }]);
            let moving = match kind {
                0 => one(Asked::By(units), MovementReason::Correction),
                1 => one(Asked::To { on_hand: units, expected: None }, MovementReason::Count),
                _ => Moving::transfer(PLACES[place], PLACES[1 - place], &[(SKUS[sku].to_owned(), units)]),
            };
            let moved = decide(&now, &moving);
            let next = after(&now, &moved);
            let sum = |view: &View| view.levels.iter().map(|shelf| shelf.level.on_hand).sum::<i64>();
            if kind == 2 {
                prop_assert_eq!(sum(&now), sum(&next));
            }
            if kind == 1 && moved.refusals.is_empty() {
                let there = next.levels.iter().find(|shelf| {
                    (shelf.level.variant, shelf.level.location) == (variant_id(SKUS[sku]), location_id(PLACES[place]))
                });
                prop_assert_eq!(there.unwrap().level.on_hand, units);
            }
            for shelf in &next.levels {
                prop_assert!(shelf.level.on_hand >= shelf.level.reserved);
            }
            now = next;
        }
    }
}
