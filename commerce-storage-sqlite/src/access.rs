//! Keys of programs.

use commerce_core::access::{ApiKey, Changes, Look, Owner, View};
use commerce_core::{CommitError, Guard, KeyId, StoreError, Timestamp, TokenHash};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;

use crate::row::{Fields, before, signed};
use crate::script::Script;
use crate::trouble::trouble;

/// Applies changes of keys inside the caller's transaction.
///
/// # Errors
/// [`Guard::ApiKey`] when a key that is to be revoked is not there, or was revoked already.
pub async fn apply(conn: &mut SqliteConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut script = Script::default();
    add(&mut script, changes);
    script.run(conn).await
}

pub(crate) fn add(script: &mut Script, changes: &Changes) {
    let Changes { create, revoke, used } = changes;
    for key in create {
        let ApiKey {
            id,
            hash,
            beginning,
            name,
            permissions,
            created_by,
            account,
            created_at,
            expires_at,
            last_used_at,
            revoked_at,
        } = key;
        script
            .add(INSERT)
            .bind(id.0)
            .bind(hash.0.to_vec())
            .bind(beginning.as_str())
            .bind(name.as_str())
            .bind(Json(permissions))
            .bind(created_by.to_string())
            .bind(created_at.as_micros())
            .bind(expires_at.map(Timestamp::as_micros))
            .bind(last_used_at.map(Timestamp::as_micros))
            .bind(revoked_at.map(Timestamp::as_micros))
            .bind(account.map(|account| account.0));
    }
    for (id, at) in revoke {
        script.add(REVOKE).bind(id.0).bind(at.as_micros()).one(Guard::ApiKey(*id));
    }
    for (id, at) in used {
        script.add(USED).bind(id.0).bind(at.as_micros());
    }
}

const INSERT: &str = "
INSERT INTO api_keys (id, hash, beginning, name, permissions, created_by, created_at, expires_at, last_used_at,
                      revoked_at, account_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
";

const REVOKE: &str = "
UPDATE api_keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL
";

const USED: &str = "
UPDATE api_keys SET last_used_at = max(coalesce(last_used_at, ?2), ?2) WHERE id = ?1
";

/// What a decision about a key sees.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn view(conn: &mut SqliteConnection, look: Look, now: Timestamp) -> Result<View, StoreError> {
    let found = match look {
        Look::Count => {
            let live: i64 =
                sqlx::query_scalar(LIVE).bind(now.as_micros()).fetch_one(conn).await.map_err(trouble)?;
            return Ok(View { now, key: None, owner: None, live: live.unsigned_abs() });
        }
        Look::Id(id) => sqlx::query(BY_ID).bind(id.0).fetch_optional(conn).await,
        Look::Shown(hash) => sqlx::query(BY_HASH).bind(hash.0.to_vec()).fetch_optional(conn).await,
    };
    let found = found.map_err(trouble)?;
    let key = found.as_ref().map(key).transpose()?;
    let owner = found.as_ref().map(owner).transpose()?.flatten();
    Ok(View { now, key, owner, live: 0 })
}

const LIVE: &str = "
SELECT count(*) FROM api_keys WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?1)
";

const BY_ID: &str = "
SELECT k.*, a.role AS owner_role, a.is_active AS owner_is_active
  FROM api_keys AS k
  LEFT JOIN accounts AS a ON a.id = k.account_id
 WHERE k.id = ?1
";

const BY_HASH: &str = "
SELECT k.*, a.role AS owner_role, a.is_active AS owner_is_active
  FROM api_keys AS k
  LEFT JOIN accounts AS a ON a.id = k.account_id
 WHERE k.hash = ?1
";

/// Up to `limit` keys before `before`, the newest first.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn keys(
    conn: &mut SqliteConnection,
    newer: Option<KeyId>,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<View>, StoreError> {
    let rows = sqlx::query(KEYS)
        .bind(before(newer.map(|id| id.0)))
        .bind(signed(u64::from(limit)))
        .fetch_all(conn)
        .await
        .map_err(trouble)?;
    let view = |row| Ok(View { now, key: Some(key(row)?), owner: owner(row)?, live: 0 });
    rows.iter().map(view).collect()
}

const KEYS: &str = "
SELECT k.*, a.role AS owner_role, a.is_active AS owner_is_active
  FROM api_keys AS k
  LEFT JOIN accounts AS a ON a.id = k.account_id
 WHERE k.id < ?1
 ORDER BY k.id DESC
 LIMIT ?2
";

fn key(row: &SqliteRow) -> Result<ApiKey, StoreError> {
    let fields = Fields::new("api_keys", "id", row);
    Ok(ApiKey {
        id: fields.id("id")?,
        hash: TokenHash(fields.hash("hash")?),
        beginning: fields.get("beginning")?,
        name: fields.get("name")?,
        permissions: fields.json("permissions")?,
        created_by: fields.parse("created_by")?,
        account: fields.id_if("account_id")?,
        created_at: fields.at("created_at")?,
        expires_at: fields.at_if("expires_at")?,
        last_used_at: fields.at_if("last_used_at")?,
        revoked_at: fields.at_if("revoked_at")?,
    })
}

fn owner(row: &SqliteRow) -> Result<Option<Owner>, StoreError> {
    let fields = Fields::new("api_keys", "id", row);
    let Some(role) = fields.parse_if("owner_role")? else { return Ok(None) };
    Ok(Some(Owner { role, is_active: fields.get("owner_is_active")? }))
}
