//! Payment attempts.

use commerce_core::payment::{Advance, Changes, Payment};
use commerce_core::{CommitError, Currency, Guard, StoreError};
use serde::Deserialize;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use crate::fused::{Fused, column};
use crate::instant::Instant;
use crate::row::Row;

pub(crate) const INSERT: &str = "
insert into payments (id, order_id, reference, method, amount, currency, state, created_at, version)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[],
                     $8::timestamptz[], $9::bigint[])
 where (select held from guards)";

pub(crate) const ADVANCE: &str = "
update payments p
   set state = a.state, version = p.version + 1
  from unnest($1::uuid[], $2::bigint[], $3::text[]) as a (id, expected, state)
 where p.id = a.id and p.version = a.expected
returning p.id";

/// Applies the changes in the caller's transaction, which is to be rolled back on an error.
///
/// # Errors
/// [`CommitError::Stale`] with [`Guard::PaymentReference`] when an attempt has the reference already, with
/// [`Guard::Payment`] when one is not in the version that was read.
pub async fn apply(conn: &mut PgConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut fused = Fused::new();
    write(changes, &mut fused);
    fused.run(conn).await
}

pub(crate) fn write(changes: &Changes, fused: &mut Fused) {
    let Changes { open, advance } = changes;
    if !advance.is_empty() {
        fused
            .guarded(ADVANCE)
            .bind(column(advance, |advance| advance.id.0))
            .bind(column(advance, |advance| advance.expected_version as i64))
            .bind(column(advance, |advance| advance.state.as_str()));
        for Advance { id, .. } in advance {
            fused.needs(Some(id.0), Guard::Payment(*id));
        }
    }
    if let Some(first) = open.first() {
        fused
            .write(INSERT)
            .bind(column(open, |payment| payment.id.0))
            .bind(column(open, |payment| payment.order.0))
            .bind(column(open, |payment| payment.reference.0.as_str()))
            .bind(column(open, |payment| payment.method.as_str()))
            .bind(column(open, |payment| payment.amount.minor))
            .bind(column(open, |payment| payment.amount.currency.code()))
            .bind(column(open, |payment| payment.state.as_str()))
            .bind(column(open, |payment| Instant(payment.created_at)))
            .bind(column(open, |payment| payment.version as i64))
            .constraint("payments_reference_key", Guard::PaymentReference)
            .constraint("payments_pkey", Guard::Payment(first.id));
    }
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
    state: String,
    created_at: String,
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
            reference: row.text("reference", &self.reference)?,
            method: row.text("method", &self.method)?,
            amount: row.money("amount", self.amount, currency)?,
            state: row.text("state", &self.state)?,
            created_at: row.text("created_at", &self.created_at)?,
            version: row.count("version", self.version)?,
        })
    }
}
