//! Why a wishlist is not changed.

use super::WISHLIST_MAX;
use crate::commit::StoreError;

/// Why a wishlist was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WishlistError {
    /// There is no such account, or the variant is not on its list.
    #[error("there is no such thing")]
    NotFound,
    /// No variant that is sold has this id or SKU.
    #[error("no variant that is on sale has this id or SKU")]
    UnknownVariant,
    /// The cart has no such line item.
    #[error("the cart has no such line item")]
    LineNotFound,
    /// The list can hold no more.
    #[error("a wishlist has at most {WISHLIST_MAX} items")]
    Full,
    /// Too many others changed the same at the same time.
    #[error("the wishlist is being changed by too many requests at once")]
    Busy,
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}
