//! Refunds: money that goes back.

use commerce_core::audit::Actor;
use commerce_core::payment::{
    PaymentReference, Refund, RefundAdvance, RefundLine, RefundProgress, RefundSource, RefundState,
    RefundView, Unmatched,
};
use commerce_core::{
    Currency, Guard, Money, OrderId, PaymentId, RefundId, StoreError, Timestamp, UnmatchedId,
};
use serde::Deserialize;
use sqlx::sqlite::SqliteConnection;
use sqlx::types::Json;

use crate::row::{Fields, instant, instant_if, signed};
use crate::script::{Script, Statement};
use crate::trouble::trouble;
use crate::unmatched::{UnmatchedRow, unmatched_json};

pub(crate) fn add(script: &mut Script, new: &[Refund], advance: &[RefundAdvance]) {
    for refund in new {
        insert(script, refund);
    }
    for RefundAdvance { id, expected_version, progress } in advance {
        let statement = script.add(ADVANCE).bind(id.0).bind(signed(*expected_version));
        bind(statement, progress).one(Guard::Refund(*id));
    }
}

fn insert(script: &mut Script, refund: &Refund) {
    let Refund {
        id,
        request,
        order,
        source,
        reference,
        amount,
        lines,
        shipping,
        reason,
        restock,
        actor,
        created_at,
        progress,
        version,
    } = refund;
    let (payment, unmatched) = match source {
        RefundSource::Payment(payment) => (Some(payment.0), None),
        RefundSource::Unmatched(unmatched) => (None, Some(unmatched.0)),
    };
    let guard = Guard::Refund(*id);
    let statement = script.add(INSERT).bind(id.0).bind(signed(*version));
    bind(statement, progress)
        .bind(request.0)
        .bind(order.map(|order| order.0))
        .bind(payment)
        .bind(unmatched)
        .bind(reference.0.as_str())
        .bind(amount.minor)
        .bind(shipping.minor)
        .bind(amount.currency.code())
        .bind(reason.as_str())
        .bind(*restock)
        .bind(actor.to_string())
        .bind(created_at.as_micros())
        .unique(|_| Some(guard));
    if !lines.is_empty() {
        script.add(INSERT_LINES).bind(id.0).bind(Json(lines));
    }
}

/// Binds how far a refund got: the parameters ?3 to ?9.
fn bind<'s>(statement: Statement<'s>, progress: &RefundProgress) -> Statement<'s> {
    let RefundProgress { state, gateway_id, asked_at, check_at, checks, note, processed_at } = progress;
    statement
        .bind(state.as_str())
        .bind(gateway_id.as_deref())
        .bind(asked_at.map(Timestamp::as_micros))
        .bind(check_at.map(Timestamp::as_micros))
        .bind(i64::from(*checks))
        .bind(note.as_deref())
        .bind(processed_at.map(Timestamp::as_micros))
}

const INSERT: &str = "
INSERT INTO refunds (id, version, state, gateway_id, asked_at, check_at, checks, note, processed_at, request_id, order_id,
                     payment_id, unmatched_id, reference, amount, shipping, currency, reason, restock, actor, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
";

const INSERT_LINES: &str = "
INSERT INTO refund_lines (refund_id, position, line_id, quantity)
SELECT ?1, key, unhex(value ->> '$.line', '-'), value ->> '$.quantity'
  FROM json_each(?2)
";

const ADVANCE: &str = "
UPDATE refunds
   SET state = ?3, gateway_id = ?4, asked_at = ?5, check_at = ?6, checks = ?7, note = ?8, processed_at = ?9,
       version = version + 1
 WHERE id = ?1 AND version = ?2
";

/// A refund `f` as JSON: a [`RefundRow`].
macro_rules! refund_json {
    () => {
        "json_object('id', hex(f.id), 'request', hex(f.request_id),
                     'order', iif(f.order_id IS NULL, NULL, hex(f.order_id)),
                     'payment', iif(f.payment_id IS NULL, NULL, hex(f.payment_id)),
                     'unmatched', iif(f.unmatched_id IS NULL, NULL, hex(f.unmatched_id)),
                     'reference', f.reference, 'amount', f.amount, 'shipping', f.shipping, 'currency', f.currency,
                     'lines', (SELECT json_group_array(
                                          json_object('line', hex(fl.line_id), 'quantity', fl.quantity)
                                          ORDER BY fl.position)
                                 FROM refund_lines AS fl
                                WHERE fl.refund_id = f.id),
                     'reason', f.reason, 'restock', json(iif(f.restock, 'true', 'false')), 'actor', f.actor,
                     'created_at', f.created_at, 'state', f.state, 'gateway_id', f.gateway_id, 'asked_at', f.asked_at,
                     'check_at', f.check_at, 'checks', f.checks, 'note', f.note, 'processed_at', f.processed_at,
                     'version', f.version)"
    };
}
pub(crate) use refund_json;

/// A refund as it is read.
#[derive(Deserialize)]
pub(crate) struct RefundRow {
    id: RefundId,
    request: RefundId,
    order: Option<OrderId>,
    payment: Option<PaymentId>,
    unmatched: Option<UnmatchedId>,
    reference: PaymentReference,
    amount: i64,
    shipping: i64,
    currency: Currency,
    lines: Vec<RefundLine>,
    reason: String,
    restock: bool,
    actor: Actor,
    #[serde(deserialize_with = "instant")]
    created_at: Timestamp,
    state: RefundState,
    gateway_id: Option<String>,
    #[serde(deserialize_with = "instant_if")]
    asked_at: Option<Timestamp>,
    #[serde(deserialize_with = "instant_if")]
    check_at: Option<Timestamp>,
    checks: u32,
    note: Option<String>,
    #[serde(deserialize_with = "instant_if")]
    processed_at: Option<Timestamp>,
    version: u64,
}

impl RefundRow {
    pub(crate) fn read(self) -> Result<Refund, StoreError> {
        let source = match (self.payment, self.unmatched) {
            (Some(payment), None) => RefundSource::Payment(payment),
            (None, Some(unmatched)) => RefundSource::Unmatched(unmatched),
            _ => {
                return Err(StoreError::invalid_row(
                    "refunds",
                    "payment_id",
                    self.id,
                    "it is taken from one of payment_id and unmatched_id",
                ));
            }
        };
        Ok(Refund {
            id: self.id,
            request: self.request,
            order: self.order,
            source,
            reference: self.reference,
            amount: Money::from_minor(self.amount, self.currency),
            lines: self.lines,
            shipping: Money::from_minor(self.shipping, self.currency),
            reason: self.reason,
            restock: self.restock,
            actor: self.actor,
            created_at: self.created_at,
            progress: RefundProgress {
                state: self.state,
                gateway_id: self.gateway_id,
                asked_at: self.asked_at,
                check_at: self.check_at,
                checks: self.checks,
                note: self.note,
                processed_at: self.processed_at,
            },
            version: self.version,
        })
    }
}

/// Reads the refunds that the gateway is to be asked for, or about, by `now`, the one that has waited longest first.
///
/// # Errors
/// When the database fails.
pub(crate) async fn due(
    conn: &mut SqliteConnection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<RefundId>, StoreError> {
    let found: Vec<uuid::Uuid> =
        sqlx::query_scalar(DUE).bind(now.as_micros()).bind(limit).fetch_all(conn).await.map_err(trouble)?;
    Ok(found.into_iter().map(RefundId).collect())
}

const DUE: &str = "
SELECT id FROM refunds WHERE check_at IS NOT NULL AND check_at <= ?1 ORDER BY check_at, id LIMIT ?2
";

/// Reads a refund, and the money that belongs to no order when it is taken from that.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub(crate) async fn view(
    conn: &mut SqliteConnection,
    id: RefundId,
    now: Timestamp,
) -> Result<Option<RefundView>, StoreError> {
    let row = sqlx::query(VIEW).bind(id.0).fetch_optional(conn).await.map_err(trouble)?;
    let Some(row) = row else { return Ok(None) };
    let fields = Fields::new("refunds", "id", &row);
    Ok(Some(RefundView {
        now,
        refund: fields.json::<RefundRow>("refund")?.read()?,
        unmatched: fields.json_if::<UnmatchedRow>("unmatched")?.map(Unmatched::from),
    }))
}

const VIEW: &str = concat!(
    "SELECT f.id, ",
    refund_json!(),
    " AS refund, iif(u.id IS NULL, NULL, ",
    unmatched_json!(),
    ") AS unmatched
  FROM refunds AS f
  LEFT JOIN unmatched_payments AS u ON u.id = f.unmatched_id
 WHERE f.id = ?1"
);
