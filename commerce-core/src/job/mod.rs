//! Jobs that run now and then, once for each period, whatever the number of servers.
//!
//! A job has one row. Whoever wants to run it takes a lease by writing the row under its version: two who try at once
//! cannot both succeed. A lease that ran out because its holder died is taken by the next one.

mod service;

use serde_json::Value;

use crate::Timestamp;
pub(crate) use service::Turn;

/// The row of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its name: `payments.reconcile`.
    pub name: String,
    /// Until when somebody runs it; `None`: nobody does.
    pub leased_until: Option<Timestamp>,
    /// Up to when its work is done; `None`: it never ran to its end.
    pub done_until: Option<Timestamp>,
    /// What the last run to its end did.
    pub report: Value,
    /// 1 at first, one more with each change; 0: there is no row yet.
    pub version: u64,
}

impl Job {
    /// The names of the jobs that the engine knows.
    pub const KNOWN: &[&str] = &[crate::catalog::Catalog::SOLD_JOB, crate::payment::Payments::RECONCILE_JOB];

    /// A job that never ran.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), leased_until: None, done_until: None, report: Value::Null, version: 0 }
    }
}

/// Job changes of one change set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Rows to write over the version that each names, which then grows by one. One that is not at it is
    /// [`Guard::Job`](crate::Guard::Job).
    pub write: Vec<Job>,
}
