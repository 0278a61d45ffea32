//! By hand on PostgreSQL.

use commerce_core::cart::CartToken;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::{Error, FREE_STANDARD_SHIPPING, HISTORY, Line, ROUTE, ids};

/// The process of the server, whose children serve the connections.
pub async fn postmaster(pool: &PgPool) -> u32 {
    let file: String = sqlx::query_scalar("select pg_read_file('postmaster.pid')")
        .fetch_one(pool)
        .await
        .expect("a superuser");
    file.lines().next().and_then(|line| line.parse().ok()).expect("a process id")
}

pub async fn drop_schema(pool: &PgPool, schema: String) {
    sqlx::query(AssertSqlSafe(format!("drop schema {schema} cascade"))).execute(pool).await.expect("dropped");
}

pub async fn place(pool: &PgPool, token: &CartToken) -> Result<(), Error> {
    let hash = token.hash();
    let cart: PgRow = sqlx::query(
        "select id, version, email, customer_key, shipping_address, (extract(epoch from clock_timestamp()) * 1000000)::bigint as now
           from carts where token_hash = $1 and order_id is null",
    )
    .bind(hash.0.as_slice())
    .fetch_one(pool)
    .await?;
    let (cart_id, version, now): (Uuid, i64, i64) = (cart.get("id"), cart.get("version"), cart.get("now"));
    let lines: Vec<Line> = sqlx::query_as(
        "select l.id, l.variant_id, v.product_id, s.location_id, v.sku, p.slug, p.name, v.price, l.quantity
           from cart_lines l
           join variants v on v.id = l.variant_id
           join products p on p.id = v.product_id
           join stock s on s.variant_id = v.id
          where l.cart_id = $1 order by l.position",
    )
    .bind(cart_id)
    .fetch_all(pool)
    .await?;
    let mut ids = ids(now);
    let order: Uuid = ids.fresh();
    let total: i64 = lines.iter().map(Line::total).sum();

    let mut tx = pool.begin().await?;
    let closed = sqlx::query(
        "update carts set order_id = $1, updated_at = now(), version = version + 1 where id = $2 and version = $3",
    )
    .bind(order)
    .bind(cart_id)
    .bind(version)
    .execute(&mut *tx)
    .await?;
    if closed.rows_affected() != 1 {
        return Err("the cart changed".into());
    }
    sqlx::query(
        "insert into orders (id, number, cart_id, status, payment_status, fulfillment_status, email, customer_key, currency,
                             subtotal, discount, shipping, tax_added, tax_included, cash_rounding, total,
                             shipping_address, shipping_code, shipping_label, payment_method, taxes, rounding,
                             rulebook_version, placed_at, version)
         values ($1, $2, $3, 'pending', 'due', 'unfulfilled', $4, $8, 'NGN', $5, 0, 0, 0, 0, 0, $5, $6, 'standard', $7,
                 'cash_on_delivery', '[]', '{\"mode\": \"half_up\"}', 0, now(), 1)",
    )
    .bind(order)
    .bind(ids.code(9))
    .bind(cart_id)
    .bind(cart.get::<String, _>("email"))
    .bind(total)
    .bind(cart.get::<serde_json::Value, _>("shipping_address"))
    .bind(FREE_STANDARD_SHIPPING)
    .bind(cart.get::<Vec<u8>, _>("customer_key"))
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "insert into order_lines (order_id, position, id, variant_id, product_id, sku, slug, name, options,
                                  customizations, unit_price, quantity, line_total, discount, tax_added, tax_included,
                                  paid, tax_class, digital, stock_limited)
         select $1, n, id, variant, product, sku, slug, name, '[]', '{}', price, quantity, total, 0, 0, 0, total,
                'standard', false, true
           from unnest($2::bigint[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[],
                       $9::bigint[], $10::bigint[], $11::bigint[])
                as l (n, id, variant, product, sku, slug, name, price, quantity, total)",
    )
    .bind(order)
    .bind((0..lines.len() as i64).collect::<Vec<_>>())
    .bind(column(&lines, |line| line.id))
    .bind(column(&lines, |line| line.variant_id))
    .bind(column(&lines, |line| line.product_id))
    .bind(column(&lines, |line| line.sku.clone()))
    .bind(column(&lines, |line| line.slug.clone()))
    .bind(column(&lines, |line| line.name.clone()))
    .bind(column(&lines, |line| line.price))
    .bind(column(&lines, |line| line.quantity))
    .bind(column(&lines, Line::total))
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "insert into order_adjustments (order_id, position, kind, label, source, amount)
         values ($1, 0, 'shipping', $2, 'shipping:standard', 0)",
    )
    .bind(order)
    .bind(FREE_STANDARD_SHIPPING)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "insert into order_history (order_id, position, machine, to_state, actor, note, at)
         select $1, n, machine, state, actor, note, now()
           from unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[]) as h (n, machine, state, actor, note)",
    )
    .bind(order)
    .bind(vec![0_i64, 1, 2])
    .bind(HISTORY.map(|row| row.0).to_vec())
    .bind(HISTORY.map(|row| row.1).to_vec())
    .bind(HISTORY.map(|row| row.2).to_vec())
    .bind(HISTORY.map(|row| row.3).to_vec())
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "insert into payments (id, order_id, reference, method, amount, currency, state, created_at, version)
         values ($1, $2, $3, 'cash_on_delivery', $4, 'NGN', 'due', now(), 1)",
    )
    .bind(ids.fresh::<Uuid>())
    .bind(order)
    .bind(ids.code(26))
    .bind(total)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "insert into idempotency (actor, route, key, fingerprint, outcome, outcome_id, at)
         values ($1, $2, 'the-only-key', $3, 'order_placed', $4, now())",
    )
    .bind(hash.to_hex())
    .bind(ROUTE)
    .bind(ids.bytes().as_slice())
    .bind(order)
    .execute(&mut *tx)
    .await?;
    let skus: Vec<_> =
        lines.iter().map(|line| serde_json::json!({"sku": line.sku, "quantity": line.quantity})).collect();
    sqlx::query(
        "insert into outbox (id, name, subject, sequence, data, at) values ($1, 'order.placed', $2, 1, $3, now())",
    )
    .bind(ids.fresh::<Uuid>())
    .bind(format!("order:{order}"))
    .bind(serde_json::json!({"order_id": order, "total": total, "lines": skus}))
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "insert into reservations (id, order_id, line_id, variant_id, location_id, quantity, backorder, state)
         select id, $1, line, variant, location, quantity, false, 'open'
           from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[]) as r (id, line, variant, location, quantity)",
    )
    .bind(order)
    .bind(column(&lines, |_| ids.fresh::<Uuid>()))
    .bind(column(&lines, |line| line.id))
    .bind(column(&lines, |line| line.variant_id))
    .bind(column(&lines, |line| line.location_id))
    .bind(column(&lines, |line| line.quantity))
    .execute(&mut *tx)
    .await?;
    let reserved = sqlx::query(
        "with wanted as (
             select w.* from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as w (variant_id, location_id, quantity)
         ), locked as (
             select s.variant_id, s.location_id from stock s join wanted w using (variant_id, location_id)
              order by 1, 2 for update of s
         )
         update stock s set reserved = s.reserved + w.quantity
           from wanted w join locked using (variant_id, location_id)
          where s.variant_id = w.variant_id and s.location_id = w.location_id
            and s.on_hand - s.reserved - s.safety_stock >= w.quantity",
    )
    .bind(column(&lines, |line| line.variant_id))
    .bind(column(&lines, |line| line.location_id))
    .bind(column(&lines, |line| line.quantity))
    .execute(&mut *tx)
    .await?;
    if reserved.rows_affected() != lines.len() as u64 {
        return Err("out of stock".into());
    }
    tx.commit().await?;
    Ok(())
}

fn column<T>(lines: &[Line], value: impl FnMut(&Line) -> T) -> Vec<T> {
    lines.iter().map(value).collect()
}
