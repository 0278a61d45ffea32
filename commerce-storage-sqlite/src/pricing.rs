//! The rulebook, and the comparison of what a decision relied on.

use commerce_core::pricing::{Changes, Gone, StoredRulebook};
use commerce_core::{CommitError, Expect, Guard, ProductId, StoreError};
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;
use sqlx::types::Json;

use crate::row::{Fields, signed};
use crate::script::Script;
use crate::trouble::trouble;

/// Compares what was relied on without being written, in one statement and without a lock.
///
/// # Errors
/// [`Guard::Rulebook`] or [`Guard::Product`] for the first that is no longer so.
pub async fn compare(conn: &mut SqliteConnection, expects: &[Expect]) -> Result<(), CommitError> {
    let mut script = Script::default();
    add_comparison(&mut script, expects);
    script.run(conn).await
}

pub(crate) fn add_comparison(script: &mut Script, expects: &[Expect]) {
    if expects.is_empty() {
        return;
    }
    let told: Vec<(Option<ProductId>, u64)> = expects
        .iter()
        .map(|expect| match expect {
            Expect::Rulebook(version) => (None, *version),
            Expect::Product(product, version) => (Some(*product), *version),
        })
        .collect();
    let expects = expects.to_vec();
    script.add(COMPARE).bind(Json(told)).returning(move |rows| {
        let Some(row) = rows.first() else { return Ok(()) };
        let index: i64 = row.try_get(0).map_err(trouble)?;
        match usize::try_from(index).ok().and_then(|index| expects.get(index)) {
            Some(Expect::Product(product, _)) => Err(CommitError::Stale { guard: Guard::Product(*product) }),
            Some(Expect::Rulebook(_)) | None => Err(CommitError::Stale { guard: Guard::Rulebook }),
        }
    });
}

const COMPARE: &str = "
SELECT expected.key
  FROM json_each(?1) AS expected
 WHERE expected.value ->> 1 <> CASE
           WHEN expected.value ->> 0 IS NULL
           THEN coalesce((SELECT version FROM rulebook_current), 0)
           ELSE coalesce((SELECT version FROM products WHERE id = unhex(expected.value ->> 0, '-')), 0)
       END
 ORDER BY expected.key
 LIMIT 1
";

/// Puts a rulebook in force inside the caller's transaction.
///
/// # Errors
/// [`Guard::Rulebook`] when the one before it is not the one in force, or a promotion that is gone has a coupon, or a group
/// that is gone a member.
pub async fn apply(conn: &mut SqliteConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut script = Script::default();
    add(&mut script, changes);
    script.run(conn).await
}

pub(crate) fn add(script: &mut Script, changes: &Changes) {
    let Changes { rulebook, gone } = changes;
    if let Some(StoredRulebook { version, rulebook }) = rulebook {
        let Gone { promotions, groups } = gone;
        let switched = script.add(SWITCH).bind(signed(*version)).bind(Json(promotions)).bind(Json(groups));
        switched.one(Guard::Rulebook);
        script.add(INSERT).bind(signed(*version)).bind(Json(rulebook));
    }
}

const SWITCH: &str = "
INSERT INTO rulebook_current (pk, version)
SELECT 1, ?1
 WHERE (?1 = 1 OR EXISTS (SELECT 1 FROM rulebook_current))
   AND NOT EXISTS (SELECT 1 FROM coupons WHERE promotion IN (SELECT value FROM json_each(?2)))
   AND NOT EXISTS (SELECT 1 FROM accounts WHERE customer_group IN (SELECT value FROM json_each(?3)))
    ON CONFLICT (pk) DO UPDATE SET version = excluded.version
 WHERE rulebook_current.version = excluded.version - 1
";

// `applied_at` is for people who look into the table; no decision reads it.
const INSERT: &str = "
INSERT INTO rulebooks (version, document, applied_at) VALUES (?1, ?2, unixepoch() * 1000000)
";

/// Reads the rulebook in force.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn rulebook(conn: &mut SqliteConnection) -> Result<Option<StoredRulebook>, StoreError> {
    let row = sqlx::query(CURRENT).fetch_optional(conn).await.map_err(trouble)?;
    row.map(|row| {
        let fields = Fields::new("rulebooks", "version", &row);
        Ok(StoredRulebook { version: fields.count("version")?, rulebook: fields.json("document")? })
    })
    .transpose()
}

const CURRENT: &str = "
SELECT version, document FROM rulebooks WHERE version = (SELECT version FROM rulebook_current)
";
