//! How an order is called off, and moved on.

use super::{
    Cancel, CancelError, FulfillmentState, Machine, MoveOn, MoveOnError, ORDER_MOVES, OrderLine, OrderState,
    OrderView, expire, move_on, sold,
};
use crate::SellerId;
use crate::audit::Actor;
use crate::payment::{PaymentMethod, PaymentState};
use crate::testkit::{Scene, given, ids, named, order_view, start, view};

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

fn moving(to: OrderState) -> MoveOn {
    MoveOn { to, note: String::new(), restock: None, actor: Actor::System, request: None }
}

#[test]
fn whatever_stands_there_staff_makes_only_moves_of_the_table() {
    for method in [PaymentMethod::CashOnDelivery, PaymentMethod::Card, PaymentMethod::Manual] {
        for from in OrderState::ALL {
            for payment in PaymentState::ALL {
                for goods in FulfillmentState::ALL {
                    let mut seen = placed(method);
                    seen.order.status = from;
                    seen.order.payment_status = payment;
                    seen.order.fulfillment_status = goods;
                    for to in OrderState::ALL {
                        let legal = ORDER_MOVES.iter().any(|step| step.from == Some(from) && step.to == to);
                        let decided = move_on(&seen, &moving(to), &mut ids(seen.now));
                        match decided {
                            Ok(None) => assert_eq!(from, to),
                            Ok(Some(changes)) => {
                                assert!(legal, "from {from} to {to}");
                                assert_eq!(changes.order.advance.unwrap().status, to);
                                assert_eq!((changes.audit.len(), changes.events.len()), (1, 1));
                            }
                            Err(MoveOnError::State(_) | MoveOnError::Fulfilled) => {}
                            Err(error) => assert!(legal || error.to_string().contains("by hand"), "{error}"),
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn all_that_is_reserved_leaves_by_movements_of_its_own() {
    let mut seen = placed(PaymentMethod::CashOnDelivery);
    seen.order.status = OrderState::Processing;
    let reserved: Vec<_> =
        seen.reservations.iter().map(|one| (one.id, -i64::from(one.quantity.get()), one.location)).collect();
    given(seen).when(moving(OrderState::Shipped)).changes(|changes| {
        let leaving = changes.inventory.fulfil.iter();
        let leaving: Vec<_> =
            leaving.map(|one| (one.ends.reservation, one.movement.delta, one.movement.location)).collect();
        assert_eq!(leaving, reserved);
        assert!(changes.inventory.release.is_empty() && changes.payment.advance.is_empty());
        assert_eq!((changes.events[0].name, changes.events[0].sequence), ("order.shipped", 2));
    });
}

#[test]
fn the_shop_accepts_what_is_paid_at_the_door_and_holds_its_goods_for_good() {
    let mut seen = placed(PaymentMethod::CashOnDelivery);
    let until = seen.now.plus(std::time::Duration::from_secs(60));
    seen.order.pay_until = Some(until);
    seen.reservations[0].hold = crate::inventory::Hold::Held(until);
    let held = seen.reservations[0].id;
    given(seen).when(moving(OrderState::Processing)).changes(|changes| {
        let advance = changes.order.advance.as_ref().unwrap();
        assert_eq!((advance.payment_status, advance.pay_until), (PaymentState::Due, None));
        let reheld: Vec<_> =
            changes.inventory.rehold.iter().map(|one| (one.reservation, one.hold.until())).collect();
        assert_eq!(reheld, [(held, None)]);
    });
    given(placed(PaymentMethod::Manual))
        .when(moving(OrderState::Processing))
        .refused(|error| matches!(error, MoveOnError::NotPaid));
}

/// An order of cloth that one seller sells, a file that they sell too, and a mug of the shop's own.
fn sold_order(change: impl FnOnce(&mut OrderView)) -> (OrderView, SellerId) {
    let seller = named("seller", "weaver");
    let mut seen =
        order_view(&view().stock("mug", 9).line("mug", 3).paying(PaymentMethod::CashOnDelivery).placed());
    let line = seen.order.lines[0].clone();
    let of_seller = |digital| OrderLine { seller: Some(seller), digital, ..line.clone() };
    seen.order.lines = vec![of_seller(true), line.clone(), of_seller(false)];
    change(&mut seen);
    (seen, seller)
}

#[test]
fn a_seller_sees_what_is_theirs_and_what_it_comes_to() {
    let (seen, seller) = sold_order(|_| {});
    let paid = seen.order.lines[0].paid;
    let found = sold(&seen.order, seller).unwrap().unwrap();
    assert_eq!(found.lines.len(), 2);
    assert!(found.lines.iter().all(|line| line.seller == Some(seller)));
    assert_eq!(found.totals.paid, paid.plus(paid).unwrap());
    assert_eq!(sold(&seen.order, named("seller", "potter")).unwrap(), None);
    assert_eq!(sold(&seen.order, SellerId(uuid::Uuid::nil())).unwrap(), None);
}

#[test]
fn a_seller_learns_where_to_send_goods_while_they_are_to_be_sent() {
    for status in OrderState::ALL {
        let (mut seen, seller) = sold_order(|seen| seen.order.status = status);
        let shown = sold(&seen.order, seller).unwrap().unwrap().shipping_address;
        let to_be_sent = matches!(status, OrderState::Processing | OrderState::Shipped);
        assert_eq!(shown.is_some(), to_be_sent, "{status:?}");
        // A file is not sent anywhere.
        seen.order.lines.truncate(2);
        let found = sold(&seen.order, seller).unwrap().unwrap();
        assert_eq!((found.shipping_address, found.shipping_method), (None, None), "{status:?}");
    }
}
