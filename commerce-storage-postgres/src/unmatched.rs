//! Money that came in and counts towards no order.

use commerce_core::payment::{
    GatewayMode, PaymentReference, Unmatched, UnmatchedAdvance, UnmatchedKey, UnmatchedState, UnmatchedView,
};
use commerce_core::{Currency, Guard, StoreError, UnmatchedId};
use serde::Deserialize;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::instant::Instant;
use crate::refund::{RefundRow, refund_json};
use crate::row::Row;

pub(crate) const INSERT: &str = "
insert into unmatched_payments (id, reference, charge, payment_id, order_id, amount, currency, mode, reason, seen_at,
                                state, note, version)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::bigint[], $7::text[], $8::text[],
                     $9::text[], $10::timestamptz[], $11::text[], $12::text[], $13::bigint[])
 where (select held from guards)";

pub(crate) const ADVANCE: &str = "
update unmatched_payments u
   set state = a.state, note = a.note, version = u.version + 1
  from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[]) as a (id, expected, state, note)
 where u.id = a.id and u.version = a.expected
returning u.id";

pub(crate) fn write(new: &[Unmatched], advance: &[UnmatchedAdvance], fused: &mut Fused) {
    if !advance.is_empty() {
        fused
            .guarded(ADVANCE)
            .bind(column(advance, |advance| advance.id.0))
            .bind(column(advance, |advance| advance.expected_version as i64))
            .bind(column(advance, |advance| advance.state.as_str()))
            .bind(column(advance, |advance| advance.note.as_deref()));
        for UnmatchedAdvance { id, .. } in advance {
            fused.needs(Some(id.0), Guard::Unmatched);
        }
    }
    if !new.is_empty() {
        fused
            .write(INSERT)
            .bind(column(new, |unmatched| unmatched.id.0))
            .bind(column(new, |unmatched| unmatched.reference.0.as_str()))
            .bind(column(new, |unmatched| unmatched.charge.as_deref()))
            .bind(column(new, |unmatched| unmatched.payment.map(|payment| payment.0)))
            .bind(column(new, |unmatched| unmatched.order.map(|order| order.0)))
            .bind(column(new, |unmatched| unmatched.amount.minor))
            .bind(column(new, |unmatched| unmatched.amount.currency.code()))
            .bind(column(new, |unmatched| unmatched.mode.map(GatewayMode::as_str)))
            .bind(column(new, |unmatched| unmatched.reason.as_str()))
            .bind(column(new, |unmatched| Instant(unmatched.seen_at)))
            .bind(column(new, |unmatched| unmatched.state.as_str()))
            .bind(column(new, |unmatched| unmatched.note.as_deref()))
            .bind(column(new, |unmatched| unmatched.version as i64))
            .constraint("unmatched_payments_reference_key", Guard::Unmatched)
            .constraint("unmatched_payments_pkey", Guard::Unmatched);
    }
}

/// A look at such money, up to its condition.
macro_rules! look {
    () => {
        concat!(
            "
select statement_timestamp(), row_to_json(u),
       (select coalesce(json_agg(",
            refund_json!(),
            " order by f.created_at, f.id), '[]') from refunds f where f.unmatched_id = u.id)
  from unmatched_payments u
 where "
        )
    };
}

pub(crate) const LOOK_BY_ID: &str = concat!(look!(), "u.id = $1");

pub(crate) const LOOK_BY_REFERENCE: &str = concat!(look!(), "u.reference = $1");

/// Such money with its refunds.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub(crate) async fn view(
    conn: &mut PgConnection,
    key: &UnmatchedKey,
) -> Result<Option<UnmatchedView>, StoreError> {
    let look = match key {
        UnmatchedKey::Id(id) => sqlx::query_as(LOOK_BY_ID).bind(id.0),
        UnmatchedKey::Reference(reference) => sqlx::query_as(LOOK_BY_REFERENCE).bind(reference.0.as_str()),
    };
    let found: Option<(Instant, Json<UnmatchedRow>, Json<Vec<RefundRow>>)> =
        look.fetch_optional(conn).await.map_err(store_error)?;
    let Some((now, unmatched, refunds)) = found else { return Ok(None) };
    Ok(Some(UnmatchedView {
        now: now.0,
        unmatched: unmatched.0.read()?,
        refunds: refunds.0.into_iter().map(RefundRow::read).collect::<Result<_, _>>()?,
    }))
}

pub(crate) const LIST: &str = "
select row_to_json(u) from unmatched_payments u where u.id < $1 order by u.id desc limit $2";

pub(crate) const LIST_IN: &str = "
select row_to_json(u) from unmatched_payments u where u.state = $3 and u.id < $1 order by u.id desc limit $2";

/// Up to `limit` such rows before `before`, of one state or of all, the newest first.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub(crate) async fn list(
    conn: &mut PgConnection,
    state: Option<UnmatchedState>,
    before: Option<UnmatchedId>,
    limit: u32,
) -> Result<Vec<Unmatched>, StoreError> {
    let statement = sqlx::query_scalar(if state.is_some() { LIST_IN } else { LIST });
    let statement = statement.bind(before.map_or(Uuid::max(), |id| id.0)).bind(i64::from(limit));
    let statement = match state {
        Some(state) => statement.bind(state.as_str()),
        None => statement,
    };
    let found: Vec<Json<UnmatchedRow>> = statement.fetch_all(conn).await.map_err(store_error)?;
    found.into_iter().map(|Json(unmatched)| unmatched.read()).collect()
}

/// Such money as a look reads it.
#[derive(Deserialize)]
pub(crate) struct UnmatchedRow {
    id: Uuid,
    reference: String,
    charge: Option<String>,
    payment_id: Option<Uuid>,
    order_id: Option<Uuid>,
    amount: i64,
    currency: String,
    mode: Option<String>,
    reason: String,
    seen_at: String,
    state: String,
    note: Option<String>,
    version: i64,
}

impl UnmatchedRow {
    pub(crate) fn read(self) -> Result<Unmatched, StoreError> {
        let row = Row::new("unmatched_payments", &self.id);
        let currency: Currency = row.text("currency", &self.currency)?;
        Ok(Unmatched {
            id: self.id.into(),
            reference: PaymentReference(self.reference),
            charge: self.charge,
            payment: self.payment_id.map(Into::into),
            order: self.order_id.map(Into::into),
            amount: row.money("amount", self.amount, currency)?,
            mode: row.optional_text("mode", self.mode.as_deref())?,
            reason: row.text("reason", &self.reason)?,
            seen_at: row.text("seen_at", &self.seen_at)?,
            state: row.text("state", &self.state)?,
            note: self.note,
            version: row.count("version", self.version)?,
        })
    }
}
