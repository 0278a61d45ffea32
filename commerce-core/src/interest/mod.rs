//! What somebody with an account likes: their wishlist, and the products that they looked at.
//!
//! A wishlist holds variants and no prices: what an item costs and how many are left is read with it. What is no longer sold
//! stays, and says so, as a shopper would wonder where it went; only a variant that is gone from the catalogue is gone from
//! here. Adding what is there already changes nothing.
//!
//! Which products somebody looked at is worth little and read often, so it is written without guards, many at once, and may
//! be lost: see [`Interests::viewed`]. Both are of the account alone: they are part of what it can take along, and go with it.

mod changes;
mod decide;
mod error;
mod service;
mod types;
mod view;

pub use changes::Changes;
pub use decide::{add, glances, remove, save_for_later};
pub use error::WishlistError;
pub use service::{Added, Interests};
pub use types::{GLANCES_MAX, Glance, WISHLIST_MAX, WishlistItem};
pub use view::{Look, View, Viewed, ViewedProducts, Wished};

#[cfg(all(test, feature = "testkit"))]
mod tests;
