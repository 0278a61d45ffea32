//! The catalogue as a file.

use poem::http::{HeaderValue, header};
use poem::{Body, IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{
    MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};

/// A file of products in CSV.
pub(crate) struct CatalogueFile(Response);

impl CatalogueFile {
    /// The file of this name, without its ending.
    pub(crate) fn new(name: &str, body: Body) -> Self {
        let mut response = body.with_content_type("text/csv; charset=utf-8").into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        let name = format!("attachment; filename=\"{name}.csv\"");
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
        let response = MetaResponse {
            description: "The file.",
            status: Some(200),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: "text/csv",
                schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
            }],
            headers: Vec::new(),
        };
        MetaResponses { responses: vec![response] }
    }

    fn register(_: &mut Registry) {}
}
