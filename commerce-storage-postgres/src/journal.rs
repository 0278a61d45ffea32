//! The money journal: rows that are only ever added.

use commerce_core::payment::PaymentReference;
use commerce_core::payment::journal::{Balance, Entry, Leg};
use commerce_core::{Money, OrderId, StoreError, Timestamp};
use serde::Deserialize;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::instant::Instant;
use crate::row::Row;

pub(crate) const INSERT: &str = "
insert into journal_entries (id, at, kind, order_id, reference)
select * from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::uuid[], $5::text[])
 where (select held from guards)";

pub(crate) const INSERT_LEGS: &str = "
insert into journal_legs (entry_id, position, account, amount, currency)
select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::text[])
 where (select held from guards)";

pub(crate) fn write(entries: &[Entry], fused: &mut Fused) {
    if entries.is_empty() {
        return;
    }
    fused
        .write(INSERT)
        .bind(column(entries, |entry| entry.id.0))
        .bind(column(entries, |entry| Instant(entry.at)))
        .bind(column(entries, |entry| entry.kind.as_str()))
        .bind(column(entries, |entry| entry.order.map(|order| order.0)))
        .bind(column(entries, |entry| entry.reference.0.as_str()));
    let legs: Vec<(Uuid, i64, &Leg)> = entries
        .iter()
        .flat_map(|entry| (0..).zip(&entry.legs).map(|(place, leg)| (entry.id.0, place, leg)))
        .collect();
    fused
        .write(INSERT_LEGS)
        .bind(column(&legs, |(entry, ..)| *entry))
        .bind(column(&legs, |(_, place, _)| *place))
        .bind(column(&legs, |(.., leg)| leg.account.as_str()))
        .bind(column(&legs, |(.., leg)| leg.amount.minor))
        .bind(column(&legs, |(.., leg)| leg.amount.currency.code()));
}

pub(crate) const OF_ORDER: &str = "
select json_build_object('row', row_to_json(e), 'legs',
           (select coalesce(json_agg(l order by l.position), '[]') from journal_legs l where l.entry_id = e.id))
  from journal_entries e
 where e.order_id = $1
 order by e.at, e.id";

/// The entries for an order, the oldest first.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub(crate) async fn of_order(conn: &mut PgConnection, order: OrderId) -> Result<Vec<Entry>, StoreError> {
    let found: Vec<Json<EntryRow>> =
        sqlx::query_scalar(OF_ORDER).bind(order.0).fetch_all(conn).await.map_err(store_error)?;
    found.into_iter().map(|Json(entry)| entry.read()).collect()
}

pub(crate) const BALANCES: &str = "
select date_trunc('day', e.at, 'UTC'), l.account, l.currency, sum(l.amount)::bigint
  from journal_entries e
  join journal_legs l on l.entry_id = e.id
 where e.at >= $1 and e.at < $2
 group by 1, l.account, l.currency";

/// What each account gained on each day from `from` up to, not including, `to`, by day, account and currency.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub(crate) async fn balances(
    conn: &mut PgConnection,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Balance>, StoreError> {
    let found: Vec<(Instant, String, String, i64)> = sqlx::query_as(BALANCES)
        .bind(Instant(from))
        .bind(Instant(to))
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    let read = |(Instant(day), account, currency, minor): (Instant, String, String, i64)| {
        let row = Row::new("journal_legs", &account);
        let amount = Money::from_minor(minor, row.text("currency", &currency)?);
        Ok(Balance { day, account: row.text("account", &account)?, amount })
    };
    let mut balances: Vec<Balance> = found.into_iter().map(read).collect::<Result<_, StoreError>>()?;
    balances.sort_by_key(|balance| (balance.day, balance.account, balance.amount.currency.code()));
    Ok(balances)
}

#[derive(Deserialize)]
struct EntryRow {
    row: OwnRow,
    legs: Vec<LegRow>,
}

#[derive(Deserialize)]
struct OwnRow {
    id: Uuid,
    at: String,
    kind: String,
    order_id: Option<Uuid>,
    reference: String,
}

#[derive(Deserialize)]
struct LegRow {
    account: String,
    amount: i64,
    currency: String,
}

impl EntryRow {
    fn read(self) -> Result<Entry, StoreError> {
        let Self { row: own, legs } = self;
        let row = Row::new("journal_entries", &own.id);
        let leg = |leg: LegRow| {
            let amount = Money::from_minor(leg.amount, row.text("currency", &leg.currency)?);
            Ok(Leg::new(row.text("account", &leg.account)?, amount))
        };
        Ok(Entry {
            id: own.id.into(),
            at: row.text("at", &own.at)?,
            kind: row.text("kind", &own.kind)?,
            order: own.order_id.map(Into::into),
            reference: PaymentReference(own.reference),
            legs: legs.into_iter().map(leg).collect::<Result<_, StoreError>>()?,
        })
    }
}
