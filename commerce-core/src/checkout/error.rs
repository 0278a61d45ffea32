//! Why a cart cannot become an order.

use crate::cart::{CartError, OutsideError, PricedCart, ShortLine, shortages};
use crate::commit::StoreError;
use crate::idempotency::KeyReused;
use crate::pricing::PricingError;
use crate::promotion::{CouponCode, Reason};
use crate::tax::TaxProviderError;

/// Why a cart cannot become an order. It stays as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfirmError {
    /// No cart has this token, or it expired.
    #[error("there is no such cart")]
    NotFound,
    /// Something is missing; [`PricedCart::missing`] names it.
    #[error("the checkout is not complete: {} missing", .0.missing.join(", "))]
    Incomplete(Box<PricedCart>),
    /// Less is left than wanted.
    #[error("{}", shortages(.0))]
    OutOfStock(Vec<ShortLine>),
    /// The total is not the expected one.
    #[error("the total is now {}", .0.quote.summary.total)]
    PriceChanged(Box<PricedCart>),
    /// A coupon on the cart cannot be used any more. It stays on the cart until the shopper takes it off.
    #[error("the coupon {code} cannot be used any more: {reason}")]
    CouponExhausted {
        /// Its code.
        code: CouponCode,
        /// Why.
        reason: Reason,
        /// The cart without it.
        cart: Box<PricedCart>,
    },
    /// The cart is not in the version that the shopper saw.
    #[error("the cart has changed since it was shown")]
    CartChanged(Box<PricedCart>),
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
    #[error("too many requests change the same at once")]
    Busy,
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<OutsideError> for ConfirmError {
    fn from(error: OutsideError) -> Self {
        match error {
            OutsideError::Pricing(error) => Self::Pricing(error),
            OutsideError::Store(error) => Self::Store(error),
            OutsideError::Tax(error) => Self::Tax(error),
        }
    }
}

impl ConfirmError {
    /// The error of opening the cart.
    pub(super) fn opening(error: CartError) -> Self {
        match error {
            CartError::Store(error) => Self::Store(error),
            _ => Self::NotFound,
        }
    }
}
