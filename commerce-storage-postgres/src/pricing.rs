//! The rulebook.

use commerce_core::pricing::{Changes, Gone, StoredRulebook};
use commerce_core::{CommitError, Guard, StoreError};
use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;

use crate::error::store_error;
use crate::fused::Fused;
use crate::row::Row;

pub(crate) const INSERT: &str = "
insert into rulebooks (version, document, applied_at) 
select $1::bigint, $2::jsonb, statement_timestamp() where (select held from guards)";

pub(crate) const BEGIN: &str = "
insert into rulebook_current (pk, version) select 1, $1::bigint where (select held from guards)";

pub(crate) const REPLACE: &str = "
update rulebook_current
   set version = $1
 where pk = 1 and version = $1 - 1 and not exists (select 1 from coupons where promotion = any($2::text[]))
   and not exists (select 1 from accounts where customer_group = any($3::text[]))
returning null::uuid as id";

pub(crate) const CURRENT: &str = "
select r.version, r.document from rulebook_current c join rulebooks r on r.version = c.version";

/// Applies the changes in the caller's transaction, which is to be rolled back on an error.
///
/// # Errors
/// [`CommitError::Stale`] with [`Guard::Rulebook`] when the version in force is not the one before, or a promotion that
/// is gone has a coupon or a group that is gone a member.
pub async fn apply(conn: &mut PgConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut fused = Fused::new();
    write(changes, &mut fused);
    fused.run(conn).await
}

pub(crate) fn write(changes: &Changes, fused: &mut Fused) {
    let Changes { rulebook, gone } = changes;
    let Some(StoredRulebook { version, rulebook }) = rulebook else { return };
    if *version > 1 {
        let Gone { promotions, groups } = gone.clone();
        let replaced = fused.guarded(REPLACE).bind(*version as i64).bind(promotions).bind(groups);
        replaced.needs(None, Guard::Rulebook);
    } else {
        fused.write(BEGIN).bind(*version as i64).constraint("rulebook_current_pkey", Guard::Rulebook);
    }
    fused
        .write(INSERT)
        .bind(*version as i64)
        .bind(Json(rulebook))
        .constraint("rulebooks_pkey", Guard::Rulebook);
}

/// The rulebook in force.
///
/// # Errors
/// When the database fails, or the document is no rulebook.
pub async fn current(conn: &mut PgConnection) -> Result<Option<StoredRulebook>, StoreError> {
    let found: Option<(i64, Json<Value>)> =
        sqlx::query_as(CURRENT).fetch_optional(conn).await.map_err(store_error)?;
    let Some((version, Json(document))) = found else { return Ok(None) };
    let row = Row::new("rulebooks", &version);
    Ok(Some(StoredRulebook {
        version: row.count("version", version)?,
        rulebook: row.json("document", document)?,
    }))
}
