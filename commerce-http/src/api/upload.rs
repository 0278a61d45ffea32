//! Files that are the body of a request, as they are.

use poem::Request;
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef};

/// How the contract describes a body that is a file of one of these types.
pub(super) fn described(types: impl IntoIterator<Item = &'static str>) -> MetaRequest {
    let media = |content_type| {
        let schema = MetaSchema::new_with_format("string", "binary");
        MetaMediaType { content_type, schema: MetaSchemaRef::Inline(Box::new(schema)) }
    };
    let content = types.into_iter().map(media).collect();
    MetaRequest { description: Some("The file, as it is."), content, required: true }
}

/// What the body is said to be, without what follows a semicolon.
pub(super) fn media_type(request: &Request) -> &str {
    request.content_type().and_then(|kind| kind.split(';').next()).unwrap_or_default().trim()
}
