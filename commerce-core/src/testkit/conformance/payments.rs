//! Attempts to pay, refunds, money that counts towards no order, the journal.

use crate::payment::journal::{Account, Entry, EntryKind, Leg};
use crate::payment::{Payment, PaymentState, Progress};
use crate::{Ids, Money};

/// The progress of an attempt by which all its money came.
#[must_use]
pub fn paid(payment: &Payment) -> Progress {
    Progress {
        state: PaymentState::Paid,
        captured: payment.amount,
        paid_at: Some(payment.created_at),
        asking_until: None,
        check_at: None,
        ..payment.progress.clone()
    }
}

/// The journal's entry of that money.
#[must_use]
pub fn captured(payment: &Payment, ids: &mut Ids) -> Entry {
    let Money { minor, currency } = payment.amount;
    Entry {
        id: ids.fresh(),
        at: payment.created_at,
        kind: EntryKind::Capture,
        order: Some(payment.order),
        reference: payment.reference.clone(),
        legs: vec![
            Leg::new(Account::of(payment.method), payment.amount),
            Leg::new(Account::Orders, Money::from_minor(-minor, currency)),
        ],
    }
}
