//! What a decision changes about payments.

use super::inbox::{Handling, Message};
use super::journal::Entry;
use super::refund::RefundProgress;
use super::{Payment, Progress, Refund, Unmatched, UnmatchedState};
use crate::{MessageId, PaymentId, RefundId, UnmatchedId};

/// Payment changes of one change set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// New attempts. An existing reference is [`Guard::PaymentReference`](crate::Guard::PaymentReference).
    pub open: Vec<Payment>,
    /// Attempts that get further. One that is not at the version that was read is [`Guard::Payment`](crate::Guard::Payment).
    pub advance: Vec<Advance>,
    /// New refunds.
    pub refund: Vec<Refund>,
    /// Refunds that get further. One that is not at the version that was read is [`Guard::Refund`](crate::Guard::Refund).
    pub refund_advance: Vec<RefundAdvance>,
    /// Money that counts towards no order. A reference that has such a row already is
    /// [`Guard::Unmatched`](crate::Guard::Unmatched).
    pub unmatched: Vec<Unmatched>,
    /// What becomes of such money. A row that is not at the version that was read is
    /// [`Guard::Unmatched`](crate::Guard::Unmatched).
    pub unmatched_advance: Vec<UnmatchedAdvance>,
    /// Entries of the money journal, each [balanced](super::journal::balanced).
    pub journal: Vec<Entry>,
    /// Messages that came. One whose bytes are there already is left out, and that is no failure.
    pub receive: Vec<Message>,
    /// Messages that get further. One that is not at the version that was read is [`Guard::Message`](crate::Guard::Message).
    pub message_advance: Vec<MessageAdvance>,
}

/// An attempt that gets further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// Which attempt.
    pub id: PaymentId,
    /// The version that was read: the guard.
    pub expected_version: u64,
    /// How far it is now.
    pub progress: Progress,
}

/// A refund that gets further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundAdvance {
    /// Which refund.
    pub id: RefundId,
    /// The version that was read: the guard.
    pub expected_version: u64,
    /// How far it is now.
    pub progress: RefundProgress,
}

/// What becomes of money that counts towards no order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmatchedAdvance {
    /// Which row.
    pub id: UnmatchedId,
    /// The version that was read: the guard.
    pub expected_version: u64,
    /// What becomes of it.
    pub state: UnmatchedState,
    /// What staff wrote about it.
    pub note: Option<String>,
}

/// A message that gets further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageAdvance {
    /// Which message.
    pub id: MessageId,
    /// The version that was read: the guard.
    pub expected_version: u64,
    /// What became of it.
    pub handling: Handling,
}
