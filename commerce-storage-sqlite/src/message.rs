//! The inbox: what gateways told us.

use commerce_core::payment::MessageAdvance;
use commerce_core::payment::inbox::{Handling, Message};
use commerce_core::{Guard, MessageId, StoreError, Timestamp};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::row::{Fields, signed};
use crate::script::Script;
use crate::trouble::trouble;

pub(crate) fn add(script: &mut Script, receive: &[Message], advance: &[MessageAdvance]) {
    for Message { id, gateway, digest, body, received_at, handling, version } in receive {
        let Handling { state, tries, next_at, note } = handling;
        script
            .add(RECEIVE)
            .bind(id.0)
            .bind(gateway.as_str())
            .bind(digest.as_slice())
            .bind(body.as_slice())
            .bind(received_at.as_micros())
            .bind(state.as_str())
            .bind(i64::from(*tries))
            .bind(next_at.as_micros())
            .bind(note.as_deref())
            .bind(signed(*version));
    }
    for MessageAdvance { id, expected_version, handling } in advance {
        let Handling { state, tries, next_at, note } = handling;
        script
            .add(ADVANCE)
            .bind(id.0)
            .bind(signed(*expected_version))
            .bind(state.as_str())
            .bind(i64::from(*tries))
            .bind(next_at.as_micros())
            .bind(note.as_deref())
            .one(Guard::Message(*id));
    }
}

// The same bytes are stored once, however often they come.
const RECEIVE: &str = "
INSERT INTO payment_messages (id, gateway, digest, body, received_at, state, tries, next_at, note, version)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
    ON CONFLICT (digest) DO NOTHING
";

const ADVANCE: &str = "
UPDATE payment_messages
   SET state = ?3, tries = ?4, next_at = ?5, note = ?6, version = version + 1
 WHERE id = ?1 AND version = ?2
";

/// Reads the messages that wait and whose time has come by `now`, the one that has waited longest first.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub(crate) async fn waiting(
    conn: &mut SqliteConnection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Message>, StoreError> {
    let rows =
        sqlx::query(WAITING).bind(now.as_micros()).bind(limit).fetch_all(conn).await.map_err(trouble)?;
    rows.iter().map(read).collect()
}

const WAITING: &str = "
SELECT * FROM payment_messages WHERE state = 'waiting' AND next_at <= ?1 ORDER BY next_at, id LIMIT ?2
";

/// Reads up to `limit` parked messages before `before`, the newest first.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub(crate) async fn parked(
    conn: &mut SqliteConnection,
    before: Option<MessageId>,
    limit: u32,
) -> Result<Vec<Message>, StoreError> {
    let before = crate::row::before(before.map(|id| id.0));
    let rows = sqlx::query(PARKED).bind(before).bind(limit).fetch_all(conn).await.map_err(trouble)?;
    rows.iter().map(read).collect()
}

const PARKED: &str = "
SELECT * FROM payment_messages WHERE state = 'parked' AND id < ?1 ORDER BY id DESC LIMIT ?2
";

/// Reads a message.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub(crate) async fn message(
    conn: &mut SqliteConnection,
    id: MessageId,
) -> Result<Option<Message>, StoreError> {
    let row = sqlx::query(MESSAGE).bind(id.0).fetch_optional(conn).await.map_err(trouble)?;
    row.as_ref().map(read).transpose()
}

const MESSAGE: &str = "
SELECT * FROM payment_messages WHERE id = ?1
";

fn read(row: &SqliteRow) -> Result<Message, StoreError> {
    let fields = Fields::new("payment_messages", "id", row);
    let digest: &[u8] = fields.get("digest")?;
    Ok(Message {
        id: fields.id("id")?,
        gateway: fields.get("gateway")?,
        digest: digest.try_into().map_err(|error| fields.invalid("digest", error))?,
        body: fields.get("body")?,
        received_at: fields.at("received_at")?,
        handling: Handling {
            state: fields.named("state")?,
            tries: fields.get("tries")?,
            next_at: fields.at("next_at")?,
            note: fields.get("note")?,
        },
        version: fields.count("version")?,
    })
}
