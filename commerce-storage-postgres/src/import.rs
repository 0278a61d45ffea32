//! What imports and exports read: whole products, and everything that they name.

use commerce_core::catalog::{CatalogView, ExportPage, ImportKeys, Slug};
use commerce_core::{ProductId, StoreError, VariantId};
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::column;
use crate::idempotency::{RecordRow, record_column};
use crate::instant::Instant;
use crate::inventory::{LevelRow, LocationRow};
use crate::product::{AttributeRow, BrandRow, CategoryRow, ProductRow, whole_product};
use crate::row::Row;
use crate::taxonomy;

pub(crate) const IMPORT_LOOK: &str = concat!(
    "
with named as (
    select * from products where slug = any($1::text[])
)
select statement_timestamp() as now,
       (select coalesce(json_agg(",
    whole_product!(),
    " order by p.slug), '[]') from named p) as products,
       (select coalesce(json_agg(json_build_array(v.sku, v.id, v.product_id) order by v.sku), '[]')
          from variants v where v.sku = any($2::text[])) as sku_owners,
       (select coalesce(json_agg(b order by b.slug), '[]') from brands b) as brands,
       (select coalesce(json_agg(c order by c.path), '[]') from categories c) as categories,
       (select coalesce(json_agg(a order by a.code), '[]') from attributes a) as attributes,
       (select coalesce(json_agg(l order by l.priority, l.code), '[]') from locations l) as locations,
       (select coalesce(json_agg(json_build_object(
                   'variant_id', s.variant_id, 'location_id', s.location_id, 'priority', l.priority,
                   'on_hand', s.on_hand, 'reserved', s.reserved, 'safety_stock', s.safety_stock)
                   order by s.variant_id, s.location_id), '[]')
          from named p
          join variants v on v.product_id = p.id
          join stock s on s.variant_id = v.id
          join locations l on l.id = s.location_id
         where v.removed_at is null) as levels,
       ",
    record_column!("$3", "$4", "$5"),
    " as record,
       (select json_build_array(s.changes, s.additions) from catalog_shared s) as shared"
);

type ImportRow = (
    Instant,
    Json<Vec<ProductRow>>,
    Json<Vec<(String, Uuid, Uuid)>>,
    Json<Vec<BrandRow>>,
    Json<Vec<CategoryRow>>,
    Json<Vec<AttributeRow>>,
    Json<Vec<LocationRow>>,
    Json<Vec<LevelRow>>,
    Option<Json<RecordRow>>,
    Option<Json<(u64, u64)>>,
);

/// What an import of these keys looks at: one statement, so one snapshot.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn view(conn: &mut PgConnection, keys: &ImportKeys) -> Result<CatalogView, StoreError> {
    let ImportKeys { slugs, skus, repeated } = keys;
    let found: ImportRow = sqlx::query_as(IMPORT_LOOK)
        .bind(column(slugs, |slug| slug.as_str()))
        .bind(column(skus, |sku| sku.as_str()))
        .bind(repeated.as_ref().map(|scope| scope.actor.as_str()))
        .bind(repeated.as_ref().map(|scope| scope.route.as_str()))
        .bind(repeated.as_ref().map(|scope| scope.key.as_str()))
        .fetch_one(conn)
        .await
        .map_err(store_error)?;
    let (now, products, owners, brands, categories, attributes, locations, levels, record, shared) = found;
    let owner = |(sku, variant, product): (String, Uuid, Uuid)| {
        Ok((Row::new("variants", &variant).text("sku", &sku)?, VariantId(variant), ProductId(product)))
    };
    Ok(CatalogView {
        now: now.0,
        products: products.0.into_iter().map(ProductRow::read).collect::<Result<_, _>>()?,
        sku_owners: owners.0.into_iter().map(owner).collect::<Result<_, StoreError>>()?,
        brands: brands.0.into_iter().map(BrandRow::read).collect::<Result<_, _>>()?,
        categories: categories.0.into_iter().map(CategoryRow::read).collect::<Result<_, _>>()?,
        attributes: attributes.0.into_iter().map(AttributeRow::read).collect::<Result<_, _>>()?,
        locations: locations.0.into_iter().map(LocationRow::read).collect::<Result<_, _>>()?,
        levels: levels.0.into_iter().map(LevelRow::read).collect::<Result<_, _>>()?,
        shared: taxonomy::version(shared),
        record: record.map(|Json(record)| record.read()).transpose()?,
    })
}

pub(crate) const EXPORT_LOOK: &str = concat!(
    "
with recursive page as (
    select * from products where deleted_at is null and slug > $1 order by slug limit $2
), branches as (
    select * from categories where id in (select category_id from page)
    union
    select c.* from branches b join categories c on c.id = b.parent_id
)
select (select coalesce(json_agg(",
    whole_product!(),
    " order by p.slug), '[]') from page p) as products,
       (select coalesce(json_agg(b order by b.slug), '[]')
          from brands b where b.id in (select brand_id from page)) as brands,
       (select coalesce(json_agg(c order by c.path), '[]') from branches c) as categories,
       (select coalesce(json_agg(a order by a.code), '[]')
          from attributes a
         where a.id in (select x.attribute_id from product_attributes x join page on page.id = x.product_id
                        union
                        select o.attribute_id from product_options o join page on page.id = o.product_id)) as attributes,
       (select coalesce(json_agg(json_build_object(
                   'variant_id', s.variant_id, 'location_id', s.location_id, 'priority', l.priority,
                   'on_hand', s.on_hand, 'reserved', s.reserved, 'safety_stock', s.safety_stock)
                   order by s.variant_id, s.location_id), '[]')
          from page
          join variants v on v.product_id = page.id
          join stock s on s.variant_id = v.id
          join locations l on l.id = s.location_id
         where v.removed_at is null) as levels"
);

type ExportRow = (
    Json<Vec<ProductRow>>,
    Json<Vec<BrandRow>>,
    Json<Vec<CategoryRow>>,
    Json<Vec<AttributeRow>>,
    Json<Vec<LevelRow>>,
);

/// Up to `limit` products after `after`, by slug, with everything that they name.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn export(
    conn: &mut PgConnection,
    after: Option<&Slug>,
    limit: u32,
) -> Result<ExportPage, StoreError> {
    // Every slug comes after the empty text.
    let (products, brands, categories, attributes, levels): ExportRow = sqlx::query_as(EXPORT_LOOK)
        .bind(after.map_or("", |slug| slug.as_str()))
        .bind(i64::from(limit))
        .fetch_one(conn)
        .await
        .map_err(store_error)?;
    Ok(ExportPage {
        products: products.0.into_iter().map(ProductRow::read).collect::<Result<_, _>>()?,
        brands: brands.0.into_iter().map(BrandRow::read).collect::<Result<_, _>>()?,
        categories: categories.0.into_iter().map(CategoryRow::read).collect::<Result<_, _>>()?,
        attributes: attributes.0.into_iter().map(AttributeRow::read).collect::<Result<_, _>>()?,
        levels: levels.0.into_iter().map(LevelRow::read).collect::<Result<_, _>>()?,
    })
}
