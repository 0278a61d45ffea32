//! From HTTP to the books and back: keys, limits and faults on the way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use poem::http::{HeaderName, HeaderValue, StatusCode, header};
use poem::{Body, Endpoint, Request, Response, Result};

use super::books::Books;
use super::calls::{Call, Routed, route};
use super::clock::{iso, stamp};
use super::envelope::{Answer, Refusal};
use super::faults::{Effect, On, overlay};
use super::limit::Quota;
use super::request::Fields;
use super::truth::{REQUESTS_MAX, Request as Noted};
use super::{Shared, checkout, control};

/// No request of a client is longer.
const BODY_MAX: usize = 1 << 20;

/// The sandbox as an endpoint: the API, the checkout pages and, if asked for, the control of the sandbox.
#[derive(Clone)]
pub struct SandboxEndpoint {
    pub(crate) shared: Arc<Shared>,
}

impl Endpoint for SandboxEndpoint {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let body = match request.take_body().into_bytes_limit(BODY_MAX).await {
            Ok(body) => body,
            Err(_) => return Ok(json(&Refusal::new(413, "Request entity too large").into())),
        };
        let path = request.uri().path().trim_end_matches('/').to_owned();
        let fields = Fields::read(request.uri().query(), &body);
        let visit = Visit { request: &request, path: &path, fields };
        let response = if let Some(rest) = path.strip_prefix("/checkout/") {
            checkout::visit(&self.shared, &visit, rest)
        } else if let Some(rest) = path.strip_prefix("/_sandbox") {
            control::visit(&self.shared, &visit, rest, &body)
        } else {
            api(&self.shared, visit).await
        };
        self.shared.touch();
        Ok(response)
    }
}

/// A request whose body was read.
pub(crate) struct Visit<'r> {
    pub(crate) request: &'r Request,
    pub(crate) path: &'r str,
    pub(crate) fields: Result<Fields, super::request::Unreadable>,
}

impl Visit<'_> {
    /// Where it comes from.
    pub(crate) fn ip(&self) -> String {
        self.request
            .remote_addr()
            .as_socket_addr()
            .map_or_else(|| "127.0.0.1".to_owned(), |address| address.ip().to_string())
    }
}

async fn api(shared: &Shared, visit: Visit<'_>) -> Response {
    let Some(routed) = route(visit.request.method(), visit.path) else {
        return json(&Refusal::no_such_route().into());
    };
    let (response, delay) = {
        let mut books = shared.books();
        let (response, delay, fault) = call(&mut books, &shared.started, &visit, &routed);
        if books.requests.len() >= REQUESTS_MAX {
            books.requests.drain(..REQUESTS_MAX / 10);
        }
        books.requests.push(Noted {
            at: iso(stamp()),
            call: routed.call,
            subject: subject(&routed, &visit),
            status: response.as_ref().map(|response| response.status().as_u16()),
            fault,
        });
        (response, delay)
    };
    // What was done is done and announced before a late answer goes out.
    shared.touch();
    tokio::time::sleep(delay).await;
    response.unwrap_or_else(hang_up)
}

/// The answer to a call, if it is to have one, how long to keep it back, and the fault that struck.
fn call(
    books: &mut Books,
    started: &Instant,
    visit: &Visit<'_>,
    routed: &Routed,
) -> (Option<Response>, Duration, Option<String>) {
    let done = |response: Response| (Some(response), Duration::ZERO, None);
    if !authorized(visit.request, &books.settings.secret_key) {
        return done(json(&Refusal::key().into()));
    }
    let quota = books.limiter.take(routed.call, started.elapsed());
    if quota.is_some_and(|quota| quota.exceeded) {
        return done(with_quota(json(&Refusal::rate_limited().into()), quota));
    }
    let Ok(fields) = &visit.fields else {
        return done(with_quota(json(&Refusal::new(400, "Request body is invalid").into()), quota));
    };
    let subject = subject(routed, visit);
    let effect = books.faults.take(On::Call(routed.call), &[&subject]);
    let named = effect.as_ref().and_then(|effect| serde_json::to_string(effect).ok());
    match effect {
        Some(Effect::DropBefore) => return (None, Duration::ZERO, named),
        Some(Effect::Status(status)) => return (Some(proxy_page(status)), Duration::ZERO, named),
        _ => {}
    }
    let mut answer = perform(books, routed, fields, &visit.ip()).unwrap_or_else(Answer::from);
    let mut delay = Duration::ZERO;
    let response = match effect {
        Some(Effect::DropAfter) => None,
        Some(Effect::StatusAfter(status)) => Some(proxy_page(status)),
        Some(Effect::Garbage) => Some(text(StatusCode::OK, "\u{0}<not json", "application/json")),
        Some(Effect::Truncate) => {
            let whole = answer.body.to_string();
            let half = (0..=whole.len() / 2).rev().find(|end| whole.is_char_boundary(*end)).unwrap_or(0);
            Some(text(StatusCode::OK, &whole[..half], "application/json; charset=utf-8"))
        }
        Some(Effect::DelayMs(milliseconds)) => {
            delay = Duration::from_millis(milliseconds);
            Some(json(&answer))
        }
        Some(Effect::Overlay(over)) => {
            if let Some(data) = answer.body.get_mut("data") {
                overlay(data, &over);
            }
            Some(json(&answer))
        }
        _ => Some(json(&answer)),
    };
    (response.map(|response| with_quota(response, quota)), delay, named)
}

/// What a call is about: what its fields refer to, or what its path names.
fn subject(routed: &Routed, visit: &Visit<'_>) -> String {
    let fields = visit.fields.as_ref().ok();
    let named = fields.and_then(|fields| fields.filled("reference").or_else(|| fields.filled("transaction")));
    named.unwrap_or_else(|| routed.subject.clone())
}

fn perform(books: &mut Books, routed: &Routed, fields: &Fields, ip: &str) -> Result<Answer, Refusal> {
    let subject = routed.subject.as_str();
    match routed.call {
        Call::Initialize => books.initialize(fields, ip),
        Call::Verify => books.verify(subject),
        Call::Fetch => books.fetch(subject),
        Call::List => Ok(books.list(fields)),
        Call::Totals => Ok(books.totals(fields)),
        Call::Timeline => books.timeline(subject),
        Call::ChargeAuthorization => books.charge_authorization(fields, ip),
        // Paystack switches it on for a business on request only.
        Call::PartialDebit => Err(Refusal::new(400, "Merchant is not enabled for Partial Debit")),
        Call::Charge => books.charge(fields, ip),
        Call::Submit => books.submit(subject, fields),
        Call::CheckCharge => books.check_charge(subject),
        Call::Refund => books.create_refund(fields),
        Call::ListRefunds => Ok(books.list_refunds(fields)),
        Call::FetchRefund => books.fetch_refund(subject),
        Call::RetryRefund => books.retry_refund(subject, fields),
        Call::Banks => Ok(books.banks(fields)),
        Call::ResolveAccount => books.resolve_account(fields),
        Call::ResolveCard => books.resolve_card(subject),
        Call::CreateCustomer => books.create_customer(fields),
        Call::ListCustomers => Ok(books.list_customers(fields)),
        Call::FetchCustomer => books.fetch_customer(subject),
        Call::UpdateCustomer => books.update_customer(subject, fields),
        Call::DeactivateAuthorization => books.deactivate(fields),
        Call::SessionTimeout => books.session_timeout(routed.writes, fields),
    }
}

/// The key is one of test mode that everybody may know, so the time that the comparison takes does not matter.
fn authorized(request: &Request, secret_key: &str) -> bool {
    request
        .header(header::AUTHORIZATION)
        .and_then(|value| value.split_once(' '))
        .is_some_and(|(scheme, key)| scheme.eq_ignore_ascii_case("bearer") && key.trim() == secret_key)
}

pub(crate) fn json(answer: &Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    text(status, &answer.body.to_string(), "application/json; charset=utf-8")
}

fn text(status: StatusCode, body: &str, content_type: &str) -> Response {
    Response::builder().status(status).content_type(content_type).body(body.to_owned())
}

/// What stands between Paystack and the client answers in HTML.
fn proxy_page(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let page = format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>");
    text(status, &page, "text/html")
}

fn with_quota(mut response: Response, quota: Option<Quota>) -> Response {
    if let Some(Quota { limit, remaining, reset, .. }) = quota {
        let headers = response.headers_mut();
        for (name, value) in [
            ("x-ratelimit-limit", u64::from(limit)),
            ("x-ratelimit-remaining", u64::from(remaining)),
            ("x-ratelimit-reset", reset),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
    response
}

/// A body that unwinds when its first byte is asked for. The head is not written by then, so the client sees the
/// connection close without an answer. An error would not do: poem's server polls a failed connection once more, and
/// then the head goes out. The unwinding goes around the panic hook, so nothing is printed, and ends where poem waits
/// for panics of a connection.
fn hang_up() -> Response {
    let broken = futures_util::stream::poll_fn(|_| -> std::task::Poll<Option<std::io::Result<Bytes>>> {
        std::panic::resume_unwind(Box::new("hung up on purpose"))
    });
    Response::builder().body(Body::from_bytes_stream(broken))
}
