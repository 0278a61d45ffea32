//! Which web pages of other origins may call the API from a browser: none, unless they are named.
//!
//! Nobody is ever let in with cookies, for the API knows none: a caller shows a token in a header.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use poem::http::uri::Uri;
use poem::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};
use serde::{Deserialize, Deserializer};

use super::AnswerHeaders;
use crate::routes::Routes;

/// What a page may send.
const ALLOW_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, idempotency-key, if-match, if-none-match, x-cart-token, x-order-token, x-request-id",
);
/// What a page may read, beside what every page may.
const EXPOSE_HEADERS: HeaderValue = HeaderValue::from_static(
    "etag, idempotent-replayed, ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after, x-cart-token, x-request-id",
);
/// For how many seconds a browser need not ask again.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// The origin of a web page, as browsers write it: `https://shop.example`, `http://localhost:3000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// The text is no [`Origin`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write an origin like https://shop.example or http://localhost:3000: in small letters, without a path, one by one"
)]
pub struct OriginError;

impl Origin {
    /// The origin of a web address, if it has one.
    pub(crate) fn of(url: &str) -> Option<Self> {
        url::Url::parse(url).ok()?.origin().ascii_serialization().parse().ok()
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let uri: Uri = text.parse().map_err(|_| OriginError)?;
        let scheme =
            uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https")).ok_or(OriginError)?;
        let authority = uri.authority().ok_or(OriginError)?;
        // Browsers leave the usual port out, and compare byte by byte.
        let host = authority.host();
        let written = match authority.port_u16() {
            Some(443) if scheme == "https" => return Err(OriginError),
            Some(80) if scheme == "http" => return Err(OriginError),
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        };
        if written != text || text.contains('*') || text.to_ascii_lowercase() != text {
            return Err(OriginError);
        }
        HeaderValue::from_str(text).map(Self).map_err(|_| OriginError)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Lets pages of these origins call the API.
#[derive(Clone)]
pub(crate) struct Cors {
    pub(crate) origins: Arc<[Origin]>,
    pub(crate) routes: Arc<Routes>,
}

pub(crate) struct CorsEndpoint<E> {
    endpoint: E,
    cors: Cors,
}

impl<E: Endpoint> Middleware<E> for Cors {
    type Output = CorsEndpoint<E>;

    fn transform(&self, endpoint: E) -> CorsEndpoint<E> {
        CorsEndpoint { endpoint, cors: self.clone() }
    }
}

impl<E: Endpoint> Endpoint for CorsEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let cors = &self.cors;
        if cors.origins.is_empty() || !request.uri().path().starts_with("/api/") {
            return self.endpoint.call(request).await.map(IntoResponse::into_response);
        }
        // Also for those who are not let in: a cache must not give them the answer of somebody who is.
        AnswerHeaders::insert(&request, header::VARY, HeaderValue::from_static("origin"));
        let sent = request.headers().get(header::ORIGIN);
        let Some(Origin(origin)) = cors.origins.iter().find(|origin| sent == Some(&origin.0)) else {
            return self.endpoint.call(request).await.map(IntoResponse::into_response);
        };
        AnswerHeaders::insert(&request, header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        if let Some(allowed) = cors.preflight(&request) {
            return Ok(allowed);
        }
        AnswerHeaders::insert(&request, header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSE_HEADERS);
        self.endpoint.call(request).await.map(IntoResponse::into_response)
    }
}

impl Cors {
    /// The answer to a browser that asks whether it may send what a page wants to.
    fn preflight(&self, request: &Request) -> Option<Response> {
        const ASKED: HeaderName = header::ACCESS_CONTROL_REQUEST_METHOD;
        if *request.method() != Method::OPTIONS || !request.headers().contains_key(ASKED) {
            return None;
        }
        let methods = HeaderValue::from_str(&self.routes.allowed(request.uri().path())).ok()?;
        if methods.is_empty() {
            return None;
        }
        let varies = "origin, access-control-request-method, access-control-request-headers";
        AnswerHeaders::insert(request, header::VARY, HeaderValue::from_static(varies));
        let mut response = StatusCode::NO_CONTENT.into_response();
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOW_HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        Some(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_browsers_write_them() {
        for good in [
            "https://shop.example",
            "http://localhost:3000",
            "https://shop.example:8443",
            "http://[::1]:8080",
        ] {
            assert_eq!(good.parse::<Origin>().map(|origin| origin.to_string()).as_deref(), Ok(good));
        }
        for bad in [
            "*",
            "null",
            "",
            "shop.example",
            "https://*.shop.example",
            "https://shop.example/",
            "https://Shop.example",
            "https://shop.example:443",
            "http://shop.example:80",
            "https://a@shop.example",
            "ftp://shop.example",
            "https://shop.example https://other.example",
            "HTTPS://shop.example",
            "http://[::1]:80000",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(OriginError), "{bad}");
        }
    }
}
