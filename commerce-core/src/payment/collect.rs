//! Money that is collected by hand: cash at the door, a transfer found on the bank statement.

use serde_json::json;

use super::journal::{Account, Entry};
use super::settle::{capture_entries, for_good, received_for_nothing};
use super::start::unpaid;
use super::{
    Changes, Opening, Payment, PaymentError, PaymentMethod, PaymentReference, PaymentState, PaymentTerms,
    Progress, Unmatched, UnmatchedReason, UnmatchedState, restock,
};
use crate::audit::{self, Actor};
use crate::commit::ChangeSet;
use crate::event::Event;
use crate::idempotency::{Outcome, Request};
use crate::mail::{Kind, Mail};
use crate::order::{FulfillmentState, InvalidTransition, Moves, OrderState, OrderView};
use crate::{Ids, LocationId, Money, Timestamp};

/// Says that money of an order was collected by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collect {
    /// By which attempt.
    pub reference: PaymentReference,
    /// How much; may be less or more than is due.
    pub amount: Money,
    /// What proves it: the number of a receipt or of the bank's booking. At most [`Progress::NOTE_MAX`] characters.
    pub proof: Option<String>,
    /// By whom.
    pub actor: Actor,
    /// The request, so that its repetition has no further effect.
    pub request: Option<Request>,
}

/// Records money that was collected by hand. When less came than is due, the rest stays due by another attempt; what is
/// more counts towards no order until staff decides.
///
/// # Errors
/// [`PaymentError::NotFound`], [`PaymentError::Reason`], [`PaymentError::NotPayable`], [`PaymentError::Amount`],
/// [`PaymentError::Currency`].
pub fn collect(
    view: &OrderView,
    command: &Collect,
    terms: &PaymentTerms,
    ids: &mut Ids,
) -> Result<ChangeSet, PaymentError> {
    let order = &view.order;
    let payment = collected_by(view, command)?;
    let currency = payment.amount.currency;
    let counted = Money::from_minor(command.amount.minor.min(payment.amount.minor), currency);
    let excess = Money::from_minor(command.amount.minor - counted.minor, currency);
    let left = Money::from_minor(unpaid(view).minor - counted.minor, currency);
    let progress = Progress {
        state: PaymentState::Paid,
        captured: counted,
        paid_at: Some(view.now),
        note: command.proof.clone(),
        ..payment.progress.clone()
    };
    let collected = Payment { progress: progress.clone(), ..payment.clone() };
    let mut moves = Moves::of(view, command.actor.clone());
    let mut changes = ChangeSet::default();
    changes.payment.journal = capture_entries(&collected, view.now, ids);
    changes.payment.advance = vec![payment.advance(progress)];
    if left.minor > 0 {
        changes.payment.open = vec![rest(payment, left, view.now, terms, ids)];
    } else {
        moves.payment(PaymentState::Paid, payment.method.as_str())?;
        moves.pay_until = None;
        if order.status == OrderState::Pending {
            moves.order(OrderState::Processing, "paid")?;
        }
        changes.inventory.rehold = for_good(&view.reservations);
    }
    if excess.minor > 0 {
        let (row, entry) = beyond(payment, excess, view.now, ids);
        changes.payment.unmatched = vec![row];
        changes.payment.journal.push(entry);
    }
    let outcome = match (left.minor > 0, excess.minor > 0) {
        (true, _) => "short",
        (_, true) => "over",
        _ => "exact",
    };
    changes.idempotency = command
        .request
        .as_ref()
        .map(|request| request.record(Outcome::PaymentCollected(payment.id), view.now));
    changes.audit = vec![audit::Entry {
        id: ids.fresh(),
        at: view.now,
        actor: command.actor.clone(),
        action: "payment.collect".to_owned(),
        target: format!("order:{}", order.id),
        data: json!({
            "reference": payment.reference, "amount": command.amount.amount(), "currency": currency, "is": outcome,
        }),
    }];
    changes.events = vec![Event {
        id: ids.fresh(),
        name: if left.minor > 0 { "payment.collected" } else { "order.paid" },
        subject: format!("order:{}", order.id),
        sequence: moves.version(),
        data: json!({
            "order_id": order.id,
            "number": order.number,
            "reference": payment.reference,
            "amount": {"amount": counted.amount(), "currency": currency},
        }),
        at: view.now,
    }];
    changes.order = moves.changes();
    if left.minor == 0 {
        let kind = Kind::OrderPaid { order: order.id, amount: counted };
        changes.mail.send = vec![Mail::about(order, kind, view.now, ids)];
    }
    Ok(changes)
}

/// The attempt that the command is about, when money can be collected by it.
fn collected_by<'a>(view: &'a OrderView, command: &Collect) -> Result<&'a Payment, PaymentError> {
    let payment = view.payments.iter().find(|payment| payment.reference == command.reference);
    let payment = payment.ok_or(PaymentError::NotFound)?;
    if command.proof.as_ref().is_some_and(|proof| proof.chars().count() > Progress::NOTE_MAX) {
        return Err(PaymentError::Reason);
    }
    if payment.state() != PaymentState::Due || view.order.status == OrderState::Cancelled {
        let status = view.order.status;
        return Err(PaymentError::NotPayable { status, payment_status: payment.state() });
    }
    let (expected, given) = (payment.amount.currency, command.amount.currency);
    if given != expected {
        return Err(PaymentError::Currency { expected, given });
    }
    if command.amount.minor <= 0 {
        return Err(PaymentError::Amount);
    }
    Ok(payment)
}

/// Another attempt, for what was not collected.
fn rest(payment: &Payment, left: Money, now: Timestamp, terms: &PaymentTerms, ids: &mut Ids) -> Payment {
    let opening = Opening {
        order: payment.order,
        method: payment.method,
        amount: left,
        mobile_money: None,
        return_url: None,
        state: PaymentState::Due,
        now,
    };
    Payment::open(&opening, terms, ids)
}

/// What was collected beyond what was due: it counts towards no order.
fn beyond(payment: &Payment, excess: Money, now: Timestamp, ids: &mut Ids) -> (Unmatched, Entry) {
    let row = Unmatched {
        id: ids.fresh(),
        reference: payment.reference.clone(),
        charge: None,
        payment: Some(payment.id),
        order: Some(payment.order),
        amount: excess,
        mode: None,
        reason: UnmatchedReason::Excess,
        seen_at: now,
        state: UnmatchedState::Open,
        note: None,
        version: 1,
    };
    let entry = received_for_nothing(&row, Account::of(payment.method), ids);
    (row, entry)
}

/// Says that the goods of an order that was to be paid at the door came back unpaid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnToSender {
    /// By which attempt they were to be paid.
    pub reference: PaymentReference,
    /// What else to say, in the order's history: at most [`Progress::NOTE_MAX`] characters.
    pub note: Option<String>,
    /// Where the units go back into stock, if they do.
    pub restock: Option<LocationId>,
    /// By whom.
    pub actor: Actor,
    /// The request, so that its repetition has no further effect.
    pub request: Option<Request>,
}

/// Ends an order whose goods came back unpaid: its attempt fails, and its units go back into stock if so said.
///
/// # Errors
/// [`PaymentError::NotFound`] when the order has no such attempt, [`PaymentError::NotPayable`] when that is not due,
/// [`PaymentError::Reason`], [`PaymentError::State`] when the goods have not left: then the order is cancelled instead.
pub fn return_to_sender(
    view: &OrderView,
    command: &ReturnToSender,
    ids: &mut Ids,
) -> Result<ChangeSet, PaymentError> {
    let payment = view.payments.iter().find(|payment| payment.reference == command.reference);
    let payment = payment.ok_or(PaymentError::NotFound)?;
    if command.note.as_ref().is_some_and(|note| note.chars().count() > Progress::NOTE_MAX) {
        return Err(PaymentError::Reason);
    }
    if payment.state() != PaymentState::Due || payment.method != PaymentMethod::CashOnDelivery {
        return Err(PaymentError::NotPayable { status: view.order.status, payment_status: payment.state() });
    }
    Ok(came_back(view, payment, command, ids)?)
}

/// The goods came back, and nobody paid this attempt, which is due.
pub(crate) fn came_back(
    view: &OrderView,
    payment: &Payment,
    command: &ReturnToSender,
    ids: &mut Ids,
) -> Result<ChangeSet, InvalidTransition> {
    let order = &view.order;
    let said = command.note.as_deref().filter(|note| !note.is_empty());
    let note = said.unwrap_or("returned to sender");
    let mut moves = Moves::of(view, command.actor.clone());
    moves.order(OrderState::Returned, note)?;
    moves.fulfillment(FulfillmentState::Returned, note)?;
    moves.payment(PaymentState::Failed, note)?;
    let progress =
        Progress { state: PaymentState::Failed, note: Some(note.to_owned()), ..payment.progress.clone() };
    let told = audit::Entry {
        id: ids.fresh(),
        at: view.now,
        actor: command.actor.clone(),
        action: "payment.returned_to_sender".to_owned(),
        target: format!("order:{}", order.id),
        data: json!({"reference": payment.reference, "restock": command.restock}),
    };
    let inventory = command
        .restock
        .map(|location| restock::unpaid(view, location, &command.actor, ids))
        .unwrap_or_default();
    Ok(ChangeSet {
        payment: Changes { advance: vec![payment.advance(progress)], ..Default::default() },
        inventory,
        idempotency: command
            .request
            .as_ref()
            .map(|request| request.record(Outcome::Audited(told.id), view.now)),
        audit: vec![told],
        events: vec![Event {
            id: ids.fresh(),
            name: "order.returned_to_sender",
            subject: format!("order:{}", order.id),
            sequence: moves.version(),
            data: json!({"order_id": order.id, "number": order.number}),
            at: view.now,
        }],
        order: moves.changes(),
        ..ChangeSet::default()
    })
}
