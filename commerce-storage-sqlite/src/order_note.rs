//! Notes on orders: rows that are only ever added.

use commerce_core::order::Note;
use commerce_core::{AuditId, OrderId, StoreError};
use serde::Serialize;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;

use crate::row::{Fields, before};
use crate::script::Script;
use crate::trouble::trouble;

pub(crate) fn add(script: &mut Script, notes: &[Note]) {
    if !notes.is_empty() {
        let rows: Vec<NoteRow<'_>> = notes.iter().map(NoteRow::new).collect();
        script.add(INSERT).bind(Json(rows));
    }
}

#[derive(Serialize)]
struct NoteRow<'a> {
    id: AuditId,
    order: OrderId,
    actor: String,
    text: &'a str,
    at: i64,
}

impl<'a> NoteRow<'a> {
    fn new(note: &'a Note) -> Self {
        let Note { id, order, actor, text, at } = note;
        Self { id: *id, order: *order, actor: actor.to_string(), text, at: at.as_micros() }
    }
}

const INSERT: &str = "
INSERT INTO order_notes (id, order_id, actor, text, at)
SELECT unhex(value ->> '$.id', '-'), unhex(value ->> '$.order', '-'), value ->> '$.actor', value ->> '$.text',
       value ->> '$.at'
  FROM json_each(?1)
";

/// Reads up to `limit` notes on an order before `until`, the newest first.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn notes(
    conn: &mut SqliteConnection,
    order: OrderId,
    until: Option<AuditId>,
    limit: u32,
) -> Result<Vec<Note>, StoreError> {
    let found = sqlx::query(OF_ORDER)
        .bind(order.0)
        .bind(before(until.map(|id| id.0)))
        .bind(limit)
        .fetch_all(conn)
        .await
        .map_err(trouble)?;
    found.iter().map(note).collect()
}

fn note(row: &SqliteRow) -> Result<Note, StoreError> {
    let fields = Fields::new("order_notes", "id", row);
    Ok(Note {
        id: fields.id("id")?,
        order: fields.id("order_id")?,
        actor: fields.parse("actor")?,
        text: fields.get("text")?,
        at: fields.at("at")?,
    })
}

const OF_ORDER: &str = "
SELECT id, order_id, actor, text, at FROM order_notes WHERE order_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3
";
