//! What happened: rows of the outbox, written in the commit that made it happen.

use serde_json::Value;

use crate::{EventId, Timestamp};

/// Something that happened. It is written once, in the transaction of its cause, and delivered at least once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id: the same for every delivery.
    pub id: EventId,
    /// What happened: `order.placed`.
    pub name: &'static str,
    /// What it happened to: `order:<id>`.
    pub subject: String,
    /// Its place among the events of the subject: the version that the change made.
    pub sequence: u64,
    /// The facts, without personal data.
    pub data: Value,
    /// When.
    pub at: Timestamp,
}
