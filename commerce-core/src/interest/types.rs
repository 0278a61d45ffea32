//! Items of a wishlist, and glances at products.

use crate::catalog::Slug;
use crate::{CustomerId, Timestamp, VariantId, WishlistItemId};

/// The most items that a wishlist may have. Whoever adds many at once may pass it by as many as they add at once.
pub const WISHLIST_MAX: u64 = 500;

/// How many products are remembered that an account looked at: the last ones.
pub const GLANCES_MAX: usize = 50;

/// A variant that somebody wishes to buy, perhaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WishlistItem {
    /// Its id: what was added later has a higher one.
    pub id: WishlistItemId,
    /// Whose it is.
    pub account: CustomerId,
    /// What is wished for.
    pub variant: VariantId,
    /// When it was added.
    pub added_at: Timestamp,
}

/// That somebody looked at the page of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// Who.
    pub account: CustomerId,
    /// The product, by its name in addresses.
    pub slug: Slug,
    /// When, by the clock of whoever noticed.
    pub at: Timestamp,
}
