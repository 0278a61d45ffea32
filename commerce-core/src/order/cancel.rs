//! The decisions that call an order off.

use serde_json::json;

use super::{CancelError, FulfillmentState, Moves, OrderState, OrderView};
use crate::audit::{Actor, Entry};
use crate::commit::ChangeSet;
use crate::event::Event;
use crate::idempotency::{Outcome, Request};
use crate::inventory::Release;
use crate::mail::{self, CancelledBy, Kind, Mail};
use crate::payment::{self, PaymentState, give_back};
use crate::{Ids, Money};

/// Calls an order off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancel {
    /// Who does.
    pub actor: Actor,
    /// Why: at most [`Cancel::REASON_MAX`] characters.
    pub reason: String,
    /// The request, so that its repetition has no further effect.
    pub request: Option<Request>,
}

impl Cancel {
    /// The longest reason, in characters.
    pub const REASON_MAX: usize = 500;
}

/// Cancels an order of which nothing has left: gives its stock back, once, closes its payment attempts, and asks for
/// refunds of what was paid.
///
/// Money that a gateway collected goes back through the gateway; what was collected by hand waits for staff to pay it back.
///
/// # Errors
/// [`CancelError::NotFound`] when it is [not open](OrderView::is_open_to) to whoever asks, [`CancelError::Reason`],
/// [`CancelError::Fulfilled`], [`CancelError::State`].
pub fn cancel(view: &OrderView, command: &Cancel, ids: &mut Ids) -> Result<ChangeSet, CancelError> {
    if !view.is_open_to(&command.actor) {
        return Err(CancelError::NotFound);
    }
    if command.reason.chars().count() > Cancel::REASON_MAX {
        return Err(CancelError::Reason);
    }
    let order = &view.order;
    if order.fulfillment_status != FulfillmentState::Unfulfilled {
        return Err(CancelError::Fulfilled);
    }
    let mut moves = Moves::of(view, command.actor.clone());
    moves.order(OrderState::Cancelled, &command.reason)?;
    let mut payment = payment::Changes::default();
    if matches!(order.payment_status, PaymentState::Due | PaymentState::Pending | PaymentState::Authorized) {
        moves.payment(PaymentState::Failed, &command.reason)?;
        for attempt in &view.payments {
            if attempt.state() == order.payment_status {
                let mut progress = attempt.progress.clone();
                progress.state = PaymentState::Failed;
                progress.next_action = None;
                payment.advance.push(attempt.advance(progress));
            }
        }
    }
    give_back(view, &command.reason, &command.actor, ids, &mut payment);
    moves.pay_until = None;
    let version = moves.version();
    Ok(ChangeSet {
        order: moves.changes(),
        payment,
        inventory: crate::inventory::Changes {
            release: view.reservations.iter().map(Release::all).collect(),
            ..Default::default()
        },
        promotion: crate::promotion::Changes {
            release: order.uses_promotions().then_some((order.id, view.now)).into_iter().collect(),
            ..Default::default()
        },
        idempotency: command
            .request
            .as_ref()
            .map(|request| request.record(Outcome::OrderCancelled(order.id), view.now)),
        audit: vec![Entry {
            id: ids.fresh(),
            at: view.now,
            actor: command.actor.clone(),
            action: "order.cancel".to_owned(),
            target: format!("order:{}", order.id),
            data: json!({"from": order.status, "payment": order.payment_status}),
        }],
        events: vec![Event {
            id: ids.fresh(),
            name: "order.cancelled",
            subject: format!("order:{}", order.id),
            sequence: version,
            data: json!({"order_id": order.id, "number": order.number, "by": command.actor}),
            at: view.now,
        }],
        mail: mail::Changes { send: vec![letter(view, &command.actor, ids)], ..Default::default() },
        ..ChangeSet::default()
    })
}

/// What the shopper reads of it.
fn letter(view: &OrderView, actor: &Actor, ids: &mut Ids) -> Mail {
    let by = match actor {
        Actor::Guest | Actor::Customer(_) => CancelledBy::Shopper,
        Actor::Staff(_) | Actor::Key(_) => CancelledBy::Shop,
        Actor::System => CancelledBy::Lapse,
    };
    let back: i64 = view.payments.iter().map(|payment| payment.progress.balance().minor).sum();
    let back = (back > 0).then(|| Money::from_minor(back, view.order.totals.total.currency));
    let kind = Kind::OrderCancelled { order: view.order.id, by, back };
    Mail::about(&view.order, kind, view.now, ids)
}

/// Cancels an order that waits for payment and whose time to pay has passed. `None`: it does not, or it has not.
///
/// # Errors
/// As [`cancel`].
pub fn expire(view: &OrderView, ids: &mut Ids) -> Result<Option<ChangeSet>, CancelError> {
    let order = &view.order;
    let waits = order.status == OrderState::Pending
        && matches!(order.payment_status, PaymentState::Pending | PaymentState::Due);
    if !waits || order.pay_until.is_none_or(|until| until > view.now) {
        return Ok(None);
    }
    let command = Cancel {
        actor: Actor::System,
        reason: "not paid within the payment window".to_owned(),
        request: None,
    };
    cancel(view, &command, ids).map(Some)
}
