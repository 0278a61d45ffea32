//! Mails: what waits to be sent, and what was.

use commerce_core::mail::{Changes, Mail, MailState, Sending, Waiting};
use commerce_core::{CommitError, Guard, MailId, StoreError, Timestamp};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::instant::Instant;
use crate::row::{Row, get};

pub(crate) const INSERT: &str = "
insert into mails (id, recipient, lang, content, created_at, state, tries, next_at, note, version)
select *
  from unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[], $5::timestamptz[], $6::text[], $7::bigint[],
              $8::timestamptz[], $9::text[], $10::bigint[])
 where (select held from guards)";

pub(crate) const UPDATE: &str = "
update mails m
   set content = a.content, state = a.state, tries = a.tries, next_at = a.next_at, note = a.note,
       version = m.version + 1
  from unnest($1::uuid[], $2::bigint[], $3::jsonb[], $4::text[], $5::bigint[], $6::timestamptz[], $7::text[])
       as a (id, expected, content, state, tries, next_at, note)
 where m.id = a.id and m.version = a.expected
returning m.id";

/// Applies the changes in the caller's transaction, which is to be rolled back on an error.
///
/// # Errors
/// [`CommitError::Stale`] with [`Guard::Mail`] when a mail is not at the version that was read.
pub async fn apply(conn: &mut PgConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut fused = Fused::new();
    write(changes, &mut fused);
    fused.run(conn).await
}

pub(crate) fn write(changes: &Changes, fused: &mut Fused) {
    let Changes { send, update } = changes;
    if !update.is_empty() {
        fused
            .guarded(UPDATE)
            .bind(column(update, |mail| mail.id.0))
            .bind(column(update, |mail| mail.version as i64))
            .bind(column(update, |mail| Json(&mail.kind)))
            .bind(column(update, |mail| mail.sending.state.as_str()))
            .bind(column(update, |mail| i64::from(mail.sending.tries)))
            .bind(column(update, |mail| Instant(mail.sending.next_at)))
            .bind(column(update, |mail| mail.sending.note.as_deref()));
        for mail in update {
            fused.needs(Some(mail.id.0), Guard::Mail(mail.id));
        }
    }
    if !send.is_empty() {
        fused
            .write(INSERT)
            .bind(column(send, |mail| mail.id.0))
            .bind(column(send, |mail| mail.to.as_str()))
            .bind(column(send, |mail| mail.language.as_ref().map(|language| language.as_str())))
            .bind(column(send, |mail| Json(&mail.kind)))
            .bind(column(send, |mail| Instant(mail.created_at)))
            .bind(column(send, |mail| mail.sending.state.as_str()))
            .bind(column(send, |mail| i64::from(mail.sending.tries)))
            .bind(column(send, |mail| Instant(mail.sending.next_at)))
            .bind(column(send, |mail| mail.sending.note.as_deref()))
            .bind(column(send, |mail| mail.version as i64));
    }
}

pub(crate) const WAITING: &str = "
select statement_timestamp() as now, m.*
  from (select 1) as look
  left join (select id, recipient, lang, content, created_at, state, tries, next_at, note, version
               from mails
              where state = 'waiting' and next_at <= statement_timestamp()
              order by next_at, id
              limit $1) as m on true
 order by m.next_at, m.id";

/// The mails that wait and whose time has come, the one that has waited longest first.
///
/// # Errors
/// When the database fails. A row that is no valid value of the domain is told beside the others.
pub async fn waiting(conn: &mut PgConnection, limit: u32) -> Result<Waiting, StoreError> {
    let rows = sqlx::query(WAITING).bind(i64::from(limit)).fetch_all(conn).await.map_err(store_error)?;
    let (now, mails) = crate::row::waiting(&rows, |row| Ok(read(row)))?;
    Ok(Waiting::of(now, mails))
}

pub(crate) const LIST: &str = "
select id, recipient, lang, content, created_at, state, tries, next_at, note, version
  from mails
 where id < $1
 order by id desc
 limit $2";

// The state is written out, so that its index is used.
pub(crate) const LIST_PARKED: &str = "
select id, recipient, lang, content, created_at, state, tries, next_at, note, version
  from mails
 where state = 'parked' and id < $1
 order by id desc
 limit $2";

pub(crate) const LIST_IN: &str = "
select id, recipient, lang, content, created_at, state, tries, next_at, note, version
  from mails
 where id < $1 and state = $3
 order by id desc
 limit $2";

/// Up to `limit` mails before `before`, the newest first; in one state or in all.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn mails(
    conn: &mut PgConnection,
    state: Option<MailState>,
    before: Option<MailId>,
    limit: u32,
) -> Result<Vec<Mail>, StoreError> {
    let query = sqlx::query(match state {
        None => LIST,
        Some(MailState::Parked) => LIST_PARKED,
        Some(_) => LIST_IN,
    });
    let query = query.bind(before.map_or(Uuid::max(), |id| id.0)).bind(i64::from(limit));
    let query = match state {
        Some(state) if state != MailState::Parked => query.bind(state.as_str()),
        _ => query,
    };
    let rows = query.fetch_all(conn).await.map_err(store_error)?;
    rows.iter().map(read).collect()
}

pub(crate) const ONE: &str = "
select statement_timestamp() as now, id, recipient, lang, content, created_at, state, tries, next_at, note, version
  from mails
 where id = $1";

/// A mail, and the time of the look.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn mail(conn: &mut PgConnection, id: MailId) -> Result<Option<(Timestamp, Mail)>, StoreError> {
    let row = sqlx::query(ONE).bind(id.0).fetch_optional(conn).await.map_err(store_error)?;
    row.map(|row| Ok((get::<Instant>(&row, "now")?.0, read(&row)?))).transpose()
}

fn read(row: &PgRow) -> Result<Mail, StoreError> {
    let id: Uuid = get(row, "id")?;
    let about = Row::new("mails", &id);
    let to: String = get(row, "recipient")?;
    let language: Option<String> = get(row, "lang")?;
    let tries: i64 = get(row, "tries")?;
    Ok(Mail {
        id: id.into(),
        to: to.parse().map_err(|error| about.invalid("recipient", error))?,
        language: language
            .map(|tag| tag.parse().map_err(|error| about.invalid("lang", error)))
            .transpose()?,
        kind: about.json("content", get(row, "content")?)?,
        created_at: get::<Instant>(row, "created_at")?.0,
        sending: Sending {
            state: about.text("state", get(row, "state")?)?,
            tries: u32::try_from(tries).map_err(|error| about.invalid("tries", error))?,
            next_at: get::<Instant>(row, "next_at")?.0,
            note: get(row, "note")?,
        },
        version: about.count("version", get(row, "version")?)?,
    })
}
