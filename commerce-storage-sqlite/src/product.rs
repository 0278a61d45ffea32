//! Whole products: what a product page, an export and an import look at.
//!
//! Each of these reads takes several statements, so the caller's transaction is what makes them one snapshot.

use std::collections::BTreeSet;

use commerce_core::catalog::{
    Attribute, Availability, Brand, CatalogView, Category, ExportPage, ImportKeys, Names, Product,
    ProductDetail, ProductKey, Sku, Slug,
};
use commerce_core::{
    AttributeId, BrandId, CategoryId, ProductId, StockLevel, StoreError, Timestamp, VariantId,
};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;
use uuid::Uuid;

use crate::listing::category;
use crate::review;
use crate::row::Fields;
use crate::taxonomy;
use crate::trouble::trouble;
use crate::{idempotency, inventory};

/// Reads one product, whatever its status, deleted or not.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn detail(
    conn: &mut SqliteConnection,
    key: &ProductKey,
    now: Timestamp,
) -> Result<Option<ProductDetail>, StoreError> {
    let (id, slug, former) = match key {
        ProductKey::Id(id) => (Some(id.0), None, None),
        ProductKey::Slug(slug) => (None, Some(slug.as_str()), None),
        ProductKey::Former(slug) => (None, None, Some(slug.as_str())),
    };
    let by_key = sqlx::query(BY_KEY).bind(id).bind(slug).bind(former);
    let Some(found) = by_key.fetch_optional(&mut *conn).await.map_err(trouble)? else { return Ok(None) };
    let (id, ratings) = (Fields::new("products", "slug", &found).get("id")?, review::ratings(&found)?);
    let Some(product) = products(conn, vec![id]).await?.pop() else { return Ok(None) };
    let named = Named::by([&product]);
    let brand = brands(conn, Some(&named.brands)).await?.pop();
    let breadcrumb = categories(conn, Some(&named.categories)).await?;
    let attributes = attributes(conn, Some(&named.attributes)).await?;
    let levels = inventory::levels(conn, &variants(std::slice::from_ref(&product))).await?;
    let availability = product
        .variants
        .iter()
        .filter(|variant| variant.tracked)
        .map(|variant| Availability {
            variant: variant.id,
            available: levels.iter().filter(|level| level.variant == variant.id).map(StockLevel::free).sum(),
        })
        .collect();
    Ok(Some(ProductDetail { now, product, brand, breadcrumb, attributes, availability, ratings }))
}

const BY_KEY: &str = "
SELECT id, slug, rated_1, rated_2, rated_3, rated_4, rated_5
  FROM products
 WHERE id = coalesce(?1, (SELECT id FROM slug_redirects WHERE kind = 'product' AND slug = ?3)) OR slug = ?2
";

/// Reads up to `limit` products after `after`, by slug, with all that they name.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn export(
    conn: &mut SqliteConnection,
    after: Option<&Slug>,
    limit: u32,
) -> Result<ExportPage, StoreError> {
    let ids = sqlx::query_scalar(PAGE)
        .bind(after.map_or("", Slug::as_str))
        .bind(limit)
        .fetch_all(&mut *conn)
        .await
        .map_err(trouble)?;
    let products = products(conn, ids).await?;
    let named = Named::by(&products);
    Ok(ExportPage {
        brands: brands(conn, Some(&named.brands)).await?,
        categories: categories(conn, Some(&named.categories)).await?,
        attributes: attributes(conn, Some(&named.attributes)).await?,
        levels: inventory::levels(conn, &variants(&products)).await?,
        products,
    })
}

const PAGE: &str = "
SELECT id FROM products WHERE slug > ?1 AND deleted_at IS NULL ORDER BY slug LIMIT ?2
";

/// Reads what an import of these keys looks at.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn import_view(
    conn: &mut SqliteConnection,
    keys: &ImportKeys,
    now: Timestamp,
) -> Result<CatalogView, StoreError> {
    let ImportKeys { slugs, skus, repeated } = keys;
    let ids = sqlx::query_scalar(BY_SLUGS).bind(Json(slugs)).fetch_all(&mut *conn).await.map_err(trouble)?;
    let products = products(conn, ids).await?;
    let owners = sqlx::query(SKU_OWNERS).bind(Json(skus)).fetch_all(&mut *conn).await.map_err(trouble)?;
    Ok(CatalogView {
        now,
        sku_owners: owners.iter().map(sku_owner).collect::<Result<_, _>>()?,
        brands: brands(conn, None).await?,
        categories: categories(conn, None).await?,
        attributes: attributes(conn, None).await?,
        locations: inventory::locations(conn).await?,
        levels: inventory::levels(&mut *conn, &variants(&products)).await?,
        shared: taxonomy::version(conn).await?,
        products,
        record: idempotency::look(conn, repeated.as_ref()).await?,
    })
}

const BY_SLUGS: &str = "
SELECT id FROM products WHERE slug IN (SELECT value FROM json_each(?1))
";

const SKU_OWNERS: &str = "
SELECT sku, id, product_id FROM variants WHERE sku IN (SELECT value FROM json_each(?1)) ORDER BY sku
";

fn sku_owner(row: &SqliteRow) -> Result<(Sku, VariantId, ProductId), StoreError> {
    let fields = Fields::new("variants", "id", row);
    Ok((fields.parse("sku")?, fields.id("id")?, fields.id("product_id")?))
}

/// Reads whole products, by slug.
pub(crate) async fn products(
    conn: &mut SqliteConnection,
    ids: Vec<Uuid>,
) -> Result<Vec<Product>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(PRODUCTS).bind(Json(ids)).fetch_all(conn).await.map_err(trouble)?;
    rows.iter().map(product).collect()
}

// The lists are JSON in the very form of the engine's types, so that one statement reads any number of products.
const PRODUCTS: &str = "
SELECT p.*,
       (SELECT json_group_array(t.tag ORDER BY t.position) FROM product_tags AS t WHERE t.product_id = p.id) AS tags,
       (SELECT json_group_array(
                   json_object(
                       'name', o.name,
                       'values', (SELECT json_group_array(x.value ORDER BY x.position)
                                    FROM product_option_values AS x
                                   WHERE x.product_id = p.id AND x.option_position = o.position),
                       'attribute', iif(o.attribute_id IS NULL, NULL, hex(o.attribute_id)))
                   ORDER BY o.position)
          FROM product_options AS o
         WHERE o.product_id = p.id) AS options,
       (SELECT json_group_array(
                   json_object(
                       'id', hex(v.id),
                       'sku', v.sku,
                       'option_values', (SELECT json_group_array(x.value ORDER BY x.position)
                                           FROM variant_option_values AS x
                                          WHERE x.variant_id = v.id),
                       'price', json_object('ten_thousandths', v.price, 'currency', v.currency),
                       'compare_at_price', json(iif(v.compare_at_price IS NULL, 'null',
                           json_object('ten_thousandths', v.compare_at_price, 'currency', v.currency))),
                       'cost', json(iif(v.cost IS NULL, 'null',
                           json_object('ten_thousandths', v.cost, 'currency', v.currency))),
                       'weight', json(iif(v.weight_grams IS NULL, 'null',
                           json_object('grams', v.weight_grams, 'unit', v.weight_unit))),
                       'dimensions', json(coalesce(v.dimensions, 'null')),
                       'barcode', v.barcode,
                       'image', v.image_url,
                       'tax_class', v.tax_class,
                       'digital', json(iif(v.digital, 'true', 'false')),
                       'tracked', json(iif(v.tracked, 'true', 'false')),
                       'backorder', json(iif(v.backorder, 'true', 'false')))
                   ORDER BY v.position, v.id)
          FROM variants AS v
         WHERE v.product_id = p.id AND v.removed_at IS NULL) AS variants,
       (SELECT json_group_array(json_object('id', hex(i.id), 'url', i.url, 'alt', i.alt, 'copies', json(i.copies))
                                ORDER BY i.position)
          FROM product_images AS i
         WHERE i.product_id = p.id) AS images,
       (SELECT json_group_array(json_object('attribute', hex(a.attribute_id), 'value', a.value) ORDER BY a.position)
          FROM product_attributes AS a
         WHERE a.product_id = p.id) AS attributes
  FROM products AS p
 WHERE p.id IN (SELECT unhex(value, '-') FROM json_each(?1))
 ORDER BY p.slug
";

fn product(row: &SqliteRow) -> Result<Product, StoreError> {
    let fields = Fields::new("products", "id", row);
    Ok(Product {
        id: fields.id("id")?,
        slug: fields.parse("slug")?,
        name: fields.get("name")?,
        description_html: fields.get("description_html")?,
        status: fields.named("status")?,
        featured: fields.get("featured")?,
        brand: fields.id_if("brand_id")?,
        category: fields.id_if("category_id")?,
        seller: fields.id_if("seller_id")?,
        tags: fields.json("tags")?,
        options: fields.json("options")?,
        variants: fields.json("variants")?,
        images: fields.json("images")?,
        attributes: fields.json("attributes")?,
        created_at: fields.at("created_at")?,
        updated_at: fields.at("updated_at")?,
        deleted_at: fields.at_if("deleted_at")?,
        publish_at: fields.at_if("publish_at")?,
        unpublish_at: fields.at_if("unpublish_at")?,
        version: fields.count("version")?,
    })
}

/// What products share with others.
pub(crate) struct Shared {
    brands: Vec<Brand>,
    categories: Vec<Category>,
    attributes: Vec<Attribute>,
}

impl Shared {
    /// By id.
    pub(crate) fn names(&self) -> Names<'_> {
        Names::new(&self.brands, &self.categories, &self.attributes)
    }
}

/// Reads what products share with others, as far as these name it.
pub(crate) async fn shared(conn: &mut SqliteConnection, products: &[&Product]) -> Result<Shared, StoreError> {
    let named = Named::by(products.iter().copied());
    Ok(Shared {
        brands: brands(conn, Some(&named.brands)).await?,
        categories: categories(conn, Some(&named.categories)).await?,
        attributes: attributes(conn, Some(&named.attributes)).await?,
    })
}

/// What products name: each once.
struct Named {
    brands: BTreeSet<BrandId>,
    categories: BTreeSet<CategoryId>,
    attributes: BTreeSet<AttributeId>,
}

impl Named {
    fn by<'p>(products: impl IntoIterator<Item = &'p Product>) -> Self {
        let mut named =
            Self { brands: BTreeSet::new(), categories: BTreeSet::new(), attributes: BTreeSet::new() };
        for product in products {
            named.brands.extend(product.brand);
            named.categories.extend(product.category);
            named.attributes.extend(product.attributes.iter().map(|value| value.attribute));
            named.attributes.extend(product.options.iter().filter_map(|option| option.attribute));
        }
        named
    }
}

fn variants(products: &[Product]) -> Vec<VariantId> {
    products.iter().flat_map(|product| &product.variants).map(|variant| variant.id).collect()
}

/// Reads the brands of these ids, or all, by slug.
async fn brands(
    conn: &mut SqliteConnection,
    of: Option<&BTreeSet<BrandId>>,
) -> Result<Vec<Brand>, StoreError> {
    let rows = sqlx::query(BRANDS).bind(of.map(Json)).fetch_all(conn).await.map_err(trouble)?;
    rows.iter().map(brand).collect()
}

pub(crate) fn brand(row: &SqliteRow) -> Result<Brand, StoreError> {
    let fields = Fields::new("brands", "id", row);
    Ok(Brand {
        id: fields.id("id")?,
        slug: fields.parse("slug")?,
        name: fields.get("name")?,
        deleted_at: fields.at_if("deleted_at")?,
        version: fields.count("version")?,
    })
}

const BRANDS: &str = "
SELECT id, slug, name, deleted_at, version
  FROM brands
 WHERE ?1 IS NULL OR id IN (SELECT unhex(value, '-') FROM json_each(?1))
 ORDER BY slug
";

/// Reads the categories of these ids and all their ancestors, or all, by path: so an ancestor comes before its branches.
pub(crate) async fn categories(
    conn: &mut SqliteConnection,
    of: Option<&BTreeSet<CategoryId>>,
) -> Result<Vec<Category>, StoreError> {
    let rows = sqlx::query(CATEGORIES).bind(of.map(Json)).fetch_all(conn).await.map_err(trouble)?;
    rows.iter().map(category).collect()
}

const CATEGORIES: &str = "
  WITH RECURSIVE wanted (id, parent_id) AS (
           SELECT id, parent_id
             FROM categories
            WHERE ?1 IS NULL OR id IN (SELECT unhex(value, '-') FROM json_each(?1))
            UNION
           SELECT c.id, c.parent_id FROM wanted JOIN categories AS c ON c.id = wanted.parent_id)
SELECT c.*
  FROM wanted
  JOIN categories AS c ON c.id = wanted.id
 ORDER BY c.path
";

/// Reads the attributes of these ids, or all, by code.
async fn attributes(
    conn: &mut SqliteConnection,
    of: Option<&BTreeSet<AttributeId>>,
) -> Result<Vec<Attribute>, StoreError> {
    let rows = sqlx::query(ATTRIBUTES).bind(of.map(Json)).fetch_all(conn).await.map_err(trouble)?;
    rows.iter().map(attribute).collect()
}

pub(crate) fn attribute(row: &SqliteRow) -> Result<Attribute, StoreError> {
    let fields = Fields::new("attributes", "id", row);
    Ok(Attribute {
        id: fields.id("id")?,
        code: fields.get("code")?,
        name: fields.get("name")?,
        kind: fields.named("kind")?,
        filterable: fields.get("filterable")?,
        required: fields.get("required")?,
        variant_defining: fields.get("variant_defining")?,
        rules: fields.json("rules")?,
        version: fields.count("version")?,
    })
}

const ATTRIBUTES: &str = "
SELECT *
  FROM attributes
 WHERE ?1 IS NULL OR id IN (SELECT unhex(value, '-') FROM json_each(?1))
 ORDER BY code
";

/// Reads the attributes of these codes, in any order.
pub(crate) async fn attributes_by_code(
    conn: &mut SqliteConnection,
    codes: &BTreeSet<&str>,
) -> Result<Vec<Attribute>, StoreError> {
    let rows = sqlx::query(ATTRIBUTES_BY_CODE).bind(Json(codes)).fetch_all(conn).await.map_err(trouble)?;
    rows.iter().map(attribute).collect()
}

const ATTRIBUTES_BY_CODE: &str = "
SELECT * FROM attributes WHERE code IN (SELECT value FROM json_each(?1))
";
