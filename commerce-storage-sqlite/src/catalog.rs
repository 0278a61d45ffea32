//! The bulk door: what an import or an edit writes into the catalogue, a few statements whatever the number of products.

use std::collections::BTreeSet;

use commerce_core::cache::Shard;
use commerce_core::catalog::{
    Attribute, AttributeValue, Batch, Brand, Category, Facts, Image, ListPrice, PriceChange, Product,
    ProductOption, ProductWrite, Redirect, Removal, Variant,
};
use commerce_core::{BrandId, CategoryId, CommitError, Guard, ProductId, SellerId, VariantId, fold};
use serde::Serialize;
use sqlx::sqlite::SqliteConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::script::Script;
use crate::trouble::{guarded, trouble, violated_key};
use crate::{audit, bulk, generation, idempotency, inventory, pricing, product, search, taxonomy};

/// Applies a batch inside the caller's transaction. On an error the caller must roll back.
///
/// # Errors
/// [`Guard::Shared`] when what products share changed meanwhile, [`Guard::Brand`], [`Guard::Category`] or
/// [`Guard::Attribute`] when somebody made the same meanwhile,
/// [`Guard::Product`] when a product is not at the version that was read or its slug is taken, [`Guard::Sku`] when a SKU
/// belongs to another variant, [`Guard::Idempotency`] when the request was recorded meanwhile, and those of
/// [`inventory::apply`].
pub async fn import(conn: &mut SqliteConnection, batch: &Batch) -> Result<(), CommitError> {
    let Batch {
        shared: _,
        brands,
        categories,
        attributes,
        revise,
        products,
        removed,
        prices,
        redirects,
        inventory,
        pricing,
        bulk,
        idempotency,
        audit,
    } = batch;
    let mut script = Script::default();
    taxonomy::add_comparison(&mut script, batch);
    bulk::add(&mut script, bulk);
    pricing::add(&mut script, pricing);
    taxonomy::add(&mut script, revise);
    script.run(conn).await?;
    insert_brands(conn, brands).await?;
    insert_categories(conn, categories).await?;
    insert_attributes(conn, attributes).await?;
    taxonomy::rewrite(conn, &revise.rewrite).await?;
    remove_variants(conn, removed).await?;
    write_products(conn, products).await?;
    write_redirects(conn, redirects).await?;
    let mut script = Script::default();
    add_prices(&mut script, prices);
    idempotency::add(&mut script, idempotency.as_ref());
    inventory::add(&mut script, inventory);
    generation::advance(&mut script, inventory.moves_catalog().unwrap_or(Shard::FIRST));
    script.run(conn).await?;
    audit::apply(conn, audit).await
}

/// Inserts rows, all in one statement, of which a taken key means that somebody made the same meanwhile.
async fn insert_new<T: Serialize>(
    conn: &mut SqliteConnection,
    sql: &'static str,
    rows: &[T],
    guard: Guard,
) -> Result<(), CommitError> {
    if rows.is_empty() {
        return Ok(());
    }
    let done = sqlx::query(sql).bind(Json(rows)).execute(conn).await;
    done.map(drop).map_err(|error| guarded(error, |_| Some(guard)))
}

#[derive(Serialize)]
struct Named<'a, T> {
    value: &'a T,
    folded: String,
}

async fn insert_brands(conn: &mut SqliteConnection, brands: &[Brand]) -> Result<(), CommitError> {
    let rows: Vec<Named<'_, Brand>> =
        brands.iter().map(|brand| Named { value: brand, folded: fold(&brand.name) }).collect();
    insert_new(conn, INSERT_BRANDS, &rows, Guard::Brand).await
}

const INSERT_BRANDS: &str = "
INSERT INTO brands (id, slug, name, name_folded)
SELECT unhex(value ->> '$.value.id', '-'), value ->> '$.value.slug', value ->> '$.value.name', value ->> '$.folded'
  FROM json_each(?1)
";

async fn insert_categories(conn: &mut SqliteConnection, categories: &[Category]) -> Result<(), CommitError> {
    let rows: Vec<Named<'_, Category>> =
        categories.iter().map(|category| Named { value: category, folded: fold(&category.name) }).collect();
    insert_new(conn, INSERT_CATEGORIES, &rows, Guard::Category).await
}

const INSERT_CATEGORIES: &str = "
INSERT INTO categories (id, parent_id, slug, name, name_folded, path, description, position)
SELECT unhex(value ->> '$.value.id', '-'), unhex(value ->> '$.value.parent', '-'), value ->> '$.value.slug',
       value ->> '$.value.name', value ->> '$.folded', value ->> '$.value.path', value ->> '$.value.description',
       value ->> '$.value.position'
  FROM json_each(?1)
";

async fn insert_attributes(conn: &mut SqliteConnection, attributes: &[Attribute]) -> Result<(), CommitError> {
    insert_new(conn, INSERT_ATTRIBUTES, attributes, Guard::Attribute).await
}

const INSERT_ATTRIBUTES: &str = "
INSERT INTO attributes (id, code, name, kind, filterable, required, variant_defining, rules)
SELECT unhex(value ->> '$.id', '-'), value ->> '$.code', value ->> '$.name', value ->> '$.kind',
       value ->> '$.filterable', value ->> '$.required', value ->> '$.variant_defining', value -> '$.rules'
  FROM json_each(?1)
";

async fn write_products(conn: &mut SqliteConnection, writes: &[ProductWrite]) -> Result<(), CommitError> {
    let products: Vec<&Product> = writes.iter().map(|write| &write.product).collect();
    let shared = product::shared(conn, &products).await?;
    let names = shared.names();
    let facts: Vec<Facts> = products.iter().map(|product| Facts::of(product, &names)).collect();
    let rows: Vec<ProductRow<'_>> =
        writes.iter().zip(&facts).map(|(write, facts)| ProductRow::new(write, facts)).collect();
    let (known, new): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.expected.is_some());
    if !new.is_empty() {
        put(conn, INSERT_PRODUCTS, &new).await?;
    }
    if !known.is_empty() {
        put(conn, UPDATE_PRODUCTS, &known).await?;
        let ids: Vec<ProductId> = known.iter().map(|row| row.id).collect();
        for sql in [DELETE_TAGS, DELETE_IMAGES, DELETE_OPTION_VALUES, DELETE_OPTIONS, DELETE_ATTRIBUTES] {
            sqlx::query(sql).bind(Json(&ids)).execute(&mut *conn).await.map_err(trouble)?;
        }
    }
    write_children(conn, &products).await?;
    write_variants(conn, &products).await?;
    search::write(conn, &products, &names).await
}

/// Runs a statement that returns the ids of the products it wrote. One that it did not write is stale.
async fn put(
    conn: &mut SqliteConnection,
    sql: &'static str,
    rows: &[&ProductRow<'_>],
) -> Result<(), CommitError> {
    let written: Result<Vec<Uuid>, _> = sqlx::query_scalar(sql).bind(Json(rows)).fetch_all(&mut *conn).await;
    let missed = match written {
        Ok(written) => {
            let mut written: BTreeSet<Uuid> = written.into_iter().collect();
            // One that is named twice is written only once.
            rows.iter().map(|row| row.id).find(|id| !written.remove(&id.0))
        }
        Err(error) if violated_key(&error).is_some() => {
            let taken: Option<Uuid> =
                sqlx::query_scalar(TAKEN).bind(Json(rows)).fetch_optional(conn).await.map_err(trouble)?;
            Some(taken.map(ProductId).ok_or_else(|| trouble(error))?)
        }
        Err(error) => return Err(trouble(error).into()),
    };
    missed.map_or(Ok(()), |id| Err(CommitError::Stale { guard: Guard::Product(id) }))
}

/// A product without what hangs on it.
#[derive(Serialize)]
struct ProductRow<'a> {
    id: ProductId,
    slug: &'a str,
    name: &'a str,
    sort_name: String,
    description_html: &'a str,
    status: &'static str,
    featured: bool,
    brand: Option<BrandId>,
    category: Option<CategoryId>,
    seller: Option<SellerId>,
    listed_variant_price: Option<i64>,
    listed_compare_at: Option<i64>,
    price_max: Option<i64>,
    image_url: Option<&'a str>,
    facts: &'a Facts,
    created_at: i64,
    updated_at: i64,
    deleted_at: Option<i64>,
    publish_at: Option<i64>,
    unpublish_at: Option<i64>,
    version: u64,
    expected: Option<u64>,
}

impl<'a> ProductRow<'a> {
    fn new(write: &'a ProductWrite, facts: &'a Facts) -> Self {
        let ProductWrite { product, expected_version } = write;
        let Product {
            id,
            slug,
            name,
            description_html,
            status,
            featured,
            brand,
            category,
            seller,
            tags: _,
            options: _,
            variants: _,
            images: _,
            attributes: _,
            created_at,
            updated_at,
            deleted_at,
            publish_at,
            unpublish_at,
            version,
        } = product;
        let listed = product.cheapest();
        Self {
            id: *id,
            slug: slug.as_str(),
            name,
            sort_name: product.sort_name(),
            description_html,
            status: status.as_str(),
            featured: *featured,
            brand: *brand,
            category: *category,
            seller: *seller,
            listed_variant_price: listed.map(|variant| variant.price.ten_thousandths),
            listed_compare_at: listed
                .and_then(|variant| variant.compare_at_price)
                .map(|price| price.ten_thousandths),
            price_max: product.price_max().map(|price| price.ten_thousandths),
            image_url: product.listed_image(),
            facts,
            created_at: created_at.as_micros(),
            updated_at: updated_at.as_micros(),
            deleted_at: deleted_at.map(|at| at.as_micros()),
            publish_at: publish_at.map(|at| at.as_micros()),
            unpublish_at: unpublish_at.map(|at| at.as_micros()),
            version: *version,
            expected: *expected_version,
        }
    }
}

const INSERT_PRODUCTS: &str = "
INSERT INTO products (id, slug, name, sort_name, description_html, status, featured, brand_id, category_id, seller_id,
                      listed_variant_price, listed_compare_at, price_max, image_url, facts, created_at, updated_at,
                      deleted_at, version, publish_at, unpublish_at)
SELECT unhex(value ->> '$.id', '-'), value ->> '$.slug', value ->> '$.name', value ->> '$.sort_name',
       value ->> '$.description_html', value ->> '$.status', value ->> '$.featured', unhex(value ->> '$.brand', '-'),
       unhex(value ->> '$.category', '-'), unhex(value ->> '$.seller', '-'), value ->> '$.listed_variant_price',
       value ->> '$.listed_compare_at', value ->> '$.price_max', value ->> '$.image_url', value -> '$.facts',
       value ->> '$.created_at', value ->> '$.updated_at', value ->> '$.deleted_at', value ->> '$.version',
       value ->> '$.publish_at', value ->> '$.unpublish_at'
  FROM json_each(?1)
 WHERE true
    ON CONFLICT DO NOTHING
RETURNING id
";

const UPDATE_PRODUCTS: &str = "
UPDATE products
   SET slug = w.value ->> '$.slug', name = w.value ->> '$.name', sort_name = w.value ->> '$.sort_name',
       description_html = w.value ->> '$.description_html', status = w.value ->> '$.status',
       featured = w.value ->> '$.featured', brand_id = unhex(w.value ->> '$.brand', '-'),
       category_id = unhex(w.value ->> '$.category', '-'), seller_id = unhex(w.value ->> '$.seller', '-'),
       listed_variant_price = w.value ->> '$.listed_variant_price',
       listed_compare_at = w.value ->> '$.listed_compare_at', price_max = w.value ->> '$.price_max',
       image_url = w.value ->> '$.image_url', facts = w.value -> '$.facts', created_at = w.value ->> '$.created_at',
       updated_at = w.value ->> '$.updated_at', deleted_at = w.value ->> '$.deleted_at',
       version = w.value ->> '$.version', publish_at = w.value ->> '$.publish_at',
       unpublish_at = w.value ->> '$.unpublish_at'
  FROM json_each(?1) AS w
 WHERE products.id = unhex(w.value ->> '$.id', '-') AND products.version = w.value ->> '$.expected'
RETURNING id
";

// Asked only after an update met a taken slug: whose it was.
const TAKEN: &str = "
SELECT unhex(w.value ->> '$.id', '-')
  FROM json_each(?1) AS w
  JOIN products AS p ON p.slug = w.value ->> '$.slug' AND p.id <> unhex(w.value ->> '$.id', '-')
 LIMIT 1
";

const DELETE_TAGS: &str = "
DELETE FROM product_tags WHERE product_id IN (SELECT unhex(value, '-') FROM json_each(?1))
";

const DELETE_IMAGES: &str = "
DELETE FROM product_images WHERE product_id IN (SELECT unhex(value, '-') FROM json_each(?1))
";

const DELETE_OPTIONS: &str = "
DELETE FROM product_options WHERE product_id IN (SELECT unhex(value, '-') FROM json_each(?1))
";

const DELETE_OPTION_VALUES: &str = "
DELETE FROM product_option_values WHERE product_id IN (SELECT unhex(value, '-') FROM json_each(?1))
";

const DELETE_ATTRIBUTES: &str = "
DELETE FROM product_attributes WHERE product_id IN (SELECT unhex(value, '-') FROM json_each(?1))
";

async fn remove_variants(conn: &mut SqliteConnection, removed: &[Removal]) -> Result<(), CommitError> {
    let rows: Vec<(VariantId, i64)> =
        removed.iter().map(|removal| (removal.variant, removal.at.as_micros())).collect();
    insert_children(conn, REMOVE_VARIANTS, &rows).await
}

// The code is free at once: whoever takes it comes after this.
const REMOVE_VARIANTS: &str = "
UPDATE variants
   SET removed_at = w.value ->> 1, removed_sku = variants.sku, sku = lower(hex(variants.id))
  FROM json_each(?1) AS w
 WHERE variants.id = unhex(w.value ->> 0, '-') AND variants.removed_at IS NULL
";

/// Adds what list prices were before.
pub(crate) fn add_prices(script: &mut Script, prices: &[PriceChange]) {
    #[derive(Serialize)]
    struct Row<'a> {
        id: Uuid,
        product: ProductId,
        variant: VariantId,
        sku: &'a str,
        before: ListPrice,
        after: ListPrice,
        actor: String,
        at: i64,
    }
    fn row(change: &PriceChange) -> Row<'_> {
        let PriceChange { id, product, variant, sku, before, after, actor, at } = change;
        let (actor, at) = (actor.to_string(), at.as_micros());
        let (product, variant, before, after) = (*product, *variant, *before, *after);
        Row { id: id.0, product, variant, sku: sku.as_str(), before, after, actor, at }
    }
    if !prices.is_empty() {
        script.add(INSERT_PRICES).bind(Json(prices.iter().map(row).collect::<Vec<_>>()));
    }
}

const INSERT_PRICES: &str = "
INSERT INTO price_changes (id, product_id, variant_id, sku, currency, price_before, price_after, compare_at_before,
                           compare_at_after, actor, at)
SELECT unhex(value ->> '$.id', '-'), unhex(value ->> '$.product', '-'), unhex(value ->> '$.variant', '-'),
       value ->> '$.sku', value ->> '$.after.price.currency', value ->> '$.before.price.ten_thousandths',
       value ->> '$.after.price.ten_thousandths', value ->> '$.before.compare_at_price.ten_thousandths',
       value ->> '$.after.compare_at_price.ten_thousandths', value ->> '$.actor', value ->> '$.at'
  FROM json_each(?1)
";

async fn write_redirects(conn: &mut SqliteConnection, redirects: &[Redirect]) -> Result<(), CommitError> {
    let row = |redirect: &Redirect| (redirect.kind.as_str(), redirect.slug.to_string(), redirect.id);
    insert_children(conn, INSERT_REDIRECTS, &redirects.iter().map(row).collect::<Vec<_>>()).await
}

const INSERT_REDIRECTS: &str = "
INSERT INTO slug_redirects (kind, slug, id)
SELECT value ->> 0, value ->> 1, unhex(value ->> 2, '-') FROM json_each(?1) WHERE true
    ON CONFLICT (kind, slug) DO UPDATE SET id = excluded.id
";

/// Something that hangs on a product or a variant, at its place.
#[derive(Serialize)]
struct Child<'a, T> {
    of: Uuid,
    position: usize,
    value: &'a T,
}

/// What all of these have of something, each with its owner and place.
fn children<'a, O, T>(
    owners: &[&'a O],
    id: impl Fn(&O) -> Uuid,
    list: impl Fn(&'a O) -> &'a [T],
) -> Vec<Child<'a, T>> {
    let of_one = |owner: &&'a O| {
        let of = id(owner);
        list(owner).iter().enumerate().map(move |(position, value)| Child { of, position, value })
    };
    owners.iter().flat_map(of_one).collect()
}

async fn write_children(conn: &mut SqliteConnection, products: &[&Product]) -> Result<(), CommitError> {
    let id = |product: &Product| product.id.0;
    let tags: Vec<Child<'_, String>> = children(products, id, |product| &product.tags);
    insert_children(conn, INSERT_TAGS, &tags).await?;
    let images: Vec<Child<'_, Image>> = children(products, id, |product| &product.images);
    insert_children(conn, INSERT_IMAGES, &images).await?;
    let options: Vec<Child<'_, ProductOption>> = children(products, id, |product| &product.options);
    insert_children(conn, INSERT_OPTIONS, &options).await?;
    insert_children(conn, INSERT_OPTION_VALUES, &options).await?;
    let attributes: Vec<Child<'_, AttributeValue>> = children(products, id, |product| &product.attributes);
    insert_children(conn, INSERT_ATTRIBUTE_VALUES, &attributes).await
}

async fn insert_children<T: Serialize>(
    conn: &mut SqliteConnection,
    sql: &'static str,
    rows: &[T],
) -> Result<(), CommitError> {
    if !rows.is_empty() {
        sqlx::query(sql).bind(Json(rows)).execute(conn).await.map_err(trouble)?;
    }
    Ok(())
}

const INSERT_TAGS: &str = "
INSERT INTO product_tags (product_id, position, tag)
SELECT unhex(value ->> '$.of', '-'), value ->> '$.position', value ->> '$.value' FROM json_each(?1)
";

const INSERT_IMAGES: &str = "
INSERT INTO product_images (id, product_id, position, url, alt, copies)
SELECT unhex(value ->> '$.value.id', '-'), unhex(value ->> '$.of', '-'), value ->> '$.position',
       value ->> '$.value.url', value ->> '$.value.alt', value -> '$.value.copies'
  FROM json_each(?1)
";

const INSERT_OPTIONS: &str = "
INSERT INTO product_options (product_id, position, name, attribute_id)
SELECT unhex(value ->> '$.of', '-'), value ->> '$.position', value ->> '$.value.name',
       unhex(value ->> '$.value.attribute', '-')
  FROM json_each(?1)
";

const INSERT_OPTION_VALUES: &str = "
INSERT INTO product_option_values (product_id, option_position, position, value)
SELECT unhex(o.value ->> '$.of', '-'), o.value ->> '$.position', v.key, v.value
  FROM json_each(?1) AS o, json_each(o.value, '$.value.values') AS v
";

const INSERT_ATTRIBUTE_VALUES: &str = "
INSERT INTO product_attributes (product_id, position, attribute_id, value)
SELECT unhex(value ->> '$.of', '-'), value ->> '$.position', unhex(value ->> '$.value.attribute', '-'),
       value ->> '$.value.value'
  FROM json_each(?1)
";

async fn write_variants(conn: &mut SqliteConnection, products: &[&Product]) -> Result<(), CommitError> {
    let rows: Vec<Child<'_, Variant>> =
        children(products, |product| product.id.0, |product| &product.variants);
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(UPSERT_VARIANTS)
        .bind(Json(&rows))
        .execute(&mut *conn)
        .await
        .map_err(|error| guarded(error, |key| (key == "variants.sku").then_some(Guard::Sku)))?;
    let ids: Vec<VariantId> = rows.iter().map(|row| row.value.id).collect();
    sqlx::query(DELETE_CHOSEN).bind(Json(ids)).execute(&mut *conn).await.map_err(trouble)?;
    let variants: Vec<&Variant> = rows.iter().map(|row| row.value).collect();
    let chosen: Vec<Child<'_, String>> =
        children(&variants, |variant| variant.id.0, |variant| &variant.option_values);
    insert_children(conn, INSERT_CHOSEN, &chosen).await
}

const UPSERT_VARIANTS: &str = "
INSERT INTO variants (id, product_id, position, sku, price, compare_at_price, cost, currency, weight_grams, weight_unit,
                      dimensions, barcode, image_url, tax_class, digital, tracked, backorder)
SELECT unhex(value ->> '$.value.id', '-'), unhex(value ->> '$.of', '-'), value ->> '$.position', value ->> '$.value.sku',
       value ->> '$.value.price.ten_thousandths', value ->> '$.value.compare_at_price.ten_thousandths',
       value ->> '$.value.cost.ten_thousandths', value ->> '$.value.price.currency', value ->> '$.value.weight.grams',
       value ->> '$.value.weight.unit', nullif(value -> '$.value.dimensions', 'null'), value ->> '$.value.barcode',
       value ->> '$.value.image',
       value ->> '$.value.tax_class', value ->> '$.value.digital', value ->> '$.value.tracked',
       value ->> '$.value.backorder'
  FROM json_each(?1)
 WHERE true
    ON CONFLICT (id) DO UPDATE
   SET position = excluded.position, sku = excluded.sku, price = excluded.price,
       compare_at_price = excluded.compare_at_price, cost = excluded.cost, currency = excluded.currency,
       weight_grams = excluded.weight_grams, weight_unit = excluded.weight_unit,
       dimensions = excluded.dimensions, barcode = excluded.barcode, image_url = excluded.image_url, tax_class = excluded.tax_class, digital = excluded.digital,
       tracked = excluded.tracked, backorder = excluded.backorder
";

const DELETE_CHOSEN: &str = "
DELETE FROM variant_option_values WHERE variant_id IN (SELECT unhex(value, '-') FROM json_each(?1))
";

const INSERT_CHOSEN: &str = "
INSERT INTO variant_option_values (variant_id, position, value)
SELECT unhex(value ->> '$.of', '-'), value ->> '$.position', value ->> '$.value' FROM json_each(?1)
";
