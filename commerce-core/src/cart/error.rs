//! Why a cart cannot be changed.

use crate::catalog::Sku;
use crate::commit::StoreError;
use crate::customer::AddressError;
use crate::idempotency::KeyReused;
use crate::payment::PaymentMethod;
use crate::pricing::PricingError;
use crate::promotion::{CouponCode, Reason};
use crate::tax::TaxProviderError;
use crate::{LineId, Quantity};

/// Why a cart cannot be read or changed. It stays as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CartError {
    /// No cart has this token, or it expired.
    #[error("there is no such cart")]
    NotFound,
    /// The cart has no such line item.
    #[error("the cart has no such line item")]
    LineNotFound,
    /// The variant is unknown or not on sale.
    #[error("this variant is not on sale")]
    UnknownVariant,
    /// Less is left than wanted.
    #[error("{}", shortages(.0))]
    OutOfStock(Vec<ShortLine>),
    /// A line item cannot hold so many.
    #[error("a line item holds at most {} units", Quantity::MAX)]
    QuantityTooLarge,
    /// The cart cannot hold another line item.
    #[error("a cart holds at most {} line items", super::Cart::LINES_MAX)]
    TooManyLines,
    /// The wishes about a line item are too many, too long, or have no name.
    #[error("{0}")]
    Customizations(&'static str),
    /// A field of an address is wrong.
    #[error("an address is not complete")]
    Address {
        /// Which address: `address` or `billing_address`.
        which: &'static str,
        /// Its fields that are wrong.
        errors: Vec<AddressError>,
    },
    /// What an account orders is confirmed at its own address.
    #[error("the confirmation of what you order goes to the address of your account")]
    Email,
    /// Goods are shipped, so an address is needed.
    #[error("the goods are shipped, so a shipping address is needed")]
    AddressMissing,
    /// The shipping method is unknown or does not serve the address with these goods.
    #[error("this shipping method does not serve the address; choose one of the shipping options")]
    ShippingMethod,
    /// The shop does not take this method.
    #[error("the shop does not take {0}")]
    PaymentMethod(PaymentMethod),
    /// The cart cannot hold another coupon.
    #[error("a cart holds at most {} coupons", super::Cart::COUPONS_MAX)]
    TooManyCoupons,
    /// The coupon does not apply to the cart.
    #[error("the coupon {code} does not apply: {reason}")]
    Coupon {
        /// Its code.
        code: CouponCode,
        /// Why.
        reason: Reason,
    },
    /// The cart has no such coupon.
    #[error("the cart has no such coupon")]
    CouponNotFound,
    /// The name of the channel is too long, or not visible.
    #[error("a channel has 1 to {} visible characters", super::Cart::CHANNEL_LENGTH_MAX)]
    Channel,
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The cart cannot be priced.
    #[error(transparent)]
    Pricing(#[from] PricingError),
    /// The tax service has no answer.
    #[error(transparent)]
    Tax(#[from] TaxProviderError),
    /// Too many others changed the same at the same time.
    #[error("the cart is being changed by too many requests at once")]
    Busy,
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A line item of which less is left than wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortLine {
    /// The line item; absent when it was to be added.
    pub line: Option<LineId>,
    /// The variant's code.
    pub sku: Sku,
    /// Units that all line items of the variant want together.
    pub wanted: u64,
    /// Units that are left.
    pub available: u64,
}

pub(crate) fn shortages(lines: &[ShortLine]) -> String {
    let words = lines.iter().map(|line| match line.available {
        0 => format!("{} is sold out", line.sku),
        left => format!("only {left} of {} left, {} wanted", line.sku, line.wanted),
    });
    words.collect::<Vec<_>>().join("; ")
}
