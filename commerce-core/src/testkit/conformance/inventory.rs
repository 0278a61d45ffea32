//! Warehouses, levels and movements as staff keeps them.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{Shop, request};
use crate::access::{Caller, Role};
use crate::audit::Actor;
use crate::cart::CartToken;
use crate::checkout::Confirm;
use crate::inventory::{
    Asked, InventoryError, Level, LevelChange, LevelSearch, LocationChange, Mode, Move, MovedStock,
    MovementReason, MovementSearch, Moving, NewLocation,
};
use crate::testkit::{Crossing, Intercepted, item, location_id, variant_id};
use crate::{ChangeSet, CustomerId, Engine, Guard, SellerId, SessionId};

/// A warehouse with all that it can have is read as it was written, and changed by whoever saw it last.
pub async fn a_warehouse_in_full_and_changed(shop: &Shop) {
    let stock = shop.engine.inventory();
    let rest = LocationChange {
        name: Some(" Ikeja – Ọjà ".to_owned()),
        priority: Some(-3),
        address: Some("12 Marina Road\nLagos".to_owned()),
        country: Some(Some("NG".parse().unwrap())),
        active: None,
    };
    let new = NewLocation { code: "IKEJA-1".to_owned(), rest };
    let asked = request("one", "ikeja");
    let made = stock.create_location(&new, &staff(), Some(&asked)).await.unwrap();
    assert_eq!((made.location.name.as_str(), made.location.version), ("Ikeja – Ọjà", 1));
    assert_eq!(stock.locations().await.unwrap(), std::slice::from_ref(&made.location));
    let again = stock.create_location(&new, &staff(), Some(&asked)).await.unwrap();
    assert_eq!((again.location, again.replayed), (made.location.clone(), true));
    let taken = stock.create_location(&new, &staff(), None).await;
    assert!(matches!(taken, Err(InventoryError::Exists(_))), "{taken:?}");
    let bad = NewLocation { code: "no spaces".to_owned(), ..new };
    let bad = stock.create_location(&bad, &staff(), None).await;
    assert!(matches!(bad, Err(InventoryError::Invalid { field: "code", .. })), "{bad:?}");

    let change = LocationChange { priority: Some(7), country: Some(None), ..LocationChange::default() };
    let changed = stock.revise_location("IKEJA-1", &change, Some(1), &staff()).await.unwrap();
    assert_eq!((changed.priority, changed.country, changed.version), (7, None, 2));
    assert_eq!(stock.location("IKEJA-1").await.unwrap(), changed);
    let late = stock.revise_location("IKEJA-1", &LocationChange::default(), Some(1), &staff()).await;
    assert!(matches!(late, Err(InventoryError::Version(2))), "{late:?}");
    let same = stock.revise_location("IKEJA-1", &change, None, &staff()).await.unwrap();
    assert_eq!(same.version, 2, "nothing changed");
    let rows = shop.audited("warehouse:IKEJA-1").await;
    assert_eq!(rows.len(), 2);
    // Where the clock stands still, their ids tell no order.
    let told = &rows.iter().find(|row| row.action == "warehouse.update").unwrap().data;
    assert_eq!((&told["before"]["priority"], &told["after"]["priority"]), (&(-3).into(), &7.into()));
}

/// A warehouse is closed once it is empty: nothing comes in and nothing is sold from it; and it is opened again.
pub async fn a_warehouse_is_closed(shop: &Shop) {
    let stock = shop.engine.inventory();
    shop.sell([item("mug").stock(5).stock_at("second", 2), item("pen").backorder().stock_at("second", 0)])
        .await;
    let close = LocationChange { active: Some(false), ..LocationChange::default() };
    let refused = stock.revise_location("second", &close, None, &staff()).await;
    let Err(InventoryError::InTheWay(holdings)) = refused else { panic!("{refused:?}") };
    assert_eq!((holdings.variants, holdings.on_hand, holdings.reserved), (1, 2, 0));
    transfer(shop, "second", "main", &[("mug", 2)]).await.unwrap();
    let promised = shop.order(&[("pen", 3)]).await;
    let refused = stock.revise_location("second", &close, None, &staff()).await;
    let Err(InventoryError::InTheWay(holdings)) = refused else { panic!("{refused:?}") };
    assert_eq!((holdings.on_hand, holdings.reserved), (0, 3), "open reservations are in the way");
    shop.engine.orders().cancel(promised.order.id, &super::cancel()).await.unwrap();
    let closed = stock.revise_location("second", &close, None, &staff()).await.unwrap();
    assert!(!closed.active && shop.levels("pen").await.is_empty());

    let refused = refusals(adjust(shop, "mug", "second", 1).await);
    assert_eq!(refused, [(0, "inactive")]);
    let mut opened = ChangeSet::default();
    let level = Level {
        variant: variant_id("mug"),
        location: location_id("second"),
        safety_stock: Some(1),
        reorder_level: None,
    };
    opened.inventory.levels.push(level);
    let nowhere = Guard::Stock { variant: variant_id("mug"), location: location_id("second") };
    assert_eq!(shop.stale(&opened).await, nowhere);
    assert_eq!(shop.stock("mug").await, (7, 0));
    shop.order(&[("mug", 7)]).await;

    let open = LocationChange { active: Some(true), ..LocationChange::default() };
    stock.revise_location("second", &open, None, &staff()).await.unwrap();
    adjust(shop, "mug", "second", 1).await.unwrap();
    assert_eq!(shop.stock("mug").await, (8, 7));
}

/// Goods come in while a warehouse is being closed: it stays open, or they do not come in.
pub async fn goods_come_in_while_a_warehouse_is_closed(shop: &Shop) {
    shop.sell([item("mug").stock(5).stock_at("second", 0), item("pen").stock(1)]).await;
    let close = LocationChange { active: Some(false), ..LocationChange::default() };
    for sku in ["mug", "pen"] {
        let engine = shop.engine.clone();
        let receive = async move {
            receive(&engine, "second", sku, 3).await.unwrap();
        };
        let refused =
            crossed(shop, receive).inventory().revise_location("second", &close, None, &staff()).await;
        assert!(matches!(refused, Err(InventoryError::InTheWay(_))), "{sku}: {refused:?}");
        transfer(shop, "second", "main", &[(sku, 3)]).await.unwrap();
    }
    let engine = shop.engine.clone();
    let closing = close.clone();
    let shut = async move {
        engine.inventory().revise_location("second", &closing, None, &staff()).await.unwrap();
    };
    let late = receive(&crossed(shop, shut), "second", "mug", 3).await;
    assert_eq!(refusals(late), [(0, "inactive")]);
    assert_eq!(shop.stock("mug").await, (8, 0));
}

/// What is adjusted, received, counted and transferred, with its movements and its audit rows.
pub async fn goods_are_moved(shop: &Shop) {
    shop.sell([item("mug").stock(5), item("pen").stock_at("second", 0)]).await;
    let done = adjust(shop, "mug", "main", -2).await.unwrap();
    assert_eq!((done.written, shop.stock("mug").await), (1, (3, 0)));
    let movement = &done.movements[0].movement;
    assert_eq!((movement.delta, movement.reason, &movement.actor), (-2, MovementReason::Damaged, &staff()));
    let rows = shop.audited("stock:mug").await;
    assert_eq!(movement.audit, Some(rows[0].id));
    let told = &rows[0].data["moves"][0];
    assert_eq!((&told["before"], &told["after"]), (&5.into(), &3.into()), "{told}");

    let done = receive(&shop.engine, "second", "mug", 10).await.unwrap();
    assert_eq!((done.movements[0].movement.reference.as_str(), shop.stock("mug").await), ("PO-7", (13, 0)));
    transfer(shop, "second", "main", &[("mug", 4)]).await.unwrap();
    let at = |levels: &[crate::StockLevel], code| {
        levels.iter().find(|level| level.location == location_id(code)).unwrap().on_hand
    };
    let levels = shop.levels("mug").await;
    assert_eq!((at(&levels, "main"), at(&levels, "second")), (7, 6));

    let done = count(shop, "mug", "main", 9, Some(7)).await.unwrap();
    assert_eq!((done.movements[0].movement.delta, done.unchanged), (2, 0));
    let refused = count(shop, "mug", "main", 1, Some(7)).await;
    assert_eq!(refusals(refused), [(0, "changed")]);
    let same = count(shop, "mug", "main", 9, None).await.unwrap();
    assert_eq!((same.audit, same.written, same.unchanged), (None, 0, 1), "nothing is recorded");

    let all = movements(shop, MovementSearch::default()).await;
    let of_mug: Vec<_> =
        all.iter().filter(|row| row.sku.as_str() == "mug").map(|row| row.movement.delta).collect();
    assert_eq!(of_mug.iter().sum::<i64>(), 15, "they explain what is there");
    assert!(all.is_sorted_by(|a, b| a.movement.id > b.movement.id));
    let transfers = MovementSearch { reason: Some(MovementReason::Transfer), ..MovementSearch::default() };
    let moved = movements(shop, transfers).await;
    assert_eq!(moved.iter().map(|row| row.movement.delta).sum::<i64>(), 0);
    let first = MovementSearch { after: Some(all[0].movement.id), ..MovementSearch::default() };
    assert_eq!(movements(shop, first).await, all[1..]);
    let of = MovementSearch {
        sku: Some("mug".parse().unwrap()),
        location: Some(location_id("second")),
        ..MovementSearch::default()
    };
    assert_eq!(movements(shop, of).await.len(), 2);
    let at = all[0].movement.at;
    let (from, until) = (MovementSearch { from: Some(at), ..MovementSearch::default() }, Some(at));
    assert!(movements(shop, from).await.iter().all(|row| row.movement.at >= at));
    let until = MovementSearch { until, ..MovementSearch::default() };
    assert!(movements(shop, until).await.iter().all(|row| row.movement.at < at));
}

/// What cannot be moved, each with its reason; and of a list nothing, or all the rest.
pub async fn what_cannot_be_moved(shop: &Shop) {
    shop.sell([item("mug").stock(5).stock_at("second", 1), item("pen").stock(5)]).await;
    shop.order(&[("mug", 4)]).await;
    let before = shop.snapshot().await;
    let one = |sku: &str, location: &str, asked: Asked, reason: MovementReason, index: usize| Move {
        index,
        sku: sku.to_owned(),
        location: location.to_owned(),
        asked,
        reason,
    };
    let to = |on_hand| Asked::To { on_hand, expected: None };
    let (count, fix) = (MovementReason::Count, MovementReason::Correction);
    let moves = vec![
        one("mug", "main", Asked::By(-2), fix, 0),
        one("nothing", "main", Asked::By(1), fix, 1),
        one("pen", "nowhere", Asked::By(1), fix, 2),
        one("pen", "main", Asked::By(0), fix, 3),
        one("pen", "main", Asked::By(i64::MAX), fix, 4),
        one("pen", "main", Asked::By(i64::MIN), fix, 5),
        one("pen", "main", to(-1), count, 6),
        one("pen", "main", to(i64::MAX), count, 7),
        one("pen", "main", Asked::By(-1), MovementReason::Receipt, 8),
        one("pen", "main", to(3), count, 9),
        one("pen", "main", to(4), count, 10),
        one("mug", "main", to(2), count, 11),
        one("pen", "second", Asked::By(-1), fix, 12),
    ];
    let mut moving = Moving::new("stock.bulk", moves);
    let refused = shop.engine.inventory().move_stock(&moving, &operator(), None).await;
    let expected = [
        (0, "out-of-stock"),
        (1, "unknown"),
        (2, "unknown"),
        (3, "out-of-range"),
        (4, "out-of-range"),
        (5, "out-of-range"),
        (6, "out-of-range"),
        (7, "out-of-range"),
        (8, "out-of-range"),
        (10, "duplicate"),
        (11, "reserved"),
        (12, "out-of-stock"),
    ];
    assert_eq!(refusals(refused), expected);
    before.assert_same(&shop.snapshot().await);

    moving.mode = Mode::Valid;
    let asked = request("bulk", "rows");
    let done = shop.engine.inventory().move_stock(&moving, &operator(), Some(&asked)).await.unwrap();
    let told: Vec<_> = done.refusals.iter().map(|refused| (refused.index, refused.code)).collect();
    assert_eq!((done.written, told.as_slice()), (1, expected.as_slice()));
    assert_eq!(shop.stock("pen").await, (3, 0));
    let again = shop.engine.inventory().move_stock(&moving, &operator(), Some(&asked)).await.unwrap();
    assert_eq!(MovedStock { replayed: true, ..done }, again);
    let other = request("bulk", "other rows");
    let reused = shop.engine.inventory().move_stock(&moving, &operator(), Some(&other)).await;
    assert!(matches!(reused, Err(InventoryError::KeyReused(_))), "{reused:?}");

    // What changed nothing changes nothing when it is repeated, though goods have left since.
    let same = Moving::new("stock.bulk", vec![one("pen", "main", to(3), count, 0)]);
    let asked = request("same", "rows");
    let none = shop.engine.inventory().move_stock(&same, &operator(), Some(&asked)).await.unwrap();
    assert_eq!((none.audit, none.written, none.unchanged, none.replayed), (None, 0, 1, false));
    let less = Moving::new("stock.adjust", vec![one("pen", "main", Asked::By(-1), fix, 0)]);
    shop.engine.inventory().move_stock(&less, &operator(), None).await.unwrap();
    let again = shop.engine.inventory().move_stock(&same, &operator(), Some(&asked)).await.unwrap();
    assert_eq!(again, MovedStock { replayed: true, ..none });
    assert_eq!(shop.stock("pen").await, (2, 0));
}

/// What is kept back, and when to order more: set, listed, and left alone by what moves.
pub async fn levels_are_set_and_listed(shop: &Shop) {
    let stock = shop.engine.inventory();
    shop.sell([item("mug").stock(5).stock_at("second", 1), item("pen").stock(3), item("cup")]).await;
    let set = |sku: &'static str, location: &'static str, safety_stock, reorder_level| {
        let change = LevelChange { safety_stock, reorder_level };
        let stock = stock.clone();
        async move { stock.set_level(variant_id(sku), location, change, &operator()).await }
    };
    let shelved = set("mug", "main", Some(2), Some(Some(4))).await.unwrap();
    assert!(shelved.shelf.is_below_reorder() && shelved.shelf.level.free() == 3);
    set("cup", "second", None, Some(Some(1))).await.unwrap();
    set("pen", "main", None, Some(Some(3))).await.unwrap();
    set("mug", "main", Some(2), None).await.unwrap();
    assert_eq!(shop.audited("stock:mug").await.len(), 1, "the second time nothing changed");
    let unknown = set("nothing", "main", Some(1), None).await;
    assert!(matches!(unknown, Err(InventoryError::NotFound)), "{unknown:?}");
    let negative = set("mug", "main", Some(-1), None).await;
    assert!(matches!(negative, Err(InventoryError::Invalid { field: "safety_stock", .. })), "{negative:?}");

    let named = async |search: LevelSearch| -> Vec<(String, String)> {
        let rows = shop.store.levels(&search, 100).await.unwrap();
        rows.into_iter().map(|row| (row.sku.to_string(), row.location)).collect()
    };
    let pair = |sku: &str, code: &str| (sku.to_owned(), code.to_owned());
    let below = LevelSearch { below_reorder: true, ..LevelSearch::default() };
    assert_eq!(named(below).await, [pair("cup", "second"), pair("mug", "main")]);
    let all = shop.store.levels(&LevelSearch::default(), 100).await.unwrap();
    assert!(
        all.is_sorted_by_key(|row| (row.sku.clone(), row.shelf.level.location)) && all.len() == 4,
        "{all:?}"
    );
    for place in 0..all.len() {
        let after = Some((all[place].sku.clone(), all[place].shelf.level.location));
        let rest = LevelSearch { after, ..LevelSearch::default() };
        assert_eq!(shop.store.levels(&rest, 100).await.unwrap(), all[place + 1..]);
    }
    let of = LevelSearch {
        sku: Some("mug".parse().unwrap()),
        location: Some(location_id("second")),
        ..LevelSearch::default()
    };
    assert_eq!(named(of).await, [pair("mug", "second")]);
    let of = LevelSearch { product: Some(item("pen").slug()), ..LevelSearch::default() };
    assert_eq!(named(of).await, [pair("pen", "main")]);
    assert_eq!(shop.store.levels(&LevelSearch::default(), 1).await.unwrap(), all[..1]);

    set("mug", "main", None, Some(None)).await.unwrap();
    adjust(shop, "mug", "main", 1).await.unwrap();
    let row = &shop.store.levels(&LevelSearch::default(), 100).await.unwrap()[1..];
    let mug = row.iter().find(|row| row.location == "main" && row.sku.as_str() == "mug").unwrap();
    assert_eq!(
        (mug.shelf.reorder_level, mug.shelf.level.safety_stock, mug.shelf.level.on_hand),
        (None, 2, 6)
    );
}

/// A merchant sees and moves what they sell; what others sell is not there for them.
pub async fn a_merchant_moves_what_is_their_own(shop: &Shop) {
    let seller = SellerId(uuid::Uuid::from_u128(77));
    let own = item("own").stock(5).with_product(|product| product.seller = Some(seller));
    shop.sell([own, item("shops").stock(5)]).await;
    let merchant = Caller::Account {
        id: CustomerId(uuid::Uuid::from_u128(78)),
        role: Role::Merchant,
        seller: Some(seller),
        session: SessionId(uuid::Uuid::from_u128(79)),
    };
    let stock = shop.engine.inventory();
    let moving = |sku: &str| Moving::new("stock.adjust", vec![by(sku, "main", 1, MovementReason::Found)]);
    stock.move_stock(&moving("own"), &merchant, None).await.unwrap();
    let refused = stock.move_stock(&moving("shops"), &merchant, None).await;
    let unknown = stock.move_stock(&moving("nothing"), &merchant, None).await;
    assert_eq!(refusals(refused), refusals(unknown));
    let change = LevelChange { safety_stock: Some(1), reorder_level: None };
    stock.set_level(variant_id("own"), "main", change, &merchant).await.unwrap();
    let refused = stock.set_level(variant_id("shops"), "main", change, &merchant).await;
    assert!(matches!(refused, Err(InventoryError::NotFound)), "{refused:?}");
    let theirs = LevelSearch { seller: Some(seller), ..LevelSearch::default() };
    assert_eq!(shop.store.levels(&theirs, 9).await.unwrap().len(), 1);
    let theirs = MovementSearch { seller: Some(seller), ..MovementSearch::default() };
    let rows = movements(shop, theirs).await;
    assert!(rows.iter().all(|row| row.sku.as_str() == "own") && rows.len() == 2, "{rows:?}");
}

/// A hundred adjustments and transfers at once while shoppers buy: nothing is sold that is not there, and no unit is lost.
pub async fn goods_are_moved_while_they_are_sold(shop: &Shop) {
    shop.sell([item("mug").stock(40).stock_at("second", 40)]).await;
    let mut carts = Vec::new();
    for _ in 0..40 {
        carts.push(shop.ready_cart(&[("mug", 2)]).await);
    }
    let mut work = JoinSet::new();
    for token in carts {
        let engine = shop.engine.clone();
        work.spawn(async move { confirm(&engine, &token).await });
    }
    for number in 0..100_i64 {
        let engine = shop.engine.clone();
        work.spawn(async move {
            let moving = match number % 4 {
                0 => Moving::transfer("main", "second", &[("mug".to_owned(), 3)]),
                1 => Moving::transfer("second", "main", &[("mug".to_owned(), 3)]),
                2 => Moving::new("stock.adjust", vec![by("mug", "main", -1, MovementReason::Lost)]),
                _ => Moving::new("stock.adjust", vec![by("mug", "second", 1, MovementReason::Found)]),
            };
            match engine.inventory().move_stock(&moving, &operator(), None).await {
                Ok(done) => (0, done.movements.iter().map(|row| row.movement.delta).sum()),
                Err(InventoryError::Refused(refused)) => {
                    assert!(refused.iter().all(|one| one.code == "out-of-stock"), "{refused:?}");
                    (0, 0)
                }
                Err(error) => panic!("{error}"),
            }
        });
    }
    let (mut sold, mut moved) = (0, 0);
    for (units, delta) in work.join_all().await {
        sold += units;
        moved += delta;
    }
    assert_eq!(shop.stock("mug").await, (80 + moved, sold));
    for level in shop.levels("mug").await {
        assert!(level.on_hand >= level.reserved, "{level:?}");
    }
}

/// Many levels in one call, and a row that is wrong.
pub async fn many_levels_at_once(shop: &Shop) {
    let many = 500;
    shop.sell((0..many).map(|number| item(&format!("m-{number}")).stock(1))).await;
    let to = |number: usize| Move {
        index: number,
        sku: format!("m-{number}"),
        location: "main".to_owned(),
        asked: Asked::To { on_hand: 7, expected: None },
        reason: MovementReason::Count,
    };
    let mut moving = Moving::new("stock.bulk", (0..many).map(to).collect());
    moving.moves[5].sku = "none".to_owned();
    let refused = shop.engine.inventory().move_stock(&moving, &operator(), None).await;
    assert_eq!(refusals(refused), [(5, "unknown")]);
    moving.mode = Mode::Valid;
    let done = shop.engine.inventory().move_stock(&moving, &operator(), None).await.unwrap();
    assert_eq!((done.written, done.refusals.len()), (many as u64 - 1, 1));
    assert_eq!((shop.stock("m-5").await, shop.stock("m-6").await), ((1, 0), (7, 0)));
    let of = MovementSearch { audit: done.audit, ..MovementSearch::default() };
    assert_eq!(shop.store.movements(&of, 20_000).await.unwrap().len(), many - 1);
}

async fn confirm(engine: &Engine, token: &CartToken) -> (i64, i64) {
    match engine.checkout().confirm(token, &Confirm::default()).await {
        Ok(_) => (2, 0),
        Err(crate::checkout::ConfirmError::OutOfStock(_)) => (0, 0),
        Err(error) => panic!("{error}"),
    }
}

fn by(sku: &str, location: &str, units: i64, reason: MovementReason) -> Move {
    let (sku, location) = (sku.to_owned(), location.to_owned());
    Move { index: 0, sku, location, asked: Asked::By(units), reason }
}

async fn adjust(shop: &Shop, sku: &str, location: &str, units: i64) -> Result<MovedStock, InventoryError> {
    let moving = Moving::new("stock.adjust", vec![by(sku, location, units, MovementReason::Damaged)]);
    shop.engine.inventory().move_stock(&moving, &operator(), None).await
}

async fn receive(
    engine: &Engine,
    location: &str,
    sku: &str,
    units: i64,
) -> Result<MovedStock, InventoryError> {
    let moves = vec![by(sku, location, units, MovementReason::Receipt)];
    let moving = Moving { reference: "PO-7".to_owned(), ..Moving::new("stock.receive", moves) };
    engine.inventory().move_stock(&moving, &operator(), None).await
}

async fn transfer(
    shop: &Shop,
    from: &str,
    to: &str,
    lines: &[(&str, i64)],
) -> Result<MovedStock, InventoryError> {
    let lines: Vec<(String, i64)> = lines.iter().map(|(sku, units)| ((*sku).to_owned(), *units)).collect();
    let moving = Moving::transfer(from, to, &lines);
    shop.engine.inventory().move_stock(&moving, &operator(), None).await
}

async fn count(
    shop: &Shop,
    sku: &str,
    location: &str,
    on_hand: i64,
    expected: Option<i64>,
) -> Result<MovedStock, InventoryError> {
    let asked = Asked::To { on_hand, expected };
    let one = Move { asked, ..by(sku, location, 0, MovementReason::Count) };
    shop.engine.inventory().move_stock(&Moving::new("stock.count", vec![one]), &operator(), None).await
}

async fn movements(shop: &Shop, search: MovementSearch) -> Vec<crate::inventory::MovementRow> {
    shop.store.movements(&search, 1_000).await.unwrap()
}

#[track_caller]
fn refusals(refused: Result<MovedStock, InventoryError>) -> Vec<(usize, &'static str)> {
    match refused {
        Err(InventoryError::Refused(refused)) => {
            refused.into_iter().map(|one| (one.index, one.code)).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn crossed(shop: &Shop, interlude: impl Future<Output = ()> + Send + 'static) -> Engine {
    let crossing = Crossing::default().then(interlude);
    shop.through(Arc::new(Intercepted::new(Arc::clone(&shop.store), crossing)))
}

fn operator() -> Caller {
    Caller::Operator { name: "grace".to_owned() }
}

fn staff() -> Actor {
    operator().actor()
}
