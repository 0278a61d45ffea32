//! By hand on SQLite.

use std::path::Path;
use std::time::Duration;

use commerce_core::cart::CartToken;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{QueryBuilder, Row, Sqlite};
use uuid::Uuid;

use super::{Error, FREE_STANDARD_SHIPPING, HISTORY, Line, ROUTE, ids};

/// A connection to write by, with the same durability as the store's.
pub async fn pool(file: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5));
    let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(60));
    pool.connect_with(options).await.expect("a connection")
}

pub async fn place(pool: &SqlitePool, token: &CartToken) -> Result<(), Error> {
    let hash = token.hash();
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    let cart: SqliteRow = sqlx::query(
        "SELECT id, version, email, customer_key, shipping_address, updated_at AS now
           FROM carts WHERE token_hash = ? AND order_id IS NULL",
    )
    .bind(hash.0.as_slice())
    .fetch_one(&mut *tx)
    .await?;
    let (cart_id, version, now): (Uuid, i64, i64) = (cart.get("id"), cart.get("version"), cart.get("now"));
    let lines: Vec<Line> = sqlx::query_as(
        "SELECT l.id, l.variant_id, v.product_id, s.location_id, v.sku, p.slug, p.name, v.price, l.quantity
           FROM cart_lines l
           JOIN variants v ON v.id = l.variant_id
           JOIN products p ON p.id = v.product_id
           JOIN stock s ON s.variant_id = v.id
          WHERE l.cart_id = ? ORDER BY l.position",
    )
    .bind(cart_id)
    .fetch_all(&mut *tx)
    .await?;
    let mut ids = ids(now);
    let order: Uuid = ids.fresh();
    let total: i64 = lines.iter().map(Line::total).sum();

    let closed = sqlx::query(
        "UPDATE carts SET order_id = ?, updated_at = ?, version = version + 1 WHERE id = ? AND version = ?",
    )
    .bind(order)
    .bind(now)
    .bind(cart_id)
    .bind(version)
    .execute(&mut *tx)
    .await?;
    if closed.rows_affected() != 1 {
        return Err("the cart changed".into());
    }
    sqlx::query(
        "INSERT INTO orders (id, number, cart_id, status, payment_status, fulfillment_status, email, customer_key, currency,
                             subtotal, discount, shipping, tax_added, tax_included, cash_rounding, total,
                             shipping_address, shipping_code, shipping_label, payment_method, taxes, rounding,
                             rulebook_version, placed_at, version)
         VALUES (?1, ?2, ?3, 'pending', 'due', 'unfulfilled', ?4, ?9, 'NGN', ?5, 0, 0, 0, 0, 0, ?5, ?6, 'standard', ?7,
                 'cash_on_delivery', '[]', '{\"mode\": \"half_up\"}', 0, ?8, 1)",
    )
    .bind(order)
    .bind(ids.code(9))
    .bind(cart_id)
    .bind(cart.get::<String, _>("email"))
    .bind(total)
    .bind(cart.get::<String, _>("shipping_address"))
    .bind(FREE_STANDARD_SHIPPING)
    .bind(now)
    .bind(cart.get::<Vec<u8>, _>("customer_key"))
    .execute(&mut *tx)
    .await?;
    let mut insert: QueryBuilder<Sqlite> = QueryBuilder::new(
        "INSERT INTO order_lines (order_id, position, id, variant_id, product_id, sku, slug, name, options,
                                  customizations, unit_price, quantity, line_total, discount, tax_added, tax_included,
                                  paid, tax_class, digital, stock_limited) ",
    );
    insert.push_values(lines.iter().enumerate(), |mut row, (position, line)| {
        row.push_bind(order).push_bind(position as i64).push_bind(line.id).push_bind(line.variant_id);
        row.push_bind(line.product_id).push_bind(&line.sku).push_bind(&line.slug).push_bind(&line.name);
        row.push("'[]'").push("'{}'").push_bind(line.price).push_bind(line.quantity).push_bind(line.total());
        row.push("0").push("0").push("0").push_bind(line.total()).push("'standard'").push("0").push("1");
    });
    insert.build().execute(&mut *tx).await?;
    sqlx::query(
        "INSERT INTO order_adjustments (order_id, position, kind, label, source, amount)
         VALUES (?, 0, 'shipping', ?, 'shipping:standard', 0)",
    )
    .bind(order)
    .bind(FREE_STANDARD_SHIPPING)
    .execute(&mut *tx)
    .await?;
    let mut insert: QueryBuilder<Sqlite> = QueryBuilder::new(
        "INSERT INTO order_history (order_id, position, machine, to_state, actor, note, at) ",
    );
    insert.push_values(HISTORY.iter().enumerate(), |mut row, (position, (machine, state, actor, note))| {
        row.push_bind(order).push_bind(position as i64).push_bind(*machine).push_bind(*state);
        row.push_bind(*actor).push_bind(*note).push_bind(now);
    });
    insert.build().execute(&mut *tx).await?;
    sqlx::query(
        "INSERT INTO payments (id, order_id, reference, method, amount, currency, state, created_at, version)
         VALUES (?, ?, ?, 'cash_on_delivery', ?, 'NGN', 'due', ?, 1)",
    )
    .bind(ids.fresh::<Uuid>())
    .bind(order)
    .bind(ids.code(26))
    .bind(total)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO idempotency (actor, route, key, fingerprint, outcome, outcome_id, at)
         VALUES (?, ?, 'the-only-key', ?, 'order_placed', ?, ?)",
    )
    .bind(hash.to_hex())
    .bind(ROUTE)
    .bind(ids.bytes().to_vec())
    .bind(order)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    let skus: Vec<_> =
        lines.iter().map(|line| serde_json::json!({"sku": line.sku, "quantity": line.quantity})).collect();
    sqlx::query(
        "INSERT INTO outbox (id, name, subject, sequence, data, at) VALUES (?, 'order.placed', ?, 1, ?, ?)",
    )
    .bind(ids.fresh::<Uuid>())
    .bind(format!("order:{order}"))
    .bind(serde_json::json!({"order_id": order, "total": total, "lines": skus}).to_string())
    .bind(now)
    .execute(&mut *tx)
    .await?;
    let mut insert: QueryBuilder<Sqlite> = QueryBuilder::new(
        "INSERT INTO reservations (id, order_id, line_id, variant_id, location_id, quantity, backorder, state) ",
    );
    insert.push_values(&lines, |mut row, line| {
        row.push_bind(ids.fresh::<Uuid>()).push_bind(order).push_bind(line.id).push_bind(line.variant_id);
        row.push_bind(line.location_id).push_bind(line.quantity).push("0").push("'open'");
    });
    insert.build().execute(&mut *tx).await?;
    for line in &lines {
        let reserved = sqlx::query(
            "UPDATE stock SET reserved = reserved + ?1
              WHERE variant_id = ?2 AND location_id = ?3 AND on_hand - reserved - safety_stock >= ?1",
        )
        .bind(line.quantity)
        .bind(line.variant_id)
        .bind(line.location_id)
        .execute(&mut *tx)
        .await?;
        if reserved.rows_affected() != 1 {
            return Err("out of stock".into());
        }
    }
    tx.commit().await?;
    Ok(())
}
