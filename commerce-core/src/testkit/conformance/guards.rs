//! Each guard of a commit is seen to refuse. [`Shop::stale`] sees that what it refused left nothing behind: most cases
//! break one part of a whole order, so that the rest of it would have been written.

use serde_json::json;

use super::promotions::{coupon, gives, issue, promotion};
use super::{Shop, cancel, request};
use crate::audit::Actor;
use crate::cart::{Cart, CartToken, Write};
use crate::checkout::Placed;
use crate::inventory::{
    Adjustment, Fulfil, Hold, Level, Location, Movement, MovementReason, Rehold, Release, Reservation,
};
use crate::order::{Advance, Machine, OrderNumber, Transition};
use crate::payment::{self, PaymentReference, PaymentState};
use crate::pricing::{Rulebook, StoredRulebook};
use crate::testkit::{item, location_id, named, product_id, units, variant_id};
use crate::{CartId, ChangeSet, Currency, Expect, Guard, LineId, LocationId, Money, OrderId, ReservationId};

/// A cart that changed since it was read: by another write, or by becoming an order.
pub async fn a_cart_that_changed(shop: &Shop) {
    let (token, placed) = ready(shop).await;
    let line = shop.view(&token).await.cart.unwrap().lines[0].clone();
    shop.engine.carts().set_quantity(&token, line.id, Some(units(2)), None).await.unwrap();
    assert_eq!(shop.stale(&placed.changes).await, Guard::Cart(placed.order.cart));
}

/// A cart that became an order: neither a change nor a second order is taken.
pub async fn a_cart_that_became_an_order(shop: &Shop) {
    let (token, placed) = ready(shop).await;
    let seen = shop.view(&token).await.cart.unwrap();
    let mut after = seen.clone();
    after.email = None;
    let mut change = ChangeSet::default();
    change.cart.write = Some(Write::between(Some(&seen), &mut after));
    let again = shop.placed(&token).await;
    shop.confirm(&token).await.unwrap();
    assert_eq!(shop.stale(&change).await, Guard::Cart(seen.id));
    assert_eq!(shop.stale(&again.changes).await, Guard::Cart(seen.id));
    assert_eq!(shop.stale(&placed.changes).await, Guard::Cart(seen.id));
}

/// A second order of one cart, even when whoever places it leaves the cart alone.
pub async fn a_second_order_of_one_cart(shop: &Shop) {
    let (_, placed) = ready(shop).await;
    shop.store.commit(&placed.changes).await.unwrap();
    let mut second = renamed(&placed, "second");
    second.cart.write = None;
    assert_eq!(shop.stale(&second).await, Guard::Cart(placed.order.cart));
}

/// A cart that is not there.
pub async fn a_cart_that_is_not_there(shop: &Shop) {
    let (token, _) = ready(shop).await;
    let known = shop.view(&token).await.cart.unwrap();
    let (id, token) = (named("cart", "nowhere"), CartToken::from_bytes([3; 32]).hash());
    let seen = Cart { id, token, lines: Vec::new(), ..known };
    let mut change = ChangeSet::default();
    change.cart.write = Some(Write::between(Some(&seen), &mut seen.clone()));
    assert_eq!(shop.stale(&change).await, Guard::Cart(seen.id));
}

/// A second open cart of one token.
pub async fn a_second_open_cart_of_one_token(shop: &Shop) {
    let (token, _) = ready(shop).await;
    let mut other = shop.view(&token).await.cart.unwrap();
    other.id = named::<CartId>("cart", "other");
    for (place, line) in other.lines.iter_mut().enumerate() {
        line.id = named::<LineId>("other line", &place.to_string());
    }
    let mut change = ChangeSet::default();
    change.cart.write = Some(Write::between(None, &mut other));
    assert_eq!(shop.stale(&change).await, Guard::Cart(other.id));
}

/// An order that got further since it was read, or that is not there.
pub async fn an_order_that_changed(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let order = shop.order(&[("mug", 1)]).await.order.id;
    let cancelling = shop.cancelling(order).await;
    shop.engine.orders().cancel(order, &cancel()).await.unwrap();
    assert_eq!(shop.stale(&cancelling).await, Guard::Order(order));
    shop.sell([item("pdf").digital().untracked()]).await;
    let other = shop.order(&[("pdf", 1)]).await.order.id;
    let mut unknown = shop.cancelling(other).await;
    let nowhere: OrderId = named("order", "nowhere");
    unknown.order.advance.as_mut().unwrap().id = nowhere;
    unknown.order.history.clear();
    assert_eq!(shop.stale(&unknown).await, Guard::Order(nowhere));
}

/// An order number that another order has.
pub async fn an_order_number_that_is_taken(shop: &Shop) {
    let (_, placed) = ready(shop).await;
    let taken = shop.order(&[("mug", 1)]).await.order.number;
    let mut changes = placed.changes;
    changes.order.place.as_mut().unwrap().number = taken;
    assert_eq!(shop.stale(&changes).await, Guard::OrderNumber);
}

/// A payment attempt that got further since it was read.
pub async fn a_payment_that_changed(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let order = shop.card_order(&[("mug", 1)]).await;
    let id = order.payments[0].id;
    let mut changes = shop.cancelling(order.order.id).await;
    changes.payment.advance[0].expected_version = 7;
    assert_eq!(shop.stale(&changes).await, Guard::Payment(id));
    let unknown = named("payment", "nowhere");
    changes.payment.advance = vec![payment::Advance {
        id: unknown,
        ..order.payments[0].advance(order.payments[0].progress.clone())
    }];
    assert_eq!(shop.stale(&changes).await, Guard::Payment(unknown));
}

/// A payment reference that another attempt has.
pub async fn a_payment_reference_that_is_taken(shop: &Shop) {
    let (_, placed) = ready(shop).await;
    let taken: PaymentReference = shop.order(&[("mug", 1)]).await.payments[0].reference.clone();
    let mut changes = placed.changes;
    changes.payment.open[0].reference = taken;
    assert_eq!(shop.stale(&changes).await, Guard::PaymentReference);
}

/// Stock that is gone: the order, its cart, its payment and its event are all taken back.
pub async fn stock_that_is_gone(shop: &Shop) {
    let (_, placed) = ready(shop).await;
    shop.order(&[("mug", 5)]).await;
    assert_eq!(shop.stale(&placed.changes).await, stock("mug", "main"));
}

/// Units that are free elsewhere, or safe, or of a row that is not there, are not free here.
pub async fn stock_is_guarded_by_location_and_safety(shop: &Shop) {
    let (_, placed) = ready(shop).await;
    shop.sell([item("mug").stock(0).safety_stock(2).stock_at("second", 5), item("no-row")]).await;
    let reserving = |sku: &str, location: &str, quantity: u32| {
        let mut changes = placed.changes.clone();
        changes.expects.clear();
        let reservation = &mut changes.inventory.reserve[0];
        reservation.variant = variant_id(sku);
        reservation.location = location_id(location);
        reservation.quantity = units(quantity);
        changes
    };
    assert_eq!(
        shop.stale(&reserving("mug", "main", 4)).await,
        stock("mug", "main"),
        "5 there, 2 of them safe"
    );
    assert_eq!(shop.stale(&reserving("mug", "second", 6)).await, stock("mug", "second"));
    assert_eq!(shop.stale(&reserving("no-row", "main", 1)).await, stock("no-row", "main"));
    shop.store.commit(&reserving("mug", "main", 1)).await.unwrap();
    assert_eq!(shop.stock("mug").await, (10, 1), "what is free can still be had");
}

/// Two reservations of one row in one change set are guarded by their sum.
pub async fn two_reservations_of_one_row(shop: &Shop) {
    let (_, placed) = ready(shop).await;
    let mut changes = placed.changes;
    let mut second = changes.inventory.reserve[0].clone();
    changes.inventory.reserve[0].quantity = units(3);
    second.id = named::<ReservationId>("reservation", "second");
    second.quantity = units(3);
    changes.inventory.reserve.push(second);
    assert_eq!(shop.stale(&changes).await, stock("mug", "main"));
}

/// A reservation that may go short is taken whatever is free.
pub async fn a_backorder_is_not_guarded(shop: &Shop) {
    shop.sell([item("mug").stock(1).backorder()]).await;
    let order = shop.order(&[("mug", 4)]).await;
    assert_eq!(order.reservations.iter().map(|reservation| reservation.quantity.get()).sum::<u32>(), 4);
    assert_eq!(shop.stock("mug").await, (1, 4));
}

/// A movement never takes what is on hand below what is promised, or below nothing; what comes in always may.
pub async fn a_movement_below_what_is_promised(shop: &Shop) {
    shop.sell([item("mug").stock(5), item("short").stock(1).backorder()]).await;
    shop.order(&[("mug", 3), ("short", 4)]).await;
    assert_eq!(shop.stale(&moving(shop, "mug", -3, None).await).await, stock("mug", "main"));
    assert_eq!(shop.stale(&moving(shop, "mug", -6, None).await).await, stock("mug", "main"));
    assert_eq!(shop.stale(&moving(shop, "short", -1, None).await).await, stock("short", "main"));
    shop.store.commit(&moving(shop, "mug", -2, None).await).await.unwrap();
    shop.store.commit(&moving(shop, "short", 1, None).await).await.unwrap();
    assert_eq!((shop.stock("mug").await, shop.stock("short").await), ((3, 3), (2, 4)));
}

/// A level that is not what was counted on, and a row that is not there.
pub async fn a_movement_from_another_level(shop: &Shop) {
    shop.sell([item("mug").stock(5), item("no-row")]).await;
    assert_eq!(shop.stale(&moving(shop, "mug", 1, Some(4)).await).await, stock("mug", "main"));
    assert_eq!(shop.stale(&moving(shop, "no-row", 1, None).await).await, stock("no-row", "main"));
    let mut opened = moving(shop, "no-row", 1, Some(0)).await;
    opened.inventory.levels.push(Level {
        variant: variant_id("no-row"),
        location: location_id("main"),
        safety_stock: None,
        reorder_level: None,
    });
    shop.store.commit(&opened).await.unwrap();
    shop.store.commit(&moving(shop, "mug", 1, Some(5)).await).await.unwrap();
    assert_eq!((shop.stock("mug").await, shop.stock("no-row").await), ((6, 0), (1, 0)));
}

/// A reservation that has ended, or never was, is not released.
pub async fn a_reservation_that_has_ended(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let order = shop.order(&[("mug", 2)]).await;
    let reservation = &order.reservations[0];
    let mut release = ChangeSet::default();
    release.inventory.release.push(Release::all(reservation));
    shop.engine.orders().cancel(order.order.id, &cancel()).await.unwrap();
    assert_eq!(shop.stale(&release).await, Guard::Reservation(reservation.id));
    let unknown: ReservationId = named("reservation", "nowhere");
    release.inventory.release[0].reservation = unknown;
    assert_eq!(shop.stale(&release).await, Guard::Reservation(unknown));
    assert_eq!(shop.stock("mug").await, (5, 0));
}

/// One release in two of one change set is one too many.
pub async fn a_reservation_released_twice_at_once(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let order = shop.order(&[("mug", 2)]).await;
    let mut cancelling = shop.cancelling(order.order.id).await;
    let twice = cancelling.inventory.release[0];
    cancelling.inventory.release.push(twice);
    assert_eq!(shop.stale(&cancelling).await, Guard::Reservation(twice.reservation));
}

/// A part of a reservation is given back, by the quantity that was read; the rest is held on, and ends later.
pub async fn a_reservation_of_which_a_part_is_released(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let order = shop.order(&[("mug", 4)]).await;
    let reservation = order.reservations[0].clone();
    let mut release = ChangeSet::default();
    release.inventory.release.push(Release::some(&reservation, units(3)));
    shop.store.commit(&release).await.unwrap();
    assert_eq!(shop.stock("mug").await, (5, 1));
    let left = shop.order_now(order.order.id).await.reservations;
    assert_eq!(left, [Reservation { quantity: units(1), ..reservation.clone() }]);
    assert_eq!(shop.stale(&release).await, Guard::Reservation(reservation.id));
    release.inventory.release[0] = Release::all(&reservation);
    assert_eq!(shop.stale(&release).await, Guard::Reservation(reservation.id));
    let mut elsewhere = Release::all(&left[0]);
    elsewhere.order = named("order", "nowhere");
    release.inventory.release[0] = elsewhere;
    assert_eq!(shop.stale(&release).await, Guard::Reservation(reservation.id));
    shop.engine.orders().cancel(order.order.id, &cancel()).await.unwrap();
    assert_eq!(shop.stock("mug").await, (5, 0));
}

/// Goods that leave take their reservation with them, all of it or a part, once, and by a movement.
pub async fn goods_that_leave(shop: &Shop) {
    shop.sell([item("mug").stock(5).stock_at("second", 2)]).await;
    let order = shop.order(&[("mug", 6)]).await;
    let [first, second] = &order.reservations[..] else { panic!("{:?}", order.reservations) };
    let (most, least) = if first.quantity > second.quantity { (first, second) } else { (second, first) };
    let part = leaving(shop, &[(most, 3)]).await;
    shop.store.commit(&part).await.unwrap();
    assert_eq!(shop.stock("mug").await, (4, 3));
    let left = shop.order_now(order.order.id).await.reservations;
    let rest = left.iter().find(|reservation| reservation.id == most.id).unwrap();
    assert_eq!(*rest, Reservation { quantity: units(2), ..most.clone() });
    assert_eq!(shop.stale(&part).await, Guard::Reservation(most.id));
    let mut elsewhere = leaving(shop, &[(rest, 2)]).await;
    elsewhere.inventory.fulfil[0].ends.order = named("order", "nowhere");
    assert_eq!(shop.stale(&elsewhere).await, Guard::Reservation(most.id));
    let twice = leaving(shop, &[(rest, 2), (rest, 2)]).await;
    assert_eq!(shop.stale(&twice).await, Guard::Reservation(most.id));
    let mut back_and_gone = leaving(shop, &[(rest, 1)]).await;
    back_and_gone.inventory.release.push(Release::some(rest, units(1)));
    assert_eq!(shop.stale(&back_and_gone).await, Guard::Reservation(most.id));
    shop.store.commit(&leaving(shop, &[(rest, 2), (least, 1)]).await).await.unwrap();
    assert_eq!(shop.stock("mug").await, (1, 0));
    assert!(shop.order_now(order.order.id).await.reservations.is_empty());
    let mut gone = ChangeSet::default();
    gone.inventory.release.push(Release::all(least));
    assert_eq!(shop.stale(&gone).await, Guard::Reservation(least.id));
    shop.order(&[("mug", 1)]).await;
}

/// Goods that were sold beyond the stock leave once they are there, and never with what is promised to others for certain.
pub async fn goods_that_are_not_there(shop: &Shop) {
    shop.sell([item("mug").stock(1).backorder()]).await;
    let order = shop.order(&[("mug", 4)]).await;
    let certain = order.reservations.iter().find(|reservation| !reservation.backorder).unwrap();
    let beyond = order.reservations.iter().find(|reservation| reservation.backorder).unwrap();
    assert_eq!((certain.quantity, beyond.quantity), (units(1), units(3)));
    let short = stock("mug", "main");
    assert_eq!(shop.stale(&leaving(shop, &[(beyond, 3)]).await).await, short);
    assert_eq!(shop.stale(&leaving(shop, &[(beyond, 1)]).await).await, short, "the only one is promised");
    shop.store.commit(&moving(shop, "mug", 2, None).await).await.unwrap();
    assert_eq!(shop.stale(&leaving(shop, &[(beyond, 3)]).await).await, short);
    assert_eq!(shop.stale(&leaving(shop, &[(beyond, 3), (certain, 1)]).await).await, short);
    shop.store.commit(&leaving(shop, &[(beyond, 2)]).await).await.unwrap();
    assert_eq!(shop.stock("mug").await, (1, 2));
    let left = shop.order_now(order.order.id).await.reservations;
    let beyond = left.iter().find(|reservation| reservation.backorder).unwrap();
    let mut brought = leaving(shop, &[(beyond, 1), (certain, 1)]).await;
    brought.inventory.adjust = moving(shop, "mug", 1, Some(1)).await.inventory.adjust;
    shop.store.commit(&brought).await.unwrap();
    assert_eq!(shop.stock("mug").await, (0, 0));
}

/// A reservation is held longer, or for good, while it is open, and only by its own order.
pub async fn a_reservation_that_is_held_longer(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let order = shop.card_order(&[("mug", 2)]).await;
    let reservation = &order.reservations[0];
    let until = order.now.plus(std::time::Duration::from_secs(7_200));
    let mut changes = ChangeSet::default();
    changes.order.advance = Some(Advance {
        id: order.order.id,
        expected_version: order.order.version,
        status: order.order.status,
        payment_status: order.order.payment_status,
        fulfillment_status: order.order.fulfillment_status,
        pay_until: Some(until),
    });
    let rehold = Rehold { reservation: reservation.id, order: reservation.order, hold: Hold::Held(until) };
    changes.inventory.rehold = vec![rehold];
    shop.store.commit(&changes).await.unwrap();
    let longer = shop.order_now(order.order.id).await;
    assert_eq!((longer.order.pay_until, longer.reservations[0].hold), (Some(until), Hold::Held(until)));
    assert_eq!(shop.stock("mug").await, (5, 2));
    let mut again = ChangeSet::default();
    let nowhere = named("order", "nowhere");
    again.inventory.rehold = vec![Rehold { order: nowhere, hold: Hold::Committed, ..rehold }];
    assert_eq!(shop.stale(&again).await, Guard::Reservation(reservation.id));
    again.inventory.rehold = vec![rehold, rehold];
    assert_eq!(shop.stale(&again).await, Guard::Reservation(reservation.id));
    shop.engine.orders().cancel(order.order.id, &cancel()).await.unwrap();
    again.inventory.rehold = vec![rehold];
    assert_eq!(shop.stale(&again).await, Guard::Reservation(reservation.id));

    let for_good = shop.card_order(&[("mug", 1)]).await;
    let mut changes = ChangeSet::default();
    let reservation = &for_good.reservations[0];
    changes.inventory.rehold =
        vec![Rehold { reservation: reservation.id, order: reservation.order, hold: Hold::Committed }];
    changes.order.advance = Some(Advance {
        id: for_good.order.id,
        expected_version: 1,
        status: for_good.order.status,
        payment_status: PaymentState::Authorized,
        fulfillment_status: for_good.order.fulfillment_status,
        pay_until: None,
    });
    let step = Transition {
        machine: Machine::Payment,
        from: Some("pending".to_owned()),
        to: "authorized".to_owned(),
        actor: Actor::System,
        note: String::new(),
        at: for_good.now,
    };
    changes.order.history = vec![(for_good.order.id, step)];
    shop.store.commit(&changes).await.unwrap();
    let committed = shop.order_now(for_good.order.id).await;
    assert_eq!((committed.order.pay_until, committed.reservations[0].hold), (None, Hold::Committed));
}

/// A location code that is taken.
pub async fn a_location_code_that_is_taken(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let mut changes = ChangeSet::default();
    let location =
        |id: &str, code: &str| Location::new(named::<LocationId>("other location", id), code, "Another", 9);
    changes.inventory.locations = vec![location("new", "new"), location("main", "main")];
    assert_eq!(shop.stale(&changes).await, Guard::Location);
    changes.inventory.locations[1].code = "MAIN".to_owned();
    shop.store.commit(&changes).await.unwrap();
}

/// A rulebook that another one followed, or that does not follow the one in force.
pub async fn a_rulebook_that_changed(shop: &Shop) {
    let stored = |version| StoredRulebook { version, rulebook: Rulebook::starter(Currency::NGN) };
    let applying = |version| {
        let mut changes = ChangeSet::default();
        changes.pricing.rulebook = Some(stored(version));
        changes
    };
    assert_eq!(shop.stale(&applying(2)).await, Guard::Rulebook);
    shop.store.commit(&applying(1)).await.unwrap();
    assert_eq!(shop.stale(&applying(1)).await, Guard::Rulebook);
    assert_eq!(shop.stale(&applying(3)).await, Guard::Rulebook);
    shop.store.commit(&applying(2)).await.unwrap();
    assert_eq!(shop.store.rulebook().await.unwrap(), Some(stored(2)));
}

/// A rulebook without a promotion for which a coupon was made meanwhile.
pub async fn a_promotion_that_got_a_coupon(shop: &Shop) {
    gives(shop, [promotion("off", true, json!({})), promotion("other", true, json!({}))]).await;
    let now = shop.now().await;
    issue(shop, &[coupon("WELCOME", "off", now)]).await;
    let without = |gone: &[&str]| {
        let mut changes = ChangeSet::default();
        changes.pricing.rulebook =
            Some(StoredRulebook { version: 2, rulebook: Rulebook::starter(Currency::NGN) });
        changes.pricing.gone.promotions = gone.iter().map(|code| (*code).to_owned()).collect();
        changes
    };
    assert_eq!(shop.stale(&without(&["other", "off"])).await, Guard::Rulebook);
    shop.store.commit(&without(&["other"])).await.unwrap();
}

/// An order that was priced by a rulebook that is no longer in force.
pub async fn a_rulebook_that_was_relied_on(shop: &Shop) {
    let (token, placed) = ready(shop).await;
    assert!(placed.changes.expects.contains(&Expect::Rulebook(0)));
    shop.rules(Rulebook::starter(Currency::NGN)).await;
    assert_eq!(shop.stale(&placed.changes).await, Guard::Rulebook);
    let priced_by_the_first = shop.placed(&token).await;
    shop.rules(Rulebook::starter(Currency::NGN)).await;
    assert_eq!(shop.stale(&priced_by_the_first.changes).await, Guard::Rulebook);
}

/// An order of a product that changed since it was priced.
pub async fn a_product_that_was_relied_on(shop: &Shop) {
    let (_, placed) = ready(shop).await;
    shop.sell([item("mug").price("26")]).await;
    assert_eq!(shop.stale(&placed.changes).await, Guard::Product(product_id("mug")));
    let mut unknown = placed.changes;
    unknown.expects = vec![Expect::Product(product_id("nowhere"), 1)];
    assert_eq!(shop.stale(&unknown).await, Guard::Product(product_id("nowhere")));
}

/// A request that was recorded meanwhile, with the same effect or another one.
pub async fn a_request_that_was_recorded(shop: &Shop) {
    let (token, placed) = ready(shop).await;
    let asked = request("key-1", "body");
    let line = shop.view(&token).await.cart.unwrap().lines[0].clone();
    shop.engine.carts().set_quantity(&token, line.id, Some(units(1)), Some(&asked)).await.unwrap();
    let mut changes = shop.placed(&token).await.changes;
    changes.idempotency = Some(crate::idempotency::Record {
        scope: asked.scope,
        fingerprint: [0; 32],
        outcome: crate::idempotency::Outcome::OrderPlaced(placed.order.id),
        at: placed.order.placed_at,
    });
    assert_eq!(shop.stale(&changes).await, Guard::Idempotency);
}

/// What is not refused: the same change set, when nothing came between.
pub async fn what_nothing_came_between_is_committed(shop: &Shop) {
    let (_, placed) = ready(shop).await;
    shop.store.commit(&placed.changes).await.unwrap();
    assert_eq!(shop.order_now(placed.order.id).await.order, placed.order);
    assert_eq!(placed.order.totals.total, Money::from_minor(2_500, Currency::NGN));
    shop.store.commit(&ChangeSet::default()).await.unwrap();
}

/// A shop that sells five mugs, a cart that holds one, and the order that it would become.
async fn ready(shop: &Shop) -> (CartToken, Placed) {
    shop.sell([item("mug").stock(5)]).await;
    let token = shop.ready_cart(&[("mug", 1)]).await;
    let placed = shop.placed(&token).await;
    (token, placed)
}

/// The same order again, under other ids.
fn renamed(placed: &Placed, name: &str) -> ChangeSet {
    let mut changes = placed.changes.clone();
    let id: OrderId = named("order", name);
    let order = changes.order.place.as_mut().unwrap();
    order.id = id;
    order.number = OrderNumber(name.to_owned());
    for line in &mut order.lines {
        line.id = named::<LineId>(name, &line.id.to_string());
    }
    for (of, _) in &mut changes.order.history {
        *of = id;
    }
    let payment = &mut changes.payment.open[0];
    payment.id = named("payment", name);
    payment.order = id;
    payment.reference = PaymentReference(name.to_owned());
    for reservation in &mut changes.inventory.reserve {
        reservation.id = named(name, &reservation.id.to_string());
        reservation.line = named::<LineId>(name, &reservation.line.to_string());
        reservation.order = id;
    }
    changes.events[0].id = named("event", name);
    changes.events[0].subject = format!("order:{id}");
    changes.mail.send[0].id = named("mail", name);
    changes
}

async fn leaving(shop: &Shop, units_of: &[(&Reservation, u32)]) -> ChangeSet {
    let at = shop.now().await;
    let mut ids = shop.ids(at);
    let mut changes = ChangeSet::default();
    changes.inventory.fulfil = units_of
        .iter()
        .map(|(reservation, quantity)| {
            Fulfil::some(reservation, units(*quantity), ids.fresh(), &Actor::System, "", at)
        })
        .collect();
    changes
}

async fn moving(shop: &Shop, sku: &str, delta: i64, expected_on_hand: Option<i64>) -> ChangeSet {
    let at = shop.now().await;
    let movement = Movement {
        id: shop.ids(at).fresh(),
        variant: variant_id(sku),
        location: location_id("main"),
        delta,
        reason: MovementReason::Adjustment,
        actor: Actor::System,
        note: String::new(),
        reference: String::new(),
        audit: None,
        at,
    };
    let mut changes = ChangeSet::default();
    changes.inventory.adjust.push(Adjustment { movement, expected_on_hand });
    changes
}

fn stock(sku: &str, location: &str) -> Guard {
    Guard::Stock { variant: variant_id(sku), location: location_id(location) }
}
