//! Carts: what a shopper means to buy, priced anew with every look.
//!
//! A cart holds variants and quantities, never prices: what it costs is computed from the catalogue and the rulebook
//! each time, so it cannot go stale. It reserves nothing. Its version grows with every change; a commit that was
//! decided on an older version is stale, and the service looks and decides again, so parallel changes are all kept.

mod changes;
mod decide;
mod error;
mod merge;
mod outside;
mod price;
mod service;
mod shopper;
mod token;
mod types;
mod view;

pub use changes::{Changes, Write};
pub(crate) use decide::open_cart;
pub use decide::{
    Decided, add_item, apply_coupon, check_delivery, remove_coupon, set_delivery, set_payment, set_quantity,
};
pub(crate) use error::shortages;
pub use error::{CartError, ShortLine};
pub use merge::{LeftLine, MergePolicy, MergePolicyError, Merged, Unmerged, merge};
pub(crate) use outside::learn;
pub use outside::{Outside, OutsideError};
pub(crate) use price::{price, pricing_input, wanted};
pub(crate) use service::look_of;
pub use service::{CartAnswer, Carts, Explained};
pub use shopper::{Member, Shopper};
pub use token::{CartToken, CartTokenError, TokenHash};
pub use types::{AddItem, Cart, CartLine, Customizations, Delivery, PaymentChoice, VariantKey};
pub(crate) use view::available;
pub use view::{Look, Offer, PricedCart, PricedLine, View};

#[cfg(all(test, feature = "testkit"))]
mod tests;
