//! Imports of files: how far they are, the files in pieces, and what was refused.

use bytes::Bytes;
use commerce_core::bulk::{Changes, Chunk, Forget, Import, Look, RefusedRow, Search, View};
use commerce_core::{CommitError, Guard, ImportId, StoreError, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::idempotency::{RecordRow, record_column};
use crate::instant::Instant;
use crate::row::{Row, get};

pub(crate) const INSERT: &str = "
insert into bulk_imports (id, caller, seller_id, terms, state, bytes, progress, failure, tries, leased_until, created_at,
                          ended_at, version)
select *
  from unnest($1::uuid[], $2::jsonb[], $3::uuid[], $4::jsonb[], $5::text[], $6::bigint[], $7::jsonb[], $8::text[],
              $9::bigint[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::bigint[])
 where (select held from guards)";

pub(crate) const INSERT_CHUNK: &str = "
insert into bulk_chunks (import_id, number, bytes)
select $1::uuid, $2::bigint, $3::bytea
 where (select held from guards)";

pub(crate) const UPDATE: &str = "
update bulk_imports i
   set state = a.state, bytes = a.bytes, progress = a.progress, failure = a.failure, tries = a.tries,
       leased_until = a.leased_until, ended_at = a.ended_at, version = i.version + 1
  from unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::jsonb[], $6::text[], $7::bigint[],
              $8::timestamptz[], $9::timestamptz[])
       as a (id, expected, state, bytes, progress, failure, tries, leased_until, ended_at)
 where i.id = a.id and i.version = a.expected
returning i.id";

pub(crate) const INSERT_REFUSALS: &str = "
insert into bulk_refusals (import_id, number, line, handle, column_name, code, reason, source_rows)
select *
  from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
 where (select held from guards)";

pub(crate) const CLEAR: &str = "
delete from bulk_chunks where import_id = any($1::uuid[]) and (select held from guards)";

pub(crate) const FORGET: &str = "
delete from bulk_imports
 where (ended_at < $1 or (state = 'receiving' and created_at < $2)) and (select held from guards)";

/// Applies the changes in the caller's transaction, which is to be rolled back on an error.
///
/// # Errors
/// [`CommitError::Stale`] with [`Guard::Import`] when an import is not at the version that was read.
pub async fn apply(conn: &mut PgConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut fused = Fused::new();
    write(changes, &mut fused);
    fused.run(conn).await
}

pub(crate) fn write(changes: &Changes, fused: &mut Fused) {
    let Changes { open, chunk, update, refuse, clear, forget } = changes;
    if !update.is_empty() {
        fused
            .guarded(UPDATE)
            .bind(column(update, |import| import.id.0))
            .bind(column(update, |import| import.version as i64))
            .bind(column(update, |import| import.state.as_str()))
            .bind(column(update, |import| import.bytes as i64))
            .bind(column(update, |import| Json(&import.progress)))
            .bind(column(update, |import| import.failure.as_deref()))
            .bind(column(update, |import| i64::from(import.tries)))
            .bind(column(update, |import| import.leased_until.map(Instant)))
            .bind(column(update, |import| import.ended_at.map(Instant)));
        for import in update {
            fused.needs(Some(import.id.0), Guard::Import(import.id));
        }
    }
    if !open.is_empty() {
        fused
            .write(INSERT)
            .bind(column(open, |import| import.id.0))
            .bind(column(open, |import| Json(&import.caller)))
            .bind(column(open, |import| import.caller.seller().map(|seller| seller.0)))
            .bind(column(open, |import| Json(&import.terms)))
            .bind(column(open, |import| import.state.as_str()))
            .bind(column(open, |import| import.bytes as i64))
            .bind(column(open, |import| Json(&import.progress)))
            .bind(column(open, |import| import.failure.as_deref()))
            .bind(column(open, |import| i64::from(import.tries)))
            .bind(column(open, |import| import.leased_until.map(Instant)))
            .bind(column(open, |import| Instant(import.created_at)))
            .bind(column(open, |import| import.ended_at.map(Instant)))
            .bind(column(open, |import| import.version as i64));
    }
    if let Some(Chunk { import, number, bytes }) = chunk {
        fused.write(INSERT_CHUNK).bind(import.0).bind(*number as i64).bind(bytes.as_ref());
    }
    if !refuse.is_empty() {
        fused
            .write(INSERT_REFUSALS)
            .bind(column(refuse, |(import, _)| import.0))
            .bind(column(refuse, |(_, row)| row.number as i64))
            .bind(column(refuse, |(_, row)| row.line as i64))
            .bind(column(refuse, |(_, row)| row.handle.as_str()))
            .bind(column(refuse, |(_, row)| row.column.as_str()))
            .bind(column(refuse, |(_, row)| row.code.as_str()))
            .bind(column(refuse, |(_, row)| row.reason.as_str()))
            .bind(column(refuse, |(_, row)| row.rows.as_str()));
    }
    if !clear.is_empty() {
        fused.write(CLEAR).bind(column(clear, |import| import.0));
    }
    if let Some(Forget { ended_before, begun_before }) = forget {
        fused.write(FORGET).bind(Instant(*ended_before)).bind(Instant(*begun_before));
    }
}

pub(crate) const LOOK: &str = concat!(
    "
select statement_timestamp() as now,
       (select row_to_json(i) from bulk_imports i where i.id = $1) as import,
       (select count(*) from bulk_imports i where i.ended_at is null and i.seller_id is not distinct from $2::uuid)
           as open,
       ", record_column!("$3", "$4", "$5"), " as record"
);

/// What a decision about an import looks at: one statement, so one snapshot.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn view(conn: &mut PgConnection, look: &Look) -> Result<View, StoreError> {
    let Look { id, seller, repeated } = look;
    let (now, import, open, record): (Instant, Option<Json<ImportRow>>, i64, Option<Json<RecordRow>>) =
        sqlx::query_as(LOOK)
            .bind(id.map(|id| id.0))
            .bind(seller.map(|seller| seller.0))
            .bind(repeated.as_ref().map(|scope| scope.actor.as_str()))
            .bind(repeated.as_ref().map(|scope| scope.route.as_str()))
            .bind(repeated.as_ref().map(|scope| scope.key.as_str()))
            .fetch_one(conn)
            .await
            .map_err(store_error)?;
    Ok(View {
        now: now.0,
        import: import.map(|Json(row)| row.read()).transpose()?,
        open: open.unsigned_abs(),
        record: record.map(|Json(record)| record.read()).transpose()?,
    })
}

pub(crate) const LIST: &str = "
select row_to_json(i)
  from bulk_imports i
 where i.id < $1 and i.state <> 'receiving'
 order by i.id desc
 limit $2";

pub(crate) const LIST_OF_SELLER: &str = "
select row_to_json(i)
  from bulk_imports i
 where i.id < $1 and i.seller_id = $3 and i.state <> 'receiving'
 order by i.id desc
 limit $2";

/// Up to `limit` imports whose files are there, the newest first.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn list(conn: &mut PgConnection, search: &Search, limit: u32) -> Result<Vec<Import>, StoreError> {
    let before = search.before.map_or(Uuid::max(), |id| id.0);
    let query = sqlx::query_scalar(if search.seller.is_some() { LIST_OF_SELLER } else { LIST });
    let query = query.bind(before).bind(i64::from(limit));
    let query = match search.seller {
        Some(seller) => query.bind(seller.0),
        None => query,
    };
    let rows: Vec<Json<ImportRow>> = query.fetch_all(conn).await.map_err(store_error)?;
    rows.into_iter().map(|Json(row)| row.read()).collect()
}

pub(crate) const DUE: &str = "
select statement_timestamp(), row_to_json(i)
  from bulk_imports i
 where i.ended_at is null
   and (i.state = 'queued' or (i.state = 'running' and i.leased_until <= statement_timestamp()))
 order by i.id
 limit 1";

/// The import that is queued, or whose lease has run out, and came first; and the time of the look.
///
/// # Errors
/// When the database fails, or the row is no valid value of the domain.
pub async fn due(conn: &mut PgConnection) -> Result<Option<(Timestamp, Import)>, StoreError> {
    let found: Option<(Instant, Json<ImportRow>)> =
        sqlx::query_as(DUE).fetch_optional(conn).await.map_err(store_error)?;
    found.map(|(now, Json(row))| Ok((now.0, row.read()?))).transpose()
}

pub(crate) const CHUNK: &str = "
select bytes from bulk_chunks where import_id = $1 and number = $2";

/// A piece of the file of an import.
///
/// # Errors
/// When the database fails.
pub async fn chunk(
    conn: &mut PgConnection,
    import: ImportId,
    number: u64,
) -> Result<Option<Bytes>, StoreError> {
    let query = sqlx::query_scalar::<_, Vec<u8>>(CHUNK).bind(import.0).bind(number as i64);
    Ok(query.fetch_optional(conn).await.map_err(store_error)?.map(Bytes::from))
}

pub(crate) const REFUSALS: &str = "
select number, line, handle, column_name, code, reason, source_rows
  from bulk_refusals
 where import_id = $1 and number > $2
 order by number
 limit $3";

/// Up to `limit` rows that were refused of an import, behind the one of this number.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn refusals(
    conn: &mut PgConnection,
    import: ImportId,
    behind: u64,
    limit: u32,
) -> Result<Vec<RefusedRow>, StoreError> {
    let query = sqlx::query(REFUSALS).bind(import.0).bind(behind as i64).bind(i64::from(limit));
    let rows = query.fetch_all(conn).await.map_err(store_error)?;
    let read = |row: &PgRow| {
        let about = Row::new("bulk_refusals", &import.0);
        Ok(RefusedRow {
            number: about.count("number", get(row, "number")?)?,
            line: about.count("line", get(row, "line")?)?,
            handle: get(row, "handle")?,
            column: get(row, "column_name")?,
            code: get(row, "code")?,
            reason: get(row, "reason")?,
            rows: get(row, "source_rows")?,
        })
    };
    rows.iter().map(read).collect()
}

#[derive(Deserialize)]
struct ImportRow {
    id: Uuid,
    caller: Value,
    terms: Value,
    state: String,
    bytes: i64,
    progress: Value,
    failure: Option<String>,
    tries: i64,
    leased_until: Option<String>,
    created_at: String,
    ended_at: Option<String>,
    version: i64,
}

impl ImportRow {
    fn read(self) -> Result<Import, StoreError> {
        let row = Row::new("bulk_imports", &self.id);
        Ok(Import {
            id: self.id.into(),
            caller: row.json("caller", self.caller)?,
            terms: row.json("terms", self.terms)?,
            state: row.text("state", &self.state)?,
            bytes: row.count("bytes", self.bytes)?,
            progress: self.progress,
            failure: self.failure,
            tries: u32::try_from(self.tries).map_err(|error| row.invalid("tries", error))?,
            leased_until: row.optional_text("leased_until", self.leased_until.as_deref())?,
            created_at: row.text("created_at", &self.created_at)?,
            ended_at: row.optional_text("ended_at", self.ended_at.as_deref())?,
            version: row.count("version", self.version)?,
        })
    }
}
