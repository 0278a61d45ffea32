//! Waiting for a lock that another process holds.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use commerce_core::{Clock, StoreError};

use crate::trouble::is_retryable;

/// Does the work, and once more while another process holds the lock and its patience, counted from `since`, is not over.
///
/// SQLite itself waits for most locks (its busy timeout), but not for all: where two that wait would wait for each other,
/// such as while a new file is given its write-ahead log, it refuses one of them at once.
pub(crate) async fn patiently<T, F>(
    clock: &dyn Clock,
    since: Instant,
    patience: Duration,
    mut work: impl FnMut() -> F,
) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut tries = 0;
    loop {
        match work().await {
            Err(error) if is_retryable(&error) && since.elapsed() < patience => {
                tracing::debug!(%error, tries, "another process writes; trying again");
                clock.sleep(pause(tries)).await;
                tries += 1;
            }
            done => return done,
        }
    }
}

/// 1 to 96 milliseconds, about twice as long with each try, jittered so that two processes do not march in step.
fn pause(tries: u32) -> Duration {
    let longest = 2_u64 << tries.min(5);
    let jitter = RandomState::new().hash_one(tries) % longest;
    Duration::from_millis(longest / 2 + jitter)
}
