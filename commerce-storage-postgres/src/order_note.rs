//! Notes on orders: rows that are only ever added.

use commerce_core::order::Note;
use commerce_core::{AuditId, Guard, OrderId, StoreError};
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::instant::Instant;
use crate::row::Row;

pub(crate) const INSERT: &str = "
insert into order_notes (id, order_id, actor, text, at)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
 where (select held from guards)";

pub(crate) fn write(notes: &[Note], fused: &mut Fused) {
    let Some(first) = notes.first() else { return };
    fused
        .write(INSERT)
        .bind(column(notes, |note| note.id.0))
        .bind(column(notes, |note| note.order.0))
        .bind(column(notes, |note| note.actor.to_string()))
        .bind(column(notes, |note| note.text.as_str()))
        .bind(column(notes, |note| Instant(note.at)))
        .constraint("order_notes_order_fkey", Guard::Order(first.order));
}

pub(crate) const OF_ORDER: &str = "
select id, actor, text, at
  from order_notes
 where order_id = $1 and ($2::uuid is null or id < $2)
 order by id desc
 limit $3";

/// Up to `limit` notes on an order before `before`, the newest first.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn notes(
    conn: &mut PgConnection,
    order: OrderId,
    before: Option<AuditId>,
    limit: u32,
) -> Result<Vec<Note>, StoreError> {
    let found: Vec<(Uuid, String, String, Instant)> = sqlx::query_as(OF_ORDER)
        .bind(order.0)
        .bind(before.map(|before| before.0))
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    let read = |(id, actor, text, at): (Uuid, String, String, Instant)| {
        let actor = Row::new("order_notes", &id).text("actor", &actor)?;
        Ok(Note { id: id.into(), order, actor, text, at: at.0 })
    };
    found.into_iter().map(read).collect()
}
