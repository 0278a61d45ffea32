//! What products share, as the back office manages it: the look, and what a revision writes.
//!
//! What products say by the names of what was revised is written set-based: one statement for each way into them. Their
//! documents for the search are made in the engine, so those of the first products are made here, and others later.

use commerce_core::catalog::{
    Batch, Brand, Category, Revision, Rewrite, SharedId, SharedVersion, Slug, TagCount, TaxonomyView,
    VALUES_MAX,
};
use commerce_core::{AttributeId, CommitError, Guard, StoreError, Timestamp, fold};
use serde::Serialize;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;
use uuid::Uuid;

use crate::listing::category;
use crate::product::{attribute, brand};
use crate::row::{Fields, signed};
use crate::script::Script;
use crate::search;
use crate::trouble::trouble;

/// Reads everything that products share. It takes several statements, so the caller's transaction makes them one snapshot.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn view(
    conn: &mut SqliteConnection,
    values_of: Option<AttributeId>,
    now: Timestamp,
) -> Result<TaxonomyView, StoreError> {
    let brands = sqlx::query(BRANDS).fetch_all(&mut *conn).await.map_err(trouble)?;
    let categories = sqlx::query(CATEGORIES).fetch_all(&mut *conn).await.map_err(trouble)?;
    let attributes = sqlx::query(ATTRIBUTES).fetch_all(&mut *conn).await.map_err(trouble)?;
    let shared = version(conn).await?;
    let values = sqlx::query_scalar(VALUES)
        .bind(values_of.map(|id| id.0))
        .bind(VALUES_MAX + 1)
        .fetch_all(conn)
        .await
        .map_err(trouble)?;
    Ok(TaxonomyView {
        now,
        shared,
        brands: counted("brands", &brands, brand)?,
        categories: counted("categories", &categories, category)?,
        attributes: counted("attributes", &attributes, attribute)?,
        values,
    })
}

fn counted<T>(
    table: &'static str,
    rows: &[SqliteRow],
    read: fn(&SqliteRow) -> Result<T, StoreError>,
) -> Result<Vec<(T, u64)>, StoreError> {
    rows.iter().map(|row| Ok((read(row)?, Fields::new(table, "id", row).count("products")?))).collect()
}

const BRANDS: &str = "
SELECT b.*, (SELECT count(*) FROM products AS p WHERE p.brand_id = b.id AND p.deleted_at IS NULL) AS products
  FROM brands AS b
 ORDER BY b.slug
";

const CATEGORIES: &str = "
SELECT c.*, (SELECT count(*) FROM products AS p WHERE p.category_id = c.id AND p.deleted_at IS NULL) AS products
  FROM categories AS c
 ORDER BY c.path
";

const ATTRIBUTES: &str = "
SELECT a.*,
       (SELECT count(*)
          FROM (SELECT product_id FROM product_attributes WHERE attribute_id = a.id
                 UNION
                SELECT product_id FROM product_options WHERE attribute_id = a.id)) AS products
  FROM attributes AS a
 ORDER BY a.code
";

const VALUES: &str = "
SELECT value FROM product_attributes WHERE attribute_id = ?1
 UNION
SELECT v.value
  FROM product_options AS o
  JOIN product_option_values AS v ON v.product_id = o.product_id AND v.option_position = o.position
 WHERE o.attribute_id = ?1
 ORDER BY 1
 LIMIT ?2
";

/// Reads the state of all that as a whole.
pub(crate) async fn version(conn: &mut SqliteConnection) -> Result<SharedVersion, StoreError> {
    let row = sqlx::query(SHARED).fetch_optional(conn).await.map_err(trouble)?;
    let Some(row) = row else { return Ok(SharedVersion::default()) };
    let fields = Fields::new("catalog_shared", "changes", &row);
    Ok(SharedVersion { changes: fields.count("changes")?, additions: fields.count("additions")? })
}

const SHARED: &str = "
SELECT changes, additions FROM catalog_shared
";

/// Reads the slug that the category has now which had this one before.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn moved_category(conn: &mut SqliteConnection, slug: &Slug) -> Result<Option<Slug>, StoreError> {
    let row = sqlx::query(MOVED_CATEGORY).bind(slug.as_str()).fetch_optional(conn).await.map_err(trouble)?;
    row.map(|row| Fields::new("categories", "slug", &row).parse("slug")).transpose()
}

// What has the slug now goes before what had it.
const MOVED_CATEGORY: &str = "
SELECT c.slug
  FROM slug_redirects AS r
  JOIN categories AS c ON c.id = r.id AND c.deleted_at IS NULL
 WHERE r.kind = 'category' AND r.slug = ?1
   AND NOT EXISTS (SELECT 1 FROM categories AS now WHERE now.slug = ?1 AND now.deleted_at IS NULL)
";

/// Reads up to `limit` tags after `after`, or one alone.
///
/// # Errors
/// When the database fails.
pub async fn tags(
    conn: &mut SqliteConnection,
    after: Option<&str>,
    only: Option<&str>,
    limit: u32,
) -> Result<Vec<TagCount>, StoreError> {
    let rows = sqlx::query(TAGS).bind(after).bind(only).bind(limit).fetch_all(conn).await.map_err(trouble)?;
    rows.iter()
        .map(|row| {
            let fields = Fields::new("product_tags", "tag", row);
            Ok(TagCount { tag: fields.get("tag")?, products: fields.count("products")? })
        })
        .collect()
}

const TAGS: &str = "
SELECT t.tag, count(DISTINCT t.product_id) AS products
  FROM product_tags AS t
  JOIN products AS p ON p.id = t.product_id AND p.deleted_at IS NULL
 WHERE (?1 IS NULL OR t.tag > ?1) AND (?2 IS NULL OR t.tag = ?2)
 GROUP BY t.tag
 ORDER BY t.tag
 LIMIT ?3
";

/// Compares the state of what products share, and says that it is another one when the batch changes it. There is one writer,
/// so nobody changes it before the end of the transaction.
pub(crate) fn add_comparison(script: &mut Script, batch: &Batch) {
    let changes = batch.shared.map(|shared| signed(shared.changes));
    let additions = batch.shared.map(|shared| signed(shared.additions));
    if !batch.revise.is_empty() {
        script.add(REVISE).bind(changes).bind(additions).one(Guard::Shared);
    } else if batch.adds() {
        script.add(ADD).bind(changes).one(Guard::Shared);
    } else if !batch.products.is_empty() {
        must(script, KEEP, |statement| statement.bind(changes));
    }
}

/// Adds a statement that answers a row, unless [`Guard::Shared`] does not hold.
fn must<'s>(
    script: &'s mut Script,
    sql: &'static str,
    bind: impl FnOnce(crate::script::Statement<'s>) -> crate::script::Statement<'s>,
) {
    bind(script.add(sql)).returning(|rows| match rows {
        [] => Err(CommitError::Stale { guard: Guard::Shared }),
        _ => Ok(()),
    });
}

const REVISE: &str = "
UPDATE catalog_shared SET changes = changes + 1 WHERE ?1 IS NULL OR (changes = ?1 AND additions = ?2)
";

const ADD: &str = "
UPDATE catalog_shared SET additions = additions + 1 WHERE ?1 IS NULL OR changes = ?1
";

const KEEP: &str = "
SELECT 1 FROM catalog_shared WHERE ?1 IS NULL OR changes = ?1
";

/// Writes what becomes of brands, categories and attributes that are there.
pub(crate) fn add(script: &mut Script, revise: &Revision) {
    let Revision { brands, categories, attributes, gone, unused, values, rewrite: _ } = revise;
    for id in unused {
        let (sql, id) = match id {
            SharedId::Brand(id) => (UNUSED_BRAND, id.0),
            SharedId::Category(id) => (UNUSED_CATEGORY, id.0),
            SharedId::Attribute(id) => (UNUSED_ATTRIBUTE, id.0),
        };
        must(script, sql, |statement| statement.bind(id));
    }
    if let Some((attribute, values)) = values {
        must(script, SAME_VALUES, |statement| statement.bind(attribute.0).bind(Json(values.clone())));
    }
    if !brands.is_empty() {
        let rows: Vec<BrandRow> = brands.iter().map(BrandRow::new).collect();
        script.add(UPDATE_BRANDS).bind(Json(rows)).unique(|_| Some(Guard::Brand));
    }
    if !categories.is_empty() {
        let rows: Vec<CategoryRow> = categories.iter().map(CategoryRow::new).collect();
        script.add(UPDATE_CATEGORIES).bind(Json(rows)).unique(|_| Some(Guard::Category));
    }
    if !attributes.is_empty() {
        script.add(UPDATE_ATTRIBUTES).bind(Json(attributes.clone()));
    }
    if !gone.is_empty() {
        script.add(REMOVE_ATTRIBUTES).bind(Json(gone.clone()));
    }
}

#[derive(Serialize)]
struct BrandRow {
    value: Brand,
    folded: String,
    deleted_at: Option<i64>,
}

impl BrandRow {
    fn new(brand: &Brand) -> Self {
        Self {
            folded: fold(&brand.name),
            deleted_at: brand.deleted_at.map(|at| at.as_micros()),
            value: brand.clone(),
        }
    }
}

#[derive(Serialize)]
struct CategoryRow {
    value: Category,
    folded: String,
    deleted_at: Option<i64>,
}

impl CategoryRow {
    fn new(category: &Category) -> Self {
        Self {
            folded: fold(&category.name),
            deleted_at: category.deleted_at.map(|at| at.as_micros()),
            value: category.clone(),
        }
    }
}

const UNUSED_BRAND: &str = "
SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM products WHERE deleted_at IS NULL AND brand_id = ?1)
";

const UNUSED_CATEGORY: &str = "
SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM products WHERE deleted_at IS NULL AND category_id = ?1)
";

const UNUSED_ATTRIBUTE: &str = "
SELECT 1
 WHERE NOT EXISTS (SELECT 1 FROM product_attributes WHERE attribute_id = ?1)
   AND NOT EXISTS (SELECT 1 FROM product_options WHERE attribute_id = ?1)
";

const SAME_VALUES: &str = "
SELECT 1
 WHERE (SELECT json_group_array(value ORDER BY value)
          FROM (SELECT value FROM product_attributes WHERE attribute_id = ?1
                 UNION
                SELECT v.value
                  FROM product_options AS o
                  JOIN product_option_values AS v ON v.product_id = o.product_id AND v.option_position = o.position
                 WHERE o.attribute_id = ?1)) = (SELECT json_group_array(value ORDER BY value) FROM json_each(?2))
";

const UPDATE_BRANDS: &str = "
UPDATE brands
   SET slug = w.value ->> '$.value.slug', name = w.value ->> '$.value.name', name_folded = w.value ->> '$.folded',
       deleted_at = w.value ->> '$.deleted_at', version = w.value ->> '$.value.version'
  FROM json_each(?1) AS w
 WHERE brands.id = unhex(w.value ->> '$.value.id', '-')
";

const UPDATE_CATEGORIES: &str = "
UPDATE categories
   SET parent_id = unhex(w.value ->> '$.value.parent', '-'), slug = w.value ->> '$.value.slug',
       name = w.value ->> '$.value.name', name_folded = w.value ->> '$.folded', path = w.value ->> '$.value.path',
       description = w.value ->> '$.value.description', position = w.value ->> '$.value.position',
       deleted_at = w.value ->> '$.deleted_at', version = w.value ->> '$.value.version'
  FROM json_each(?1) AS w
 WHERE categories.id = unhex(w.value ->> '$.value.id', '-')
";

const UPDATE_ATTRIBUTES: &str = "
UPDATE attributes
   SET name = w.value ->> '$.name', kind = w.value ->> '$.kind', filterable = w.value ->> '$.filterable',
       required = w.value ->> '$.required', variant_defining = w.value ->> '$.variant_defining',
       rules = w.value -> '$.rules', version = w.value ->> '$.version'
  FROM json_each(?1) AS w
 WHERE attributes.id = unhex(w.value ->> '$.id', '-')
";

const REMOVE_ATTRIBUTES: &str = "
DELETE FROM attributes WHERE id IN (SELECT unhex(value, '-') FROM json_each(?1))
";

/// Writes products again that say something by the names of what was revised, and indexes the first of them.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub(crate) async fn rewrite(conn: &mut SqliteConnection, rewrite: &Rewrite) -> Result<(), CommitError> {
    let Rewrite { brands, categories, attributes, tag, at } = rewrite;
    let Some(at) = at.map(|at| at.as_micros()) else { return Ok(()) };
    let mut touched: Vec<Uuid> = Vec::new();
    for (sql, rows) in [
        (REWRITE_BRANDS, (!brands.is_empty()).then(|| serde_json::json!(brands))),
        (REWRITE_CATEGORIES, (!categories.is_empty()).then(|| serde_json::json!(categories))),
        (REWRITE_ATTRIBUTES, (!attributes.is_empty()).then(|| serde_json::json!(attributes))),
    ] {
        let Some(rows) = rows else { continue };
        let rewritten = sqlx::query_scalar(sql).bind(Json(rows)).bind(at).fetch_all(&mut *conn);
        let rewritten: Vec<Uuid> = rewritten.await.map_err(trouble)?;
        touched.extend(rewritten);
    }
    if let Some((from, to)) = tag {
        for sql in [DROP_TAG, RENAME_TAG] {
            let changed = sqlx::query_scalar(sql).bind(from).bind(to).fetch_all(&mut *conn);
            let changed: Vec<Uuid> = changed.await.map_err(trouble)?;
            touched.extend(changed);
        }
        let rewritten = sqlx::query(REWRITE_TAGS).bind(Json(&touched)).bind(at).execute(&mut *conn);
        rewritten.await.map_err(trouble)?;
    }
    touched.truncate(Batch::INDEXED_AT_ONCE);
    search::index(conn, touched).await
}

const REWRITE_BRANDS: &str = "
UPDATE products
   SET facts = json_set(facts, '$.brand', w.value ->> 1), version = version + 1, updated_at = ?2
  FROM json_each(?1) AS w
 WHERE products.brand_id = unhex(w.value ->> 0, '-')
RETURNING id
";

const REWRITE_CATEGORIES: &str = "
UPDATE products
   SET facts = json_set(facts, '$.categories', json(w.value -> 1)), version = version + 1, updated_at = ?2
  FROM json_each(?1) AS w
 WHERE products.category_id = unhex(w.value ->> 0, '-')
RETURNING id
";

const REWRITE_ATTRIBUTES: &str = "
UPDATE products
   SET version = version + 1, updated_at = ?2
 WHERE id IN (SELECT a.product_id
                FROM json_each(?1) AS w
                JOIN product_attributes AS a ON a.attribute_id = unhex(w.value, '-')
               UNION
              SELECT o.product_id
                FROM json_each(?1) AS w
                JOIN product_options AS o ON o.attribute_id = unhex(w.value, '-'))
RETURNING id
";

// A product that has the other tag already loses this one; the places of the others may have a gap, which nobody sees.
const DROP_TAG: &str = "
DELETE FROM product_tags
 WHERE tag = ?1
   AND (?2 IS NULL
        OR EXISTS (SELECT 1 FROM product_tags AS o WHERE o.product_id = product_tags.product_id AND o.tag = ?2))
RETURNING product_id
";

const RENAME_TAG: &str = "
UPDATE product_tags SET tag = ?2 WHERE tag = ?1 AND ?2 IS NOT NULL RETURNING product_id
";

const REWRITE_TAGS: &str = "
UPDATE products
   SET facts = json_set(facts, '$.tags', json((SELECT json_group_array(t.tag ORDER BY t.position)
                                                 FROM product_tags AS t
                                                WHERE t.product_id = products.id))),
       version = version + 1, updated_at = ?2
 WHERE id IN (SELECT unhex(value, '-') FROM json_each(?1))
";
