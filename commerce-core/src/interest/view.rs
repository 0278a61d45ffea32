//! What is looked at of a wishlist, and of what somebody looked at.

use super::WishlistItem;
use crate::cart::{Offer, VariantKey, available};
use crate::catalog::{ProductSummary, Slug};
use crate::inventory::StockLevel;
use crate::{CustomerId, ProductId, Timestamp, WishlistItemId};

/// What to read of a wishlist, in one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Whose.
    pub account: CustomerId,
    /// This variant alone, whether it is on the list or not.
    pub variant: Option<VariantKey>,
    /// Items that were added before this one.
    pub before: Option<WishlistItemId>,
    /// How many items at most.
    pub limit: u32,
}

impl Look {
    /// A look at the newest `limit` items of the account.
    #[must_use]
    pub fn at(account: CustomerId, limit: u32) -> Self {
        Self { account, variant: None, before: None, limit }
    }
}

/// What is seen of a wishlist: all read in one snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The store's time of the look.
    pub now: Timestamp,
    /// Whether there is such an account.
    pub account_known: bool,
    /// How many items the whole list has.
    pub count: u64,
    /// The items that were asked for, by id, the newest first.
    pub items: Vec<WishlistItem>,
    /// What is known of their variants, and of the one asked for, by variant id.
    pub offers: Vec<Offer>,
    /// The stock of those variants, by variant, then location.
    pub levels: Vec<StockLevel>,
}

/// An item of a wishlist as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Wished {
    /// The item.
    pub item: WishlistItem,
    /// What is known of its variant, on sale or not.
    pub offer: Offer,
    /// How many units can be bought now: 0 when it is no longer sold, `None` when there is no limit.
    pub available: Option<u64>,
}

impl View {
    /// The items as they are shown.
    #[must_use]
    pub fn wished(&self) -> Vec<Wished> {
        self.items.iter().filter_map(|item| self.shown(item)).collect()
    }

    /// One item as it is shown; `None` when nothing is known of its variant.
    pub(super) fn shown(&self, item: &WishlistItem) -> Option<Wished> {
        let offer = self.offers.iter().find(|offer| offer.variant == item.variant)?;
        let available = available(offer, &self.levels);
        Some(Wished { item: *item, offer: offer.clone(), available })
    }

    /// What is known of the variant that was asked for.
    pub(super) fn offer(&self, key: &VariantKey) -> Option<&Offer> {
        self.offers.iter().find(|offer| match key {
            VariantKey::Id(id) => offer.variant == *id,
            VariantKey::Sku(sku) => offer.sku == *sku,
        })
    }
}

/// The products that somebody looked at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ViewedProducts {
    /// All that is remembered, the last first; what is no longer sold too.
    pub viewed: Vec<Viewed>,
    /// Those on sale, in the same order.
    pub on_sale: Vec<ProductSummary>,
}

/// A product that somebody looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewed {
    /// The product.
    pub product: ProductId,
    /// Its name in addresses.
    pub slug: Slug,
    /// Its name.
    pub name: String,
    /// When they last looked at it.
    pub at: Timestamp,
}
