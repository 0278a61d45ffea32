//! Payment attempts.

use commerce_core::payment::{Advance, Changes, Payment};
use commerce_core::{CommitError, Currency, Guard, Money, OrderId, PaymentId, Timestamp};
use serde::Deserialize;
use sqlx::sqlite::SqliteConnection;

use crate::row::{instant, signed};
use crate::trouble::{guarded, trouble};

/// Applies payment changes inside the caller's transaction.
///
/// # Errors
/// [`Guard::PaymentReference`] when an attempt has the reference already, [`Guard::Payment`] when an attempt is not at the
/// version that was read.
pub async fn apply(conn: &mut SqliteConnection, changes: &Changes) -> Result<(), CommitError> {
    let Changes { open, advance } = changes;
    for payment in open {
        insert(conn, payment).await?;
    }
    for Advance { id, expected_version, state } in advance {
        let done = sqlx::query(ADVANCE)
            .bind(id.0)
            .bind(signed(*expected_version))
            .bind(state.as_str())
            .execute(&mut *conn)
            .await
            .map_err(trouble)?;
        if done.rows_affected() != 1 {
            return Err(CommitError::Stale { guard: Guard::Payment(*id) });
        }
    }
    Ok(())
}

async fn insert(conn: &mut SqliteConnection, payment: &Payment) -> Result<(), CommitError> {
    let Payment { id, order, reference, method, amount, state, created_at, version } = payment;
    sqlx::query(INSERT)
        .bind(id.0)
        .bind(order.0)
        .bind(&reference.0)
        .bind(method.as_str())
        .bind(amount.minor)
        .bind(amount.currency.code())
        .bind(state.as_str())
        .bind(created_at.as_micros())
        .bind(signed(*version))
        .execute(conn)
        .await
        .map_err(|error| {
            guarded(error, |key| match key {
                "payments.reference" => Some(Guard::PaymentReference),
                "payments.id" => Some(Guard::Payment(*id)),
                _ => None,
            })
        })?;
    Ok(())
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
