//! Audit rows on the wire.

use commerce_core::audit::Entry;
use poem::http::{HeaderValue, header};
use poem::{Body, IntoResponse, Response};
use poem_openapi::registry::{
    MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};
use poem_openapi::{ApiResponse, Object};
use serde::Serialize;
use serde_json::Value;

use super::time::Instant;
use super::{OrNull, wire_type};
use crate::audit_export::Format;

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

/// The audit trail as a file.
pub(crate) struct AuditFile(Response);

impl AuditFile {
    pub(crate) fn new(format: Format, body: Body) -> Self {
        let mut response = body.with_content_type(format.content_type()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        let name = format!("attachment; filename=\"audit.{}\"", format.as_str());
        headers.extend(HeaderValue::from_str(&name).ok().map(|name| (header::CONTENT_DISPOSITION, name)));
        Self(response)
    }
}

impl IntoResponse for AuditFile {
    fn into_response(self) -> Response {
        self.0
    }
}

impl ApiResponse for AuditFile {
    fn meta() -> MetaResponses {
        let content = |content_type| MetaMediaType {
            content_type,
            schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
        };
        let response = MetaResponse {
            description: "The file.",
            status: Some(200),
            status_range: None,
            content: vec![content("text/csv"), content("application/x-ndjson")],
            headers: Vec::new(),
        };
        MetaResponses { responses: vec![response] }
    }

    fn register(_: &mut Registry) {}
}
