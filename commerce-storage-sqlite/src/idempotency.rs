//! Records of requests that may be repeated.

use commerce_core::idempotency::{Outcome, Record, Scope};
use commerce_core::{CommitError, Guard, StoreError};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use uuid::Uuid;

use crate::row::Fields;
use crate::script::Script;
use crate::trouble::trouble;

/// Writes the record of the request inside the caller's transaction.
///
/// # Errors
/// [`Guard::Idempotency`] when the request was recorded meanwhile.
pub async fn apply(conn: &mut SqliteConnection, record: Option<&Record>) -> Result<(), CommitError> {
    let mut script = Script::default();
    add(&mut script, record);
    script.run(conn).await
}

pub(crate) fn add(script: &mut Script, record: Option<&Record>) {
    let Some(Record { scope: Scope { actor, route, key }, fingerprint, outcome, at }) = record else {
        return;
    };
    let (name, id) = told(*outcome);
    script
        .add(INSERT)
        .bind(actor.as_str())
        .bind(route.as_str())
        .bind(key.as_str())
        .bind(fingerprint.as_slice())
        .bind(name)
        .bind(id)
        .bind(at.as_micros())
        .unique(|_| Some(Guard::Idempotency));
}

const INSERT: &str = "
INSERT INTO idempotency (actor, route, key, fingerprint, outcome, outcome_id, at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
";

fn told(outcome: Outcome) -> (&'static str, Uuid) {
    match outcome {
        Outcome::OrderPlaced(order) => ("order_placed", order.0),
        Outcome::OrderCancelled(order) => ("order_cancelled", order.0),
        Outcome::CartChanged(cart) => ("cart_changed", cart.0),
        Outcome::PaymentOpened(payment) => ("payment_opened", payment.0),
        Outcome::RefundRequested(refund) => ("refund_requested", refund.0),
        Outcome::PaymentCollected(payment) => ("payment_collected", payment.0),
        Outcome::ReviewWritten(review) => ("review_written", review.0),
        Outcome::Audited(row) => ("audited", row.0),
    }
}

/// The record of this request, when it had its effect before.
///
/// # Errors
/// When the database fails or the row is no valid value.
pub async fn look(conn: &mut SqliteConnection, scope: Option<&Scope>) -> Result<Option<Record>, StoreError> {
    let Some(Scope { actor, route, key }) = scope else { return Ok(None) };
    let asked = sqlx::query(LOOK).bind(actor.as_str()).bind(route.as_str()).bind(key.as_str());
    let found = asked.fetch_optional(conn).await.map_err(trouble)?;
    Ok(found.map(|row| record(&row, scope)).transpose()?.flatten())
}

const LOOK: &str = "
SELECT fingerprint AS record_fingerprint, outcome AS record_outcome, outcome_id AS record_outcome_id, at AS record_at
  FROM idempotency
 WHERE actor = ?1 AND route = ?2 AND key = ?3
";

/// The record in the columns `record_...` of a row, which are NULL when there is none.
pub(crate) fn record(row: &SqliteRow, scope: Option<&Scope>) -> Result<Option<Record>, StoreError> {
    let fields = Fields::new("idempotency", "record_outcome_id", row);
    let (Some(scope), Some(fingerprint)) = (scope, fields.get::<Option<&[u8]>>("record_fingerprint")?) else {
        return Ok(None);
    };
    let outcome = match fields.get("record_outcome")? {
        "order_placed" => Outcome::OrderPlaced(fields.id("record_outcome_id")?),
        "order_cancelled" => Outcome::OrderCancelled(fields.id("record_outcome_id")?),
        "cart_changed" => Outcome::CartChanged(fields.id("record_outcome_id")?),
        "payment_opened" => Outcome::PaymentOpened(fields.id("record_outcome_id")?),
        "refund_requested" => Outcome::RefundRequested(fields.id("record_outcome_id")?),
        "payment_collected" => Outcome::PaymentCollected(fields.id("record_outcome_id")?),
        "review_written" => Outcome::ReviewWritten(fields.id("record_outcome_id")?),
        "audited" => Outcome::Audited(fields.id("record_outcome_id")?),
        other => return Err(fields.invalid("outcome", format_args!("{other:?} is no outcome"))),
    };
    Ok(Some(Record {
        scope: scope.clone(),
        fingerprint: fingerprint.try_into().map_err(|error| fields.invalid("fingerprint", error))?,
        outcome,
        at: fields.at("record_at")?,
    }))
}
