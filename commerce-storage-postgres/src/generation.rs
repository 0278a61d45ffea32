//! The generation of the catalogue: counters that move on with what changes it, and their sum.

use commerce_core::StoreError;
use commerce_core::cache::{Generation, Shard};
use sqlx::postgres::PgConnection;

use crate::error::store_error;
use crate::steps::Steps;

// A step has a random length: a database that was put back from a backup and goes on from there does not come by the
// numbers again that it had before, under which answers may still be kept somewhere.
pub(crate) const ADVANCE: &str = "
insert into catalog_generations as g (shard, generation)
select $1, 1 + floor(random() * 1048576)::bigint
 where (select held from before)
on conflict (shard) do update set generation = g.generation + excluded.generation";

/// Moves it on, as the last step: whoever sells something of the same shard waits for the COMMIT.
pub(crate) fn advance(shard: Shard, steps: &mut Steps) {
    steps.last(ADVANCE).bind(i64::from(shard.number()));
}

pub(crate) const CURRENT: &str = "
select coalesce(sum(generation), 0)::bigint from catalog_generations";

/// The present generation.
///
/// # Errors
/// When the database fails.
pub async fn current(conn: &mut PgConnection) -> Result<Generation, StoreError> {
    let sum: i64 = sqlx::query_scalar(CURRENT).fetch_one(conn).await.map_err(store_error)?;
    Ok(Generation(sum.cast_unsigned()))
}
