//! What decisions about stock look at, and what staff reads of it.

use commerce_core::inventory::{
    Holdings, LevelRow, LevelSearch, Look, Movement, MovementReason, MovementRow, MovementSearch, Shelf,
    StockedVariant, View,
};
use commerce_core::{StockLevel, StoreError, Timestamp};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

use crate::row::{Fields, before};
use crate::trouble::trouble;
use crate::{idempotency, inventory};

/// Reads what a decision about stock looks at, inside the caller's transaction.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn view(conn: &mut SqliteConnection, look: &Look, now: Timestamp) -> Result<View, StoreError> {
    let Look { skus, variants, weigh, repeated } = look;
    let locations = inventory::locations(conn).await?;
    let found = sqlx::query(VARIANTS)
        .bind(Json(skus))
        .bind(Json(variants))
        .fetch_all(&mut *conn)
        .await
        .map_err(trouble)?;
    let variants: Vec<StockedVariant> = found.iter().map(variant).collect::<Result<_, _>>()?;
    let ids: Vec<_> = variants.iter().map(|variant| variant.id).collect();
    let found = sqlx::query(SHELVES).bind(Json(ids)).fetch_all(&mut *conn).await.map_err(trouble)?;
    let levels = found.iter().map(shelf).collect::<Result<_, _>>()?;
    let row = sqlx::query(WEIGHT)
        .bind(weigh.map(|location| location.0))
        .bind(repeated.as_ref().map(|scope| scope.actor.as_str()))
        .bind(repeated.as_ref().map(|scope| scope.route.as_str()))
        .bind(repeated.as_ref().map(|scope| scope.key.as_str()))
        .fetch_one(conn)
        .await
        .map_err(trouble)?;
    let fields = Fields::new("stock", "variants", &row);
    let (on_hand, reserved) = (fields.get("on_hand")?, fields.get("reserved")?);
    Ok(View {
        now,
        locations,
        variants,
        levels,
        holdings: Holdings { variants: fields.count("variants")?, on_hand, reserved },
        record: idempotency::record(&row, repeated.as_ref())?,
    })
}

const VARIANTS: &str = "
  WITH named AS (
           SELECT id FROM variants WHERE sku IN (SELECT value FROM json_each(?1))
            UNION
           SELECT id FROM variants WHERE id IN (SELECT unhex(value, '-') FROM json_each(?2)))
SELECT v.id, v.sku, v.product_id, p.seller_id
  FROM named AS n
  JOIN variants AS v ON v.id = n.id
  JOIN products AS p ON p.id = v.product_id
 WHERE p.deleted_at IS NULL
 ORDER BY v.sku
";

const SHELVES: &str = "
SELECT s.variant_id, s.location_id, l.priority, s.on_hand, s.reserved, s.safety_stock, s.reorder_level
  FROM stock AS s
  JOIN locations AS l ON l.id = s.location_id
 WHERE s.variant_id IN (SELECT unhex(value, '-') FROM json_each(?1))
 ORDER BY s.variant_id, s.location_id
";

const WEIGHT: &str = "
SELECT w.variants, w.on_hand, w.reserved, r.fingerprint AS record_fingerprint, r.outcome AS record_outcome,
       r.outcome_id AS record_outcome_id, r.at AS record_at
  FROM (SELECT count(*) AS variants, coalesce(sum(on_hand), 0) AS on_hand, coalesce(sum(reserved), 0) AS reserved
          FROM stock
         WHERE location_id = ?1 AND (on_hand <> 0 OR reserved <> 0)) AS w
  LEFT JOIN idempotency AS r ON r.actor = ?2 AND r.route = ?3 AND r.key = ?4
";

fn variant(row: &SqliteRow) -> Result<StockedVariant, StoreError> {
    let fields = Fields::new("variants", "id", row);
    Ok(StockedVariant {
        id: fields.id("id")?,
        sku: fields.parse("sku")?,
        product: fields.id("product_id")?,
        seller: fields.id_if("seller_id")?,
    })
}

fn shelf(row: &SqliteRow) -> Result<Shelf, StoreError> {
    let fields = Fields::new("stock", "variant_id", row);
    let level = StockLevel {
        variant: fields.id("variant_id")?,
        location: fields.id("location_id")?,
        priority: fields.get("priority")?,
        on_hand: fields.get("on_hand")?,
        reserved: fields.get("reserved")?,
        safety_stock: fields.get("safety_stock")?,
    };
    Ok(Shelf { level, reorder_level: fields.get("reorder_level")? })
}

/// Reads up to `limit` levels, by SKU, then location.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn levels(
    conn: &mut SqliteConnection,
    search: &LevelSearch,
    limit: u32,
) -> Result<Vec<LevelRow>, StoreError> {
    let LevelSearch { location, sku, product, seller, below_reorder, after } = search;
    // What is not asked for stands in no condition, so that what is asked for is found by its index.
    let mut sql = LIST.to_owned();
    for (wanted, condition) in [
        (location.is_some(), AT_LOCATION),
        (sku.is_some(), OF_SKU),
        (product.is_some(), OF_PRODUCT),
        (seller.is_some(), OF_SELLER),
        (*below_reorder, BELOW_REORDER),
    ] {
        if wanted {
            sql.push_str(condition);
        }
    }
    // Every SKU comes after the empty text: with a bound there always is, the order is that of its index.
    sql.push_str(BEHIND);
    sql.push_str(" ORDER BY v.sku, s.location_id LIMIT ?7");
    // The text is put together of constants of this file; whatever comes from outside is bound.
    let found = sqlx::query(AssertSqlSafe(sql))
        .bind(location.map(|location| location.0))
        .bind(sku.as_ref().map(|sku| sku.as_str()))
        .bind(product.as_ref().map(|slug| slug.as_str()))
        .bind(seller.map(|seller| seller.0))
        .bind(after.as_ref().map_or("", |(sku, _)| sku.as_str()))
        .bind(after.as_ref().map_or(Uuid::nil(), |(_, location)| location.0))
        .bind(limit)
        .fetch_all(conn)
        .await
        .map_err(trouble)?;
    found
        .iter()
        .map(|row| {
            let fields = Fields::new("stock", "variant_id", row);
            Ok(LevelRow {
                shelf: shelf(row)?,
                sku: fields.parse("sku")?,
                product: (fields.id("product_id")?, fields.parse("slug")?, fields.get("name")?),
                location: fields.get("code")?,
            })
        })
        .collect()
}

const LIST: &str = "
SELECT s.variant_id, s.location_id, l.priority, s.on_hand, s.reserved, s.safety_stock, s.reorder_level, v.sku,
       p.id AS product_id, p.slug, p.name, l.code
  FROM variants AS v
  JOIN stock AS s ON s.variant_id = v.id
  JOIN products AS p ON p.id = v.product_id
  JOIN locations AS l ON l.id = s.location_id
 WHERE p.deleted_at IS NULL
   AND (v.removed_at IS NULL OR s.on_hand <> 0 OR s.reserved <> 0)
";

const AT_LOCATION: &str = " AND s.location_id = ?1";
const OF_SKU: &str = " AND v.sku = ?2";
const OF_PRODUCT: &str = " AND p.slug = ?3";
const OF_SELLER: &str = " AND p.seller_id = ?4";
const BELOW_REORDER: &str = "
   AND s.reorder_level IS NOT NULL AND max(s.on_hand - s.reserved - s.safety_stock, 0) < s.reorder_level";
const BEHIND: &str = " AND v.sku >= ?5 AND (v.sku, s.location_id) > (?5, ?6)";

/// Reads up to `limit` movements, the newest first.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn movements(
    conn: &mut SqliteConnection,
    search: &MovementSearch,
    limit: u32,
) -> Result<Vec<MovementRow>, StoreError> {
    let MovementSearch { sku, location, reason, from, until, seller, audit, after } = search;
    let mut sql = MOVEMENTS.to_owned();
    for (wanted, condition) in [
        (sku.is_some(), MOVED_SKU),
        (location.is_some(), MOVED_AT),
        (reason.is_some(), MOVED_FOR),
        (from.is_some(), MOVED_FROM),
        (until.is_some(), MOVED_UNTIL),
        (seller.is_some(), MOVED_OF),
        (audit.is_some(), MOVED_BY),
    ] {
        if wanted {
            sql.push_str(condition);
        }
    }
    sql.push_str(" ORDER BY m.id DESC LIMIT ?9");
    let found = sqlx::query(AssertSqlSafe(sql))
        .bind(sku.as_ref().map(|sku| sku.as_str()))
        .bind(location.map(|location| location.0))
        .bind(reason.map(MovementReason::as_str))
        .bind(from.map(Timestamp::as_micros))
        .bind(until.map(Timestamp::as_micros))
        .bind(seller.map(|seller| seller.0))
        .bind(audit.map(|row| row.0))
        .bind(before(after.map(|after| after.0)))
        .bind(limit)
        .fetch_all(conn)
        .await
        .map_err(trouble)?;
    found.iter().map(movement).collect()
}

// The id carries the time, so its order is that of the rows.
const MOVEMENTS: &str = "
SELECT m.id, m.variant_id, m.location_id, m.delta, m.reason, m.actor, m.note, m.reference, m.audit_id, m.at, coalesce(v.removed_sku, v.sku) as sku, l.code
  FROM stock_movements AS m
  JOIN variants AS v ON v.id = m.variant_id
  JOIN products AS p ON p.id = v.product_id
  JOIN locations AS l ON l.id = m.location_id
 WHERE m.id < ?8
";

const MOVED_SKU: &str = " AND m.variant_id = (SELECT id FROM variants WHERE sku = ?1)";
const MOVED_AT: &str = " AND m.location_id = ?2";
const MOVED_FOR: &str = " AND m.reason = ?3";
const MOVED_FROM: &str = " AND m.at >= ?4";
const MOVED_UNTIL: &str = " AND m.at < ?5";
const MOVED_OF: &str = " AND p.seller_id = ?6";
const MOVED_BY: &str = " AND m.audit_id = ?7";

fn movement(row: &SqliteRow) -> Result<MovementRow, StoreError> {
    let fields = Fields::new("stock_movements", "id", row);
    let reason: &str = row.try_get("reason").map_err(trouble)?;
    let unknown = || fields.invalid("reason", format_args!("{reason} is no reason"));
    let movement = Movement {
        id: fields.id("id")?,
        variant: fields.id("variant_id")?,
        location: fields.id("location_id")?,
        delta: fields.get("delta")?,
        reason: MovementReason::named(reason).ok_or_else(unknown)?,
        actor: fields.parse("actor")?,
        note: fields.get("note")?,
        reference: fields.get("reference")?,
        audit: fields.id_if("audit_id")?,
        at: fields.at("at")?,
    };
    Ok(MovementRow { movement, sku: fields.parse("sku")?, location: fields.get("code")? })
}
