//! Who did what: rows that are only ever added.

use commerce_core::audit::{ChainHash, Entry, Seal, Search};
use commerce_core::{AuditId, CommitError, Guard, StoreError, Timestamp};
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
    let found: Vec<EntryRow> = sqlx::query_as(SEARCH)
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
    found.into_iter().map(entry).collect()
}

type EntryRow = (Uuid, Instant, String, String, String, Json<Value>);

fn entry((id, at, actor, action, target, data): EntryRow) -> Result<Entry, StoreError> {
    let actor = Row::new("audit", &id).text("actor", &actor)?;
    Ok(Entry { id: id.into(), at: at.0, actor, action, target, data: data.0 })
}

pub(crate) const INSERT_SEALS: &str = "
insert into audit_seals (position, audit_id, hash)
select * from unnest($1::bigint[], $2::uuid[], $3::bytea[])
 where (select held from guards)";

pub(crate) fn write_seals(seals: &[Seal], fused: &mut Fused) {
    if seals.is_empty() {
        return;
    }
    fused
        .write(INSERT_SEALS)
        .bind(column(seals, |seal| seal.position as i64))
        .bind(column(seals, |seal| seal.entry.0))
        .bind(column(seals, |seal| seal.hash.0.to_vec()))
        .constraint("audit_seals_pkey", Guard::Seal)
        .constraint("audit_seals_audit_key", Guard::Seal);
}

fn seal(position: i64, entry: Uuid, hash: Vec<u8>) -> Result<Seal, StoreError> {
    let wrong = |_| StoreError::invalid_row("audit_seals", "hash", position, "not 32 bytes");
    let hash = ChainHash(hash.try_into().map_err(wrong)?);
    Ok(Seal { position: position.unsigned_abs(), entry: entry.into(), hash })
}

pub(crate) const LAST_SEAL: &str = "
select s.position, s.audit_id, s.hash, a.at
  from audit_seals s
  join audit a on a.id = s.audit_id
 order by s.position desc
 limit 1";

/// The seal at the highest position, and the time of the row that it seals.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn last_seal(conn: &mut PgConnection) -> Result<Option<(Seal, Timestamp)>, StoreError> {
    let found: Option<(i64, Uuid, Vec<u8>, Instant)> =
        sqlx::query_as(LAST_SEAL).fetch_optional(conn).await.map_err(store_error)?;
    found.map(|(position, entry, hash, at)| Ok((seal(position, entry, hash)?, at.0))).transpose()
}

pub(crate) const UNSEALED: &str = "
select id, at, actor, action, target, data
  from audit a
 where id >= $1 and not exists (select 1 from audit_seals s where s.audit_id = a.id)
 order by id
 limit $2";

/// Up to `limit` rows from this id on that have no seal, by id.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn unsealed(conn: &mut PgConnection, from: AuditId, limit: u32) -> Result<Vec<Entry>, StoreError> {
    let found: Vec<EntryRow> = sqlx::query_as(UNSEALED)
        .bind(from.0)
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    found.into_iter().map(entry).collect()
}

pub(crate) const SEALED: &str = "
select s.position, s.audit_id, s.hash, a.id, a.at, a.actor, a.action, a.target, a.data
  from audit_seals s
  left join audit a on a.id = s.audit_id
 where s.position > $1
 order by s.position
 limit $2";

/// Up to `limit` seals behind this position, by position, each with its row.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn sealed(
    conn: &mut PgConnection,
    behind: u64,
    limit: u32,
) -> Result<Vec<(Seal, Option<Entry>)>, StoreError> {
    type Absent<T> = Option<T>;
    type SealedRow = (
        i64,
        Uuid,
        Vec<u8>,
        Absent<Uuid>,
        Absent<Instant>,
        Absent<String>,
        Absent<String>,
        Absent<String>,
        Absent<Json<Value>>,
    );
    let found: Vec<SealedRow> = sqlx::query_as(SEALED)
        .bind(behind as i64)
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    let read = |(position, sealed, hash, id, at, actor, action, target, data): SealedRow| {
        // The columns of a row are there, or the row is not.
        let row = id.zip(at).zip(actor).zip(action).zip(target).zip(data);
        let row =
            row.map(|(((((id, at), actor), action), target), data)| (id, at, actor, action, target, data));
        Ok((seal(position, sealed, hash)?, row.map(entry).transpose()?))
    };
    found.into_iter().map(read).collect()
}
