//! Attempts: another one for an unpaid order, and what the gateway answered when it was asked to collect.

use std::time::Duration;

use serde_json::json;

use super::settle::{is_paid, note};
use super::{
    Changes, GatewayError, GatewayTrouble, MobileMoney, NextAction, Opening, Payment, PaymentError,
    PaymentMethod, PaymentState, PaymentTerms, Progress,
};
use crate::audit::{Actor, Entry};
use crate::commit::ChangeSet;
use crate::idempotency::{Outcome, Request};
use crate::inventory::{Hold, Rehold};
use crate::order::{Moves, OrderState, OrderView};
use crate::{Ids, Money, Timestamp};

/// Starts another attempt for an order that is not paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initialize {
    /// How it is paid now; absent: as before.
    pub method: Option<PaymentMethod>,
    /// The account that is asked to pay.
    pub mobile_money: Option<MobileMoney>,
    /// Where the browser goes after a page of the gateway.
    pub return_url: Option<String>,
    /// Who asks.
    pub actor: Actor,
    /// The request, so that its repetition has no further effect.
    pub request: Option<Request>,
}

/// Opens another attempt for what is not paid yet. Earlier ones stay known: whichever is paid first counts.
///
/// # Errors
/// [`PaymentError::NotFound`] when the order is [not open](OrderView::is_open_to) to whoever asks,
/// [`PaymentError::Method`], [`PaymentError::NotPayable`], [`PaymentError::Attempts`].
pub fn initialize(
    view: &OrderView,
    command: &Initialize,
    terms: &PaymentTerms,
    ids: &mut Ids,
) -> Result<(Payment, ChangeSet), PaymentError> {
    if !view.is_open_to(&command.actor) {
        return Err(PaymentError::NotFound);
    }
    let order = &view.order;
    let method = command.method.unwrap_or(order.payment_method);
    if !terms.accepted.contains(&method) || !method.needs_gateway() || terms.mode.is_none() {
        return Err(PaymentError::Method(method));
    }
    let left = unpaid(view);
    if order.status != OrderState::Pending || is_paid(order.payment_status) || left.minor <= 0 {
        return Err(PaymentError::NotPayable { status: order.status, payment_status: order.payment_status });
    }
    if order.pay_until.is_some_and(|until| until <= view.now) {
        return Err(PaymentError::NotPayable {
            status: OrderState::Cancelled,
            payment_status: PaymentState::Failed,
        });
    }
    if view.payments.len() >= PaymentTerms::ATTEMPTS_MAX {
        return Err(PaymentError::Attempts);
    }
    let payment = Payment::open(
        &Opening {
            order: order.id,
            method,
            amount: left,
            mobile_money: command.mobile_money.clone(),
            return_url: command.return_url.clone(),
            state: PaymentState::Pending,
            now: view.now,
        },
        terms,
        ids,
    );
    let mut moves = Moves::of(view, command.actor.clone());
    moves.payment(PaymentState::Pending, method.as_str())?;
    let window = terms.window(method).unwrap_or(Duration::ZERO);
    let until = order.pay_until.unwrap_or(view.now).max(view.now.plus(window));
    moves.pay_until = Some(until);
    let by_hand = view.payments.iter().filter(|attempt| attempt.state() == PaymentState::Due);
    let changes = ChangeSet {
        order: moves.changes(),
        payment: Changes {
            open: vec![payment.clone()],
            advance: by_hand
                .map(|attempt| {
                    let note = Some("paid through the gateway instead".to_owned());
                    let progress = Progress { state: PaymentState::Failed, note, ..attempt.progress.clone() };
                    attempt.advance(progress)
                })
                .collect(),
            ..Default::default()
        },
        inventory: crate::inventory::Changes {
            rehold: view
                .reservations
                .iter()
                .map(|reservation| Rehold {
                    reservation: reservation.id,
                    order: order.id,
                    hold: Hold::Held(until),
                })
                .collect(),
            ..Default::default()
        },
        idempotency: command
            .request
            .as_ref()
            .map(|request| request.record(Outcome::PaymentOpened(payment.id), view.now)),
        audit: vec![Entry {
            id: ids.fresh(),
            at: view.now,
            actor: command.actor.clone(),
            action: "payment.initialize".to_owned(),
            target: format!("order:{}", order.id),
            data: json!({"method": method, "attempt": view.payments.len() + 1}),
        }],
        ..ChangeSet::default()
    };
    Ok((payment, changes))
}

/// What of the order's total has not come in yet.
pub(crate) fn unpaid(view: &OrderView) -> Money {
    let total = view.order.totals.total;
    let captured: i64 = view.payments.iter().map(|payment| payment.progress.captured.minor).sum();
    Money::from_minor(total.minor - captured, total.currency)
}

/// Who may ask the gateway to start an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Nobody has to: it was started, or is over.
    Over,
    /// Somebody else is asking now.
    Taken {
        /// Until when at most.
        until: Timestamp,
    },
    /// Whoever commits the claim.
    Free,
}

/// Whose turn it is to ask the gateway to start the attempt.
#[must_use]
pub fn turn(payment: &Payment, now: Timestamp) -> Turn {
    let Progress { state, next_action, asking_until, .. } = &payment.progress;
    match asking_until {
        _ if *state != PaymentState::Pending || next_action.is_some() || payment.mode.is_none() => Turn::Over,
        Some(until) if *until > now => Turn::Taken { until: *until },
        _ => Turn::Free,
    }
}

/// The claim to ask the gateway about an attempt whose [turn](turn()) is free.
pub fn claim(payment: &Payment, now: Timestamp) -> ChangeSet {
    let progress =
        Progress { asking_until: Some(now.plus(PaymentTerms::ASKING)), ..payment.progress.clone() };
    advance(payment, progress)
}

/// The attempt's progress by what the gateway answered when it was asked to start it; `None` when that changes nothing any
/// more.
///
/// Only a refusal ends the attempt. When it is not known what became of it, it stays open and is asked about soon.
#[must_use]
pub fn answered(
    payment: &Payment,
    answer: Result<&NextAction, &GatewayError>,
    now: Timestamp,
) -> Option<Progress> {
    if payment.progress.state != PaymentState::Pending {
        return None;
    }
    let mut progress = Progress { asking_until: None, ..payment.progress.clone() };
    match answer {
        Ok(action) => {
            progress.next_action = Some(action.clone());
            // What is decided already, or on a phone in a shopper's hand, is decided soon.
            let soon = if matches!(action, NextAction::None) { 0 } else { 30 };
            progress.check_at = Some(now.plus(Duration::from_secs(soon)));
        }
        Err(error) if matches!(error.kind, GatewayTrouble::Refused | GatewayTrouble::Misconfigured) => {
            progress.state = PaymentState::Failed;
            progress.check_at = None;
            progress.note = Some(error.reason.as_deref().map_or_else(|| error.kind.to_string(), note));
        }
        Err(_) => progress.check_at = Some(now.plus(PaymentTerms::check_after(0))),
    }
    Some(progress)
}

/// The change to `progress` of the attempt as it was read, and nothing else.
pub(crate) fn advance(payment: &Payment, progress: Progress) -> ChangeSet {
    ChangeSet {
        payment: Changes { advance: vec![payment.advance(progress)], ..Default::default() },
        ..ChangeSet::default()
    }
}
