//! Mails: what waits to be sent, and what was.

use commerce_core::mail::{Changes, Mail, MailState, Sending, Waiting};
use commerce_core::{CommitError, Guard, MailId, StoreError, Timestamp};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;

use crate::row::{Fields, signed};
use crate::script::Script;
use crate::trouble::trouble;

/// Applies mail changes inside the caller's transaction.
///
/// # Errors
/// [`Guard::Mail`] when a mail is not at the version that was read.
pub async fn apply(conn: &mut SqliteConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut script = Script::default();
    add(&mut script, changes);
    script.run(conn).await
}

pub(crate) fn add(script: &mut Script, changes: &Changes) {
    let Changes { send, update } = changes;
    for Mail { id, to, language, kind, created_at, sending, version } in send {
        let Sending { state, tries, next_at, note } = sending;
        script
            .add(INSERT)
            .bind(id.0)
            .bind(to.as_str())
            .bind(language.as_ref().map(|language| language.as_str()))
            .bind(Json(kind))
            .bind(created_at.as_micros())
            .bind(state.as_str())
            .bind(i64::from(*tries))
            .bind(next_at.as_micros())
            .bind(note.as_deref())
            .bind(signed(*version));
    }
    for Mail { id, to: _, language: _, kind, created_at: _, sending, version } in update {
        let Sending { state, tries, next_at, note } = sending;
        script
            .add(UPDATE)
            .bind(id.0)
            .bind(signed(*version))
            .bind(Json(kind))
            .bind(state.as_str())
            .bind(i64::from(*tries))
            .bind(next_at.as_micros())
            .bind(note.as_deref())
            .one(Guard::Mail(*id));
    }
}

const INSERT: &str = "
INSERT INTO mails (id, recipient, lang, content, created_at, state, tries, next_at, note, version)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
";

const UPDATE: &str = "
UPDATE mails
   SET content = ?3, state = ?4, tries = ?5, next_at = ?6, note = ?7, version = version + 1
 WHERE id = ?1 AND version = ?2
";

/// Reads the mails that wait and whose time has come by `now`, the one that has waited longest first.
///
/// # Errors
/// When the database fails. A row that is no valid value is told beside the others.
pub async fn waiting(conn: &mut SqliteConnection, now: Timestamp, limit: u32) -> Result<Waiting, StoreError> {
    let rows =
        sqlx::query(WAITING).bind(now.as_micros()).bind(limit).fetch_all(conn).await.map_err(trouble)?;
    Ok(Waiting::of(now, rows.iter().map(read)))
}

const WAITING: &str = "
SELECT * FROM mails WHERE state = 'waiting' AND next_at <= ?1 ORDER BY next_at, id LIMIT ?2
";

/// Reads up to `limit` mails before `before`, the newest first; in one state or in all.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn mails(
    conn: &mut SqliteConnection,
    state: Option<MailState>,
    before: Option<MailId>,
    limit: u32,
) -> Result<Vec<Mail>, StoreError> {
    let before = crate::row::before(before.map(|id| id.0));
    let query = match state {
        None => sqlx::query(LIST),
        Some(MailState::Parked) => sqlx::query(LIST_PARKED),
        Some(state) => sqlx::query(LIST_IN).bind(state.as_str()),
    };
    let rows = query.bind(before).bind(limit).fetch_all(conn).await.map_err(trouble)?;
    rows.iter().map(read).collect()
}

const LIST: &str = "
SELECT * FROM mails WHERE id < ?1 ORDER BY id DESC LIMIT ?2
";

const LIST_PARKED: &str = "
SELECT * FROM mails WHERE state = 'parked' AND id < ?1 ORDER BY id DESC LIMIT ?2
";

const LIST_IN: &str = "
SELECT * FROM mails WHERE state = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3
";

/// Reads a mail.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn mail(conn: &mut SqliteConnection, id: MailId) -> Result<Option<Mail>, StoreError> {
    let row = sqlx::query(MAIL).bind(id.0).fetch_optional(conn).await.map_err(trouble)?;
    row.as_ref().map(read).transpose()
}

const MAIL: &str = "
SELECT * FROM mails WHERE id = ?1
";

fn read(row: &SqliteRow) -> Result<Mail, StoreError> {
    let fields = Fields::new("mails", "id", row);
    Ok(Mail {
        id: fields.id("id")?,
        to: fields.parse("recipient")?,
        language: fields.parse_if("lang")?,
        kind: fields.json("content")?,
        created_at: fields.at("created_at")?,
        sending: Sending {
            state: fields.named("state")?,
            tries: fields.get("tries")?,
            next_at: fields.at("next_at")?,
            note: fields.get("note")?,
        },
        version: fields.count("version")?,
    })
}
