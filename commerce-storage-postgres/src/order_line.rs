//! What an order holds: its line items, and where its amounts come from. Written once, with the order.

use std::sync::Arc;

use commerce_core::order::{Order, OrderLine};
use commerce_core::pricing::{Adjustment, Origin};
use commerce_core::{Currency, Guard, Money, StoreError, UnitPrice};
use serde::Deserialize;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::fused::{Fused, column};
use crate::row::Row;

pub(crate) const INSERT: &str = "
insert into order_lines (order_id, id, variant_id, product_id, sku, slug, name, options, image, customizations, unit_price,
                         quantity, line_total, discount, tax_added, tax_included, paid, tax_class, digital,
                         stock_limited, seller_id, position)
select $1::uuid, l.*
  from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::jsonb[], $9::text[],
              $10::jsonb[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],
              $17::bigint[], $18::text[], $19::boolean[], $20::boolean[], $21::uuid[],
              $22::bigint[]) as l
 where (select held from guards)";

pub(crate) const INSERT_ADJUSTMENTS: &str = "
insert into order_adjustments (order_id, kind, label, source, amount, line_id, position)
select $1::uuid, a.*
  from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::uuid[], $7::bigint[]) as a
 where (select held from guards)";

pub(crate) fn write(order: &Order, fused: &mut Fused) {
    let lines = &order.lines;
    if !lines.is_empty() {
        fused
            .write(INSERT)
            .bind(order.id.0)
            .bind(column(lines, |line| line.id.0))
            .bind(column(lines, |line| line.variant.0))
            .bind(column(lines, |line| line.product.0))
            .bind(column(lines, |line| line.sku.as_str()))
            .bind(column(lines, |line| line.slug.as_str()))
            .bind(column(lines, |line| line.name.as_str()))
            .bind(column(lines, |line| Json(&line.options)))
            .bind(column(lines, |line| line.image.as_deref()))
            .bind(column(lines, |line| Json(&line.customizations)))
            .bind(column(lines, |line| line.unit_price.ten_thousandths))
            .bind(column(lines, |line| i64::from(line.quantity.get())))
            .bind(column(lines, |line| line.line_total.minor))
            .bind(column(lines, |line| line.discount.minor))
            .bind(column(lines, |line| line.tax_added.minor))
            .bind(column(lines, |line| line.tax_included.minor))
            .bind(column(lines, |line| line.paid.minor))
            .bind(column(lines, |line| line.tax_class.as_str()))
            .bind(column(lines, |line| line.digital))
            .bind(column(lines, |line| line.stock_limited))
            .bind(column(lines, |line| line.seller.map(|seller| seller.0)))
            .bind(places(lines))
            // A line keeps the id that it had in its cart, which has its order then.
            .constraint("order_lines_id_key", Guard::Cart(order.cart));
    }
    let adjustments = &order.adjustments;
    if !adjustments.is_empty() {
        fused
            .write(INSERT_ADJUSTMENTS)
            .bind(order.id.0)
            .bind(column(adjustments, |part| part.kind.as_str()))
            .bind(column(adjustments, |part| part.label()))
            .bind(column(adjustments, |part| part.source()))
            .bind(column(adjustments, |part| part.amount.minor))
            .bind(column(adjustments, |part| part.line.map(|line| line.0)))
            .bind(places(adjustments));
    }
}

fn places<T>(rows: &[T]) -> Vec<i64> {
    (0..).take(rows.len()).collect()
}

/// A line item as a look reads it.
#[derive(Deserialize)]
pub(crate) struct LineRow {
    id: Uuid,
    variant_id: Uuid,
    product_id: Uuid,
    sku: String,
    slug: String,
    name: String,
    options: Value,
    image: Option<String>,
    customizations: Value,
    unit_price: i64,
    quantity: i64,
    line_total: i64,
    discount: i64,
    tax_added: i64,
    tax_included: i64,
    paid: i64,
    tax_class: String,
    digital: bool,
    stock_limited: bool,
    seller_id: Option<Uuid>,
}

impl LineRow {
    pub(crate) fn read(self, currency: Currency) -> Result<OrderLine, StoreError> {
        let id = self.id;
        let row = Row::new("order_lines", &id);
        Ok(OrderLine {
            id: id.into(),
            variant: self.variant_id.into(),
            product: self.product_id.into(),
            seller: self.seller_id.map(Into::into),
            sku: row.text("sku", &self.sku)?,
            slug: row.text("slug", &self.slug)?,
            name: self.name,
            options: row.json("options", self.options)?,
            image: self.image,
            customizations: row.json("customizations", self.customizations)?,
            unit_price: UnitPrice { ten_thousandths: self.unit_price, currency },
            quantity: row.quantity("quantity", self.quantity)?,
            line_total: row.money("line_total", self.line_total, currency)?,
            discount: row.money("discount", self.discount, currency)?,
            tax_added: row.money("tax_added", self.tax_added, currency)?,
            tax_included: row.money("tax_included", self.tax_included, currency)?,
            paid: row.money("paid", self.paid, currency)?,
            tax_class: row.text("tax_class", &self.tax_class)?,
            digital: self.digital,
            stock_limited: self.stock_limited,
        })
    }
}

/// Where an amount comes from, as a look reads it.
#[derive(Deserialize)]
pub(crate) struct AdjustmentRow {
    order_id: Uuid,
    position: i64,
    kind: String,
    label: String,
    source: String,
    amount: i64,
    line_id: Option<Uuid>,
}

impl AdjustmentRow {
    pub(crate) fn read(self, currency: Currency) -> Result<Adjustment, StoreError> {
        let id = format!("{} {}", self.order_id, self.position);
        let row = Row::new("order_adjustments", &id);
        Ok(Adjustment {
            kind: row.text("kind", &self.kind)?,
            origin: Arc::new(Origin { label: self.label.into(), source: self.source.into() }),
            amount: Money::from_minor(self.amount, currency),
            line: self.line_id.map(Into::into),
        })
    }
}
