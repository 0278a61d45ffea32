//! What an error of the database means: whether the same work may be tried again, and what the engine is told.

use std::time::Duration;

use commerce_core::{CommitError, Random, StoreError, StoreTrouble, SystemRandom};

/// How far a piece of work had got when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing was committed: a read, or a write before its COMMIT was sent. What broke off left nothing behind.
    Before,
    /// COMMIT was sent. When the connection broke, nobody knows whether it was carried out.
    Commit,
}

/// Whether the same work may be done once more.
///
/// Serialization failures and deadlocks happen to right work at wrong moments (relatives of PostgreSQL answer them more
/// often than PostgreSQL itself), and the database has rolled everything back. A lost connection did so too, unless it
/// was lost at the COMMIT.
pub(crate) fn is_retryable(error: &StoreError, stage: Stage) -> bool {
    let Some(error) = error.source.downcast_ref::<sqlx::Error>() else { return false };
    match error {
        sqlx::Error::Database(said) => match said.code().as_deref() {
            Some("40001" | "40P01" | "CR000") => true,
            Some(code) => stage == Stage::Before && is_disconnect(code),
            None => false,
        },
        sqlx::Error::Io(_) => stage == Stage::Before,
        _ => false,
    }
}

/// Connection exceptions, and what a server says that shuts down or just starts.
fn is_disconnect(code: &str) -> bool {
    code.starts_with("08") || matches!(code, "57P01" | "57P02" | "57P03")
}

/// An error of the database as the engine knows it.
pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    StoreError::new(trouble(&error), error)
}

fn trouble(error: &sqlx::Error) -> StoreTrouble {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::BeginFailed
        | sqlx::Error::WorkerCrashed => StoreTrouble::Unavailable,
        sqlx::Error::Database(said) => match said.code().as_deref().unwrap_or_default() {
            "53100" => StoreTrouble::Full,
            // Too long in a queue or at work, a replica that was asked to write after a failover, and what is left of
            // the retryable ones after all attempts.
            "57014" | "55P03" | "25P03" | "25006" | "40001" | "40P01" | "CR000" => StoreTrouble::Unavailable,
            // Connections, resources, the operator.
            code if code.starts_with("08") || code.starts_with("53") || code.starts_with("57") => {
                StoreTrouble::Unavailable
            }
            _ => StoreTrouble::Broken,
        },
        _ => StoreTrouble::Broken,
    }
}

/// Counts the attempts at one piece of work and waits between them.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    made: u32,
}

impl Attempts {
    const MOST: u32 = 6;
    const FIRST_WAIT: Duration = Duration::from_millis(5);

    /// Whether to do it once more; waits if so. The wait doubles, and a random half of it keeps two that met from
    /// meeting again.
    pub(crate) async fn again(&mut self, error: &StoreError, stage: Stage) -> bool {
        self.made += 1;
        if self.made >= Self::MOST || !is_retryable(error, stage) {
            return false;
        }
        tracing::debug!(attempt = self.made, %error, "the database asks for another attempt");
        let longest = Self::FIRST_WAIT * (1 << self.made);
        let [random, ..] = SystemRandom.seed();
        tokio::time::sleep(longest / 2 + longest / 2 * u32::from(random) / 255).await;
        true
    }
}

/// The trouble in a failed commit; none when it was stale, which is an answer.
pub(crate) fn trouble_of(error: &CommitError) -> Option<&StoreError> {
    match error {
        CommitError::Store(error) => Some(error),
        CommitError::Stale { .. } => None,
    }
}
