//! What the decisions about money keep, whatever is asked of them in whatever order.

#![expect(clippy::unwrap_used, reason = "a test that goes wrong shall stop")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;

use super::journal::{Account, balanced};
use super::{
    Changes, Charge, ChargeStatus, GatewayMode, GatewayRefund, Initialize, Intent, PayBack, PaymentError,
    PaymentMethod, PaymentReference, PaymentState, PaymentTerms, RefundLine, RefundSource, RefundState,
    Settlement, UnmatchedView, What, initialize, pay_back, pay_back_unmatched, resolve_unmatched, settle,
};
use crate::audit::Actor;
use crate::commit::ChangeSet;
use crate::order::{OrderState, OrderView};
use crate::payment::pay_back::{Owner, refund_told};
use crate::testkit::{order_view, start, view};
use crate::{Ids, Money, Quantity};

/// Ids that no other decision has drawn.
fn fresh() -> Ids {
    static DRAWN: AtomicU64 = AtomicU64::new(0);
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&DRAWN.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    Ids::new(seed, start())
}

/// An order of seven units, to be paid by card, with an odd amount so that its units are not worth the same.
fn placed() -> OrderView {
    let mut seen = order_view(&view().stock("mug", 9).line("mug", 7).paying(PaymentMethod::Card).placed());
    seen.payments[0].mode = Some(GatewayMode::Test);
    seen.order.lines[0].paid.minor += 5;
    seen.order.totals.total.minor += 5;
    seen.payments[0].amount = seen.order.totals.total;
    seen
}

fn charge(seen: &OrderView, status: ChargeStatus) -> Charge {
    let payment = &seen.payments[0];
    Charge {
        reference: payment.reference.clone(),
        id: "77".to_owned(),
        status,
        amount: payment.amount,
        requested: None,
        mode: GatewayMode::Test,
        channel: None,
        fee: Some(Money::from_minor(150, payment.amount.currency)),
        paid_at: None,
        reason: None,
    }
}

fn paid() -> OrderView {
    let mut seen = placed();
    let charge = charge(&seen, ChargeStatus::Succeeded);
    let (settlement, changes) = settle(&seen, &charge, None, &mut fresh()).unwrap();
    assert_eq!(settlement, Settlement::Paid);
    apply(&mut seen, &changes.unwrap());
    seen
}

#[test]
fn the_gateway_is_told_until_when_the_order_waits() {
    let mut seen = placed();
    let until = seen.order.pay_until.unwrap();
    assert!(until > seen.now);
    let intent = Intent::of(&seen, &seen.payments[0]);
    assert_eq!((intent.now, intent.pay_until), (seen.now, Some(until)));
    assert_eq!((intent.amount, &intent.reference), (seen.payments[0].amount, &seen.payments[0].reference));

    // Another attempt may lengthen the wait, and then what is shown ends with the longer one.
    let command = Initialize {
        method: Some(PaymentMethod::BankTransfer),
        mobile_money: None,
        return_url: None,
        actor: Actor::System,
        request: None,
    };
    let terms = PaymentTerms {
        accepted: PaymentMethod::ALL.to_vec(),
        mode: Some(GatewayMode::Test),
        ..PaymentTerms::default()
    };
    seen.now = until.minus(Duration::from_secs(60));
    let (another, changes) = initialize(&seen, &command, &terms, &mut fresh()).unwrap();
    apply(&mut seen, &changes);
    let longer = seen.now.plus(terms.window(PaymentMethod::BankTransfer).unwrap());
    assert!(longer > until);
    assert_eq!(Intent::of(&seen, &another).pay_until, Some(longer));
}

/// What a store would make of the changes.
fn apply(seen: &mut OrderView, changes: &ChangeSet) {
    let Changes { open, advance, refund, refund_advance, unmatched, journal, .. } = &changes.payment;
    assert!(journal.iter().all(|entry| balanced(&entry.legs)));
    seen.payments.extend(open.iter().cloned());
    seen.refunds.extend(refund.iter().cloned());
    seen.unmatched.extend(unmatched.iter().cloned());
    for change in advance {
        let payment = seen.payments.iter_mut().find(|payment| payment.id == change.id).unwrap();
        assert_eq!(payment.version, change.expected_version);
        (payment.progress, payment.version) = (change.progress.clone(), payment.version + 1);
    }
    for change in refund_advance {
        let refund = seen.refunds.iter_mut().find(|refund| refund.id == change.id).unwrap();
        (refund.progress, refund.version) = (change.progress.clone(), refund.version + 1);
    }
    if let Some(change) = &changes.order.advance {
        assert_eq!(seen.order.version, change.expected_version);
        seen.order.status = change.status;
        seen.order.payment_status = change.payment_status;
        seen.order.pay_until = change.pay_until;
        seen.order.version += 1;
    }
}

/// What is asked of a paid order.
#[derive(Debug, Clone)]
enum Ask {
    Amount(i64),
    Units(u32, bool),
    All,
    Told(usize, RefundState),
}

fn any_ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        3 => (-10..60_000_i64).prop_map(Ask::Amount),
        4 => (1..9_u32, any::<bool>()).prop_map(|(units, shipping)| Ask::Units(units, shipping)),
        1 => Just(Ask::All),
        4 => (0..6_usize, select(&RefundState::ALL[..])).prop_map(|(refund, state)| Ask::Told(refund, state)),
    ]
}

fn ask(seen: &OrderView, ask: &Ask) -> Result<Option<ChangeSet>, PaymentError> {
    let currency = seen.order.totals.total.currency;
    let what = match ask {
        Ask::Amount(minor) => What::Amount(Money::from_minor(*minor, currency)),
        Ask::Units(units, shipping) => {
            let quantity = Quantity::try_from(*units).unwrap();
            let lines = vec![RefundLine { line: seen.order.lines[0].id, quantity }];
            What::Lines { lines, shipping: *shipping }
        }
        Ask::All => What::All,
        Ask::Told(place, state) => {
            let Some(refund) = seen.refunds.get(*place) else { return Ok(None) };
            let told = GatewayRefund {
                id: "9".to_owned(),
                refund: Some(refund.id),
                amount: refund.amount,
                state: *state,
                reason: None,
            };
            return refund_told(&Owner::Order(seen), refund, &told, seen.now, &mut fresh());
        }
    };
    let actor = Actor::Staff("desk".to_owned());
    let command =
        PayBack { what, reference: None, reason: String::new(), restock: None, actor, request: None };
    pay_back(seen, &command, &mut fresh()).map(|(_, changes)| Some(changes))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::testkit::property_cases(1_000)))]

    /// CAPTURE_BAL, LEDGER_ZERO: whatever is refunded, told and refused, no more goes back than came, the attempt knows how
    /// much that is, and the journal agrees with it.
    #[test]
    fn no_more_goes_back_than_came(asks in prop::collection::vec(any_ask(), 1..20)) {
        let mut seen = paid();
        let captured = seen.payments[0].progress.captured.minor;
        let mut orders = -captured;
        for one in &asks {
            // A gateway that goes back on its own word is refused by the state table.
            let Ok(Some(changes)) = ask(&seen, one) else { continue };
            apply(&mut seen, &changes);
            orders += changes.payment.journal.iter().flat_map(|entry| &entry.legs)
                .filter(|leg| leg.account == Account::Orders).map(|leg| leg.amount.minor).sum::<i64>();
            let sum = |counts: fn(RefundState) -> bool| -> i64 {
                let some = seen.refunds.iter().filter(|refund| counts(refund.progress.state));
                some.map(|refund| refund.amount.minor).sum()
            };
            let counting = sum(RefundState::counts);
            prop_assert_eq!(counting, seen.payments[0].progress.refunded.minor);
            prop_assert!((0..=captured).contains(&counting));
            let done = sum(|state| state == RefundState::Processed);
            prop_assert_eq!(orders, done - captured);
            let expected = match done {
                0 => PaymentState::Paid,
                done if done == captured => PaymentState::Refunded,
                _ => PaymentState::PartiallyRefunded,
            };
            prop_assert_eq!(seen.order.payment_status, expected);
            prop_assert_eq!(seen.payments[0].state(), expected, "the one attempt stands where its order does");
            prop_assert!(seen.refunds.iter().all(|refund| refund.amount.minor > 0));
        }
    }

    /// The units of a line item are worth, together and in whatever parts they are refunded, what was paid for it.
    #[test]
    fn units_add_up_to_what_was_paid(parts in prop::collection::vec(1..4_u32, 1..8)) {
        let mut seen = paid();
        let line = seen.order.lines[0].clone();
        let (mut units, mut sum) = (0, 0);
        for part in parts {
            match ask(&seen, &Ask::Units(part, false)) {
                Ok(changes) => {
                    let changes = changes.unwrap();
                    sum += changes.payment.refund.iter().map(|refund| refund.amount.minor).sum::<i64>();
                    units += part;
                    apply(&mut seen, &changes);
                }
                Err(error) => prop_assert!(
                    matches!(error, PaymentError::Lines { available, .. } if available == line.quantity.get() - units),
                    "{error}"
                ),
            }
        }
        let worth = |units: u32| -> i64 {
            let [(dearer, high), (_, low)] = line.unit_values();
            high.minor * i64::from(units.min(dearer)) + low.minor * i64::from(units.saturating_sub(dearer))
        };
        prop_assert_eq!(sum, worth(units));
        prop_assert_eq!(worth(line.quantity.get()), line.paid.minor);
    }

    /// What a gateway says is settled once: saying it again, or saying something else afterwards, changes nothing.
    #[test]
    fn a_settled_attempt_stays_settled(
        first in select(&[ChargeStatus::Succeeded, ChargeStatus::Reversed][..]),
        amount in select(&[0_i64, -1, 1, 1_000][..]),
        after in prop::collection::vec(
            select(&[ChargeStatus::Open, ChargeStatus::Failed, ChargeStatus::Succeeded, ChargeStatus::Reversing][..]),
            0..5,
        ),
    ) {
        let mut seen = placed();
        let mut said = charge(&seen, first);
        said.amount.minor += amount;
        let (_, changes) = settle(&seen, &said, None, &mut fresh()).unwrap();
        apply(&mut seen, &changes.unwrap());
        let matches = first == ChargeStatus::Succeeded && amount == 0;
        prop_assert_eq!(seen.order.status == OrderState::Processing, matches);
        prop_assert_eq!(seen.unmatched.len(), usize::from(!matches));
        for status in after {
            let (settlement, changes) = settle(&seen, &Charge { status, ..said.clone() }, None, &mut fresh()).unwrap();
            prop_assert_eq!(settlement, Settlement::Known);
            prop_assert!(changes.is_none());
        }
    }
}

#[test]
fn a_fee_on_top_is_not_the_orders() {
    let mut seen = placed();
    let mut said = charge(&seen, ChargeStatus::Succeeded);
    said.requested = Some(said.amount);
    said.amount.minor += 375;
    let (settlement, changes) = settle(&seen, &said, None, &mut fresh()).unwrap();
    assert_eq!(settlement, Settlement::Paid);
    apply(&mut seen, &changes.unwrap());
    let progress = &seen.payments[0].progress;
    assert_eq!((progress.captured, progress.fee), (seen.order.totals.total, None));
}

#[test]
fn a_fee_that_is_told_later_is_journaled_once() {
    let mut seen = placed();
    let said = charge(&seen, ChargeStatus::Succeeded);
    let (_, changes) = settle(&seen, &Charge { fee: None, ..said.clone() }, None, &mut fresh()).unwrap();
    apply(&mut seen, &changes.unwrap());
    let (settlement, changes) = settle(&seen, &said, None, &mut fresh()).unwrap();
    assert_eq!((settlement, changes.as_ref().unwrap().payment.journal.len()), (Settlement::Known, 1));
    apply(&mut seen, &changes.unwrap());
    assert_eq!(settle(&seen, &said, None, &mut fresh()).unwrap().1, None);
}

#[test]
fn a_reference_of_another_order_settles_nothing() {
    let seen = placed();
    let said = Charge {
        reference: PaymentReference("another".to_owned()),
        ..charge(&seen, ChargeStatus::Succeeded)
    };
    assert_eq!(settle(&seen, &said, None, &mut fresh()).unwrap(), (Settlement::Known, None));
}

#[test]
fn a_refund_of_stray_money_is_not_the_orders() {
    let mut seen = paid();
    let mut refund = {
        let changes = ask(&seen, &Ask::Amount(100)).unwrap().unwrap();
        changes.payment.refund[0].clone()
    };
    refund.source = RefundSource::Unmatched(crate::UnmatchedId(refund.id.0));
    refund.progress.state = RefundState::Processed;
    seen.refunds.push(refund);
    let changes = ask(&seen, &Ask::All).unwrap().unwrap();
    assert_eq!(
        changes.payment.refund[0].amount, seen.order.totals.total,
        "all of the order's own money is left"
    );
}

#[test]
fn a_line_item_that_is_named_twice_goes_back_once() {
    let seen = paid();
    let line = RefundLine { line: seen.order.lines[0].id, quantity: Quantity::try_from(2).unwrap() };
    let command = PayBack {
        what: What::Lines { lines: vec![line, line], shipping: false },
        reference: None,
        reason: String::new(),
        restock: Some(crate::testkit::location_id("MAIN")),
        actor: Actor::System,
        request: None,
    };
    let (refunds, changes) = pay_back(&seen, &command, &mut fresh()).unwrap();
    let four = Quantity::try_from(4).unwrap();
    assert_eq!(refunds[0].lines, [RefundLine { quantity: four, ..line }]);
    let released: u32 = changes.inventory.release.iter().map(|release| release.quantity.get()).sum();
    let different: std::collections::BTreeSet<_> =
        changes.inventory.release.iter().map(|release| release.reservation).collect();
    assert_eq!((released, different.len()), (4, changes.inventory.release.len()));
}

#[test]
fn money_that_went_back_at_the_gateway_is_not_paid_back_again() {
    let mut seen = placed();
    let said = charge(&seen, ChargeStatus::Reversed);
    let (_, changes) = settle(&seen, &said, None, &mut fresh()).unwrap();
    apply(&mut seen, &changes.unwrap());
    let view = UnmatchedView { now: seen.now, unmatched: seen.unmatched[0].clone(), refunds: Vec::new() };
    let refused = pay_back_unmatched(&view, "by mistake", &Actor::System, &mut fresh());
    assert!(matches!(refused, Err(PaymentError::WentBack)), "{refused:?}");
    assert!(resolve_unmatched(&view, "seen", &Actor::System, &mut fresh()).is_ok());
}
