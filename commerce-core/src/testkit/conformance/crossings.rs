//! Two at once, in the order that hurts: something happens between a look and its commit. What a race finds by luck is
//! found here every time.

use std::sync::Arc;

use serde_json::json;

use super::moving_on::moving;
use super::promotions::{code, gives, promotion};
use super::{Shop, cancel, request, short, shortages};
use crate::audit::Actor;
use crate::cart::CartToken;
use crate::checkout::{Confirm, ConfirmError};
use crate::inventory::{Count, MovementReason};
use crate::order::{CancelError, MoveOnError, OrderState};
use crate::pricing::{Rulebook, RulesError};
use crate::promotion::{CouponError, NewCoupon};
use crate::shipping::ShippingMethod;
use crate::testkit::{Crossing, Intercepted, add, item, key};
use crate::{Currency, Engine, Money, OrderId, Store};

/// The price changes between look and commit, and the shopper expects the old total: they are asked.
pub async fn a_price_changes_while_an_expected_total_is_confirmed(shop: &Shop) {
    let token = cart_of_mugs(shop).await;
    let raise = reprice(shop, "12").await;
    let command =
        Confirm { expected_total: Some(Money::from_minor(2_000, Currency::NGN)), ..Confirm::default() };
    let refused = crossed(shop, raise).checkout().confirm(&token, &command).await;
    assert!(
        matches!(&refused, Err(ConfirmError::PriceChanged(cart)) if cart.quote.summary.total.minor == 2_400)
    );
    assert_eq!(shop.stock("mug").await, (5, 0));
}

/// The price changes between look and commit, and the shopper expects nothing: the order has the new one.
pub async fn a_price_changes_while_a_cart_is_confirmed(shop: &Shop) {
    let token = cart_of_mugs(shop).await;
    let raise = reprice(shop, "12").await;
    let order =
        crossed(shop, raise).checkout().confirm(&token, &Confirm::default()).await.unwrap().order.order;
    assert_eq!((order.totals.total.minor, order.lines[0].unit_price.amount().as_str()), (2_400, "12.00"));
}

/// The rules change between look and commit.
pub async fn the_rules_change_while_a_cart_is_confirmed(shop: &Shop) {
    let token = cart_of_mugs(shop).await;
    let engine = shop.engine.clone();
    let dearer = async move {
        let mut rulebook = Rulebook::starter(Currency::NGN);
        rulebook.shipping.methods = vec![ShippingMethod::flat("standard", "Standard", "5")];
        engine.rules().apply(rulebook, &Actor::System).await.unwrap();
    };
    let order =
        crossed(shop, dearer).checkout().confirm(&token, &Confirm::default()).await.unwrap().order.order;
    assert_eq!((order.totals.total.minor, order.rulebook_version), (2_500, 1));
}

/// The product leaves the shop between look and commit.
pub async fn a_product_leaves_the_shop_while_a_cart_is_confirmed(shop: &Shop) {
    let token = cart_of_mugs(shop).await;
    let store = Arc::clone(&shop.store);
    let batch = shop.batch([item("mug").price("10").draft()]).await;
    let leave = async move { store.import(&batch).await.unwrap() };
    let refused = crossed(shop, leave).checkout().confirm(&token, &Confirm::default()).await;
    assert_eq!(shortages(refused), [short("mug", 2, 0)]);
}

/// The last units go to another between look and commit.
pub async fn the_stock_goes_while_a_cart_is_confirmed(shop: &Shop) {
    let token = cart_of_mugs(shop).await;
    let other = shop.ready_cart(&[("mug", 4)]).await;
    let engine = shop.engine.clone();
    let buy = async move {
        engine.checkout().confirm(&other, &Confirm::default()).await.unwrap();
    };
    let refused = crossed(shop, buy).checkout().confirm(&token, &Confirm::default()).await;
    assert_eq!(shortages(refused), [short("mug", 2, 1)]);
    assert_eq!(shop.stock("mug").await, (5, 4));
}

/// The stock where the order was to come from goes between look and commit, and there is more elsewhere: it comes from
/// there.
pub async fn the_stock_goes_and_there_is_more_elsewhere(shop: &Shop) {
    shop.sell([item("mug").price("10").stock(2).stock_at("second", 2)]).await;
    let (token, other) = (shop.ready_cart(&[("mug", 2)]).await, shop.ready_cart(&[("mug", 2)]).await);
    let engine = shop.engine.clone();
    let buy = async move {
        engine.checkout().confirm(&other, &Confirm::default()).await.unwrap();
    };
    let order = crossed(shop, buy).checkout().confirm(&token, &Confirm::default()).await.unwrap().order;
    assert_eq!(order.reservations[0].location, crate::testkit::location_id("second"));
    assert_eq!(shop.stock("mug").await, (4, 4));
}

/// A line item is added between look and commit of another: both are in the cart.
pub async fn two_add_to_one_cart(shop: &Shop) {
    shop.sell([item("mug").stock(9), item("pen").stock(9)]).await;
    let token = shop.cart(&[("mug", 1)]).await;
    let (engine, same) = (shop.engine.clone(), token.clone());
    let add_mugs = async move {
        engine.carts().add(Some(&same), &add("mug", 2), None).await.unwrap();
    };
    let answer = crossed(shop, add_mugs).carts().add(Some(&token), &add("pen", 1), None).await.unwrap();
    let quantities: Vec<u32> = answer.cart.cart.lines.iter().map(|line| line.quantity.get()).collect();
    assert_eq!(quantities, [3, 1]);
    assert_eq!(shop.view(&token).await.cart.unwrap(), answer.cart.cart);
}

/// The cart changes between look and commit of its confirm: the order is of the cart as it is then.
pub async fn a_cart_changes_while_it_is_confirmed(shop: &Shop) {
    let token = cart_of_mugs(shop).await;
    let (engine, same) = (shop.engine.clone(), token.clone());
    let add_one = async move {
        engine.carts().add(Some(&same), &add("mug", 1), None).await.unwrap();
    };
    let order =
        crossed(shop, add_one).checkout().confirm(&token, &Confirm::default()).await.unwrap().order.order;
    assert_eq!((order.lines[0].quantity.get(), order.totals.total.minor), (3, 3_000));
    assert_eq!(shop.stock("mug").await, (5, 3));
}

/// The cart is confirmed between look and commit of a change of it: the change goes into the next cart.
pub async fn a_cart_is_confirmed_while_it_changes(shop: &Shop) {
    let token = cart_of_mugs(shop).await;
    let (engine, same) = (shop.engine.clone(), token.clone());
    let confirm = async move {
        engine.checkout().confirm(&same, &Confirm::default()).await.unwrap();
    };
    let answer = crossed(shop, confirm).carts().add(Some(&token), &add("mug", 1), None).await.unwrap();
    let quantities: Vec<u32> = answer.cart.cart.lines.iter().map(|line| line.quantity.get()).collect();
    assert_eq!((quantities, answer.cart.cart.version), (vec![1], 1));
    assert_eq!(shop.stock("mug").await, (5, 2));
}

/// The same request is confirmed between look and commit: one order, and both are told so.
pub async fn one_request_is_confirmed_twice(shop: &Shop) {
    let token = cart_of_mugs(shop).await;
    let command = Confirm { request: Some(request("key-1", "confirm")), ..Confirm::default() };
    let (engine, same, first) = (shop.engine.clone(), token.clone(), command.clone());
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let confirm = async move {
        let confirmed = engine.checkout().confirm(&same, &first).await.unwrap();
        sender.send(confirmed.order.order.id).unwrap();
    };
    let second = crossed(shop, confirm).checkout().confirm(&token, &command).await.unwrap();
    assert!(second.replayed);
    assert_eq!(second.order.order.id, receiver.await.unwrap());
    assert_eq!(shop.stock("mug").await, (5, 2));
}

/// The order is cancelled between look and commit of its cancellation: it is cancelled once, and the second is told.
pub async fn one_order_is_cancelled_twice(shop: &Shop) {
    for sku in ["mug", "pdf"] {
        shop.sell([item("mug").stock(5), item("pdf").digital().untracked()]).await;
        let id = shop.order(&[(sku, 2)]).await.order.id;
        let engine = shop.engine.clone();
        let first = async move {
            engine.orders().cancel(id, &cancel()).await.unwrap();
        };
        let refused = crossed(shop, first).orders().cancel(id, &cancel()).await;
        assert!(matches!(refused, Err(CancelError::State(_))), "{refused:?}");
        let order = shop.order_now(id).await;
        assert_eq!(
            (order.order.status, order.order.version, order.history.len()),
            (OrderState::Cancelled, 2, 5)
        );
        assert_eq!(shop.stock("mug").await.1, 0);
    }
}

/// The shopper cancels between look and commit of the expiry: it is cancelled once, by the shopper.
pub async fn an_order_is_cancelled_while_it_expires(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let id = shop.overdue_order(&[("mug", 2)]).await.order.id;
    let engine = shop.engine.clone();
    let first = async move {
        engine.orders().cancel(id, &cancel()).await.unwrap();
    };
    assert_eq!(crossed(shop, first).orders().expire_overdue(10).await.unwrap(), 0);
    assert_eq!(shop.order_now(id).await.history.last().unwrap().actor, Actor::Guest);
    assert_eq!(shop.stock("mug").await, (5, 0));
}

/// The shopper cancels between look and commit of the shipping: nothing leaves.
pub async fn an_order_is_cancelled_while_it_ships(shop: &Shop) {
    let id = accepted(shop).await;
    let engine = shop.engine.clone();
    let first = async move {
        engine.orders().cancel(id, &cancel()).await.unwrap();
    };
    let late = crossed(shop, first).orders().move_on(id, &moving(OrderState::Shipped)).await;
    assert!(matches!(late, Err(MoveOnError::State(_))), "{late:?}");
    assert_eq!(shop.stock("mug").await, (5, 0));
}

/// The shop ships between look and commit of the cancellation: it comes too late.
pub async fn an_order_ships_while_it_is_cancelled(shop: &Shop) {
    let id = accepted(shop).await;
    let engine = shop.engine.clone();
    let first = async move {
        engine.orders().move_on(id, &moving(OrderState::Shipped)).await.unwrap();
    };
    let late = crossed(shop, first).orders().cancel(id, &cancel()).await;
    assert!(matches!(late, Err(CancelError::Fulfilled)), "{late:?}");
    assert_eq!(shop.stock("mug").await, (3, 0));
}

async fn accepted(shop: &Shop) -> OrderId {
    shop.sell([item("mug").stock(5)]).await;
    let id = shop.order(&[("mug", 2)]).await.order.id;
    shop.engine.orders().move_on(id, &moving(OrderState::Processing)).await.unwrap();
    id
}

/// Goods are promised between look and commit of a count: the count is made anew, and does not go below them.
pub async fn stock_is_promised_while_it_is_counted(shop: &Shop) {
    let token = cart_of_mugs(shop).await;
    let engine = shop.engine.clone();
    let buy = async move {
        engine.checkout().confirm(&token, &Confirm::default()).await.unwrap();
    };
    let count = Count { sku: key("mug"), location: "main".to_owned(), on_hand: 1, safety_stock: None };
    let refused = crossed(shop, buy).inventory().count(&[count], MovementReason::Count, &Actor::System).await;
    assert!(
        matches!(refused, Err(crate::inventory::InventoryError::BelowReserved { reserved: 2, .. })),
        "{refused:?}"
    );
    assert_eq!(shop.stock("mug").await, (5, 2));
}

/// Goods come in between look and commit of a count: the count is of what is there then, not of the sum.
pub async fn stock_comes_in_while_it_is_counted(shop: &Shop) {
    cart_of_mugs(shop).await;
    let more = shop.batch([item("mug").price("10").stock(10)]).await;
    let store = Arc::clone(&shop.store);
    let receive = async move { store.import(&more).await.unwrap() };
    let count = Count { sku: key("mug"), location: "main".to_owned(), on_hand: 7, safety_stock: None };
    crossed(shop, receive).inventory().count(&[count], MovementReason::Count, &Actor::System).await.unwrap();
    assert_eq!(shop.stock("mug").await, (7, 0));
}

/// Two put rules in force at once: both are kept, one after the other.
pub async fn two_apply_rules(shop: &Shop) {
    let named = |name: &str| {
        let mut rulebook = Rulebook::starter(Currency::NGN);
        rulebook.shipping.methods[0].label = name.to_owned();
        rulebook
    };
    let (engine, first) = (shop.engine.clone(), named("first"));
    let apply = async move {
        engine.rules().apply(first, &Actor::System).await.unwrap();
    };
    let second = crossed(shop, apply).rules().apply(named("second"), &Actor::System).await.unwrap();
    assert_eq!(second.version, 2);
    assert_eq!(shop.store.rulebook().await.unwrap(), Some(second));
}

/// A promotion is taken out of the rules between the look of who makes coupons for it and their commit.
pub async fn a_promotion_goes_while_coupons_are_made(shop: &Shop) {
    let new = NewCoupon { promotion: "off".to_owned(), ..NewCoupon::default() };
    for many in [false, true] {
        gives(shop, [promotion("off", true, json!({}))]).await;
        let engine = shop.engine.clone();
        let go = async move {
            engine.rules().apply(Rulebook::starter(Currency::NGN), &Actor::System).await.unwrap();
        };
        let promotions = crossed(shop, go).promotions();
        let made = if many {
            promotions.generate(2, "X-", &new, &Actor::System, |_| {}).await
        } else {
            promotions.create(code("WELCOME"), &new, &Actor::System, None).await.map(drop)
        };
        assert!(matches!(&made, Err(CouponError::UnknownPromotion(_))), "{made:?}");
        assert_eq!(shop.store.coupons(None, None, 9).await.unwrap(), []);
    }
}

/// A coupon is made between the look of who takes its promotion out of the rules and the commit.
pub async fn a_coupon_is_made_while_its_promotion_goes(shop: &Shop) {
    gives(shop, [promotion("off", true, json!({}))]).await;
    let promotions = shop.engine.promotions();
    let make = async move {
        let new = NewCoupon { promotion: "off".to_owned(), ..NewCoupon::default() };
        promotions.create(code("WELCOME"), &new, &Actor::System, None).await.unwrap();
    };
    let gone = crossed(shop, make).rules().apply(Rulebook::starter(Currency::NGN), &Actor::System).await;
    assert!(matches!(&gone, Err(RulesError::HasCoupons(code)) if code == "off"), "{gone:?}");
}

/// A shop with five mugs at 10.00, and a cart of two of them that is ready to confirm.
async fn cart_of_mugs(shop: &Shop) -> CartToken {
    shop.sell([item("mug").price("10").stock(5)]).await;
    shop.ready_cart(&[("mug", 2)]).await
}

/// What changes the price of the mug.
async fn reprice(shop: &Shop, amount: &str) -> impl Future<Output = ()> + Send + 'static {
    let store = Arc::clone(&shop.store);
    let batch = shop.batch([item("mug").price(amount)]).await;
    async move { store.import(&batch).await.unwrap() }
}

/// The engine through a door behind which this happens before its next commit.
fn crossed(shop: &Shop, interlude: impl Future<Output = ()> + Send + 'static) -> Engine {
    let crossing = Crossing::default().then(interlude);
    let store: Arc<dyn Store> = Arc::new(Intercepted::new(Arc::clone(&shop.store), crossing));
    shop.through(store)
}
