//! What confirming a cart does, and what it refuses, over this store.

use super::{Shop, cancel, delivery, short, shortages};
use crate::cart::CartError;
use crate::checkout::{Confirm, ConfirmError};
use crate::inventory::Hold;
use crate::order::{FulfillmentState, OrderState};
use crate::payment::{PaymentMethod, PaymentState};
use crate::pricing::Rulebook;
use crate::shipping::ShippingMethod;
use crate::testkit::{add, item, location_id, start, units};
use crate::{Currency, Money, Quantity};

/// Confirming reserves the stock, freezes the lines, opens the payment and closes the cart.
pub async fn an_order_reserves_its_stock(shop: &Shop) {
    shop.sell([item("mug").price("25.50").stock(5), item("pen").price("1").stock(9)]).await;
    let order = shop.order(&[("mug", 2), ("pen", 3)]).await;
    assert_eq!((shop.stock("mug").await, shop.stock("pen").await), ((5, 2), (9, 3)));
    assert_eq!(order.order.totals.total, Money::from_minor(5_400, Currency::NGN));
    assert_eq!(
        (order.order.status, order.order.payment_status, order.order.fulfillment_status),
        (OrderState::Pending, PaymentState::Due, FulfillmentState::Unfulfilled)
    );
    assert!(order.reservations.iter().all(|reservation| reservation.hold == Hold::Committed));
}

/// Goods that a gateway payment is awaited for are held for an hour by the store's time.
pub async fn an_online_payment_holds_the_goods(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let order = shop.card_order(&[("mug", 2)]).await;
    assert_eq!(order.order.payment_status, PaymentState::Pending);
    let until = order.order.placed_at.plus(std::time::Duration::from_secs(3_600));
    assert_eq!(order.reservations[0].hold, Hold::Held(until));
    if shop.clock.is_some() {
        assert_eq!(order.order.placed_at, start(), "the store's time is that of its clock");
    }
}

/// What is left is what a shopper is told, and nothing is sold that is not there.
pub async fn the_stock_runs_out(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let (first, second, third) = (
        shop.ready_cart(&[("mug", 3)]).await,
        shop.ready_cart(&[("mug", 3)]).await,
        shop.ready_cart(&[("mug", 2)]).await,
    );
    shop.confirm(&first).await.unwrap();
    assert_eq!(shortages(shop.confirm(&second).await), [short("mug", 3, 2)]);
    shop.confirm(&third).await.unwrap();
    assert_eq!(shortages(shop.confirm(&second).await), [short("mug", 3, 0)]);
    assert_eq!(shop.stock("mug").await, (5, 5));
}

/// Two line items of one variant want their sum: each of them alone would find enough.
pub async fn two_lines_of_one_variant_count_together(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let token = shop.ready_cart(&[("mug", 3)]).await;
    let mut engraved = add("mug", 3);
    engraved.customizations.insert("engraving".to_owned(), "Ada".to_owned());
    let refused = shop.engine.carts().add(Some(&token), &engraved, None).await;
    assert!(
        matches!(&refused, Err(CartError::OutOfStock(lines)) if (lines[0].wanted, lines[0].available) == (6, 5))
    );
    engraved.quantity = units(2);
    shop.engine.carts().add(Some(&token), &engraved, None).await.unwrap();
    let other = shop.ready_cart(&[("mug", 1)]).await;
    shop.confirm(&other).await.unwrap();
    assert_eq!(shortages(shop.confirm(&token).await), [short("mug", 5, 4), short("mug", 5, 4)]);
    assert_eq!(shop.stock("mug").await, (5, 1));
}

/// An order takes from as few locations as it can, and from several when it must.
pub async fn an_order_is_split_over_locations(shop: &Shop) {
    shop.sell([item("mug").stock(2).stock_at("second", 3).stock_at("third", 4)]).await;
    let at = |order: &crate::order::OrderView, code: &str| -> u32 {
        let here = order.reservations.iter().filter(|reservation| reservation.location == location_id(code));
        here.map(|reservation| reservation.quantity.get()).sum()
    };
    let from_one = shop.order(&[("mug", 4)]).await;
    assert_eq!((at(&from_one, "main"), at(&from_one, "second"), at(&from_one, "third")), (0, 0, 4));
    let from_two = shop.order(&[("mug", 5)]).await;
    assert_eq!((at(&from_two, "main"), at(&from_two, "second")), (2, 3));
    let refused = shop.engine.carts().add(crate::cart::Shopper::Newcomer, &add("mug", 1), None).await;
    assert!(matches!(refused, Err(CartError::OutOfStock(_))), "{refused:?}");
    assert_eq!(shop.stock("mug").await, (9, 9));
}

/// What need not be counted, and what may go short, is sold whatever the stock says.
pub async fn what_is_not_limited_is_always_sold(shop: &Shop) {
    shop.sell([
        item("pdf").untracked().digital(),
        item("made").backorder().stock(1),
        item("new").backorder(),
    ])
    .await;
    let order = shop.order(&[("pdf", 100), ("made", 3), ("new", 2)]).await;
    assert_eq!(
        order.order.lines.iter().map(|line| line.stock_limited).collect::<Vec<_>>(),
        [false, false, false]
    );
    assert_eq!(shop.stock("made").await, (1, 3));
    let backordered: u32 =
        order.reservations.iter().filter(|known| known.backorder).map(|known| known.quantity.get()).sum();
    assert_eq!(backordered, 2, "one was there, and what is stocked nowhere is promised nowhere");
}

/// A cart that lacks something says what, and stays open.
pub async fn an_incomplete_checkout_says_what_is_missing(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let token = shop.cart(&[("mug", 1)]).await;
    let missing = async || match shop.confirm(&token).await {
        Err(ConfirmError::Incomplete(cart)) => cart.missing,
        other => panic!("{other:?}"),
    };
    assert_eq!(missing().await, ["email", "shipping_address", "shipping_method", "payment_method"]);
    shop.engine.carts().set_delivery(&token, &delivery(), None).await.unwrap();
    assert_eq!(missing().await, ["payment_method"]);
    shop.engine.carts().set_payment(&token, PaymentMethod::CashOnDelivery, None).await.unwrap();
    let line = shop.view(&token).await.cart.unwrap().lines[0].id;
    shop.engine.carts().set_quantity(&token, line, None, None).await.unwrap();
    assert_eq!(missing().await, ["items"]);
    assert_eq!(shop.stock("mug").await, (5, 0));
}

/// A cart that became an order is not changed any more: its token opens the next one, which is empty.
pub async fn a_placed_order_is_frozen(shop: &Shop) {
    shop.rules(Rulebook::starter(Currency::NGN)).await;
    shop.sell([item("mug").price("10").stock(5)]).await;
    let token = shop.ready_cart(&[("mug", 2)]).await;
    let line = shop.view(&token).await.cart.unwrap().lines[0].id;
    let placed = shop.confirm(&token).await.unwrap().order.order;
    let refused = shop.engine.carts().set_quantity(&token, line, Quantity::new(5), None).await;
    assert!(matches!(refused, Err(CartError::LineNotFound)), "{refused:?}");
    assert!(shop.engine.carts().get(Some(&token)).await.unwrap().lines.is_empty());
    shop.sell([item("mug").name("Renamed").price("99")]).await;
    let mut rulebook = Rulebook::starter(Currency::NGN);
    rulebook.shipping.methods = vec![ShippingMethod::flat("standard", "Dear", "1000")];
    shop.rules(rulebook).await;
    assert_eq!(shop.order_now(placed.id).await.order, placed);
}

/// A price that changed since the shopper saw it is asked about, not charged.
pub async fn a_changed_price_is_asked_about(shop: &Shop) {
    shop.sell([item("mug").price("10").stock(5)]).await;
    let token = shop.ready_cart(&[("mug", 2)]).await;
    let seen = shop.engine.carts().get(Some(&token)).await.unwrap().quote.summary.total;
    shop.sell([item("mug").price("11")]).await;
    let command = Confirm { expected_total: Some(seen), ..Confirm::default() };
    let refused = shop.engine.checkout().confirm(&token, &command).await;
    let Err(ConfirmError::PriceChanged(cart)) = refused else { panic!("{refused:?}") };
    let now = cart.quote.summary.total;
    assert_eq!((seen.minor, now.minor), (2_000, 2_200));
    let command = Confirm { expected_total: Some(now), ..Confirm::default() };
    let order = shop.engine.checkout().confirm(&token, &command).await.unwrap().order.order;
    assert_eq!(shop.order_now(order.id).await.order.totals.total, now);
}

/// Rules that changed since the shopper saw the total are asked about too.
pub async fn changed_rules_are_asked_about(shop: &Shop) {
    shop.sell([item("mug").price("10").stock(5)]).await;
    let token = shop.ready_cart(&[("mug", 1)]).await;
    let seen = shop.engine.carts().get(Some(&token)).await.unwrap().quote.summary.total;
    let mut rulebook = Rulebook::starter(Currency::NGN);
    rulebook.shipping.methods = vec![ShippingMethod::flat("standard", "Standard", "3")];
    shop.rules(rulebook).await;
    let command = Confirm { expected_total: Some(seen), ..Confirm::default() };
    let refused = shop.engine.checkout().confirm(&token, &command).await;
    assert!(
        matches!(&refused, Err(ConfirmError::PriceChanged(cart)) if cart.quote.summary.total.minor == 1_300)
    );
}

/// A version of the cart that the shopper did not see is not confirmed.
pub async fn a_changed_cart_is_asked_about(shop: &Shop) {
    shop.sell([item("mug").price("10").stock(5)]).await;
    let token = shop.ready_cart(&[("mug", 1)]).await;
    let seen = shop.engine.carts().get(Some(&token)).await.unwrap().cart.version;
    shop.engine.carts().add(Some(&token), &add("mug", 1), None).await.unwrap();
    let confirm = async |cart_version| {
        let command = Confirm { cart_version: Some(cart_version), ..Confirm::default() };
        shop.engine.checkout().confirm(&token, &command).await
    };
    let refused = confirm(seen).await;
    assert!(matches!(&refused, Err(ConfirmError::CartChanged(cart)) if cart.cart.version == seen + 1));
    confirm(seen + 1).await.unwrap();
}

/// A product that left the shop since it was put into the cart: nothing is left of it.
pub async fn a_product_that_left_the_shop(shop: &Shop) {
    shop.sell([item("mug").stock(5), item("pen").stock(5)]).await;
    let token = shop.ready_cart(&[("mug", 1), ("pen", 1)]).await;
    shop.sell([item("mug").draft()]).await;
    assert_eq!(shortages(shop.confirm(&token).await), [short("mug", 1, 0)]);
    let cart = shop.engine.carts().get(Some(&token)).await.unwrap();
    assert_eq!(cart.messages, ["mug is no longer sold"]);
    shop.engine.carts().set_quantity(&token, cart.cart.lines[0].id, None, None).await.unwrap();
    shop.confirm(&token).await.unwrap();
    assert_eq!((shop.stock("mug").await, shop.stock("pen").await), ((5, 0), (5, 1)));
}

/// What costs nothing is placed without a payment; its cancellation gives the stock back.
pub async fn an_order_that_costs_nothing(shop: &Shop) {
    shop.sell([item("gift").price("0").stock(2)]).await;
    let order = shop.card_order(&[("gift", 2)]).await;
    assert_eq!(
        (order.order.status, order.order.payment_status),
        (OrderState::Processing, PaymentState::Paid)
    );
    assert_eq!(order.reservations[0].hold, Hold::Committed);
    let cancelled = shop.engine.orders().cancel(order.order.id, &cancel()).await.unwrap().order;
    assert_eq!(
        (cancelled.order.status, cancelled.order.payment_status),
        (OrderState::Cancelled, PaymentState::Paid)
    );
    assert_eq!(shop.stock("gift").await, (2, 0));
}
