//! The generation of the catalogue: counters that move on with what changes it, and their sum.

use commerce_core::StoreError;
use commerce_core::cache::{Generation, Shard};
use sqlx::sqlite::SqliteConnection;

use crate::script::Script;
use crate::trouble::trouble;

/// Moves it on.
pub(crate) fn advance(script: &mut Script, shard: Shard) {
    script.add(ADVANCE).bind(shard.number());
}

// A step has a random length: a database that was put back from a backup and goes on from there does not come by the
// numbers again that it had before, under which answers may still be kept somewhere.
const ADVANCE: &str = "
INSERT INTO catalog_generations (shard, generation) VALUES (?1, 1 + (random() & 1048575))
    ON CONFLICT (shard) DO UPDATE SET generation = generation + excluded.generation
";

/// The present generation.
///
/// # Errors
/// When the database fails.
pub async fn current(conn: &mut SqliteConnection) -> Result<Generation, StoreError> {
    let sum: i64 = sqlx::query_scalar(CURRENT).fetch_one(conn).await.map_err(trouble)?;
    Ok(Generation(sum.cast_unsigned()))
}

const CURRENT: &str = "
SELECT coalesce(sum(generation), 0) FROM catalog_generations
";
