//! The outbox: what happened, for delivery later.

use commerce_core::event::Event;
use commerce_core::{CommitError, EventId};
use serde::Serialize;
use sqlx::sqlite::SqliteConnection;
use sqlx::types::Json;

use crate::script::Script;

/// Writes events into the outbox inside the caller's transaction.
///
/// # Errors
/// When the database fails.
pub async fn apply(conn: &mut SqliteConnection, events: &[Event]) -> Result<(), CommitError> {
    let mut script = Script::default();
    add(&mut script, events);
    script.run(conn).await
}

pub(crate) fn add(script: &mut Script, events: &[Event]) {
    if !events.is_empty() {
        let rows: Vec<EventRow<'_>> = events.iter().map(EventRow::new).collect();
        script.add(INSERT).bind(Json(rows));
    }
}

#[derive(Serialize)]
struct EventRow<'a> {
    id: EventId,
    name: &'a str,
    subject: &'a str,
    sequence: u64,
    data: &'a serde_json::Value,
    at: i64,
}

impl<'a> EventRow<'a> {
    fn new(event: &'a Event) -> Self {
        let Event { id, name, subject, sequence, data, at } = event;
        Self { id: *id, name, subject, sequence: *sequence, data, at: at.as_micros() }
    }
}

const INSERT: &str = "
INSERT INTO outbox (id, name, subject, sequence, data, at)
SELECT unhex(value ->> '$.id', '-'), value ->> '$.name', value ->> '$.subject', value ->> '$.sequence',
       value -> '$.data', value ->> '$.at'
  FROM json_each(?1)
";
