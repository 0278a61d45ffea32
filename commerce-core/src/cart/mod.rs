//! Carts: what a shopper means to buy, priced anew with every look.
//!
//! A cart holds variants and quantities, never prices: what it costs is computed from the catalogue and the rulebook
//! each time, so it cannot go stale. It reserves nothing. Its version grows with every change; a commit that was
//! decided on an older version is stale, and the service looks and decides again, so parallel changes are all kept.

mod changes;
mod decide;
mod error;
mod price;
mod service;
mod token;
mod types;
mod usage;
mod view;

pub use changes::{Changes, Write};
pub(crate) use decide::open_cart;
pub use decide::{Decided, add_item, apply_coupon, remove_coupon, set_delivery, set_payment, set_quantity};
pub(crate) use error::shortages;
pub use error::{CartError, ShortLine};
pub(crate) use price::{price, wanted};
pub use service::{CartAnswer, Carts, Explained};
pub use token::{CartToken, CartTokenError, TokenHash};
pub use types::{AddItem, Cart, CartLine, Customizations, Delivery, VariantKey};
pub(crate) use usage::{UsageError, learn_usage};
pub use view::{Look, Offer, PricedCart, PricedLine, View};

#[cfg(all(test, feature = "testkit"))]
mod tests;
