//! Why something is not done with a review.

use super::Flaw;
use crate::commit::StoreError;
use crate::idempotency::KeyReused;

/// Why something is not done with a review.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewError {
    /// There is no such product or review, or it is not theirs.
    #[error("there is no such review")]
    NotFound,
    /// No order of theirs brought them the product.
    #[error("only those can review a product who have bought and received it")]
    NotBought,
    /// They waited for too long.
    #[error("a product can be reviewed for {0} days after it arrived")]
    WindowOver(u32),
    /// They have reviewed it already.
    #[error("you have reviewed this product already; change that review")]
    Exists,
    /// Parts of it cannot be taken.
    #[error("{}", .0.first().map_or_else(String::new, |flaw| format!("{} {}", flaw.field, flaw.reason)))]
    Invalid(Vec<Flaw>),
    /// Nobody votes on, or reports, what is their own.
    #[error("this review is your own")]
    Own,
    /// It is at another version: this one.
    #[error("the review has changed; it is at version {0} now")]
    Version(u64),
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// Too many others changed the same at the same time.
    #[error("the review is being changed by too many requests at once")]
    Busy,
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}
