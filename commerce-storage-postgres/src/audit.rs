//! Who did what: rows that are only ever added.

use commerce_core::audit::{Entry, Search};
use commerce_core::{CommitError, StoreError};
use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::instant::Instant;
use crate::row::Row;

pub(crate) const INSERT: &str = "
insert into audit (id, at, actor, action, target, data)
select * from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::jsonb[])
 where (select held from guards)";

/// Writes the entries in the caller's transaction, which is to be rolled back on an error.
///
/// # Errors
/// When the database fails.
pub async fn apply(conn: &mut PgConnection, entries: &[Entry]) -> Result<(), CommitError> {
    let mut fused = Fused::new();
    write(entries, &mut fused);
    fused.run(conn).await
}

pub(crate) fn write(entries: &[Entry], fused: &mut Fused) {
    if entries.is_empty() {
        return;
    }
    fused
        .write(INSERT)
        .bind(column(entries, |entry| entry.id.0))
        .bind(column(entries, |entry| Instant(entry.at)))
        .bind(column(entries, |entry| entry.actor.to_string()))
        .bind(column(entries, |entry| entry.action.as_str()))
        .bind(column(entries, |entry| entry.target.as_str()))
        .bind(column(entries, |entry| Json(&entry.data)));
}

// The id carries the time, so its order is that of the rows.
pub(crate) const SEARCH: &str = "
select id, at, actor, action, target, data
  from audit
 where ($1::text is null or actor = $1)
   and ($2::text is null or target = $2)
   and ($3::timestamptz is null or at >= $3)
   and ($4::timestamptz is null or at < $4)
   and ($5::uuid is null or id < $5)
   and ($6::uuid is null or id = $6)
 order by id desc
 limit $7";

/// Up to `limit` audit rows, the newest first.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn search(conn: &mut PgConnection, search: &Search, limit: u32) -> Result<Vec<Entry>, StoreError> {
    let Search { actor, target, from, until, after, id } = search;
    let found: Vec<(Uuid, Instant, String, String, String, Json<Value>)> = sqlx::query_as(SEARCH)
        .bind(actor.as_ref().map(ToString::to_string))
        .bind(target.as_deref())
        .bind(from.map(Instant))
        .bind(until.map(Instant))
        .bind(after.map(|after| after.0))
        .bind(id.map(|id| id.0))
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    let read = |(id, at, actor, action, target, Json(data)): (
        Uuid,
        Instant,
        String,
        String,
        String,
        Json<Value>,
    )| {
        let actor = Row::new("audit", &id).text("actor", &actor)?;
        Ok(Entry { id: id.into(), at: at.0, actor, action, target, data })
    };
    found.into_iter().map(read).collect()
}
