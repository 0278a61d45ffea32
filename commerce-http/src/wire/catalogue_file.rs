//! The catalogue, or what was refused of an import, as a file.

use poem::http::{HeaderValue, header};
use poem::{Body, IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{
    MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};

/// A file in CSV or in JSON lines.
pub(crate) struct CatalogueFile(Response);

impl CatalogueFile {
    /// The file of this name, without its ending.
    pub(crate) fn new(name: &str, body: Body) -> Self {
        Self::of(name, "csv", "text/csv; charset=utf-8", body)
    }

    /// The same in JSON lines.
    pub(crate) fn lines(name: &str, body: Body) -> Self {
        Self::of(name, "jsonl", "application/x-ndjson", body)
    }

    fn of(name: &str, ending: &str, content_type: &str, body: Body) -> Self {
        let mut response = body.with_content_type(content_type).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        let name = format!("attachment; filename=\"{name}.{ending}\"");
        headers.extend(HeaderValue::from_str(&name).ok().map(|name| (header::CONTENT_DISPOSITION, name)));
        Self(response)
    }
}

impl IntoResponse for CatalogueFile {
    fn into_response(self) -> Response {
        self.0
    }
}

impl ApiResponse for CatalogueFile {
    fn meta() -> MetaResponses {
        let content = |content_type| MetaMediaType {
            content_type,
            schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
        };
        let response = MetaResponse {
            description: "The file.",
            status: Some(200),
            status_range: None,
            content: ["text/csv", "application/x-ndjson"].map(content).into(),
            headers: Vec::new(),
        };
        MetaResponses { responses: vec![response] }
    }

    fn register(_: &mut Registry) {}
}
