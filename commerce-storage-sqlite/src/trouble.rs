//! What SQLite says when it cannot, in the words of the engine.

use commerce_core::{CommitError, Guard, StoreError, StoreTrouble};

/// The primary result codes that matter here; an extended code carries its primary one in the low byte.
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const IOERR: i32 = 10;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;

/// The trouble that an error of the database is.
pub(crate) fn trouble(error: sqlx::Error) -> StoreError {
    let kind = match primary_code(&error) {
        Some(FULL) => StoreTrouble::Full,
        Some(BUSY | LOCKED | IOERR | CANTOPEN) => StoreTrouble::Unavailable,
        Some(_) => StoreTrouble::Broken,
        None => match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => StoreTrouble::Unavailable,
            _ => StoreTrouble::Broken,
        },
    };
    StoreError::new(kind, error)
}

/// Whether the same work may succeed a moment later: another process holds the lock.
pub(crate) fn is_retryable(error: &StoreError) -> bool {
    let said = error.source.downcast_ref::<sqlx::Error>();
    matches!(said.and_then(primary_code), Some(BUSY | LOCKED))
}

/// The same trouble once more, for each of those whom one failure hit.
pub(crate) fn again(error: &StoreError) -> StoreError {
    StoreError::new(error.kind, error.source.to_string())
}

/// Turns a violated unique key, or [a reference](is_reference), into the guard that `which` sees in it. The key is told as SQLite does: `table.column`,
/// the columns separated by `, `, or `index 'name'` for an index over an expression.
pub(crate) fn guarded(error: sqlx::Error, which: impl FnOnce(&str) -> Option<Guard>) -> CommitError {
    let refers = error.as_database_error().is_some_and(|said| said.is_foreign_key_violation());
    let guard = violated_key(&error).or(refers.then_some("a reference")).and_then(which);
    match guard {
        Some(guard) => CommitError::Stale { guard },
        None => trouble(error).into(),
    }
}

/// Whether this is how a violated reference is told: SQLite does not say which.
pub(crate) fn is_reference(key: &str) -> bool {
    key == "a reference"
}

/// SQLite names a violated unique key only in the text of the error, and that text is part of its stable interface.
pub(crate) fn violated_key(error: &sqlx::Error) -> Option<&str> {
    let database = error.as_database_error().filter(|said| said.is_unique_violation())?;
    database.message().strip_prefix("UNIQUE constraint failed: ")
}

fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}
