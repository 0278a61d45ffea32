//! Money: attempts to pay; and, beside them, what goes back, what counts towards no order, the journal and the inbox.

use commerce_core::payment::{
    Advance, Changes, GatewayMode, Payment, PaymentReference, PaymentState, Progress,
};
use commerce_core::{CommitError, Currency, Guard, Money, PaymentId, StoreError};
use serde::Deserialize;
use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::instant::Instant;
use crate::row::Row;
use crate::{journal, message, refund, unmatched};

pub(crate) const INSERT: &str = "
insert into payments (id, version, state, captured, refunded, fee, charge, channel, paid_at, next_action, asking_until,
                      check_at, checks, note, order_id, reference, method, amount, currency, mode, mobile_money,
                      return_url, created_at)
select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[],
                     $8::text[], $9::timestamptz[], $10::jsonb[], $11::timestamptz[], $12::timestamptz[], $13::bigint[],
                     $14::text[], $15::uuid[], $16::text[], $17::text[], $18::bigint[], $19::text[], $20::text[],
                     $21::jsonb[], $22::text[], $23::timestamptz[])
 where (select held from guards)";

pub(crate) const ADVANCE: &str = "
update payments p
   set state = a.state, captured = a.captured, refunded = a.refunded, fee = a.fee, charge = a.charge,
       channel = a.channel, paid_at = a.paid_at, next_action = a.next_action, asking_until = a.asking_until,
       check_at = a.check_at, checks = a.checks, note = a.note, version = p.version + 1
  from unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::text[],
              $9::timestamptz[], $10::jsonb[], $11::timestamptz[], $12::timestamptz[], $13::bigint[], $14::text[])
       as a (id, expected, state, captured, refunded, fee, charge, channel, paid_at, next_action, asking_until, check_at,
             checks, note)
 where p.id = a.id and p.version = a.expected
returning p.id";

/// Applies the changes in the caller's transaction, which is to be rolled back on an error.
///
/// # Errors
/// [`CommitError::Stale`] with [`Guard::PaymentReference`] when an attempt has the reference already, with
/// [`Guard::Payment`], [`Guard::Refund`] or [`Guard::Message`] when a row is not in the version that was read, with
/// [`Guard::Unmatched`] when there is a row for the reference of money that counts towards no order, or it is not in the
/// version that was read.
pub async fn apply(conn: &mut PgConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut fused = Fused::new();
    write(changes, &mut fused);
    fused.run(conn).await
}

pub(crate) fn write(changes: &Changes, fused: &mut Fused) {
    let Changes {
        open,
        advance,
        refund,
        refund_advance,
        unmatched,
        unmatched_advance,
        journal,
        receive,
        message_advance,
    } = changes;
    if !advance.is_empty() {
        fused
            .guarded(ADVANCE)
            .bind(column(advance, |advance| advance.id.0))
            .bind(column(advance, |advance| advance.expected_version as i64));
        bind(fused, &column(advance, |advance| &advance.progress));
        for Advance { id, .. } in advance {
            fused.needs(Some(id.0), Guard::Payment(*id));
        }
    }
    if let Some(first) = open.first() {
        fused
            .write(INSERT)
            .bind(column(open, |payment| payment.id.0))
            .bind(column(open, |payment| payment.version as i64));
        bind(fused, &column(open, |payment| &payment.progress))
            .bind(column(open, |payment| payment.order.0))
            .bind(column(open, |payment| payment.reference.0.as_str()))
            .bind(column(open, |payment| payment.method.as_str()))
            .bind(column(open, |payment| payment.amount.minor))
            .bind(column(open, |payment| payment.amount.currency.code()))
            .bind(column(open, |payment| payment.mode.map(GatewayMode::as_str)))
            .bind(column(open, |payment| payment.mobile_money.as_ref().map(Json)))
            .bind(column(open, |payment| payment.return_url.as_deref()))
            .bind(column(open, |payment| Instant(payment.created_at)))
            .constraint("payments_reference_key", Guard::PaymentReference)
            .constraint("payments_pkey", Guard::Payment(first.id));
    }
    unmatched::write(unmatched, unmatched_advance, fused);
    refund::write(refund, refund_advance, fused);
    journal::write(journal, fused);
    message::write(receive, message_advance, fused);
}

/// Binds how far each attempt got: the parameters $3 to $14.
fn bind<'f>(fused: &'f mut Fused, progress: &[&Progress]) -> &'f mut Fused {
    fused
        .bind(column(progress, |progress| progress.state.as_str()))
        .bind(column(progress, |progress| progress.captured.minor))
        .bind(column(progress, |progress| progress.refunded.minor))
        .bind(column(progress, |progress| progress.fee.map(|fee| fee.minor)))
        .bind(column(progress, |progress| progress.charge.as_deref()))
        .bind(column(progress, |progress| progress.channel.as_deref()))
        .bind(column(progress, |progress| progress.paid_at.map(Instant)))
        .bind(column(progress, |progress| progress.next_action.as_ref().map(Json)))
        .bind(column(progress, |progress| progress.asking_until.map(Instant)))
        .bind(column(progress, |progress| progress.check_at.map(Instant)))
        .bind(column(progress, |progress| i64::from(progress.checks)))
        .bind(column(progress, |progress| progress.note.as_deref()))
}

pub(crate) const DUE: &str = "
select reference
  from payments
 where check_at is not null and check_at <= statement_timestamp()
 order by check_at, id
 limit $1";

/// The references of attempts that are to be asked about by now, the one that has waited longest first.
///
/// # Errors
/// When the database fails.
pub async fn due(conn: &mut PgConnection, limit: u32) -> Result<Vec<PaymentReference>, StoreError> {
    let found: Vec<String> =
        sqlx::query_scalar(DUE).bind(i64::from(limit)).fetch_all(conn).await.map_err(store_error)?;
    Ok(found.into_iter().map(PaymentReference).collect())
}

pub(crate) const KNOWN: &str = "
select reference from payments where reference = any($1::text[]) and captured > 0
union
select reference from unmatched_payments where reference = any($1::text[])
 order by reference";

/// Which of the references are of money that we know of, sorted.
///
/// # Errors
/// When the database fails.
pub async fn known(
    conn: &mut PgConnection,
    references: &[PaymentReference],
) -> Result<Vec<PaymentReference>, StoreError> {
    let found: Vec<String> = sqlx::query_scalar(KNOWN)
        .bind(column(references, |reference| reference.0.as_str()))
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    Ok(found.into_iter().map(PaymentReference).collect())
}

pub(crate) const ONE: &str = "
select row_to_json(p) from payments p where p.id = $1";

/// An attempt.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn payment(conn: &mut PgConnection, id: PaymentId) -> Result<Option<Payment>, StoreError> {
    let found: Option<Json<PaymentRow>> =
        sqlx::query_scalar(ONE).bind(id.0).fetch_optional(conn).await.map_err(store_error)?;
    found.map(|Json(payment)| payment.read()).transpose()
}

pub(crate) const LIST: &str = "
select row_to_json(p) from payments p where p.id < $1 order by p.id desc limit $2";

pub(crate) const LIST_IN: &str = "
select row_to_json(p) from payments p where p.state = $3 and p.id < $1 order by p.id desc limit $2";

/// Up to `limit` attempts before `before`, in one state or in all, the newest first.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn list(
    conn: &mut PgConnection,
    state: Option<PaymentState>,
    before: Option<PaymentId>,
    limit: u32,
) -> Result<Vec<Payment>, StoreError> {
    let statement = sqlx::query_scalar(if state.is_some() { LIST_IN } else { LIST });
    // No id that is made of time and chance is the highest.
    let statement = statement.bind(before.map_or(Uuid::max(), |id| id.0)).bind(i64::from(limit));
    let statement = match state {
        Some(state) => statement.bind(state.as_str()),
        None => statement,
    };
    let found: Vec<Json<PaymentRow>> = statement.fetch_all(conn).await.map_err(store_error)?;
    found.into_iter().map(|Json(payment)| payment.read()).collect()
}

/// A payment attempt as a look reads it.
#[derive(Deserialize)]
pub(crate) struct PaymentRow {
    id: Uuid,
    order_id: Uuid,
    reference: String,
    method: String,
    amount: i64,
    currency: String,
    mode: Option<String>,
    mobile_money: Option<Value>,
    return_url: Option<String>,
    created_at: String,
    state: String,
    captured: i64,
    refunded: i64,
    fee: Option<i64>,
    charge: Option<String>,
    channel: Option<String>,
    paid_at: Option<String>,
    next_action: Option<Value>,
    asking_until: Option<String>,
    check_at: Option<String>,
    checks: u32,
    note: Option<String>,
    version: i64,
}

impl PaymentRow {
    pub(crate) fn read(self) -> Result<Payment, StoreError> {
        let id = self.id;
        let row = Row::new("payments", &id);
        let currency: Currency = row.text("currency", &self.currency)?;
        Ok(Payment {
            id: id.into(),
            order: self.order_id.into(),
            reference: PaymentReference(self.reference),
            method: row.text("method", &self.method)?,
            amount: row.money("amount", self.amount, currency)?,
            mode: row.optional_text("mode", self.mode.as_deref())?,
            mobile_money: row.optional_json("mobile_money", self.mobile_money)?,
            return_url: self.return_url,
            created_at: row.text("created_at", &self.created_at)?,
            progress: Progress {
                state: row.text("state", &self.state)?,
                captured: row.money("captured", self.captured, currency)?,
                refunded: row.money("refunded", self.refunded, currency)?,
                fee: self.fee.map(|fee| Money::from_minor(fee, currency)),
                charge: self.charge,
                channel: self.channel,
                paid_at: row.optional_text("paid_at", self.paid_at.as_deref())?,
                next_action: row.optional_json("next_action", self.next_action)?,
                asking_until: row.optional_text("asking_until", self.asking_until.as_deref())?,
                check_at: row.optional_text("check_at", self.check_at.as_deref())?,
                checks: self.checks,
                note: self.note,
            },
            version: row.count("version", self.version)?,
        })
    }
}
