//! Jobs: one row each, taken by writing it under its version.

use commerce_core::job::{Changes, Job};
use commerce_core::{CommitError, Guard, StoreError, Timestamp};
use sqlx::sqlite::SqliteConnection;
use sqlx::types::Json;

use crate::row::{Fields, signed};
use crate::script::Script;
use crate::trouble::trouble;

/// Applies job changes inside the caller's transaction.
///
/// # Errors
/// [`Guard::Job`] when a row is not at the version that was read.
pub async fn apply(conn: &mut SqliteConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut script = Script::default();
    add(&mut script, changes);
    script.run(conn).await
}

pub(crate) fn add(script: &mut Script, changes: &Changes) {
    let Changes { write } = changes;
    for Job { name, leased_until, done_until, report, version } in write {
        let guard = Guard::Job(name.clone());
        let statement = script.add(if *version == 0 { INSERT } else { UPDATE });
        let statement = statement
            .bind(name.as_str())
            .bind(leased_until.map(Timestamp::as_micros))
            .bind(done_until.map(Timestamp::as_micros))
            .bind(Json(report));
        let statement = if *version == 0 { statement } else { statement.bind(signed(*version)) };
        statement.one(guard);
    }
}

const INSERT: &str = "
INSERT INTO jobs (name, leased_until, done_until, report, version)
VALUES (?1, ?2, ?3, ?4, 1)
    ON CONFLICT (name) DO NOTHING
";

const UPDATE: &str = "
UPDATE jobs
   SET leased_until = ?2, done_until = ?3, report = ?4, version = version + 1
 WHERE name = ?1 AND version = ?5
";

/// Reads a job, as it would be if it had never run when it has no row.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn job(conn: &mut SqliteConnection, name: &str) -> Result<Job, StoreError> {
    let row = sqlx::query(JOB).bind(name).fetch_optional(conn).await.map_err(trouble)?;
    let Some(row) = row else { return Ok(Job::new(name)) };
    let fields = Fields::new("jobs", "name", &row);
    Ok(Job {
        name: fields.get("name")?,
        leased_until: fields.at_if("leased_until")?,
        done_until: fields.at_if("done_until")?,
        report: fields.json("report")?,
        version: fields.count("version")?,
    })
}

const JOB: &str = "
SELECT * FROM jobs WHERE name = ?1
";
