//! Audit rows on the wire.

use commerce_core::audit::Entry;
use poem_openapi::Object;
use poem_openapi::registry::MetaSchema;
use serde::Serialize;
use serde_json::Value;

use super::time::Instant;
use super::{OrNull, wire_type};

/// Who did what, and when.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "AuditRow")]
pub(crate) struct AuditDto {
    /// Its id.
    id: String,
    /// When.
    at: Instant,
    /// Who: `guest`, `customer:<id>`, `staff:<name>` or `system`.
    actor: String,
    /// What was done: `promotion.create`.
    action: String,
    /// What it was done to: `promotion:summer`.
    target: String,
    /// What else matters: of a change of the rules the version, and what was there before and after.
    data: AnyJson,
}

impl From<Entry> for AuditDto {
    fn from(entry: Entry) -> Self {
        let Entry { id, at, actor, action, target, data } = entry;
        let (id, actor) = (id.to_string(), actor.to_string());
        Self { id, at: at.into(), actor, action, target, data: AnyJson(data) }
    }
}

/// Audit rows, the newest first.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "AuditPage")]
pub(crate) struct AuditPageDto {
    /// The rows.
    pub(crate) results: Vec<AuditDto>,
    /// Where the older ones are, as a relative link with the same filters; null when this is all.
    pub(crate) next: OrNull<String>,
}

/// Whatever was kept.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct AnyJson(pub(super) Value);

wire_type!(AnyJson, "json", MetaSchema::ANY);
