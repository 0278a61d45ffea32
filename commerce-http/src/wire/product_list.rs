//! Products as those who keep the catalogue list them, and what they cost before.

use commerce_core::catalog::{ListPrice, ListedProduct, PriceChange};
use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::word::ProductStatusName;
use super::{Instant, MoneyDto, OrNull};

/// A product in the list of those who keep the catalogue.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ListedProduct")]
pub(crate) struct ListedProductDto {
    /// Its id.
    id: Uuid,
    /// Its name in addresses.
    slug: String,
    /// Its title.
    name: String,
    /// Whether shoppers see it.
    status: ProductStatusName,
    /// The merchant who sells it; null: the shop itself.
    seller: OrNull<Uuid>,
    /// The price of its cheapest variant.
    price: OrNull<MoneyDto>,
    /// The address of its first picture.
    image: OrNull<String>,
    /// How many variants it has.
    variants: u64,
    /// When it came in.
    created_at: Instant,
    /// When it last changed.
    updated_at: Instant,
    /// When it was deleted.
    deleted_at: OrNull<Instant>,
    /// When it is to come on sale by itself.
    publish_at: OrNull<Instant>,
    /// When it is to go from sale by itself.
    unpublish_at: OrNull<Instant>,
    /// Its version.
    version: u64,
}

impl From<ListedProduct> for ListedProductDto {
    fn from(product: ListedProduct) -> Self {
        Self {
            id: product.id.0,
            slug: product.slug.into(),
            name: product.name,
            status: product.status.into(),
            seller: OrNull(product.seller.map(|seller| seller.0)),
            price: OrNull::of(product.price),
            image: OrNull(product.image),
            variants: product.variants,
            created_at: product.created_at.into(),
            updated_at: product.updated_at.into(),
            deleted_at: OrNull::of(product.deleted_at),
            publish_at: OrNull::of(product.publish_at),
            unpublish_at: OrNull::of(product.unpublish_at),
            version: product.version,
        }
    }
}

/// Products, the newest first.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ListedProductPage")]
pub(crate) struct ListedProductPageDto {
    /// The products.
    pub(crate) results: Vec<ListedProductDto>,
    /// Where the rest is, as a relative link with the same filters; null when this is all.
    pub(crate) next: OrNull<String>,
}

/// What a variant costs by the list.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "VariantPrices")]
pub(crate) struct VariantPricesDto {
    /// The list price of one unit.
    price: MoneyDto,
    /// The higher price that it is compared at.
    compare_at_price: OrNull<MoneyDto>,
}

impl From<ListPrice> for VariantPricesDto {
    fn from(prices: ListPrice) -> Self {
        Self { price: prices.price.into(), compare_at_price: OrNull::of(prices.compare_at_price) }
    }
}

/// A list price that became another.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "PriceChange")]
pub(crate) struct PriceChangeDto {
    /// Its id.
    id: Uuid,
    /// Which variant.
    variant_id: Uuid,
    /// The code that the variant had then.
    sku: String,
    /// What it cost.
    before: VariantPricesDto,
    /// What it costs since.
    after: VariantPricesDto,
    /// Who changed it.
    actor: String,
    /// When.
    at: Instant,
}

impl From<PriceChange> for PriceChangeDto {
    fn from(change: PriceChange) -> Self {
        let PriceChange { id, product: _, variant, sku, before, after, actor, at } = change;
        Self {
            id: id.0,
            variant_id: variant.0,
            sku: sku.into(),
            before: before.into(),
            after: after.into(),
            actor: actor.to_string(),
            at: at.into(),
        }
    }
}

/// Changes of prices, the newest first.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "PriceHistory")]
pub(crate) struct PriceHistoryDto {
    /// The changes.
    pub(crate) results: Vec<PriceChangeDto>,
    /// Where the rest is, as a relative link; null when this is all.
    pub(crate) next: OrNull<String>,
}
