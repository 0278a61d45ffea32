//! The decisions that call an order off.

use serde_json::json;

use super::{
    Advance, CancelError, FulfillmentState, Machine, ORDER_MOVES, OrderState, OrderView, Transition, check,
};
use crate::Ids;
use crate::audit::{Actor, Entry};
use crate::commit::ChangeSet;
use crate::event::Event;
use crate::idempotency::{Outcome, Record, Request};
use crate::inventory::{Hold, Release, Reservation};
use crate::payment::{self, PAYMENT_MOVES, PaymentState};

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

/// Cancels an order of which nothing has left and for which no money came: gives its stock back, once, and closes its
/// payment attempts.
///
/// # Errors
/// [`CancelError::Reason`], [`CancelError::Fulfilled`], [`CancelError::State`], [`CancelError::Paid`].
pub fn cancel(view: &OrderView, command: &Cancel, ids: &mut Ids) -> Result<ChangeSet, CancelError> {
    if command.reason.chars().count() > Cancel::REASON_MAX {
        return Err(CancelError::Reason);
    }
    let order = &view.order;
    if order.fulfillment_status != FulfillmentState::Unfulfilled {
        return Err(CancelError::Fulfilled);
    }
    let status = check(ORDER_MOVES, order.status, OrderState::Cancelled, OrderState::as_str)?;
    let payment_status = match order.payment_status {
        PaymentState::Paid if order.totals.total.minor == 0 => PaymentState::Paid,
        PaymentState::Due | PaymentState::Pending | PaymentState::Authorized => {
            check(PAYMENT_MOVES, order.payment_status, PaymentState::Failed, PaymentState::as_str)?
        }
        PaymentState::Failed => PaymentState::Failed,
        PaymentState::Paid | PaymentState::PartiallyRefunded | PaymentState::Refunded => {
            return Err(CancelError::Paid);
        }
    };
    let step = |machine, from: &str, to: &str| {
        let transition = Transition {
            machine,
            from: Some(from.to_owned()),
            to: to.to_owned(),
            actor: command.actor.clone(),
            note: command.reason.clone(),
            at: view.now,
        };
        (order.id, transition)
    };
    let mut history = vec![step(Machine::Order, order.status.as_str(), status.as_str())];
    if payment_status != order.payment_status {
        history.push(step(Machine::Payment, order.payment_status.as_str(), payment_status.as_str()));
    }
    let open = view
        .payments
        .iter()
        .filter(|payment| payment.state == order.payment_status && payment_status != payment.state);
    let version = order.version + 1;
    Ok(ChangeSet {
        order: super::Changes {
            place: None,
            advance: Some(Advance {
                id: order.id,
                expected_version: order.version,
                status,
                payment_status,
                fulfillment_status: order.fulfillment_status,
            }),
            history,
        },
        payment: payment::Changes {
            open: Vec::new(),
            advance: open
                .map(|payment| payment::Advance {
                    id: payment.id,
                    expected_version: payment.version,
                    state: payment_status,
                })
                .collect(),
        },
        inventory: crate::inventory::Changes {
            release: view.reservations.iter().map(release).collect(),
            ..Default::default()
        },
        promotion: crate::promotion::Changes {
            release: order.uses_promotions().then_some((order.id, view.now)).into_iter().collect(),
            ..Default::default()
        },
        idempotency: command.request.as_ref().map(|request| Record {
            scope: request.scope.clone(),
            fingerprint: request.fingerprint,
            outcome: Outcome::OrderCancelled(order.id),
            at: view.now,
        }),
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
        ..ChangeSet::default()
    })
}

/// Cancels an order whose payment window has closed. `None`: it has not, or the order is cancelled already.
///
/// # Errors
/// As [`cancel`].
pub fn expire(view: &OrderView, ids: &mut Ids) -> Result<Option<ChangeSet>, CancelError> {
    let over = |reservation: &Reservation| matches!(reservation.hold, Hold::Held(until) if until <= view.now);
    if !view.reservations.iter().any(over) {
        return Ok(None);
    }
    let command = Cancel {
        actor: Actor::System,
        reason: "not paid within the payment window".to_owned(),
        request: None,
    };
    cancel(view, &command, ids).map(Some)
}

fn release(reservation: &Reservation) -> Release {
    Release {
        reservation: reservation.id,
        order: reservation.order,
        variant: reservation.variant,
        location: reservation.location,
        quantity: reservation.quantity,
    }
}
