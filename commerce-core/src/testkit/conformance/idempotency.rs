//! A repeated request has one effect and one answer, also when the answer to the first was lost.

use std::sync::Arc;

use super::{Shop, cancel, request};
use crate::cart::CartError;
use crate::checkout::{Confirm, ConfirmError};
use crate::idempotency::{Request, Scope};
use crate::order::{Cancel, CancelError, OrderState};
use crate::testkit::{Fault, Intercepted, Losing, add, item};
use crate::{StoreError, StoreTrouble};

/// The same confirm again answers with the same order and places no other.
pub async fn a_repeated_confirm(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let token = shop.ready_cart(&[("mug", 2)]).await;
    let first = shop.engine.checkout().confirm(&token, &asking("key-1")).await.unwrap();
    for _ in 0..3 {
        let again = shop.engine.checkout().confirm(&token, &asking("key-1")).await.unwrap();
        assert!(again.replayed && !first.replayed);
        assert_eq!((&again.order.order, &again.payment), (&first.order.order, &first.payment));
    }
    assert_eq!(shop.stock("mug").await, (5, 2));
}

/// What is answered again is the order as it is now.
pub async fn a_repetition_shows_the_present_state(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let token = shop.ready_cart(&[("mug", 2)]).await;
    let first = shop.engine.checkout().confirm(&token, &asking("key-1")).await.unwrap();
    shop.engine.orders().cancel(first.order.order.id, &cancel()).await.unwrap();
    let again = shop.engine.checkout().confirm(&token, &asking("key-1")).await.unwrap();
    assert_eq!(
        (again.order.order.id, again.order.order.status),
        (first.order.order.id, OrderState::Cancelled)
    );
}

/// The same key for another request is refused, whatever that would do.
pub async fn a_key_is_not_taken_twice(shop: &Shop) {
    shop.sell([item("mug").stock(5)]).await;
    let token = shop.ready_cart(&[("mug", 1)]).await;
    let other = Some(request("key-1", "another body"));
    let order = shop.engine.checkout().confirm(&token, &asking("key-1")).await.unwrap().order.order;
    let command = Confirm { request: other.clone(), ..Confirm::default() };
    let refused = shop.engine.checkout().confirm(&token, &command).await;
    assert!(matches!(refused, Err(ConfirmError::KeyReused(_))), "{refused:?}");
    let refused = shop.engine.carts().add(Some(&token), &add("mug", 1), other.as_ref()).await;
    assert!(matches!(refused, Err(CartError::KeyReused(_))), "{refused:?}");
    let command = Cancel { request: other, ..cancel() };
    let refused = shop.engine.orders().cancel(order.id, &command).await;
    assert!(matches!(refused, Err(CancelError::KeyReused(_))), "{refused:?}");
    assert_eq!(shop.stock("mug").await, (5, 1));
}

/// Two shoppers may use the same key, and one shopper on two routes.
pub async fn a_key_belongs_to_its_actor_and_route(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let of = |actor: &str, route: &str| {
        let scope = Scope { actor: actor.to_owned(), route: route.to_owned(), key: "key-1".parse().unwrap() };
        Some(Request::new(scope, b"body"))
    };
    for (actor, route) in [("ada", "confirm"), ("obi", "confirm"), ("ada", "other")] {
        let token = shop.ready_cart(&[("mug", 1)]).await;
        let command = Confirm { request: of(actor, route), ..Confirm::default() };
        assert!(!shop.engine.checkout().confirm(&token, &command).await.unwrap().replayed);
    }
    assert_eq!(shop.stock("mug").await, (9, 3));
}

/// The same units put into a cart again are in it once.
pub async fn a_repeated_change_of_a_cart(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let token = shop.cart(&[("mug", 1)]).await;
    let asked = request("key-1", "two more");
    let first = shop.engine.carts().add(Some(&token), &add("mug", 2), Some(&asked)).await.unwrap();
    let again = shop.engine.carts().add(Some(&token), &add("mug", 2), Some(&asked)).await.unwrap();
    assert!(again.replayed && !first.replayed);
    assert_eq!(again.cart.cart, first.cart.cart);
    assert_eq!(again.cart.cart.lines[0].quantity.get(), 3);
}

/// The same cancellation again answers with the cancelled order; one under another key is refused.
pub async fn a_repeated_cancellation(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let order = shop.order(&[("mug", 2)]).await.order.id;
    let asked = |key: &str| Cancel { request: Some(request(key, "cancel")), ..cancel() };
    let first = shop.engine.orders().cancel(order, &asked("key-1")).await.unwrap();
    let again = shop.engine.orders().cancel(order, &asked("key-1")).await.unwrap();
    assert!(again.replayed && !first.replayed);
    assert_eq!(again.order.order, first.order.order);
    let refused = shop.engine.orders().cancel(order, &asked("key-2")).await;
    assert!(matches!(refused, Err(CancelError::State(_))), "{refused:?}");
    assert_eq!(shop.stock("mug").await, (9, 0));
}

/// A confirm whose answer was lost, before or after it was written: the repetition has one effect.
pub async fn a_confirm_whose_answer_was_lost(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let (engine, losing) = behind(shop);
    for (round, fault) in [(1, Fault::Before), (2, Fault::After)] {
        let token = shop.ready_cart(&[("mug", 2)]).await;
        let command = asking(&format!("key-{round}"));
        losing.next(fault);
        let lost = engine.checkout().confirm(&token, &command).await;
        assert!(matches!(&lost, Err(ConfirmError::Store(error)) if unavailable(error)), "{lost:?}");
        let again = engine.checkout().confirm(&token, &command).await.unwrap();
        assert_eq!(again.replayed, fault == Fault::After);
        assert_eq!(shop.stock("mug").await, (9, 2 * round));
    }
}

/// A change of a cart whose answer was lost.
pub async fn a_change_of_a_cart_whose_answer_was_lost(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let (engine, losing) = behind(shop);
    let token = shop.cart(&[("mug", 1)]).await;
    for (round, fault) in [(1, Fault::Before), (2, Fault::After)] {
        let asked = request(&format!("key-{round}"), "one more");
        losing.next(fault);
        let lost = engine.carts().add(Some(&token), &add("mug", 1), Some(&asked)).await;
        assert!(matches!(&lost, Err(CartError::Store(error)) if unavailable(error)), "{lost:?}");
        let again = engine.carts().add(Some(&token), &add("mug", 1), Some(&asked)).await.unwrap();
        assert_eq!(again.replayed, fault == Fault::After);
        assert_eq!(again.cart.cart.lines[0].quantity.get(), 1 + round);
    }
}

/// A cancellation whose answer was lost.
pub async fn a_cancellation_whose_answer_was_lost(shop: &Shop) {
    shop.sell([item("mug").stock(9)]).await;
    let (engine, losing) = behind(shop);
    for (round, fault) in [(1, Fault::Before), (2, Fault::After)] {
        let order = shop.order(&[("mug", 2)]).await.order.id;
        let command = Cancel { request: Some(request(&format!("key-{round}"), "cancel")), ..cancel() };
        losing.next(fault);
        let lost = engine.orders().cancel(order, &command).await;
        assert!(matches!(&lost, Err(CancelError::Store(error)) if unavailable(error)), "{lost:?}");
        let again = engine.orders().cancel(order, &command).await.unwrap();
        assert_eq!(again.replayed, fault == Fault::After);
        assert_eq!(again.order.order.status, OrderState::Cancelled);
        assert_eq!(shop.stock("mug").await, (9, 0));
    }
}

fn behind(shop: &Shop) -> (crate::Engine, Arc<Losing>) {
    let losing = Arc::new(Losing::default());
    let store = Intercepted::new(Arc::clone(&shop.store), Arc::clone(&losing));
    (shop.through(Arc::new(store)), losing)
}

fn asking(key: &str) -> Confirm {
    Confirm { request: Some(request(key, "confirm")), ..Confirm::default() }
}

fn unavailable(error: &StoreError) -> bool {
    error.kind == StoreTrouble::Unavailable
}
