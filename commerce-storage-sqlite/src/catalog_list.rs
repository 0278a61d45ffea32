//! What those who keep the catalogue read: lists of products in whatever status, and what prices were before.

use commerce_core::catalog::{ListPrice, ListedProduct, PriceChange, ProductSearch, Slug};
use commerce_core::{PriceChangeId, ProductId, StoreError, Timestamp, UnitPrice};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::row::{Fields, before};
use crate::trouble::trouble;

/// Reads up to `limit` products, by id, the newest first.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn list(
    conn: &mut SqliteConnection,
    search: &ProductSearch,
    limit: u32,
) -> Result<Vec<ListedProduct>, StoreError> {
    let ProductSearch { status, deleted, text, brand, category, seller, before: behind } = search;
    let found = sqlx::query(LIST)
        .bind(status.map(|status| status.as_str()))
        .bind(*deleted)
        .bind(text.as_deref())
        .bind(search.folded())
        .bind(brand.as_ref().map(Slug::as_str))
        .bind(category.as_ref().map(Slug::as_str))
        .bind(seller.map(|seller| seller.0))
        .bind(before(behind.map(|behind| behind.0)))
        .bind(limit)
        .fetch_all(conn)
        .await
        .map_err(trouble)?;
    found.iter().map(listed).collect()
}

const LIST: &str = "
SELECT p.*, (SELECT v.currency FROM variants AS v WHERE v.product_id = p.id LIMIT 1) AS currency,
       (SELECT count(*) FROM variants AS v WHERE v.product_id = p.id AND v.removed_at IS NULL) AS variants
  FROM products AS p
 WHERE (?1 IS NULL OR p.status = ?1)
   AND (?2 IS NULL OR (p.deleted_at IS NOT NULL) = ?2)
   AND (?3 IS NULL OR instr(p.sort_name, ?4) > 0 OR instr(p.slug, ?4) > 0
        OR EXISTS (SELECT 1
                     FROM variants AS v
                    WHERE v.product_id = p.id AND v.removed_at IS NULL AND instr(v.sku, ?3) > 0))
   AND (?5 IS NULL OR p.brand_id = (SELECT b.id FROM brands AS b WHERE b.slug = ?5))
   AND (?6 IS NULL
        OR p.category_id IN (
               SELECT c.id
                 FROM categories AS root
                 JOIN categories AS c
                   ON c.path = root.path OR (c.path >= root.path || '/' AND c.path < root.path || '0')
                WHERE root.slug = ?6))
   AND (?7 IS NULL OR p.seller_id = ?7)
   AND p.id < ?8
 ORDER BY p.id DESC
 LIMIT ?9
";

fn listed(row: &SqliteRow) -> Result<ListedProduct, StoreError> {
    let fields = Fields::new("products", "id", row);
    let price: Option<i64> = fields.get("listed_variant_price")?;
    let price = price.map(|ten_thousandths| {
        Ok::<_, StoreError>(UnitPrice { ten_thousandths, currency: fields.currency("currency")? })
    });
    Ok(ListedProduct {
        id: fields.id("id")?,
        slug: fields.parse("slug")?,
        name: fields.get("name")?,
        status: fields.named("status")?,
        seller: fields.id_if("seller_id")?,
        price: price.transpose()?,
        image: fields.get("image_url")?,
        variants: fields.count("variants")?,
        created_at: fields.at("created_at")?,
        updated_at: fields.at("updated_at")?,
        deleted_at: fields.at_if("deleted_at")?,
        publish_at: fields.at_if("publish_at")?,
        unpublish_at: fields.at_if("unpublish_at")?,
        version: fields.count("version")?,
    })
}

/// Reads up to `limit` changes of a product's prices before `behind`, the newest first.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn prices(
    conn: &mut SqliteConnection,
    product: ProductId,
    behind: Option<PriceChangeId>,
    limit: u32,
) -> Result<Vec<PriceChange>, StoreError> {
    let asked = sqlx::query(PRICES).bind(product.0).bind(before(behind.map(|behind| behind.0))).bind(limit);
    let found = asked.fetch_all(conn).await.map_err(trouble)?;
    found.iter().map(price).collect()
}

const PRICES: &str = "
SELECT id, product_id, variant_id, sku, currency, price_before, price_after, compare_at_before, compare_at_after, actor, at
  FROM price_changes
 WHERE product_id = ?1 AND id < ?2
 ORDER BY id DESC
 LIMIT ?3
";

fn price(row: &SqliteRow) -> Result<PriceChange, StoreError> {
    let fields = Fields::new("price_changes", "id", row);
    let currency = fields.currency("currency")?;
    let unit = |ten_thousandths| UnitPrice { ten_thousandths, currency };
    let prices = |price, compared| {
        let compared: Option<i64> = fields.get(compared)?;
        let price = unit(fields.get(price)?);
        Ok::<_, StoreError>(ListPrice { price, compare_at_price: compared.map(unit) })
    };
    Ok(PriceChange {
        id: fields.id("id")?,
        product: fields.id("product_id")?,
        variant: fields.id("variant_id")?,
        sku: fields.parse("sku")?,
        before: prices("price_before", "compare_at_before")?,
        after: prices("price_after", "compare_at_after")?,
        actor: fields.parse("actor")?,
        at: fields.at("at")?,
    })
}

/// Reads up to `limit` products whose time to come on sale, or to go, has come; the oldest first.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn due(conn: &mut SqliteConnection, now: Timestamp, limit: u32) -> Result<Vec<Slug>, StoreError> {
    let found = sqlx::query(DUE).bind(now.as_micros()).bind(limit).fetch_all(conn).await.map_err(trouble)?;
    found.iter().map(|row| Fields::new("products", "slug", row).parse("slug")).collect()
}

// Each side by its own index.
const DUE: &str = "
SELECT d.slug
  FROM (SELECT slug, publish_at AS at FROM products WHERE publish_at <= ?1 AND deleted_at IS NULL
         UNION
        SELECT slug, unpublish_at AS at FROM products WHERE unpublish_at <= ?1 AND deleted_at IS NULL) AS d
 ORDER BY d.at, d.slug
 LIMIT ?2
";
