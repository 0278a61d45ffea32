//! Prices of many variants at once: the columns that are theirs, and what is derived from them.

use std::collections::{BTreeSet, HashMap};

use commerce_core::catalog::{
    Changes, ListPrice, PriceLook, PriceView, PricedProduct, PricedVariant, VariantPrice,
};
use commerce_core::{CommitError, Guard, ProductId, StoreError, Timestamp, UnitPrice, VariantId};
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;

use crate::row::Fields;
use crate::script::Script;
use crate::trouble::trouble;
use crate::{catalog, idempotency};

/// Adds the prices to what is written.
pub(crate) fn add(script: &mut Script, changes: &Changes) {
    let Changes { reprice, prices } = changes;
    catalog::add_prices(script, prices);
    if reprice.is_empty() {
        return;
    }
    let amount = |price: UnitPrice| price.ten_thousandths;
    let products: Vec<ProductRow> = reprice
        .iter()
        .map(|of| ProductRow {
            id: of.product,
            expected: of.expected_version,
            updated_at: of.updated_at.as_micros(),
            price: of.listed.price.ten_thousandths,
            compare_at: of.listed.compare_at_price.map(amount),
            price_max: of.listed.price_max.ten_thousandths,
        })
        .collect();
    let variants: Vec<VariantRow> = reprice
        .iter()
        .flat_map(|of| &of.variants)
        .map(|of| VariantRow {
            id: of.variant,
            price: of.list.price.ten_thousandths,
            currency: of.list.price.currency.code(),
            compare_at_price: of.list.compare_at_price.map(amount),
            cost: of.cost.map(amount),
        })
        .collect();
    let mut wanted: BTreeSet<ProductId> = reprice.iter().map(|of| of.product).collect();
    script.add(UPDATE_PRODUCTS).bind(Json(&products)).returning(move |rows| {
        for row in rows {
            wanted.remove(&ProductId(row.try_get(0).map_err(trouble)?));
        }
        let missed = wanted.pop_first();
        missed.map_or(Ok(()), |product| Err(CommitError::Stale { guard: Guard::Product(product) }))
    });
    script.add(UPDATE_VARIANTS).bind(Json(variants));
    script.add(UPDATE_DOCUMENTS).bind(Json(products));
}

#[derive(Serialize)]
struct ProductRow {
    id: ProductId,
    expected: u64,
    updated_at: i64,
    price: i64,
    compare_at: Option<i64>,
    price_max: i64,
}

#[derive(Serialize)]
struct VariantRow {
    id: VariantId,
    price: i64,
    currency: &'static str,
    compare_at_price: Option<i64>,
    cost: Option<i64>,
}

const UPDATE_PRODUCTS: &str = "
UPDATE products
   SET listed_variant_price = w.value ->> '$.price', listed_compare_at = w.value ->> '$.compare_at',
       price_max = w.value ->> '$.price_max', updated_at = w.value ->> '$.updated_at', version = version + 1
  FROM json_each(?1) AS w
 WHERE products.id = unhex(w.value ->> '$.id', '-') AND products.version = w.value ->> '$.expected'
RETURNING id
";

const UPDATE_VARIANTS: &str = "
UPDATE variants
   SET price = w.value ->> '$.price', currency = w.value ->> '$.currency',
       compare_at_price = w.value ->> '$.compare_at_price', cost = w.value ->> '$.cost'
  FROM json_each(?1) AS w
 WHERE variants.id = unhex(w.value ->> '$.id', '-')
";

// No price is in a document, so it is that of the next version too.
const UPDATE_DOCUMENTS: &str = "
UPDATE search_documents
   SET version = version + 1
  FROM json_each(?1) AS w
 WHERE search_documents.product_id = unhex(w.value ->> '$.id', '-')
   AND search_documents.version = w.value ->> '$.expected'
";

/// Reads what a decision about prices looks at, inside the caller's transaction.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn view(
    conn: &mut SqliteConnection,
    look: &PriceLook,
    now: Timestamp,
) -> Result<PriceView, StoreError> {
    let PriceLook { skus, repeated } = look;
    let found = sqlx::query(PRODUCTS).bind(Json(skus)).fetch_all(&mut *conn).await.map_err(trouble)?;
    let mut products: Vec<PricedProduct> = found.iter().map(product).collect::<Result<_, _>>()?;
    let places: HashMap<ProductId, usize> =
        products.iter().enumerate().map(|(place, product)| (product.id, place)).collect();
    let ids: Vec<ProductId> = products.iter().map(|product| product.id).collect();
    let found = sqlx::query(VARIANTS).bind(Json(ids)).fetch_all(&mut *conn).await.map_err(trouble)?;
    for row in &found {
        let product: ProductId = Fields::new("variants", "id", row).id("product_id")?;
        if let Some(place) = places.get(&product) {
            products[*place].variants.push(variant(row)?);
        }
    }
    let row = sqlx::query(RECORD)
        .bind(repeated.as_ref().map(|scope| scope.actor.as_str()))
        .bind(repeated.as_ref().map(|scope| scope.route.as_str()))
        .bind(repeated.as_ref().map(|scope| scope.key.as_str()))
        .fetch_one(conn)
        .await
        .map_err(trouble)?;
    Ok(PriceView { now, products, record: idempotency::record(&row, repeated.as_ref())? })
}

const PRODUCTS: &str = "
SELECT p.id, p.seller_id, p.status, p.version
  FROM products AS p
 WHERE p.id IN (SELECT product_id FROM variants WHERE sku IN (SELECT value FROM json_each(?1)))
   AND p.deleted_at IS NULL
 ORDER BY p.id
";

const VARIANTS: &str = "
SELECT id, product_id, sku, price, compare_at_price, cost, currency
  FROM variants
 WHERE product_id IN (SELECT unhex(value, '-') FROM json_each(?1)) AND removed_at IS NULL
 ORDER BY product_id, position, id
";

const RECORD: &str = "
SELECT r.fingerprint AS record_fingerprint, r.outcome AS record_outcome, r.outcome_id AS record_outcome_id,
       r.at AS record_at
  FROM (SELECT 1)
  LEFT JOIN idempotency AS r ON r.actor = ?1 AND r.route = ?2 AND r.key = ?3
";

fn product(row: &SqliteRow) -> Result<PricedProduct, StoreError> {
    let fields = Fields::new("products", "id", row);
    Ok(PricedProduct {
        id: fields.id("id")?,
        seller: fields.id_if("seller_id")?,
        status: fields.named("status")?,
        version: fields.count("version")?,
        variants: Vec::new(),
    })
}

fn variant(row: &SqliteRow) -> Result<PricedVariant, StoreError> {
    let fields = Fields::new("variants", "id", row);
    let currency = fields.currency("currency")?;
    let price = |ten_thousandths| UnitPrice { ten_thousandths, currency };
    Ok(PricedVariant {
        sku: fields.parse("sku")?,
        price: VariantPrice {
            variant: fields.id("id")?,
            list: ListPrice {
                price: price(fields.get("price")?),
                compare_at_price: fields.get::<Option<i64>>("compare_at_price")?.map(price),
            },
            cost: fields.get::<Option<i64>>("cost")?.map(price),
        },
    })
}
