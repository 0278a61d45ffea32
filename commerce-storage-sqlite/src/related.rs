//! What goes with a product: bought with it of late, else of its category or its brand.

use commerce_core::StoreError;
use commerce_core::catalog::{ProductSummary, RELATED_LINES, Slug};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use crate::listing::summaries;
use crate::trouble::trouble;

/// Up to `limit` products on sale that go with the one of this slug; `None` when that is not on sale. It takes three
/// statements: on a snapshot.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn related(
    conn: &mut SqliteConnection,
    slug: &Slug,
    limit: u32,
) -> Result<Option<Vec<ProductSummary>>, StoreError> {
    let own = sqlx::query(OWN).bind(slug.as_str()).fetch_optional(&mut *conn).await.map_err(trouble)?;
    let Some(own) = own else { return Ok(None) };
    let product: Uuid = own.try_get("id").map_err(trouble)?;
    let category: Option<Uuid> = own.try_get("category_id").map_err(trouble)?;
    let brand: Option<Uuid> = own.try_get("brand_id").map_err(trouble)?;
    let found: Vec<Uuid> = sqlx::query_scalar(FOUND)
        .bind(product)
        .bind(category)
        .bind(brand)
        .bind(RELATED_LINES)
        .bind(limit)
        .fetch_all(&mut *conn)
        .await
        .map_err(trouble)?;
    summaries(conn, &found).await.map(Some)
}

const OWN: &str = "
SELECT id, category_id, brand_id
  FROM products
 WHERE slug = ?1 AND status = 'published' AND deleted_at IS NULL AND listed_variant_price IS NOT NULL
";

// However many orders there are, so many line items of the last ones are looked at, by their index.
const FOUND: &str = "
WITH latest AS (
    SELECT DISTINCT l.order_id
      FROM (SELECT order_id FROM order_lines WHERE product_id = ?1 ORDER BY order_id DESC LIMIT ?4) AS l
     CROSS JOIN orders AS o ON o.id = l.order_id
     WHERE o.status <> 'cancelled'
),
found AS (
    SELECT l.product_id AS id, 0 AS tier, count(DISTINCT l.order_id) AS orders
      FROM latest
     CROSS JOIN order_lines AS l ON l.order_id = latest.order_id
     WHERE l.product_id <> ?1
     GROUP BY l.product_id
     UNION ALL
    SELECT id, 1, 0
      FROM (SELECT id
              FROM products
             WHERE category_id = ?2 AND id <> ?1
               AND status = 'published' AND deleted_at IS NULL AND listed_variant_price IS NOT NULL
             ORDER BY created_at DESC, id DESC
             LIMIT ?5)
     UNION ALL
    SELECT id, 2, 0
      FROM (SELECT id
              FROM products
             WHERE brand_id = ?3 AND id <> ?1
               AND status = 'published' AND deleted_at IS NULL AND listed_variant_price IS NOT NULL
             ORDER BY created_at DESC, id DESC
             LIMIT ?5)
)
SELECT p.id
  FROM (SELECT id, min(tier) AS tier, max(orders) AS orders FROM found GROUP BY id) AS f
 CROSS JOIN products AS p ON p.id = f.id
 WHERE p.status = 'published' AND p.deleted_at IS NULL AND p.listed_variant_price IS NOT NULL
 ORDER BY f.tier, f.orders DESC, p.created_at DESC, p.id DESC
 LIMIT ?5
";
