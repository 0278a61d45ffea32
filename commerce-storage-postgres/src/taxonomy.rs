//! What products share, as the back office manages it: the look, and what a revision writes.
//!
//! What products say by the names of what was revised is written set-based: one statement for each way into them. Their
//! documents for the search are made in the engine, so those of the first products are made here, and others later.

use commerce_core::catalog::{
    Attribute, Batch, Brand, Category, Revision, Rewrite, SharedId, SharedVersion, Slug, TagCount,
    TaxonomyView, VALUES_MAX,
};
use commerce_core::{AttributeId, CommitError, Guard, StoreError, fold};
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::instant::Instant;
use crate::product::{AttributeRow, BrandRow, CategoryRow};
use crate::row::Row;
use crate::search;

pub(crate) const LOOK: &str = "
select statement_timestamp() as now,
       (select json_build_array(s.changes, s.additions) from catalog_shared s) as shared,
       (select coalesce(json_agg(json_build_array(row_to_json(b), coalesce(n.products, 0)) order by b.slug), '[]')
          from brands b
          left join (select brand_id, count(*) as products from products
                      where deleted_at is null and brand_id is not null group by brand_id) n on n.brand_id = b.id) as brands,
       (select coalesce(json_agg(json_build_array(row_to_json(c), coalesce(n.products, 0)) order by c.path), '[]')
          from categories c
          left join (select category_id, count(*) as products from products
                      where deleted_at is null and category_id is not null group by category_id) n
            on n.category_id = c.id) as categories,
       (select coalesce(json_agg(json_build_array(row_to_json(a),
                   (select count(*)
                      from (select product_id from product_attributes where attribute_id = a.id
                            union
                            select product_id from product_options where attribute_id = a.id) used)) order by a.code), '[]')
          from attributes a) as attributes,
       (select coalesce(json_agg(value), '[]')
          from (select value collate \"C\" as value from product_attributes where attribute_id = $1
                union
                select v.value collate \"C\"
                  from product_options o
                  join product_option_values v on v.product_id = o.product_id and v.option_position = o.position
                 where o.attribute_id = $1
                 order by value
                 limit $2) used) as values";

type LookRow = (
    Instant,
    Option<Json<(u64, u64)>>,
    Json<Vec<(BrandRow, u64)>>,
    Json<Vec<(CategoryRow, u64)>>,
    Json<Vec<(AttributeRow, u64)>>,
    Json<Vec<String>>,
);

/// Everything that products share: one statement, so one snapshot.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn view(
    conn: &mut PgConnection,
    values_of: Option<AttributeId>,
) -> Result<TaxonomyView, StoreError> {
    let found: LookRow = sqlx::query_as(LOOK)
        .bind(values_of.map(|id| id.0))
        .bind(i64::from(VALUES_MAX) + 1)
        .fetch_one(conn)
        .await
        .map_err(store_error)?;
    let (now, shared, Json(brands), Json(categories), Json(attributes), Json(values)) = found;
    let brand = |(row, products): (BrandRow, u64)| Ok((row.read()?, products));
    let category = |(row, products): (CategoryRow, u64)| Ok((row.read()?, products));
    let attribute = |(row, products): (AttributeRow, u64)| Ok((row.read()?, products));
    Ok(TaxonomyView {
        now: now.0,
        shared: version(shared),
        brands: brands.into_iter().map(brand).collect::<Result<_, StoreError>>()?,
        categories: categories.into_iter().map(category).collect::<Result<_, StoreError>>()?,
        attributes: attributes.into_iter().map(attribute).collect::<Result<_, StoreError>>()?,
        values,
    })
}

/// The state as a whole, as a look reads it.
pub(crate) fn version(found: Option<Json<(u64, u64)>>) -> SharedVersion {
    found.map(|Json((changes, additions))| SharedVersion { changes, additions }).unwrap_or_default()
}

// What has the slug now goes before what had it.
pub(crate) const MOVED_CATEGORY: &str = "
select c.slug
  from slug_redirects r
  join categories c on c.id = r.id and c.deleted_at is null
 where r.kind = 'category' and r.slug = $1
   and not exists (select 1 from categories now where now.slug = $1 and now.deleted_at is null)";

/// The slug that the category has now which had this one before.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn moved_category(conn: &mut PgConnection, slug: &Slug) -> Result<Option<Slug>, StoreError> {
    let found: Option<String> = sqlx::query_scalar(MOVED_CATEGORY)
        .bind(slug.as_str())
        .fetch_optional(conn)
        .await
        .map_err(store_error)?;
    found.map(|slug| Row::new("categories", &slug).text("slug", &slug)).transpose()
}

pub(crate) const TAGS: &str = "
select t.tag, count(distinct t.product_id)
  from product_tags t
  join products p on p.id = t.product_id and p.deleted_at is null
 where ($1::text is null or t.tag collate \"C\" > $1) and ($2::text is null or t.tag collate \"C\" = $2)
 group by t.tag
 order by t.tag collate \"C\"
 limit $3";

/// Up to `limit` tags after `after`, or one alone.
///
/// # Errors
/// When the database fails.
pub async fn tags(
    conn: &mut PgConnection,
    after: Option<&str>,
    only: Option<&str>,
    limit: u32,
) -> Result<Vec<TagCount>, StoreError> {
    let found: Vec<(String, i64)> = sqlx::query_as(TAGS)
        .bind(after)
        .bind(only)
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    let count = |(tag, products): (String, i64)| TagCount { tag, products: products.unsigned_abs() };
    Ok(found.into_iter().map(count).collect())
}

pub(crate) const REVISE: &str = "
update catalog_shared set changes = changes + 1
 where $1::bigint is null or (changes = $1 and additions = $2)
returning null::uuid as id";

pub(crate) const ADD: &str = "
update catalog_shared set additions = additions + 1
 where $1::bigint is null or changes = $1
returning null::uuid as id";

pub(crate) const KEEP: &str = "
select null::uuid as id from catalog_shared where $1::bigint is null or changes = $1 for share";

/// Compares the state of what products share, and holds it until the end of the transaction: what is read after this is so
/// until then. It is a statement of its own, for one that waits still sees what was before it waited.
///
/// # Errors
/// [`CommitError::Stale`] with [`Guard::Shared`].
pub(crate) async fn hold(conn: &mut PgConnection, batch: &Batch) -> Result<(), CommitError> {
    let mut fused = Fused::new();
    let changes = batch.shared.map(|shared| shared.changes as i64);
    if !batch.revise.is_empty() {
        let additions = batch.shared.map(|shared| shared.additions as i64);
        fused.guarded(REVISE).bind(changes).bind(additions);
    } else if batch.adds() {
        fused.guarded(ADD).bind(changes);
    } else if !batch.products.is_empty() {
        fused.guarded(KEEP).bind(changes);
    } else {
        return Ok(());
    }
    fused.needs(None, Guard::Shared);
    fused.run(conn).await
}

pub(crate) const UNUSED_BRANDS: &str = "
select null::uuid as id
 where not exists (select 1 from products where deleted_at is null and brand_id = any($1::uuid[]))";

pub(crate) const UNUSED_CATEGORIES: &str = "
select null::uuid as id
 where not exists (select 1 from products where deleted_at is null and category_id = any($1::uuid[]))";

pub(crate) const UNUSED_ATTRIBUTES: &str = "
select null::uuid as id
 where not exists (select 1 from product_attributes where attribute_id = any($1::uuid[]))
   and not exists (select 1 from product_options where attribute_id = any($1::uuid[]))";

pub(crate) const SAME_VALUES: &str = "
select null::uuid as id
 where array(select value collate \"C\" as value from product_attributes where attribute_id = $1
             union
             select v.value collate \"C\"
               from product_options o
               join product_option_values v on v.product_id = o.product_id and v.option_position = o.position
              where o.attribute_id = $1
              order by value) = $2::text[]";

pub(crate) const UPDATE_BRANDS: &str = "
update brands b
   set slug = w.slug, name = w.name, name_folded = w.name_folded, deleted_at = w.deleted_at, version = w.version
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bigint[])
       as w (id, slug, name, name_folded, deleted_at, version)
 where b.id = w.id and (select held from guards)";

pub(crate) const UPDATE_CATEGORIES: &str = "
update categories c
   set parent_id = w.parent_id, slug = w.slug, name = w.name, name_folded = w.name_folded, path = w.path,
       description = w.description, position = w.position, deleted_at = w.deleted_at, version = w.version
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
              $9::timestamptz[], $10::bigint[])
       as w (id, parent_id, slug, name, name_folded, path, description, position, deleted_at, version)
 where c.id = w.id and (select held from guards)";

pub(crate) const UPDATE_ATTRIBUTES: &str = "
update attributes a
   set name = w.name, kind = w.kind, filterable = w.filterable, required = w.required,
       variant_defining = w.variant_defining, rules = w.rules, version = w.version
  from unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::boolean[], $6::boolean[], $7::jsonb[], $8::bigint[])
       as w (id, name, kind, filterable, required, variant_defining, rules, version)
 where a.id = w.id and (select held from guards)";

pub(crate) const REMOVE_ATTRIBUTES: &str = "
delete from attributes where id = any($1::uuid[]) and (select held from guards)";

/// Writes what becomes of brands, categories and attributes that are there.
pub(crate) fn write(revise: &Revision, fused: &mut Fused) {
    let Revision { brands, categories, attributes, gone, unused, values, rewrite: _ } = revise;
    let ids = |of: fn(&SharedId) -> Option<Uuid>| -> Vec<Uuid> { unused.iter().filter_map(of).collect() };
    for (sql, ids) in [
        (UNUSED_BRANDS, ids(|id| if let SharedId::Brand(id) = id { Some(id.0) } else { None })),
        (UNUSED_CATEGORIES, ids(|id| if let SharedId::Category(id) = id { Some(id.0) } else { None })),
        (UNUSED_ATTRIBUTES, ids(|id| if let SharedId::Attribute(id) = id { Some(id.0) } else { None })),
    ] {
        if !ids.is_empty() {
            fused.guarded(sql).bind(ids).needs(None, Guard::Shared);
        }
    }
    if let Some((attribute, values)) = values {
        fused.guarded(SAME_VALUES).bind(attribute.0).bind(values.clone()).needs(None, Guard::Shared);
    }
    if !brands.is_empty() {
        update_brands(brands, fused);
    }
    if !categories.is_empty() {
        update_categories(categories, fused);
    }
    if !attributes.is_empty() {
        update_attributes(attributes, fused);
    }
    if !gone.is_empty() {
        fused.write(REMOVE_ATTRIBUTES).bind(column(gone, |id| id.0));
    }
}

fn update_brands(brands: &[Brand], fused: &mut Fused) {
    fused
        .write(UPDATE_BRANDS)
        .bind(column(brands, |brand| brand.id.0))
        .bind(column(brands, |brand| brand.slug.as_str()))
        .bind(column(brands, |brand| brand.name.as_str()))
        .bind(column(brands, |brand| fold(&brand.name)))
        .bind(column(brands, |brand| brand.deleted_at.map(Instant)))
        .bind(column(brands, |brand| brand.version as i64));
    for name in ["brands_slug_key", "brands_name_key"] {
        fused.constraint(name, Guard::Brand);
    }
}

fn update_categories(categories: &[Category], fused: &mut Fused) {
    fused
        .write(UPDATE_CATEGORIES)
        .bind(column(categories, |category| category.id.0))
        .bind(column(categories, |category| category.parent.map(|parent| parent.0)))
        .bind(column(categories, |category| category.slug.as_str()))
        .bind(column(categories, |category| category.name.as_str()))
        .bind(column(categories, |category| fold(&category.name)))
        .bind(column(categories, |category| category.path.as_str()))
        .bind(column(categories, |category| category.description.as_str()))
        .bind(column(categories, |category| i64::from(category.position)))
        .bind(column(categories, |category| category.deleted_at.map(Instant)))
        .bind(column(categories, |category| category.version as i64));
    for name in ["categories_slug_key", "categories_path_key", "categories_sibling_key"] {
        fused.constraint(name, Guard::Category);
    }
}

fn update_attributes(attributes: &[Attribute], fused: &mut Fused) {
    fused
        .write(UPDATE_ATTRIBUTES)
        .bind(column(attributes, |attribute| attribute.id.0))
        .bind(column(attributes, |attribute| attribute.name.as_str()))
        .bind(column(attributes, |attribute| attribute.kind.as_str()))
        .bind(column(attributes, |attribute| attribute.filterable))
        .bind(column(attributes, |attribute| attribute.required))
        .bind(column(attributes, |attribute| attribute.variant_defining))
        .bind(column(attributes, |attribute| Json(&attribute.rules)))
        .bind(column(attributes, |attribute| attribute.version as i64));
}

pub(crate) const REWRITE_BRANDS: &str = "
update products p
   set facts = jsonb_set(p.facts, '{brand}', to_jsonb(w.slug)), version = p.version + 1, updated_at = $3
  from unnest($1::uuid[], $2::text[]) as w (id, slug)
 where p.brand_id = w.id
returning p.id";

pub(crate) const REWRITE_CATEGORIES: &str = "
update products p
   set facts = jsonb_set(p.facts, '{categories}', w.slugs), version = p.version + 1, updated_at = $3
  from unnest($1::uuid[], $2::jsonb[]) as w (id, slugs)
 where p.category_id = w.id
returning p.id";

pub(crate) const REWRITE_ATTRIBUTES: &str = "
update products p
   set version = p.version + 1, updated_at = $2
 where p.id in (select product_id from product_attributes where attribute_id = any($1::uuid[])
                union
                select product_id from product_options where attribute_id = any($1::uuid[]))
returning p.id";

// A product that has the other tag already loses this one; the places of the others may have a gap, which nobody sees.
pub(crate) const DROP_TAG: &str = "
with dropped as (
    delete from product_tags t
     where t.tag collate \"C\" = $1
       and ($2::text is null
            or exists (select 1 from product_tags o where o.product_id = t.product_id and o.tag collate \"C\" = $2))
    returning t.product_id
)
select distinct product_id from dropped";

pub(crate) const RENAME_TAG: &str = "
with renamed as (
    update product_tags set tag = $2 where tag collate \"C\" = $1 returning product_id
)
select distinct product_id from renamed";

pub(crate) const REWRITE_TAGS: &str = "
update products p
   set facts = jsonb_set(p.facts, '{tags}', (select coalesce(jsonb_agg(t.tag order by t.position), '[]')
                                               from product_tags t where t.product_id = p.id)),
       version = p.version + 1, updated_at = $2
 where p.id = any($1::uuid[])";

pub(crate) const PATIENCE: &str = "set local statement_timeout = '10min'";

/// Writes products again that say something by the names of what was revised, and indexes the first of them.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub(crate) async fn rewrite(conn: &mut PgConnection, rewrite: &Rewrite) -> Result<(), CommitError> {
    let Rewrite { brands, categories, attributes, tag, at } = rewrite;
    let Some(at) = at.map(Instant) else { return Ok(()) };
    // A brand may have as many products as the shop.
    sqlx::query(PATIENCE).execute(&mut *conn).await.map_err(store_error)?;
    let mut touched: Vec<Uuid> = Vec::new();
    if !brands.is_empty() {
        let rewritten = sqlx::query_scalar(REWRITE_BRANDS)
            .bind(column(brands, |(id, _)| id.0))
            .bind(column(brands, |(_, slug)| slug.as_str()))
            .bind(at)
            .fetch_all(&mut *conn);
        let rewritten: Vec<Uuid> = rewritten.await.map_err(store_error)?;
        touched.extend(rewritten);
    }
    if !categories.is_empty() {
        let rewritten = sqlx::query_scalar(REWRITE_CATEGORIES)
            .bind(column(categories, |(id, _)| id.0))
            .bind(column(categories, |(_, slugs)| Json(slugs)))
            .bind(at)
            .fetch_all(&mut *conn);
        let rewritten: Vec<Uuid> = rewritten.await.map_err(store_error)?;
        touched.extend(rewritten);
    }
    if !attributes.is_empty() {
        let rewritten = sqlx::query_scalar(REWRITE_ATTRIBUTES)
            .bind(column(attributes, |id| id.0))
            .bind(at)
            .fetch_all(&mut *conn);
        let rewritten: Vec<Uuid> = rewritten.await.map_err(store_error)?;
        touched.extend(rewritten);
    }
    if let Some((from, to)) = tag {
        touched.extend(rewrite_tag(conn, from, to.as_deref(), at).await?);
    }
    touched.truncate(Batch::INDEXED_AT_ONCE);
    if touched.is_empty() { Ok(()) } else { search::index(conn, &touched).await }
}

async fn rewrite_tag(
    conn: &mut PgConnection,
    from: &str,
    to: Option<&str>,
    at: Instant,
) -> Result<Vec<Uuid>, CommitError> {
    let dropped = sqlx::query_scalar(DROP_TAG).bind(from).bind(to).fetch_all(&mut *conn);
    let mut touched: Vec<Uuid> = dropped.await.map_err(store_error)?;
    if let Some(to) = to {
        let renamed = sqlx::query_scalar(RENAME_TAG).bind(from).bind(to).fetch_all(&mut *conn);
        let renamed: Vec<Uuid> = renamed.await.map_err(store_error)?;
        touched.extend(renamed);
    }
    sqlx::query(REWRITE_TAGS).bind(touched.as_slice()).bind(at).execute(conn).await.map_err(store_error)?;
    Ok(touched)
}
