//! Why an order cannot be cancelled, moved on or noted on.

use super::InvalidTransition;
use crate::catalog::Sku;
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

/// Why an order is not moved on. It stays as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MoveOnError {
    /// There is no such order.
    #[error("there is no such order")]
    NotFound,
    /// The table has no such move.
    #[error(transparent)]
    State(#[from] InvalidTransition),
    /// It waits for its payment.
    #[error("it is not paid: only an order that is paid at the door is accepted before its money comes")]
    NotPaid,
    /// Nothing of it goes to the shopper.
    #[error("nothing of this order is shipped: complete it instead")]
    NothingToShip,
    /// Goods of it go to the shopper.
    #[error("goods of this order are to be shipped and delivered before it is completed")]
    NotShipped,
    /// Its money is still to be collected.
    #[error("money for this order is still due: record it first")]
    StillDue,
    /// Its money went back.
    #[error("the money of this order went back: cancel it instead")]
    MoneyWentBack,
    /// It is to be cancelled, and some of it has left.
    #[error("goods of this order have left already")]
    Fulfilled,
    /// It gets there when money comes late, and not by hand.
    #[error("an order is not made pending by hand: it is reopened when money comes late")]
    Pending,
    /// It gets there when its money has gone back, and not by hand.
    #[error("an order is not made refunded by hand: refund its money, and it follows")]
    Refunded,
    /// Goods of it do not go back into stock by this.
    #[error(
        "by this, only goods go back into stock that were not paid: those of a paid order do with the refund of its line items"
    )]
    Restock,
    /// Units that it takes are not there.
    #[error("not all units of {0} that this order takes lie where they are reserved for it")]
    NotThere(Sku),
    /// The note is too long.
    #[error("a note has at most 500 characters")]
    Note,
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

impl From<CancelError> for MoveOnError {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::NotFound => Self::NotFound,
            CancelError::State(error) => Self::State(error),
            CancelError::Fulfilled => Self::Fulfilled,
            CancelError::Reason => Self::Note,
            CancelError::KeyReused(error) => Self::KeyReused(error),
            CancelError::Busy => Self::Busy,
            CancelError::Store(error) => Self::Store(error),
        }
    }
}

/// Why no note is written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// There is no such order.
    #[error("there is no such order")]
    NotFound,
    /// It says nothing, or too much.
    #[error("a note has 1 to 2000 characters")]
    Text,
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
