//! How the shop runs, on the wire: its jobs, and what must always hold.

use commerce_core::job::Job;
use commerce_core::{Invariant, Timestamp, Violation};
use poem_openapi::Object;
use serde::Serialize;

use super::audit::AnyJson;
use super::{Instant, OrNull};

/// The jobs.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Jobs")]
pub(crate) struct JobsDto {
    /// Each of them, by name.
    pub(crate) results: Vec<JobDto>,
}

/// What the servers do once for each period.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Job")]
pub(crate) struct JobDto {
    /// Its name: `payments.reconcile`.
    name: String,
    /// Whether a server runs it now.
    running: bool,
    /// Until when a server has it to itself; another may take it then. Null when none has.
    leased_until: OrNull<Instant>,
    /// Up to when its work is done; null when it never ran to its end.
    done_until: OrNull<Instant>,
    /// What its last run to its end did; null when there was none.
    report: OrNull<AnyJson>,
}

impl JobDto {
    pub(crate) fn new(job: Job, now: Timestamp) -> Self {
        let Job { name, leased_until, done_until, report, version: _ } = job;
        Self {
            name,
            running: leased_until.is_some_and(|until| until > now),
            leased_until: OrNull::of(leased_until),
            done_until: OrNull::of(done_until),
            report: OrNull((!report.is_null()).then_some(AnyJson(report))),
        }
    }
}

/// What must always hold, and whether it does.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Invariants")]
pub(crate) struct InvariantsDto {
    /// Whether all of it holds.
    sound: bool,
    /// Each of them.
    invariants: Vec<InvariantDto>,
}

/// Something that must always hold.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Invariant")]
pub(crate) struct InvariantDto {
    /// Its name: `STOCK_SUM`.
    name: String,
    /// How many rows break it.
    violations: u64,
    /// The first ten of them.
    rows: Vec<ViolationDto>,
}

/// A row that breaks what must always hold.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Violation")]
pub(crate) struct ViolationDto {
    /// Which row.
    row: String,
    /// What it says, and what it should say.
    detail: String,
}

impl InvariantsDto {
    const ROWS_MAX: usize = 10;

    pub(crate) fn new(found: &[Violation]) -> Self {
        let of = |invariant: Invariant| {
            let broken: Vec<&Violation> = found.iter().filter(|one| one.invariant == invariant).collect();
            let rows = broken.iter().take(Self::ROWS_MAX);
            InvariantDto {
                name: invariant.name().to_owned(),
                violations: broken.len() as u64,
                rows: rows
                    .map(|one| ViolationDto { row: one.row.clone(), detail: one.detail.clone() })
                    .collect(),
            }
        };
        Self { sound: found.is_empty(), invariants: Invariant::ALL.map(of).into() }
    }
}
