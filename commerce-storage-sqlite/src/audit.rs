//! Who did what.

use commerce_core::audit::Entry;
use commerce_core::{AuditId, CommitError};
use serde::Serialize;
use sqlx::sqlite::SqliteConnection;
use sqlx::types::Json;

use crate::script::Script;

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
