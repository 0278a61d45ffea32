//! The files of pictures, at `/media/`.

use std::sync::Arc;

use commerce_core::MediaStore;
use commerce_core::media::MediaKey;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Body, Endpoint, IntoResponse, Request, Response, Result};

use crate::wire::{Problem, names};

/// Serves files by their keys. What is no key is not found, so no path leads out of where files are kept.
#[derive(Clone)]
pub(crate) struct Files {
    pub(crate) media: Arc<dyn MediaStore>,
}

impl Files {
    /// A file never changes, and has another name when it is another.
    const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
    /// A picture runs nothing, whatever a browser takes it for. Pages of the shop at other addresses may show it.
    const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");
}

impl Endpoint for Files {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let key = request.raw_path_param("key").and_then(|name| name.parse::<MediaKey>().ok());
        let key = key.ok_or_else(Problem::not_found)?;
        let etag = format!("\"{key}\"");
        let known = request.header(header::IF_NONE_MATCH).is_some_and(|sent| names(sent, &etag));
        let mut response = if known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let file = self.media.get(&key).await.map_err(Problem::from)?.ok_or_else(Problem::not_found)?;
            Body::from_bytes(file).with_content_type(key.format().media_type()).into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, HeaderValue::from_str(&etag).map_err(Problem::internal)?);
        headers.insert(header::CACHE_CONTROL, Self::CACHE_CONTROL);
        headers.insert(header::CONTENT_SECURITY_POLICY, Self::POLICY);
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
        Ok(response)
    }
}
