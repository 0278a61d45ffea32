//! The records of requests that had their effect.

use commerce_core::idempotency::{Outcome, Record, Scope};
use commerce_core::{CommitError, Guard, StoreError};
use serde::Deserialize;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use crate::fused::Fused;
use crate::instant::Instant;
use crate::row::Row;

/// The record of a request as one column, for a statement that looks at it beside something else: by the parameters that are
/// its actor, route and key.
macro_rules! record_column {
    ($actor:literal, $route:literal, $key:literal) => {
        concat!(
            "(select json_build_object('actor', i.actor, 'route', i.route, 'key', i.key,
            'fingerprint', encode(i.fingerprint, 'hex'), 'outcome', i.outcome, 'outcome_id', i.outcome_id, 'at', i.at)
          from idempotency i
         where i.actor = ",
            $actor,
            " and i.route = ",
            $route,
            " and i.key = ",
            $key,
            ")"
        )
    };
}
pub(crate) use record_column;

pub(crate) const INSERT: &str = "
insert into idempotency (actor, route, key, fingerprint, outcome, outcome_id, at)
select $1::text, $2::text, $3::text, $4::bytea, $5::text, $6::uuid, $7::timestamptz
 where (select held from guards)";

/// Writes the record in the caller's transaction, which is to be rolled back on an error.
///
/// # Errors
/// [`CommitError::Stale`] with [`Guard::Idempotency`] when the request was recorded before.
pub async fn apply(conn: &mut PgConnection, record: &Record) -> Result<(), CommitError> {
    let mut fused = Fused::new();
    write(record, &mut fused);
    fused.run(conn).await
}

pub(crate) fn write(record: &Record, fused: &mut Fused) {
    let Record { scope: Scope { actor, route, key }, fingerprint, outcome, at } = record;
    let (outcome, id) = match outcome {
        Outcome::OrderPlaced(order) => ("order_placed", order.0),
        Outcome::OrderCancelled(order) => ("order_cancelled", order.0),
        Outcome::CartChanged(cart) => ("cart_changed", cart.0),
        Outcome::PaymentOpened(payment) => ("payment_opened", payment.0),
        Outcome::RefundRequested(refund) => ("refund_requested", refund.0),
        Outcome::PaymentCollected(payment) => ("payment_collected", payment.0),
        Outcome::ReviewWritten(review) => ("review_written", review.0),
        Outcome::Audited(row) => ("audited", row.0),
    };
    fused
        .write(INSERT)
        .bind(actor.as_str())
        .bind(route.as_str())
        .bind(key.as_str())
        .bind(fingerprint.to_vec())
        .bind(outcome)
        .bind(id)
        .bind(Instant(*at))
        .constraint("idempotency_pkey", Guard::Idempotency);
}

/// A record as a look reads it.
#[derive(Deserialize)]
pub(crate) struct RecordRow {
    actor: String,
    route: String,
    key: String,
    fingerprint: String,
    outcome: String,
    outcome_id: Uuid,
    at: String,
}

impl RecordRow {
    pub(crate) fn read(self) -> Result<Record, StoreError> {
        let id = format!("{} {} {}", self.actor, self.route, self.key);
        let row = Row::new("idempotency", &id);
        Ok(Record {
            fingerprint: row.hash("fingerprint", &self.fingerprint)?,
            outcome: match self.outcome.as_str() {
                "order_placed" => Outcome::OrderPlaced(self.outcome_id.into()),
                "order_cancelled" => Outcome::OrderCancelled(self.outcome_id.into()),
                "cart_changed" => Outcome::CartChanged(self.outcome_id.into()),
                "payment_opened" => Outcome::PaymentOpened(self.outcome_id.into()),
                "refund_requested" => Outcome::RefundRequested(self.outcome_id.into()),
                "payment_collected" => Outcome::PaymentCollected(self.outcome_id.into()),
                "review_written" => Outcome::ReviewWritten(self.outcome_id.into()),
                "audited" => Outcome::Audited(self.outcome_id.into()),
                other => return Err(row.invalid("outcome", format_args!("{other} is no outcome"))),
            },
            at: row.text("at", &self.at)?,
            scope: Scope { key: row.text("key", &self.key)?, actor: self.actor, route: self.route },
        })
    }
}
