//! Refunds that the engine asks for by itself.

use super::{Changes, Payment, Progress, Refund, RefundProgress, RefundState, Wish};
use crate::audit::Actor;
use crate::order::OrderView;
use crate::{Ids, Money, Timestamp};

/// Asks for refunds of all that the order's attempts have captured and that does not go back yet.
pub(crate) fn give_back(view: &OrderView, reason: &str, actor: &Actor, ids: &mut Ids, changes: &mut Changes) {
    let wish = Wish { reason, actor, at: view.now };
    let mut request = None;
    for payment in &view.payments {
        let balance = payment.progress.balance();
        if balance.minor == 0 {
            continue;
        }
        let progress = RefundProgress::wanted(payment, view.now);
        let mut refund = Refund::of_payment(payment, balance, &wish, progress, ids);
        refund.request = *request.get_or_insert(refund.id);
        changes.refund.push(refund);
        changes.advance.push(payment.advance(taken(payment, balance)));
    }
}

/// The progress of an attempt of whose money `amount` more goes back.
pub(crate) fn taken(payment: &Payment, amount: Money) -> Progress {
    let mut progress = payment.progress.clone();
    progress.refunded.minor += amount.minor;
    progress
}

impl RefundProgress {
    /// A refund that is wanted just now: the gateway is asked at once; what came by hand goes back by hand.
    pub(crate) fn wanted(payment: &Payment, now: Timestamp) -> Self {
        if payment.mode.is_some() { Self::asked_of_gateway(now) } else { Self::by_hand() }
    }

    /// A refund that the gateway is to be asked for.
    pub(crate) fn asked_of_gateway(now: Timestamp) -> Self {
        Self { check_at: Some(now), ..Self::in_state(RefundState::Pending) }
    }

    /// A refund that staff is to pay by hand.
    pub(crate) fn by_hand() -> Self {
        Self {
            note: Some("to be paid back by hand".to_owned()),
            ..Self::in_state(RefundState::NeedsAttention)
        }
    }

    /// A refund of which nothing but its state is known.
    #[must_use]
    pub fn in_state(state: RefundState) -> Self {
        Self {
            state,
            gateway_id: None,
            asked_at: None,
            check_at: None,
            checks: 0,
            note: None,
            processed_at: None,
        }
    }
}
