//! Jobs: one row each, taken by writing it under its version.

use commerce_core::job::{Changes, Job};
use commerce_core::{CommitError, Guard, StoreError, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;

use crate::error::store_error;
use crate::fused::Fused;
use crate::instant::Instant;
use crate::row::Row;

pub(crate) const INSERT: &str = "
insert into jobs (name, leased_until, done_until, report, version)
values ($1, $2, $3, $4, 1)
on conflict (name) do nothing
returning null::uuid as id";

pub(crate) const UPDATE: &str = "
update jobs
   set leased_until = $2, done_until = $3, report = $4, version = version + 1
 where name = $1 and version = $5
returning null::uuid as id";

/// Applies the changes in the caller's transaction, which is to be rolled back on an error.
///
/// # Errors
/// [`CommitError::Stale`] with [`Guard::Job`] when a row is not in the version that was read.
pub async fn apply(conn: &mut PgConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut fused = Fused::new();
    write(changes, &mut fused);
    fused.run(conn).await
}

pub(crate) fn write(changes: &Changes, fused: &mut Fused) {
    let Changes { write } = changes;
    for Job { name, leased_until, done_until, report, version } in write {
        fused
            .guarded(if *version == 0 { INSERT } else { UPDATE })
            .bind(name.as_str())
            .bind(leased_until.map(Instant))
            .bind(done_until.map(Instant))
            .bind(Json(report));
        if *version > 0 {
            fused.bind(*version as i64);
        }
        fused.needs(None, Guard::Job(name.clone()));
    }
}

pub(crate) const LOOK: &str = "
select statement_timestamp(), (select row_to_json(j) from jobs j where j.name = $1)";

/// A job, as it would be if it had never run when it has no row; and the time of the look.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn job(conn: &mut PgConnection, name: &str) -> Result<(Timestamp, Job), StoreError> {
    let (now, found): (Instant, Option<Json<JobRow>>) =
        sqlx::query_as(LOOK).bind(name).fetch_one(conn).await.map_err(store_error)?;
    let job = found.map_or_else(|| Ok(Job::new(name)), |Json(job)| job.read())?;
    Ok((now.0, job))
}

#[derive(Deserialize)]
struct JobRow {
    name: String,
    leased_until: Option<String>,
    done_until: Option<String>,
    report: Value,
    version: i64,
}

impl JobRow {
    fn read(self) -> Result<Job, StoreError> {
        let row = Row::new("jobs", &self.name);
        Ok(Job {
            leased_until: row.optional_text("leased_until", self.leased_until.as_deref())?,
            done_until: row.optional_text("done_until", self.done_until.as_deref())?,
            report: self.report,
            version: row.count("version", self.version)?,
            name: self.name,
        })
    }
}
