//! Whether somebody has what they review.

use super::{ReviewError, ReviewTerms};
use crate::order::OrderState;
use crate::payment::PaymentState;
use crate::{OrderId, Timestamp};

/// An order of a customer that has a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchase {
    /// Which order.
    pub order: OrderId,
    /// How far it has got.
    pub status: OrderState,
    /// How far its payment has got.
    pub payment_status: PaymentState,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it was delivered, or completed without a delivery.
    pub received_at: Option<Timestamp>,
}

impl Purchase {
    /// The most that are looked at: the latest.
    pub const LOOKED_AT_MAX: u32 = 50;

    /// Whether it brought the customer the goods: it was delivered or completed; or it is on its way and paid, for not every
    /// shop records what the carrier does. What was called off, came back or was paid back brought nothing.
    #[must_use]
    pub fn counts(&self) -> bool {
        match self.status {
            OrderState::Delivered | OrderState::Completed => true,
            OrderState::Shipped => {
                matches!(self.payment_status, PaymentState::Paid | PaymentState::PartiallyRefunded)
            }
            OrderState::Pending
            | OrderState::Processing
            | OrderState::Cancelled
            | OrderState::Returned
            | OrderState::Refunded => false,
        }
    }

    /// From when on its window counts: from delivery, else from placement.
    fn began_at(&self) -> Timestamp {
        self.received_at.unwrap_or(self.placed_at)
    }
}

/// The purchase by which somebody may write now: the latest that counts and whose window is open.
///
/// # Errors
/// [`ReviewError::NotBought`] when none counts, [`ReviewError::WindowOver`] when they waited for too long.
pub(super) fn verified(
    purchases: &[Purchase],
    terms: &ReviewTerms,
    now: Timestamp,
) -> Result<OrderId, ReviewError> {
    let latest =
        purchases.iter().filter(|purchase| purchase.counts()).max_by_key(|purchase| purchase.began_at());
    let latest = latest.ok_or(ReviewError::NotBought)?;
    let window = std::time::Duration::from_secs(u64::from(terms.window_days) * 24 * 60 * 60);
    if now.since(latest.began_at()) > window {
        return Err(ReviewError::WindowOver(terms.window_days));
    }
    Ok(latest.order)
}
