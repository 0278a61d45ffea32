//! Units sold of each product, counted anew.

use commerce_core::cache::Shard;
use commerce_core::{CommitError, StoreError};
use sqlx::sqlite::SqliteConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::generation;
use crate::script::Script;
use crate::trouble::trouble;

/// How many products are written in one transaction: others wait for the writer no longer than for a batch of an import.
pub(crate) const WRITTEN_AT_ONCE: usize = 1_000;

/// A product, and how many units of it were sold.
pub(crate) type Sold = (Uuid, i64);

/// The products of which another number was sold than they say.
///
/// # Errors
/// When the database fails.
pub(crate) async fn differing(conn: &mut SqliteConnection) -> Result<Vec<Sold>, StoreError> {
    sqlx::query_as(DIFFERING).fetch_all(conn).await.map_err(trouble)
}

// The second half is what was all called off: the index of the listing finds what sold at all.
const DIFFERING: &str = "
WITH counted AS (
    SELECT l.product_id, sum(l.quantity) AS units
      FROM orders AS o
      JOIN order_lines AS l ON l.order_id = o.id
     WHERE o.status NOT IN ('cancelled', 'returned', 'refunded')
     GROUP BY l.product_id
)
SELECT p.id, c.units
  FROM counted AS c
  JOIN products AS p ON p.id = c.product_id
 WHERE p.sold <> c.units
 UNION ALL
SELECT p.id, 0
  FROM products AS p
 WHERE p.status = 'published' AND p.deleted_at IS NULL AND p.listed_variant_price IS NOT NULL
   AND p.sold > 0
   AND p.id NOT IN (SELECT product_id FROM counted)
";

/// Writes these numbers, in the transaction of the caller.
pub(crate) async fn write(conn: &mut SqliteConnection, sold: &[Sold]) -> Result<(), CommitError> {
    let mut script = Script::default();
    script.add(WRITE).bind(Json(sold));
    generation::advance(&mut script, Shard::FIRST);
    script.run(conn).await
}

const WRITE: &str = "
UPDATE products
   SET sold = w.value ->> 1
  FROM json_each(?1) AS w
 WHERE products.id = unhex(w.value ->> 0, '-')
";
