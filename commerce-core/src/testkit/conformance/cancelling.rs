//! Orders that are called off, by the shopper or by time: their stock comes back once.

use std::time::Duration;

use super::payments::{captured, paid};
use super::{Shop, before, cancel};
use crate::audit::Actor;
use crate::order::{Advance, Cancel, CancelError, FulfillmentState, Machine, OrderState};
use crate::payment::{PaymentState, RefundSource, RefundState};
use crate::testkit::{item, named};
use crate::{ChangeSet, OrderId};

/// A cancelled order gives its stock back at every location it took it from, and can be bought again.
pub async fn a_cancelled_order_gives_its_stock_back(shop: &Shop) {
    shop.sell([item("mug").stock(2).stock_at("second", 3), item("pen").stock(1)]).await;
    let order = shop.order(&[("mug", 5), ("pen", 1)]).await.order.id;
    assert_eq!((shop.stock("mug").await, shop.stock("pen").await), ((5, 5), (1, 1)));
    let cancelled = shop.engine.orders().cancel(order, &cancel()).await.unwrap().order;
    assert_eq!((shop.stock("mug").await, shop.stock("pen").await), ((5, 0), (1, 0)));
    assert!(shop.levels("mug").await.iter().all(|level| level.reserved == 0));
    assert_eq!(
        (cancelled.order.status, cancelled.order.payment_status, cancelled.order.fulfillment_status),
        (OrderState::Cancelled, PaymentState::Failed, FulfillmentState::Unfulfilled)
    );
    assert_eq!((cancelled.payments[0].state(), cancelled.payments[0].version), (PaymentState::Failed, 2));
    shop.order(&[("mug", 5), ("pen", 1)]).await;
}

/// A cancelled order is not cancelled again: its stock comes back once.
pub async fn an_order_is_cancelled_once(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let order = shop.order(&[("mug", 2)]).await.order.id;
    let other = shop.order(&[("mug", 3)]).await.order.id;
    shop.engine.orders().cancel(order, &cancel()).await.unwrap();
    let refused = shop.engine.orders().cancel(order, &cancel()).await;
    assert!(matches!(refused, Err(CancelError::State(_))), "{refused:?}");
    assert_eq!(shop.stock("mug").await, (5, 3));
    shop.engine.orders().cancel(other, &cancel()).await.unwrap();
}

/// What cannot be called off: an unknown order, one of which something has left, one with a reason as long as a letter.
pub async fn what_cannot_be_cancelled(shop: &Shop) {
    shop.sell([item("pdf").digital().untracked()]).await;
    let unknown = shop.engine.orders().cancel(named::<OrderId>("order", "x"), &cancel()).await;
    assert!(matches!(unknown, Err(CancelError::NotFound)), "{unknown:?}");
    let long = Cancel { reason: "x".repeat(501), ..cancel() };
    let order = shop.order(&[("pdf", 1)]).await;
    let refused = shop.engine.orders().cancel(order.order.id, &long).await;
    assert!(matches!(refused, Err(CancelError::Reason)), "{refused:?}");
    advance(shop, &order, order.order.payment_status, FulfillmentState::Fulfilled).await;
    let refused = shop.engine.orders().cancel(order.order.id, &cancel()).await;
    assert!(matches!(refused, Err(CancelError::Fulfilled)), "{refused:?}");
}

/// A paid order that is called off gives its stock back, stays paid until its money is gone, and asks for a refund of all
/// that was captured: no more of it can be paid back.
pub async fn a_paid_order_is_cancelled_and_its_money_goes_back(shop: &Shop) {
    shop.sell([item("mug").stock(2)]).await;
    let order = shop.order(&[("mug", 2)]).await;
    advance(shop, &order, PaymentState::Paid, FulfillmentState::Unfulfilled).await;
    let cancelled = shop.engine.orders().cancel(order.order.id, &cancel()).await.unwrap().order;
    assert_eq!(shop.stock("mug").await, (2, 0));
    assert_eq!(
        (cancelled.order.status, cancelled.order.payment_status),
        (OrderState::Cancelled, PaymentState::Paid)
    );
    let [refund] = &cancelled.refunds[..] else { panic!("{:?}", cancelled.refunds) };
    let payment = &cancelled.payments[0];
    assert_eq!(refund.source, RefundSource::Payment(payment.id));
    assert_eq!((refund.amount, refund.reference.clone()), (payment.amount, payment.reference.clone()));
    assert_eq!(refund.progress.state, RefundState::NeedsAttention, "no gateway can pay cash back");
    assert_eq!((payment.progress.captured, payment.progress.refunded), (payment.amount, payment.amount));
    assert_eq!(payment.progress.balance().minor, 0);
}

/// An order whose payment window has closed is cancelled by the engine, once, and gives its stock back.
pub async fn an_unpaid_order_expires(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let overdue = shop.overdue_order(&[("mug", 4)]).await.order.id;
    let still_open = shop.card_order(&[("mug", 1)]).await.order.id;
    let in_cash = shop.order(&[("mug", 2)]).await.order.id;
    assert_eq!(shop.stock("mug").await, (9, 7));
    assert_eq!(shop.engine.orders().expire_overdue(10).await.unwrap(), 1);
    assert_eq!(shop.stock("mug").await, (9, 3));
    assert_eq!(shop.engine.orders().expire_overdue(10).await.unwrap(), 0);
    let expired = shop.order_now(overdue).await;
    assert_eq!(
        (expired.order.status, expired.order.payment_status),
        (OrderState::Cancelled, PaymentState::Failed)
    );
    let last = expired.history.last().unwrap();
    assert_eq!((&last.actor, last.note.as_str()), (&Actor::System, "not paid within the payment window"));
    for id in [still_open, in_cash] {
        assert_eq!(shop.order_now(id).await.order.status, OrderState::Pending);
    }
}

/// At most so many are cancelled at once, the earliest expiry first.
pub async fn expiry_goes_step_by_step(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let second = shop.order_overdue_by(1, &[("mug", 1)]).await.order.id;
    let first = shop.order_overdue_by(5, &[("mug", 1)]).await.order.id;
    assert_eq!(shop.engine.orders().expire_overdue(1).await.unwrap(), 1);
    assert_eq!(shop.order_now(first).await.order.status, OrderState::Cancelled);
    assert_eq!(shop.order_now(second).await.order.status, OrderState::Pending);
    assert_eq!(shop.engine.orders().expire_overdue(1).await.unwrap(), 1);
    assert_eq!(shop.stock("mug").await, (9, 0));
}

/// On a store whose clock can be set: the window closes at its last instant and not before, and a clock that jumps back
/// cancels nothing.
pub async fn the_window_closes_on_the_microsecond(shop: &Shop) {
    let Some(clock) = &shop.clock else { return };
    shop.sell([item("mug").stock(9)]).await;
    let order = shop.card_order(&[("mug", 2)]).await.order;
    let until = order.placed_at.plus(Duration::from_secs(3_600));
    clock.set(crate::Timestamp::from_micros(until.as_micros() - 1).unwrap());
    assert_eq!(shop.engine.orders().expire_overdue(10).await.unwrap(), 0);
    clock.set(before(order.placed_at, 600));
    assert_eq!(shop.engine.orders().expire_overdue(10).await.unwrap(), 0);
    clock.set(until);
    assert_eq!(shop.store.overdue_orders(10).await.unwrap(), [order.id]);
    assert_eq!(shop.engine.orders().expire_overdue(10).await.unwrap(), 1);
    assert_eq!(shop.stock("mug").await, (9, 0));
}

/// On a store whose clock can be set: a cart that nobody touched for thirty days is forgotten.
pub async fn a_cart_is_forgotten_after_thirty_days(shop: &Shop) {
    let Some(clock) = &shop.clock else { return };
    shop.sell([item("mug").stock(9)]).await;
    let token = shop.cart(&[("mug", 1)]).await;
    let days = |count: u64| Duration::from_secs(count * 24 * 60 * 60);
    clock.advance(days(30) - Duration::from_micros(1));
    shop.engine.carts().add(Some(&token), &crate::testkit::add("mug", 1), None).await.unwrap();
    clock.advance(days(30));
    let refused = shop.engine.carts().get(Some(&token)).await;
    assert!(matches!(refused, Err(crate::cart::CartError::NotFound)), "{refused:?}");
}

async fn advance(
    shop: &Shop,
    view: &crate::order::OrderView,
    payment: PaymentState,
    goods: FulfillmentState,
) {
    let order = &view.order;
    let step = |machine, from: &str, to: &str| {
        let transition = crate::order::Transition {
            machine,
            from: Some(from.to_owned()),
            to: to.to_owned(),
            actor: Actor::System,
            note: String::new(),
            at: view.now,
        };
        (order.id, transition)
    };
    let mut changes = ChangeSet::default();
    changes.order.advance = Some(Advance {
        id: order.id,
        expected_version: order.version,
        status: order.status,
        payment_status: payment,
        fulfillment_status: goods,
        pay_until: order.pay_until,
    });
    if payment != order.payment_status {
        changes.order.history.push(step(Machine::Payment, order.payment_status.as_str(), payment.as_str()));
        let attempt = &view.payments[0];
        changes.payment.advance.push(attempt.advance(paid(attempt)));
        changes.payment.journal.push(captured(attempt, &mut shop.ids(view.now)));
    }
    if goods != order.fulfillment_status {
        changes.order.history.push(step(
            Machine::Fulfillment,
            order.fulfillment_status.as_str(),
            goods.as_str(),
        ));
    }
    shop.store.commit(&changes).await.unwrap();
}
