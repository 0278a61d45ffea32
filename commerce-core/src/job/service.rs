//! A turn at a job: taken by one server for each period, whatever their number.

use std::time::Duration;

use serde_json::Value;

use super::{Changes, Job};
use crate::Timestamp;
use crate::commit::{ChangeSet, CommitError, StoreError};
use crate::engine::Parts;

/// The right to run a job now, until its lease runs out.
pub(crate) struct Turn<'p> {
    parts: &'p Parts,
    /// The job as it was before.
    pub(crate) job: Job,
    /// When the turn was taken.
    pub(crate) now: Timestamp,
    version: u64,
}

impl<'p> Turn<'p> {
    /// Takes a turn, unless somebody runs the job, or its last run is not yet `period` ago.
    pub(crate) async fn take(
        parts: &'p Parts,
        name: &str,
        period: Duration,
        lease: Duration,
    ) -> Result<Option<Self>, StoreError> {
        let (now, job) = parts.store.job(name).await?;
        let leased = job.leased_until.is_some_and(|until| until > now);
        let fresh = job.done_until.is_some_and(|until| until.plus(period) > now);
        if leased || fresh {
            return Ok(None);
        }
        let leased = Job { leased_until: Some(now.plus(lease)), ..job.clone() };
        let version = write(parts, leased).await?;
        Ok(version.map(|version| Self { parts, job, now, version }))
    }

    /// Writes down that the work is done, and what it did.
    pub(crate) async fn done(self, report: Value) -> Result<(), StoreError> {
        let Self { parts, job, now, version } = self;
        let done = Job { leased_until: None, done_until: Some(now), report, version, ..job };
        // A lease that ran out meanwhile was taken by somebody else, who does the same.
        write(parts, done).await.map(drop)
    }
}

async fn write(parts: &Parts, job: Job) -> Result<Option<u64>, StoreError> {
    let version = job.version + 1;
    let changes = ChangeSet { job: Changes { write: vec![job] }, ..ChangeSet::default() };
    match parts.store.commit(&changes).await {
        Ok(()) => Ok(Some(version)),
        Err(CommitError::Stale { .. }) => Ok(None),
        Err(CommitError::Store(error)) => Err(error),
    }
}
