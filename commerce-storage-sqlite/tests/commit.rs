//! Every guard is seen to refuse, and to leave nothing behind.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use commerce_core::cart::{self, Look};
use commerce_core::idempotency::Outcome;
use commerce_core::inventory::{self, Adjustment, Level, Reservation};
use commerce_core::order::{self, OrderNumber};
use commerce_core::payment::{self, PaymentState, Progress};
use commerce_core::{ChangeSet, CommitError, Expect, Guard, OrderId, ProductId, Store, StoreTrouble};
use common::*;

async fn with_cart(number: u128) -> Shop {
    let shop = Shop::stocked().await;
    shop.store.commit(&new_cart(number)).await.unwrap();
    shop
}

async fn with_order(number: u128) -> Shop {
    let shop = with_cart(number).await;
    shop.store.commit(&place(number)).await.unwrap();
    shop.is_sound().await;
    shop
}

/// A later version of cart 1, decided on the version that is given.
fn next_cart(expected: u64) -> ChangeSet {
    let mut changes = new_cart(1);
    let write = changes.cart.write.as_mut().unwrap();
    write.cart.version = expected + 1;
    write.cart.shipping_method = None;
    write.expected_version = Some(expected);
    changes
}

#[tokio::test]
async fn an_order_is_placed_and_cancelled() {
    let shop = with_order(1).await;
    assert_eq!(units(&shop, WHITE, LAGOS).await, (10, 3, 0));
    shop.store.commit(&cancel(1)).await.unwrap();
    assert_eq!(units(&shop, WHITE, LAGOS).await, (10, 0, 0));
    shop.is_sound().await;
}

#[tokio::test]
async fn a_cart_that_changed_is_stale() {
    let shop = with_cart(1).await;
    shop.store.commit(&next_cart(1)).await.unwrap();
    shop.refuses(&next_cart(1), cart_guard(1)).await;
    shop.store.commit(&next_cart(2)).await.unwrap();
}

#[tokio::test]
async fn a_token_opens_one_cart_at_a_time() {
    let shop = with_cart(1).await;
    let mut second = new_cart(2);
    second.cart.write.as_mut().unwrap().cart.token = token(1);
    shop.refuses(&second, cart_guard(2)).await;
    shop.store.commit(&place(1)).await.unwrap();
    shop.store.commit(&second).await.unwrap();
    let look = Look { token: Some(token(1)), ..Look::default() };
    assert_eq!(shop.store.cart(&look).await.unwrap().cart.unwrap().id, id(2));
}

#[tokio::test]
async fn lines_of_a_cart_are_written_changed_and_removed() {
    let shop = with_cart(1).await;
    let mut changes = next_cart(1);
    let write = changes.cart.write.as_mut().unwrap();
    write.lines_written = vec![(1, cart_line(1001, WHITE, 9)), (0, cart_line(1002, BLUE, 1))];
    shop.store.commit(&changes).await.unwrap();
    let look = Look { token: Some(token(1)), ..Look::default() };
    let lines = shop.store.cart(&look).await.unwrap().cart.unwrap().lines;
    assert_eq!(lines, vec![cart_line(1002, BLUE, 1), cart_line(1001, WHITE, 9)]);

    let mut changes = next_cart(2);
    let write = changes.cart.write.as_mut().unwrap();
    (write.lines_written, write.lines_removed) = (vec![], vec![id(1002)]);
    shop.store.commit(&changes).await.unwrap();
    let lines = shop.store.cart(&look).await.unwrap().cart.unwrap().lines;
    assert_eq!(lines, vec![cart_line(1001, WHITE, 9)]);
}

#[tokio::test]
async fn an_order_number_is_taken_once() {
    let shop = with_order(1).await;
    shop.store.commit(&new_cart(2)).await.unwrap();
    let mut second = place(2);
    second.order.place.as_mut().unwrap().number = OrderNumber("N1".into());
    shop.refuses(&second, Guard::OrderNumber).await;
}

#[tokio::test]
async fn a_cart_becomes_one_order() {
    let shop = with_order(1).await;
    let mut second = place(2);
    second.cart = cart::Changes::default();
    second.order.place.as_mut().unwrap().cart = id(1);
    shop.refuses(&second, cart_guard(1)).await;
    // And a second confirm of the same cart meets the cart's version before all else.
    shop.refuses(&place(1), cart_guard(1)).await;
}

#[tokio::test]
async fn an_order_that_changed_is_stale() {
    let shop = with_order(1).await;
    shop.store.commit(&cancel(1)).await.unwrap();
    shop.refuses(&cancel(1), Guard::Order(id::<OrderId>(101))).await;
}

#[tokio::test]
async fn a_payment_that_changed_is_stale() {
    let shop = with_order(1).await;
    let failed = Progress::new(PaymentState::Failed, naira(TOTAL));
    let advance = payment::Advance { id: id(201), expected_version: 2, progress: failed };
    let changes = ChangeSet {
        payment: payment::Changes { advance: vec![advance], ..Default::default() },
        ..Default::default()
    };
    shop.refuses(&changes, Guard::Payment(id(201))).await;
}

#[tokio::test]
async fn a_payment_reference_is_taken_once() {
    let shop = with_order(1).await;
    let again = payment::Changes {
        open: vec![payment::Payment { id: id(999), ..payment_of(1) }],
        ..Default::default()
    };
    shop.refuses(&ChangeSet { payment: again, ..Default::default() }, Guard::PaymentReference).await;
}

#[tokio::test]
async fn stock_is_promised_while_it_is_free() {
    let shop = with_order(1).await; // 3 of 10 are promised
    let reserve = |number: u128, units: u32, backorder: bool| Reservation {
        id: id(number),
        quantity: quantity(units),
        backorder,
        ..reservation_of(1)
    };
    let of = |reserve: Vec<Reservation>| stock_change(inventory::Changes { reserve, ..Default::default() });
    shop.refuses(&of(vec![reserve(901, 8, false)]), stock_guard(WHITE, LAGOS)).await;
    // Two reservations of one level count together.
    shop.refuses(&of(vec![reserve(901, 4, false), reserve(902, 4, false)]), stock_guard(WHITE, LAGOS)).await;
    // What is kept as safety stock is not promised.
    let keep = Level { safety_stock: Some(1), ..level(WHITE, LAGOS) };
    shop.store
        .commit(&stock_change(inventory::Changes { levels: vec![keep], ..Default::default() }))
        .await
        .unwrap();
    shop.refuses(&of(vec![reserve(901, 7, false)]), stock_guard(WHITE, LAGOS)).await;
    // A level that does not exist has nothing.
    let nowhere = Reservation { location: id(ABUJA), variant: id(BLUE), ..reserve(901, 1, false) };
    shop.refuses(&of(vec![nowhere]), stock_guard(BLUE, ABUJA)).await;

    shop.store.commit(&of(vec![reserve(901, 4, false), reserve(902, 2, false)])).await.unwrap();
    assert_eq!(units(&shop, WHITE, LAGOS).await, (10, 9, 1));
    shop.refuses(&of(vec![reserve(903, 1, false)]), stock_guard(WHITE, LAGOS)).await;
    shop.store.commit(&of(vec![reserve(903, 5, true)])).await.unwrap();
    assert_eq!(units(&shop, WHITE, LAGOS).await, (10, 14, 1));
    shop.is_sound().await;
}

#[tokio::test]
async fn a_reservation_ends_once() {
    let shop = with_order(1).await;
    let of = |release| stock_change(inventory::Changes { release, ..Default::default() });
    shop.refuses(&of(vec![release_of(1), release_of(1)]), Guard::Reservation(id(301))).await;
    let release = of(vec![release_of(1)]);
    shop.store.commit(&release).await.unwrap();
    assert_eq!(units(&shop, WHITE, LAGOS).await, (10, 0, 0));
    shop.refuses(&release, Guard::Reservation(id(301))).await;
}

#[tokio::test]
async fn stock_moves_down_to_what_is_promised_and_no_further() {
    let shop = with_order(1).await; // 3 of 10 are promised
    let of = |adjust: Vec<Adjustment>| stock_change(inventory::Changes { adjust, ..Default::default() });
    shop.refuses(&of(vec![movement(801, WHITE, LAGOS, -8)]), stock_guard(WHITE, LAGOS)).await;
    shop.refuses(&of(vec![movement(801, WHITE, ABUJA, -6)]), stock_guard(WHITE, ABUJA)).await;
    shop.refuses(&of(vec![movement(801, BLUE, ABUJA, 1)]), stock_guard(BLUE, ABUJA)).await; // no such level
    let counted =
        |expected| Adjustment { expected_on_hand: Some(expected), ..movement(802, WHITE, LAGOS, -7) };
    shop.refuses(&of(vec![counted(9)]), stock_guard(WHITE, LAGOS)).await;
    shop.store.commit(&of(vec![counted(10)])).await.unwrap();
    assert_eq!(units(&shop, WHITE, LAGOS).await, (3, 3, 0));
    // Movements of one level follow one another.
    let both =
        vec![movement(803, WHITE, LAGOS, 5), movement(804, WHITE, LAGOS, -5), movement(805, BLUE, LAGOS, -1)];
    shop.store.commit(&of(both)).await.unwrap();
    assert_eq!((units(&shop, WHITE, LAGOS).await.0, units(&shop, BLUE, LAGOS).await.0), (3, 9));
    shop.is_sound().await;
}

#[tokio::test]
async fn goods_that_come_in_are_welcome_where_more_is_promised() {
    let shop = with_order(1).await;
    let beyond = Reservation { id: id(901), quantity: quantity(20), backorder: true, ..reservation_of(1) };
    let of = |inventory| stock_change(inventory);
    shop.store.commit(&of(inventory::Changes { reserve: vec![beyond], ..Default::default() })).await.unwrap();
    let came = inventory::Changes { adjust: vec![movement(801, WHITE, LAGOS, 2)], ..Default::default() };
    shop.store.commit(&of(came)).await.unwrap();
    assert_eq!(units(&shop, WHITE, LAGOS).await, (12, 23, 0));
}

#[tokio::test]
async fn a_safety_stock_that_is_not_given_stays() {
    let shop = Shop::stocked().await;
    let set = |safety_stock| {
        let levels = vec![Level { safety_stock, ..level(WHITE, LAGOS) }, level(BLUE, ABUJA)];
        stock_change(inventory::Changes { levels, ..Default::default() })
    };
    shop.store.commit(&set(Some(4))).await.unwrap();
    shop.store.commit(&set(None)).await.unwrap();
    assert_eq!(units(&shop, WHITE, LAGOS).await, (10, 0, 4));
    assert_eq!(units(&shop, BLUE, ABUJA).await, (0, 0, 0));
    shop.store.commit(&set(Some(0))).await.unwrap();
    assert_eq!(units(&shop, WHITE, LAGOS).await, (10, 0, 0));
}

#[tokio::test]
async fn a_location_code_is_taken_once() {
    let shop = Shop::stocked().await;
    let locations = vec![location(53, "IBADAN", 3), location(54, "LAGOS", 3)];
    shop.refuses(&stock_change(inventory::Changes { locations, ..Default::default() }), Guard::Location)
        .await;
}

#[tokio::test]
async fn a_rulebook_follows_the_one_in_force() {
    let shop = Shop::empty().await;
    assert_eq!(shop.store.rulebook().await.unwrap(), None);
    shop.refuses(&rulebook(2), Guard::Rulebook).await;
    shop.store.commit(&rulebook(1)).await.unwrap();
    shop.refuses(&rulebook(1), Guard::Rulebook).await;
    shop.refuses(&rulebook(3), Guard::Rulebook).await;
    shop.store.commit(&rulebook(2)).await.unwrap();
    assert_eq!(shop.store.rulebook().await.unwrap(), rulebook(2).pricing.rulebook);
}

#[tokio::test]
async fn what_was_relied_on_is_compared() {
    let shop = with_cart(1).await;
    let mug: ProductId = id(30);
    let relying = |expects: &[Expect]| ChangeSet { expects: expects.to_vec(), ..place(1) };
    shop.refuses(&relying(&[Expect::Product(mug, 1), Expect::Rulebook(1)]), Guard::Rulebook).await;
    shop.refuses(&relying(&[Expect::Rulebook(0), Expect::Product(mug, 2)]), Guard::Product(mug)).await;
    shop.refuses(&relying(&[Expect::Product(id(77), 1)]), Guard::Product(id(77))).await;
    shop.store.commit(&relying(&[Expect::Rulebook(0), Expect::Product(mug, 1)])).await.unwrap();
    shop.store.commit(&rulebook(1)).await.unwrap();
    shop.refuses(&ChangeSet { expects: vec![Expect::Rulebook(0)], ..cancel(1) }, Guard::Rulebook).await;
    shop.store.commit(&ChangeSet { expects: vec![Expect::Rulebook(1)], ..cancel(1) }).await.unwrap();
}

#[tokio::test]
async fn a_request_is_recorded_once() {
    let shop = with_order(1).await;
    let again = ChangeSet { idempotency: Some(record("key-1", Outcome::CartChanged(id(1)))), ..new_cart(2) };
    shop.refuses(&again, Guard::Idempotency).await;
    let other = ChangeSet { idempotency: Some(record("key-2", Outcome::CartChanged(id(2)))), ..new_cart(2) };
    shop.store.commit(&other).await.unwrap();
    shop.is_sound().await;
}

#[tokio::test]
async fn what_is_broken_is_no_stale_and_leaves_nothing_behind() {
    let shop = with_order(1).await;
    let before = shop.everything().await;
    let twice = ChangeSet { audit: vec![audit_entry(401)], ..new_cart(2) };
    let orphan = ChangeSet {
        order: order::Changes { history: place(7).order.history, ..Default::default() },
        ..new_cart(2)
    };
    let mut wrong_sum = place(2);
    wrong_sum.cart = cart::Changes::default();
    wrong_sum.order.place.as_mut().unwrap().totals.total = naira(1);
    for changes in [twice, orphan, wrong_sum] {
        match shop.store.commit(&changes).await {
            Err(CommitError::Store(error)) => assert_eq!(error.kind, StoreTrouble::Broken),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(before, shop.everything().await);
}
