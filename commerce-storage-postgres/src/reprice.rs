//! Prices of many variants at once: the columns that are theirs, and what is derived from them.

use commerce_core::catalog::{
    Changes, ListPrice, PriceLook, PriceView, PricedProduct, PricedVariant, VariantPrice,
};
use commerce_core::{Currency, Guard, StoreError, UnitPrice};
use serde::Deserialize;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::catalog;
use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::idempotency::{RecordRow, record_column};
use crate::instant::Instant;
use crate::row::Row;

pub(crate) const LOOK: &str = concat!(
    "
with named as (
    select distinct v.product_id as id from variants v where v.sku = any($1::text[])
)
select statement_timestamp() as now,
       (select coalesce(json_agg(json_build_object(
                   'id', p.id, 'seller_id', p.seller_id, 'status', p.status, 'version', p.version,
                   'variants', (select json_agg(json_build_object(
                                           'id', v.id, 'sku', v.sku, 'price', v.price, 'currency', v.currency,
                                           'compare_at_price', v.compare_at_price, 'cost', v.cost)
                                           order by v.position, v.id)
                                  from variants v where v.product_id = p.id and v.removed_at is null))
                   order by p.id), '[]')
          from named n
          join products p on p.id = n.id
         where p.deleted_at is null) as products,
       ",
    record_column!("$2", "$3", "$4"),
    " as record"
);

pub(crate) const UPDATE_PRODUCTS: &str = "
update products p
   set listed_variant_price = w.price, listed_compare_at = w.compare_at, listed_currency = w.currency,
       price_max = w.price_max, updated_at = w.updated_at, version = w.expected + 1
  from unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[])
       as w (id, expected, updated_at, price, compare_at, price_max, currency)
 where p.id = w.id and p.version = w.expected
returning p.id";

pub(crate) const UPDATE_VARIANTS: &str = "
update variants v
   set price = w.price, compare_at_price = w.compare_at_price, cost = w.cost, currency = w.currency
  from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[])
       as w (id, price, compare_at_price, cost, currency)
 where v.id = w.id and (select held from guards)";

// No price is in a document, so it is that of the next version too.
pub(crate) const UPDATE_DOCUMENTS: &str = "
update search_documents d
   set version = w.expected + 1
  from unnest($1::uuid[], $2::bigint[]) as w (product_id, expected)
 where d.product_id = w.product_id and d.version = w.expected and (select held from guards)";

/// Writes the prices with what else the statement writes.
pub(crate) fn write(changes: &Changes, fused: &mut Fused) {
    let Changes { reprice, prices } = changes;
    catalog::write_prices(prices, fused);
    if reprice.is_empty() {
        return;
    }
    fused
        .guarded(UPDATE_PRODUCTS)
        .bind(column(reprice, |of| of.product.0))
        .bind(column(reprice, |of| of.expected_version as i64))
        .bind(column(reprice, |of| Instant(of.updated_at)))
        .bind(column(reprice, |of| of.listed.price.ten_thousandths))
        .bind(column(reprice, |of| of.listed.compare_at_price.map(|price| price.ten_thousandths)))
        .bind(column(reprice, |of| of.listed.price_max.ten_thousandths))
        .bind(column(reprice, |of| of.listed.price.currency.code()));
    for of in reprice {
        fused.needs(Some(of.product.0), Guard::Product(of.product));
    }
    let variants = || reprice.iter().flat_map(|of| &of.variants);
    fused
        .write(UPDATE_VARIANTS)
        .bind(column(variants(), |price| price.variant.0))
        .bind(column(variants(), |price| price.list.price.ten_thousandths))
        .bind(column(variants(), |price| price.list.compare_at_price.map(|high| high.ten_thousandths)))
        .bind(column(variants(), |price| price.cost.map(|cost| cost.ten_thousandths)))
        .bind(column(variants(), |price| price.list.price.currency.code()));
    fused
        .write(UPDATE_DOCUMENTS)
        .bind(column(reprice, |of| of.product.0))
        .bind(column(reprice, |of| of.expected_version as i64));
}

/// What a decision about prices looks at: one statement, so one snapshot.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn view(conn: &mut PgConnection, look: &PriceLook) -> Result<PriceView, StoreError> {
    let PriceLook { skus, repeated } = look;
    let (now, products, record): (Instant, Json<Vec<ProductRow>>, Option<Json<RecordRow>>) =
        sqlx::query_as(LOOK)
            .bind(column(skus, |sku| sku.as_str()))
            .bind(repeated.as_ref().map(|scope| scope.actor.as_str()))
            .bind(repeated.as_ref().map(|scope| scope.route.as_str()))
            .bind(repeated.as_ref().map(|scope| scope.key.as_str()))
            .fetch_one(conn)
            .await
            .map_err(store_error)?;
    Ok(PriceView {
        now: now.0,
        products: products.0.into_iter().map(ProductRow::read).collect::<Result<_, _>>()?,
        record: record.map(|Json(record)| record.read()).transpose()?,
    })
}

#[derive(Deserialize)]
struct ProductRow {
    id: Uuid,
    seller_id: Option<Uuid>,
    status: String,
    version: i64,
    variants: Option<Vec<VariantRow>>,
}

impl ProductRow {
    fn read(self) -> Result<PricedProduct, StoreError> {
        let row = Row::new("products", &self.id);
        Ok(PricedProduct {
            id: self.id.into(),
            seller: self.seller_id.map(Into::into),
            status: row.text("status", &self.status)?,
            version: row.count("version", self.version)?,
            variants: self
                .variants
                .unwrap_or_default()
                .into_iter()
                .map(VariantRow::read)
                .collect::<Result<_, _>>()?,
        })
    }
}

#[derive(Deserialize)]
struct VariantRow {
    id: Uuid,
    sku: String,
    price: i64,
    currency: String,
    compare_at_price: Option<i64>,
    cost: Option<i64>,
}

impl VariantRow {
    fn read(self) -> Result<PricedVariant, StoreError> {
        let row = Row::new("variants", &self.id);
        let currency: Currency = row.text("currency", &self.currency)?;
        let price = |ten_thousandths| UnitPrice { ten_thousandths, currency };
        Ok(PricedVariant {
            sku: row.text("sku", &self.sku)?,
            price: VariantPrice {
                variant: self.id.into(),
                list: ListPrice {
                    price: price(self.price),
                    compare_at_price: self.compare_at_price.map(price),
                },
                cost: self.cost.map(price),
            },
        })
    }
}
