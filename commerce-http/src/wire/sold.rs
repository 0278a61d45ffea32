//! What a merchant sees of orders, on the wire.

use commerce_core::order::{Sold, SoldTotals, Summary};
use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::order::{OrderItemDto, ShippingMethodDto};
use super::word::{FulfillmentStatus, OrderStatus, PaymentStatus};
use super::{AddressDto, Instant, MoneyDto, OrNull};

/// Orders that hold what a merchant sells, the newest first.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "SoldOrderPage")]
pub(crate) struct SoldPageDto {
    /// The orders.
    pub(crate) results: Vec<SoldSummaryDto>,
    /// Where the older ones are, as a relative link with the same filters; null when this is all.
    pub(crate) next: OrNull<String>,
}

/// An order in a merchant's list: as far as they sold it.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "SoldOrderSummary")]
pub(crate) struct SoldSummaryDto {
    /// Its id.
    id: Uuid,
    /// The number that people call it by.
    number: String,
    /// How far it has got.
    status: OrderStatus,
    /// How far its payment has got.
    payment_status: PaymentStatus,
    /// How far its goods have got.
    fulfillment_status: FulfillmentStatus,
    /// What the shopper pays for the merchant's line items.
    paid: MoneyDto,
    /// Units of these line items.
    item_count: u64,
    /// When it was placed.
    placed_at: Instant,
}

impl From<Summary> for SoldSummaryDto {
    fn from(row: Summary) -> Self {
        Self {
            id: row.id.0,
            number: row.number.0,
            status: row.status.into(),
            payment_status: row.payment_status.into(),
            fulfillment_status: row.fulfillment_status.into(),
            paid: row.total.into(),
            item_count: row.units,
            placed_at: row.placed_at.into(),
        }
    }
}

/// An order as far as a merchant sold it. Who bought, how they pay and what else they bought is not in it.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "SoldOrder")]
pub(crate) struct SoldDto {
    /// Its id.
    id: Uuid,
    /// The number that people call it by.
    number: String,
    /// How far it has got.
    status: OrderStatus,
    /// How far its payment has got.
    payment_status: PaymentStatus,
    /// How far its goods have got.
    fulfillment_status: FulfillmentStatus,
    /// The merchant's line items.
    items: Vec<OrderItemDto>,
    /// What they come to.
    totals: SoldTotalsDto,
    /// How the goods go; null when nothing of these is shipped.
    shipping_method: OrNull<ShippingMethodDto>,
    /// Where the goods go; null when nothing of these is shipped, before the order is `processing` and after it was `shipped`.
    shipping_address: OrNull<AddressDto>,
    /// When it was placed.
    placed_at: Instant,
}

/// Sums over a merchant's line items of an order.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "SoldTotals")]
pub(crate) struct SoldTotalsDto {
    /// Unit prices times quantities.
    line_total: MoneyDto,
    /// Their shares of all discounts.
    discount: MoneyDto,
    /// The tax added on top of them.
    tax_added: MoneyDto,
    /// The tax inside them.
    tax_included: MoneyDto,
    /// What the shopper pays for them: line total - discount + tax added.
    paid: MoneyDto,
}

impl From<&Sold> for SoldDto {
    fn from(sold: &Sold) -> Self {
        Self {
            id: sold.id.0,
            number: sold.number.to_string(),
            status: sold.status.into(),
            payment_status: sold.payment_status.into(),
            fulfillment_status: sold.fulfillment_status.into(),
            items: sold.lines.iter().map(Into::into).collect(),
            totals: sold.totals.into(),
            shipping_method: OrNull::of(sold.shipping_method.as_ref()),
            shipping_address: OrNull::of(sold.shipping_address.as_ref()),
            placed_at: sold.placed_at.into(),
        }
    }
}

impl From<SoldTotals> for SoldTotalsDto {
    fn from(totals: SoldTotals) -> Self {
        let SoldTotals { line_total, discount, tax_added, tax_included, paid } = totals;
        Self {
            line_total: line_total.into(),
            discount: discount.into(),
            tax_added: tax_added.into(),
            tax_included: tax_included.into(),
            paid: paid.into(),
        }
    }
}
