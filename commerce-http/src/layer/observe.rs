//! A request id, a span and a measurement for every request; a problem for every error, whoever made it.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use commerce_core::{Clock, Ids};
use futures_util::FutureExt;
use poem::error::{MethodNotAllowedError, NotFoundError};
use poem::http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};
use poem_openapi::OperationId;
use poem_openapi::error::ParsePathError;
use tracing::Instrument;
use uuid::Uuid;

use super::AnswerHeaders;
use crate::routes::Routes;
use crate::wire::{Code, Problem};

/// Watches every request.
#[derive(Clone)]
pub(crate) struct Observe {
    pub(crate) clock: Arc<dyn Clock>,
    /// What ids are drawn from: they tell requests apart, and keep no secret.
    pub(crate) ids: Arc<Mutex<Ids>>,
    pub(crate) routes: Arc<Routes>,
    /// What `Strict-Transport-Security` says; absent: nothing.
    pub(crate) transport_security: Option<HeaderValue>,
}

pub(crate) struct Observed<E> {
    endpoint: E,
    observe: Observe,
}

impl<E: Endpoint> Middleware<E> for Observe {
    type Output = Observed<E>;

    fn transform(&self, endpoint: E) -> Observed<E> {
        Observed { endpoint, observe: self.clone() }
    }
}

impl<E: Endpoint> Endpoint for Observed<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let started = Instant::now();
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let persistent = request.version() < Version::HTTP_2;
        let id = self.observe.request_id(&request);
        let more = AnswerHeaders::default();
        request.set_data(more.clone());
        let may_have_body = !method.is_safe();
        let span = tracing::info_span!(
            "request",
            request_id = %id,
            %method,
            path = %shown(&path),
            // Who asks, once that is known: see `Rate`.
            from = tracing::field::Empty,
            caller = tracing::field::Empty,
        );
        let called =
            AssertUnwindSafe(self.endpoint.call(request)).catch_unwind().instrument(span.clone()).await;
        let _entered = span.enter();
        let (mut response, route) = match called {
            Ok(Ok(answer)) => {
                let response = answer.into_response();
                let route = response.data::<OperationId>().copied();
                (response, route)
            }
            Ok(Err(error)) => {
                let route = error.data::<OperationId>().copied();
                let problem = self.observe.problem(error, method.as_str(), &path);
                (told(&problem, &path, &id), route)
            }
            Err(panic) => (told(&Problem::internal(words(panic.as_ref())), &path, &id), None),
        };
        let status = response.status();
        let unread = matches!(status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT)
            || (status == StatusCode::TOO_MANY_REQUESTS && may_have_body);
        let headers = response.headers_mut();
        if unread && persistent {
            // The rest of the body is still on its way, so this connection is good for nothing else.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            headers.insert("x-request-id", id);
        }
        headers.extend(more.take());
        self.observe.secure(headers, status, &path);
        let route = self.observe.routes.label(route.map(|route| route.0), &path);
        let labels =
            [("method", method_label(&method)), ("route", route), ("status", status.as_str().to_owned())];
        metrics::histogram!("http_request_seconds", &labels).record(started.elapsed());
        tracing::debug!(status = status.as_u16(), micros = started.elapsed().as_micros(), "answered");
        Ok(response)
    }
}

/// Answers of the API and errors are no pages: nothing in them is ever loaded, run or shown in a frame.
const DATA_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; frame-ancestors 'none'");
/// Pages that say nothing else may at least not be framed.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static("frame-ancestors 'none'");
/// No page here needs any of it.
const PERMISSIONS: HeaderValue =
    HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()");

impl Observe {
    /// Tells browsers what not to do with the answer.
    fn secure(&self, headers: &mut HeaderMap, status: StatusCode, path: &str) {
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert("permissions-policy", PERMISSIONS);
        if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
            let fails = status.is_client_error() || status.is_server_error();
            let is_data = fails || path.starts_with("/api/") || path.starts_with("/health/");
            headers.insert(header::CONTENT_SECURITY_POLICY, if is_data { DATA_POLICY } else { PAGE_POLICY });
        }
        if let Some(security) = &self.transport_security {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, security.clone());
        }
    }

    /// The client's id for the request, if it can stand in a log line; else one of ours.
    fn request_id(&self, request: &Request) -> String {
        let sane = |id: &str| {
            (1..=64).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        };
        match request.header("x-request-id").filter(|id| sane(id)) {
            Some(id) => id.to_owned(),
            None => self.fresh_id().to_string(),
        }
    }

    /// A UUID v7.
    fn fresh_id(&self) -> Uuid {
        let drawn = self.ids.lock().unwrap_or_else(PoisonError::into_inner).bytes();
        let mut random = [0; 10];
        random.copy_from_slice(&drawn[..10]);
        uuid::Builder::from_unix_timestamp_millis(self.clock.now().as_millis(), &random).into_uuid()
    }

    /// What the client reads of an error.
    fn problem(&self, error: poem::Error, method: &str, path: &str) -> Problem {
        if let Some(problem) = error.downcast_ref::<Problem>() {
            return problem.clone();
        }
        if error.is::<NotFoundError>() || error.is::<ParsePathError>() {
            return Problem::not_found();
        }
        if error.is::<MethodNotAllowedError>() {
            let allowed = self.routes.allowed(path);
            let problem =
                Problem::new(Code::MethodNotAllowed, format_args!("{method} is not among {allowed}"));
            return match HeaderValue::from_str(&allowed) {
                Ok(allowed) => problem.header(header::ALLOW, allowed),
                Err(_) => problem,
            };
        }
        let status = error.status();
        if status.is_client_error() {
            Problem::new(Code::BadRequest, "the request cannot be understood").because(error)
        } else {
            Problem::internal(error)
        }
    }
}

/// Writes the problem for the client, and its cause for the log.
fn told(problem: &Problem, path: &str, id: &str) -> Response {
    match (problem.code(), problem.cause()) {
        (Code::Internal, cause) => tracing::error!(cause, "failed"),
        (Code::Unavailable | Code::StorageFull, cause) => tracing::warn!(cause, "unavailable"),
        // Who tries doors is worth a line; who mistypes a number is not.
        (
            code @ (Code::Unauthenticated
            | Code::InvalidCredentials
            | Code::EmailNotVerified
            | Code::AccountInactive
            | Code::LinkInvalid
            | Code::Forbidden
            | Code::RateLimited
            | Code::InvalidSignature),
            cause,
        ) => {
            tracing::info!(cause, code = code.name(), "refused");
        }
        (_, cause) => tracing::debug!(cause, %problem, "refused"),
    }
    problem.response(path, id)
}

/// What a panic said.
fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    said.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}

/// The method as a label: any client can send a method of its own making, so the others share one.
fn method_label(method: &Method) -> String {
    match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known.to_owned(),
        _ => "other".to_owned(),
    }
}

/// The beginning of a path: a log line need not carry eight thousand characters.
fn shown(path: &str) -> &str {
    path.get(..200).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use commerce_core::testkit::MockClock;
    use poem::EndpointExt;
    use poem::endpoint::make;
    use serde_json::{Value, json};

    use super::*;
    use crate::settle::settle;

    /// A panic in the handler, one that says what it found, and one in a task that the handler waits for.
    async fn handle(request: Request) -> Result<&'static str> {
        match request.uri().path() {
            "/panic" => panic!("SECRET"),
            "/panic/words" => panic!("{} has no price", "SECRET"),
            "/panic/apart" => Ok(settle::<_, Problem>(async { panic!("SECRET") }).await?),
            _ => Ok("well"),
        }
    }

    #[tokio::test]
    async fn a_panic_is_a_failure_that_tells_nothing_and_the_next_request_is_served() {
        let observe = Observe {
            clock: Arc::new(MockClock::default()),
            ids: Arc::new(Mutex::new(Ids::new([7; 32], commerce_core::Timestamp::from_micros(0).unwrap()))),
            routes: Arc::new(Routes::new()),
            transport_security: None,
        };
        let app = make(handle).with(observe);
        let ask = |path: &str| {
            let request = Request::builder().uri_str(path).header("x-request-id", "mine").finish();
            app.call(request)
        };
        for path in ["/panic", "/panic/words", "/panic/apart"] {
            let response = ask(path).await.unwrap();
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR, "{path}");
            assert_eq!(response.header("x-request-id"), Some("mine"));
            assert_eq!(response.header("content-type"), Some(Problem::CONTENT_TYPE));
            let text = response.into_body().into_string().await.unwrap();
            assert!(!text.contains("SECRET"), "{text}");
            let body: Value = serde_json::from_str(&text).unwrap();
            assert_eq!((&body["code"], &body["request_id"]), (&json!("internal"), &json!("mine")), "{text}");
            assert_eq!(ask("/").await.unwrap().into_body().into_string().await.unwrap(), "well");
        }
    }
}
