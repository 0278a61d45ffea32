//! The inbox: what gateways told us.

use commerce_core::payment::MessageAdvance;
use commerce_core::payment::inbox::{Handling, Message};
use commerce_core::{Guard, MessageId, StoreError, Timestamp};
use sqlx::postgres::{PgConnection, PgRow};
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::instant::Instant;
use crate::row::{Row, get};

// The same bytes are stored once, however often they come; in one order, so that two who bring several never wait for
// each other.
pub(crate) const RECEIVE: &str = "
insert into payment_messages (id, gateway, digest, body, received_at, state, tries, next_at, note, version)
select m.*
  from unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::timestamptz[], $6::text[], $7::bigint[],
              $8::timestamptz[], $9::text[], $10::bigint[])
       as m (id, gateway, digest, body, received_at, state, tries, next_at, note, version)
 where (select held from guards)
 order by m.digest
on conflict (digest) do nothing";

pub(crate) const ADVANCE: &str = "
update payment_messages m
   set state = a.state, tries = a.tries, next_at = a.next_at, note = a.note, version = m.version + 1
  from unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::timestamptz[], $6::text[])
       as a (id, expected, state, tries, next_at, note)
 where m.id = a.id and m.version = a.expected
returning m.id";

pub(crate) fn write(receive: &[Message], advance: &[MessageAdvance], fused: &mut Fused) {
    if !advance.is_empty() {
        fused
            .guarded(ADVANCE)
            .bind(column(advance, |advance| advance.id.0))
            .bind(column(advance, |advance| advance.expected_version as i64))
            .bind(column(advance, |advance| advance.handling.state.as_str()))
            .bind(column(advance, |advance| i64::from(advance.handling.tries)))
            .bind(column(advance, |advance| Instant(advance.handling.next_at)))
            .bind(column(advance, |advance| advance.handling.note.as_deref()));
        for MessageAdvance { id, .. } in advance {
            fused.needs(Some(id.0), Guard::Message(*id));
        }
    }
    if !receive.is_empty() {
        fused
            .write(RECEIVE)
            .bind(column(receive, |message| message.id.0))
            .bind(column(receive, |message| message.gateway.as_str()))
            .bind(column(receive, |message| message.digest.to_vec()))
            .bind(column(receive, |message| message.body.as_slice()))
            .bind(column(receive, |message| Instant(message.received_at)))
            .bind(column(receive, |message| message.handling.state.as_str()))
            .bind(column(receive, |message| i64::from(message.handling.tries)))
            .bind(column(receive, |message| Instant(message.handling.next_at)))
            .bind(column(receive, |message| message.handling.note.as_deref()))
            .bind(column(receive, |message| message.version as i64));
    }
}

pub(crate) const WAITING: &str = "
select statement_timestamp() as now, m.*
  from (select 1) as look
  left join (select id, gateway, digest, body, received_at, state, tries, next_at, note, version
               from payment_messages
              where state = 'waiting' and next_at <= statement_timestamp()
              order by next_at, id
              limit $1) as m on true
 order by m.next_at, m.id";

/// The messages that wait and whose time has come, the one that has waited longest first; and the time of the look.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub(crate) async fn waiting(
    conn: &mut PgConnection,
    limit: u32,
) -> Result<(Timestamp, Vec<Message>), StoreError> {
    let rows = sqlx::query(WAITING).bind(i64::from(limit)).fetch_all(conn).await.map_err(store_error)?;
    crate::row::waiting(&rows, read)
}

pub(crate) const PARKED: &str = "
select id, gateway, digest, body, received_at, state, tries, next_at, note, version
  from payment_messages
 where state = 'parked' and id < $1
 order by id desc
 limit $2";

/// Up to `limit` parked messages before `before`, the newest first.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub(crate) async fn parked(
    conn: &mut PgConnection,
    before: Option<MessageId>,
    limit: u32,
) -> Result<Vec<Message>, StoreError> {
    let rows = sqlx::query(PARKED)
        .bind(before.map_or(Uuid::max(), |id| id.0))
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    rows.iter().map(read).collect()
}

pub(crate) const ONE: &str = "
select statement_timestamp() as now, id, gateway, digest, body, received_at, state, tries, next_at, note, version
  from payment_messages
 where id = $1";

/// A message, and the time of the look.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub(crate) async fn message(
    conn: &mut PgConnection,
    id: MessageId,
) -> Result<Option<(Timestamp, Message)>, StoreError> {
    let row = sqlx::query(ONE).bind(id.0).fetch_optional(conn).await.map_err(store_error)?;
    row.map(|row| Ok((get::<Instant>(&row, "now")?.0, read(&row)?))).transpose()
}

fn read(row: &PgRow) -> Result<Message, StoreError> {
    let id: Uuid = get(row, "id")?;
    let about = Row::new("payment_messages", &id);
    let digest: Vec<u8> = get(row, "digest")?;
    let tries: i64 = get(row, "tries")?;
    Ok(Message {
        id: id.into(),
        gateway: get(row, "gateway")?,
        digest: digest.try_into().map_err(|_| about.invalid("digest", "not 32 bytes"))?,
        body: get(row, "body")?,
        received_at: get::<Instant>(row, "received_at")?.0,
        handling: Handling {
            state: about.text("state", get(row, "state")?)?,
            tries: u32::try_from(tries).map_err(|error| about.invalid("tries", error))?,
            next_at: get::<Instant>(row, "next_at")?.0,
            note: get(row, "note")?,
        },
        version: about.count("version", get(row, "version")?)?,
    })
}
