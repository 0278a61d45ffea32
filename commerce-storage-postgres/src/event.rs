//! What happened: the outbox.

use commerce_core::CommitError;
use commerce_core::event::Event;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;

use crate::fused::{Fused, column};
use crate::instant::Instant;

pub(crate) const INSERT: &str = "
insert into outbox (id, name, subject, sequence, data, at)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::jsonb[], $6::timestamptz[])
 where (select held from guards)";

/// Writes the events in the caller's transaction, which is to be rolled back on an error.
///
/// # Errors
/// When the database fails.
pub async fn apply(conn: &mut PgConnection, events: &[Event]) -> Result<(), CommitError> {
    let mut fused = Fused::new();
    write(events, &mut fused);
    fused.run(conn).await
}

pub(crate) fn write(events: &[Event], fused: &mut Fused) {
    if events.is_empty() {
        return;
    }
    fused
        .write(INSERT)
        .bind(column(events, |event| event.id.0))
        .bind(column(events, |event| event.name))
        .bind(column(events, |event| event.subject.as_str()))
        .bind(column(events, |event| event.sequence as i64))
        .bind(column(events, |event| Json(&event.data)))
        .bind(column(events, |event| Instant(event.at)));
}
