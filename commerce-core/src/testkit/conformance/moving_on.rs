//! What staff does with orders, over this store: they are accepted, shipped, handed over and done, or come back.

use super::{Shop, cancel, request};
use crate::audit::Actor;
use crate::inventory::{Count, MovementReason};
use crate::order::{FulfillmentState, MoveOn, MoveOnError, OrderAnswer, OrderKey, OrderState, OrderView};
use crate::payment::{Collect, PayBack, PaymentMethod, PaymentState, RefundLine, ReturnToSender, What};
use crate::testkit::{item, key, location_id, units};
use crate::{OrderId, Quantity};

/// An order that is paid at the door, from the shop's acceptance to its end.
pub async fn cash_on_delivery_ends_well(shop: &Shop) {
    shop.sell([item("mug").stock(3).stock_at("second", 2)]).await;
    let id = shop.order(&[("mug", 4)]).await.order.id;
    let accepted = to(shop, id, OrderState::Processing).await.unwrap().order;
    assert_eq!(states(&accepted), (OrderState::Processing, PaymentState::Due, FulfillmentState::Unfulfilled));
    assert_eq!(shop.stock("mug").await, (5, 4));
    let shipped = to(shop, id, OrderState::Shipped).await.unwrap().order;
    assert_eq!(states(&shipped), (OrderState::Shipped, PaymentState::Due, FulfillmentState::Fulfilled));
    assert_eq!((shipped.reservations.len(), shop.stock("mug").await), (0, (1, 0)));
    let delivered = to(shop, id, OrderState::Delivered).await.unwrap().order;
    assert_eq!(states(&delivered), (OrderState::Delivered, PaymentState::Due, FulfillmentState::Delivered));
    let refused = to(shop, id, OrderState::Completed).await;
    assert!(matches!(refused, Err(MoveOnError::StillDue)), "{refused:?}");
    collect(shop, &delivered).await;
    let done = to(shop, id, OrderState::Completed).await.unwrap().order;
    assert_eq!(states(&done), (OrderState::Completed, PaymentState::Paid, FulfillmentState::Delivered));
    let actors: Vec<_> = done.history.iter().filter(|step| step.note == "by hand").collect();
    assert_eq!(actors.len(), 6, "four moves of the order and two of its goods: {actors:?}");
    assert!(actors.iter().all(|step| step.actor == staff()));
    let audit = shop.store.audit(&crate::audit::Search::default(), 10).await.unwrap();
    let actions: std::collections::BTreeSet<_> = audit.iter().map(|row| row.action.as_str()).collect();
    let all = ["order.accept", "order.complete", "order.deliver", "order.ship", "payment.collect"];
    assert_eq!(Vec::from_iter(actions), all);
}

/// An order that was to be paid at the door comes back: its units can be sold again, once, or are gone.
pub async fn cash_on_delivery_that_comes_back(shop: &Shop) {
    shop.sell([item("mug").stock(5), item("pen").stock(5)]).await;
    for (restock, delivered, left) in [(true, false, 5), (true, true, 5), (false, false, 3)] {
        let order = shop.order(&[("mug", 2)]).await;
        let id = order.order.id;
        ship(shop, id).await;
        if delivered {
            to(shop, id, OrderState::Delivered).await.unwrap();
        }
        let back = MoveOn { restock: restock.then(|| location_id("main")), ..moving(OrderState::Returned) };
        let back = shop.engine.orders().move_on(id, &back).await.unwrap().order;
        assert_eq!(states(&back), (OrderState::Returned, PaymentState::Failed, FulfillmentState::Returned));
        assert_eq!(back.payments[0].state(), PaymentState::Failed);
        assert_eq!(shop.stock("mug").await, (left, 0), "{restock} {delivered}");
    }
    let all = shop.order(&[("mug", 3), ("pen", 5)]).await;
    ship(shop, all.order.id).await;
    let command = ReturnToSender {
        reference: all.payments[0].reference.clone(),
        note: None,
        restock: Some(location_id("main")),
        actor: staff(),
        request: Some(request("back", "to sender")),
    };
    let payments = shop.engine.payments();
    assert!(!payments.return_to_sender(&command).await.unwrap().replayed);
    assert!(payments.return_to_sender(&command).await.unwrap().replayed);
    assert_eq!((shop.stock("mug").await, shop.stock("pen").await), ((3, 0), (5, 0)));
    shop.order(&[("mug", 3), ("pen", 5)]).await;
}

/// A part was collected, and went back with a unit, before the rest came back unpaid: no unit comes in twice.
pub async fn what_was_paid_in_part_comes_back(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let order = shop.order(&[("mug", 3)]).await;
    let id = order.order.id;
    ship(shop, id).await;
    let price = order.order.lines[0].unit_values()[1].1;
    let reference = order.payments[0].reference.clone();
    let part = Collect { reference, amount: price, proof: None, actor: staff(), request: None };
    shop.engine.payments().collect(&part).await.unwrap();
    let one = units_back(&order, 1);
    shop.engine.payments().refund(&OrderKey::Id(id), &one).await.unwrap();
    assert_eq!(shop.stock("mug").await, (3, 0));
    let back = MoveOn { restock: Some(location_id("main")), ..moving(OrderState::Returned) };
    shop.engine.orders().move_on(id, &back).await.unwrap();
    assert_eq!(shop.stock("mug").await, (5, 0));
    shop.order(&[("mug", 5)]).await;
}

/// A paid order comes back: its units go back into stock with its money.
pub async fn a_paid_order_that_comes_back(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let id = paid(shop, &[("mug", 5)]).await.order.id;
    ship(shop, id).await;
    let back = MoveOn { restock: Some(location_id("main")), ..moving(OrderState::Returned) };
    let refused = shop.engine.orders().move_on(id, &back).await;
    assert!(matches!(refused, Err(MoveOnError::Restock)), "{refused:?}");
    let back = to(shop, id, OrderState::Returned).await.unwrap().order;
    assert_eq!(states(&back), (OrderState::Returned, PaymentState::Paid, FulfillmentState::Returned));
    assert_eq!(shop.stock("mug").await, (0, 0));
    shop.engine.payments().refund(&OrderKey::Id(id), &units_back(&back, 5)).await.unwrap();
    let refunded = shop.order_now(id).await;
    assert_eq!(states(&refunded), (OrderState::Refunded, PaymentState::Refunded, FulfillmentState::Returned));
    assert_eq!(shop.stock("mug").await, (5, 0));
    ship(shop, paid(shop, &[("mug", 5)]).await.order.id).await;
}

/// Units whose money went back before the order was shipped stay where they lie.
pub async fn a_part_was_refunded_before_it_is_shipped(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let order = paid(shop, &[("mug", 4)]).await;
    shop.engine.payments().refund(&OrderKey::Id(order.order.id), &units_back(&order, 1)).await.unwrap();
    ship(shop, order.order.id).await;
    assert_eq!(shop.stock("mug").await, (2, 0));
    let all = paid(shop, &[("mug", 2)]).await;
    shop.engine.payments().refund(&OrderKey::Id(all.order.id), &units_back(&all, 2)).await.unwrap();
    let refused = to(shop, all.order.id, OrderState::Shipped).await;
    assert!(matches!(refused, Err(MoveOnError::MoneyWentBack)), "{refused:?}");
}

/// An order of which nothing is shipped is complete once the shop says so; what is counted of it leaves the stock.
pub async fn nothing_of_it_is_shipped(shop: &Shop) {
    shop.sell([item("key").digital().stock(3), item("pdf").digital().untracked()]).await;
    let id = paid(shop, &[("key", 2), ("pdf", 1)]).await.order.id;
    let refused = to(shop, id, OrderState::Shipped).await;
    assert!(matches!(refused, Err(MoveOnError::NothingToShip)), "{refused:?}");
    let done = to(shop, id, OrderState::Completed).await.unwrap().order;
    assert_eq!(states(&done), (OrderState::Completed, PaymentState::Paid, FulfillmentState::Fulfilled));
    assert_eq!((done.reservations.len(), shop.stock("key").await), (0, (1, 0)));
    let at_the_door = shop.order(&[("key", 1)]).await.order.id;
    to(shop, at_the_door, OrderState::Processing).await.unwrap();
    let refused = to(shop, at_the_door, OrderState::Completed).await;
    assert!(matches!(refused, Err(MoveOnError::StillDue)), "{refused:?}");
}

/// What is refused leaves nothing behind.
pub async fn what_is_not_moved_on(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let card = shop.card_order(&[("mug", 1)]).await.order.id;
    let token = shop.ready_cart_paying(PaymentMethod::Manual, &[("mug", 1)]).await;
    let transfer = shop.confirm(&token).await.unwrap().order.order.id;
    let shipped = shop.order(&[("mug", 1)]).await.order.id;
    ship(shop, shipped).await;
    let ready = paid(shop, &[("mug", 1)]).await.order.id;
    shop.order_now(shipped).await;
    let before = shop.snapshot().await;
    for (order, state, right) in [
        (card, OrderState::Processing, MoveOnError::NotPaid),
        (transfer, OrderState::Processing, MoveOnError::NotPaid),
        (ready, OrderState::Completed, MoveOnError::NotShipped),
        (ready, OrderState::Pending, MoveOnError::Pending),
        (ready, OrderState::Refunded, MoveOnError::Refunded),
    ] {
        let refused = to(shop, order, state).await.unwrap_err();
        assert_eq!(refused.to_string(), right.to_string());
    }
    for (order, state) in [
        (card, OrderState::Shipped),
        (ready, OrderState::Delivered),
        (ready, OrderState::Returned),
        (shipped, OrderState::Processing),
    ] {
        let refused = to(shop, order, state).await;
        assert!(matches!(refused, Err(MoveOnError::State(_))), "{refused:?}");
    }
    let refused = to(shop, shipped, OrderState::Cancelled).await;
    assert!(matches!(refused, Err(MoveOnError::Fulfilled)), "{refused:?}");
    let restocking = MoveOn { restock: Some(location_id("main")), ..moving(OrderState::Shipped) };
    let refused = shop.engine.orders().move_on(ready, &restocking).await;
    assert!(matches!(refused, Err(MoveOnError::Restock)), "{refused:?}");
    let wordy = MoveOn { note: "ọ".repeat(501), ..moving(OrderState::Shipped) };
    let refused = shop.engine.orders().move_on(ready, &wordy).await;
    assert!(matches!(refused, Err(MoveOnError::Note)), "{refused:?}");
    let refused = to(shop, crate::testkit::named("order", "nowhere"), OrderState::Shipped).await;
    assert!(matches!(refused, Err(MoveOnError::NotFound)), "{refused:?}");
    before.assert_same(&shop.snapshot().await);
    let called_off = to(shop, ready, OrderState::Cancelled).await.unwrap().order;
    assert_eq!(called_off.order.status, OrderState::Cancelled);
    assert_eq!(called_off.history.last().unwrap().note, "by hand");
}

/// A move that is repeated has one effect; so has one to where the order is already.
pub async fn a_repeated_move(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let id = shop.order(&[("mug", 2)]).await.order.id;
    let asked =
        |name: &str, body: &str, state| MoveOn { request: Some(request(name, body)), ..moving(state) };
    let orders = shop.engine.orders();
    let accept = asked("key-1", "accept", OrderState::Processing);
    assert!(!orders.move_on(id, &accept).await.unwrap().replayed);
    let ship = asked("key-2", "ship", OrderState::Shipped);
    let first = orders.move_on(id, &ship).await.unwrap();
    let again = orders.move_on(id, &ship).await.unwrap();
    assert!(again.replayed && !first.replayed);
    assert_eq!(again.order.order, first.order.order);
    let other = orders.move_on(id, &asked("key-2", "deliver", OrderState::Delivered)).await;
    assert!(matches!(other, Err(MoveOnError::KeyReused(_))), "{other:?}");
    let late = orders.move_on(id, &accept).await.unwrap();
    assert_eq!((late.replayed, late.order.order.status), (true, OrderState::Shipped), "the present state");
    let there = to(shop, id, OrderState::Shipped).await.unwrap();
    assert_eq!((there.replayed, there.order.order.version), (false, first.order.order.version));
    assert_eq!(shop.stock("mug").await, (7, 0));
}

/// An order that was sold beyond the stock is shipped once its goods are there.
pub async fn goods_that_are_not_there_yet(shop: &Shop) {
    shop.sell([item("mug").stock(1).backorder(), item("pen").stock(5)]).await;
    let id = shop.order(&[("mug", 3), ("pen", 1)]).await.order.id;
    to(shop, id, OrderState::Processing).await.unwrap();
    shop.order_now(id).await;
    let before = shop.snapshot().await;
    let refused = to(shop, id, OrderState::Shipped).await;
    assert!(matches!(&refused, Err(MoveOnError::NotThere(sku)) if *sku == key("mug")), "{refused:?}");
    before.assert_same(&shop.snapshot().await);
    let came = Count { sku: key("mug"), location: "main".to_owned(), on_hand: 3, safety_stock: None };
    shop.engine.inventory().count(&[came], MovementReason::Receipt, &staff()).await.unwrap();
    to(shop, id, OrderState::Shipped).await.unwrap();
    assert_eq!((shop.stock("mug").await, shop.stock("pen").await), ((0, 0), (4, 0)));
}

/// The shopper calls an order off before it ships: it is not shipped any more.
pub async fn a_cancelled_order_is_not_shipped(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let id = shop.order(&[("mug", 2)]).await.order.id;
    to(shop, id, OrderState::Processing).await.unwrap();
    shop.engine.orders().cancel(id, &cancel()).await.unwrap();
    let refused = to(shop, id, OrderState::Shipped).await;
    assert!(matches!(refused, Err(MoveOnError::State(_))), "{refused:?}");
    assert_eq!(shop.stock("mug").await, (5, 0));
}

// What the cases are written with.

fn staff() -> Actor {
    Actor::Staff("desk".to_owned())
}

/// The wish of staff to move an order on.
#[must_use]
pub fn moving(to: OrderState) -> MoveOn {
    MoveOn { to, note: "by hand".to_owned(), restock: None, actor: staff(), request: None }
}

pub(super) async fn to(shop: &Shop, order: OrderId, state: OrderState) -> Result<OrderAnswer, MoveOnError> {
    shop.engine.orders().move_on(order, &moving(state)).await
}

/// Accepts an order that is paid at the door, and ships it.
pub(super) async fn ship(shop: &Shop, order: OrderId) {
    to(shop, order, OrderState::Processing).await.unwrap();
    to(shop, order, OrderState::Shipped).await.unwrap();
}

/// An order that was paid by a transfer which staff found.
async fn paid(shop: &Shop, lines: &[(&str, u32)]) -> OrderView {
    let token = shop.ready_cart_paying(PaymentMethod::Manual, lines).await;
    let order = shop.confirm(&token).await.unwrap().order;
    collect(shop, &order).await;
    shop.order_now(order.order.id).await
}

async fn collect(shop: &Shop, order: &OrderView) {
    let command = Collect {
        reference: order.payments[0].reference.clone(),
        amount: order.order.totals.total,
        proof: None,
        actor: staff(),
        request: None,
    };
    shop.engine.payments().collect(&command).await.unwrap();
}

/// So many units of the first line item go back, into stock and to the shopper.
fn units_back(order: &OrderView, count: u32) -> PayBack {
    let quantity: Quantity = units(count);
    let lines = vec![RefundLine { line: order.order.lines[0].id, quantity }];
    let shipping = count == order.order.lines[0].quantity.get();
    PayBack {
        what: What::Lines { lines, shipping },
        reference: None,
        reason: "came back".to_owned(),
        restock: Some(location_id("main")),
        actor: staff(),
        request: None,
    }
}

fn states(view: &OrderView) -> (OrderState, PaymentState, FulfillmentState) {
    let order = &view.order;
    (order.status, order.payment_status, order.fulfillment_status)
}
