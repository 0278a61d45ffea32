//! Who did what.

use commerce_core::audit::{ChainHash, Entry, Seal, Search};
use commerce_core::{AuditId, CommitError, Guard, StoreError, Timestamp};
use serde::Serialize;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;

use crate::row::{Fields, signed};
use crate::script::Script;
use crate::trouble::trouble;

/// Writes audit rows inside the caller's transaction.
///
/// # Errors
/// When the database fails.
pub async fn apply(conn: &mut SqliteConnection, entries: &[Entry]) -> Result<(), CommitError> {
    let mut script = Script::default();
    add(&mut script, entries);
    script.run(conn).await
}

pub(crate) fn add(script: &mut Script, entries: &[Entry]) {
    if !entries.is_empty() {
        let rows: Vec<EntryRow<'_>> = entries.iter().map(EntryRow::new).collect();
        script.add(INSERT).bind(Json(rows));
    }
}

pub(crate) fn add_seals(script: &mut Script, seals: &[Seal]) {
    if !seals.is_empty() {
        let rows: Vec<SealRow> = seals.iter().map(SealRow::new).collect();
        let insert = script.add(INSERT_SEALS).bind(Json(rows));
        insert.unique(|key| key.starts_with("audit_seals.").then_some(Guard::Seal));
    }
}

#[derive(Serialize)]
struct SealRow {
    position: u64,
    entry: AuditId,
    hash: String,
}

impl SealRow {
    fn new(seal: &Seal) -> Self {
        let Seal { position, entry, hash } = seal;
        Self { position: *position, entry: *entry, hash: hash.to_string() }
    }
}

const INSERT_SEALS: &str = "
INSERT INTO audit_seals (position, audit_id, hash)
SELECT value ->> '$.position', unhex(value ->> '$.entry', '-'), unhex(value ->> '$.hash')
  FROM json_each(?1)
";

#[derive(Serialize)]
struct EntryRow<'a> {
    id: AuditId,
    at: i64,
    actor: String,
    action: &'a str,
    target: &'a str,
    data: &'a serde_json::Value,
}

impl<'a> EntryRow<'a> {
    fn new(entry: &'a Entry) -> Self {
        let Entry { id, at, actor, action, target, data } = entry;
        Self { id: *id, at: at.as_micros(), actor: actor.to_string(), action, target, data }
    }
}

const INSERT: &str = "
INSERT INTO audit (id, at, actor, action, target, data)
SELECT unhex(value ->> '$.id', '-'), value ->> '$.at', value ->> '$.actor', value ->> '$.action',
       value ->> '$.target', value -> '$.data'
  FROM json_each(?1)
";

/// Reads up to `limit` audit rows, the newest first.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn search(
    conn: &mut SqliteConnection,
    search: &Search,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let Search { actor, target, from, until, after, id } = search;
    let found = sqlx::query(SEARCH)
        .bind(actor.as_ref().map(ToString::to_string))
        .bind(target.as_deref())
        .bind(from.map(|from| from.as_micros()))
        .bind(until.map(|until| until.as_micros()))
        .bind(after.map(|after| after.0))
        .bind(id.map(|id| id.0))
        .bind(limit)
        .fetch_all(conn)
        .await
        .map_err(trouble)?;
    found.iter().map(entry).collect()
}

fn entry(row: &SqliteRow) -> Result<Entry, StoreError> {
    let fields = Fields::new("audit", "id", row);
    Ok(Entry {
        id: fields.id("id")?,
        at: fields.at("at")?,
        actor: fields.parse("actor")?,
        action: fields.get("action")?,
        target: fields.get("target")?,
        data: fields.json("data")?,
    })
}

// The id carries the time, so its order is that of the rows.
const SEARCH: &str = "
SELECT id, at, actor, action, target, data
  FROM audit
 WHERE (?1 IS NULL OR actor = ?1)
   AND (?2 IS NULL OR target = ?2)
   AND (?3 IS NULL OR at >= ?3)
   AND (?4 IS NULL OR at < ?4)
   AND (?5 IS NULL OR id < ?5)
   AND (?6 IS NULL OR id = ?6)
 ORDER BY id DESC
 LIMIT ?7
";

/// Reads the seal at the highest position, and the time of the row that it seals.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn last_seal(conn: &mut SqliteConnection) -> Result<Option<(Seal, Timestamp)>, StoreError> {
    let row = sqlx::query(LAST_SEAL).fetch_optional(conn).await.map_err(trouble)?;
    row.map(|row| Ok((seal(&row)?, Fields::new("audit_seals", "position", &row).at("at")?))).transpose()
}

const LAST_SEAL: &str = "
SELECT s.position, s.audit_id, s.hash, a.at
  FROM audit_seals AS s
  JOIN audit AS a ON a.id = s.audit_id
 ORDER BY s.position DESC
 LIMIT 1
";

/// Reads up to `limit` rows from this id on that have no seal, by id.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn unsealed(
    conn: &mut SqliteConnection,
    from: AuditId,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let found = sqlx::query(UNSEALED).bind(from.0).bind(limit).fetch_all(conn).await.map_err(trouble)?;
    found.iter().map(entry).collect()
}

const UNSEALED: &str = "
SELECT id, at, actor, action, target, data
  FROM audit AS a
 WHERE id >= ?1 AND NOT EXISTS (SELECT 1 FROM audit_seals AS s WHERE s.audit_id = a.id)
 ORDER BY id
 LIMIT ?2
";

/// Reads up to `limit` seals behind this position, by position, each with its row.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn sealed(
    conn: &mut SqliteConnection,
    behind: u64,
    limit: u32,
) -> Result<Vec<(Seal, Option<Entry>)>, StoreError> {
    let found =
        sqlx::query(SEALED).bind(signed(behind)).bind(limit).fetch_all(conn).await.map_err(trouble)?;
    let read = |row: &SqliteRow| {
        let there: Option<Vec<u8>> = Fields::new("audit_seals", "position", row).get("id")?;
        Ok((seal(row)?, there.map(|_| entry(row)).transpose()?))
    };
    found.iter().map(read).collect()
}

const SEALED: &str = "
SELECT s.position, s.audit_id, s.hash, a.id, a.at, a.actor, a.action, a.target, a.data
  FROM audit_seals AS s
  LEFT JOIN audit AS a ON a.id = s.audit_id
 WHERE s.position > ?1
 ORDER BY s.position
 LIMIT ?2
";

fn seal(row: &SqliteRow) -> Result<Seal, StoreError> {
    let fields = Fields::new("audit_seals", "position", row);
    let hash: Vec<u8> = fields.get("hash")?;
    let position: i64 = fields.get("position")?;
    let wrong = || StoreError::invalid_row("audit_seals", "hash", position, "not 32 bytes");
    Ok(Seal {
        position: position.unsigned_abs(),
        entry: fields.id("audit_id")?,
        hash: ChainHash(hash.try_into().map_err(|_| wrong())?),
    })
}
