//! Who did what: rows that are only ever added.

use commerce_core::CommitError;
use commerce_core::audit::Entry;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;

use crate::fused::{Fused, column};
use crate::instant::Instant;

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
