//! Pages beside the API: the start page, the documents, the metrics.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use commerce_core::cache::validator;
use metrics_exporter_prometheus::PrometheusHandle;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Body, Endpoint, IntoResponse, Request, Response, Result, Route, RouteMethod};
use sha2::{Digest, Sha256};

use crate::media::Files;
use crate::wire::{Problem, names};

/// A page that does not change while the server runs.
#[derive(Clone)]
struct Page {
    content_type: &'static str,
    policy: HeaderValue,
    body: Bytes,
    etag: HeaderValue,
}

/// The documentation page is one file with script and style in it, and talks to this server only.
const DOCS_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The pages to which browsers return, and links in mails lead, have a script of their own, which asks this server.
const PAID_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";
const PLAIN_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// What the pages show.
pub(crate) struct Site {
    /// The OpenAPI document and the page that shows it, if they are shown.
    pub(crate) docs: Option<(String, String)>,
    /// The keys by which anybody can check access tokens, if there are such keys.
    pub(crate) keys: Option<String>,
    /// The pictures, if they are kept.
    pub(crate) files: Option<Files>,
    /// The metrics, if they are shown here.
    pub(crate) metrics: Option<PrometheusHandle>,
}

impl Site {
    pub(crate) fn endpoint(self) -> Route {
        let start = include_str!("start.html").replace("{version}", env!("CARGO_PKG_VERSION"));
        let route = Route::new()
            .at("/", page("text/html; charset=utf-8", PLAIN_POLICY, start))
            .at("/paid", page("text/html; charset=utf-8", PAID_POLICY, include_str!("paid.html").to_owned()))
            .at(
                "/orders/:id",
                page("text/html; charset=utf-8", PAID_POLICY, include_str!("order.html").to_owned()),
            );
        let route = match self.docs {
            Some((document, html)) => {
                let docs = Page::new("text/html; charset=utf-8", DOCS_POLICY, html);
                route
                    .at("/openapi.json", page("application/json", PLAIN_POLICY, document))
                    .at("/docs", RouteMethod::new().get(docs.clone()))
                    .at("/swagger", RouteMethod::new().get(docs))
            }
            None => route,
        };
        let route = match self.keys {
            Some(keys) => {
                route.at("/.well-known/jwks.json", page("application/jwk-set+json", PLAIN_POLICY, keys))
            }
            None => route,
        };
        let route = match self.files {
            Some(files) => route.at("/media/:key", RouteMethod::new().get(files)),
            None => route,
        };
        match self.metrics {
            Some(handle) => route.at("/metrics", metrics(handle)),
            None => route,
        }
    }
}

/// The metrics, for a listener of their own or beside the API.
pub(crate) fn metrics(handle: PrometheusHandle) -> RouteMethod {
    let handle = Arc::new(handle);
    RouteMethod::new().get(poem::endpoint::make_sync(move |_| {
        handle.render().with_content_type("text/plain; version=0.0.4; charset=utf-8").into_response()
    }))
}

fn page(content_type: &'static str, policy: &'static str, body: String) -> RouteMethod {
    RouteMethod::new().get(Page::new(content_type, policy, body))
}

impl Page {
    fn new(content_type: &'static str, policy: &'static str, body: String) -> Self {
        let policy = format!("{policy}{}", scripts(&body));
        let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(PLAIN_POLICY));
        let etag =
            HeaderValue::from_str(&validator(body.as_bytes())).unwrap_or(HeaderValue::from_static("\"\""));
        Self { content_type, policy, body: body.into(), etag }
    }
}

/// What a policy says of the scripts in a page: these run, known by their hashes, and no other.
fn scripts(html: &str) -> String {
    let mut said = String::new();
    let mut rest = html;
    while let Some((_, opened)) = rest.split_once("<script") {
        let Some((script, behind)) = opened.split_once('>').and_then(|(_, text)| text.split_once("</script"))
        else {
            break;
        };
        // A browser hashes what it has read, and lines end in one character there.
        let read = script.replace("\r\n", "\n").replace('\r', "\n");
        said.push_str(if said.is_empty() { "; script-src" } else { "" });
        said.push_str(&format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(read))));
        rest = behind;
    }
    said
}

impl Endpoint for Page {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let known = self.etag.to_str().map_err(Problem::internal)?;
        let unchanged = request.header(header::IF_NONE_MATCH).is_some_and(|sent| names(sent, known));
        let mut response = if unchanged {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Body::from_bytes(self.body.clone()).with_content_type(self.content_type).into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, no-cache"));
        headers.insert(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_of_a_page_are_named_by_their_hashes() {
        assert_eq!(scripts("<p>no script</p>"), "");
        // As `printf 'alert(1)\n' | openssl dgst -sha256 -binary | base64` says.
        let one = "'sha256-MaeD7tQk/YNyd6Pm9J12ROmv0Z93QwNN4VH7v3gI+RI='";
        let two = scripts("<script>alert(1)\r\n</script><p><script type=\"module\">alert(1)\n</script>");
        assert_eq!(two, format!("; script-src {one} {one}"));
        for html in [include_str!("paid.html"), include_str!("order.html")] {
            assert_eq!(scripts(html).matches("'sha256-").count(), html.matches("<script").count());
            assert!(!html.contains(" onclick=") && !html.contains(" onload="));
        }
        assert!(scripts(&crate::api::documentation()).contains("'sha256-"));
    }
}
