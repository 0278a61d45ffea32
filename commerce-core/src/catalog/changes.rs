//! What an import or an edit writes into the catalogue, through the bulk door of the store.

use super::{Attribute, Brand, Category, Product};
use crate::audit;
use crate::inventory;

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

impl Batch {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}
