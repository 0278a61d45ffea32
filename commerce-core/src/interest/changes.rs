//! What a decision changes about what people like.

use super::{Glance, WishlistItem};
use crate::WishlistItemId;

/// Changes of one change set to what people like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Items to insert into wishlists. One whose variant is on the list already, or gone from the catalogue, is
    /// [`Guard::Wishlist`](crate::Guard::Wishlist); one of an account that is gone is
    /// [`Guard::Account`](crate::Guard::Account).
    pub add: Vec<WishlistItem>,
    /// Items to delete. One that is not there any more is none.
    pub remove: Vec<WishlistItemId>,
    /// Products that were looked at: at most [`GLANCES_MAX`](super::GLANCES_MAX) of an account, each once. What the account
    /// looked at before makes room for them, the oldest first. Accounts and products that are not there are passed over.
    pub viewed: Vec<Glance>,
}
