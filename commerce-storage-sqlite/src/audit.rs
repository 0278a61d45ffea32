//! Who did what.

use commerce_core::audit::{Entry, Search};
use commerce_core::{AuditId, CommitError, StoreError};
use serde::Serialize;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;

use crate::row::Fields;
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
