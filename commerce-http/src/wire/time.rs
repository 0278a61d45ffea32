//! Instants on the wire: RFC 3339 in UTC.

use commerce_core::Timestamp;
use poem_openapi::registry::MetaSchema;
use serde::{Deserialize, Serialize};

use super::wire_type;

/// An instant: RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Instant(pub(crate) Timestamp);

wire_type!(Instant, "instant", MetaSchema::new_with_format("string", "date-time"));

impl From<Timestamp> for Instant {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}
