//! What a decision changes about payments.

use super::{Payment, PaymentState};
use crate::PaymentId;

/// Payment changes of one change set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// New attempts. An existing reference is [`Guard::PaymentReference`](crate::Guard::PaymentReference).
    pub open: Vec<Payment>,
    /// Attempts that get further.
    pub advance: Vec<Advance>,
}

/// An attempt that gets further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// Which attempt.
    pub id: PaymentId,
    /// The version that was read: the guard.
    pub expected_version: u64,
    /// Its new state.
    pub state: PaymentState,
}
