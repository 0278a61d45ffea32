//! Pages beside the API: the start page, the documents, the metrics.

use std::sync::Arc;

use bytes::Bytes;
use commerce_core::cache::validator;
use metrics_exporter_prometheus::PrometheusHandle;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Body, Endpoint, IntoResponse, Request, Response, Result, Route, RouteMethod};

use crate::wire::{Problem, names};

/// A page that does not change while the server runs.
#[derive(Clone)]
struct Page {
    content_type: &'static str,
    policy: &'static str,
    body: Bytes,
    etag: HeaderValue,
}

/// The documentation page is one file with script and style in it, and talks to this server only.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The pages to which browsers return, and links in mails lead, have a script of their own, which asks this server.
const PAID_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";
const PLAIN_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// What the pages show.
pub(crate) struct Site {
    /// The OpenAPI document.
    pub(crate) document: String,
    /// The documentation page, if it is shown.
    pub(crate) docs: Option<String>,
    /// The keys by which anybody can check access tokens, if there are such keys.
    pub(crate) keys: Option<String>,
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
            )
            .at("/openapi.json", page("application/json", PLAIN_POLICY, self.document));
        let route = match self.docs {
            Some(html) => {
                let docs = Page::new("text/html; charset=utf-8", DOCS_POLICY, html);
                route
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
        let etag =
            HeaderValue::from_str(&validator(body.as_bytes())).unwrap_or(HeaderValue::from_static("\"\""));
        Self { content_type, policy, body: body.into(), etag }
    }
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
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(self.policy));
        Ok(response)
    }
}
