//! How orders are paid and money goes back, over this store, through a gateway that misbehaves when told to.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{Shop, cancel, request};
use crate::audit::Actor;
use crate::checkout::{Confirm, Confirmed};
use crate::inventory::Hold;
use crate::order::{Cancel, FulfillmentState, OrderKey, OrderState, OrderView};
use crate::payment::inbox::MessageState;
use crate::payment::journal::Account;
use crate::payment::{
    Collect, GatewayMode, Initialize, NextAction, PayBack, Payment, PaymentError, PaymentMethod,
    PaymentReference, PaymentState, RefundLine, RefundState, Settlement, UnmatchedKey, UnmatchedReason,
    UnmatchedState, What,
};
use crate::testkit::{PretendGateway, Trouble, always, item, seed, soaking};
use crate::{Currency, Engine, Money, OrderId, Quantity};

/// A confirmed order waits for a page of the gateway; once it is paid there, it is paid here, and its goods are its own.
pub async fn an_order_is_paid_through_the_gateway(shop: &Shop) {
    let (engine, gateway) = open(shop, 5).await;
    let confirmed = confirm(shop, &engine, 2).await;
    let reference = confirmed.payment.reference.clone();
    assert!(matches!(&confirmed.payment.progress.next_action, Some(NextAction::Redirect { .. })));
    let waiting = shop.order_now(confirmed.order.order.id).await;
    assert_eq!(
        (waiting.order.status, waiting.order.payment_status),
        (OrderState::Pending, PaymentState::Pending)
    );
    assert!(
        matches!(waiting.reservations[0].hold, Hold::Held(until) if Some(until) == waiting.order.pay_until)
    );
    let intent = gateway.intent(&reference).unwrap();
    assert_eq!(intent.pay_until, waiting.order.pay_until, "the gateway knows until when the order waits");
    assert!(intent.pay_until > Some(intent.now));
    assert_eq!(engine.payments().settle(&reference).await.unwrap(), Settlement::Open);
    gateway.pay(&reference);
    assert_eq!(engine.payments().settle(&reference).await.unwrap(), Settlement::Paid);
    assert_eq!(engine.payments().settle(&reference).await.unwrap(), Settlement::Known);
    let paid = shop.order_now(confirmed.order.order.id).await;
    is_paid(&paid);
    assert_eq!(paid.reservations[0].hold, Hold::Committed);
    assert_eq!((paid.order.pay_until, paid.payments[0].progress.check_at), (None, None));
    let total = paid.order.totals.total.minor;
    assert_eq!(account(shop, &paid, Account::Orders).await, -total);
    let fee = account(shop, &paid, Account::Fees).await;
    assert_eq!((fee, account(shop, &paid, Account::Gateway).await), (total / 50, total - total / 50));
}

/// The shopper's return, a message, the same message again, the look of a job, the reconciler and the end of the payment
/// window, in any order: the order is paid, once, and has its goods.
pub async fn signs_of_a_payment_in_any_order(shop: &Shop) {
    shop.sell([item("mug").stock(10_000)]).await;
    for order_of in permutations(6, if soaking() { 720 } else { 60 }) {
        // A gateway of its own, as the reconciler reads all that one has.
        let (engine, gateway) = paid_through_another(shop);
        let (order, reference) = overdue(shop, &gateway).await;
        for sign in &order_of {
            show(shop, &engine, &gateway, *sign, order, &reference).await;
        }
        let paid = shop.order_now(order).await;
        is_paid(&paid);
        assert_eq!(paid.reservations.len(), 1, "{order_of:?}");
        assert_eq!((paid.refunds.len(), paid.unmatched.len()), (0, 0), "{order_of:?}");
        assert_eq!(
            account(shop, &paid, Account::Orders).await,
            -paid.order.totals.total.minor,
            "{order_of:?}"
        );
    }
}

/// The same signs, and the shopper calls the order off: whatever comes first, the goods are free and the money goes back.
pub async fn signs_of_a_payment_and_a_cancellation_in_any_order(shop: &Shop) {
    shop.sell([item("mug").stock(10_000)]).await;
    const SIGNS: [usize; 6] = [0, 1, 2, 3, 4, 6];
    for order_of in permutations(6, if soaking() { 720 } else { 60 }) {
        // A gateway of its own, as the reconciler reads all that one has.
        let (engine, gateway) = paid_through_another(shop);
        let (order, reference) = overdue(shop, &gateway).await;
        for sign in &order_of {
            show(shop, &engine, &gateway, SIGNS[*sign], order, &reference).await;
        }
        let view = shop.order_now(order).await;
        assert_eq!(view.order.status, OrderState::Cancelled, "{order_of:?}");
        assert!(view.reservations.is_empty(), "{order_of:?}");
        goes_back(shop, &engine, &gateway, order, &reference).await;
    }
}

/// All of it, both ends of the order too: either it is paid and has its goods, or its money goes back.
pub async fn every_sign_and_end_in_any_order(shop: &Shop) {
    shop.sell([item("mug").stock(10_000)]).await;
    for order_of in permutations(7, if soaking() { 5_040 } else { 60 }) {
        // A gateway of its own, as the reconciler reads all that one has.
        let (engine, gateway) = paid_through_another(shop);
        let (order, reference) = overdue(shop, &gateway).await;
        for sign in &order_of {
            show(shop, &engine, &gateway, *sign, order, &reference).await;
        }
        let view = shop.order_now(order).await;
        if view.order.status == OrderState::Processing {
            is_paid(&view);
            assert_eq!(view.reservations.len(), 1, "{order_of:?}");
        } else {
            assert!(view.reservations.is_empty(), "{order_of:?}");
            goes_back(shop, &engine, &gateway, order, &reference).await;
        }
    }
}

/// Money that comes when the goods are gone goes back.
pub async fn late_money_for_goods_that_are_gone(shop: &Shop) {
    let (engine, gateway) = open(shop, 1).await;
    let (order, reference) = overdue(shop, &gateway).await;
    assert_eq!(shop.engine.orders().expire_overdue(10).await.unwrap(), 1);
    shop.order(&[("mug", 1)]).await;
    assert_eq!(engine.payments().settle(&reference).await.unwrap(), Settlement::GoesBack);
    let view = shop.order_now(order).await;
    assert_eq!((view.order.status, view.order.payment_status), (OrderState::Cancelled, PaymentState::Paid));
    goes_back(shop, &engine, &gateway, order, &reference).await;
    assert_eq!(shop.order_now(order).await.order.status, OrderState::Refunded);
}

/// Before an order lapses the gateway is asked: money that came in the last moment pays it.
pub async fn money_that_came_in_the_last_moment(shop: &Shop) {
    let (engine, gateway) = open(shop, 2).await;
    let (order, _) = overdue(shop, &gateway).await;
    let unpaid = shop.order_overdue_by(5, &[("mug", 1)]).await.order.id;
    assert_eq!(engine.orders().expire_overdue(10).await.unwrap(), 1);
    is_paid(&shop.order_now(order).await);
    assert_eq!(shop.order_now(unpaid).await.order.status, OrderState::Cancelled);
}

/// Another attempt for the same order; both are paid: the first one counts, the other one goes back.
pub async fn an_order_that_is_paid_twice(shop: &Shop) {
    let (engine, gateway) = open(shop, 5).await;
    let confirmed = confirm(shop, &engine, 1).await;
    let (order, first) = (confirmed.order.order.id, confirmed.payment.reference.clone());
    let again = Initialize {
        method: Some(PaymentMethod::MobileMoney),
        mobile_money: None,
        return_url: None,
        actor: Actor::Guest,
        request: Some(request("again", "mobile money")),
    };
    let second = engine.payments().initialize(order, &again).await.unwrap();
    let replayed = engine.payments().initialize(order, &again).await.unwrap();
    assert!(replayed.replayed);
    assert_eq!(replayed.payment.reference, second.payment.reference);
    let second = second.payment.reference;
    gateway.pay(&second);
    gateway.pay(&first);
    assert_eq!(engine.payments().settle(&second).await.unwrap(), Settlement::Paid);
    let twice = Settlement::Unmatched(UnmatchedReason::AlreadyPaid);
    assert_eq!(engine.payments().settle(&first).await.unwrap(), twice);
    assert_eq!(engine.payments().settle(&first).await.unwrap(), Settlement::Known);
    let view = shop.order_now(order).await;
    is_paid(&view);
    assert_eq!(view.unmatched[0].state, UnmatchedState::Refunding);
    engine.payments().advance_refunds(10).await.unwrap();
    gateway.settle_refunds(RefundState::Processed);
    let refund = view.refunds[0].id;
    let told = gateway.message("refund", &first);
    tell(shop, &engine, &told).await;
    let refund = shop.store.refund(refund).await.unwrap().unwrap();
    assert_eq!(refund.refund.progress.state, RefundState::Processed);
    assert_eq!(refund.unmatched.unwrap().state, UnmatchedState::Refunded);
    let (charged, back) = gateway.truth(&first);
    assert_eq!(charged, back);
    is_paid(&shop.order_now(order).await);
}

/// A charge that is not what was asked for pays nothing, and staff sees it.
pub async fn money_that_does_not_match(shop: &Shop) {
    let (engine, gateway) = open(shop, 50).await;
    let naira = |minor| Money::from_minor(minor, Currency::NGN);
    for (amount, mode, reason) in [
        (naira(1), GatewayMode::Test, UnmatchedReason::Amount),
        (naira(10_000_000), GatewayMode::Test, UnmatchedReason::Amount),
        (
            Money::from_minor(250_000, Currency::from_code("GHS").unwrap()),
            GatewayMode::Test,
            UnmatchedReason::Currency,
        ),
        (naira(250_000), GatewayMode::Live, UnmatchedReason::Mode),
    ] {
        let confirmed = confirm(shop, &engine, 1).await;
        let reference = confirmed.payment.reference.clone();
        gateway.put(&reference, amount, mode);
        assert_eq!(engine.payments().settle(&reference).await.unwrap(), Settlement::Unmatched(reason));
        assert_eq!(engine.payments().settle(&reference).await.unwrap(), Settlement::Known);
        let view = shop.order_now(confirmed.order.order.id).await;
        assert_eq!(
            (view.order.status, view.order.payment_status),
            (OrderState::Pending, PaymentState::Pending)
        );
        assert_eq!((view.unmatched[0].amount, view.unmatched[0].state), (amount, UnmatchedState::Open));
        let id = view.unmatched[0].id;
        if mode == GatewayMode::Live {
            let resolved =
                engine.payments().resolve_unmatched(id, "a clerk tried a card", &Actor::System).await;
            assert_eq!(resolved.unwrap().unmatched.state, UnmatchedState::Resolved);
        } else {
            engine.payments().refund_unmatched(id, "not what was asked for", &Actor::System).await.unwrap();
            assert_eq!(gateway.truth(&reference).1, amount.minor);
        }
        let twice = engine.payments().refund_unmatched(id, "again", &Actor::System).await;
        assert!(matches!(twice, Err(PaymentError::Settled(_))), "{twice:?}");
    }
}

/// The reconciler finds what nobody told of: a paid order of ours, and a charge that nobody asked for.
pub async fn the_reconciler_finds_what_was_missed(shop: &Shop) {
    let (engine, gateway) = open(shop, 50).await;
    let mut orders = Vec::new();
    for _ in 0..3 {
        let confirmed = confirm(shop, &engine, 1).await;
        gateway.pay(&confirmed.payment.reference);
        orders.push(confirmed.order.order.id);
    }
    let stranger = PaymentReference("a-terminal-in-the-shop".to_owned());
    gateway.put(&stranger, Money::from_minor(700, Currency::NGN), GatewayMode::Test);
    let (from, to) = always(shop.now().await);
    let report = engine.payments().reconcile(from, to, |_| {}).await.unwrap();
    assert_eq!((report.charges, report.paid, report.known, report.findings.len()), (4, 4, 0, 4));
    for order in orders {
        is_paid(&shop.order_now(order).await);
    }
    let row = shop.store.unmatched(&UnmatchedKey::Reference(stranger)).await.unwrap().unwrap().unmatched;
    assert_eq!(
        (row.reason, row.order, row.state),
        (UnmatchedReason::UnknownReference, None, UnmatchedState::Open)
    );
    let again = engine.payments().reconcile(from, to, |_| {}).await.unwrap();
    assert_eq!((again.known, again.findings.len()), (4, 0));
    let hour = std::time::Duration::from_secs(3_600);
    assert!(engine.payments().reconcile_when_due(hour).await.unwrap().is_some());
    assert!(engine.payments().reconcile_when_due(hour).await.unwrap().is_none(), "once an hour");
}

/// The gateway takes a charge and its answer is lost: the same request goes on, with one charge that can be paid, and
/// none that was asked for twice.
pub async fn an_answer_of_the_gateway_that_is_lost(shop: &Shop) {
    let (engine, gateway) = open(shop, 50).await;
    for trouble in [Trouble::Before, Trouble::After, Trouble::Lost] {
        gateway.trouble(trouble);
        let token = shop.ready_cart_paying(PaymentMethod::Card, &[("mug", 1)]).await;
        let command =
            Confirm { request: Some(request(&format!("{trouble:?}"), "confirm")), ..Confirm::default() };
        let confirmed = engine.checkout().confirm(&token, &command).await.unwrap();
        assert!(matches!(confirmed.trouble, Some(PaymentError::Gateway { .. })), "{trouble:?}");
        let replayed = engine.checkout().confirm(&token, &command).await.unwrap();
        assert_eq!(replayed.order.order.id, confirmed.order.order.id);
        assert!(replayed.trouble.is_none(), "{trouble:?}: {:?}", replayed.trouble);
        assert!(matches!(replayed.payment.progress.next_action, Some(NextAction::Redirect { .. })));
        let lost = trouble == Trouble::After;
        assert_eq!(replayed.payment.reference != confirmed.payment.reference, lost, "{trouble:?}");
        gateway.pay(&replayed.payment.reference);
        engine.payments().verify(&replayed.payment.reference).await.unwrap();
        is_paid(&shop.order_now(confirmed.order.order.id).await);
    }
    gateway.trouble(Trouble::Refused);
    let confirmed = confirm(shop, &engine, 1).await;
    assert_eq!(confirmed.payment.state(), PaymentState::Failed);
    assert_eq!(confirmed.payment.progress.note.as_deref(), Some("Insufficient funds"));
    let order = confirmed.order.order.id;
    assert_eq!(confirmed.order.order.status, OrderState::Pending, "another attempt may follow");
    let again =
        Initialize { method: None, mobile_money: None, return_url: None, actor: Actor::Guest, request: None };
    let another = engine.payments().initialize(order, &again).await.unwrap().payment.reference;
    gateway.pay(&another);
    assert_eq!(engine.payments().settle(&another).await.unwrap(), Settlement::Paid);
    let view = shop.order_now(order).await;
    is_paid(&view);
    let first =
        view.payments.iter().find(|attempt| attempt.reference == confirmed.payment.reference).unwrap();
    assert_eq!(first.state(), PaymentState::Failed);
}

/// Another attempt that the gateway took, and whose answer is lost: the same request goes on with one more, and with that
/// one however often it comes.
pub async fn an_answer_to_another_attempt_that_is_lost(shop: &Shop) {
    let (engine, gateway) = open(shop, 5).await;
    let order = confirm(shop, &engine, 1).await.order.order.id;
    let again = Initialize {
        method: None,
        mobile_money: None,
        return_url: None,
        actor: Actor::Guest,
        request: Some(request("another", "initialize")),
    };
    a_moment_passes(shop);
    gateway.trouble(Trouble::After);
    let lost = engine.payments().initialize(order, &again).await.unwrap_err();
    assert!(matches!(lost, PaymentError::Gateway { .. }), "{lost}");
    a_moment_passes(shop);
    let first = engine.payments().initialize(order, &again).await.unwrap();
    assert!(matches!(first.payment.progress.next_action, Some(NextAction::Redirect { .. })));
    for _ in 0..3 {
        let same = engine.payments().initialize(order, &again).await.unwrap();
        assert_eq!((&same.payment.reference, same.replayed), (&first.payment.reference, true));
    }
    assert_eq!((shop.order_now(order).await.payments.len(), gateway.asked()), (3, 3));
}

/// Thirty repetitions of one confirmation at once: one order, one charge asked for, one answer.
pub async fn a_confirmation_repeated_at_once_asks_once(shop: &Shop) {
    let (engine, gateway) = open(shop, 5).await;
    let token = shop.ready_cart_paying(PaymentMethod::Card, &[("mug", 1)]).await;
    let mut tasks = JoinSet::new();
    for _ in 0..30 {
        let (engine, token) = (engine.clone(), token.clone());
        let command = Confirm { request: Some(request("one", "confirm")), ..Confirm::default() };
        tasks.spawn(async move { engine.checkout().confirm(&token, &command).await.unwrap() });
    }
    let answers = tasks.join_all().await;
    let references: std::collections::BTreeSet<_> =
        answers.iter().map(|answer| answer.payment.reference.clone()).collect();
    assert_eq!((references.len(), gateway.asked()), (1, 1));
    shop.order_now(answers[0].order.order.id).await;
}

/// The same message fifty times at once: stored once, and one effect.
pub async fn a_message_fifty_times_at_once(shop: &Shop) {
    let (engine, gateway) = open(shop, 5).await;
    let confirmed = confirm(shop, &engine, 1).await;
    gateway.pay(&confirmed.payment.reference);
    let told = gateway.message("charge", &confirmed.payment.reference);
    let mut tasks = JoinSet::new();
    for _ in 0..50 {
        let (engine, told) = (engine.clone(), told.clone());
        tasks.spawn(async move {
            let payments = engine.payments();
            let id = payments.receive(Some(PretendGateway::SIGNATURE), &told).await.unwrap();
            payments.handle(id).await.unwrap();
            payments.handle_waiting(10).await.unwrap();
        });
    }
    tasks.join_all().await;
    let paid = shop.order_now(confirmed.order.order.id).await;
    is_paid(&paid);
    let moves = paid.history.iter().filter(|transition| transition.to == "paid").count();
    assert_eq!(moves, 1);
    assert_eq!(account(shop, &paid, Account::Orders).await, -paid.order.totals.total.minor);
}

/// What is not signed is not stored; what nobody can make anything of waits for staff, and goes round again when told.
pub async fn messages_that_mean_nothing(shop: &Shop) {
    let (engine, gateway) = open(shop, 5).await;
    let payments = engine.payments();
    let reference = PaymentReference("nobody's".to_owned());
    let told = gateway.message("charge", &reference);
    for signature in [None, Some(""), Some("signed by somebody")] {
        assert!(payments.receive(signature, &told).await.is_err());
    }
    assert!(shop.store.waiting_messages(10).await.unwrap().1.is_empty());
    for event in ["charge", "weather", "dispute"] {
        tell(shop, &engine, &gateway.message(event, &reference)).await;
    }
    let parked = shop.store.parked_messages(None, 10).await.unwrap();
    assert_eq!(parked.len(), 1, "{parked:?}");
    assert_eq!(
        (parked[0].handling.state, parked[0].handling.note.as_deref()),
        (MessageState::Parked, Some("dispute"))
    );
    payments.replay(parked[0].id).await.unwrap();
    assert!(shop.store.parked_messages(None, 10).await.unwrap().is_empty());
    payments.handle_waiting(10).await.unwrap();
    assert_eq!(shop.store.parked_messages(None, 10).await.unwrap().len(), 1);
}

/// Two refunds of sixty percent at once: one of them.
pub async fn two_refunds_of_more_than_half_at_once(shop: &Shop) {
    let (engine, gateway) = open(shop, 200).await;
    for round in 0..if soaking() { 50 } else { 10 } {
        let (order, reference) = paid_order(shop, &engine, &gateway, 1).await;
        let total = shop.order_now(order).await.order.totals.total;
        let part = Money::from_minor(total.minor * 6 / 10, total.currency);
        let mut tasks = JoinSet::new();
        for _ in 0..2 {
            let engine = engine.clone();
            tasks.spawn(async move {
                engine.payments().refund(&OrderKey::Id(order), &pay_back(What::Amount(part))).await
            });
        }
        let answers = tasks.join_all().await;
        let refused =
            answers.iter().filter(|answer| matches!(answer, Err(PaymentError::Exceeds { .. }))).count();
        assert_eq!(
            (answers.iter().filter(|answer| answer.is_ok()).count(), refused),
            (1, 1),
            "round {round}"
        );
        assert_eq!(gateway.truth(&reference), (total.minor, part.minor), "round {round}");
    }
}

/// A refund whose answer is lost is looked for before it is asked for again: it is sent once.
pub async fn a_refund_whose_answer_is_lost(shop: &Shop) {
    let (engine, gateway) = open(shop, 50).await;
    for trouble in [Trouble::Before, Trouble::After, Trouble::Lost] {
        let (order, reference) = paid_order(shop, &engine, &gateway, 1).await;
        let total = shop.order_now(order).await.order.totals.total.minor;
        gateway.trouble(trouble);
        let command =
            PayBack { request: Some(request(&format!("{trouble:?}"), "all")), ..pay_back(What::All) };
        let asked = engine.payments().refund(&OrderKey::Id(order), &command).await.unwrap();
        assert_eq!(asked.refunds[0].progress.state, RefundState::Pending, "{trouble:?}");
        let again = engine.payments().refund(&OrderKey::Id(order), &command).await.unwrap();
        assert!(again.replayed && again.refunds[0].id == asked.refunds[0].id);
        if let Some(clock) = &shop.clock {
            clock.advance(std::time::Duration::from_secs(3_600));
            engine.payments().advance_refunds(10).await.unwrap();
            assert_eq!(gateway.truth(&reference), (total, total), "{trouble:?}");
        }
        assert!(gateway.truth(&reference).1 <= total, "{trouble:?}");
    }
}

/// Refunds of units: each is worth what it was when the order was placed, and the last one brings the sum to what was
/// paid; units that were not shipped can go back to the shelf.
pub async fn units_are_refunded_at_what_was_paid(shop: &Shop) {
    let (engine, gateway) = open(shop, 9).await;
    let (order, reference) = paid_order(shop, &engine, &gateway, 3).await;
    let view = shop.order_now(order).await;
    let line = view.order.lines[0].id;
    let shelf = shop.store.locations().await.unwrap()[0].id;
    let units = |count: u32, shipping| {
        let lines = vec![RefundLine { line, quantity: Quantity::try_from(count).unwrap() }];
        PayBack { restock: Some(shelf), ..pay_back(What::Lines { lines, shipping }) }
    };
    assert_eq!(shop.stock("mug").await, (9, 3));
    let id = OrderKey::Id(order);
    engine.payments().refund(&id, &units(2, false)).await.unwrap();
    assert_eq!(shop.stock("mug").await, (9, 1));
    let refused = engine.payments().refund(&id, &units(2, false)).await;
    assert!(matches!(refused, Err(PaymentError::Lines { available: 1, .. })), "{refused:?}");
    engine.payments().refund(&id, &units(1, true)).await.unwrap();
    assert_eq!(shop.stock("mug").await, (9, 0));
    let total = view.order.totals.total.minor;
    assert_eq!(gateway.truth(&reference), (total, total));
    gateway.settle_refunds(RefundState::Processed);
    tell(shop, &engine, &gateway.message("refund", &reference)).await;
    let view = shop.order_now(order).await;
    assert_eq!(view.order.payment_status, PaymentState::Refunded);
    assert_eq!(account(shop, &view, Account::Orders).await, 0);
    let refused = engine.payments().refund(&id, &pay_back(What::All)).await;
    assert!(matches!(refused, Err(PaymentError::Exceeds { .. })), "{refused:?}");
}

/// What cannot be refunded: nothing, too much, in another currency, of an unpaid or a foreign order.
pub async fn what_cannot_be_refunded(shop: &Shop) {
    let (engine, gateway) = open(shop, 9).await;
    let unpaid = confirm(shop, &engine, 1).await;
    let payments = engine.payments();
    let refused = payments.refund(&OrderKey::Id(unpaid.order.order.id), &pay_back(What::All)).await;
    assert!(matches!(refused, Err(PaymentError::NothingPaid)), "{refused:?}");
    let (order, _) = paid_order(shop, &engine, &gateway, 1).await;
    let total = shop.order_now(order).await.order.totals.total;
    let amount = |minor, currency| pay_back(What::Amount(Money::from_minor(minor, currency)));
    let id = OrderKey::Id(order);
    let refused = payments.refund(&id, &amount(0, total.currency)).await;
    assert!(matches!(refused, Err(PaymentError::Amount)), "{refused:?}");
    let refused = payments.refund(&id, &amount(-5, total.currency)).await;
    assert!(matches!(refused, Err(PaymentError::Amount)), "{refused:?}");
    let refused = payments.refund(&id, &amount(total.minor + 1, total.currency)).await;
    assert!(matches!(refused, Err(PaymentError::Exceeds { .. })), "{refused:?}");
    let refused = payments.refund(&id, &amount(1, Currency::from_code("GHS").unwrap())).await;
    assert!(matches!(refused, Err(PaymentError::Currency { .. })), "{refused:?}");
    let foreign = PayBack { reference: Some(unpaid.payment.reference.clone()), ..pay_back(What::All) };
    let refused = payments.refund(&id, &foreign).await;
    assert!(matches!(refused, Err(PaymentError::NotFound)), "{refused:?}");
    let nowhere = OrderKey::Payment(PaymentReference("nowhere".to_owned()));
    let refused = payments.refund(&nowhere, &pay_back(What::All)).await;
    assert!(matches!(refused, Err(PaymentError::NotFound)), "{refused:?}");
}

/// A refund that fails leaves the money captured, to be refunded again; one that was made at the gateway is learned of.
pub async fn refunds_that_end_otherwise(shop: &Shop) {
    let (engine, gateway) = open(shop, 9).await;
    let (order, reference) = paid_order(shop, &engine, &gateway, 1).await;
    let id = OrderKey::Id(order);
    engine.payments().refund(&id, &pay_back(What::All)).await.unwrap();
    gateway.settle_refunds(RefundState::Failed);
    tell(shop, &engine, &gateway.message("refund", &reference)).await;
    let view = shop.order_now(order).await;
    is_paid(&view);
    assert_eq!(
        (view.refunds[0].progress.state, view.payments[0].progress.refunded.minor),
        (RefundState::Failed, 0)
    );
    gateway.trouble(Trouble::Refused);
    let refused = engine.payments().refund(&id, &pay_back(What::All)).await.unwrap();
    assert_eq!(refused.refunds[0].progress.state, RefundState::Failed);
    engine.payments().refund(&id, &pay_back(What::All)).await.unwrap();
    let total = view.order.totals.total.minor;
    assert_eq!(gateway.truth(&reference), (total, total));
}

/// Cash at the door: the exact sum, too little, too much.
pub async fn cash_is_collected(shop: &Shop) {
    let (engine, _) = open(shop, 9).await;
    let exact = shop.order(&[("mug", 1)]).await;
    let total = exact.order.totals.total;
    let collect = |view: &OrderView, minor| Collect {
        reference: due(view).reference.clone(),
        amount: Money::from_minor(minor, total.currency),
        proof: Some("receipt 7".to_owned()),
        actor: Actor::Staff("till".to_owned()),
        request: None,
    };
    engine.payments().collect(&collect(&exact, total.minor)).await.unwrap();
    is_paid(&shop.order_now(exact.order.id).await);
    let twice = engine.payments().collect(&collect(&exact, total.minor)).await;
    assert!(matches!(twice, Err(PaymentError::NotPayable { .. })), "{twice:?}");

    let short = shop.order(&[("mug", 1)]).await;
    engine.payments().collect(&collect(&short, total.minor - 100)).await.unwrap();
    let view = shop.order_now(short.order.id).await;
    assert_eq!((view.order.payment_status, view.payments.len()), (PaymentState::Due, 2));
    assert_eq!(due(&view).amount.minor, 100);
    engine.payments().collect(&collect(&view, 100)).await.unwrap();
    is_paid(&shop.order_now(short.order.id).await);

    let over = shop.order(&[("mug", 1)]).await;
    engine.payments().collect(&collect(&over, total.minor + 50)).await.unwrap();
    let view = shop.order_now(over.order.id).await;
    is_paid(&view);
    assert_eq!((view.unmatched[0].amount.minor, view.unmatched[0].reason), (50, UnmatchedReason::Excess));
    assert_eq!(account(shop, &view, Account::Cash).await, total.minor + 50);

    let back = engine.payments().refund(&OrderKey::Id(over.order.id), &pay_back(What::All)).await.unwrap();
    assert_eq!(
        back.refunds[0].progress.state,
        RefundState::Processed,
        "who collects by hand pays back by hand"
    );
    assert_eq!(shop.order_now(over.order.id).await.order.payment_status, PaymentState::Refunded);
}

/// The attempt by which money is collected by hand.
fn due(view: &OrderView) -> &Payment {
    view.payments.iter().find(|payment| payment.state() == PaymentState::Due).unwrap()
}

/// A transfer that staff finds on the statement: held for days, then committed; one that never comes lapses.
pub async fn a_transfer_by_hand(shop: &Shop) {
    let (engine, _) = open(shop, 9).await;
    let token = shop.ready_cart_paying(PaymentMethod::Manual, &[("mug", 2)]).await;
    let order = shop.confirm(&token).await.unwrap().order;
    assert!(matches!(order.reservations[0].hold, Hold::Held(_)));
    assert_eq!(order.order.payment_status, PaymentState::Due);
    let collect = Collect {
        reference: order.payments[0].reference.clone(),
        amount: order.order.totals.total,
        proof: Some("booking 2026-118".to_owned()),
        actor: Actor::Staff("books".to_owned()),
        request: None,
    };
    let answer = engine.payments().collect(&collect).await.unwrap();
    is_paid(&answer.order);
    assert_eq!(answer.order.reservations[0].hold, Hold::Committed);
    engine.orders().cancel(order.order.id, &cancel()).await.unwrap();
    let cancelled = shop.order_now(order.order.id).await;
    assert_eq!(cancelled.refunds[0].progress.state, RefundState::NeedsAttention, "staff pays it back");
    let actor = Actor::Staff("books".to_owned());
    engine.payments().refund_paid_by_hand(cancelled.refunds[0].id, &actor).await.unwrap();
    let done = shop.order_now(order.order.id).await;
    assert_eq!(
        (done.order.status, done.order.payment_status),
        (OrderState::Refunded, PaymentState::Refunded)
    );
    assert_eq!(account(shop, &done, Account::Bank).await, 0);
}

// What the cases are written with.

async fn open(shop: &Shop, stock: i64) -> (Engine, Arc<PretendGateway>) {
    shop.sell([item("mug").stock(stock)]).await;
    paid_through_another(shop)
}

/// The shop, paid through a gateway that nobody knows yet.
fn paid_through_another(shop: &Shop) -> (Engine, Arc<PretendGateway>) {
    let gateway = Arc::new(PretendGateway::default());
    (shop.paid_through(Arc::<PretendGateway>::clone(&gateway)), gateway)
}

async fn confirm(shop: &Shop, engine: &Engine, units: u32) -> Confirmed {
    let token = shop.ready_cart_paying(PaymentMethod::Card, &[("mug", units)]).await;
    let confirmed = engine.checkout().confirm(&token, &Confirm::default()).await.unwrap();
    shop.order_now(confirmed.order.order.id).await;
    confirmed
}

async fn paid_order(
    shop: &Shop,
    engine: &Engine,
    gateway: &PretendGateway,
    units: u32,
) -> (OrderId, PaymentReference) {
    let confirmed = confirm(shop, engine, units).await;
    let reference = confirmed.payment.reference.clone();
    gateway.pay(&reference);
    engine.payments().settle(&reference).await.unwrap();
    (confirmed.order.order.id, reference)
}

/// Attempts are told apart by when they were made; a clock that stands still is moved.
fn a_moment_passes(shop: &Shop) {
    if let Some(clock) = &shop.clock {
        clock.advance(std::time::Duration::from_millis(5));
    }
}

/// An order whose payment window has closed, and whose money has come in at the gateway all the same.
async fn overdue(shop: &Shop, gateway: &PretendGateway) -> (OrderId, PaymentReference) {
    let token = shop.ready_cart_paying(PaymentMethod::Card, &[("mug", 1)]).await;
    let placed = shop.placed_before_through(&token, 120, GatewayMode::Test).await;
    shop.store.commit(&placed.changes).await.unwrap();
    gateway.put(&placed.payment.reference, placed.payment.amount, GatewayMode::Test);
    (placed.order.id, placed.payment.reference)
}

/// One sign of a payment, or one end of its order.
async fn show(
    shop: &Shop,
    engine: &Engine,
    gateway: &PretendGateway,
    sign: usize,
    order: OrderId,
    reference: &PaymentReference,
) {
    let payments = engine.payments();
    match sign {
        0 => drop(payments.verify(reference).await.unwrap()),
        1 | 2 => tell(shop, engine, &gateway.message("charge", reference)).await,
        3 => drop(payments.check_due(1_000).await.unwrap()),
        4 => {
            let (from, to) = always(shop.now().await);
            payments.reconcile(from, to, |_| {}).await.unwrap();
        }
        // By a server that cannot ask the gateway.
        5 => drop(shop.engine.orders().expire_overdue(1_000).await.unwrap()),
        _ => {
            let command = Cancel { actor: Actor::Guest, reason: "changed my mind".to_owned(), request: None };
            // It may have lapsed before.
            let _ = engine.orders().cancel(order, &command).await;
        }
    }
}

/// The gateway tells, and somebody takes it up.
async fn tell(shop: &Shop, engine: &Engine, told: &[u8]) {
    let payments = engine.payments();
    let id = payments.receive(Some(PretendGateway::SIGNATURE), told).await.unwrap();
    payments.handle(id).await.unwrap();
    assert!(shop.store.waiting_messages(10).await.unwrap().1.is_empty());
}

async fn goes_back(
    shop: &Shop,
    engine: &Engine,
    gateway: &PretendGateway,
    order: OrderId,
    reference: &PaymentReference,
) {
    engine.payments().advance_refunds(1_000).await.unwrap();
    let (charged, back) = gateway.truth(reference);
    assert_eq!((charged, back), (back, charged), "all of it, once");
    gateway.settle_refunds(RefundState::Processed);
    let settled = gateway.message("refund", reference);
    tell(shop, engine, &settled).await;
    let view = shop.order_now(order).await;
    assert_eq!(view.order.payment_status, PaymentState::Refunded);
    assert_eq!(account(shop, &view, Account::Orders).await, 0);
}

#[track_caller]
fn is_paid(view: &OrderView) {
    let order = &view.order;
    assert_eq!(
        (order.status, order.payment_status, order.fulfillment_status),
        (OrderState::Processing, PaymentState::Paid, FulfillmentState::Unfulfilled)
    );
    let captured: i64 = view.payments.iter().map(|payment| payment.progress.captured.minor).sum();
    assert_eq!(captured, order.totals.total.minor);
}

async fn account(shop: &Shop, view: &OrderView, account: Account) -> i64 {
    let entries = shop.store.journal(view.order.id).await.unwrap();
    let legs = entries.iter().flat_map(|entry| &entry.legs).filter(|leg| leg.account == account);
    legs.map(|leg| leg.amount.minor).sum()
}

fn pay_back(what: What) -> PayBack {
    let actor = Actor::Staff("desk".to_owned());
    PayBack { what, reference: None, reason: "as agreed".to_owned(), restock: None, actor, request: None }
}

/// Up to `most` permutations of so many signs: all of them when that is enough, else ones drawn by the seed of the run.
fn permutations(signs: usize, most: usize) -> Vec<Vec<usize>> {
    let all: usize = (1..=signs).product();
    let nth = |mut number: usize| {
        let mut left: Vec<usize> = (0..signs).collect();
        (1..=signs)
            .rev()
            .map(|length| {
                let index = number % length;
                number /= length;
                left.remove(index)
            })
            .collect()
    };
    if most >= all {
        return (0..all).map(nth).collect();
    }
    // A step that shares no factor with the number of permutations visits each of them once.
    let start = usize::try_from(seed() % all as u64).unwrap_or(0);
    (0..most).map(|turn| nth((start + turn * 5_039) % all)).collect()
}
