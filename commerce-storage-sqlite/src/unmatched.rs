//! Money that came in and counts towards no order.

use commerce_core::payment::{
    GatewayMode, PaymentReference, Unmatched, UnmatchedAdvance, UnmatchedKey, UnmatchedReason,
    UnmatchedState, UnmatchedView,
};
use commerce_core::{Currency, Guard, Money, OrderId, PaymentId, StoreError, Timestamp, UnmatchedId};
use serde::Deserialize;
use sqlx::sqlite::SqliteConnection;

use crate::refund::{RefundRow, refund_json};
use crate::row::{Fields, instant, signed};
use crate::script::Script;
use crate::trouble::trouble;

pub(crate) fn add(script: &mut Script, new: &[Unmatched], advance: &[UnmatchedAdvance]) {
    for unmatched in new {
        let Unmatched {
            id,
            reference,
            charge,
            payment,
            order,
            amount,
            mode,
            reason,
            seen_at,
            state,
            note,
            version,
        } = unmatched;
        script
            .add(INSERT)
            .bind(id.0)
            .bind(reference.0.as_str())
            .bind(charge.as_deref())
            .bind(payment.map(|payment| payment.0))
            .bind(order.map(|order| order.0))
            .bind(amount.minor)
            .bind(amount.currency.code())
            .bind(mode.map(GatewayMode::as_str))
            .bind(reason.as_str())
            .bind(seen_at.as_micros())
            .bind(state.as_str())
            .bind(note.as_deref())
            .bind(signed(*version))
            .unique(|_| Some(Guard::Unmatched));
    }
    for UnmatchedAdvance { id, expected_version, state, note } in advance {
        script
            .add(ADVANCE)
            .bind(id.0)
            .bind(signed(*expected_version))
            .bind(state.as_str())
            .bind(note.as_deref())
            .one(Guard::Unmatched);
    }
}

const INSERT: &str = "
INSERT INTO unmatched_payments (id, reference, charge, payment_id, order_id, amount, currency, mode, reason, seen_at,
                                state, note, version)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
";

const ADVANCE: &str = "
UPDATE unmatched_payments SET state = ?3, note = ?4, version = version + 1 WHERE id = ?1 AND version = ?2
";

/// Money `u` that counts towards no order as JSON: an [`UnmatchedRow`].
macro_rules! unmatched_json {
    () => {
        "json_object('id', hex(u.id), 'reference', u.reference, 'charge', u.charge,
                     'payment', iif(u.payment_id IS NULL, NULL, hex(u.payment_id)),
                     'order', iif(u.order_id IS NULL, NULL, hex(u.order_id)), 'amount', u.amount,
                     'currency', u.currency, 'mode', u.mode, 'reason', u.reason, 'seen_at', u.seen_at,
                     'state', u.state, 'note', u.note, 'version', u.version)"
    };
}
pub(crate) use unmatched_json;

/// Such money as it is read.
#[derive(Deserialize)]
pub(crate) struct UnmatchedRow {
    id: UnmatchedId,
    reference: PaymentReference,
    charge: Option<String>,
    payment: Option<PaymentId>,
    order: Option<OrderId>,
    amount: i64,
    currency: Currency,
    mode: Option<GatewayMode>,
    reason: UnmatchedReason,
    #[serde(deserialize_with = "instant")]
    seen_at: Timestamp,
    state: UnmatchedState,
    note: Option<String>,
    version: u64,
}

impl From<UnmatchedRow> for Unmatched {
    fn from(row: UnmatchedRow) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            charge: row.charge,
            payment: row.payment,
            order: row.order,
            amount: Money::from_minor(row.amount, row.currency),
            mode: row.mode,
            reason: row.reason,
            seen_at: row.seen_at,
            state: row.state,
            note: row.note,
            version: row.version,
        }
    }
}

/// Reads such money with its refunds.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub(crate) async fn view(
    conn: &mut SqliteConnection,
    key: &UnmatchedKey,
    now: Timestamp,
) -> Result<Option<UnmatchedView>, StoreError> {
    let statement = match key {
        UnmatchedKey::Id(id) => sqlx::query(BY_ID).bind(id.0),
        UnmatchedKey::Reference(reference) => sqlx::query(BY_REFERENCE).bind(reference.0.as_str()),
    };
    let row = statement.fetch_optional(conn).await.map_err(trouble)?;
    let Some(row) = row else { return Ok(None) };
    let fields = Fields::new("unmatched_payments", "id", &row);
    let refunds: Vec<RefundRow> = fields.json("refunds")?;
    Ok(Some(UnmatchedView {
        now,
        unmatched: fields.json::<UnmatchedRow>("unmatched")?.into(),
        refunds: refunds.into_iter().map(RefundRow::read).collect::<Result<_, _>>()?,
    }))
}

/// A look at such money, up to its condition.
macro_rules! look {
    () => {
        concat!(
            "SELECT u.id, ",
            unmatched_json!(),
            " AS unmatched,
       (SELECT json_group_array(",
            refund_json!(),
            " ORDER BY f.created_at, f.id)
          FROM refunds AS f
         WHERE f.unmatched_id = u.id) AS refunds
  FROM unmatched_payments AS u
 WHERE "
        )
    };
}

const BY_ID: &str = concat!(look!(), "u.id = ?1");
const BY_REFERENCE: &str = concat!(look!(), "u.reference = ?1");

/// Reads up to `limit` such rows before `before`, of one state or of all, the newest first.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub(crate) async fn list(
    conn: &mut SqliteConnection,
    state: Option<UnmatchedState>,
    before: Option<UnmatchedId>,
    limit: u32,
) -> Result<Vec<Unmatched>, StoreError> {
    let statement = sqlx::query(if state.is_some() { LIST_IN } else { LIST });
    let statement = statement.bind(crate::row::before(before.map(|id| id.0))).bind(limit);
    let statement = match state {
        Some(state) => statement.bind(state.as_str()),
        None => statement,
    };
    let rows = statement.fetch_all(conn).await.map_err(trouble)?;
    rows.iter()
        .map(|row| Ok(Fields::new("unmatched_payments", "id", row).json::<UnmatchedRow>("unmatched")?.into()))
        .collect()
}

const LIST: &str = concat!(
    "SELECT u.id, ",
    unmatched_json!(),
    " AS unmatched FROM unmatched_payments AS u WHERE u.id < ?1 ORDER BY u.id DESC LIMIT ?2"
);

const LIST_IN: &str = concat!(
    "SELECT u.id, ",
    unmatched_json!(),
    " AS unmatched FROM unmatched_payments AS u WHERE u.state = ?3 AND u.id < ?1 ORDER BY u.id DESC LIMIT ?2"
);
