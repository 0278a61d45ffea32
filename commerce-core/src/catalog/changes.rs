//! What an import or an edit writes into the catalogue, through the bulk door of the store.

use super::{Attribute, Brand, Category, Product};
use crate::audit;
use crate::inventory;
use crate::{ProductId, Timestamp, UnitPrice, VariantId};

/// Catalogue writes that a store applies all or none, set-based: a few statements whatever the number of products.
#[must_use = "a batch changes nothing until a store imports it"]
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// New brands. One that another import made meanwhile is [`Guard::Brand`](crate::Guard::Brand).
    pub brands: Vec<Brand>,
    /// New categories, parents before children; guarded alike.
    pub categories: Vec<Category>,
    /// New attributes; guarded alike.
    pub attributes: Vec<Attribute>,
    /// Products, whole.
    pub products: Vec<ProductWrite>,
    /// Stock of new variants, and levels set on purpose.
    pub inventory: inventory::Changes,
    /// Who did it.
    pub audit: Vec<audit::Entry>,
}

/// A product to insert, or to put in place of the one that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductWrite {
    /// The whole product, its version already grown. Variants that it had and no longer names are removed only when
    /// nothing was ever ordered of them; imports never leave one out.
    pub product: Product,
    /// The version that was read: the guard. `None`: the product is new, and its slug and SKUs are the guard.
    pub expected_version: Option<u64>,
}

/// Catalogue changes of one change set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Prices to write, each product at most once.
    pub reprice: Vec<Repricing>,
}

/// Prices of variants of a product, which is one version further then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repricing {
    /// Which product.
    pub product: ProductId,
    /// The version that was read; another one is [`Guard::Product`](crate::Guard::Product).
    pub expected_version: u64,
    /// When.
    pub updated_at: Timestamp,
    /// What listings show of it from now on.
    pub listed: Listed,
    /// The variants whose prices change.
    pub variants: Vec<VariantPrice>,
}

/// The prices of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VariantPrice {
    /// Which variant.
    pub variant: VariantId,
    /// The list price of one unit.
    pub price: UnitPrice,
    /// The higher price that it is compared at.
    pub compare_at_price: Option<UnitPrice>,
    /// What one unit costs the shop.
    pub cost: Option<UnitPrice>,
}

/// What a listing shows of the prices of a product's variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// The price of the cheapest variant, the first of them.
    pub price: UnitPrice,
    /// What that is compared at.
    pub compare_at_price: Option<UnitPrice>,
    /// The price of the dearest.
    pub price_max: UnitPrice,
}

impl Listed {
    /// Of variants with these prices and what they are compared at, in order; `None` of none.
    pub fn of(prices: impl Iterator<Item = (UnitPrice, Option<UnitPrice>)> + Clone) -> Option<Self> {
        let (price, compare_at_price) = prices.clone().min_by_key(|(price, _)| price.ten_thousandths)?;
        let (price_max, _) = prices.max_by_key(|(price, _)| price.ten_thousandths)?;
        Some(Self { price, compare_at_price, price_max })
    }
}

impl Batch {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}
