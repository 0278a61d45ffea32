//! Refunds: money that goes back.

use commerce_core::payment::{
    PaymentReference, Refund, RefundAdvance, RefundLine, RefundProgress, RefundSource, RefundView,
};
use commerce_core::{Currency, Guard, RefundId, StoreError};
use serde::Deserialize;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::instant::Instant;
use crate::row::Row;
use crate::unmatched::UnmatchedRow;

pub(crate) const INSERT: &str = "
insert into refunds (id, version, state, gateway_id, asked_at, check_at, checks, note, processed_at, request_id, order_id,
                     payment_id, unmatched_id, reference, amount, shipping, currency, reason, restock, actor, created_at)
select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
                     $7::bigint[], $8::text[], $9::timestamptz[], $10::uuid[], $11::uuid[], $12::uuid[], $13::uuid[],
                     $14::text[], $15::bigint[], $16::bigint[], $17::text[], $18::text[], $19::boolean[], $20::text[],
                     $21::timestamptz[])
 where (select held from guards)";

pub(crate) const INSERT_LINES: &str = "
insert into refund_lines (refund_id, position, line_id, quantity)
select * from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bigint[])
 where (select held from guards)";

pub(crate) const ADVANCE: &str = "
update refunds f
   set state = a.state, gateway_id = a.gateway_id, asked_at = a.asked_at, check_at = a.check_at, checks = a.checks,
       note = a.note, processed_at = a.processed_at, version = f.version + 1
  from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::bigint[],
              $8::text[], $9::timestamptz[])
       as a (id, expected, state, gateway_id, asked_at, check_at, checks, note, processed_at)
 where f.id = a.id and f.version = a.expected
returning f.id";

pub(crate) fn write(new: &[Refund], advance: &[RefundAdvance], fused: &mut Fused) {
    if !advance.is_empty() {
        fused
            .guarded(ADVANCE)
            .bind(column(advance, |advance| advance.id.0))
            .bind(column(advance, |advance| advance.expected_version as i64));
        bind(fused, &column(advance, |advance| &advance.progress));
        for RefundAdvance { id, .. } in advance {
            fused.needs(Some(id.0), Guard::Refund(*id));
        }
    }
    let Some(first) = new.first() else { return };
    fused
        .write(INSERT)
        .bind(column(new, |refund| refund.id.0))
        .bind(column(new, |refund| refund.version as i64));
    bind(fused, &column(new, |refund| &refund.progress))
        .bind(column(new, |refund| refund.request.0))
        .bind(column(new, |refund| refund.order.map(|order| order.0)))
        .bind(column(new, |refund| match refund.source {
            RefundSource::Payment(payment) => Some(payment.0),
            RefundSource::Unmatched(_) => None,
        }))
        .bind(column(new, |refund| match refund.source {
            RefundSource::Payment(_) => None,
            RefundSource::Unmatched(unmatched) => Some(unmatched.0),
        }))
        .bind(column(new, |refund| refund.reference.0.as_str()))
        .bind(column(new, |refund| refund.amount.minor))
        .bind(column(new, |refund| refund.shipping.minor))
        .bind(column(new, |refund| refund.amount.currency.code()))
        .bind(column(new, |refund| refund.reason.as_str()))
        .bind(column(new, |refund| refund.restock))
        .bind(column(new, |refund| refund.actor.to_string()))
        .bind(column(new, |refund| Instant(refund.created_at)))
        .constraint("refunds_pkey", Guard::Refund(first.id));
    let lines: Vec<(Uuid, i64, &RefundLine)> = new
        .iter()
        .flat_map(|refund| (0..).zip(&refund.lines).map(|(place, line)| (refund.id.0, place, line)))
        .collect();
    if !lines.is_empty() {
        fused
            .write(INSERT_LINES)
            .bind(column(&lines, |(refund, ..)| *refund))
            .bind(column(&lines, |(_, place, _)| *place))
            .bind(column(&lines, |(.., line)| line.line.0))
            .bind(column(&lines, |(.., line)| i64::from(line.quantity.get())));
    }
}

/// Binds how far each refund got: the parameters $3 to $9.
fn bind<'f>(fused: &'f mut Fused, progress: &[&RefundProgress]) -> &'f mut Fused {
    fused
        .bind(column(progress, |progress| progress.state.as_str()))
        .bind(column(progress, |progress| progress.gateway_id.as_deref()))
        .bind(column(progress, |progress| progress.asked_at.map(Instant)))
        .bind(column(progress, |progress| progress.check_at.map(Instant)))
        .bind(column(progress, |progress| i64::from(progress.checks)))
        .bind(column(progress, |progress| progress.note.as_deref()))
        .bind(column(progress, |progress| progress.processed_at.map(Instant)))
}

pub(crate) const DUE: &str = "
select id
  from refunds
 where check_at is not null and check_at <= statement_timestamp()
 order by check_at, id
 limit $1";

/// The refunds that the gateway is to be asked for, or about, by now, the one that has waited longest first.
///
/// # Errors
/// When the database fails.
pub(crate) async fn due(conn: &mut PgConnection, limit: u32) -> Result<Vec<RefundId>, StoreError> {
    let found: Vec<Uuid> =
        sqlx::query_scalar(DUE).bind(i64::from(limit)).fetch_all(conn).await.map_err(store_error)?;
    Ok(found.into_iter().map(RefundId).collect())
}

/// A refund `f` with its lines as JSON: a [`RefundRow`].
macro_rules! refund_json {
    () => {
        "json_build_object('row', row_to_json(f), 'lines',
            (select coalesce(json_agg(fl order by fl.position), '[]') from refund_lines fl where fl.refund_id = f.id))"
    };
}
pub(crate) use refund_json;

pub(crate) const LOOK: &str = concat!(
    "
select statement_timestamp(), ",
    refund_json!(),
    ", case when u.id is not null then row_to_json(u) end
  from refunds f
  left join unmatched_payments u on u.id = f.unmatched_id
 where f.id = $1"
);

/// A refund, and the money that belongs to no order when it is taken from that.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub(crate) async fn view(conn: &mut PgConnection, id: RefundId) -> Result<Option<RefundView>, StoreError> {
    let found: Option<(Instant, Json<RefundRow>, Option<Json<UnmatchedRow>>)> =
        sqlx::query_as(LOOK).bind(id.0).fetch_optional(conn).await.map_err(store_error)?;
    let Some((now, refund, unmatched)) = found else { return Ok(None) };
    Ok(Some(RefundView {
        now: now.0,
        refund: refund.0.read()?,
        unmatched: unmatched.map(|Json(unmatched)| unmatched.read()).transpose()?,
    }))
}

/// A refund as a look reads it.
#[derive(Deserialize)]
pub(crate) struct RefundRow {
    row: OwnRow,
    lines: Vec<RefundLineRow>,
}

#[derive(Deserialize)]
struct OwnRow {
    id: Uuid,
    request_id: Uuid,
    order_id: Option<Uuid>,
    payment_id: Option<Uuid>,
    unmatched_id: Option<Uuid>,
    reference: String,
    amount: i64,
    shipping: i64,
    currency: String,
    reason: String,
    restock: bool,
    actor: String,
    created_at: String,
    state: String,
    gateway_id: Option<String>,
    asked_at: Option<String>,
    check_at: Option<String>,
    checks: u32,
    note: Option<String>,
    processed_at: Option<String>,
    version: i64,
}

#[derive(Deserialize)]
struct RefundLineRow {
    line_id: Uuid,
    quantity: i64,
}

impl RefundRow {
    pub(crate) fn read(self) -> Result<Refund, StoreError> {
        let Self { row: own, lines } = self;
        let row = Row::new("refunds", &own.id);
        let currency: Currency = row.text("currency", &own.currency)?;
        let line = |line: RefundLineRow| {
            let quantity = row.quantity("quantity", line.quantity)?;
            Ok(RefundLine { line: line.line_id.into(), quantity })
        };
        Ok(Refund {
            id: own.id.into(),
            request: own.request_id.into(),
            order: own.order_id.map(Into::into),
            source: match (own.payment_id, own.unmatched_id) {
                (Some(payment), None) => RefundSource::Payment(payment.into()),
                (None, Some(unmatched)) => RefundSource::Unmatched(unmatched.into()),
                _ => {
                    return Err(
                        row.invalid("payment_id", "it is taken from one of payment_id and unmatched_id")
                    );
                }
            },
            reference: PaymentReference(own.reference),
            amount: row.money("amount", own.amount, currency)?,
            lines: lines.into_iter().map(line).collect::<Result<_, StoreError>>()?,
            shipping: row.money("shipping", own.shipping, currency)?,
            reason: own.reason,
            restock: own.restock,
            actor: row.text("actor", &own.actor)?,
            created_at: row.text("created_at", &own.created_at)?,
            progress: RefundProgress {
                state: row.text("state", &own.state)?,
                gateway_id: own.gateway_id,
                asked_at: row.optional_text("asked_at", own.asked_at.as_deref())?,
                check_at: row.optional_text("check_at", own.check_at.as_deref())?,
                checks: own.checks,
                note: own.note,
                processed_at: row.optional_text("processed_at", own.processed_at.as_deref())?,
            },
            version: row.count("version", own.version)?,
        })
    }
}
