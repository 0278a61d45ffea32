//! Payment attempts.

use commerce_core::payment::{Advance, Changes, Payment};
use commerce_core::{CommitError, Currency, Guard, Money, OrderId, PaymentId, Timestamp};
use serde::Deserialize;
use sqlx::sqlite::SqliteConnection;

use crate::row::{instant, signed};
use crate::script::Script;

/// Applies payment changes inside the caller's transaction.
///
/// # Errors
/// [`Guard::PaymentReference`] when an attempt has the reference already, [`Guard::Payment`] when an attempt is not at the
/// version that was read.
pub async fn apply(conn: &mut SqliteConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut script = Script::default();
    add(&mut script, changes);
    script.run(conn).await
}

pub(crate) fn add(script: &mut Script, changes: &Changes) {
    let Changes { open, advance } = changes;
    for payment in open {
        insert(script, payment);
    }
    for Advance { id, expected_version, state } in advance {
        let advance = script.add(ADVANCE).bind(id.0).bind(signed(*expected_version)).bind(state.as_str());
        advance.one(Guard::Payment(*id));
    }
}

fn insert(script: &mut Script, payment: &Payment) {
    let Payment { id, order, reference, method, amount, state, created_at, version } = payment;
    let taken_id = *id;
    script
        .add(INSERT)
        .bind(id.0)
        .bind(order.0)
        .bind(reference.0.as_str())
        .bind(method.as_str())
        .bind(amount.minor)
        .bind(amount.currency.code())
        .bind(state.as_str())
        .bind(created_at.as_micros())
        .bind(signed(*version))
        .unique(move |key| match key {
            "payments.reference" => Some(Guard::PaymentReference),
            "payments.id" => Some(Guard::Payment(taken_id)),
            _ => None,
        });
}

const INSERT: &str = "
INSERT INTO payments (id, order_id, reference, method, amount, currency, state, created_at, version)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
";

const ADVANCE: &str = "
UPDATE payments SET state = ?3, version = version + 1 WHERE id = ?1 AND version = ?2
";

/// An attempt as the order's view reads it.
#[derive(Deserialize)]
pub(crate) struct PaymentRow {
    id: PaymentId,
    order: OrderId,
    reference: commerce_core::payment::PaymentReference,
    method: commerce_core::payment::PaymentMethod,
    amount: i64,
    currency: Currency,
    state: commerce_core::payment::PaymentState,
    #[serde(deserialize_with = "instant")]
    created_at: Timestamp,
    version: u64,
}

impl From<PaymentRow> for Payment {
    fn from(row: PaymentRow) -> Self {
        let PaymentRow { id, order, reference, method, amount, currency, state, created_at, version } = row;
        let amount = Money::from_minor(amount, currency);
        Self { id, order, reference, method, amount, state, created_at, version }
    }
}
