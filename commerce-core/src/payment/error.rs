//! Why nothing was done about a payment.

use super::{GatewayError, PaymentMethod, PaymentReference, PaymentState, UnmatchedState};
use crate::commit::StoreError;
use crate::idempotency::KeyReused;
use crate::order::{InvalidTransition, OrderState};
use crate::{Currency, Money};

/// Why nothing was done about a payment or a refund. All is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PaymentError {
    /// There is no such order, attempt, refund or message.
    #[error("there is no such payment")]
    NotFound,
    /// The shop does not take this way to pay through a gateway.
    #[error("{0} is not a way to pay this order")]
    Method(PaymentMethod),
    /// The order does not wait for payment.
    #[error("the order does not wait for payment: it is {status}, its payment {}", payment_status.as_str())]
    NotPayable {
        /// How far the order has got.
        status: OrderState,
        /// How far its payment has got.
        payment_status: PaymentState,
    },
    /// It had as many attempts as an order may have.
    #[error("the order had too many payment attempts; place it again")]
    Attempts,
    /// Nothing was paid that could go back.
    #[error("nothing of this order was paid that could be refunded")]
    NothingPaid,
    /// More would go back than came.
    #[error("only {available} can be refunded, {wanted} wanted")]
    Exceeds {
        /// What was asked for.
        wanted: Money,
        /// What could still go back.
        available: Money,
    },
    /// The amount is not more than nothing.
    #[error("an amount has to be more than nothing")]
    Amount,
    /// Another currency than the order's.
    #[error("the order was paid in {expected}, not in {given}")]
    Currency {
        /// The order's currency.
        expected: Currency,
        /// The one that was named.
        given: Currency,
    },
    /// A line item is not of this order, or fewer units are left of it.
    #[error("line item {line} has {available} units that can be refunded")]
    Lines {
        /// Which line item.
        line: crate::LineId,
        /// How many units are left; 0 when it is not of this order.
        available: u32,
    },
    /// The money is dealt with already.
    #[error("this money is dealt with already: {}", .0.as_str())]
    Settled(UnmatchedState),
    /// The money went back at the gateway before we learned of it.
    #[error("this money went back at the gateway already; close it with a note")]
    WentBack,
    /// The text is too long.
    #[error("a reason or note has at most 500 characters")]
    Reason,
    /// It has got too far, or not far enough.
    #[error(transparent)]
    State(#[from] InvalidTransition),
    /// Somebody asks the gateway for the same at this moment.
    #[error("payment {0} is being started; ask again in a few seconds")]
    InProgress(PaymentReference),
    /// The gateway did not do its part.
    #[error("payment {reference}: {error}")]
    Gateway {
        /// Of which attempt.
        reference: PaymentReference,
        /// What went wrong.
        error: GatewayError,
    },
    /// The shop has no payment gateway.
    #[error("the shop has no payment gateway")]
    NoGateway,
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
