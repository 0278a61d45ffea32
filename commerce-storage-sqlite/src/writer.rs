//! The one writer: whatever waits is written in one transaction and made durable by one fsync.
//!
//! SQLite lets one connection write at a time, and a commit costs an fsync. So the store does not let its callers fight
//! over the lock: each hands its change set to one task, which owns the writing connection, and waits for the answer.
//! While the disk works on one transaction, the next change sets gather; the writer then takes all of them into the next
//! one. Durability is the same for everyone - an answer comes only after the COMMIT - at a fraction of the fsyncs.
//!
//! - Each change set runs in a savepoint. One whose guard does not hold, or that is broken, is rolled back to it and
//!   answered; the others go on. A later one sees what the earlier ones wrote, as if they had come one after another.
//! - When the transaction itself fails (no room, a lock that another process keeps, an error of the disk), nothing of it
//!   is written. Trouble that may pass is tried again with the same change sets, for a bounded time; else all of them are
//!   told.
//! - A batch of an import has a transaction of its own, in its turn.
//! - A caller that goes away does not take its change set with it: it is written, or not, as a whole.
//!
//! Transactions are plain statements here, not sqlx's: SQLite rolls a transaction back by itself when the disk is full,
//! and sqlx would go on to believe in it and refuse every later BEGIN.

use std::sync::Arc;
use std::time::{Duration, Instant};

use commerce_core::catalog::Batch;
use commerce_core::search::StoredSettings;
use commerce_core::{ChangeSet, Clock, CommitError, StoreError, StoreTrouble};
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::patience::patiently;
use crate::script::Script;
use crate::sold::Sold;
use crate::trouble::{again, trouble};
use crate::{catalog, search, sold};

/// The most change sets in one transaction: a bound on how long the first of them waits for the last.
const GROUP_MAX: usize = 256;
/// How many jobs may wait before callers wait to hand theirs in.
pub(crate) const QUEUE_MAX: usize = 1024;

/// What the writer is asked to do.
pub(crate) enum Job {
    /// Write this and answer what became of it.
    Write(Waiting),
    /// Write what waits, and stop.
    Stop(oneshot::Sender<()>),
}

/// Something to write, all of it or nothing.
pub(crate) enum Write {
    /// A change set, in a transaction with others.
    Changes(Box<ChangeSet>),
    /// A batch of the catalogue, in a transaction of its own.
    Batch(Box<Batch>),
    /// How the shop searches, in a transaction of its own.
    Settings(Box<StoredSettings>),
    /// The documents of these products, in a transaction of its own.
    Documents(Vec<Uuid>),
    /// Units sold of these products, in a transaction of its own.
    Sold(Vec<Sold>),
}

/// Something to write, and who waits for it.
pub(crate) struct Waiting {
    pub(crate) write: Write,
    /// Since when.
    pub(crate) since: Instant,
    pub(crate) answer: oneshot::Sender<Result<(), CommitError>>,
}

/// Writes that share a transaction, in the order in which they came.
type Group = Vec<Waiting>;

/// The writer and what it needs.
pub(crate) struct Writer {
    /// The pool of the one connection that writes.
    pub(crate) pool: SqlitePool,
    /// The clock by which it waits between two tries.
    pub(crate) clock: Arc<dyn Clock>,
    /// How long anyone waits for a lock, the time in the queue included.
    pub(crate) patience: Duration,
}

impl Writer {
    /// Works until it is told to stop or nobody is left to ask it.
    pub(crate) async fn run(self, mut jobs: mpsc::Receiver<Job>) {
        let mut stopped = Vec::new();
        loop {
            let mut taken = Vec::new();
            if jobs.recv_many(&mut taken, GROUP_MAX).await == 0 {
                break;
            }
            let mut group = Group::new();
            for job in taken {
                match job {
                    Job::Write(waiting) => match waiting.write {
                        Write::Changes(_) => group.push(waiting),
                        Write::Batch(_) | Write::Settings(_) | Write::Documents(_) | Write::Sold(_) => {
                            self.commit(std::mem::take(&mut group)).await;
                            self.commit(vec![waiting]).await;
                        }
                    },
                    Job::Stop(answer) => {
                        jobs.close();
                        stopped.push(answer);
                    }
                }
            }
            self.commit(group).await;
        }
        for answer in stopped {
            answer.send(()).ok();
        }
    }

    /// Commits the group and answers everyone who waits for it.
    async fn commit(&self, group: Group) {
        let Some(first) = group.first() else { return };
        // Who waited behind others while somebody kept the lock does not wait for it all over again. It is tried once.
        let answers = patiently(&*self.clock, first.since, self.patience, || self.transact(&group)).await;
        let answers =
            answers.unwrap_or_else(|error| group.iter().map(|_| Err(again(&error).into())).collect());
        for (waiting, answer) in group.into_iter().zip(answers) {
            waiting.answer.send(answer).ok(); // whoever asked may have gone away
        }
    }

    /// Writes the group in a transaction.
    async fn transact(&self, group: &Group) -> Result<Vec<Result<(), CommitError>>, StoreError> {
        let mut conn = self.pool.acquire().await.map_err(trouble)?;
        run(&mut conn, "BEGIN IMMEDIATE").await?;
        let done = match write_each(&mut conn, group).await {
            Ok(answers) => run(&mut conn, "COMMIT").await.map(|()| answers),
            Err(error) => Err(error),
        };
        if done.is_err() {
            // Refused when SQLite has rolled back by itself, which is as good.
            run(&mut conn, "ROLLBACK").await.ok();
        }
        done
    }
}

/// Writes each in a savepoint: what it is refused, or breaks by, leaves nothing behind and concerns it alone.
///
/// The outer error is trouble that concerns the whole transaction.
async fn write_each(
    conn: &mut SqliteConnection,
    group: &Group,
) -> Result<Vec<Result<(), CommitError>>, StoreError> {
    let mut answers = Vec::with_capacity(group.len());
    run(conn, "SAVEPOINT change").await?;
    for Waiting { write, .. } in group {
        // The savepoint of the one before is given up in the same message that sets this one's.
        let mut script = Script::default();
        script.add("RELEASE change");
        script.add("SAVEPOINT change");
        let done = match write {
            Write::Changes(changes) => {
                crate::add(&mut script, changes);
                script.run(conn).await
            }
            other => match script.run(conn).await {
                Ok(()) => write_alone(conn, other).await,
                refused => refused,
            },
        };
        match done {
            Err(CommitError::Store(error)) if error.kind != StoreTrouble::Broken => return Err(error),
            Err(_) => run(conn, "ROLLBACK TO change").await?,
            Ok(()) => {}
        }
        answers.push(done);
    }
    Ok(answers)
}

async fn write_alone(conn: &mut SqliteConnection, write: &Write) -> Result<(), CommitError> {
    match write {
        Write::Changes(changes) => crate::apply(conn, changes).await,
        Write::Batch(batch) => catalog::import(conn, batch).await,
        Write::Settings(settings) => Ok(search::set_settings(conn, settings).await?),
        Write::Documents(products) => search::index(conn, products.clone()).await,
        Write::Sold(sold) => sold::write(conn, sold).await,
    }
}

async fn run(conn: &mut SqliteConnection, sql: &'static str) -> Result<(), StoreError> {
    sqlx::query(sql).execute(conn).await.map(drop).map_err(trouble)
}
