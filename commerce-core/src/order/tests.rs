//! How an order is called off.

use super::{Cancel, CancelError, FulfillmentState, Machine, OrderState, OrderView, expire};
use crate::audit::Actor;
use crate::payment::{PaymentMethod, PaymentState};
use crate::testkit::{Scene, given, ids, order_view, start, view};

fn scene(method: PaymentMethod) -> Scene {
    view().stock("mug", 2).stock_at("mug", "second", 3).line("mug", 4).paying(method)
}

fn placed(method: PaymentMethod) -> OrderView {
    order_view(&scene(method).placed())
}

fn cancelling() -> Cancel {
    Cancel { actor: Actor::Guest, reason: "changed my mind".to_owned(), request: None }
}

#[test]
fn every_reservation_is_given_back_once() {
    let seen = placed(PaymentMethod::CashOnDelivery);
    let reserved = seen.reservations.clone();
    assert_eq!(reserved.len(), 2);
    given(seen).when(cancelling()).changes(|changes| {
        let released: Vec<_> =
            changes.inventory.release.iter().map(|one| (one.reservation, one.quantity)).collect();
        assert_eq!(released, reserved.iter().map(|one| (one.id, one.quantity)).collect::<Vec<_>>());
    });
}

#[test]
fn the_order_and_its_open_payment_get_further_by_their_versions() {
    let seen = placed(PaymentMethod::Card);
    let payment = seen.payments[0].clone();
    given(seen).when(cancelling()).changes(|changes| {
        let advance = changes.order.advance.as_ref().unwrap();
        assert_eq!((advance.expected_version, advance.status), (1, OrderState::Cancelled));
        assert_eq!(advance.payment_status, PaymentState::Failed);
        let attempts: Vec<_> = changes
            .payment
            .advance
            .iter()
            .map(|one| (one.id, one.expected_version, one.progress.state))
            .collect();
        assert_eq!(attempts, [(payment.id, 1, PaymentState::Failed)]);
        let steps: Vec<_> =
            changes.order.history.iter().map(|(_, step)| (step.machine, step.to.as_str())).collect();
        assert_eq!(steps, [(Machine::Order, "cancelled"), (Machine::Payment, "failed")]);
        assert_eq!((changes.events[0].name, changes.events[0].sequence), ("order.cancelled", 2));
        assert_eq!(changes.audit[0].action, "order.cancel");
    });
}

#[test]
fn what_has_got_too_far_stays() {
    let with = |change: fn(&mut OrderView)| {
        let mut seen = placed(PaymentMethod::CashOnDelivery);
        change(&mut seen);
        given(seen).when(cancelling())
    };
    with(|seen| seen.order.fulfillment_status = FulfillmentState::Partial)
        .refused(|error| matches!(error, CancelError::Fulfilled));
    with(|seen| seen.order.status = OrderState::Cancelled)
        .refused(|error| matches!(error, CancelError::State(_)));
    with(|seen| seen.order.status = OrderState::Completed)
        .refused(|error| matches!(error, CancelError::State(_)));
    let long = Cancel { reason: "ọ".repeat(501), ..cancelling() };
    given(placed(PaymentMethod::Card)).when(long).refused(|error| matches!(error, CancelError::Reason));
    let long_enough = Cancel { reason: "ọ".repeat(500), ..cancelling() };
    given(placed(PaymentMethod::Card)).when(long_enough).changes(|_| {});
}

#[test]
fn what_cost_nothing_is_cancelled_and_stays_paid() {
    let free = view().price("mug", "0").stock("mug", 1).line("mug", 1);
    given(order_view(&free.placed())).when(cancelling()).changes(|changes| {
        assert_eq!(changes.order.advance.as_ref().unwrap().payment_status, PaymentState::Paid);
        assert_eq!((changes.payment.advance.len(), changes.order.history.len()), (0, 1));
    });
}

#[test]
fn an_order_lapses_when_its_window_closes_and_not_before() {
    let window = PaymentMethod::Card.window().unwrap();
    let at = |method, early: u64| {
        let mut seen = placed(method);
        seen.now = start().plus(window - std::time::Duration::from_micros(early));
        expire(&seen, &mut ids(seen.now)).unwrap()
    };
    assert!(at(PaymentMethod::Card, 1).is_none());
    let lapsed = at(PaymentMethod::Card, 0).unwrap();
    assert_eq!(lapsed.order.history[0].1.actor, Actor::System);
    assert!(at(PaymentMethod::CashOnDelivery, 0).is_none(), "goods that are paid on delivery wait");
}

#[test]
fn the_value_of_each_unit_is_fixed_and_adds_up() {
    let placed = given_placed("9.99", 3);
    let line = &placed.order.lines[0];
    let values = line.unit_values();
    assert_eq!(values.map(|(units, value)| (units, value.minor)), [(0, 1_000), (3, 999)]);
    let mut odd = line.clone();
    odd.paid.minor -= 10;
    assert_eq!(odd.unit_values().map(|(units, value)| (units, value.minor)), [(2, 996), (1, 995)]);
    let sum: i64 = odd.unit_values().iter().map(|(units, value)| i64::from(*units) * value.minor).sum();
    assert_eq!(sum, odd.paid.minor);
}

fn given_placed(price: &str, units: u32) -> crate::checkout::Placed {
    view().stock("mug", 9).price("mug", price).line("mug", units).placed()
}
