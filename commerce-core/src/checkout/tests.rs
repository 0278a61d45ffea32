//! How a cart becomes an order.

use super::{Confirm, ConfirmError};
use crate::commit::Expect;
use crate::idempotency::{Outcome, Request, Scope};
use crate::inventory::Hold;
use crate::money::Money;
use crate::order::{Machine, OrderState};
use crate::payment::{PaymentMethod, PaymentState};
use crate::testkit::{given, item, product_id, start, view};
use crate::{Currency, Quantity};

fn naira(minor: i64) -> Money {
    Money::from_minor(minor, Currency::NGN)
}

#[test]
fn an_order_is_one_change_set() {
    let placed = given(view().stock("mug", 5).line("mug", 2)).when(Confirm::default()).made();
    let changes = &placed.changes;
    assert_eq!(changes.order.place.as_ref(), Some(&placed.order));
    assert_eq!(changes.payment.open, std::slice::from_ref(&placed.payment));
    assert_eq!(changes.cart.write.as_ref().unwrap().cart.order, Some(placed.order.id));
    assert_eq!(
        changes.inventory.reserve.iter().map(|one| one.quantity).collect::<Vec<_>>(),
        Quantity::new(2).as_slice()
    );
    assert_eq!(changes.events.iter().map(|event| event.name).collect::<Vec<_>>(), ["order.placed"]);
    assert_eq!(changes.expects, [Expect::Rulebook(0), Expect::Product(product_id("mug"), 1)]);
    assert_eq!((placed.order.version, placed.order.placed_at), (1, start()));
    assert_eq!(placed.payment.amount, placed.order.totals.total);
}

#[test]
fn last_unit_goes_to_whoever_commits_first() {
    given(view().stock("mug", 1).line("mug", 2))
        .when(Confirm::default())
        .refused(|error| matches!(error, ConfirmError::OutOfStock(short) if short[0].available == 1));
}

#[test]
fn two_lines_of_one_variant_are_both_named_when_they_want_too_much() {
    given(view().stock("mug", 5).line("mug", 3).line("mug", 3)).when(Confirm::default()).refused(|error| {
        matches!(error, ConfirmError::OutOfStock(short) if short.len() == 2 && short.iter().all(|line| line.wanted == 6))
    });
}

#[test]
fn what_is_no_longer_sold_is_sold_out() {
    given(view().sells(item("mug").draft()).stock("mug", 5).line("mug", 1))
        .when(Confirm::default())
        .refused(|error| matches!(error, ConfirmError::OutOfStock(short) if short[0].available == 0));
}

#[test]
fn what_is_missing_is_named() {
    let missing = |error: &ConfirmError| match error {
        ConfirmError::Incomplete(cart) => cart.missing.join(" "),
        other => other.to_string(),
    };
    given(view()).when(Confirm::default()).refused(|error| missing(error) == "items");
    let bare = view().stock("mug", 5).line("mug", 1).cart(|cart| {
        cart.email = None;
        cart.shipping_address = None;
        cart.payment_method = None;
    });
    given(bare)
        .when(Confirm::default())
        .refused(|error| missing(error) == "email shipping_address shipping_method payment_method");
    let unserved =
        view().stock("mug", 5).line("mug", 1).cart(|cart| cart.shipping_method = Some("camel".to_owned()));
    given(unserved).when(Confirm::default()).refused(|error| missing(error) == "shipping_method");
    given(view().without_cart(true))
        .when(Confirm::default())
        .refused(|error| missing(error).starts_with("items"));
    given(view().without_cart(false))
        .when(Confirm::default())
        .refused(|error| matches!(error, ConfirmError::NotFound));
}

#[test]
fn another_total_or_another_version_is_refused() {
    let scene = || view().price("mug", "10").stock("mug", 5).line("mug", 2);
    let expecting = |minor| Confirm { expected_total: Some(naira(minor)), ..Confirm::default() };
    given(scene()).when(expecting(2_000)).made();
    given(scene()).when(expecting(1_999)).refused(
        |error| matches!(error, ConfirmError::PriceChanged(cart) if cart.quote.summary.total == naira(2_000)),
    );
    let version = |version| Confirm { cart_version: Some(version), ..Confirm::default() };
    given(scene()).when(version(1)).made();
    given(scene()).when(version(2)).refused(|error| matches!(error, ConfirmError::CartChanged(_)));
}

#[test]
fn each_way_to_pay_starts_its_machines() {
    for method in PaymentMethod::ALL {
        let placed =
            given(view().stock("mug", 5).line("mug", 1).paying(method)).when(Confirm::default()).made();
        let payment = if method.needs_gateway() { PaymentState::Pending } else { PaymentState::Due };
        let until = method.window().map(|window| start().plus(window));
        let hold = until.map_or(Hold::Committed, Hold::Held);
        assert_eq!((placed.order.status, placed.order.payment_status), (OrderState::Pending, payment));
        assert_eq!(placed.order.pay_until, until);
        assert_eq!((placed.payment.state(), placed.changes.inventory.reserve[0].hold), (payment, hold));
    }
}

#[test]
fn what_costs_nothing_is_paid() {
    let free = view().price("mug", "0").stock("mug", 5).line("mug", 1).paying(PaymentMethod::Card);
    let placed = given(free).when(Confirm::default()).made();
    assert_eq!(
        (placed.order.status, placed.order.payment_status),
        (OrderState::Processing, PaymentState::Paid)
    );
    assert_eq!(placed.changes.inventory.reserve[0].hold, Hold::Committed);
}

#[test]
fn every_history_is_a_path_in_the_tables() {
    for price in ["0", "10"] {
        for method in PaymentMethod::ALL {
            let scene = view().price("mug", price).stock("mug", 5).line("mug", 1).paying(method);
            let placed = given(scene).when(Confirm::default()).made();
            for machine in [Machine::Order, Machine::Payment, Machine::Fulfillment] {
                let mut state: Option<String> = None;
                for (_, step) in
                    placed.changes.order.history.iter().filter(|(_, step)| step.machine == machine)
                {
                    assert_eq!(step.from, state);
                    let known = machine.moves().contains(&(step.from.as_deref(), step.to.as_str()));
                    assert!(known, "{step:?}");
                    state = Some(step.to.clone());
                }
                let now = match machine {
                    Machine::Order => placed.order.status.as_str(),
                    Machine::Payment => placed.order.payment_status.as_str(),
                    Machine::Fulfillment => placed.order.fulfillment_status.as_str(),
                };
                assert_eq!(state.as_deref(), Some(now));
            }
        }
    }
}

#[test]
fn units_come_from_as_few_locations_as_can() {
    let scene = view().stock_at("mug", "first", 2).stock_at("mug", "second", 5).line("mug", 3);
    given(scene).when(Confirm::default()).changes(|changes| {
        let locations: Vec<_> = changes.inventory.reserve.iter().map(|one| one.location).collect();
        assert_eq!(locations, [crate::testkit::location_id("second")]);
    });
}

#[test]
fn what_is_not_counted_is_not_reserved() {
    let placed =
        given(view().sells(item("pdf").untracked().digital()).line("pdf", 3)).when(Confirm::default()).made();
    assert_eq!(placed.changes.inventory, Default::default());
    assert_eq!((placed.order.shipping_address, placed.order.shipping_method), (None, None));
    assert!(!placed.order.lines[0].stock_limited);
}

#[test]
fn the_record_of_the_request_is_part_of_it() {
    let scope = Scope { actor: "a".to_owned(), route: "r".to_owned(), key: "k".parse().unwrap() };
    let request = Request::new(scope.clone(), b"body");
    let command = Confirm { request: Some(request.clone()), ..Confirm::default() };
    let placed = given(view().stock("mug", 5).line("mug", 1)).when(command).made();
    let record = placed.changes.idempotency.unwrap();
    assert_eq!((record.scope, record.fingerprint), (scope, request.fingerprint));
    assert_eq!(record.outcome, Outcome::OrderPlaced(placed.order.id));
}

#[test]
fn the_same_look_and_the_same_ids_make_the_same_order() {
    let scene = view().stock("mug", 5).line("mug", 1);
    assert_eq!(scene.placed().changes, scene.placed().changes);
}
