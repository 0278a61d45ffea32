//! What those who keep the catalogue read: lists of products in whatever status, and what prices were before.

use commerce_core::catalog::{ListPrice, ListedProduct, PriceChange, ProductSearch, Slug};
use commerce_core::{Currency, PriceChangeId, ProductId, StoreError, UnitPrice};
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use crate::error::store_error;
use crate::instant::Instant;
use crate::row::Row;

pub(crate) const LIST: &str = "
select p.id, p.slug, p.name, p.status, p.seller_id, p.listed_variant_price, p.listed_currency, p.image_url,
       (select count(*) from variants v where v.product_id = p.id and v.removed_at is null) as variants,
       p.created_at, p.updated_at, p.deleted_at, p.publish_at, p.unpublish_at, p.version
  from products p
 where ($1::text is null or p.status = $1)
   and ($2::boolean is null or (p.deleted_at is not null) = $2)
   and ($3::text is null or strpos(p.sort_name, $4) > 0 or strpos(p.slug, $4) > 0
        or exists (select 1 from variants v where v.product_id = p.id and v.removed_at is null and strpos(v.sku, $3) > 0))
   and ($5::text is null or p.brand_id = (select b.id from brands b where b.slug = $5))
   and ($6::text is null
        or p.category_id in (select c.id
                               from categories root
                               join categories c
                                 on c.path = root.path or (c.path >= root.path || '/' and c.path < root.path || '0')
                              where root.slug = $6))
   and ($7::uuid is null or p.seller_id = $7)
   and ($8::uuid is null or p.id < $8)
 order by p.id desc
 limit $9";

#[derive(sqlx::FromRow)]
struct ListedRow {
    id: Uuid,
    slug: String,
    name: String,
    status: String,
    seller_id: Option<Uuid>,
    listed_variant_price: Option<i64>,
    listed_currency: Option<String>,
    image_url: Option<String>,
    variants: i64,
    created_at: Instant,
    updated_at: Instant,
    deleted_at: Option<Instant>,
    publish_at: Option<Instant>,
    unpublish_at: Option<Instant>,
    version: i64,
}

/// Up to `limit` products, by id, the newest first.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn list(
    conn: &mut PgConnection,
    search: &ProductSearch,
    limit: u32,
) -> Result<Vec<ListedProduct>, StoreError> {
    let ProductSearch { status, deleted, text, brand, category, seller, before } = search;
    let found: Vec<ListedRow> = sqlx::query_as(LIST)
        .bind(status.map(|status| status.as_str()))
        .bind(*deleted)
        .bind(text.as_deref())
        .bind(search.folded())
        .bind(brand.as_ref().map(|slug| slug.as_str()))
        .bind(category.as_ref().map(|slug| slug.as_str()))
        .bind(seller.map(|seller| seller.0))
        .bind(before.map(|before| before.0))
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    found.into_iter().map(listed).collect()
}

fn listed(found: ListedRow) -> Result<ListedProduct, StoreError> {
    let row = Row::new("products", &found.id);
    let currency = found.listed_currency.as_deref().map(|code| row.text::<Currency>("listed_currency", code));
    let price = found.listed_variant_price.zip(currency.transpose()?);
    Ok(ListedProduct {
        id: found.id.into(),
        slug: row.text("slug", &found.slug)?,
        status: row.text("status", &found.status)?,
        seller: found.seller_id.map(Into::into),
        price: price.map(|(ten_thousandths, currency)| UnitPrice { ten_thousandths, currency }),
        image: found.image_url,
        variants: row.count("variants", found.variants)?,
        created_at: found.created_at.0,
        updated_at: found.updated_at.0,
        deleted_at: found.deleted_at.map(|at| at.0),
        publish_at: found.publish_at.map(|at| at.0),
        unpublish_at: found.unpublish_at.map(|at| at.0),
        version: row.count("version", found.version)?,
        name: found.name,
    })
}

pub(crate) const PRICES: &str = "
select id, product_id, variant_id, sku, currency, price_before, price_after, compare_at_before, compare_at_after, actor, at
  from price_changes
 where product_id = $1 and ($2::uuid is null or id < $2)
 order by id desc
 limit $3";

#[derive(sqlx::FromRow)]
struct PriceRow {
    id: Uuid,
    product_id: Uuid,
    variant_id: Uuid,
    sku: String,
    currency: String,
    price_before: i64,
    price_after: i64,
    compare_at_before: Option<i64>,
    compare_at_after: Option<i64>,
    actor: String,
    at: Instant,
}

/// Up to `limit` changes of a product's prices before `before`, the newest first.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn prices(
    conn: &mut PgConnection,
    product: ProductId,
    before: Option<PriceChangeId>,
    limit: u32,
) -> Result<Vec<PriceChange>, StoreError> {
    let found: Vec<PriceRow> = sqlx::query_as(PRICES)
        .bind(product.0)
        .bind(before.map(|before| before.0))
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    found.into_iter().map(price).collect()
}

fn price(found: PriceRow) -> Result<PriceChange, StoreError> {
    let row = Row::new("price_changes", &found.id);
    let currency: Currency = row.text("currency", &found.currency)?;
    let unit = |ten_thousandths| UnitPrice { ten_thousandths, currency };
    let prices =
        |price, compare: Option<i64>| ListPrice { price: unit(price), compare_at_price: compare.map(unit) };
    Ok(PriceChange {
        id: found.id.into(),
        product: found.product_id.into(),
        variant: found.variant_id.into(),
        sku: row.text("sku", &found.sku)?,
        before: prices(found.price_before, found.compare_at_before),
        after: prices(found.price_after, found.compare_at_after),
        actor: row.text("actor", &found.actor)?,
        at: found.at.0,
    })
}

// Each side by its own index.
pub(crate) const DUE: &str = "
select d.slug
  from (select slug, publish_at as at
          from products
         where publish_at <= statement_timestamp() and deleted_at is null
         union
        select slug, unpublish_at as at
          from products
         where unpublish_at <= statement_timestamp() and deleted_at is null) d
 order by d.at, d.slug
 limit $1";

/// Up to `limit` products whose time to come on sale, or to go, has come; the oldest first.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn due(conn: &mut PgConnection, limit: u32) -> Result<Vec<Slug>, StoreError> {
    let found: Vec<String> =
        sqlx::query_scalar(DUE).bind(i64::from(limit)).fetch_all(conn).await.map_err(store_error)?;
    let slug = |slug: String| {
        slug.parse().map_err(|error| StoreError::invalid_row("products", "slug", &slug, error))
    };
    found.into_iter().map(slug).collect()
}
