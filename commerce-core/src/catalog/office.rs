//! What those who keep the catalogue list: products in whatever status.

use super::{ProductStatus, Slug};
use crate::{ProductId, SellerId, Timestamp, UnitPrice};

/// Which products to list: those for which all of this is so, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductSearch {
    /// In this status.
    pub status: Option<ProductStatus>,
    /// Deleted, or not.
    pub deleted: Option<bool>,
    /// With this in the name, the slug or a SKU.
    pub text: Option<String>,
    /// Of this brand.
    pub brand: Option<Slug>,
    /// In this category or below it.
    pub category: Option<Slug>,
    /// Of this merchant.
    pub seller: Option<SellerId>,
    /// Behind this product, in the order of the answer.
    pub before: Option<ProductId>,
}

impl ProductSearch {
    /// The text as names are compared, and as slugs are written.
    #[must_use]
    pub fn folded(&self) -> Option<String> {
        self.text.as_ref().map(|text| crate::fold(&deunicode::deunicode(text)))
    }
}

/// A product in the list of those who keep the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedProduct {
    /// Its id.
    pub id: ProductId,
    /// Its name in addresses.
    pub slug: Slug,
    /// Its title.
    pub name: String,
    /// Whether shoppers see it.
    pub status: ProductStatus,
    /// The merchant who sells it; absent: the shop itself.
    pub seller: Option<SellerId>,
    /// The price of its cheapest variant.
    pub price: Option<UnitPrice>,
    /// The address of its first picture.
    pub image: Option<String>,
    /// How many variants it has.
    pub variants: u64,
    /// When it came in.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was soft-deleted.
    pub deleted_at: Option<Timestamp>,
    /// When it is to come on sale.
    pub publish_at: Option<Timestamp>,
    /// When it is to go from sale.
    pub unpublish_at: Option<Timestamp>,
    /// Its version.
    pub version: u64,
}
