//! Keys of programs.

use commerce_core::access::{ApiKey, Changes, Look, Owner, Permission, View};
use commerce_core::{CommitError, Guard, KeyId, StoreError, TokenHash};
use serde::Deserialize;
use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::instant::Instant;
use crate::row::Row;

pub(crate) const INSERT: &str = "
insert into api_keys (id, hash, beginning, name, permissions, created_by, created_at, expires_at, last_used_at, revoked_at,
                      account_id)
select * from unnest($1::uuid[], $2::bytea[], $3::text[], $4::text[], $5::jsonb[], $6::text[], $7::timestamptz[],
                     $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::uuid[])
 where (select held from guards)";

pub(crate) const REVOKE: &str = "
update api_keys k
   set revoked_at = r.at
  from unnest($1::uuid[], $2::timestamptz[]) as r (id, at)
 where k.id = r.id and k.revoked_at is null
returning k.id";

pub(crate) const USED: &str = "
update api_keys k
   set last_used_at = greatest(k.last_used_at, u.at)
  from unnest($1::uuid[], $2::timestamptz[]) as u (id, at)
 where k.id = u.id and (select held from guards)";

/// Applies the changes in the caller's transaction, which is to be rolled back on an error.
///
/// # Errors
/// [`CommitError::Stale`] with [`Guard::ApiKey`] when a key that is to be revoked is not there, or was revoked already.
pub async fn apply(conn: &mut PgConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut fused = Fused::new();
    write(changes, &mut fused);
    fused.run(conn).await
}

pub(crate) fn write(changes: &Changes, fused: &mut Fused) {
    let Changes { create, revoke, used } = changes;
    if !revoke.is_empty() {
        fused
            .guarded(REVOKE)
            .bind(column(revoke, |(id, _)| id.0))
            .bind(column(revoke, |(_, at)| Instant(*at)));
        for (id, _) in revoke {
            fused.needs(Some(id.0), Guard::ApiKey(*id));
        }
    }
    if !create.is_empty() {
        fused
            .write(INSERT)
            .bind(column(create, |key| key.id.0))
            .bind(column(create, |key| key.hash.0.to_vec()))
            .bind(column(create, |key| key.beginning.as_str()))
            .bind(column(create, |key| key.name.as_str()))
            .bind(column(create, |key| Json(&key.permissions)))
            .bind(column(create, |key| key.created_by.to_string()))
            .bind(column(create, |key| Instant(key.created_at)))
            .bind(column(create, |key| key.expires_at.map(Instant)))
            .bind(column(create, |key| key.last_used_at.map(Instant)))
            .bind(column(create, |key| key.revoked_at.map(Instant)))
            .bind(column(create, |key| key.account.map(|account| account.0)));
    }
    if !used.is_empty() {
        fused.write(USED).bind(column(used, |(id, _)| id.0)).bind(column(used, |(_, at)| Instant(*at)));
    }
}

pub(crate) const LOOK: &str = "
select statement_timestamp(),
       (select row_to_json(k) from api_keys k where k.id = $1 or k.hash = $2),
       (select row_to_json(a)
          from api_keys k
          join (select id, role, is_active from accounts) a on a.id = k.account_id
         where k.id = $1 or k.hash = $2),
       case when $1 is null and $2 is null then
           (select count(*) from api_keys where revoked_at is null and (expires_at is null or expires_at > statement_timestamp()))
       else 0 end";

/// What a decision about a key sees.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn view(conn: &mut PgConnection, look: Look) -> Result<View, StoreError> {
    let (id, hash) = match look {
        Look::Count => (None, None),
        Look::Id(id) => (Some(id.0), None),
        Look::Shown(hash) => (None, Some(hash.0.to_vec())),
    };
    let (now, key, owner, live): (Instant, Option<Json<KeyRow>>, Option<Json<OwnerRow>>, i64) =
        sqlx::query_as(LOOK).bind(id).bind(hash).fetch_one(conn).await.map_err(store_error)?;
    let key = key.map(|Json(key)| key.read()).transpose()?;
    let owner = owner.map(|Json(owner)| owner.read()).transpose()?;
    Ok(View { now: now.0, key, owner, live: live.unsigned_abs() })
}

pub(crate) const LIST: &str = "
select statement_timestamp(), row_to_json(k),
       (select row_to_json(a) from (select id, role, is_active from accounts) a where a.id = k.account_id)
  from api_keys k
 where k.id < $1
 order by k.id desc
 limit $2";

/// Up to `limit` keys before `before`, the newest first.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn list(
    conn: &mut PgConnection,
    before: Option<KeyId>,
    limit: u32,
) -> Result<Vec<View>, StoreError> {
    let rows: Vec<(Instant, Json<KeyRow>, Option<Json<OwnerRow>>)> = sqlx::query_as(LIST)
        .bind(before.map_or(Uuid::max(), |id| id.0))
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    let view = |(now, Json(key), owner): (Instant, Json<KeyRow>, Option<Json<OwnerRow>>)| {
        let owner = owner.map(|Json(owner)| owner.read()).transpose()?;
        Ok(View { now: now.0, key: Some(key.read()?), owner, live: 0 })
    };
    rows.into_iter().map(view).collect()
}

#[derive(Deserialize)]
struct KeyRow {
    id: Uuid,
    hash: String,
    beginning: String,
    name: String,
    permissions: Value,
    created_by: String,
    account_id: Option<Uuid>,
    created_at: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    revoked_at: Option<String>,
}

impl KeyRow {
    fn read(self) -> Result<ApiKey, StoreError> {
        let row = Row::new("api_keys", &self.id);
        Ok(ApiKey {
            id: self.id.into(),
            hash: TokenHash(row.bytes("hash", &self.hash)?),
            permissions: row.json::<Vec<Permission>>("permissions", self.permissions)?,
            created_by: row.text("created_by", &self.created_by)?,
            account: self.account_id.map(Into::into),
            created_at: row.text("created_at", &self.created_at)?,
            expires_at: row.optional_text("expires_at", self.expires_at.as_deref())?,
            last_used_at: row.optional_text("last_used_at", self.last_used_at.as_deref())?,
            revoked_at: row.optional_text("revoked_at", self.revoked_at.as_deref())?,
            beginning: self.beginning,
            name: self.name,
        })
    }
}

#[derive(Deserialize)]
struct OwnerRow {
    id: Uuid,
    role: String,
    is_active: bool,
}

impl OwnerRow {
    fn read(self) -> Result<Owner, StoreError> {
        let role = Row::new("accounts", &self.id).text("role", &self.role)?;
        Ok(Owner { role, is_active: self.is_active })
    }
}
