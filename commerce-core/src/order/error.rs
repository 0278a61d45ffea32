//! Why an order cannot be cancelled.

use super::InvalidTransition;
use crate::attempts::Unsettled;
use crate::commit::StoreError;
use crate::idempotency::KeyReused;

/// Why an order cannot be cancelled. It stays as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CancelError {
    /// There is no such order.
    #[error("there is no such order")]
    NotFound,
    /// It has got too far.
    #[error(transparent)]
    State(#[from] InvalidTransition),
    /// Some of it has left.
    #[error("goods of this order have left already")]
    Fulfilled,
    /// The reason is too long.
    #[error("a reason has at most 500 characters")]
    Reason,
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// Too many others changed the same at the same time.
    #[error("the order is being changed by too many requests at once")]
    Busy,
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Unsettled> for CancelError {
    fn from(unsettled: Unsettled) -> Self {
        match unsettled {
            Unsettled::Busy => Self::Busy,
            Unsettled::Store(error) => Self::Store(error),
        }
    }
}
