//! Imports of files: how far they are, the files in pieces, and what was refused.

use bytes::Bytes;
use commerce_core::bulk::{Changes, Chunk, Forget, Import, Look, RefusedRow, Search, View};
use commerce_core::{CommitError, Guard, ImportId, StoreError, Timestamp};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;

use crate::idempotency;
use crate::row::{Fields, signed};
use crate::script::Script;
use crate::trouble::trouble;

/// Applies changes of imports inside the caller's transaction.
///
/// # Errors
/// [`Guard::Import`] when an import is not at the version that was read.
pub async fn apply(conn: &mut SqliteConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut script = Script::default();
    add(&mut script, changes);
    script.run(conn).await
}

pub(crate) fn add(script: &mut Script, changes: &Changes) {
    let Changes { open, chunk, update, refuse, clear, forget } = changes;
    for import in open {
        let Import {
            id,
            caller,
            terms,
            state,
            bytes,
            progress,
            failure,
            tries,
            leased_until,
            created_at,
            ended_at,
            version,
        } = import;
        script
            .add(INSERT)
            .bind(id.0)
            .bind(Json(caller))
            .bind(caller.seller().map(|seller| seller.0))
            .bind(Json(terms))
            .bind(state.as_str())
            .bind(signed(*bytes))
            .bind(Json(progress))
            .bind(failure.as_deref())
            .bind(i64::from(*tries))
            .bind(leased_until.map(Timestamp::as_micros))
            .bind(created_at.as_micros())
            .bind(ended_at.map(Timestamp::as_micros))
            .bind(signed(*version));
    }
    if let Some(Chunk { import, number, bytes }) = chunk {
        script.add(INSERT_CHUNK).bind(import.0).bind(signed(*number)).bind(bytes.as_ref());
    }
    for import in update {
        script
            .add(UPDATE)
            .bind(import.id.0)
            .bind(signed(import.version))
            .bind(import.state.as_str())
            .bind(signed(import.bytes))
            .bind(Json(&import.progress))
            .bind(import.failure.as_deref())
            .bind(i64::from(import.tries))
            .bind(import.leased_until.map(Timestamp::as_micros))
            .bind(import.ended_at.map(Timestamp::as_micros))
            .one(Guard::Import(import.id));
    }
    for (import, RefusedRow { number, line, handle, column, code, reason, rows }) in refuse {
        script
            .add(INSERT_REFUSAL)
            .bind(import.0)
            .bind(signed(*number))
            .bind(signed(*line))
            .bind(handle.as_str())
            .bind(column.as_str())
            .bind(code.as_str())
            .bind(reason.as_str())
            .bind(rows.as_str());
    }
    for import in clear {
        script.add(CLEAR).bind(import.0);
    }
    if let Some(Forget { ended_before, begun_before }) = forget {
        script.add(FORGET).bind(ended_before.as_micros()).bind(begun_before.as_micros());
    }
}

const INSERT: &str = "
INSERT INTO bulk_imports (id, caller, seller_id, terms, state, bytes, progress, failure, tries, leased_until, created_at,
                          ended_at, version)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
";

const INSERT_CHUNK: &str = "
INSERT INTO bulk_chunks (import_id, number, bytes) VALUES (?1, ?2, ?3)
";

const UPDATE: &str = "
UPDATE bulk_imports
   SET state = ?3, bytes = ?4, progress = ?5, failure = ?6, tries = ?7, leased_until = ?8, ended_at = ?9,
       version = version + 1
 WHERE id = ?1 AND version = ?2
";

const INSERT_REFUSAL: &str = "
INSERT INTO bulk_refusals (import_id, number, line, handle, column_name, code, reason, source_rows)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
";

const CLEAR: &str = "
DELETE FROM bulk_chunks WHERE import_id = ?1
";

const FORGET: &str = "
DELETE FROM bulk_imports WHERE ended_at < ?1 OR (state = 'receiving' AND created_at < ?2)
";

/// What a decision about an import sees. It takes several statements: on a snapshot.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn view(conn: &mut SqliteConnection, look: &Look, now: Timestamp) -> Result<View, StoreError> {
    let Look { id, seller, repeated } = look;
    let row = sqlx::query(ONE).bind(id.map(|id| id.0)).fetch_optional(&mut *conn).await.map_err(trouble)?;
    let seller = seller.map(|seller| seller.0);
    let open: i64 = sqlx::query_scalar(OPEN).bind(seller).fetch_one(&mut *conn).await.map_err(trouble)?;
    Ok(View {
        now,
        import: row.as_ref().map(read).transpose()?,
        open: open.unsigned_abs(),
        record: idempotency::look(conn, repeated.as_ref()).await?,
    })
}

const ONE: &str = "
SELECT * FROM bulk_imports WHERE id = ?1
";

const OPEN: &str = "
SELECT count(*) FROM bulk_imports WHERE ended_at IS NULL AND seller_id IS ?1
";

/// Reads up to `limit` imports whose files are there, the newest first.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn list(
    conn: &mut SqliteConnection,
    search: &Search,
    limit: u32,
) -> Result<Vec<Import>, StoreError> {
    let before = crate::row::before(search.before.map(|id| id.0));
    let query = match search.seller {
        None => sqlx::query(LIST).bind(before).bind(limit),
        Some(seller) => sqlx::query(LIST_OF_SELLER).bind(before).bind(limit).bind(seller.0),
    };
    let rows = query.fetch_all(conn).await.map_err(trouble)?;
    rows.iter().map(read).collect()
}

const LIST: &str = "
SELECT * FROM bulk_imports WHERE id < ?1 AND state <> 'receiving' ORDER BY id DESC LIMIT ?2
";

const LIST_OF_SELLER: &str = "
SELECT * FROM bulk_imports WHERE id < ?1 AND seller_id = ?3 AND state <> 'receiving' ORDER BY id DESC LIMIT ?2
";

/// The import that is queued, or whose lease has run out by `now`, and came first.
///
/// # Errors
/// When the database fails or the row is no valid value.
pub async fn due(conn: &mut SqliteConnection, now: Timestamp) -> Result<Option<Import>, StoreError> {
    let row = sqlx::query(DUE).bind(now.as_micros()).fetch_optional(conn).await.map_err(trouble)?;
    row.as_ref().map(read).transpose()
}

const DUE: &str = "
SELECT *
  FROM bulk_imports
 WHERE ended_at IS NULL AND (state = 'queued' OR (state = 'running' AND leased_until <= ?1))
 ORDER BY id
 LIMIT 1
";

/// A piece of the file of an import.
///
/// # Errors
/// When the database fails.
pub async fn chunk(
    conn: &mut SqliteConnection,
    import: ImportId,
    number: u64,
) -> Result<Option<Bytes>, StoreError> {
    let query = sqlx::query_scalar::<_, Vec<u8>>(CHUNK).bind(import.0).bind(signed(number));
    Ok(query.fetch_optional(conn).await.map_err(trouble)?.map(Bytes::from))
}

const CHUNK: &str = "
SELECT bytes FROM bulk_chunks WHERE import_id = ?1 AND number = ?2
";

/// Up to `limit` rows that were refused of an import, behind the one of this number.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn refusals(
    conn: &mut SqliteConnection,
    import: ImportId,
    behind: u64,
    limit: u32,
) -> Result<Vec<RefusedRow>, StoreError> {
    let query = sqlx::query(REFUSALS).bind(import.0).bind(signed(behind)).bind(limit);
    let rows = query.fetch_all(conn).await.map_err(trouble)?;
    let read = |row: &SqliteRow| {
        let fields = Fields::new("bulk_refusals", "import_id", row);
        Ok(RefusedRow {
            number: fields.count("number")?,
            line: fields.count("line")?,
            handle: fields.get("handle")?,
            column: fields.get("column_name")?,
            code: fields.get("code")?,
            reason: fields.get("reason")?,
            rows: fields.get("source_rows")?,
        })
    };
    rows.iter().map(read).collect()
}

const REFUSALS: &str = "
SELECT * FROM bulk_refusals WHERE import_id = ?1 AND number > ?2 ORDER BY number LIMIT ?3
";

fn read(row: &SqliteRow) -> Result<Import, StoreError> {
    let fields = Fields::new("bulk_imports", "id", row);
    Ok(Import {
        id: fields.id("id")?,
        caller: fields.json("caller")?,
        terms: fields.json("terms")?,
        state: fields.named("state")?,
        bytes: fields.count("bytes")?,
        progress: fields.json("progress")?,
        failure: fields.get("failure")?,
        tries: fields.get("tries")?,
        leased_until: fields.at_if("leased_until")?,
        created_at: fields.at("created_at")?,
        ended_at: fields.at_if("ended_at")?,
        version: fields.count("version")?,
    })
}
